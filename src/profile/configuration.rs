//! From a point of the matrix to a [`Configuration`]: properties translated, an id that is stable over runs, a label.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::drain;
use super::matrix::{Axis, Matrix, Mode, Point};
use super::model::{AxisSetting, Configuration, TopicSettings};
use super::producer::Fixed;
use super::properties::{Given, Translation, librdkafka, translate};
use super::read::Context;
use super::secrets::{MASK, is_secret};
use super::serialization::{check_key_serializer, resolve, sizes};
use super::setting::Setting;
use super::source::Place;
use super::variants;
use super::workload::{LoadKey, LoadSettings};
use crate::protocol::{Arrival, Content, FileSplit, Partitioner, SendMode, Serialization, Workload};

/// A configuration, with what the rules need to look at it.
pub(crate) struct Draft {
    /// The configuration.
    pub configuration: Configuration,
    /// Its properties, translated.
    pub translation: Translation,
    /// Where the size of its records stands, if it is an axis.
    pub record_size: Option<Place>,
}

/// Makes the configuration of one point.
pub(crate) fn draft(
    matrix: &Matrix,
    point: &Point,
    fixed: &Fixed,
    (load, load_keys): (&LoadSettings, &[(LoadKey, Place)]),
    topic: &TopicSettings,
    context: &Context,
) -> Draft {
    let mut load = load.clone();
    let mut given = fixed.properties.clone();
    let mut record_size = None;
    for (axis, value) in matrix.axes.iter().zip(point) {
        let value = &axis.values[*value];
        apply(&value.setting, value.place, &mut load, &mut given, &mut record_size);
    }
    let place = |key: LoadKey| {
        let axis = matrix.axes.iter().zip(point).find(|(axis, _)| axis.name == key.name());
        let of_axis = axis.and_then(|(axis, value)| axis.values[*value].place);
        let fixed = load_keys.iter().find(|(own, _)| *own == key).map(|(_, place)| *place);
        of_axis.or(fixed)
    };
    let class = given.iter().position(|given| given.name == "value.serializer");
    let resolved = resolve(&load, class.map(|at| &given[at]), &fixed.registry, topic, &place);
    if let (Some(at), Some(_)) = (class, &resolved.serialization) {
        // It is run after all: not to be told as one that does not touch the load.
        given.remove(at);
    }
    let mut translation = translate(&given, fixed.defaults);
    translation.problems.extend(resolved.problems);
    translation.notes.extend(resolved.notes);
    match check_key_serializer(&load, &place) {
        Ok(note) => translation.notes.extend(note),
        Err(problem) => translation.problems.push(problem),
    }
    let (partitions, mut workload) = load.workload();
    if let Some(serialization) = &resolved.serialization {
        workload.payload.size = sizes(serialization.record, serialization.value);
        workload.payload.content = Content::Json;
    }
    workload.serialization = resolved.serialization;
    let partitioner = &mut workload.records.partitioner;
    match partitioner.property() {
        Some(name) => translation.set("partitioner", name, None),
        None if translation.round_robin && partitioner.is_default() => *partitioner = Partitioner::RoundRobin,
        None => {}
    }
    let warnings = translation.notes.clone();
    if let Content::File {
        path,
        split: FileSplit::Lines,
    } = &workload.payload.content
        && let Some(lines) = context.payload_lines.get(path)
    {
        workload.payload.size = lines.size.clone();
    }
    if workload.send_mode != SendMode::Sync {
        // Only sync senders have threads of their own: other values would make equal configurations look different.
        workload.send_concurrency = 1;
    }
    let axes = axis_settings(matrix, point, &translation);
    let effective_properties = translation.effective.clone();
    let configuration = Configuration {
        id: id(
            &effective_properties,
            translation.max_block_ms,
            partitions,
            &workload,
            topic,
            &context.base_dir,
            variant(matrix, point),
        ),
        label: label(matrix, point, &axes, workload.send_mode),
        axes,
        properties: given.iter().map(masked).collect(),
        effective_properties,
        max_block_ms: translation.max_block_ms,
        acks: translation.acks(),
        partitions,
        workload,
        warnings,
    };
    Draft {
        configuration,
        translation,
        record_size,
    }
}

/// Puts a setting on top of what is fixed.
fn apply(
    setting: &Setting,
    place: Option<Place>,
    load: &mut LoadSettings,
    given: &mut Vec<Given>,
    record_size: &mut Option<Place>,
) {
    match setting {
        Setting::Load(key, setting) => {
            load.set(*key, setting.clone());
            if *key == LoadKey::RecordSize {
                *record_size = place;
            }
        }
        Setting::Property(property) => {
            let name = librdkafka::canonical(&property.name).to_owned();
            given.retain(|other| librdkafka::canonical(&other.name) != name);
            given.push(property.clone());
        }
        Setting::Default(_) => {}
        Setting::Variant(_, parts) => {
            for part in parts {
                apply(&part.setting, Some(part.place), load, given, record_size);
            }
        }
    }
}

/// The name of the point's variant, where there are variants.
fn variant<'a>(matrix: &'a Matrix, point: &Point) -> Option<&'a str> {
    let (axis, value) = matrix
        .axes
        .iter()
        .zip(point)
        .find(|(axis, _)| axis.name == variants::AXIS)?;
    Some(&axis.values[*value].text)
}

fn masked(given: &Given) -> (String, String) {
    let value = if is_secret(&given.name) {
        MASK.to_owned()
    } else {
        given.value.clone()
    };
    (given.name.clone(), value)
}

/// The axis values in the matrix's order. A default that another setting changed (idempotence under acks=1) is shown as
/// it is in effect.
fn axis_settings(matrix: &Matrix, point: &Point, translation: &Translation) -> Vec<AxisSetting> {
    let setting = |axis: &Axis, index: usize| {
        let value = &axis.values[index];
        let mut setting = AxisSetting {
            axis: axis.name.clone(),
            value: value.text.clone(),
            number: value.number,
        };
        if let Setting::Default(_) = value.setting
            && axis.name == "enable.idempotence"
        {
            setting.value = translation.value(&axis.name).to_owned();
        }
        setting
    };
    matrix
        .axes
        .iter()
        .zip(point)
        .map(|(axis, index)| setting(axis, *index))
        .collect()
}

fn label(matrix: &Matrix, point: &Point, axes: &[AxisSetting], mode: SendMode) -> String {
    let shown: Vec<String> = axes
        .iter()
        .enumerate()
        .filter(|(index, setting)| {
            let is_moved = point[*index] != matrix.axes[*index].base;
            matrix.mode == Mode::Cross || is_moved || setting.axis == variants::AXIS
        })
        .filter(|(_, setting)| mode == SendMode::Sync || setting.axis != LoadKey::SendConcurrency.name())
        .map(|(_, setting)| short(setting))
        .collect();
    match (shown.is_empty(), matrix.mode) {
        (true, Mode::OneAtATime) if !axes.is_empty() => "base".to_owned(),
        (true, _) => "default".to_owned(),
        _ => shown.join(" "),
    }
}

/// An axis value in short: words that explain themselves stand alone.
fn short(setting: &AxisSetting) -> String {
    if let Some(short) = drain::short(&setting.axis, &setting.value) {
        return short;
    }
    match (setting.axis.as_str(), setting.value.as_str()) {
        ("compression.type" | "compression.codec", "none") => "uncompressed".to_owned(),
        (
            "compression.type"
            | "compression.codec"
            | "send.mode"
            | "client"
            | "record"
            | "value.serializer"
            | variants::AXIS
            | "arrival",
            value,
        ) => value.to_owned(),
        ("rate", value) if value == "unpaced" || value.ends_with("/s") => value.to_owned(),
        ("rate", value) => format!("{value}/s"),
        ("record.size", value) if setting.number.is_some() && value.chars().all(|c| c.is_ascii_digit()) => {
            format!("{value} B")
        }
        ("record.size", value) => value.to_owned(),
        (axis, value) => format!("{axis}={value}"),
    }
}

/// An id made of everything that decides what is measured: `c-` and 32 bits of FNV-1a in hexadecimal. A variant's name
/// is part of it, so that two variants which set the same are two configurations.
fn id(
    effective: &BTreeMap<String, String>,
    max_block_ms: u64,
    partitions: u32,
    workload: &Workload,
    topic: &TopicSettings,
    base_dir: &Path,
    variant: Option<&str>,
) -> String {
    let mut workload = workload.clone();
    // The same profile in another directory is the same configuration.
    let relative = |path: &mut PathBuf| {
        if let Ok(relative) = path.strip_prefix(base_dir) {
            *path = relative.to_owned();
        }
    };
    if let Content::File { path, .. } = &mut workload.payload.content {
        relative(path);
    }
    if let Arrival::Trace { path, .. } = &mut workload.arrival {
        relative(path);
    }
    if let Some(Serialization {
        schema: Some(schema), ..
    }) = &mut workload.serialization
        && let Ok(relative) = schema.path.strip_prefix(base_dir)
    {
        schema.path = relative.to_owned();
    }
    let everything = (effective, max_block_ms, partitions, workload, topic);
    // A map with text keys, numbers and words always has a JSON form; `Debug` stands in should that ever change.
    let mut text = serde_json::to_string(&everything).unwrap_or_else(|_| format!("{everything:?}"));
    if let Some(variant) = variant {
        text.push_str("\nvariant ");
        text.push_str(variant);
    }
    let hash = fnv1a(text.as_bytes());
    format!("c-{:08x}", (hash ^ (hash >> 32)) as u32)
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo; <http://www.isthe.com/chongo/tech/comp/fnv/>): the same on every machine.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_has_its_published_values() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
