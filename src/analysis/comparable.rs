//! Whether two configurations, of one run or of two, may be compared at all: what must be the same, and is not.

use std::collections::{BTreeMap, BTreeSet};

use crate::profile::{Configuration, is_secret};
use crate::protocol::{TargetKind, Workload};
use crate::store::Manifest;

/// A configuration within its run.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The run.
    pub manifest: &'a Manifest,
    /// The configuration.
    pub configuration: &'a Configuration,
}

/// What makes a comparison meaningless, each in a sentence; empty where nothing does.
pub fn differences(base: Side<'_>, candidate: Side<'_>) -> Vec<String> {
    let mut found = Differing::new("against");
    let (was, is) = (base.manifest, candidate.manifest);
    let (before, after) = (base.configuration, candidate.configuration);
    found.compare("records", payload(&before.workload), payload(&after.workload));
    found.compare(
        "partitions",
        before.partitions.to_string(),
        after.partitions.to_string(),
    );
    found.compare(
        "replication factor",
        was.topic.replication_factor.to_string(),
        is.topic.replication_factor.to_string(),
    );
    found.compare("topic configuration", map(&was.topic.config), map(&is.topic.config));
    found.compare("target", was.target.kind.to_string(), is.target.kind.to_string());
    found.compare("brokers", was.target.brokers.to_string(), is.target.brokers.to_string());
    let software = |manifest: &Manifest| manifest.target.software.clone().unwrap_or_else(|| "unknown".to_owned());
    found.compare("broker version", software(was), software(is));
    if was.target.kind == TargetKind::External && is.target.kind == TargetKind::External {
        let id = |manifest: &Manifest| {
            manifest
                .target
                .cluster_id
                .clone()
                .unwrap_or_else(|| "unknown".to_owned())
        };
        found.compare("cluster", id(was), id(is));
        let protocol = |manifest: &Manifest| {
            let given = manifest.target_settings.connection.get("security.protocol");
            given.map_or_else(|| "plaintext".to_owned(), |given| given.to_lowercase())
        };
        found.compare("security.protocol", protocol(was), protocol(is));
    }
    found.compare(
        "order within blocks",
        format!("{:?}", was.run.order),
        format!("{:?}", is.run.order),
    );
    found.compare(
        "broker configuration",
        map(&was.target_settings.broker_config),
        map(&is.target_settings.broker_config),
    );
    found.compare("processor", was.host.cpu.clone(), is.host.cpu.clone());
    found.compare("cores", was.host.cores.to_string(), is.host.cores.to_string());
    found.compare(
        "memory",
        gibibytes(was.host.memory_bytes),
        gibibytes(is.host.memory_bytes),
    );
    found.compare(
        "window in ms",
        was.run.measure_ms.to_string(),
        is.run.measure_ms.to_string(),
    );
    found.compare(
        "warm-up in ms",
        was.run.warmup_ms.to_string(),
        is.run.warmup_ms.to_string(),
    );
    found.sentences
}

/// What differs between two runs without making their figures incomparable, each in a sentence with what follows from it;
/// of the window's length, which does, what it changes in which figures. Empty where there is nothing.
pub fn remarks(was: &Manifest, is: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, base: String, candidate: String, so: &str| {
        if base != candidate {
            found.push(format!("{what}: {base} against {candidate}. {so}"));
        }
    };
    let blocks = |manifest: &Manifest| {
        let last = manifest.plan.iter().map(|planned| planned.block).max();
        last.unwrap_or(0).to_string()
    };
    compare(
        "blocks",
        blocks(was),
        blocks(is),
        "The intervals allow for it; the longer run also saw more of the machine's drift.",
    );
    compare(
        "seed",
        was.run.seed.to_string(),
        is.run.seed.to_string(),
        "Another order, and other payloads of the same kind, which move sizes and compression. Each block has its own, so \
         that the intervals allow for it.",
    );
    compare(
        "window",
        seconds(was.run.measure_ms),
        seconds(is.run.measure_ms),
        "A rare stall lies in more of the longer windows and in a smaller part of each: p99.9, the largest latency and how \
         much trials vary change with the window alone, p99 where stalls are that long.",
    );
    compare(
        "load before the first trial",
        seconds(was.target.conditioned_ms),
        seconds(is.target.conditioned_ms),
        "A freshly started broker gets faster for half a minute and more.",
    );
    let java = |manifest: &Manifest| {
        let brokers = manifest.target.local_brokers.as_ref();
        brokers.map_or_else(|| "not known".to_owned(), |brokers| brokers.java_version.clone())
    };
    compare(
        "the brokers' Java",
        java(was),
        java(is),
        "The brokers ran on another one.",
    );
    compare(
        "operating system",
        was.host.os.clone(),
        is.host.os.clone(),
        "Client and local brokers ran on another one.",
    );
    found
}

/// What two configurations differ in by intention, as in `linger.ms: 0 → 5`.
pub fn changed_settings(base: Side<'_>, candidate: Side<'_>) -> Vec<String> {
    let (before, after) = (base.configuration, candidate.configuration);
    let names: BTreeSet<&String> = before
        .effective_properties
        .keys()
        .chain(after.effective_properties.keys())
        .collect();
    let text = |map: &BTreeMap<String, String>, name: &str| map.get(name).map_or("not set", String::as_str).to_owned();
    let mut found = Differing::new("→");
    for name in names.into_iter().filter(|name| !is_secret(name)) {
        let (was, is) = (
            text(&before.effective_properties, name),
            text(&after.effective_properties, name),
        );
        found.compare(name, was, is);
    }
    let (was, is) = (&before.workload, &after.workload);
    found.compare("send.mode", was.send_mode.to_string(), is.send_mode.to_string());
    found.compare(
        "send.concurrency",
        was.send_concurrency.to_string(),
        is.send_concurrency.to_string(),
    );
    found.compare("client", was.client.to_string(), is.client.to_string());
    found.compare("producers", was.producers.to_string(), is.producers.to_string());
    found.compare("arrival", json(&was.arrival), json(&is.arrival));
    found.compare(
        "max.block.ms",
        before.max_block_ms.to_string(),
        after.max_block_ms.to_string(),
    );
    found.compare(
        "client library",
        base.manifest.client_version.clone(),
        candidate.manifest.client_version.clone(),
    );
    found.compare(
        "kpbench",
        base.manifest.kpbench_version.clone(),
        candidate.manifest.kpbench_version.clone(),
    );
    found.sentences
}

/// What two sides differ in.
struct Differing {
    /// What stands between the two values.
    between: &'static str,
    sentences: Vec<String>,
}

impl Differing {
    fn new(between: &'static str) -> Differing {
        Differing {
            between,
            sentences: Vec::new(),
        }
    }

    /// `what: one against other`, where they differ.
    fn compare(&mut self, what: &str, one: String, other: String) {
        if one != other {
            self.sentences.push(format!("{what}: {one} {} {other}", self.between));
        }
    }
}

fn seconds(ms: u64) -> String {
    format!("{} s", ms as f64 / 1e3)
}

fn payload(workload: &Workload) -> String {
    let values = match &workload.serialization {
        // The same logical record compares, whatever its format makes of it.
        Some(serialization) => format!("the record {}", serialization.record),
        None => json(&workload.payload),
    };
    match workload.records.are_plain() {
        true => values,
        false => format!("{values}, {}", json(&workload.records)),
    }
}

fn json<T: serde::Serialize + std::fmt::Debug>(value: &T) -> String {
    // What goes into a manifest has a JSON form; `Debug` stands in should that ever change.
    serde_json::to_string(value).unwrap_or_else(|_| format!("{value:?}"))
}

fn map(settings: &BTreeMap<String, String>) -> String {
    if settings.is_empty() {
        return "defaults".to_owned();
    }
    let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    settings.join(" ")
}

/// Memory that a kernel reports varies by a few MB between boots of one machine.
fn gibibytes(bytes: u64) -> String {
    format!("{:.0} GiB", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn a_run_is_comparable_with_itself_and_each_difference_is_named() {
        let manifest = samples::manifest();
        let configuration = samples::configuration("c-1");
        let side = Side {
            manifest: &manifest,
            configuration: &configuration,
        };
        assert!(differences(side, side).is_empty());
        let mut other = manifest.clone();
        other.target.software = Some("Apache Kafka 4.2.0".to_owned());
        other.host.cpu = "another".to_owned();
        other.topic.replication_factor += 1;
        let mut changed = configuration.clone();
        changed.partitions += 1;
        let found = differences(
            side,
            Side {
                manifest: &other,
                configuration: &changed,
            },
        );
        let named: Vec<&str> = found.iter().filter_map(|text| text.split(':').next()).collect();
        assert_eq!(
            named,
            ["partitions", "replication factor", "broker version", "processor"]
        );
    }

    #[test]
    fn another_seed_and_more_blocks_are_remarked_and_another_window_is_no_comparison() {
        let manifest = samples::manifest();
        assert!(remarks(&manifest, &manifest).is_empty());
        let configuration = samples::configuration("c-1");
        let side = |manifest| Side {
            manifest,
            configuration: &configuration,
        };
        let mut other = manifest.clone();
        other.run.seed += 1;
        other.run.repetitions = 5;
        other.plan = crate::plan::plan(&["c-1"], 5, other.run.order, other.run.seed);
        let told = remarks(&manifest, &other);
        assert!(
            told.len() == 2
                && told[0].starts_with("blocks: 2 against 5. ")
                && told[1].starts_with("seed: 1 against 2. "),
            "{told:?}"
        );
        assert!(differences(side(&manifest), side(&other)).is_empty());
        let mut longer = manifest.clone();
        longer.run.measure_ms = 2_500;
        assert_eq!(
            differences(side(&manifest), side(&longer)),
            ["window in ms: 1000 against 2500"]
        );
        let told = remarks(&manifest, &longer);
        assert!(
            told.len() == 1 && told[0].contains("p99.9, the largest latency"),
            "{told:?}"
        );
    }

    #[test]
    fn what_was_changed_on_purpose_is_told_apart() {
        let manifest = samples::manifest();
        let before = samples::configuration("c-1");
        let mut after = before.clone();
        after
            .effective_properties
            .insert("linger.ms".to_owned(), "5".to_owned());
        let side = |configuration| Side {
            manifest: &manifest,
            configuration,
        };
        assert!(differences(side(&before), side(&after)).is_empty());
        assert_eq!(
            changed_settings(side(&before), side(&after)),
            ["linger.ms: not set → 5"]
        );
    }
}
