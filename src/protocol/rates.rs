//! Rates over time: the segments of a window in which a rate is constant or changes evenly. Pure.

use super::RateStep;

/// A part of the window in which the rate is constant or changes evenly. Rates in records per second, times in µs from the
/// window's start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateSegment {
    /// Where it begins.
    pub start_us: u64,
    /// Where it ends; the last segment's rate at its end holds on.
    pub end_us: u64,
    /// Rate at its beginning.
    pub from_per_s: f64,
    /// Rate at its end.
    pub to_per_s: f64,
}

impl RateSegment {
    /// Records due in it.
    pub fn records(&self) -> f64 {
        f64::midpoint(self.from_per_s, self.to_per_s) * (self.end_us - self.start_us) as f64 / 1e6
    }
}

/// How long each step lasts: as it says, or an equal part of what the others leave of the window.
fn step_lengths_us(steps: &[RateStep], window_us: u64) -> Vec<u64> {
    let given_us: u64 = steps.iter().filter_map(|step| step.for_ms).map(|ms| ms * 1_000).sum();
    let open = steps.iter().filter(|step| step.for_ms.is_none()).count() as u64;
    let left_us = window_us.saturating_sub(given_us);
    let mut place = 0;
    let lengths = steps.iter().map(|step| match step.for_ms {
        Some(ms) => ms * 1_000,
        None => {
            place += 1;
            // Cut so that the parts add up.
            left_us * place / open - left_us * (place - 1) / open
        }
    });
    lengths.collect()
}

/// One rate after the other.
pub(super) fn of_steps(steps: &[RateStep], window_us: u64) -> Vec<RateSegment> {
    let mut at_us = 0;
    let lengths = step_lengths_us(steps, window_us);
    let parts = steps.iter().zip(lengths).map(|(step, length_us)| {
        let start_us = at_us;
        at_us += length_us;
        RateSegment {
            start_us,
            end_us: at_us,
            from_per_s: step.rate_per_s,
            to_per_s: step.rate_per_s,
        }
    });
    filling(parts.collect(), window_us)
}

/// From one rate to another, which then holds.
pub(super) fn of_ramp((from_per_s, to_per_s): (f64, f64), over_us: u64, window_us: u64) -> Vec<RateSegment> {
    let ramp = RateSegment {
        start_us: 0,
        end_us: over_us,
        from_per_s,
        to_per_s,
    };
    filling(vec![ramp], window_us)
}

/// The segments as far as the window goes, the last one's end held to the window's.
fn filling(mut segments: Vec<RateSegment>, window_us: u64) -> Vec<RateSegment> {
    segments.retain(|part| part.start_us < part.end_us && part.start_us < window_us);
    let Some(last) = segments.last_mut() else {
        return segments;
    };
    if last.end_us > window_us {
        let share = (window_us - last.start_us) as f64 / (last.end_us - last.start_us) as f64;
        last.to_per_s = last.from_per_s + (last.to_per_s - last.from_per_s) * share;
        last.end_us = window_us;
    } else if last.end_us < window_us {
        let held = RateSegment {
            start_us: last.end_us,
            end_us: window_us,
            from_per_s: last.to_per_s,
            to_per_s: last.to_per_s,
        };
        match last.from_per_s == last.to_per_s {
            true => last.end_us = window_us,
            false => segments.push(held),
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Arrival;
    use proptest::prelude::*;

    fn step(rate_per_s: f64, for_ms: Option<u64>) -> RateStep {
        RateStep { rate_per_s, for_ms }
    }

    #[test]
    fn steps_share_what_is_left_and_the_last_one_holds() {
        let edges = |steps: &[RateStep], measure_ms| -> Vec<(u64, u64, f64)> {
            let arrival = Arrival::Steps { steps: steps.to_vec() };
            let segments = arrival.segments(measure_ms).unwrap();
            segments
                .iter()
                .map(|part| (part.start_us, part.end_us, part.from_per_s))
                .collect()
        };
        assert_eq!(
            edges(&[step(1.0, None), step(2.0, Some(400)), step(3.0, None)], 1_000),
            [(0, 300_000, 1.0), (300_000, 700_000, 2.0), (700_000, 1_000_000, 3.0)]
        );
        assert_eq!(
            edges(&[step(1.0, Some(200)), step(2.0, Some(200))], 1_000),
            [(0, 200_000, 1.0), (200_000, 1_000_000, 2.0)]
        );
        assert_eq!(
            edges(
                &[step(1.0, Some(700)), step(2.0, Some(700)), step(3.0, Some(700))],
                1_000
            ),
            [(0, 700_000, 1.0), (700_000, 1_000_000, 2.0)]
        );
        assert_eq!(
            edges(&[step(1.0, Some(1_000)), step(2.0, None)], 1_000),
            [(0, 1_000_000, 1.0)],
            "nothing is left"
        );
    }

    #[test]
    fn a_ramp_holds_its_end_and_a_window_may_cut_it() {
        let ramp = |over_ms| Arrival::Ramp {
            from_per_s: 1_000.0,
            to_per_s: 3_000.0,
            over_ms,
        };
        assert_eq!(ramp(None).mean_rate_per_s(10_000), Some(2_000.0));
        assert_eq!(ramp(Some(5_000)).mean_rate_per_s(10_000), Some(2_500.0));
        assert_eq!(ramp(Some(20_000)).mean_rate_per_s(10_000), Some(1_500.0));
        assert_eq!(ramp(Some(5_000)).rate_range_per_s(10_000), Some((1_000.0, 3_000.0)));
    }

    proptest! {
        #[test]
        fn segments_fill_the_window_without_gaps(
            steps in proptest::collection::vec((1.0f64..1e6, proptest::option::of(1u64..20_000)), 1..20),
            measure_ms in 100u64..60_000,
        ) {
            let steps: Vec<RateStep> = steps.into_iter().map(|(rate, for_ms)| step(rate, for_ms)).collect();
            let segments = Arrival::Steps { steps }.segments(measure_ms).unwrap();
            prop_assert_eq!(segments[0].start_us, 0);
            prop_assert_eq!(segments.last().unwrap().end_us, measure_ms * 1_000);
            prop_assert!(segments.windows(2).all(|pair| pair[0].end_us == pair[1].start_us));
            prop_assert!(segments.iter().all(|part| part.start_us < part.end_us));
        }
    }
}
