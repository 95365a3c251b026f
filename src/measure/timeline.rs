//! A trial's clock, and the intervals that its time is cut into.

use std::time::{Duration, Instant};

use crate::protocol::Phase;

/// Monotonic time in µs since the trial's start.
#[derive(Clone, Copy, Debug)]
pub struct TrialClock {
    origin: Instant,
}

impl TrialClock {
    /// A clock that reads 0 at `origin`, which may lie ahead: until then it stays at 0.
    pub fn starting_at(origin: Instant) -> Self {
        Self { origin }
    }

    /// Now, in µs since the trial's start.
    #[inline]
    pub fn now_us(&self) -> u64 {
        Instant::now().saturating_duration_since(self.origin).as_micros() as u64
    }

    /// The moment at `at_us`.
    pub fn instant(&self, at_us: u64) -> Instant {
        self.origin + Duration::from_micros(at_us)
    }

    /// Sleeps until `at_us`; returns at once where that has passed.
    pub fn sleep_until(&self, at_us: u64) {
        let wait = self.instant(at_us).saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }
}

/// Warm-up, window and drain, cut into reporting intervals that never straddle two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The window's start, in µs since the trial's start.
    pub window_start_us: u64,
    /// The window's end.
    pub window_end_us: u64,
    interval_us: u64,
}

impl Timeline {
    /// From the lengths in ms; `interval_ms` is at least 1.
    pub fn new(warmup_ms: u64, measure_ms: u64, interval_ms: u64) -> Self {
        let window_start_us = warmup_ms * 1_000;
        Self {
            window_start_us,
            window_end_us: window_start_us + measure_ms * 1_000,
            interval_us: interval_ms.max(1) * 1_000,
        }
    }

    /// True for a moment inside the window.
    #[inline]
    pub fn in_window(&self, at_us: u64) -> bool {
        at_us >= self.window_start_us && at_us < self.window_end_us
    }

    /// The window's middle.
    pub fn window_middle_us(&self) -> u64 {
        self.window_start_us + (self.window_end_us - self.window_start_us) / 2
    }

    fn warmup_intervals(&self) -> u64 {
        self.window_start_us.div_ceil(self.interval_us)
    }

    fn window_intervals(&self) -> u64 {
        (self.window_end_us - self.window_start_us).div_ceil(self.interval_us)
    }

    /// The number, from 0, of the interval that holds `at_us`. Warm-up intervals are cut backwards from the window's
    /// start, so that only the first may be short.
    pub fn index(&self, at_us: u64) -> u64 {
        if at_us < self.window_start_us {
            self.warmup_intervals() - 1 - (self.window_start_us - 1 - at_us) / self.interval_us
        } else if at_us < self.window_end_us {
            self.warmup_intervals() + (at_us - self.window_start_us) / self.interval_us
        } else {
            self.warmup_intervals() + self.window_intervals() + (at_us - self.window_end_us) / self.interval_us
        }
    }

    /// Begin and end of an interval in µs since the trial's start.
    pub fn bounds(&self, index: u64) -> (u64, u64) {
        let (warmup, window) = (self.warmup_intervals(), self.window_intervals());
        if index < warmup {
            let end = self.window_start_us - (warmup - 1 - index) * self.interval_us;
            (end.saturating_sub(self.interval_us), end)
        } else if index < warmup + window {
            let begin = self.window_start_us + (index - warmup) * self.interval_us;
            (begin, (begin + self.interval_us).min(self.window_end_us))
        } else {
            let begin = self.window_end_us + (index - warmup - window) * self.interval_us;
            (begin, begin + self.interval_us)
        }
    }

    /// Which phase an interval belongs to.
    pub fn phase(&self, index: u64) -> Phase {
        if index < self.warmup_intervals() {
            Phase::Warmup
        } else if index < self.warmup_intervals() + self.window_intervals() {
            Phase::Window
        } else {
            Phase::Drain
        }
    }

    /// `at_us` in s since the window's start.
    pub fn seconds_from_window(&self, at_us: u64) -> f64 {
        (at_us as f64 - self.window_start_us as f64) / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_moment_lies_in_its_interval_and_intervals_never_straddle_phases(
            warmup in 0u64..5_000, measure in 1u64..10_000, interval in 1u64..2_000, at_us in 0u64..20_000_000,
        ) {
            let line = Timeline::new(warmup, measure, interval);
            let index = line.index(at_us);
            let (begin, end) = line.bounds(index);
            prop_assert!(begin <= at_us && at_us < end, "{begin} {at_us} {end}");
            for edge in [line.window_start_us, line.window_end_us] {
                prop_assert!(end <= edge || begin >= edge);
            }
            prop_assert_eq!(line.phase(index) == Phase::Window, line.in_window(at_us));
            prop_assert_eq!(line.bounds(index + 1).0, end);
        }
    }
}
