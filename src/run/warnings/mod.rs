//! What makes a trial's figures suspect. Pure.

mod text;

#[cfg(test)]
pub(super) mod tests;

use crate::analysis::saturation;
use crate::profile::Configuration;
use crate::protocol::{Acks, Arrival, ClientStatistics, DrainOrder, TrialResult};
use crate::store::{BrokerFigures, LateSends, MissedRate, Saturation};

/// Shortest window whose figures are not flagged, in s; a hair of tolerance for timers.
const MIN_WINDOW_S: f64 = 0.999;
/// Fewest acknowledged records of a window that is not flagged.
const MIN_RECORDS: u64 = 1_000;
/// Largest difference between a window's halves that is not flagged.
const MAX_DRIFT: f64 = 0.10;
/// Wake-ups per second of one broker thread that are suspect; a spinning thread was seen to make 792,000, others 267.
const SPINNING_WAKEUPS_PER_S: f64 = 20_000.0;
/// Wake-ups per produce request above which a thread spins: each request has a few of its own.
const SPINNING_WAKEUPS_PER_REQUEST: f64 = 20.0;
/// Share of the length between two polls of the watermarks by which it may be off unflagged.
const MAX_UNCERTAINTY: f64 = 0.02;
/// Requests in flight that librdkafka allows an idempotent producer (`RD_KAFKA_IDEMP_MAX_INFLIGHT`).
const MOST_IDEMPOTENT_IN_FLIGHT: u32 = 5;
/// Share of batch.size, or of batch.num.messages, that batches must reach on average for it to have been a limit.
const MIN_BATCH_FILL: f64 = 0.5;

/// Why records had no verdict when a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// There may have been too little time.
    Late,
    /// Their users still waited in a queue that grew: no drain is long enough for them.
    QueueGrew,
    /// Their users were taken out of the queue behind a failed record.
    NeverSent,
}

/// One thing that a reader of a trial's figures must know.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Warning {
    ShortWindow {
        window_s: f64,
    },
    FewRecords {
        records: u64,
    },
    Drift {
        change: f64,
    },
    LateStart {
        records: u64,
    },
    Uncertain {
        share: f64,
        known: bool,
    },
    Surplus {
        records: u64,
    },
    Deficit {
        records: u64,
        acks: Acks,
    },
    NothingAcknowledged,
    Failed {
        records: u64,
        causes: Vec<String>,
    },
    Undecided {
        records: u64,
        why: Open,
    },
    Retries {
        requests: u64,
    },
    Throttled {
        ms: u64,
    },
    RateMissed(MissedRate),
    LateSends(LateSends),
    Spinning {
        wakeups_per_s: f64,
        cause: Option<SpinningCause>,
    },
    NotCompressed {
        codec: String,
    },
    BatchSizeNotReached {
        batch_bytes: f64,
        batch_size: u64,
    },
    BatchRecordsNotReached {
        batch_records: f64,
        limit: u64,
    },
    NoWatermarks {
        cause: String,
    },
    NoHeadroom {
        cause: String,
    },
    QueueGrew {
        growth_per_run: f64,
        waiting: u64,
        late_us: u64,
    },
    UsersLost {
        users: u64,
        never_sent: u64,
        order: DrainOrder,
    },
    IssuedTwice {
        records: u64,
    },
}

/// Why a client thread spins: idempotence, which is known to make it do so where brokers lead few partitions each, and
/// was seen to elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SpinningCause {
    partitions: u32,
    /// 0 where it is not known how many there are.
    brokers: u32,
    in_flight: u32,
}

impl SpinningCause {
    /// Whether it is the case that is understood: a broker leads no more partitions than may be in flight
    /// (`rd_kafka_toppar_producer_serve` in librdkafka's rdkafka_broker.c; upstream issue 4989).
    fn is_understood(self) -> bool {
        self.brokers > 0 && self.in_flight > 1 && self.partitions.div_ceil(self.brokers) <= self.in_flight
    }
}

/// Everything suspect about a completed trial.
pub(super) fn of_trial(
    configuration: &Configuration,
    (warmup_ms, brokers): (u64, u32),
    result: &TrialResult,
    broker: &BrokerFigures,
) -> Vec<Warning> {
    let mut found = Vec::new();
    window(configuration, result, broker, &mut found);
    verdicts(configuration, result, broker, &mut found);
    pacing(configuration, result, broker, &mut found);
    drain(configuration, result, &mut found);
    if let Some(statistics) = &result.statistics {
        let trial_s = warmup_ms as f64 / 1_000.0 + result.window_s + result.drain_ms / 1_000.0;
        client(configuration, statistics, (trial_s, brokers), &mut found);
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
    if configuration.acks == Acks::None
        && let Some(share) = broker.window_uncertainty()
        && share > MAX_UNCERTAINTY
    {
        let known = broker.window_records_per_s().is_some();
        found.push(Warning::Uncertain { share, known });
    }
    let (first, second) = (
        result.window.acknowledged_first_half,
        result.window.acknowledged_second_half,
    );
    if first > 0 {
        let change = second as f64 / first as f64 - 1.0;
        // Halves of the window differ where their schedules do, and a batch falls into one of them.
        let arrival = &configuration.workload.arrival;
        let alike = !arrival.varies() && !matches!(arrival, Arrival::Bursts { .. } | Arrival::ScheduledDrain(_));
        if alike && change.abs() > MAX_DRIFT {
            found.push(Warning::Drift { change });
        }
    } else if second > 0 {
        // No ratio can tell a second half that differs from nothing.
        found.push(Warning::LateStart { records: second });
    }
}

fn verdicts(configuration: &Configuration, result: &TrialResult, broker: &BrokerFigures, found: &mut Vec<Warning>) {
    let counts = &result.counts;
    if let Some((surplus, deficit)) = broker.surplus_and_deficit(counts.acknowledged) {
        if surplus > 0 {
            found.push(Warning::Surplus { records: surplus });
        }
        if deficit > 0 {
            found.push(Warning::Deficit {
                records: deficit,
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
        let why = match result.drain.as_ref() {
            Some(drain) if drain.queue_grew == Some(true) => Open::QueueGrew,
            // Users of before the window are among these; where they may be the only ones, the drain's time is not to blame.
            Some(drain) if drain.removed_never_sent >= counts.undecided => Open::NeverSent,
            _ => Open::Late,
        };
        found.push(Warning::Undecided {
            records: counts.undecided,
            why,
        });
    }
}

/// What waiting queues and their scheduler give cause to warn of.
fn drain(configuration: &Configuration, result: &TrialResult, found: &mut Vec<Warning>) {
    let (Some(settings), Some(drain)) = (configuration.workload.arrival.scheduled_drain(), &result.drain) else {
        return;
    };
    if drain.queue_grew == Some(true) {
        found.push(Warning::QueueGrew {
            growth_per_run: drain.growth_per_run.unwrap_or(0.0),
            waiting: drain.waiting_at_window_end,
            late_us: drain.late_us_max,
        });
    }
    if let Some(users) = drain.removed_unacknowledged.filter(|users| *users > 0) {
        found.push(Warning::UsersLost {
            users,
            never_sent: drain.removed_never_sent,
            order: settings.order,
        });
    }
    if let Some(records) = drain.acknowledged_again.filter(|records| *records > 0) {
        found.push(Warning::IssuedTwice { records });
    }
}

fn pacing(configuration: &Configuration, result: &TrialResult, broker: &BrokerFigures, found: &mut Vec<Warning>) {
    let Some(saturation) = saturation(configuration, result, broker) else {
        return;
    };
    found.extend(saturation.missed.map(Warning::RateMissed));
    found.extend(saturation.late.map(Warning::LateSends));
}

/// How far a trial fell behind its schedule, of what was found about it.
pub(super) fn saturation_of(found: &[Warning]) -> Option<Saturation> {
    let missed = found.iter().find_map(|warning| match warning {
        Warning::RateMissed(missed) => Some(*missed),
        _ => None,
    });
    let late = found.iter().find_map(|warning| match warning {
        Warning::LateSends(late) => Some(*late),
        _ => None,
    });
    (missed.is_some() || late.is_some()).then_some(Saturation { missed, late })
}

fn client(
    configuration: &Configuration,
    statistics: &ClientStatistics,
    (trial_s, brokers): (f64, u32),
    found: &mut Vec<Warning>,
) {
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
        found.push(Warning::Spinning {
            wakeups_per_s: statistics.wakeups_per_s_max,
            cause: spinning_cause(configuration, brokers),
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
    batches(configuration, statistics, found);
}

/// A swept limit of batches that these never came near.
fn batches(configuration: &Configuration, statistics: &ClientStatistics, found: &mut Vec<Warning>) {
    if statistics.batches == 0 {
        return;
    }
    // Neither has a second name, in Java or in librdkafka.
    let swept = |name: &str| -> Option<u64> {
        configuration.axes.iter().find(|axis| axis.axis == name)?;
        configuration.effective_properties.get(name)?.parse().ok()
    };
    if let Some(batch_size) = swept("batch.size") {
        // librdkafka counts batch.size before compression.
        let batch_bytes = statistics.record_bytes as f64 / statistics.batches as f64;
        if batch_bytes < MIN_BATCH_FILL * batch_size as f64 {
            found.push(Warning::BatchSizeNotReached {
                batch_bytes,
                batch_size,
            });
        }
    }
    if let Some(limit) = swept("batch.num.messages") {
        let batch_records = statistics.batch_records as f64 / statistics.batches as f64;
        if batch_records < MIN_BATCH_FILL * limit as f64 {
            found.push(Warning::BatchRecordsNotReached { batch_records, limit });
        }
    }
}

/// The one cause that is known, where this trial had it: idempotence.
fn spinning_cause(configuration: &Configuration, brokers: u32) -> Option<SpinningCause> {
    let property = |name: &str| configuration.effective_properties.get(name).map(String::as_str);
    let given = property("max.in.flight.requests.per.connection").or_else(|| property("max.in.flight"));
    // librdkafka allows an idempotent producer 5 at most, also where the property's own default is larger.
    let in_flight = given
        .and_then(|value| value.parse::<u32>().ok())
        .map_or(MOST_IDEMPOTENT_IN_FLIGHT, |value| value.min(MOST_IDEMPOTENT_IN_FLIGHT));
    (property("enable.idempotence") == Some("true")).then_some(SpinningCause {
        partitions: configuration.workload.records.all_partitions(configuration.partitions),
        brokers,
        in_flight,
    })
}
