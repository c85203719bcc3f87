//! How a new version of a service takes the place of the old one, and what is done before.

use crate::units::Nanos;

/// How a platform rolls a version out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollOut {
    /// In which order instances are replaced.
    pub strategy: Strategy,
    /// An instance that is taken out of service has so long to finish what it has; `None`: as long as it takes.
    pub grace: Option<Nanos>,
    /// From the source to what is deployed: a package, an image.
    pub build: Nanos,
    /// From there until the platform can start instances of it.
    pub push: Nanos,
}

/// In which order instances are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The old version gets no more attempts from one instant on, whether there are new instances or not.
    #[default]
    AtOnce,
    /// As App Engine moves traffic: instance by instance where new ones are warmed up, else at once.
    Migrate,
    /// Instance by instance, within bounds.
    Rolling(Bounds),
}

/// How far a rolling update may leave the number of instances that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// More instances than wanted, starting ones included; of a share, rounded up.
    pub surge: Part,
    /// Fewer ready instances than wanted; of a share, rounded down.
    pub unavailable: Part,
}

/// A part of the instances that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// So many.
    Count(u32),
    /// So many hundredths of a percent of them, 0 to 10 000.
    Share(u32),
}

/// Hundredths of a percent in the whole.
const WHOLE: u64 = 10_000;

impl Part {
    /// This share, 0 to 1.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share is checked
    pub fn share(share: f64) -> Self {
        Self::Share((share * WHOLE as f64).round() as u32)
    }

    /// Of so many, in numbers and rounded up or down.
    fn of(self, wanted: u32, up: bool) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Share(share) => {
                let part = u64::from(wanted) * u64::from(share);
                let rounded = if up { part.div_ceil(WHOLE) } else { part / WHOLE };
                u32::try_from(rounded).unwrap_or(u32::MAX)
            }
        }
    }
}

impl Bounds {
    /// A second set of instances takes over from the first.
    pub const SECOND_SET: Self = Self { surge: Part::Share(10_000), unavailable: Part::Count(0) };

    /// Instances beyond so many that are wanted, and ready ones that may be missing. Where both come to none, one may be
    /// missing, or nothing would ever happen.
    #[must_use]
    pub fn of(&self, wanted: u32) -> (u32, u32) {
        let (surge, unavailable) = (self.surge.of(wanted, true), self.unavailable.of(wanted, false));
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surge_is_rounded_up_and_what_may_be_missing_down() {
        let bounds = Bounds { surge: Part::share(0.25), unavailable: Part::share(0.25) };
        assert_eq!([1, 3, 4, 10, 20].map(|wanted| bounds.of(wanted)), [(1, 0), (1, 0), (1, 1), (3, 2), (5, 5)]);
        let tenth = Bounds { surge: Part::Count(0), unavailable: Part::share(0.1) };
        assert_eq!([9, 10, 30].map(|wanted| tenth.of(wanted)), [(0, 1), (0, 1), (0, 3)], "never neither");
        let tenth = Bounds { surge: Part::share(0.1), unavailable: Part::Count(0) };
        assert_eq!(tenth.of(30), (3, 0), "a tenth of thirty is three, whatever a tenth is in binary");
    }
}
