//! The few figures of one trial that are told as soon as it is stored.

use crate::analysis::{megabytes_per_s, records_per_s};
use crate::profile::Configuration;
use crate::stats::histogram::{self, Percentile};
use crate::store::TrialRecord;

/// The few figures of one trial that are told as soon as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Headline {
    /// Throughput by its definition; none where it was not observed.
    pub records_per_s: Option<f64>,
    /// The same in MB of key and value bytes per second.
    pub mb_per_s: Option<f64>,
    /// 99th percentile: of the response latency where the load is paced, else of the queueing latency.
    pub p99: Option<Percentile>,
    /// Records that failed or had no verdict, over the whole trial.
    pub not_acknowledged: u64,
}

impl Headline {
    /// The headline of a stored trial of `configuration`.
    pub fn of(configuration: &Configuration, record: &TrialRecord) -> Headline {
        let Some(result) = &record.result else {
            return Headline::default();
        };
        let counts = &result.counts;
        let latency = result.latencies.response.as_ref().or(result.latencies.service.as_ref());
        let p99 = latency.and_then(|latency| {
            let decoded = histogram::decode(&latency.histogram).ok()?;
            Some(histogram::percentile(&decoded, latency.unresolved, 0.99))
        });
        Headline {
            records_per_s: records_per_s(configuration.acks, record),
            mb_per_s: megabytes_per_s(configuration.acks, record),
            p99,
            not_acknowledged: counts.failed + counts.undecided,
        }
    }
}
