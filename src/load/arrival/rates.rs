//! Rates over time: slot k is due when the integral of the rate reaches k.

use super::NEVER;
use crate::protocol::RateSegment;

/// Added to a due time before it is cut to whole µs: half a ns, above the rounding of doubles within a day, so that what
/// is due exactly at a µs is not moved before it.
const ROUNDING_US: f64 = 0.0005;

/// Segments in each of which the rate changes evenly.
#[derive(Clone, Debug)]
pub(super) struct Rates(Vec<Segment>);

#[derive(Clone, Copy, Debug)]
struct Segment {
    start_us: f64,
    /// The integral of the rate up to its beginning: how many slots are due before.
    slots_before: f64,
    /// Records per µs at its beginning.
    from: f64,
    /// Change of that per µs.
    slope: f64,
    /// Where its slots end and the next segment's begin.
    slots_end: f64,
}

impl Rates {
    /// The segments follow each other without gaps; beyond the last one its rate at its end holds.
    pub fn new(segments: &[RateSegment]) -> Self {
        let mut slots = 0.0;
        let mut all: Vec<Segment> = segments
            .iter()
            .map(|part| {
                let slots_before = slots;
                slots += part.records();
                let length_us = (part.end_us - part.start_us) as f64;
                Segment {
                    start_us: part.start_us as f64,
                    slots_before,
                    from: part.from_per_s / 1e6,
                    slope: (part.to_per_s - part.from_per_s) / 1e6 / length_us,
                    slots_end: slots,
                }
            })
            .collect();
        all.extend(segments.last().map(|last| Segment {
            start_us: last.end_us as f64,
            slots_before: slots,
            from: last.to_per_s / 1e6,
            slope: 0.0,
            slots_end: f64::INFINITY,
        }));
        Self(all)
    }

    /// `near` is the segment that was found last: slots are asked for in order.
    #[inline]
    pub fn due_us(&self, k: u64, near: &mut usize) -> u64 {
        let slot = k as f64;
        if self.0.get(*near).is_none_or(|segment| slot < segment.slots_before) {
            *near = 0;
        }
        while let Some(segment) = self.0.get(*near) {
            if slot < segment.slots_end {
                return (segment.start_us + segment.time_to(slot - segment.slots_before) + ROUNDING_US) as u64;
            }
            *near += 1;
        }
        NEVER
    }
}

impl Segment {
    /// The time in µs after which `slots` of its slots are due: `from·t + slope·t²/2 = slots`, solved in the form that
    /// does not cancel (Press et al., Numerical Recipes, §5.6) and holds for a slope of 0 too.
    #[inline]
    fn time_to(&self, slots: f64) -> f64 {
        // A hair below 0 by rounding only, at the end of a ramp down.
        let root = (self.from * self.from + 2.0 * self.slope * slots).max(0.0).sqrt();
        2.0 * slots / (self.from + root)
    }
}
