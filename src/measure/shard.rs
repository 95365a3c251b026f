//! What one thread records in one interval. Handed over whole, so that recording needs no lock.

use std::collections::HashMap;

use hdrhistogram::Histogram;

use super::levels::SeenByLevel;
use crate::protocol::PersistenceStatus;
use crate::stats::histogram::MAX_LATENCY_US;

/// Why a record failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    /// The client's name of the error, as in `MSG_TIMED_OUT`.
    pub error: String,
    /// Whether it may have been written all the same.
    pub persistence: PersistenceStatus,
}

/// Failed records by cause.
pub(super) type Failures = HashMap<Failure, u64>;

/// A histogram that starts small (up to 131 ms) and grows where a latency asks for it.
pub(super) fn growing() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 1 << 17, 3).expect("constant bounds that the library accepts");
    histogram.auto(true);
    histogram
}

/// Records a latency, growing the histogram where needed. (The library's `saturating_record` never grows: it would clip
/// every latency at the small bound that the histogram starts with.)
#[inline]
pub(super) fn record(histogram: &mut Histogram<u64>, latency_us: u64, count: u64) {
    // Within the largest bound a growing histogram takes every value.
    let _ = histogram.record_n(latency_us.min(MAX_LATENCY_US), count);
}

/// Verdicts that one thread saw in one interval.
#[derive(Debug)]
pub(super) struct AckShard {
    pub interval: u64,
    pub acknowledged: u64,
    pub acknowledged_bytes: u64,
    pub acknowledged_second_half: u64,
    /// By topic, as far as any was named: where the records go to several.
    pub by_topic: Vec<u64>,
    pub failures: Failures,
    /// Where they are listed: intended time of each acknowledged record, and when it was acknowledged.
    pub listed: Vec<(u64, u64)>,
    pub service: Histogram<u64>,
    pub response: Histogram<u64>,
    pub levels: SeenByLevel,
}

impl AckShard {
    pub fn new() -> Self {
        Self {
            interval: 0,
            acknowledged: 0,
            acknowledged_bytes: 0,
            acknowledged_second_half: 0,
            by_topic: Vec::new(),
            failures: HashMap::new(),
            listed: Vec::new(),
            service: growing(),
            response: growing(),
            levels: SeenByLevel::default(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.acknowledged == 0 && self.failures.is_empty()
    }

    pub fn clear(&mut self) {
        self.acknowledged = 0;
        self.acknowledged_bytes = 0;
        self.acknowledged_second_half = 0;
        self.by_topic.fill(0);
        self.failures.clear();
        self.listed.clear();
        self.service.reset();
        self.response.reset();
        self.levels.clear();
    }
}

/// Send calls that one thread made in one interval.
#[derive(Debug)]
pub(super) struct SendShard {
    pub interval: u64,
    pub attempted: u64,
    pub sent: u64,
    /// Records of the window by their intended send (paced) or entry (unpaced).
    pub cohort: u64,
    pub back_pressure_us: u64,
    pub back_pressure_waits: u64,
    pub refused: Failures,
    pub send_call: Histogram<u64>,
    pub schedule_lag: Histogram<u64>,
}

impl SendShard {
    pub fn new() -> Self {
        Self {
            interval: 0,
            attempted: 0,
            sent: 0,
            cohort: 0,
            back_pressure_us: 0,
            back_pressure_waits: 0,
            refused: HashMap::new(),
            send_call: growing(),
            schedule_lag: growing(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.attempted == 0 && self.back_pressure_us == 0
    }

    pub fn clear(&mut self) {
        self.attempted = 0;
        self.sent = 0;
        self.cohort = 0;
        self.back_pressure_us = 0;
        self.back_pressure_waits = 0;
        self.refused.clear();
        self.send_call.reset();
        self.schedule_lag.reset();
    }
}

/// Either kind, on its way to the collector.
#[derive(Debug)]
pub(super) enum Shard {
    Ack(Box<AckShard>),
    Send(Box<SendShard>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_latency_is_not_clipped_at_the_bound_the_histogram_starts_with() {
        let mut histogram = growing();
        record(&mut histogram, 90_000_000, 2);
        assert!(histogram.max() >= 90_000_000 && histogram.max() < 90_100_000);
        assert_eq!(histogram.len(), 2);
    }
}
