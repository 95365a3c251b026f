//! Whether a paced load kept to its schedule: what was asked for against what was achieved.

use super::trial::throughput;
use crate::profile::Configuration;
use crate::protocol::{Arrival, LatencyDistribution, OfferedLevel, ScheduledDrain, TrialResult};
use crate::stats::histogram;
use crate::store::{BrokerFigures, LateSends, MissedRate, Saturation};

/// Share of the intended rate below which a paced load counts as saturated.
const MIN_ACHIEVED: f64 = 0.99;
/// Schedule lag (p99, µs) above which a paced load counts as saturated, where it also is a tenth of the response latency.
const MAX_SCHEDULE_LAG_US: u64 = 1_000;
/// Fewer records missing than this say nothing about a part of a window.
const FEWEST_MISSING: f64 = 10.0;
/// By so much longer, in s, a queue may have become in a part of a window: a pause of the machine is no limit.
const LONGEST_PAUSE_S: f64 = 0.050;

/// Records due in the window per second: the schedule's own number of slots in it ÷ its length. None where the load is not
/// paced.
pub fn offered_per_s(arrival: &Arrival, result: &TrialResult) -> Option<f64> {
    let counted = result.window.attempted as f64 / result.window_s;
    match arrival {
        Arrival::Unpaced => None,
        // What a trial program does not count, a constant rate says too.
        other if result.window.attempted == 0 => other.constant_rate_per_s(),
        _ => Some(counted).filter(|rate| rate.is_finite()),
    }
}

/// How far a trial fell behind its schedule; none where it kept up, or where the load is not paced.
pub fn saturation(configuration: &Configuration, result: &TrialResult, broker: &BrokerFigures) -> Option<Saturation> {
    // A scheduler sends in batches, and late by design.
    if let Some(settings) = configuration.workload.arrival.scheduled_drain() {
        let missed = missed_by_scheduler(settings, throughput(configuration.acks, result, broker), result)?;
        return Some(Saturation {
            missed: Some(missed),
            late: None,
        });
    }
    let intended_per_s = offered_per_s(&configuration.workload.arrival, result)?;
    let straddling = result.offered.as_ref().map_or(0, |offered| offered.straddling);
    let possible_per_s = intended_per_s - straddling as f64 / result.window_s;
    let missed = throughput(configuration.acks, result, broker)
        .filter(|achieved_per_s| *achieved_per_s < MIN_ACHIEVED * possible_per_s)
        .map(|achieved_per_s| {
            let behind = first_behind(result);
            MissedRate {
                achieved_per_s,
                intended_per_s,
                from_s: behind.map(|level| level.start_s),
                from_per_s: behind.map(|level| level.due as f64 / level.length_s),
            }
        });
    let late = late(result);
    (missed.is_some() || late.is_some()).then_some(Saturation { missed, late })
}

/// How far a scheduler fell behind its users: under 99 % of those who arrived in the window were served, and that is not for
/// where its runs lie in the window. For so it may be, unless the queues grew, full batches take too few, or it is true even
/// with a whole period's users, who may be waiting for the next run at the window's end.
fn missed_by_scheduler(
    settings: &ScheduledDrain,
    achieved_per_s: Option<f64>,
    result: &TrialResult,
) -> Option<MissedRate> {
    let drain = result.drain.as_ref()?;
    let intended_per_s = drain.arrived_in_window as f64 / result.window_s;
    // Who left the queues is those who arrived but for whom more wait: this is known with acks=0 too.
    let more_waiting = drain.waiting_at_window_end as f64 - drain.waiting_at_window_start as f64;
    let left_per_s = intended_per_s - more_waiting / result.window_s;
    let achieved_per_s = achieved_per_s.map_or(left_per_s, |achieved| achieved.min(left_per_s));
    let wanted_per_s = MIN_ACHIEVED * intended_per_s;
    let of_a_period = settings.users_per_s * settings.every_us as f64 / 1e6 / result.window_s;
    let for_certain = drain.queue_grew == Some(true)
        || settings.capacity_per_s() < MIN_ACHIEVED * settings.users_per_s
        || achieved_per_s + of_a_period < wanted_per_s;
    (for_certain && achieved_per_s < wanted_per_s).then_some(MissedRate {
        achieved_per_s,
        intended_per_s,
        from_s: None,
        from_per_s: None,
    })
}

/// Sends that were late by more than a little, in themselves and beside the response latency.
fn late(result: &TrialResult) -> Option<LateSends> {
    let p99 = |distribution: &Option<LatencyDistribution>| -> Option<u64> {
        let distribution = distribution.as_ref()?;
        let decoded = histogram::decode(&distribution.histogram).ok()?;
        histogram::percentile(&decoded, distribution.unresolved, 0.99).us
    };
    let lag_us = p99(&result.latencies.schedule_lag)?;
    let response_us = p99(&result.latencies.response)?;
    (lag_us > MAX_SCHEDULE_LAG_US && lag_us * 10 > response_us).then_some(LateSends { lag_us, response_us })
}

/// The first part of the window in which less was acknowledged than was due.
fn first_behind(result: &TrialResult) -> Option<&OfferedLevel> {
    let levels = &result.offered.as_ref()?.levels;
    let place = behind(levels).iter().position(|behind| *behind)?;
    levels.get(place)
}

/// In which parts of the window a load fell behind: under 99 % of the records due were acknowledged, beyond what straddles
/// the part's ends and by more than a handful, and the queue has become longer than 50 ms' worth of records. Whatever is
/// made good later is taken off the queue.
pub fn behind(levels: &[OfferedLevel]) -> Vec<bool> {
    let mut queue = 0.0_f64;
    let judge = |level: &OfferedLevel| {
        let possible = level.due as f64 - level.straddling as f64;
        let Some(acknowledged) = level.acknowledged else {
            return false;
        };
        let missing = possible - acknowledged as f64;
        queue = (queue + missing).max(0.0);
        let tolerated = FEWEST_MISSING.max((1.0 - MIN_ACHIEVED) * possible);
        missing > tolerated && queue > LONGEST_PAUSE_S * level.due as f64 / level.length_s
    };
    levels.iter().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{OfferedLoad, RateStep};
    use crate::store::samples;

    fn level(start_s: f64, due: u64, straddling: i64, acknowledged: u64) -> OfferedLevel {
        OfferedLevel {
            start_s,
            length_s: 1.0,
            due,
            straddling,
            acknowledged: Some(acknowledged),
            response: None,
        }
    }

    fn judged(attempted: u64, acknowledged: u64, offered: Option<OfferedLoad>) -> Option<Saturation> {
        let mut configuration = samples::configuration("c-1");
        let steps = [1_000.0, 3_000.0].map(|rate_per_s| RateStep {
            rate_per_s,
            for_ms: None,
        });
        configuration.workload.arrival = Arrival::Steps { steps: steps.to_vec() };
        let mut result = samples::result();
        result.window_s = 2.0;
        result.window.attempted = attempted;
        result.window.acknowledged = acknowledged;
        result.offered = offered;
        saturation(&configuration, &result, &BrokerFigures::default())
    }

    #[test]
    fn the_rate_is_held_against_the_schedules_own_number_of_slots() {
        assert_eq!(judged(4_000, 3_960, None), None);
        let missed = judged(4_000, 3_959, None).unwrap().missed.unwrap();
        assert_eq!((missed.intended_per_s, missed.achieved_per_s), (2_000.0, 1_979.5));
        assert_eq!(missed.from_s, None);
    }

    #[test]
    fn what_is_due_at_the_very_end_is_not_missed() {
        let offered = |straddling| {
            Some(OfferedLoad {
                straddling,
                levels: Vec::new(),
            })
        };
        assert_eq!(judged(4_000, 3_762, offered(200)), None);
        assert!(judged(4_000, 3_761, offered(200)).is_some());
        assert!(judged(4_000, 3_999, offered(-200)).is_some(), "more was to come in");
    }

    #[test]
    fn late_sends_are_told_above_a_millisecond_and_a_tenth_of_the_response() {
        let all = |value_us: u64| {
            let mut values = histogram::empty();
            values.record_n(value_us, 2_000).unwrap();
            Some(LatencyDistribution {
                count: 2_000,
                unresolved: 0,
                max_us: value_us,
                histogram: histogram::encode(&values),
            })
        };
        let told = |lag_us: u64, response_us: u64| {
            let mut result = samples::result();
            result.latencies.schedule_lag = all(lag_us);
            result.latencies.response = all(response_us);
            late(&result).is_some()
        };
        assert!(told(1_500, 10_000));
        assert!(!told(1_500, 20_000), "less than a tenth");
        assert!(!told(900, 2_000), "less than a millisecond");
    }

    #[test]
    fn where_it_fell_behind_is_told() {
        let levels = vec![level(0.0, 1_000, 5, 995), level(1.0, 3_000, 0, 1_500)];
        let offered = Some(OfferedLoad { straddling: 0, levels });
        let missed = judged(4_000, 2_495, offered).unwrap().missed.unwrap();
        assert_eq!((missed.from_s, missed.from_per_s), (Some(1.0), Some(3_000.0)));
    }

    #[test]
    fn a_queue_that_grows_is_told_from_a_pause() {
        let told = |levels: &[(u64, u64)]| {
            let levels: Vec<OfferedLevel> = levels
                .iter()
                .map(|(due, acknowledged)| level(0.0, *due, 0, *acknowledged))
                .collect();
            behind(&levels)
        };
        assert_eq!(told(&[(100, 90), (100, 89)]), [false, true], "a handful");
        assert_eq!(
            told(&[(2_000, 1_900), (2_000, 2_100)]),
            [false, false],
            "50 ms, made good"
        );
        assert_eq!(told(&[(2_000, 1_899)]), [true]);
        // It grows slowly, until it is long.
        assert_eq!(
            told(&[(2_000, 1_960), (2_000, 1_960), (2_000, 1_960)]),
            [false, false, true]
        );
        assert_eq!(told(&[(2_000, 1_000), (2_000, 2_500)]), [true, false], "catching up");
        let mut silent = level(0.0, 100, 0, 0);
        silent.acknowledged = None;
        assert_eq!(behind(&[silent]), [false], "acks=0");
        assert_eq!(
            behind(&[level(0.0, 2_000, 500, 1_500)]),
            [false],
            "under way at its end"
        );
    }
}
