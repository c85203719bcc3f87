//! What the traffic that was played looked like, observed in passing and in bounded memory.
//!
//! Sees every request of one replication once, in order. All sums are integers, so that the figures are exact.

use crate::application::Request;
use crate::units::Nanos;

const SECOND: u64 = 1_000_000_000;
const SECONDS_PER_MINUTE: u64 = 60;
const SECONDS_PER_WINDOW: u64 = 600;
/// Dispersion is kept for at most this many windows (455 days); beyond, for every second, fourth... window.
const WINDOWS_KEPT: usize = 1 << 16;

/// Figures of the measured window of one replication.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Requests.
    pub requests: u64,
    /// Requests per second.
    pub mean_rate: f64,
    /// Largest mean over a whole minute counted from the first measured instant, requests per second; over the whole
    /// window if it is shorter.
    pub peak_rate: f64,
    /// Variance over mean of the counts per second in each ten-minute window (or the whole, if shorter): the median over
    /// the windows that had requests. `None` without any, or with less than two seconds.
    pub dispersion_1s: Option<f64>,
}

/// The observer of one replication.
#[derive(Clone, Debug)]
pub struct Observer {
    start: u64,
    seconds: u64,
    duration: Nanos,
    /// Number of the second in progress, from the first measured instant, and where it ends.
    second: u64,
    second_end: u64,
    /// Requests in the second in progress; those of finished seconds are in the fields below.
    in_second: u64,
    requests: u64,
    in_minute: u64,
    peak_minute: u64,
    /// Sum and sum of squares of the counts per second in the window in progress.
    in_window: (u64, u128),
    windows: Vec<f64>,
    stride: u64,
}

impl Observer {
    /// Observes requests in `warmup .. warmup + duration` of engine time.
    #[must_use]
    pub fn new(warmup: Nanos, duration: Nanos) -> Self {
        Self {
            start: warmup.0,
            seconds: duration.0.div_ceil(SECOND),
            duration,
            second: 0,
            second_end: warmup.0.saturating_add(SECOND),
            in_second: 0,
            requests: 0,
            in_minute: 0,
            peak_minute: 0,
            in_window: (0, 0),
            windows: Vec::new(),
            stride: 1,
        }
    }

    /// Takes the next requests, in time order. Requests of the warm-up are not counted.
    #[inline]
    pub fn observe(&mut self, batch: &[Request]) {
        let mut batch = batch;
        if batch.first().is_some_and(|request| request.at < self.start) {
            batch = &batch[batch.partition_point(|request| request.at < self.start)..];
        }
        while let Some(last) = batch.last() {
            if last.at < self.second_end {
                self.in_second += batch.len() as u64;
                return;
            }
            let now = batch.iter().take_while(|request| request.at < self.second_end).count();
            self.in_second += now as u64;
            batch = &batch[now..];
            self.advance((batch[0].at - self.start) / SECOND);
        }
    }

    /// Closes the second in progress and every one up to `second`.
    fn advance(&mut self, second: u64) {
        self.requests += self.in_second;
        self.in_minute += self.in_second;
        self.in_window.0 += self.in_second;
        self.in_window.1 += u128::from(self.in_second) * u128::from(self.in_second);
        self.in_second = 0;
        if second / SECONDS_PER_MINUTE != self.second / SECONDS_PER_MINUTE {
            self.peak_minute = self.peak_minute.max(std::mem::take(&mut self.in_minute));
        }
        let window = self.second / SECONDS_PER_WINDOW;
        if second / SECONDS_PER_WINDOW != window {
            self.close_window(window, SECONDS_PER_WINDOW);
        }
        self.second = second;
        self.second_end = self.start.saturating_add(second.saturating_add(1).saturating_mul(SECOND));
    }

    fn close_window(&mut self, window: u64, seconds: u64) {
        let (sum, squares) = std::mem::take(&mut self.in_window);
        if sum == 0 || seconds < 2 || !window.is_multiple_of(self.stride) {
            return;
        }
        // n * squares - sum^2 is exact in integers; sample variance over mean.
        let (n, sum) = (u128::from(seconds), u128::from(sum));
        let spread = n * squares - sum * sum;
        self.windows.push(spread as f64 / ((n - 1) as f64 * sum as f64));
        if self.windows.len() == WINDOWS_KEPT {
            let mut keep = false;
            self.windows.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride *= 2;
        }
    }

    /// The figures, after the last request.
    #[must_use]
    pub fn finish(mut self) -> Statistics {
        let whole_minutes = self.duration.0 / (SECONDS_PER_MINUTE * SECOND);
        let whole_windows = self.duration.0 / (SECONDS_PER_WINDOW * SECOND);
        let (minute, window) = (self.second / SECONDS_PER_MINUTE, self.second / SECONDS_PER_WINDOW);
        // Closing the second in progress by going to itself leaves minute and window open.
        self.advance(self.second);
        if minute < whole_minutes {
            self.peak_minute = self.peak_minute.max(self.in_minute);
        }
        if window < whole_windows {
            self.close_window(window, SECONDS_PER_WINDOW);
        } else if whole_windows == 0 {
            self.close_window(0, self.seconds);
        }
        let seconds = self.duration.seconds();
        let mean_rate = if seconds > 0.0 { self.requests as f64 / seconds } else { 0.0 };
        let peak_rate =
            if whole_minutes == 0 { mean_rate } else { self.peak_minute as f64 / SECONDS_PER_MINUTE as f64 };
        self.windows.sort_by(f64::total_cmp);
        let middle = self.windows.len() / 2;
        let dispersion_1s = match self.windows.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(self.windows[middle]),
            _ => Some(f64::midpoint(self.windows[middle - 1], self.windows[middle])),
        };
        Statistics { requests: self.requests, mean_rate, peak_rate, dispersion_1s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::NOBODY;

    fn observed(warmup: u64, duration: u64, instants: &[u64]) -> Statistics {
        let requests: Vec<Request> =
            instants.iter().map(|at| Request { at: *at, key: 0, cpu: 0, io: 0, class: 0, caller: NOBODY }).collect();
        let observe = |batch: usize| {
            let mut observer = Observer::new(Nanos(warmup), Nanos(duration));
            requests.chunks(batch).for_each(|part| observer.observe(part));
            observer.finish()
        };
        assert_eq!(observe(1), observe(1024));
        observe(3)
    }

    #[test]
    fn figures_by_hand() {
        // Ten seconds after a warm-up of one: counts 3 0 0 1 0 0 0 0 0 1; mean 0.5, sample variance 8.5 / 9.
        let at = [0, 999_999_999, SECOND, SECOND + 1, SECOND + 2, 4 * SECOND, 10 * SECOND + 5];
        let found = observed(SECOND, 10 * SECOND, &at);
        assert_eq!((found.requests, found.mean_rate, found.peak_rate), (5, 0.5, 0.5));
        assert!((found.dispersion_1s.expect("requests") - 8.5 / 9.0 / 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_peak_is_a_whole_minute_and_empty_windows_have_no_dispersion() {
        let minute = 60 * SECOND;
        // 2 in the first minute, 3 in the third, 4 in a last one that is not whole; the second window is empty.
        let at = [0, 1, 2 * minute, 2 * minute + 1, 3 * minute - 1, 30 * minute, 30 * minute, 30 * minute + 9];
        let found = observed(0, 30 * minute + 30 * SECOND, &at);
        assert_eq!((found.requests, found.peak_rate), (8, 0.05));
        // Counts per second of the first window: 2, 2 and 1 in 600 seconds.
        let expected = (600.0 * 9.0 - 25.0) / (599.0 * 5.0);
        assert!((found.dispersion_1s.expect("requests") - expected).abs() < 1e-12);
    }

    #[test]
    fn windows_are_bounded() {
        let mut observer = Observer::new(Nanos::ZERO, Nanos::NEVER);
        for window in 0..200_000u64 {
            observer.observe(&[Request { at: window * 600 * SECOND, key: 0, cpu: 0, io: 0, class: 0, caller: NOBODY }]);
            assert!(observer.windows.len() < WINDOWS_KEPT);
        }
        assert_eq!(observer.finish().dispersion_1s, Some(1.0));
    }
}
