//! What makes a trial's figures suspect. Pure.

use std::fmt;

use crate::profile::Configuration;
use crate::protocol::{Acks, Arrival, ClientStatistics, LatencyDistribution, TrialResult};
use crate::stats::histogram;
use crate::store::BrokerFigures;

/// Shortest window whose figures are not flagged, in s; a hair of tolerance for timers.
const MIN_WINDOW_S: f64 = 0.999;
/// Fewest acknowledged records of a window that is not flagged.
const MIN_RECORDS: u64 = 1_000;
/// Largest difference between a window's halves that is not flagged.
const MAX_DRIFT: f64 = 0.10;
/// Share of the intended rate below which a paced load counts as saturated.
const MIN_ACHIEVED: f64 = 0.99;
/// Schedule lag (p99, µs) above which a paced load counts as saturated, where it also is a tenth of the response latency.
const MAX_SCHEDULE_LAG_US: u64 = 1_000;
/// Wake-ups per second of one broker thread that are suspect; a spinning thread was seen to make 792,000, others 267.
const SPINNING_WAKEUPS_PER_S: f64 = 20_000.0;
/// Wake-ups per produce request above which a thread spins: each request has a few of its own.
const SPINNING_WAKEUPS_PER_REQUEST: f64 = 20.0;
/// Share of batch.size that batches must reach on average for it to have been a limit.
const MIN_BATCH_FILL: f64 = 0.5;

/// One thing that a reader of a trial's figures must know.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Warning {
    ShortWindow { window_s: f64 },
    FewRecords { records: u64 },
    Drift { change: f64 },
    Surplus { records: u64 },
    Deficit { records: u64, acks: Acks },
    NothingAcknowledged,
    Failed { records: u64, causes: Vec<String> },
    Undecided { records: u64 },
    Retries { requests: u64 },
    Throttled { ms: u64 },
    RateMissed { achieved_per_s: f64, intended_per_s: f64 },
    LateSends { lag_us: u64, response_us: u64 },
    Spinning { wakeups_per_s: f64, idempotent: bool },
    NotCompressed { codec: String },
    BatchSizeNotReached { batch_bytes: f64, batch_size: u64 },
    NoWatermarks { cause: String },
    NoHeadroom { cause: String },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::ShortWindow { window_s } => {
                write!(
                    f,
                    "The window was {window_s:.2} s long, below 1 s: lengthen it with run.measure."
                )
            }
            Warning::FewRecords { records } => {
                write!(
                    f,
                    "Only {records} records were acknowledged in the window, below {MIN_RECORDS}: lengthen it with run.measure."
                )
            }
            Warning::Drift { change } => write!(
                f,
                "The window's second half was {:.0} % {} than its first: not steady yet; lengthen run.warmup.",
                change.abs() * 100.0,
                if *change > 0.0 { "faster" } else { "slower" }
            ),
            Warning::Surplus { records } => {
                write!(
                    f,
                    "Surplus: {records} more records were appended than acknowledged (duplicates, or failed records that were written)."
                )
            }
            Warning::Deficit {
                records,
                acks: Acks::None,
            } => write!(
                f,
                "Deficit: {records} records that were written to the socket were not appended; with acks=0 nobody is told."
            ),
            Warning::Deficit { records, .. } => {
                write!(f, "Deficit: {records} acknowledged records were not appended: loss.")
            }
            Warning::NothingAcknowledged => f.write_str("No record was acknowledged in the window."),
            Warning::Failed { records, causes } => write!(f, "{records} records failed: {}.", causes.join(", ")),
            Warning::Undecided { records } => {
                write!(
                    f,
                    "{records} records had no verdict when the drain ended; lengthen run.drain_timeout."
                )
            }
            Warning::Retries { requests } => write!(f, "{requests} produce requests were sent again."),
            Warning::Throttled { ms } => write!(f, "A broker throttled the client, by up to {ms} ms (quota)."),
            Warning::RateMissed {
                achieved_per_s,
                intended_per_s,
            } => write!(
                f,
                "Saturated: {achieved_per_s:.0} of the intended {intended_per_s:.0} records/s were achieved; latencies \
                 are those of a growing queue."
            ),
            Warning::LateSends { lag_us, response_us } => write!(
                f,
                "Saturated: sends were late (p99 schedule lag {:.1} ms of {:.1} ms response latency); the client could \
                 not keep the rate.",
                *lag_us as f64 / 1_000.0,
                *response_us as f64 / 1_000.0
            ),
            Warning::Spinning {
                wakeups_per_s,
                idempotent,
            } => write!(
                f,
                "A client thread was spinning ({wakeups_per_s:.0} wake-ups/s), which costs client CPU{}.",
                if *idempotent {
                    ": the idempotent producer does so where a broker leads no more partitions than \
                     max.in.flight.requests.per.connection; use more partitions, or set that to 1"
                } else {
                    ""
                }
            ),
            Warning::NotCompressed { codec } => {
                write!(
                    f,
                    "Batches did not shrink with {codec}: the client sends such batches uncompressed."
                )
            }
            Warning::BatchSizeNotReached {
                batch_bytes,
                batch_size,
            } => write!(
                f,
                "Batches held {batch_bytes:.0} B on average, less than half of batch.size={batch_size}: it was not the limit."
            ),
            Warning::NoWatermarks { cause } => {
                write!(f, "Appended records were not counted: {}.", cause.trim_end_matches('.'))
            }
            Warning::NoHeadroom { cause } => {
                write!(f, "Headroom was not measured: {}.", cause.trim_end_matches('.'))
            }
        }
    }
}

/// Throughput by its definition: acknowledgements, or with `acks=0` the growth of the watermarks; none where that was
/// not observed.
pub(super) fn records_per_s(acks: Acks, result: &TrialResult, broker: &BrokerFigures) -> Option<f64> {
    let (records, length_s) = match acks {
        Acks::None => (broker.window_appended?, broker.window_appended_s?),
        Acks::Leader | Acks::All => (result.window.acknowledged, result.window_s),
    };
    (length_s > 0.0).then(|| records as f64 / length_s)
}

/// Everything suspect about a completed trial.
pub(super) fn of_trial(
    configuration: &Configuration,
    warmup_ms: u64,
    result: &TrialResult,
    broker: &BrokerFigures,
) -> Vec<Warning> {
    let mut found = Vec::new();
    window(configuration, result, broker, &mut found);
    verdicts(configuration, result, broker, &mut found);
    pacing(configuration, result, broker, &mut found);
    if let Some(statistics) = &result.statistics {
        let trial_s = warmup_ms as f64 / 1_000.0 + result.window_s + result.drain_ms / 1_000.0;
        client(configuration, statistics, trial_s, &mut found);
    }
    found
}

fn window(configuration: &Configuration, result: &TrialResult, broker: &BrokerFigures, found: &mut Vec<Warning>) {
    if result.window_s < MIN_WINDOW_S {
        found.push(Warning::ShortWindow {
            window_s: result.window_s,
        });
    }
    let records = match configuration.acks {
        Acks::None => broker.window_appended.unwrap_or(result.window.acknowledged),
        Acks::Leader | Acks::All => result.window.acknowledged,
    };
    if records == 0 {
        found.push(Warning::NothingAcknowledged);
    } else if records < MIN_RECORDS {
        found.push(Warning::FewRecords { records });
    }
    let (first, second) = (
        result.window.acknowledged_first_half,
        result.window.acknowledged_second_half,
    );
    if first > 0 {
        let change = second as f64 / first as f64 - 1.0;
        if change.abs() > MAX_DRIFT {
            found.push(Warning::Drift { change });
        }
    }
}

fn verdicts(configuration: &Configuration, result: &TrialResult, broker: &BrokerFigures, found: &mut Vec<Warning>) {
    let counts = &result.counts;
    if let Some(appended) = broker.appended {
        if appended > counts.acknowledged {
            found.push(Warning::Surplus {
                records: appended - counts.acknowledged,
            });
        } else if appended < counts.acknowledged {
            found.push(Warning::Deficit {
                records: counts.acknowledged - appended,
                acks: configuration.acks,
            });
        }
    }
    if counts.failed > 0 {
        let causes = counts
            .failed_by_error
            .iter()
            .map(|failed| format!("{} × {}", failed.count, failed.error))
            .collect();
        found.push(Warning::Failed {
            records: counts.failed,
            causes,
        });
    }
    if counts.undecided > 0 {
        found.push(Warning::Undecided {
            records: counts.undecided,
        });
    }
}

fn pacing(configuration: &Configuration, result: &TrialResult, broker: &BrokerFigures, found: &mut Vec<Warning>) {
    let Arrival::Constant { rate_per_s } = configuration.workload.arrival else {
        return;
    };
    if let Some(achieved_per_s) = records_per_s(configuration.acks, result, broker)
        && achieved_per_s < MIN_ACHIEVED * rate_per_s
    {
        found.push(Warning::RateMissed {
            achieved_per_s,
            intended_per_s: rate_per_s,
        });
    }
    let p99 = |distribution: &Option<LatencyDistribution>| -> Option<u64> {
        let distribution = distribution.as_ref()?;
        let decoded = histogram::decode(&distribution.histogram).ok()?;
        histogram::percentile(&decoded, distribution.unresolved, 0.99).us
    };
    if let Some(lag_us) = p99(&result.latencies.schedule_lag)
        && let Some(response_us) = p99(&result.latencies.response)
        && lag_us > MAX_SCHEDULE_LAG_US
        && lag_us * 10 > response_us
    {
        found.push(Warning::LateSends { lag_us, response_us });
    }
}

fn client(configuration: &Configuration, statistics: &ClientStatistics, trial_s: f64, found: &mut Vec<Warning>) {
    let property = |name: &str| configuration.effective_properties.get(name).map(String::as_str);
    if statistics.retries > 0 {
        found.push(Warning::Retries {
            requests: statistics.retries,
        });
    }
    if statistics.throttle_max_ms > 0 {
        found.push(Warning::Throttled {
            ms: statistics.throttle_max_ms,
        });
    }
    let requests = statistics.requests.get("Produce").copied().unwrap_or(0) as f64;
    let requests_per_s = if trial_s > 0.0 { requests / trial_s } else { 0.0 };
    let limit = SPINNING_WAKEUPS_PER_S.max(SPINNING_WAKEUPS_PER_REQUEST * requests_per_s);
    if statistics.wakeups_per_s_max > limit {
        let idempotent = property("enable.idempotence") == Some("true");
        found.push(Warning::Spinning {
            wakeups_per_s: statistics.wakeups_per_s_max,
            idempotent,
        });
    }
    let codec = property("compression.type")
        .or_else(|| property("compression.codec"))
        .unwrap_or("none");
    // A batch that shrank is smaller than its records; one that did not also holds its header.
    if codec != "none" && statistics.batches > 0 && statistics.batch_bytes >= statistics.record_bytes {
        found.push(Warning::NotCompressed {
            codec: codec.to_owned(),
        });
    }
    let swept = configuration.axes.iter().any(|axis| axis.axis == "batch.size");
    if swept
        && statistics.batches > 0
        && let Some(batch_size) = property("batch.size").and_then(|value| value.parse::<u64>().ok())
    {
        // librdkafka counts batch.size before compression.
        let batch_bytes = statistics.record_bytes as f64 / statistics.batches as f64;
        if batch_bytes < MIN_BATCH_FILL * batch_size as f64 {
            found.push(Warning::BatchSizeNotReached {
                batch_bytes,
                batch_size,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::AxisSetting;
    use crate::protocol::{Counts, CpuTime, FailedCount, Latencies, PersistenceStatus, WindowCounts};
    use crate::store::samples;

    fn result() -> TrialResult {
        TrialResult {
            window_s: 2.0,
            stopped_early: false,
            counts: Counts {
                attempted: 3_000,
                sent: 3_000,
                acknowledged: 3_000,
                acknowledged_bytes: 1,
                ..Counts::default()
            },
            window: WindowCounts {
                acknowledged: 2_000,
                acknowledged_first_half: 1_000,
                acknowledged_second_half: 1_000,
                ..WindowCounts::default()
            },
            latencies: Latencies::default(),
            drain_ms: 1.0,
            client_cpu: CpuTime::default(),
            peak_memory_bytes: 1,
            statistics: Some(ClientStatistics {
                batches: 10,
                batch_records: 3_000,
                batch_bytes: 100_000,
                record_bytes: 300_000,
                ..ClientStatistics::default()
            }),
            notes: Vec::new(),
        }
    }

    fn broker() -> BrokerFigures {
        BrokerFigures {
            appended: Some(3_000),
            ..BrokerFigures::default()
        }
    }

    fn warned(change: impl FnOnce(&mut Configuration, &mut TrialResult, &mut BrokerFigures)) -> Vec<String> {
        let (mut configuration, mut result, mut broker) = (samples::configuration("c-1"), result(), broker());
        change(&mut configuration, &mut result, &mut broker);
        of_trial(&configuration, 1_000, &result, &broker)
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
    fn a_spinning_thread_is_told_from_a_busy_one() {
        let spinning = |wakeups_per_s, requests, idempotent: &str| {
            warned(|configuration, result, _| {
                configuration
                    .effective_properties
                    .insert("enable.idempotence".to_owned(), idempotent.to_owned());
                let statistics = result.statistics.as_mut().unwrap();
                statistics.wakeups_per_s_max = wakeups_per_s;
                statistics.requests.insert("Produce".to_owned(), requests);
            })
        };
        only(&spinning(792_000.0, 3_000, "true"), "more partitions");
        only(&spinning(792_000.0, 3_000, "false"), "spinning");
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
        let batch_size = |value: &str, swept: bool| {
            warned(|configuration, _, _| {
                configuration
                    .effective_properties
                    .insert("batch.size".to_owned(), value.to_owned());
                if swept {
                    let setting = AxisSetting {
                        axis: "batch.size".to_owned(),
                        value: value.to_owned(),
                        number: None,
                    };
                    configuration.axes.push(setting);
                }
            })
        };
        only(&batch_size("1000000", true), "30000 B on average");
        assert!(batch_size("1000000", false).is_empty());
        assert!(batch_size("32768", true).is_empty());
    }
}
