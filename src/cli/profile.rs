//! `kpbench profile check|expand`: what a profile comes to, without starting anything.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::profile::{self, Configuration, Override, Profile, ProfileError};
use crate::report::format::counted;

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// `profile check`: whether it can be used, its warnings, its size and what it costs.
///
/// # Errors
/// Everything that is wrong with the profile.
pub fn check(path: &Path, overrides: &[Override], format: ProfileFormat) -> Result<String, ProfileError> {
    let profile = profile::load(path, overrides)?;
    Ok(match format {
        ProfileFormat::Text => check_text(&profile),
        ProfileFormat::Json => pretty(&check_json(&profile)),
    })
}

/// `profile expand`: every configuration with its id and effective properties.
///
/// # Errors
/// Everything that is wrong with the profile.
pub fn expand(path: &Path, overrides: &[Override], format: ProfileFormat) -> Result<String, ProfileError> {
    let profile = profile::load(path, overrides)?;
    Ok(match format {
        ProfileFormat::Text => expand_text(&profile),
        ProfileFormat::Json => pretty(&expand_json(&profile)),
    })
}

fn check_text(profile: &Profile) -> String {
    let estimate = profile::estimate(profile);
    let mut text = format!("ok: {}\n", profile.name);
    for line in warning_lines(profile) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "{}", estimate.sentence());
    if let Err(error) = profile::check_budget(&estimate, false, None) {
        let _ = writeln!(text, "note: {error}: `sweep` will ask for --yes");
    }
    text
}

/// What the rules warn of: the run first, then its configurations.
pub(super) fn warning_lines(profile: &Profile) -> Vec<String> {
    let of_run = profile.warnings.iter().map(|warning| format!("warning: {warning}"));
    let of_configurations = warnings_by_configuration(profile)
        .into_iter()
        .map(|(warning, labels)| format!("warning ({}): {warning}", shortened(&labels)));
    of_run.chain(of_configurations).collect()
}

/// Each warning once, with the labels of the configurations that it concerns.
fn warnings_by_configuration(profile: &Profile) -> Vec<(&str, Vec<&str>)> {
    let mut grouped: Vec<(&str, Vec<&str>)> = Vec::new();
    for configuration in &profile.configurations {
        for warning in &configuration.warnings {
            match grouped.iter_mut().find(|(known, _)| known == warning) {
                Some((_, labels)) => labels.push(&configuration.label),
                None => grouped.push((warning, vec![&configuration.label])),
            }
        }
    }
    grouped
}

fn shortened(labels: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = labels[..labels.len().min(SHOWN)].join("; ");
    match labels.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn check_json(profile: &Profile) -> serde_json::Value {
    let estimate = profile::estimate(profile);
    json!({
        "name": profile.name,
        "ok": true,
        "warnings": profile.warnings,
        "configuration_warnings": warnings_by_configuration(profile)
            .into_iter()
            .map(|(warning, labels)| json!({"warning": warning, "configurations": labels}))
            .collect::<Vec<_>>(),
        "configurations": estimate.configurations,
        "trials": estimate.trials,
        "trials_min": estimate.least.map_or(estimate.trials, |least| least.trials),
        "estimated_duration_s": estimate.duration.as_secs_f64(),
        "estimated_duration_s_min": estimate.least.map_or(estimate.duration, |least| least.duration).as_secs_f64(),
        "estimated_bytes_written_max": estimate.bytes_written,
        "estimated_disk_bytes_peak": estimate.peak_disk_bytes,
        "seed": profile.run.seed,
    })
}

fn expand_text(profile: &Profile) -> String {
    let mut text = String::new();
    for configuration in &profile.configurations {
        let _ = writeln!(text, "{}  {}", configuration.id, configuration.label);
        let _ = writeln!(text, "  load: {}", load_sentence(configuration));
        for (name, value) in &configuration.effective_properties {
            let _ = writeln!(text, "  {name}={value}");
        }
        let _ = writeln!(text, "  max.block.ms={} (kept by kpbench)", configuration.max_block_ms);
        for warning in &configuration.warnings {
            let _ = writeln!(text, "  warning: {warning}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", profile::estimate(profile).sentence());
    text
}

fn load_sentence(configuration: &Configuration) -> String {
    use crate::protocol::SendMode;
    let workload = &configuration.workload;
    let threads = match workload.send_mode {
        SendMode::Sync => format!(" × {} threads", workload.send_concurrency),
        _ => String::new(),
    };
    let rate = match workload.arrival.constant_rate_per_s() {
        Some(rate_per_s) => format!("{rate_per_s} records/s"),
        None => workload.arrival.to_string(),
    };
    format!(
        "{}{threads} through {}, {}, {rate}, {}, records of up to {}",
        workload.send_mode,
        workload.client,
        counted(u64::from(workload.producers), "producer", "producers"),
        partitions_text(configuration),
        profile::format_bytes(u64::from(workload.payload.size.max_bytes())),
    )
}

/// Partitions of the topic, or of all topics with these.
fn partitions_text(configuration: &Configuration) -> String {
    let records = &configuration.workload.records;
    let partitions = records.all_partitions(configuration.partitions);
    let counted_partitions = counted(u64::from(partitions), "partition", "partitions");
    match records.topics.is_empty() {
        true => counted_partitions,
        false => format!(
            "{counted_partitions} of the topics {}",
            profile::topics_text(&records.topics, configuration.partitions)
        ),
    }
}

fn expand_json(profile: &Profile) -> serde_json::Value {
    json!({
        "name": profile.name,
        "defaults": profile.defaults,
        "target": profile.target.kind,
        "topic": profile.topic,
        "run": profile.run,
        "warnings": profile.warnings,
        "configurations": profile.configurations,
    })
}

fn pretty(value: &serde_json::Value) -> String {
    // A value that was made of text, numbers and maps with text keys always has a JSON form.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
