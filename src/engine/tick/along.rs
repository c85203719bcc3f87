//! Functions along a rate: from one bend of it to the next, and from one event of the core to the next.

use super::entrance::Entrance;
use super::fleet::ASKED;
use crate::engine::exact::Core;
use crate::traffic::path::Stretch;

/// What follows a rate.
pub(super) trait AlongRate<'a> {
    /// The core, whose events are hours and days.
    fn core(&mut self) -> &mut Core<'a>;
    /// The rate behind the edge.
    fn path(&mut self) -> &mut Entrance;
    /// Goes through a stretch of it.
    ///
    /// # Errors
    /// A store could not bear it.
    fn go(&mut self, stretch: Stretch) -> Result<(), String>;
    /// # Errors
    /// The limit that has been reached: they are played where they are not.
    fn within_limits(&self) -> Result<(), String>;
    /// Time has come to an instant, perhaps of another slice.
    fn enter(&mut self, at: u64);

    /// Plays everything; `false` if `goes_on` said no.
    ///
    /// # Errors
    /// A limit that is reached.
    fn play_along(&mut self, horizon: u64, goes_on: &mut dyn FnMut(u64) -> bool) -> Result<bool, String> {
        let (mut now, mut stretches) = (0, 0_u32);
        while now < horizon {
            let next = self.core().next_event().min(horizon);
            while let Some(stretch) = self.path().next(next) {
                stretches = stretches.wrapping_add(1);
                if stretches.is_multiple_of(ASKED) && !goes_on(stretch.from) {
                    return Ok(false);
                }
                self.go(stretch)?;
                self.within_limits()?;
            }
            self.core().play_until(next);
            self.enter(next);
            now = next;
        }
        Ok(true)
    }
}

/// A part of a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Nanoseconds.
    pub span: f64,
    /// Requests per nanosecond at its beginning, and on average.
    pub first: f64,
    pub rate: f64,
}

impl Part {
    /// Of what comes `times` for each request.
    pub fn times(self, times: f64) -> Self {
        Self { first: self.first * times, rate: self.rate * times, ..self }
    }
}

/// Parts of a stretch of at most so many nanoseconds.
pub(super) fn parts(stretch: Stretch, longest: f64) -> impl Iterator<Item = Part> {
    let whole = (stretch.to - stretch.from) as f64;
    let slope = stretch.slope();
    let mut done = 0.0;
    std::iter::from_fn(move || {
        (done < whole).then(|| {
            let span = (whole - done).min(longest);
            let at = |since: f64| (stretch.first + slope * (done + since)).max(0.0);
            let part = Part { span, first: at(0.0), rate: at(span / 2.0) };
            done += span;
            part
        })
    })
}
