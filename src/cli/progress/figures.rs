//! Figures in few characters.

use std::time::Duration;

use crate::profile::{Configuration, Order};
use crate::protocol::{Acks, Arrival, Interval, TargetKind};
use crate::report::format::{count, counted};
use crate::report::stopping::precision_figure;
use crate::run::{BlocksExpected, Headline, Looked, Progress};
use crate::store::{Manifest, PlannedTrial, TargetDescription, TrialOutcome, TrialRecord};
use crate::words::percent;

/// `[3/24] block 2/5  acks=all linger.ms=5 lz4`
pub(super) fn place(trial: &PlannedTrial, configuration: &Configuration, progress: Progress) -> String {
    let Progress { planned, blocks, .. } = progress;
    // How many it will be is an estimate, where a precision decides.
    let about = if progress.open_ended { "~" } else { "" };
    format!(
        "[{}/{about}{planned}] block {}/{about}{blocks}  {}",
        trial.sequence, trial.block, configuration.label
    )
}

/// What an interval saw.
pub(super) fn live(configuration: &Configuration, interval: &Interval, failed: u64) -> String {
    let length_s = interval.length_s.max(1e-3);
    let acknowledged = (interval.acknowledged as f64 / length_s).round() as u64;
    let mb = interval.acknowledged_bytes as f64 / length_s / 1e6;
    // Without acknowledgements, what librdkafka counts as delivered was written to the socket.
    let what = if configuration.acks == Acks::None {
        "records/s written to the socket"
    } else {
        "records/s"
    };
    let latency = interval.latency.response.as_ref().or(interval.latency.service.as_ref());
    let p99 = latency.map_or_else(String::new, |latency| format!("  p99 {}", latency_text(latency.p99_us)));
    let errors = if failed > 0 {
        format!("  {} failed", count(failed))
    } else {
        String::new()
    };
    format!(
        "{} {what}  {mb:.1} MB/s{p99}  {} in the queue{errors}",
        count(acknowledged),
        count(interval.queue_records)
    )
}

/// What a stored trial found, in a line.
pub(super) fn outcome(configuration: &Configuration, record: &TrialRecord) -> String {
    if let TrialOutcome::Failed { cause } = &record.outcome {
        return format!("FAILED: {}", first_line(cause));
    }
    let headline = Headline::of(configuration, record);
    let mut parts = vec![match headline.records_per_s {
        Some(records) => format!("{} records/s", count(records.round() as u64)),
        None => "throughput not observed".to_owned(),
    }];
    parts.extend(headline.mb_per_s.map(|mb| format!("{mb:.1} MB/s")));
    if let Some(p99) = headline.p99 {
        let bound = if p99.at_least { "≥ " } else { "" };
        let value = p99.us.map_or_else(|| "–".to_owned(), latency_text);
        let name = match configuration.workload.arrival {
            Arrival::Unpaced => "queueing latency",
            Arrival::Constant { .. } => "response latency",
        };
        parts.push(format!("p99 {bound}{value} ({name})"));
    }
    if headline.not_acknowledged > 0 {
        parts.push(format!("{} records not acknowledged", count(headline.not_acknowledged)));
    }
    match record.warnings.len() {
        0 => {}
        1 => parts.push("1 warning".to_owned()),
        count => parts.push(format!("{count} warnings")),
    }
    parts.join("  ")
}

/// What records are sent to.
pub(super) fn target(description: &TargetDescription) -> String {
    let software = description.software.as_deref().unwrap_or("a Kafka cluster");
    let brokers = if description.brokers == 1 {
        "1 broker".to_owned()
    } else {
        format!("{} brokers", description.brokers)
    };
    let kind = match description.kind {
        TargetKind::Local => "started here",
        TargetKind::External => "external",
        TargetKind::Mock => "mock: the client's own ceiling, not a broker's",
    };
    format!("Target: {software}, {brokers} ({kind})")
}

/// How many blocks it will take, in a sentence.
pub(super) fn blocks_expected(expected: &BlocksExpected) -> String {
    let BlocksExpected {
        done,
        needed,
        blocks,
        precision,
        metric,
        widest,
        time_left,
    } = *expected;
    let so_far = widest.map_or_else(String::new, |widest| format!(", now ± {}", percent(widest)));
    let ends = match needed > blocks {
        true => format!("about {needed} blocks would be needed, and it ends at {blocks}"),
        false => format!("about {blocks} blocks in all"),
    };
    format!(
        "After {}: for intervals of {} within ± {}{so_far}, {ends}; {} more",
        counted(u64::from(done), "block", "blocks"),
        precision_figure(metric, &[]),
        percent(precision),
        duration(time_left)
    )
}

/// What a look at a gate said, in a sentence.
pub(super) fn looked(looked: &Looked) -> String {
    let Looked {
        done,
        look,
        blocks,
        time_left,
    } = *looked;
    let ends = match look.blocks_needed {
        Some(needed) if needed > blocks => {
            format!(
                "about {} blocks would be needed, and it ends at {blocks}",
                count(u64::from(needed))
            )
        }
        Some(_) => format!("about {blocks} blocks in all"),
        None => format!("at most {blocks} blocks in all"),
    };
    format!(
        "After {}: {} of {} decided, {ends}; {} more",
        counted(u64::from(done), "block", "blocks"),
        look.figures - look.open,
        counted(u64::from(look.figures), "gated figure", "gated figures"),
        duration(time_left)
    )
}

/// In which order blocks visit the configurations; none where there is one only.
pub(super) fn order(manifest: &Manifest) -> Option<String> {
    match manifest.run.order {
        _ if manifest.configurations.len() < 2 => None,
        Order::Random => Some(format!("Order: random in each block, seed {}", manifest.run.seed)),
        Order::Matrix => Some("Order: the matrix's in each block".to_owned()),
    }
}

/// A duration as a person says it: `2m 5s`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

/// What happened, without the log that follows; the run directory and the report have it all.
pub(super) fn first_line(cause: &str) -> &str {
    cause.lines().next().unwrap_or_default()
}

fn latency_text(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Look;
    use crate::profile::PrecisionMetric;
    use crate::store::samples;

    #[test]
    fn numbers_are_grouped_and_durations_short() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(duration(Duration::from_secs(125)), "2m 05s");
        assert_eq!(duration(Duration::from_secs(7_260)), "2h 01m");
        assert_eq!(latency_text(1_500), "1.5 ms");
    }

    #[test]
    fn the_number_of_blocks_to_come_is_told_with_its_limits() {
        let expected = BlocksExpected {
            done: 6,
            needed: 24,
            blocks: 24,
            precision: 0.03,
            metric: PrecisionMetric::LatencyP99,
            widest: Some(0.0611),
            time_left: Duration::from_secs(90),
        };
        assert_eq!(
            blocks_expected(&expected),
            "After 6 blocks: for intervals of p99 latency within ± 3 %, now ± 6.11 %, about 24 blocks in all; 1m 30s more"
        );
        let limited = BlocksExpected {
            needed: 120,
            ..expected
        };
        assert!(blocks_expected(&limited).contains("about 120 blocks would be needed, and it ends at 24"));
    }

    #[test]
    fn a_look_at_a_gate_says_what_is_decided_and_what_it_will_take() {
        let looked_at = |blocks_needed| {
            looked(&Looked {
                done: 15,
                look: Look {
                    figures: 8,
                    open: 3,
                    blocks_needed,
                },
                blocks: 35,
                time_left: Duration::from_secs(90),
            })
        };
        assert_eq!(
            looked_at(Some(35)),
            "After 15 blocks: 5 of 8 gated figures decided, about 35 blocks in all; 1m 30s more"
        );
        assert!(looked_at(Some(1_200)).contains("about 1,200 blocks would be needed, and it ends at 35"));
        assert!(looked_at(None).contains("at most 35 blocks in all"));
    }

    #[test]
    fn a_trial_is_placed_and_its_failure_told() {
        let configuration = samples::configuration("c-1");
        let planned = PlannedTrial {
            trial_id: "x".to_owned(),
            configuration_id: "c-1".to_owned(),
            block: 2,
            sequence: 3,
        };
        let progress = Progress {
            done: 2,
            planned: 24,
            blocks: 5,
            open_ended: false,
            time_left: Duration::ZERO,
        };
        assert_eq!(place(&planned, &configuration, progress), "[3/24] block 2/5  acks=all");
        let open_ended = Progress {
            open_ended: true,
            ..progress
        };
        assert_eq!(
            place(&planned, &configuration, open_ended),
            "[3/~24] block 2/~5  acks=all"
        );
        assert_eq!(outcome(&configuration, &samples::record(planned)), "FAILED: a cause");
    }
}
