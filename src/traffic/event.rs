//! One-off events: a multiplier that rises, holds and decays.
//!
//! With `s` going from 0 to 1 and back, the rate is multiplied by `1 + (multiplier - 1) s`; the exponential rise instead
//! goes from 1 to `multiplier` by doublings. Outside its time an event is exactly 1, so that no other hour changes.

use crate::units::Nanos;

/// How an event reaches its multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rise {
    /// At once.
    Instant,
    /// In a straight line over this span.
    Ramp(Nanos),
    /// By doubling (or halving, for a multiplier below 1) every so often. A multiplier of 0 is reached at once.
    Doubling(Nanos),
}

/// An event of a source, such as a launch or a broadcast.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Name for reports.
    pub name: String,
    /// When it begins to rise.
    pub at: jiff::Timestamp,
    /// The rate is multiplied by this at the top; not negative.
    pub multiplier: f64,
    /// The way up.
    pub rise: Rise,
    /// How long the top lasts.
    pub hold: Nanos,
    /// Time in which the excess halves after the top; `None` ends at once.
    pub half_life: Option<Nanos>,
}

/// A curved part is cut into this many straight pieces per rise, doubling or half-life: within 1e-5 of its integral,
/// by the trapezoid rule's error (ln 2 / 64)^2 / 12.
const PIECES: u64 = 64;
/// A decay ends where its excess is below this share of the plain rate.
const NEGLIGIBLE: f64 = 1e-6;

/// An event compiled to spans; all times are nanoseconds since its beginning.
#[derive(Clone, Debug)]
pub(super) struct Course {
    multiplier: f64,
    doubles: bool,
    rise: u64,
    rise_step: u64,
    fall: u64,
    half_life: u64,
    end: u64,
}

impl Course {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturating casts of non-negative spans
    pub fn new(event: &Event) -> Self {
        let multiplier = event.multiplier;
        let doublings = if multiplier > 0.0 { libm::log2(multiplier).abs() } else { 0.0 };
        let (rise, rise_step) = match event.rise {
            Rise::Instant => (0, 1),
            Rise::Ramp(span) => (span.0, span.0 / PIECES),
            Rise::Doubling(span) => ((span.0 as f64 * doublings) as u64, span.0 / PIECES),
        };
        let excess = (multiplier - 1.0).abs();
        let half_lives = if excess > NEGLIGIBLE { libm::log2(excess / NEGLIGIBLE) } else { 0.0 };
        let half_life = event.half_life.map_or(0, |span| span.0);
        let fall = rise.saturating_add(event.hold.0);
        let end = fall.saturating_add((half_life as f64 * half_lives) as u64);
        let doubles = matches!(event.rise, Rise::Doubling(_));
        Self { multiplier, doubles, rise, rise_step: rise_step.max(1), fall, half_life, end }
    }

    /// The factor at `from` and just before `to`, where no break lies between them.
    pub fn line(&self, from: i128, to: i128) -> (f64, f64) {
        if from < 0 || from >= i128::from(self.end) {
            return (1.0, 1.0);
        }
        let excess = self.multiplier - 1.0;
        let factor = |at: i128| -> f64 {
            if from < i128::from(self.rise) {
                let share = at as f64 / self.rise as f64;
                if self.doubles { libm::pow(self.multiplier, share) } else { 1.0 + excess * share }
            } else if from < i128::from(self.fall) {
                self.multiplier
            } else {
                1.0 + excess * libm::exp2(-((at - i128::from(self.fall)) as f64) / self.half_life as f64)
            }
        };
        (factor(from), factor(to))
    }

    /// The first break after `from`.
    pub fn next_break(&self, from: i128) -> Option<i128> {
        let (rise, fall, end) = (i128::from(self.rise), i128::from(self.fall), i128::from(self.end));
        let stepped = |since: i128, step: u64| since + ((from - since) / i128::from(step) + 1) * i128::from(step);
        if from < 0 {
            Some(0)
        } else if from < rise {
            Some(stepped(0, self.rise_step).min(rise))
        } else if from < fall {
            Some(fall)
        } else if from < end {
            Some(stepped(fall, (self.half_life / PIECES).max(1)).min(end))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(rise: Rise) -> Event {
        Event {
            name: "launch".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            multiplier: 9.0,
            rise,
            hold: Nanos(1_000),
            half_life: Some(Nanos(640)),
        }
    }

    #[test]
    fn a_ramp_holds_and_halves() {
        let course = Course::new(&event(Rise::Ramp(Nanos(6_400))));
        assert_eq!(course.line(-5, 0), (1.0, 1.0));
        assert_eq!(course.line(3_200, 3_300).0, 5.0);
        assert_eq!(course.line(6_400, 7_400), (9.0, 9.0));
        assert_eq!(course.line(7_400, 8_040), (9.0, 5.0));
        assert_eq!(course.line(1_000_000, 1_000_001), (1.0, 1.0));
        assert_eq!(course.next_break(-7), Some(0));
        assert_eq!(course.next_break(0), Some(100));
        assert_eq!(course.next_break(7_000), Some(7_400));
        assert_eq!(course.next_break(1_000_000), None);
    }

    #[test]
    fn a_doubling_time_is_the_time_to_double() {
        let course = Course::new(&Event { multiplier: 8.0, ..event(Rise::Doubling(Nanos(6_400))) });
        assert!((course.line(6_400, 6_401).0 - 2.0).abs() < 1e-9);
        assert!((course.line(12_800, 12_801).0 - 4.0).abs() < 1e-9);
        assert_eq!(course.line(19_200, 19_300).0, 8.0);
    }
}
