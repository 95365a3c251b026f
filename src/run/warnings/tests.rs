//! Each warning, and the trial next to it that has none.

use super::*;
use crate::profile::AxisSetting;
use crate::protocol::{
    Arrival, CouponKey, DrainResult, FailedCount, LatencyDistribution, OfferedLevel, OfferedLoad, PersistenceStatus,
    RateStep, ScheduledDrain, UserPattern, WaitingQueues, WeightedTopic,
};
use crate::stats::histogram;
use crate::store::samples;

pub(in crate::run) use crate::store::samples::result;

fn broker() -> BrokerFigures {
    BrokerFigures {
        appended: Some(3_000),
        ..BrokerFigures::default()
    }
}

fn warned(change: impl FnOnce(&mut Configuration, &mut TrialResult, &mut BrokerFigures)) -> Vec<String> {
    let (mut configuration, mut result, mut broker) = (samples::configuration("c-1"), result(), broker());
    change(&mut configuration, &mut result, &mut broker);
    of_trial(&configuration, (1_000, 1), &result, &broker)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn only(warnings: &[String], part: &str) {
    assert!(
        warnings.len() == 1 && warnings[0].contains(part),
        "{part}: {warnings:?}"
    );
}

fn distribution(value_us: u64) -> Option<LatencyDistribution> {
    let mut values = histogram::empty();
    values.record_n(value_us, 2_000).unwrap();
    Some(LatencyDistribution {
        count: 2_000,
        unresolved: 0,
        max_us: value_us,
        histogram: histogram::encode(&values),
    })
}

#[test]
fn a_clean_trial_has_no_warnings() {
    assert_eq!(warned(|_, _, _| {}), Vec::<String>::new());
}

#[test]
fn watermarks_tell_loss_and_duplicates() {
    only(
        &warned(|_, _, broker| broker.appended = Some(2_990)),
        "Deficit: 10 acknowledged",
    );
    only(&warned(|_, _, broker| broker.appended = Some(3_007)), "Surplus: 7 ");
    // As many as were acknowledged in all: duplicates in one topic, and a loss in the other.
    let both = warned(|configuration, result, broker| {
        let topic = |name: &str| WeightedTopic {
            name: name.to_owned(),
            weight: 1.0,
            partitions: 1,
        };
        let records = &mut configuration.workload.records;
        records.topics = vec![topic("orders"), topic("payments")];
        result.counts.acknowledged_by_topic = vec![2_000, 1_000];
        let acknowledged = &result.counts.acknowledged_by_topic;
        broker.set_appended(&[vec![2_004], vec![996]], acknowledged, records);
    });
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(
        both[0].starts_with("Surplus: 4 ") && both[1].starts_with("Deficit: 4 "),
        "{both:?}"
    );
    only(
        &warned(|configuration, _, broker| {
            configuration.acks = Acks::None;
            broker.appended = Some(2_000);
            broker.window_appended = Some(1_500);
        }),
        "with acks=0 nobody is told",
    );
    assert!(warned(|_, _, broker| broker.appended = None).is_empty());
}

#[test]
fn throughput_between_edges_that_are_not_well_known_is_flagged() {
    let uncertain = |uncertainty_s: f64| {
        warned(|configuration, _, broker| {
            configuration.acks = Acks::None;
            broker.window_appended = Some(1_500);
            broker.window_appended_s = Some(1.0);
            broker.window_uncertainty_s = Some(uncertainty_s);
        })
    };
    assert!(uncertain(0.02).is_empty());
    only(&uncertain(0.05), "throughput is known to ± 5 % only");
    only(&uncertain(0.25), "no throughput: it would be known to ± 25 % only");
}

#[test]
fn short_windows_few_records_and_drift_are_flagged() {
    only(&warned(|_, result, _| result.window_s = 0.5), "0.50 s");
    only(
        &warned(|_, result, _| result.window.acknowledged = 999),
        "Only 999 records",
    );
    only(&warned(|_, result, _| result.window.acknowledged = 0), "No record");
    only(
        &warned(|_, result, _| result.window.acknowledged_second_half = 1_101),
        "10 % faster",
    );
    only(
        &warned(|_, result, _| result.window.acknowledged_second_half = 880),
        "12 % slower",
    );
    assert!(warned(|_, result, _| result.window.acknowledged_second_half = 1_099).is_empty());
    only(
        &warned(|_, result, _| result.window.acknowledged_first_half = 0),
        "Nothing was acknowledged in the window's first half, and 1,000 records",
    );
    only(
        &warned(|_, result, _| result.window.acknowledged_second_half = 0),
        "100 % slower",
    );
    let silent = warned(|_, result, _| {
        result.window.acknowledged_first_half = 0;
        result.window.acknowledged_second_half = 0;
    });
    assert!(silent.is_empty(), "two halves with nothing do not differ: {silent:?}");
}

#[test]
fn failures_are_named() {
    let warnings = warned(|_, result, broker| {
        result.counts.failed = 4;
        result.counts.undecided = 2;
        result.counts.failed_by_error = vec![FailedCount {
            error: "MSG_TIMED_OUT".to_owned(),
            persistence: PersistenceStatus::PossiblyPersisted,
            count: 4,
        }];
        broker.appended = Some(3_000);
        let statistics = result.statistics.as_mut().unwrap();
        statistics.retries = 3;
        statistics.throttle_max_ms = 20;
    });
    for part in [
        "4 × MSG_TIMED_OUT",
        "2 records had no verdict",
        "3 produce requests",
        "20 ms",
    ] {
        assert!(
            warnings.iter().any(|warning| warning.contains(part)),
            "{part}: {warnings:?}"
        );
    }
}

#[test]
fn a_saturated_paced_load_is_told_by_its_rate_or_its_lag() {
    let paced = |rate_per_s| {
        move |configuration: &mut Configuration| {
            configuration.workload.arrival = Arrival::Constant { rate_per_s };
        }
    };
    only(
        &warned(|configuration, _, _| paced(1_011.0)(configuration)),
        "1000 of the intended 1011",
    );
    assert!(warned(|configuration, _, _| paced(1_009.0)(configuration)).is_empty());
    // The schedule's own number of slots goes before the rate.
    only(
        &warned(|configuration, result, _| {
            paced(1_000.0)(configuration);
            result.window.attempted = 2_021;
        }),
        "1000 of the intended 1010",
    );
    let lag = |lag_us, response_us| {
        warned(|configuration, result, _| {
            paced(1_000.0)(configuration);
            result.latencies.schedule_lag = distribution(lag_us);
            result.latencies.response = distribution(response_us);
        })
    };
    only(&lag(1_500, 10_000), "sends were late");
    assert!(lag(900, 1_000).is_empty(), "below 1 ms");
    assert!(lag(1_500, 20_000).is_empty(), "below a tenth of the response latency");
}

#[test]
fn where_a_load_that_varies_fell_behind_is_told() {
    let level = |start_s, due, acknowledged| OfferedLevel {
        start_s,
        length_s: 1.0,
        due,
        straddling: 0,
        acknowledged: Some(acknowledged),
        response: None,
    };
    let warnings = warned(|configuration, result, _| {
        let steps = [1_000.0, 2_000.0].map(|rate_per_s| RateStep {
            rate_per_s,
            for_ms: None,
        });
        configuration.workload.arrival = Arrival::Steps { steps: steps.to_vec() };
        result.window.attempted = 3_000;
        result.offered = Some(OfferedLoad {
            straddling: 0,
            levels: vec![level(0.0, 1_000, 1_000), level(1.0, 2_000, 1_000)],
        });
    });
    only(
        &warnings,
        "1000 of the intended 1500 records/s were achieved, from 1.0 s into the window on, where 2000 records/s were due",
    );
}

#[test]
fn a_spinning_thread_is_told_from_a_busy_one() {
    let spinning_on = |partitions, wakeups_per_s, requests, idempotent: &str| {
        warned(|configuration, result, _| {
            configuration.partitions = partitions;
            configuration
                .effective_properties
                .insert("enable.idempotence".to_owned(), idempotent.to_owned());
            let statistics = result.statistics.as_mut().unwrap();
            statistics.wakeups_per_s_max = wakeups_per_s;
            statistics.requests.insert("Produce".to_owned(), requests);
        })
    };
    let spinning = |wakeups_per_s, requests, idempotent: &str| spinning_on(5, wakeups_per_s, requests, idempotent);
    only(&spinning(792_000.0, 3_000, "true"), "(here 5 on 1, and 5)");
    only(&spinning(792_000.0, 3_000, "true"), "(792,000 wake-ups/s)");
    // More partitions than may be in flight: not the case that is understood, but seen in the quickstart sweep.
    only(
        &spinning_on(6, 792_000.0, 3_000, "true"),
        "the likely cause is enable.idempotence=true",
    );
    only(&spinning(792_000.0, 3_000, "false"), "not known here");
    assert!(spinning(267.0, 3_000, "true").is_empty());
    assert!(
        spinning(60_000.0, 60_000, "true").is_empty(),
        "a few wake-ups for each of 20,000 requests/s"
    );
}

#[test]
fn settings_without_an_effect_are_told() {
    only(
        &warned(|configuration, result, _| {
            configuration
                .effective_properties
                .insert("compression.type".to_owned(), "lz4".to_owned());
            result.statistics.as_mut().unwrap().batch_bytes = 301_000;
        }),
        "did not shrink with lz4",
    );
    let limited = |name: &str, value: &str, swept: bool| {
        warned(|configuration, _, _| {
            configuration
                .effective_properties
                .insert(name.to_owned(), value.to_owned());
            if swept {
                let setting = AxisSetting {
                    axis: name.to_owned(),
                    value: value.to_owned(),
                    number: None,
                };
                configuration.axes.push(setting);
            }
        })
    };
    only(&limited("batch.size", "1000000", true), "30000 B on average");
    assert!(limited("batch.size", "1000000", false).is_empty());
    assert!(limited("batch.size", "32768", true).is_empty());
    only(
        &limited("batch.num.messages", "10000", true),
        "300.0 records on average",
    );
    assert!(limited("batch.num.messages", "10000", false).is_empty());
    assert!(limited("batch.num.messages", "600", true).is_empty());
}

#[test]
fn every_warning_is_a_sentence() {
    let all = [
        Warning::ShortWindow { window_s: 0.5 },
        Warning::FewRecords { records: 1 },
        Warning::Drift { change: 0.2 },
        Warning::LateStart { records: 1 },
        Warning::Surplus { records: 1 },
        Warning::Deficit {
            records: 1,
            acks: Acks::None,
        },
        Warning::Deficit {
            records: 1,
            acks: Acks::All,
        },
        Warning::NothingAcknowledged,
        Warning::Failed {
            records: 1,
            causes: vec!["1 × X".to_owned()],
        },
        Warning::Undecided {
            records: 1,
            why: Open::Late,
        },
        Warning::Undecided {
            records: 1,
            why: Open::QueueGrew,
        },
        Warning::Undecided {
            records: 1,
            why: Open::NeverSent,
        },
        Warning::Retries { requests: 1 },
        Warning::Throttled { ms: 1 },
        Warning::RateMissed(MissedRate {
            achieved_per_s: 1.0,
            intended_per_s: 2.0,
            from_s: None,
            from_per_s: None,
        }),
        Warning::LateSends(LateSends {
            lag_us: 1,
            response_us: 1,
        }),
        Warning::Spinning {
            wakeups_per_s: 1.0,
            cause: None,
        },
        Warning::NotCompressed {
            codec: "lz4".to_owned(),
        },
        Warning::BatchSizeNotReached {
            batch_bytes: 1.0,
            batch_size: 2,
        },
        Warning::BatchRecordsNotReached {
            batch_records: 1.0,
            limit: 3,
        },
        Warning::NoWatermarks {
            cause: "gone.".to_owned(),
        },
        Warning::NoHeadroom {
            cause: "gone".to_owned(),
        },
        Warning::QueueGrew {
            growth_per_run: 1.0,
            waiting: 2,
            late_us: 3,
        },
        Warning::UsersLost {
            users: 2,
            never_sent: 1,
            order: DrainOrder::PopThenSend,
        },
        Warning::IssuedTwice { records: 1 },
    ];
    let mut texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert!(
        texts
            .iter()
            .all(|text| text.len() > 20 && text.ends_with('.') && !text.ends_with("..")),
        "{texts:?}"
    );
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), all.len());
}

/// What waiting queues did, in a trial whose configuration has them.
fn drained(change: impl FnOnce(&mut DrainResult)) -> Vec<Warning> {
    let none = LatencyDistribution {
        count: 0,
        unresolved: 0,
        max_us: 0,
        histogram: histogram::encode(&histogram::empty()),
    };
    let mut drain = DrainResult {
        arrived: 100,
        arrived_in_window: result().window.acknowledged,
        removed: 100,
        removed_unacknowledged: Some(0),
        removed_never_sent: 0,
        sent: 100,
        waiting_never_sent: 0,
        sent_again: 0,
        acknowledged_again: Some(0),
        exceptions: 0,
        waiting_at_window_start: 0,
        waiting_at_window_end: 0,
        waiting_max: 10,
        waiting_at_end: 0,
        runs: 9,
        overruns: 0,
        run_duration: none,
        taken: 90,
        late_us_max: 0,
        queue_grew: Some(false),
        growth_per_run: Some(0.0),
        user_wait: None,
    };
    change(&mut drain);
    let mut configuration = samples::configuration("c-1");
    configuration.workload.arrival = Arrival::ScheduledDrain(ScheduledDrain {
        users_per_s: 10.0,
        users_pattern: UserPattern::Constant,
        coupons: 1,
        every_us: 1_000_000,
        batch_size: 10,
        order: DrainOrder::PopThenSend,
        queue: WaitingQueues::Memory,
        key: CouponKey::None,
        type_id: None,
    });
    let mut result = result();
    result.counts.undecided = drain.waiting_never_sent;
    result.drain = Some(drain);
    // All sent in one batch, and late by any measure of a paced load.
    result.latencies.schedule_lag = result.latencies.response.clone();
    of_trial(&configuration, (0, 1), &result, &BrokerFigures::default())
}

#[test]
fn waiting_queues_are_judged_by_their_users() {
    assert_eq!(drained(|_| ()), []);
    let grew = drained(|drain| {
        (drain.queue_grew, drain.waiting_at_window_start) = (Some(true), 10);
        drain.waiting_at_window_end = 110;
    });
    let [Warning::RateMissed(missed), Warning::QueueGrew { .. }] = &grew[..] else {
        panic!("{grew:?}")
    };
    assert_eq!(
        missed.achieved_per_s,
        missed.intended_per_s - 50.0,
        "though the window has all of them"
    );
    let hardly = drained(|drain| (drain.queue_grew, drain.waiting_at_window_end) = (Some(true), 10));
    assert!(
        matches!(hardly[..], [Warning::QueueGrew { .. }]),
        "99 % were served: {hardly:?}"
    );
    // A period's users may be waiting at the window's end; a tenth more is too many.
    assert_eq!(drained(|drain| drain.arrived_in_window += 10), []);
    let short = drained(|drain| drain.arrived_in_window *= 2);
    assert!(matches!(short[..], [Warning::RateMissed(_)]), "{short:?}");
    let left = drained(|drain| (drain.queue_grew, drain.waiting_never_sent) = (Some(true), 5));
    let undecided = |why| Warning::Undecided { records: 5, why };
    assert!(left.contains(&undecided(Open::QueueGrew)), "{left:?}");
    let dropped = drained(|drain| (drain.removed_never_sent, drain.waiting_never_sent) = (5, 5));
    assert!(dropped.contains(&undecided(Open::NeverSent)), "{dropped:?}");
    let late = drained(|drain| (drain.removed_never_sent, drain.waiting_never_sent) = (4, 5));
    assert!(late.contains(&undecided(Open::Late)), "{late:?}");
    let lost = drained(|drain| drain.removed_unacknowledged = Some(3));
    assert!(matches!(lost[..], [Warning::UsersLost { users: 3, .. }]), "{lost:?}");
    let twice = drained(|drain| drain.acknowledged_again = Some(2));
    assert_eq!(twice, [Warning::IssuedTwice { records: 2 }]);
    assert_eq!(
        drained(|drain| drain.removed_unacknowledged = None),
        [],
        "acks=0 tells nothing"
    );
}
