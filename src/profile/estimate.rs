//! How long a sweep takes and how much it writes, before it starts. Pure; every assumption is named here.

use std::time::Duration;

use super::model::{Configuration, Profile, RunSettings};
use super::quantity::{format_bytes_roughly, format_duration};
use crate::protocol::{Arrival, SendMode, Size, TargetKind};

/// Starting a local cluster: one broker, and each further one (measured: 4 s and 9 s for one and three).
const LOCAL_START: Duration = Duration::from_secs(4);
const LOCAL_START_MORE: Duration = Duration::from_millis(2_500);

/// A trial's cost beyond its warm-up, window and drain: topic, client, watermarks, bookkeeping.
const TRIAL_OVERHEAD: Duration = Duration::from_millis(300);

/// Emptying the queue after an unpaced window. A queue of 32 MiB drains within a second at 32 MB/s.
const UNPACED_DRAIN: Duration = Duration::from_millis(500);

/// What is written at most when the load is not paced: bytes per second (on a local target, over all replicas: they share
/// one machine), and records per second.
const UNPACED_BYTES_PER_S: f64 = 400e6;
const UNPACED_RECORDS_PER_S: f64 = 2.5e6;

/// A sync sender's fastest round trip: records per second and thread.
const SYNC_RECORDS_PER_S: f64 = 5_000.0;

/// Bytes that a record has in a batch beyond its value, without those that tell its length and the value's: attributes,
/// time since the batch's first record (2 bytes, up to 8 s), place in the batch (3 bytes, up to a million), no key, no
/// headers (`DefaultRecord.java`, record format v2).
const RECORD_OVERHEAD_BYTES: f64 = 8.0;

/// Bytes of a batch's own head (`RECORD_BATCH_OVERHEAD` in DefaultRecordBatch.java).
const BATCH_OVERHEAD_BYTES: f64 = 61.0;

/// A sweep that would take longer than this asks for `--yes`.
const LONGEST_WITHOUT_YES: Duration = Duration::from_secs(3600);

/// What a sweep costs.
///
/// `duration` assumes 4 s to start a local broker (2.5 s for each further one), 0.3 s per trial beyond warm-up, window
/// and drain, 0.5 s to drain an unpaced trial, and headroom trials with the profile's own warm-up. Trials that fail or
/// whose drain is slow take longer.
///
/// The bytes are an upper bound: paced loads write what they are asked to; unpaced ones are taken to reach 400 MB/s (on a
/// local target over all replicas) or 2.5 million records/s, sync ones 5,000 records/s per thread, all uncompressed.
/// Framing is counted: 10 to 14 bytes per record, and 61 per batch. Batches of an unpaced load are taken to be full, those
/// of a paced one to hold what arrives within linger.ms, those of a sync one to hold one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Configurations in the matrix.
    pub configurations: u64,
    /// Trials: configurations × blocks; where a precision decides, at most.
    pub trials: u64,
    /// Time from start to end, likewise.
    pub duration: Duration,
    /// Where a precision decides: the least. A time budget may end a run before.
    pub least: Option<Least>,
    /// Bytes written by brokers over the whole sweep, at most.
    pub bytes_written: u64,
    /// Bytes on disk at the same time, at most: each trial's topic is deleted after it, so the two largest trials.
    pub peak_disk_bytes: u64,
    /// Whether the brokers' disk is this machine's.
    pub on_this_machine: bool,
}

/// What a sweep costs that ends as soon as its intervals are narrow enough and its least number of blocks is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Least {
    /// Trials.
    pub trials: u64,
    /// Time from start to end.
    pub duration: Duration,
}

impl Estimate {
    /// The same sweep where topics are kept: everything written stays.
    #[must_use]
    pub fn keeping_topics(self) -> Self {
        Estimate {
            peak_disk_bytes: self.bytes_written,
            ..self
        }
    }

    /// In one sentence.
    pub fn sentence(&self) -> String {
        let counted = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let (trials, duration) = (counted(self.trials, "trial"), format_duration(self.duration));
        let (trials, duration) = match self.least {
            Some(least) if least.trials < self.trials => (
                format!("{} to {trials}", least.trials),
                match format_duration(least.duration) {
                    least if least == duration => duration,
                    least => format!("{least} to {duration}"),
                },
            ),
            _ => (trials, duration),
        };
        let written = match self.bytes_written {
            0 => "nothing written to a broker's disk".to_owned(),
            bytes => format!("at most {} written", format_bytes_roughly(bytes)),
        };
        format!(
            "{}, {trials}, about {duration}, {written}",
            counted(self.configurations, "configuration"),
        )
    }
}

/// A sweep that must not start as it is.
#[derive(Clone, Debug, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum BudgetError {
    /// It takes over an hour, and nobody said yes to that.
    #[error("this sweep would take about {duration} ({trials} trials), which is over an hour")]
    #[diagnostic(help("give --yes if that is meant; else fewer values, --repetitions, or mode = \"one-at-a-time\""))]
    TooLong {
        /// How long, in words.
        duration: String,
        /// How many trials.
        trials: u64,
    },
    /// The disk is too small for what may stand on it at the same time.
    #[error("this sweep may fill the disk: up to {needed} at the same time, but only {free} are free")]
    #[diagnostic(help(
        "free some space, set a rate, shorten run.measure, or take a --target elsewhere; without --keep-topics each \
         trial's data is deleted after it"
    ))]
    DiskTooSmall {
        /// What may be needed, in words.
        needed: String,
        /// What is free, in words.
        free: String,
    },
}

/// What a profile's sweep costs. See [`Estimate`] for what is assumed.
pub fn estimate(profile: &Profile) -> Estimate {
    let run = &profile.run;
    let (warmup, measure) = (
        Duration::from_millis(run.warmup_ms),
        Duration::from_millis(run.measure_ms),
    );
    let configurations = profile.configurations.len() as u64;
    let (mut block, mut once) = (Duration::ZERO, Duration::ZERO);
    let mut bytes = Vec::new();
    for configuration in &profile.configurations {
        let drain = match &configuration.workload.arrival {
            Arrival::Unpaced => UNPACED_DRAIN,
            // Where the queues do not empty, the scheduler goes on until the drain's time is over.
            Arrival::ScheduledDrain(drain) if drain.users_per_s > drain.capacity_per_s() => {
                Duration::from_millis(run.drain_timeout_ms)
            }
            Arrival::ScheduledDrain(drain) => Duration::from_micros(drain.every_us),
            _ => Duration::ZERO,
        };
        block += warmup + measure + drain + TRIAL_OVERHEAD;
        if run.headroom && profile.target.kind != TargetKind::Mock {
            once += warmup + Duration::from_millis(run.headroom_measure_ms) + TRIAL_OVERHEAD;
        }
        bytes.push(bytes_of_trial(configuration, profile));
    }
    let blocks = blocks(run, block, once);
    let trials = configurations * u64::from(blocks.1);
    let local = profile.target.kind == TargetKind::Local;
    let mut conditioning_bytes = 0.0;
    if local {
        once += LOCAL_START + LOCAL_START_MORE * profile.target.brokers.saturating_sub(1);
        once += Duration::from_millis(run.conditioning_ms);
        let each = profile
            .configurations
            .iter()
            .map(|configuration| bytes_per_s(configuration, profile));
        conditioning_bytes = each.fold(0.0, f64::max) * run.conditioning_ms as f64 / 1e3;
    }
    let on_disk = profile.target.kind != TargetKind::Mock;
    let total = bytes.iter().sum::<f64>() * f64::from(blocks.1) + conditioning_bytes;
    bytes.sort_by(f64::total_cmp);
    let two_largest: f64 = bytes.iter().rev().take(if trials > 1 { 2 } else { 1 }).sum();
    Estimate {
        configurations,
        trials,
        duration: once + block * blocks.1,
        least: run.precision.map(|_| Least {
            trials: configurations * u64::from(blocks.0),
            duration: once + block * blocks.0,
        }),
        bytes_written: if on_disk { total as u64 } else { 0 },
        peak_disk_bytes: if on_disk {
            two_largest.max(conditioning_bytes) as u64
        } else {
            0
        },
        on_this_machine: local,
    }
}

/// The least and the largest number of blocks, a time budget taken into account: no block begins that would not fit, but
/// the first one always does.
fn blocks(run: &RunSettings, block: Duration, headroom: Duration) -> (u32, u32) {
    let (least, most) = run.blocks();
    let Some(budget_ms) = run.precision.and_then(|precision| precision.time_budget_ms) else {
        return (least, most);
    };
    let left = Duration::from_millis(budget_ms).saturating_sub(headroom);
    let fitting = left.as_secs_f64() / block.as_secs_f64().max(1e-3);
    let fitting = (fitting as u32).max(1);
    (least.min(fitting), most.min(fitting))
}

/// Bytes that one trial of a configuration writes at most, over all replicas: values, and the framing around them.
fn bytes_of_trial(configuration: &Configuration, profile: &Profile) -> f64 {
    let (arrival, run) = (&configuration.workload.arrival, &profile.run);
    let seconds = |ms: u64| ms as f64 / 1e3;
    match (arrival.warmup_rate_per_s(), arrival.mean_rate_per_s(run.measure_ms)) {
        (Some(before), Some(within)) => {
            let records = before * seconds(run.warmup_ms) + within * seconds(run.measure_ms);
            let replicas = f64::from(profile.topic.replication_factor);
            records * record_bytes(configuration, run.measure_ms) * replicas
        }
        _ => unpaced_bytes_per_s(configuration, profile) * seconds(run.warmup_ms + run.measure_ms),
    }
}

/// Bytes per second of a configuration over a whole trial.
fn bytes_per_s(configuration: &Configuration, profile: &Profile) -> f64 {
    let load_ms = profile.run.warmup_ms + profile.run.measure_ms;
    bytes_of_trial(configuration, profile) * 1e3 / load_ms.max(1) as f64
}

fn unpaced_bytes_per_s(configuration: &Configuration, profile: &Profile) -> f64 {
    let workload = &configuration.workload;
    let records_per_s = match workload.send_mode {
        SendMode::Sync => SYNC_RECORDS_PER_S * f64::from(workload.send_concurrency) * f64::from(workload.producers),
        _ => UNPACED_RECORDS_PER_S,
    };
    let replicas = f64::from(profile.topic.replication_factor);
    let bytes = records_per_s * record_bytes(configuration, profile.run.measure_ms);
    match profile.target.kind {
        TargetKind::Local => (bytes * replicas).min(UNPACED_BYTES_PER_S),
        _ => bytes.min(UNPACED_BYTES_PER_S) * replicas,
    }
}

/// Bytes of one record in the log: its value, its own framing, and its share of the batch's.
fn record_bytes(configuration: &Configuration, measure_ms: u64) -> f64 {
    let workload = &configuration.workload;
    let value = mean_bytes(&workload.payload.size).max(1.0);
    let record = value + RECORD_OVERHEAD_BYTES + 2.0 * varint_bytes(value);
    let set = |name: &str, default: f64| {
        let given = configuration.effective_properties.get(name);
        given.and_then(|text| text.parse::<f64>().ok()).unwrap_or(default)
    };
    // librdkafka's defaults, where a profile leaves them to it.
    let full = (set("batch.size", 1e6).min(set("message.max.bytes", 1e6)) / record).min(set("batch.num.messages", 1e4));
    let records = match (workload.arrival.rate_range_per_s(measure_ms), workload.send_mode) {
        (_, SendMode::Sync) => 1.0,
        (None, _) => full,
        // At the lowest rate the fewest records share a batch.
        (Some((rate_per_s, _)), _) => {
            let partitions = workload.records.all_partitions(configuration.partitions);
            let queues = f64::from(workload.producers) * f64::from(partitions.max(1));
            full.min(rate_per_s * set("linger.ms", 5.0) / 1e3 / queues)
        }
    };
    record + BATCH_OVERHEAD_BYTES / records.floor().max(1.0)
}

/// Bytes of a length as a zigzag varint (Protocol Buffers' encoding, which records use): 7 bits a byte, one for the sign.
fn varint_bytes(length: f64) -> f64 {
    match length {
        ..64.0 => 1.0,
        ..8_192.0 => 2.0,
        ..1_048_576.0 => 3.0,
        _ => 4.0,
    }
}

fn mean_bytes(size: &Size) -> f64 {
    match size {
        Size::Fixed { bytes } => f64::from(*bytes),
        Size::Uniform { min_bytes, max_bytes } => f64::midpoint(f64::from(*min_bytes), f64::from(*max_bytes)),
        Size::Normal { mean_bytes, .. } | Size::Lines { mean_bytes, .. } => *mean_bytes,
        Size::Choice { choices } => {
            let weights: f64 = choices.iter().map(|choice| choice.weight).sum();
            choices
                .iter()
                .map(|choice| f64::from(choice.bytes) * choice.weight)
                .sum::<f64>()
                / weights.max(f64::MIN_POSITIVE)
        }
    }
}

/// Whether a sweep may start: not over an hour without `--yes`, not more than this machine's free disk can take.
///
/// # Errors
/// What is too much.
pub fn check_budget(estimate: &Estimate, yes: bool, free_disk_bytes: Option<u64>) -> Result<(), BudgetError> {
    if estimate.duration > LONGEST_WITHOUT_YES && !yes {
        return Err(BudgetError::TooLong {
            duration: format_duration(estimate.duration),
            trials: estimate.trials,
        });
    }
    if let Some(free) = free_disk_bytes.filter(|free| estimate.on_this_machine && estimate.peak_disk_bytes > *free) {
        return Err(BudgetError::DiskTooSmall {
            needed: format_bytes_roughly(estimate.peak_disk_bytes),
            free: format_bytes_roughly(free),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costing(minutes: u64, peak_disk_bytes: u64) -> Estimate {
        Estimate {
            configurations: 1,
            trials: 10,
            duration: Duration::from_secs(60 * minutes),
            least: None,
            bytes_written: peak_disk_bytes * 10,
            peak_disk_bytes,
            on_this_machine: true,
        }
    }

    /// What a paced load writes in a window of one second without a warm-up.
    fn written_in_a_second(lines: &str) -> u64 {
        let text = format!(
            "[target]\nkind = \"external\"\nbootstrap-servers = \"a:1,b:1\"\n[run]\nrepetitions = 1\nwarmup = \"0s\"\nmeasure = \"1s\"\n\
             [topic]\npartitions = 1\nreplication-factor = 1\n{lines}\n"
        );
        let profile = crate::profile::parse("test.toml", &text, std::path::Path::new(""), &[]);
        estimate(&profile.unwrap_or_else(|error| panic!("{error:?}"))).bytes_written
    }

    #[test]
    fn the_framing_of_records_and_batches_is_counted() {
        let tiny = "[workload]\nrecord.size = 10\nrate = 1000\n";
        assert_eq!(
            written_in_a_second(&format!("{tiny}[producer]\nlinger.ms = 0\n")),
            1_000 * (10 + 10 + 61),
            "each record is a batch"
        );
        assert_eq!(
            written_in_a_second(&format!("{tiny}[producer]\nlinger.ms = 61\n")),
            1_000 * (10 + 10 + 1),
            "61 records arrive within linger.ms"
        );
        assert_eq!(
            written_in_a_second(&format!("{tiny}[producer]\nlinger.ms = 61\nbatch.size = 25\n")),
            1_000 * (10 + 10 + 61),
            "a batch holds one"
        );
        let larger = "[workload]\nrecord.size = 1000\nrate = 1000\nsend.mode = \"sync\"\n";
        assert_eq!(written_in_a_second(larger), 1_000 * (1_000 + 12 + 61));
    }

    #[test]
    fn over_an_hour_needs_a_yes() {
        assert_eq!(check_budget(&costing(60, 0), false, None), Ok(()));
        assert!(matches!(
            check_budget(&costing(61, 0), false, None),
            Err(BudgetError::TooLong { trials: 10, .. })
        ));
        assert_eq!(check_budget(&costing(61, 0), true, None), Ok(()));
    }

    #[test]
    fn a_disk_that_is_too_small_stops_it_even_with_a_yes() {
        assert_eq!(check_budget(&costing(1, 1_000), true, Some(1_000)), Ok(()));
        assert!(matches!(
            check_budget(&costing(1, 1_001), true, Some(1_000)),
            Err(BudgetError::DiskTooSmall { .. })
        ));
        assert_eq!(
            check_budget(&costing(1, 1_001), true, None),
            Ok(()),
            "an unknown disk stops nothing"
        );
        let kept = costing(1, 1_000).keeping_topics();
        assert!(check_budget(&kept, true, Some(9_999)).is_err(), "kept topics add up");
    }

    #[test]
    fn somebody_elses_disk_is_not_looked_at() {
        let external = Estimate {
            on_this_machine: false,
            ..costing(1, 1_001)
        };
        assert_eq!(check_budget(&external, false, Some(1)), Ok(()));
    }
}
