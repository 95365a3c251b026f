//! Which figures of two configurations may stand side by side at all.

use super::Metric;
use crate::profile::Configuration;
use crate::protocol::Acks;

/// Why a figure of these two says nothing about their settings; none where it may be compared.
pub fn incomparable(metric: Metric, base: &Configuration, candidate: &Configuration) -> Option<&'static str> {
    let paced = |one: &Configuration| one.workload.arrival.is_paced();
    let is_rate = |one: &Configuration| !paced(one) || one.workload.arrival.constant_rate_per_s().is_some();
    let unobserved = |one: &Configuration| one.acks == Acks::None;
    match metric {
        Metric::Throughput | Metric::ThroughputMb if paced(base) || paced(candidate) => {
            Some("throughput was set by a rate, not found")
        }
        Metric::Throughput | Metric::ThroughputMb if unobserved(base) != unobserved(candidate) => {
            Some("throughput with acks=0 is the growth of the log, with others what was acknowledged")
        }
        _ if !metric.is_latency() => None,
        _ if unobserved(base) || unobserved(candidate) => Some("latency is not observable with acks=0"),
        _ if base.workload.arrival != candidate.workload.arrival => Some(match is_rate(base) && is_rate(candidate) {
            true => "latency compares only under the same load, and the rates differ",
            false => "latency compares only under the same load, and the arrivals differ",
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Arrival;
    use crate::store::samples;

    #[test]
    fn set_throughput_other_loads_and_unobserved_latency_do_not_compare() {
        let plain = samples::configuration("c-1");
        let mut paced = plain.clone();
        paced.workload.arrival = Arrival::Constant { rate_per_s: 1_000.0 };
        let mut silent = plain.clone();
        silent.acks = Acks::None;
        assert_eq!(incomparable(Metric::Throughput, &plain, &plain), None);
        assert_eq!(incomparable(Metric::LatencyP99, &paced, &paced), None);
        assert_eq!(incomparable(Metric::ClientCpu, &plain, &paced), None);
        for (metric, a, b) in [
            (Metric::Throughput, &paced, &paced),
            (Metric::Throughput, &plain, &silent),
            (Metric::LatencyP99, &plain, &paced),
            (Metric::LatencyP50, &silent, &silent),
        ] {
            assert!(incomparable(metric, a, b).is_some(), "{metric}");
            assert!(incomparable(metric, b, a).is_some(), "{metric}");
        }
    }
}
