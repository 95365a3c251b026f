//! Warnings in words: what was seen, and what to do about it.

use std::fmt;

use super::{MIN_RECORDS, Open, SpinningCause, Warning};
use crate::protocol::Acks;
use crate::store::{LateSends, MissedRate};
use crate::words::count;

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Warning::ShortWindow { .. }
            | Warning::FewRecords { .. }
            | Warning::NothingAcknowledged
            | Warning::Drift { .. }
            | Warning::LateStart { .. }
            | Warning::Uncertain { .. }
            | Warning::RateMissed(_)
            | Warning::LateSends(_) => self.load_text(),
            Warning::QueueGrew { .. } | Warning::UsersLost { .. } | Warning::IssuedTwice { .. } => self.drain_text(),
            Warning::Surplus { .. }
            | Warning::Deficit { .. }
            | Warning::Failed { .. }
            | Warning::Undecided { .. }
            | Warning::NoWatermarks { .. } => self.records_text(),
            Warning::Retries { .. }
            | Warning::Throttled { .. }
            | Warning::Spinning { .. }
            | Warning::NotCompressed { .. }
            | Warning::BatchSizeNotReached { .. }
            | Warning::BatchRecordsNotReached { .. }
            | Warning::NoHeadroom { .. } => self.client_text(),
        })
    }
}

impl Warning {
    /// About the window and its load.
    fn load_text(&self) -> String {
        match self {
            Warning::ShortWindow { window_s } => {
                format!("The window was {window_s:.2} s long, below 1 s: lengthen it with run.measure.")
            }
            Warning::FewRecords { records } => format!(
                "Only {records} records were acknowledged in the window, below {MIN_RECORDS}: lengthen it with \
                 run.measure."
            ),
            Warning::Drift { change } => {
                let (percent, direction) = (change.abs() * 100.0, if *change > 0.0 { "faster" } else { "slower" });
                format!(
                    "The window's second half was {percent:.0} % {direction} than its first: not steady yet; lengthen \
                     run.warmup."
                )
            }
            Warning::LateStart { records } => format!(
                "Nothing was acknowledged in the window's first half, and {} records in its second: not steady yet; \
                 lengthen run.warmup.",
                count(*records)
            ),
            Warning::Uncertain { share, known } => {
                let percent = (share * 100.0).ceil();
                let throughput = if *known {
                    format!("throughput is known to ± {percent:.0} % only")
                } else {
                    format!("no throughput: it would be known to ± {percent:.0} % only")
                };
                format!("acks=0: {throughput}; the brokers were slow to tell their watermarks. Lengthen run.measure.")
            }
            Warning::RateMissed(MissedRate {
                achieved_per_s,
                intended_per_s,
                from_s,
                from_per_s,
            }) => {
                let from = from_s
                    .zip(*from_per_s)
                    .map_or_else(String::new, |(from_s, from_per_s)| {
                        format!(", from {from_s:.1} s into the window on, where {from_per_s:.0} records/s were due")
                    });
                format!(
                    "Saturated: {achieved_per_s:.0} of the intended {intended_per_s:.0} records/s were achieved{from}; \
                     latencies are those of a growing queue."
                )
            }
            Warning::LateSends(LateSends { lag_us, response_us }) => {
                let (lag_ms, response_ms) = (*lag_us as f64 / 1_000.0, *response_us as f64 / 1_000.0);
                format!(
                    "Saturated: sends were late (p99 schedule lag {lag_ms:.1} ms of {response_ms:.1} ms response \
                     latency); the client could not keep the rate."
                )
            }
            _ => "No record was acknowledged in the window.".to_owned(),
        }
    }

    /// About what became of records.
    fn records_text(&self) -> String {
        match self {
            Warning::Surplus { records } => format!(
                "Surplus: {records} more records were appended than acknowledged (duplicates, or failed records that \
                 were written)."
            ),
            Warning::Deficit {
                records,
                acks: Acks::None,
            } => format!(
                "Deficit: {records} records that were written to the socket were not appended; with acks=0 nobody is \
                 told."
            ),
            Warning::Deficit { records, .. } => {
                format!("Deficit: {records} acknowledged records were not appended: loss.")
            }
            Warning::Failed { records, causes } => format!("{records} records failed: {}.", causes.join(", ")),
            Warning::NoWatermarks { cause } => format!("Appended records were not counted: {}.", sentence(cause)),
            Warning::Undecided { records, why } => {
                let why = match why {
                    Open::Late => "; lengthen run.drain-timeout",
                    Open::QueueGrew => ": a longer drain helps no one whose queue grows",
                    Open::NeverSent => ": their users were taken out of the queue and never sent",
                };
                format!("{records} records had no verdict when the drain ended{why}.")
            }
            _ => String::new(),
        }
    }

    /// About waiting queues and their scheduler.
    fn drain_text(&self) -> String {
        match self {
            Warning::QueueGrew {
                growth_per_run,
                waiting,
                late_us,
            } => {
                let late = match late_us {
                    0..100_000 => String::new(),
                    late_us => format!("; runs began up to {:.1} s late", *late_us as f64 / 1e6),
                };
                format!(
                    "The waiting queues grew, by {growth_per_run:.1} users from run to run, to {} at the window's end{late}. \
                     Latencies are those of a growing queue: take larger batches, or send faster.",
                    count(*waiting)
                )
            }
            Warning::UsersLost {
                users,
                never_sent,
                order,
            } => format!(
                "{} users left the waiting queue without an acknowledged record ({order}); {} of them were never sent.",
                count(*users),
                count(*never_sent)
            ),
            Warning::IssuedTwice { records } => format!(
                "{} records were acknowledged for users who had one already: a batch that an exception ended was sent again.",
                count(*records)
            ),
            _ => String::new(),
        }
    }

    /// About what the client did.
    fn client_text(&self) -> String {
        match self {
            Warning::Retries { requests } => format!("{requests} produce requests were sent again."),
            Warning::Throttled { ms } => format!("A broker throttled the client, by up to {ms} ms (quota)."),
            Warning::Spinning { wakeups_per_s, cause } => spinning(*wakeups_per_s, *cause),
            Warning::NotCompressed { codec } => {
                format!("Batches did not shrink with {codec}: the client sends such batches uncompressed.")
            }
            Warning::BatchSizeNotReached {
                batch_bytes,
                batch_size,
            } => format!(
                "Batches held {batch_bytes:.0} B on average, less than half of batch.size={batch_size}: it was not the \
                 limit."
            ),
            Warning::BatchRecordsNotReached { batch_records, limit } => format!(
                "Batches held {batch_records:.1} records on average, less than half of batch.num.messages={limit}: it \
                 was not the limit."
            ),
            Warning::NoHeadroom { cause } => format!("Headroom was not measured: {}.", sentence(cause)),
            _ => String::new(),
        }
    }
}

fn spinning(wakeups_per_s: f64, cause: Option<SpinningCause>) -> String {
    let wakeups = count(wakeups_per_s.round() as u64);
    let why = match cause {
        Some(
            cause @ SpinningCause {
                partitions,
                brokers,
                in_flight,
            },
        ) if cause.is_understood() => format!(
            "the idempotent producer does so where a broker leads no more partitions than \
             max.in.flight.requests.per.connection (here {partitions} on {brokers}, and {in_flight}); use more \
             partitions, or set that to 1"
        ),
        Some(_) => {
            "the likely cause is enable.idempotence=true, with which librdkafka was seen to spin at other numbers \
                    of partitions and requests in flight too; compare with enable.idempotence=false, or with \
                    max.in.flight.requests.per.connection=1"
                .to_owned()
        }
        None => "its cause is not known here: enable.idempotence, the known one, is off".to_owned(),
    };
    format!("A client thread was spinning ({wakeups} wake-ups/s), which costs client CPU: {why}.")
}

/// Somebody else's words, which may end with a full stop or not.
fn sentence(cause: &str) -> &str {
    cause.trim_end_matches('.')
}
