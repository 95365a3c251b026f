//! When records are due: the slots of an open loop, for each pattern. Knows nothing of how records are made or sent, and
//! no clock: times are µs since the trial's start.

mod poisson;
mod rates;
#[cfg(test)]
mod tests;
mod trace;

use std::sync::{Arc, Mutex, PoisonError};

use self::poisson::Poisson;
use self::rates::Rates;
use self::trace::Trace;
use crate::profile::TraceFile;
use crate::protocol::{Arrival, RateSegment};

/// When a slot is due that never comes.
pub const NEVER: u64 = u64::MAX;

/// The times of a trial that a schedule depends on, and its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Load before the window, in ms.
    pub warmup_ms: u64,
    /// Length of the window in ms.
    pub measure_ms: u64,
    /// Seed of what is drawn.
    pub seed: u64,
}

/// The slots of an open loop: which record is due when. Whatever chance does not decide is computed from the slot's
/// number k, never from an accumulated interval, so that nothing drifts; slots are never skipped.
#[derive(Clone, Debug)]
pub struct Schedule(Pattern);

#[derive(Clone, Debug)]
enum Pattern {
    Constant { us_per_record: f64 },
    Bursts { first_us: u64, records: u64, every_us: u64 },
    Rates(Arc<Rates>),
    Trace(Arc<Trace>),
    Poisson { rate_per_s: f64, seed: u64 },
}

impl Schedule {
    /// None where the load is not paced.
    ///
    /// # Errors
    /// What cannot be paced, and why.
    pub fn new(arrival: &Arrival, times: Times) -> Result<Option<Self>, String> {
        if let Some(problem) = arrival.problem() {
            return Err(problem);
        }
        let warmup_us = times.warmup_ms * 1_000;
        Ok(Some(Self(match arrival {
            // A scheduled drain has a driver of its own.
            Arrival::Unpaced | Arrival::ScheduledDrain(_) => return Ok(None),
            Arrival::Constant { rate_per_s } => Pattern::Constant {
                us_per_record: 1e6 / rate_per_s,
            },
            Arrival::Poisson { rate_per_s } => Pattern::Poisson {
                rate_per_s: *rate_per_s,
                seed: times.seed,
            },
            // One of them is at the window's start.
            Arrival::Bursts { records, every_us } => Pattern::Bursts {
                first_us: warmup_us % every_us,
                records: *records,
                every_us: *every_us,
            },
            Arrival::Steps { .. } | Arrival::Ramp { .. } => {
                let segments = arrival.segments(times.measure_ms).unwrap_or_default();
                Pattern::Rates(Arc::new(Rates::new(&with_warmup(&segments, warmup_us))))
            }
            Arrival::Trace {
                path,
                values,
                unit,
                repeat,
                ..
            } => {
                let file = TraceFile::read(path, *values, *unit)
                    .map_err(|error| format!("the trace {} {error}", path.display()))?;
                Pattern::Trace(Arc::new(Trace::new(file, *repeat, warmup_us)))
            }
        })))
    }

    /// When slot `k` is due over all senders, in µs since the trial's start; none where chance decides, and so each sender
    /// has slots of its own.
    pub fn due_us(&self, k: u64) -> Option<u64> {
        match &self.0 {
            Pattern::Poisson { .. } => None,
            pattern => Some(pattern.due_us(k, &mut 0)),
        }
    }

    /// The slots of sender `index` of `of`: each takes its turn, or, where chance decides, a process of its own at its
    /// part of the rate. Independent Poisson processes make one of the sum of their rates (Kingman, Poisson Processes,
    /// 1993, §2.2), so all senders together are what was asked for.
    pub fn sender(&self, index: u64, of: u64) -> Slots {
        let source = match &self.0 {
            Pattern::Poisson { rate_per_s, seed } => Source::Drawn(Poisson::new(rate_per_s / of as f64, *seed, index)),
            pattern => Source::Computed {
                pattern: pattern.clone(),
                slot: index,
                stride: of,
                near: 0,
            },
        };
        let mut slots = Slots { source, due_us: 0 };
        slots.due_us = slots.current_us();
        slots
    }

    /// All slots, for senders of which whoever is free takes the next.
    pub fn shared(&self) -> SharedSlots {
        SharedSlots(Mutex::new(self.sender(0, 1)))
    }

    /// How many slots are due before `at_us`; none where chance decides.
    pub fn slots_before(&self, at_us: u64) -> Option<u64> {
        let is_before = |slot: u64| self.due_us(slot).map(|due_us| due_us < at_us);
        let mut beyond = 1;
        while is_before(beyond)? {
            beyond *= 2;
        }
        let mut before = 0;
        while before < beyond {
            let middle = before.midpoint(beyond);
            match is_before(middle)? {
                true => before = middle + 1,
                false => beyond = middle,
            }
        }
        Some(before)
    }
}

/// The window's segments moved behind the warm-up, which has the first rate.
fn with_warmup(segments: &[RateSegment], warmup_us: u64) -> Vec<RateSegment> {
    let first_per_s = segments.first().map_or(0.0, |part| part.from_per_s);
    let warmup = RateSegment {
        start_us: 0,
        end_us: warmup_us,
        from_per_s: first_per_s,
        to_per_s: first_per_s,
    };
    let moved = segments.iter().map(|part| RateSegment {
        start_us: part.start_us + warmup_us,
        end_us: part.end_us + warmup_us,
        ..*part
    });
    let warmup = Some(warmup).filter(|_| warmup_us > 0);
    warmup.into_iter().chain(moved).collect()
}

impl Pattern {
    /// `near` is a hint that makes the next slot cheap to find.
    #[inline]
    fn due_us(&self, k: u64, near: &mut usize) -> u64 {
        match self {
            // Exact to the µs for hours: k is below 2^53, and the product's relative error is 2^-53.
            Pattern::Constant { us_per_record } => (k as f64 * us_per_record) as u64,
            Pattern::Bursts {
                first_us,
                records,
                every_us,
            } => first_us + k / records * every_us,
            Pattern::Rates(rates) => rates.due_us(k, near),
            Pattern::Trace(trace) => trace.due_us(k),
            // Drawn, not computed: see `Schedule::sender`.
            Pattern::Poisson { .. } => NEVER,
        }
    }
}

/// The slots of one sender, one after the other.
#[derive(Clone, Debug)]
pub struct Slots {
    source: Source,
    due_us: u64,
}

#[derive(Clone, Debug)]
enum Source {
    Computed {
        pattern: Pattern,
        slot: u64,
        stride: u64,
        near: usize,
    },
    Drawn(Poisson),
}

impl Slots {
    /// When the slot at hand is due, in µs since the trial's start; [`NEVER`] where there are no more.
    #[inline]
    pub fn due_us(&self) -> u64 {
        self.due_us
    }

    /// On to the next slot.
    #[inline]
    pub fn advance(&mut self) {
        match &mut self.source {
            Source::Computed { slot, stride, .. } => *slot += *stride,
            Source::Drawn(poisson) => poisson.advance(),
        }
        self.due_us = self.current_us();
    }

    #[inline]
    fn current_us(&mut self) -> u64 {
        match &mut self.source {
            Source::Computed {
                pattern, slot, near, ..
            } => pattern.due_us(*slot, near),
            Source::Drawn(poisson) => poisson.due_us(),
        }
    }
}

/// Slots that several senders share.
#[derive(Debug)]
pub struct SharedSlots(Mutex<Slots>);

impl SharedSlots {
    /// Takes the next slot that nobody has taken; says when it is due.
    pub fn take(&self) -> u64 {
        // What it guards is valid at every moment, so a panic elsewhere does not spoil it.
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due_us = slots.due_us();
        slots.advance();
        due_us
    }
}
