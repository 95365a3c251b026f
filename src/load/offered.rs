//! What a load whose rate is not the same all the time asked for, in the window and in parts of it.

use hdrhistogram::Histogram;

use super::Schedule;
use crate::measure::{Collector, LevelSeen, Levels, Timeline};
use crate::protocol::{Acks, Arrival, LatencyDistribution, OfferedLevel, OfferedLoad, TrialSpec};
use crate::stats::histogram;

/// Parts that a window is cut into where its rate changes all the time.
const PARTS: u64 = 20;
/// Shortest of them, in µs.
const SHORTEST_US: u64 = 100_000;

/// The parts of the window in which what was offered is looked at by itself: the steps of a load by steps, equal parts
/// of a ramp and of a trace. None for other loads, whose rate is the same all the time, by the second if not by the µs.
pub(super) fn levels(spec: &TrialSpec, timeline: &Timeline) -> Levels {
    let (start_us, length_us) = (timeline.window_start_us, spec.measure_ms * 1_000);
    let arrival = &spec.workload.arrival;
    let mut edges_us: Vec<u64> = match arrival {
        Arrival::Steps { .. } => {
            let segments = arrival.segments(spec.measure_ms).unwrap_or_default();
            segments.iter().map(|part| start_us + part.start_us).collect()
        }
        Arrival::Ramp { .. } | Arrival::Trace { .. } => {
            let parts = (length_us / SHORTEST_US).clamp(1, PARTS);
            (0..parts).map(|part| start_us + length_us * part / parts).collect()
        }
        _ => return Levels::default(),
    };
    edges_us.push(timeline.window_end_us);
    Levels::between(edges_us)
}

/// What was asked for and what became of it; none for a constant or random rate, of which the window's own counts say
/// everything.
pub(super) fn offered(
    spec: &TrialSpec,
    schedule: &Schedule,
    collector: &Collector,
    timeline: &Timeline,
) -> Option<OfferedLoad> {
    let arrival = &spec.workload.arrival;
    let seen = collector.levels();
    let quantile = |histogram: &Histogram<u64>, quantile: f64| {
        Some(histogram.value_at_quantile(quantile)).filter(|_| !histogram.is_empty())
    };
    // The time that a record takes where the target keeps up. Of a rate that climbs beyond what the target can do, the best
    // part shows it; a burst is through when its last record is.
    let latency_us = match arrival {
        Arrival::Bursts { .. } => quantile(collector.response(), 0.99),
        Arrival::Steps { .. } | Arrival::Ramp { .. } | Arrival::Trace { .. } => {
            seen.iter().filter_map(|level| quantile(&level.response, 0.5)).min()
        }
        _ => return None,
    };
    let latency_us = latency_us.unwrap_or(0);
    let between = |from_us: u64, to_us: u64| -> Option<i64> {
        Some(schedule.slots_before(to_us)? as i64 - schedule.slots_before(from_us)? as i64)
    };
    // Due, but too near to the end to be acknowledged before it; less what the time before left over likewise.
    let straddling = |from_us: u64, to_us: u64| {
        let leaving = between(to_us.saturating_sub(latency_us), to_us)?;
        Some(leaving - between(from_us.saturating_sub(latency_us), from_us)?)
    };
    let acknowledged = spec.acks != Acks::None;
    let level = |((from_us, to_us), seen): ((u64, u64), LevelSeen)| {
        let due = between(from_us, to_us)?.unsigned_abs();
        let response = LatencyDistribution {
            count: seen.response.len(),
            unresolved: due.saturating_sub(seen.response.len()),
            max_us: seen.response.max(),
            histogram: histogram::encode(&seen.response),
        };
        Some(OfferedLevel {
            start_s: timeline.seconds_from_window(from_us),
            length_s: (to_us - from_us) as f64 / 1e6,
            due,
            straddling: straddling(from_us, to_us)?,
            acknowledged: acknowledged.then_some(seen.acknowledged),
            response: (acknowledged && spec.record_latencies).then_some(response),
        })
    };
    let parts = levels(spec, timeline);
    Some(OfferedLoad {
        straddling: straddling(timeline.window_start_us, timeline.window_end_us)?,
        levels: parts.bounds().zip(seen).filter_map(level).collect(),
    })
}
