//! What a recorder hands over.

use std::time::Instant;

use hdrhistogram::Histogram;

use super::*;
use crate::measure::Collector;
use crate::measure::shard::growing;
use crate::stats::histogram::decode;

fn kinds(paced: bool) -> LatencyKinds {
    LatencyKinds {
        paced,
        recorded: true,
        acknowledged: true,
        listed: false,
    }
}

/// Every record of every batch counts with its own latency, whether its tag is that of the record before it, of the
/// last record of the batch before it, or of a record outside the window.
#[test]
fn records_that_share_a_tag_are_each_counted() {
    let tag = |intended_us, lag_us| SendTag::new(intended_us, intended_us + lag_us);
    let early = tag(500, 0);
    let batches = [
        (
            5_000,
            vec![
                tag(2_000, 10),
                tag(2_000, 10),
                tag(2_000, 20),
                early,
                early,
                tag(2_000, 10),
            ],
        ),
        (9_000, vec![tag(2_000, 10), tag(3_000, 0)]),
    ];
    for paced in [false, true] {
        let timeline = Timeline::new(1, 1_000, 1_000);
        let clock = TrialClock::starting_at(Instant::now());
        let levels = Levels::between(vec![1_000, 2_500, 4_000]);
        let mut collector = Collector::with_levels(clock, timeline, kinds(paced), levels);
        let mut recorder = collector.hub().ack_recorder();
        let (mut service, mut response) = (Vec::new(), Vec::new());
        for (now_us, tags) in &batches {
            recorder.begin_batch_at(*now_us);
            for one in tags {
                recorder.acknowledged(*one, 100);
                if *one != early {
                    service.push(now_us - one.entry_us());
                    response.push(now_us - one.intended_us());
                }
            }
            recorder.end_batch();
        }
        drop(recorder);
        collector.absorb();
        assert_eq!(collector.counts().acknowledged, 8);
        let of = |values: &[u64]| {
            let mut histogram = growing();
            values.iter().for_each(|value| record(&mut histogram, *value, 1));
            recorded(&histogram)
        };
        let found = collector.latencies().service.expect("recorded");
        let found = decode(&found.histogram).expect("encoded by the collector");
        assert_eq!(recorded(&found), of(&service));
        if paced {
            assert_eq!(recorded(collector.response()), of(&response));
            // Five of them were due in the first part of the load, and one in the second.
            let parts: Vec<u64> = collector.levels().iter().map(|part| part.response.len()).collect();
            assert_eq!(parts, [5, 1]);
        }
    }
}

/// Each value with its count.
fn recorded(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    let values = histogram.iter_recorded();
    values
        .map(|one| (one.value_iterated_to(), one.count_at_value()))
        .collect()
}
