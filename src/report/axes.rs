//! Which configurations may stand side by side: those that differ in one axis and in nothing else.
//!
//! In a sweep made one factor at a time a configuration names only the axes that it moves; what it has on the others
//! is read from its properties and its workload.

use std::collections::{BTreeMap, BTreeSet};

use super::summary::ConfigurationSummary;
use crate::profile::{headers_text, key_text, partitioner_text, topics_text};
use crate::protocol::{Serialization, Size};

/// A configuration's value on one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValue {
    /// As printed.
    pub text: String,
    /// As a number, where it is one.
    pub number: Option<f64>,
}

/// Every axis of a run, in the matrix's order, that has at least two values.
pub fn moved(configurations: &[ConfigurationSummary]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut known = BTreeSet::new();
    for axis in configurations.iter().flat_map(|configuration| &configuration.axes) {
        if known.insert(&axis.axis) {
            names.push(axis.axis.clone());
        }
    }
    names.retain(|name| {
        let values: BTreeSet<String> = configurations.iter().map(|c| value(c, name).text).collect();
        values.len() > 1
    });
    names
}

/// The value of one configuration on an axis, whether it names the axis or not.
pub fn value(configuration: &ConfigurationSummary, axis: &str) -> AxisValue {
    if let Some(setting) = configuration.axes.iter().find(|setting| setting.axis == axis) {
        return AxisValue {
            text: setting.value.clone(),
            number: setting.number,
        };
    }
    let workload = &configuration.workload;
    let text = match axis {
        "send.mode" => workload.send_mode.to_string(),
        "send.concurrency" => workload.send_concurrency.to_string(),
        "client" => workload.client.to_string(),
        "producers" => workload.producers.to_string(),
        "partitions" => configuration.partitions.to_string(),
        "acks" => configuration.acks.to_string(),
        "tombstones" => workload.records.tombstones.to_string(),
        "timestamps" => workload.records.timestamps.to_string(),
        "topics" => topics_text(&workload.records.topics, configuration.partitions),
        "key" => key_text(&workload.records.key),
        "headers" => headers_text(&workload.records.headers),
        "partitioner" if !workload.records.partitioner.is_default() => partitioner_text(workload.records.partitioner),
        "rate" => match workload.arrival.constant_rate_per_s() {
            Some(rate_per_s) => rate_per_s.to_string(),
            None => workload.arrival.to_string(),
        },
        "arrival" => workload.arrival.to_string(),
        "record" => serialized(configuration, |one| one.record.to_string()),
        "value.serializer" => serialized(configuration, |one| one.value.to_string()),
        "record.size" => match &workload.payload.size {
            Size::Fixed { bytes } => bytes.to_string(),
            other => format!("up to {}", other.max_bytes()),
        },
        _ => property(configuration, axis),
    };
    let number = text.parse().ok();
    AxisValue { text, number }
}

/// Of values that are not serialized: "none".
fn serialized(configuration: &ConfigurationSummary, text: impl FnOnce(&Serialization) -> String) -> String {
    let serialization = configuration.workload.serialization.as_ref();
    serialization.map_or_else(|| "none".to_owned(), text)
}

fn property(configuration: &ConfigurationSummary, axis: &str) -> String {
    let alias = if axis == "compression.type" {
        "compression.codec"
    } else {
        axis
    };
    [&configuration.properties, &configuration.effective_properties]
        .into_iter()
        .find_map(|properties| properties.get(axis).or_else(|| properties.get(alias)))
        .cloned()
        .unwrap_or_else(|| "default".to_owned())
}

/// Configurations that agree on every axis but those left free.
#[derive(Clone, Debug)]
pub struct Slice {
    /// What they agree on: axis and value, in the matrix's order.
    pub fixed: Vec<(String, String)>,
    /// Their places in the run's list.
    pub members: Vec<usize>,
}

impl Slice {
    /// What they agree on, in words; empty where there is no other axis.
    pub fn fixed_text(&self) -> String {
        let parts: Vec<String> = self
            .fixed
            .iter()
            .map(|(axis, value)| format!("{axis}={value}"))
            .collect();
        parts.join(" ")
    }
}

/// All slices with the axes in `free` left free. `axes` are the run's [`moved`] axes.
pub fn slices(configurations: &[ConfigurationSummary], axes: &[String], free: &[&str]) -> Vec<Slice> {
    let mut by_key: BTreeMap<Vec<String>, Slice> = BTreeMap::new();
    for (place, configuration) in configurations.iter().enumerate() {
        let fixed: Vec<(String, String)> = axes
            .iter()
            .filter(|axis| !free.contains(&axis.as_str()))
            .map(|axis| (axis.clone(), value(configuration, axis).text))
            .collect();
        let key = fixed.iter().map(|(_, value)| value.clone()).collect();
        by_key
            .entry(key)
            .or_insert_with(|| Slice {
                fixed,
                members: Vec::new(),
            })
            .members
            .push(place);
    }
    let mut slices: Vec<Slice> = by_key.into_values().collect();
    slices.sort_by_key(|slice| slice.members[0]);
    slices
}

/// The values of an axis within some configurations, in numeric order where all are numbers, else as they come.
pub fn values_of(configurations: &[ConfigurationSummary], members: &[usize], axis: &str) -> Vec<AxisValue> {
    let mut values: Vec<AxisValue> = Vec::new();
    for &member in members {
        let found = value(&configurations[member], axis);
        if !values.iter().any(|known| known.text == found.text) {
            values.push(found);
        }
    }
    if axis == "acks" {
        // From the weakest to the strongest: 0, 1, all.
        values.sort_by(|a, b| a.text.cmp(&b.text));
    } else if values.iter().all(|value| value.number.is_some()) {
        values.sort_by(|a, b| a.number.unwrap_or(0.0).total_cmp(&b.number.unwrap_or(0.0)));
    }
    values
}

/// Whether an axis is one of numbers in this run.
pub fn is_numeric(configurations: &[ConfigurationSummary], axis: &str) -> bool {
    configurations
        .iter()
        .all(|configuration| value(configuration, axis).number.is_some())
}
