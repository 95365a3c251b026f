//! Rules on what records have beside their values: keys that tombstones need, parts that a payload has, partitions that
//! exist, and partitioners that are named twice.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::configuration::Draft;
use super::error::Problem;
use super::json_field::json_field;
use super::matrix::{Matrix, Point};
use super::properties::{Given, librdkafka};
use super::read::Context;
use super::setting::Setting;
use super::source::Place;
use super::workload::LoadKey;
use crate::protocol::{
    Content, FileSplit, GENERATED_JSON_BYTES, GENERATED_JSON_FIELDS, Key, MAX_PAYLOAD_POOL_BYTES, Partitioner,
    PayloadPart, Records, Serialization, SerializerKind,
};

/// Where the settings of one configuration stand.
pub(super) struct Settings<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) point: &'a Point,
    /// What is fixed under `[workload]`, with its keys' places.
    pub(super) fixed: &'a [(LoadKey, Place)],
    /// What is fixed under `[producer]`.
    pub(super) properties: &'a [Given],
}

impl Settings<'_> {
    /// Where a setting of the load stands: in the matrix, a variant or `[workload]`; none where it was left out.
    fn place(&self, key: LoadKey) -> Option<Place> {
        let values = self.matrix.axes.iter().zip(self.point);
        let moved = values
            .filter_map(|(axis, value)| axis.values.get(*value))
            .find_map(|value| match &value.setting {
                Setting::Load(own, _) if *own == key => value.place,
                Setting::Variant(_, parts) => parts
                    .iter()
                    .find(|part| matches!(&part.setting, Setting::Load(own, _) if *own == key))
                    .map(|part| part.place),
                _ => None,
            });
        let fixed = self.fixed.iter().find(|(own, _)| *own == key).map(|(_, place)| *place);
        moved.or(fixed)
    }

    pub(super) fn problem(&self, key: LoadKey, message: String, label: &str, remedy: &str, context: &mut Context) {
        context.problem(match self.place(key) {
            Some(place) => Problem::at(place, message, label, remedy),
            None => Problem::nowhere(message, remedy),
        });
    }
}

/// Checks the records of one configuration.
pub(super) fn check(draft: &mut Draft, settings: &Settings<'_>, context: &mut Context) {
    let records = draft.configuration.workload.records.clone();
    if records.are_plain() {
        return;
    }
    if records.tombstones > 0.0 && records.key.is_none() {
        settings.problem(
            LoadKey::Tombstones,
            "a tombstone needs a key, and records have none".to_owned(),
            "records without a value",
            "a record without a value deletes its key: give records a key, as in key = {kind = \"uniform\", keys = 10000}",
            context,
        );
    }
    check_partition(draft, &records, settings, context);
    check_named_twice(&records, settings, context);
    check_payload_key(draft, &records.key, settings, context);
    draft.configuration.warnings.extend(surprises(draft, &records));
}

fn check_partition(draft: &Draft, records: &Records, settings: &Settings<'_>, context: &mut Context) {
    let Partitioner::Partition { partition } = records.partitioner else {
        return;
    };
    let (topic, partitions) = match records.topics.iter().min_by_key(|topic| topic.partitions) {
        Some(topic) => (format!("topic {}", topic.name), topic.partitions),
        None => ("topic".to_owned(), draft.configuration.partitions),
    };
    if partition >= partitions {
        let remedy = match records.topics.is_empty() {
            true => "take a lower one, or raise topic.partitions",
            false => "take a lower one, or raise the topic's partitions: it is the same of every topic",
        };
        settings.problem(
            LoadKey::Partitioner,
            format!("there is no partition {partition}: the {topic} has {partitions}, from 0"),
            "no such partition",
            remedy,
            context,
        );
    }
}

/// Producer properties that choose partitions too.
fn check_named_twice(records: &Records, settings: &Settings<'_>, context: &mut Context) {
    const CHOOSING: [&str; 3] = ["partitioner", "partitioner.class", "partitioner.ignore.keys"];
    let chooses = |given: &&Given| CHOOSING.contains(&librdkafka::canonical(&given.name));
    let also = settings.properties.iter().find(chooses);
    let named = settings
        .place(LoadKey::Partitioner)
        .filter(|_| !records.partitioner.is_default());
    let (Some(given), Some(place)) = (also, named) else {
        return;
    };
    context.problem(Problem {
        message: format!(
            "partitions are chosen by workload.partitioner and by producer.{}",
            given.name
        ),
        labels: vec![(place, "chosen here".to_owned()), (given.key, "and here".to_owned())],
        remedy: "keep one of them".to_owned(),
    });
}

/// Whether every value has the part that is to be its key.
fn check_payload_key(draft: &Draft, key: &Key, settings: &Settings<'_>, context: &mut Context) {
    let Key::Payload { part } = key else { return };
    if let Some(serialization) = &draft.configuration.workload.serialization {
        return check_serialized_key(serialization, part, settings, context);
    }
    let payload = &draft.configuration.workload.payload;
    let name = match part {
        PayloadPart::Field { name } => name,
        PayloadPart::Bytes { bytes } => {
            let largest = payload.size.max_bytes();
            if *bytes > largest {
                let message = format!("the key cannot be the payload's first {bytes} bytes: it has {largest} at most");
                let remedy = "take fewer bytes, or larger records";
                settings.problem(LoadKey::Key, message, "more than there are", remedy, context);
            }
            return;
        }
    };
    let (why, remedy) = match &payload.content {
        Content::Json if !GENERATED_JSON_FIELDS.contains(&name.as_str()) => (
            format!("the generated objects have no field {name}"),
            format!("they have {}", GENERATED_JSON_FIELDS.join(", ")),
        ),
        Content::Json if smallest(draft) < GENERATED_JSON_BYTES => (
            format!(
                "records of {} bytes are too small for a whole JSON object",
                smallest(draft)
            ),
            format!("take records of {GENERATED_JSON_BYTES} bytes or more, or bytes = N"),
        ),
        Content::Json => return,
        Content::File {
            path,
            split: FileSplit::Lines,
        } => match missing_in(path, name, context) {
            Some(why) => (why, "name a field that every line has, or take bytes = N".to_owned()),
            None => return,
        },
        _ => (
            "the payload is not made of JSON objects".to_owned(),
            "take payload = \"json\", a file of JSON lines, or bytes = N".to_owned(),
        ),
    };
    let message = format!("the key cannot be the payload's field {name}: {why}");
    settings.problem(LoadKey::Key, message, "from this field", &remedy, context);
}

/// A key that is a part of a serialized record: found before the trial, in values that are there by then.
fn check_serialized_key(
    serialization: &Serialization,
    part: &PayloadPart,
    settings: &Settings<'_>,
    context: &mut Context,
) {
    if serialization.on_sending_path {
        settings.problem(
            LoadKey::Key,
            format!(
                "the key cannot be a part of the payload: the record {} is serialized while it is sent",
                serialization.record
            ),
            "found before the trial, when there are no values yet",
            "take keys of their own, as in key = {kind = \"uniform\", keys = 10000}, or serialize-cost = false: values are \
             serialized before the trial then",
            context,
        );
        return;
    }
    let PayloadPart::Field { name } = part else { return };
    let text = matches!(serialization.value, SerializerKind::Json | SerializerKind::String);
    let fields = serialization.record.key_fields();
    let (why, remedy) = match (text, fields.contains(&name.as_str())) {
        (true, true) => return,
        (true, false) => (
            format!(
                "the record {} has no field of that name that a key can be made of",
                serialization.record
            ),
            format!("it has {}", fields.join(", ")),
        ),
        (false, _) => (
            format!(
                "values are serialized as {}, and are no JSON objects",
                serialization.value
            ),
            "take value-serializer = \"json\" or \"string\", or bytes = N".to_owned(),
        ),
    };
    let message = format!("the key cannot be the payload's field {name}: {why}");
    settings.problem(LoadKey::Key, message, "from this field", &remedy, context);
}

fn smallest(draft: &Draft) -> u32 {
    super::limits::smallest(&draft.configuration.workload.payload.size) as u32
}

/// Why not every line of a file has a field; looked for once per file and field.
fn missing_in(path: &Path, field: &str, context: &mut Context) -> Option<String> {
    let place = (path.to_owned(), field.to_owned());
    if let Some(known) = context.fields_missing.get(&place) {
        return known.clone();
    }
    let found = first_without(path, field);
    context.fields_missing.insert(place, found.clone());
    found
}

/// As far as records are taken from the file. A line that is cut off there is none of them.
fn first_without(path: &Path, field: &str) -> Option<String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Some(format!("{} cannot be read: {error}", path.display())),
    };
    let mut reader = BufReader::new(file.take(MAX_PAYLOAD_POOL_BYTES as u64));
    let (mut line, mut number, mut read) = (Vec::new(), 0_u64, 0);
    while let Ok(bytes @ 1..) = reader.read_until(b'\n', &mut line) {
        (number, read) = (number + 1, read + bytes);
        let text = line.trim_ascii();
        let cut = read == MAX_PAYLOAD_POOL_BYTES && !line.ends_with(b"\n");
        if !text.is_empty()
            && !cut
            && let Err(why) = json_field(text, field)
        {
            return Some(format!("line {number} of {} {why}", path.display()));
        }
        line.clear();
    }
    None
}

/// What a reader must know of where these records go.
fn surprises(draft: &Draft, records: &Records) -> Vec<String> {
    let partitioner = draft.translation.value("partitioner").to_owned();
    let many = records.most_partitions(draft.configuration.partitions) > 1;
    let mut notes = Vec::new();
    if records.key.is_none()
        && !records.partitioner.is_assigned()
        && many
        && ["consistent", "murmur2", "fnv1a"].contains(&partitioner.as_str())
    {
        notes.push(format!(
            "partitioner {partitioner} hashes the absent key too: every record goes to the same partition. Take \
             {partitioner}_random for records without keys"
        ));
    }
    let asked = |name: &str| {
        draft
            .configuration
            .properties
            .get(name)
            .is_some_and(|value| value == "true")
    };
    if !records.key.is_none() && asked("partitioner.ignore.keys") {
        notes.push(
            "partitioner.ignore.keys=true: librdkafka draws a partition for each record with a key, where the Java client \
             keeps to one until batch.size bytes went there. workload.partitioner = \"java-sticky\" does that for records \
             without keys"
                .to_owned(),
        );
    }
    notes
}
