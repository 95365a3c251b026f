//! `[gate]`: by how much each figure may be worse than the baseline's before that counts as a regression.

use std::collections::BTreeMap;

use super::document::{Document, Value};
use super::error::Problem;
use super::model::GateSettings;
use super::properties::nearest;
use super::read::{Context, Section};

/// Figures that can be gated, by their ids, and whether a loss may exceed 100 %: what can only fall by it may not.
pub const GATE_METRICS: [(&str, bool); 15] = [
    ("throughput_records_per_s", false),
    ("throughput_mb_per_s", false),
    ("latency_p50_us", true),
    ("latency_p90_us", true),
    ("latency_p99_us", true),
    ("latency_p99_9_us", true),
    ("client_cpu_us_per_record", true),
    ("client_cpu_s_per_gb", true),
    ("broker_cpu_us_per_record", true),
    ("peak_memory_bytes", true),
    ("compression_ratio", false),
    ("records_per_batch", false),
    ("bytes_per_batch", false),
    ("wire_bytes_per_record", true),
    ("requests_per_s", false),
];

/// What is gated where nobody says what: a share by which it may be worse.
pub const DEFAULT_THRESHOLDS: [(&str, f64); 4] = [
    ("throughput_records_per_s", 0.05),
    ("latency_p99_us", 0.10),
    ("client_cpu_us_per_record", 0.05),
    ("wire_bytes_per_record", 0.02),
];

/// Largest threshold, in per cent, of what can only fall, and of what can rise.
const MOST: (f64, f64) = (95.0, 1_000.0);

impl GateSettings {
    /// Whether the profile says nothing about gating.
    pub fn is_empty(&self) -> bool {
        self.thresholds.is_empty()
    }

    /// What applies: the profile's own thresholds, else the defaults.
    pub fn effective(&self) -> BTreeMap<String, f64> {
        if self.is_empty() {
            return DEFAULT_THRESHOLDS.map(|(id, share)| (id.to_owned(), share)).into();
        }
        self.thresholds.clone()
    }
}

/// Reads `METRIC` and `5%` as given on a command line.
///
/// # Errors
/// What was expected.
pub fn parse_threshold(metric: &str, share: &str) -> Result<(String, f64), String> {
    let wanted = metric.trim().replace('-', "_");
    let Some((id, may_exceed)) = GATE_METRICS.into_iter().find(|(id, _)| *id == wanted) else {
        let known = GATE_METRICS.map(|(id, _)| id);
        return Err(match nearest(metric, known.into_iter()) {
            Some(near) => format!("{metric} is no figure that can be gated; did you mean {near}?"),
            None => format!(
                "{metric} is no figure that can be gated; known are: {}",
                known.join(", ")
            ),
        });
    };
    Ok((id.to_owned(), parse_share(share, may_exceed)?))
}

fn parse_share(text: &str, may_exceed: bool) -> Result<f64, String> {
    let most = if may_exceed { MOST.1 } else { MOST.0 };
    let number = text.trim().strip_suffix('%').map(str::trim);
    match number.and_then(|number| number.parse::<f64>().ok()) {
        Some(per_cent) if (0.0..=most).contains(&per_cent) => Ok(per_cent / 100.0),
        _ => Err(format!(
            "expected a share from 0% to {most}%, as in \"5%\"; this is {text:?}"
        )),
    }
}

/// `[gate]`.
pub(super) fn gate(document: &mut Document, context: &mut Context) -> GateSettings {
    let mut section = Section::new("[gate]", document.take_section("gate."));
    let mut thresholds = BTreeMap::new();
    for (id, may_exceed) in GATE_METRICS {
        let Some(entry) = section.take(id, context) else {
            continue;
        };
        let Value::Text(text) = &entry.node.value else {
            context.wrong_type(id, &entry.node, "a share with its sign, as in \"5%\"");
            continue;
        };
        match parse_share(text, may_exceed) {
            Ok(share) => {
                thresholds.insert(id.to_owned(), share);
            }
            Err(expected) => {
                let remedy = "write the loss that is put up with in per cent of the baseline's figure, as in \"5%\"";
                let message = format!("{id} has no such threshold");
                context.problem(Problem::at(entry.node.place, message, expected, remedy));
            }
        }
    }
    section.finish(&GATE_METRICS.map(|(id, _)| id), context);
    GateSettings { thresholds }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::{Override, parse};

    fn read(text: &str) -> Result<GateSettings, String> {
        match parse("test", text, Path::new(""), &[]) {
            Ok(profile) => Ok(profile.gate),
            Err(error) => Err(error
                .problems()
                .iter()
                .map(|problem| {
                    let (_, line, column) = problem.position().unwrap();
                    format!("{line}:{column} {}; {}", problem.message(), problem.remedy())
                })
                .collect::<Vec<_>>()
                .join("\n")),
        }
    }

    #[test]
    fn thresholds_are_read_and_without_any_the_defaults_apply() {
        let gate = read("[gate]\nlatency_p99_us = \"150%\"\nwire-bytes-per-record = \"2.5 %\"\n").unwrap();
        let expected = [("latency_p99_us", 1.5), ("wire_bytes_per_record", 0.025)];
        assert_eq!(
            gate.effective(),
            expected.map(|(id, share)| (id.to_owned(), share)).into()
        );
        assert_eq!(read("").unwrap().effective().len(), DEFAULT_THRESHOLDS.len());
        let given = Override {
            key: "gate.records_per_batch".to_owned(),
            value: "4%".to_owned(),
            origin: "--set".to_owned(),
        };
        let profile = parse("test", "", Path::new(""), &[given]).unwrap();
        assert_eq!(profile.gate.thresholds["records_per_batch"], 0.04);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_the_nearest_name() {
        let told = read("[gate]\nthroughput_record_per_s = \"5%\"\n").unwrap_err();
        assert!(
            told.starts_with("2:1 ") && told.contains("did you mean throughput_records_per_s?"),
            "{told}"
        );
        for wrong in ["5", "\"5\"", "\"-1%\"", "\"96%\"", "\"NaN%\"", "\"five %\""] {
            let told = read(&format!("[gate]\nthroughput_records_per_s = {wrong}\n")).unwrap_err();
            assert!(told.starts_with("2:28 "), "{wrong}: {told}");
        }
    }

    #[test]
    fn a_command_line_may_name_one_too() {
        assert_eq!(
            parse_threshold("latency-p99-us", "10%"),
            Ok(("latency_p99_us".to_owned(), 0.1))
        );
        assert!(
            parse_threshold("latency_p98_us", "10%")
                .unwrap_err()
                .contains("did you mean")
        );
        assert!(parse_threshold("throughput_records_per_s", "100%").is_err());
    }
}
