//! `trials.csv`: one line per trial, for spreadsheets and data frames. RFC 4180.

use std::collections::HashMap;

use crate::analysis::{completed_result, megabytes_per_s, records_per_s};
use crate::profile::Configuration;
use crate::protocol::{Acks, LatencyDistribution};
use crate::stats::histogram;
use crate::store::{Manifest, TrialRecord};

const COLUMNS: &[&str] = &[
    "trial_id",
    "configuration_id",
    "label",
    "block",
    "sequence",
    "started_at",
    "outcome",
    "cause",
    "window_s",
    "throughput_records_per_s",
    "throughput_mb_per_s",
    "service_p50_us",
    "service_p99_us",
    "service_p99_9_us",
    "service_max_us",
    "response_p50_us",
    "response_p99_us",
    "response_p99_9_us",
    "response_max_us",
    "sent",
    "acknowledged",
    "failed",
    "undecided",
    "appended",
    "client_cpu_us",
    "peak_memory_bytes",
    "broker_cpu_us",
    "drain_ms",
    "wire_bytes",
    "batches",
    "batch_records",
    "batch_bytes",
    "record_bytes",
    "retries",
];

/// The file's text. Empty cells are figures that were not measured or may not be printed; percentiles that are lower
/// bounds only are left empty too, since a number in a cell cannot say so.
pub fn render(manifest: &Manifest, trials: &[TrialRecord]) -> String {
    let configurations: HashMap<&str, &Configuration> = manifest
        .configurations
        .iter()
        .map(|configuration| (configuration.id.as_str(), configuration))
        .collect();
    let axes = axes(manifest);
    let mut text = String::new();
    let header = COLUMNS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(axes.iter().cloned());
    push_line(&mut text, header);
    for trial in trials {
        let configuration = configurations.get(trial.planned.configuration_id.as_str()).copied();
        let values = axes.iter().map(|axis| {
            let setting = configuration.and_then(|c| c.axes.iter().find(|setting| setting.axis == *axis));
            setting.map(|setting| setting.value.clone()).unwrap_or_default()
        });
        push_line(&mut text, cells(trial, configuration).into_iter().chain(values));
    }
    text
}

fn axes(manifest: &Manifest) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for setting in manifest
        .configurations
        .iter()
        .flat_map(|configuration| &configuration.axes)
    {
        if !names.contains(&setting.axis) {
            names.push(setting.axis.clone());
        }
    }
    names
}

fn cells(trial: &TrialRecord, configuration: Option<&Configuration>) -> Vec<String> {
    let acks = configuration.map_or(Acks::All, |configuration| configuration.acks);
    let result = trial.result.as_ref();
    let statistics = result.and_then(|result| result.statistics.as_ref());
    let (outcome, cause) = match completed_result(trial) {
        Ok(_) => ("completed", String::new()),
        Err(cause) => ("failed", cause.to_owned()),
    };
    let mut cells = vec![
        trial.planned.trial_id.clone(),
        trial.planned.configuration_id.clone(),
        configuration
            .map(|configuration| configuration.label.clone())
            .unwrap_or_default(),
        trial.planned.block.to_string(),
        trial.planned.sequence.to_string(),
        trial.started_at.to_string(),
        outcome.to_owned(),
        cause,
        optional(result.map(|result| result.window_s)),
        optional(records_per_s(acks, trial).map(three_decimals)),
        optional(megabytes_per_s(acks, trial).map(three_decimals)),
    ];
    let latencies = result.map(|result| &result.latencies).filter(|_| acks != Acks::None);
    cells.extend(percentiles(latencies.and_then(|latencies| latencies.service.as_ref())));
    cells.extend(percentiles(latencies.and_then(|latencies| latencies.response.as_ref())));
    cells.extend([
        optional(result.map(|r| r.counts.sent)),
        optional(result.map(|r| r.counts.acknowledged)),
        optional(result.map(|r| r.counts.failed)),
        optional(result.map(|r| r.counts.undecided)),
        optional(trial.broker.appended),
        optional(result.map(|r| r.client_cpu.user_us + r.client_cpu.system_us)),
        optional(result.map(|r| r.peak_memory_bytes)),
        optional(
            result
                .and_then(|r| trial.broker.cpu_in_window_us(r.window_s))
                .map(f64::round),
        ),
        optional(result.map(|r| r.drain_ms)),
        optional(statistics.map(|s| s.wire_bytes)),
        optional(statistics.map(|s| s.batches)),
        optional(statistics.map(|s| s.batch_records)),
        optional(statistics.map(|s| s.batch_bytes)),
        optional(statistics.map(|s| s.record_bytes)),
        optional(statistics.map(|s| s.retries)),
    ]);
    cells
}

fn percentiles(distribution: Option<&LatencyDistribution>) -> [String; 4] {
    let Some((distribution, values)) =
        distribution.and_then(|distribution| Some((distribution, histogram::decode(&distribution.histogram).ok()?)))
    else {
        return Default::default();
    };
    let read = |quantile| {
        let percentile = histogram::percentile(&values, distribution.unresolved, quantile);
        optional(percentile.us.filter(|_| !percentile.at_least))
    };
    let max = (distribution.unresolved == 0 && distribution.count > 0).then_some(distribution.max_us);
    [read(0.5), read(0.99), read(0.999), optional(max)]
}

fn three_decimals(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn push_line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&quoted(&cell));
    }
    text.push_str("\r\n");
}

/// Quoted where RFC 4180 asks for it. A cell that a spreadsheet would take for a formula gets an apostrophe in front:
/// labels and errors come from profiles and brokers.
fn quoted(cell: &str) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let safe = if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if is_formula || safe.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_where_needed_and_formulas_are_disarmed() {
        let cases = [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@sum", "\"'@sum\""),
            ("-1.5", "-1.5"),
            ("-x", "\"'-x\""),
        ];
        for (cell, expected) in cases {
            assert_eq!(quoted(cell), expected);
        }
    }
}
