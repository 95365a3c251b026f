//! One configuration's properties, translated by meaning into what librdkafka is given.

use std::collections::BTreeMap;

use super::adjust;
use super::check::{Meaning, meaning};
use super::java::{self, Class};
use super::{Given, Kind, is_connection, librdkafka};
use crate::profile::error::Problem;
use crate::profile::model::Defaults;
use crate::protocol::Acks;

/// What a configuration's properties come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Translation {
    /// What the client is given, in librdkafka's names.
    pub effective: BTreeMap<String, String>,
    /// Which given property set which effective one.
    pub origins: BTreeMap<String, Given>,
    /// `max.block.ms`.
    pub max_block_ms: u64,
    /// What a reader must know about this configuration.
    pub notes: Vec<String>,
    /// What a reader must know about every configuration of its kind: said once for the run.
    pub general: Vec<String>,
    /// Whether each record is to go to the next partition: no property of librdkafka says so.
    pub round_robin: bool,
    /// Rules broken.
    pub problems: Vec<Problem>,
}

impl Translation {
    /// The value in effect: as set or defaulted by the profile's world, else librdkafka's default.
    pub fn value(&self, name: &str) -> &str {
        let default = || librdkafka::find(name).map_or("", |property| property.default);
        self.effective.get(name).map_or_else(default, String::as_str)
    }

    /// The value in effect as a number; 0 where it is none.
    pub fn number(&self, name: &str) -> f64 {
        self.value(name).parse().unwrap_or(0.0)
    }

    /// `acks` in effect.
    pub fn acks(&self) -> Acks {
        match self.value("acks") {
            "0" => Acks::None,
            "1" => Acks::Leader,
            _ => Acks::All,
        }
    }

    /// Sets an effective property, within librdkafka's range.
    pub(in crate::profile) fn set(&mut self, name: &str, value: &str, from: Option<&Given>) {
        let clamped = clamp(name, value);
        if let Some(given) = from {
            if clamped != value {
                self.notes.push(format!(
                    "{}={} is outside librdkafka's range: {name}={clamped} is used",
                    given.name, given.value
                ));
            }
            if let Some(earlier) = self.origins.get(name).filter(|earlier| earlier.name != given.name) {
                self.problems.push(Problem {
                    message: format!("{name} is set twice: by {} and by {}", earlier.name, given.name),
                    labels: vec![
                        (given.key, "sets it again".to_owned()),
                        (earlier.key, "sets it first".to_owned()),
                    ],
                    remedy: "keep one of them".to_owned(),
                });
            }
            self.origins.insert(name.to_owned(), given.clone());
        }
        self.effective.insert(name.to_owned(), clamped);
    }

    /// Sets an effective property unless the profile set it itself.
    pub(super) fn set_unless_given(&mut self, name: &str, value: &str) -> bool {
        let free = !self.origins.contains_key(name);
        if free {
            self.set(name, value, None);
        }
        free
    }
}

/// The value, moved into librdkafka's range where it is a number outside of it.
fn clamp(name: &str, value: &str) -> String {
    let Some(Kind::Integer(least, most) | Kind::Decimal(least, most)) = librdkafka::find(name).map(|row| row.kind)
    else {
        return value.to_owned();
    };
    match value.parse::<f64>() {
        Ok(number) if number < least as f64 => least.to_string(),
        Ok(number) if number > most as f64 => most.to_string(),
        _ => value.to_owned(),
    }
}

/// Translates checked properties of one configuration. Connection properties are not among them.
pub(crate) fn translate(given: &[Given], defaults: Defaults) -> Translation {
    let mut translation = Translation {
        max_block_ms: 60_000,
        ..Translation::default()
    };
    if defaults == Defaults::Java {
        let load = java::all().filter(|row| matches!(row.class, Class::Translated { .. }) && !is_connection(row.name));
        for property in load.filter(|row| !row.default.is_empty()) {
            apply_java(&mut translation, property.name, property.default, None);
        }
    }
    for property in given {
        match meaning(&property.name, defaults) {
            Some(Meaning::Java(row)) => match row.class {
                Class::Accepted { note } => {
                    translation
                        .notes
                        .push(format!("{}: taken, but does not touch the load: {note}", property.name));
                }
                _ => apply_java(&mut translation, &property.name, &property.value, Some(property)),
            },
            Some(Meaning::Librdkafka(_)) => {
                let name = librdkafka::canonical(&property.name).to_owned();
                let value = if name == "acks" {
                    plain_acks(&property.value)
                } else {
                    &property.value
                };
                translation.set(&name, value, Some(property));
            }
            None => {}
        }
    }
    let find = |name: &str| given.iter().find(|property| property.name == name);
    queue_and_batch_limits(&mut translation, defaults, find("buffer.memory"));
    compression_level(&mut translation, given, defaults);
    partitioner(&mut translation, given, defaults);
    adjust::idempotence(&mut translation, defaults);
    adjust::delivery_timeout(&mut translation, given, defaults);
    translation
}

fn plain_acks(value: &str) -> &str {
    if value == "-1" { "all" } else { value }
}

/// One of Java's properties that stand for themselves; those that depend on others follow later.
fn apply_java(translation: &mut Translation, name: &str, value: &str, from: Option<&Given>) {
    let number: i64 = value.parse().unwrap_or(0);
    match name {
        "acks" => translation.set("acks", plain_acks(value), from),
        "batch.size" if number == 0 => {
            translation.set("batch.size", "1", from);
            translation
                .notes
                .push("batch.size=0 means no batching: every record is a batch of its own".to_owned());
        }
        "buffer.memory" => translation.set("queue.buffering.max.kbytes", &(number / 1024).max(1).to_string(), from),
        "client.id" if value.is_empty() => {}
        "compression.gzip.level" | "compression.lz4.level" | "compression.zstd.level" => {}
        "partitioner.class" | "partitioner.ignore.keys" => {}
        "connections.max.idle.ms" => translation.set(name, &number.max(0).to_string(), from),
        "max.block.ms" => max_block(translation, number),
        "max.request.size" => translation.set("message.max.bytes", value, from),
        "metadata.max.age.ms" => {
            translation.set("topic.metadata.refresh.interval.ms", &number.max(1).to_string(), from)
        }
        "receive.buffer.bytes" => translation.set("socket.receive.buffer.bytes", &number.max(0).to_string(), from),
        "send.buffer.bytes" => translation.set("socket.send.buffer.bytes", &number.max(0).to_string(), from),
        "request.timeout.ms" => {
            translation.set("socket.timeout.ms", value, from);
            translation.set("request.timeout.ms", value, from);
        }
        _ => translation.set(name, value, from),
    }
}

/// Longest `max.block.ms`: 24 days, librdkafka's own longest time. With more, a moment in µs could overflow.
const MAX_BLOCK_MS: u64 = i32::MAX as u64;

fn max_block(translation: &mut Translation, asked_ms: i64) {
    let asked_ms = u64::try_from(asked_ms).unwrap_or(0);
    translation.max_block_ms = asked_ms.min(MAX_BLOCK_MS);
    if asked_ms > MAX_BLOCK_MS {
        translation
            .notes
            .push(format!("max.block.ms={asked_ms}: {MAX_BLOCK_MS} (24 days) is used"));
    }
}

/// Where Java's limits rule, librdkafka's own limits on records must not get in their way.
fn queue_and_batch_limits(translation: &mut Translation, defaults: Defaults, buffer_memory: Option<&Given>) {
    if defaults == Defaults::Java {
        let batch = translation.set_unless_given("batch.num.messages", "1000000");
        let queue = translation.set_unless_given("queue.buffering.max.messages", "0");
        if batch && queue {
            translation.general.push(
                "Java's limits are counted in bytes alone: batch.num.messages=1000000 and queue.buffering.max.messages=0 \
                 (no limit) are set, so that batch.size and buffer.memory rule. librdkafka counts the bytes of waiting \
                 values, without keys and framing, where the Java client counts whole batch buffers"
                    .to_owned(),
            );
        }
        if translation.value("compression.type") != "none" {
            translation.general.push(
                "where a codec is on: batch.size is counted before compression by librdkafka, after it by the Java \
                 client, so compressed batches are smaller here than Java's by about the compression ratio"
                    .to_owned(),
            );
        }
    } else if buffer_memory.is_some() && translation.set_unless_given("queue.buffering.max.messages", "0") {
        translation.general.push(
            "buffer.memory is the queue's limit: queue.buffering.max.messages=0 (no limit) is set. librdkafka counts \
             the bytes of waiting values, without keys and framing, where the Java client counts whole batch buffers"
                .to_owned(),
        );
    }
}

/// `compression.level` from the level of the codec in effect.
fn compression_level(translation: &mut Translation, given: &[Given], defaults: Defaults) {
    let codec = translation.value("compression.type").to_owned();
    let own_level = translation.origins.get("compression.level").cloned();
    if let Some(level) = own_level {
        let most = match codec.as_str() {
            "gzip" => 9,
            "lz4" | "zstd" => 12,
            _ => -1,
        };
        if most < 0 {
            translation.effective.remove("compression.level");
            if level.value != "-1" {
                translation
                    .notes
                    .push(format!("compression.level is a no-op with compression.type={codec}"));
            }
        } else if level.value.parse::<i64>().unwrap_or(-1) > most {
            translation.set("compression.level", &most.to_string(), None);
            translation.notes.push(format!(
                "compression.level={} is above {codec}'s greatest: {most} is used",
                level.value
            ));
        }
        return;
    }
    let name = format!("compression.{codec}.level");
    for level in given.iter().filter(|property| {
        matches!(
            property.name.as_str(),
            "compression.gzip.level" | "compression.lz4.level" | "compression.zstd.level"
        )
    }) {
        if level.name != name {
            translation
                .notes
                .push(format!("{} is a no-op with compression.type={codec}", level.name));
        }
    }
    let set = given.iter().find(|property| property.name == name);
    let default = java::find(&name)
        .filter(|_| defaults == Defaults::Java)
        .map(|row| row.default);
    let Some(level) = set.map(|property| property.value.as_str()).or(default) else {
        return;
    };
    let level: i64 = level.parse().unwrap_or(-1);
    let translated = java_level(&codec, level);
    match translated {
        Ok((level, note)) => {
            translation.set("compression.level", &level.to_string(), set);
            translation.notes.extend(note);
        }
        Err((why, remedy)) => {
            if let Some(property) = set {
                translation.problems.push(Problem::at(
                    property.place,
                    format!("{name}={level} cannot be done here: {why}"),
                    "impossible with librdkafka",
                    remedy,
                ));
            }
        }
    }
}

/// librdkafka's `compression.level` for Java's level of a codec, with a note where they are not quite the same.
type JavaLevel = Result<(i64, Option<String>), (&'static str, &'static str)>;

fn java_level(codec: &str, level: i64) -> JavaLevel {
    match (codec, level) {
        // The Java client takes level 9, its default, for "use the fast compressor" (Lz4BlockOutputStream.java).
        ("lz4", 9) => Ok((-1, None)),
        ("lz4", 1 | 2) => Ok((
            3,
            Some(format!(
                "compression.lz4.level={level}: 3 is librdkafka's lowest level of high compression, and is used"
            )),
        )),
        // Both end in lz4's own greatest level, 12.
        ("lz4", 12..) => Ok((12, None)),
        ("gzip", 0) => Err((
            "0 is no level of gzip for the Java client",
            "use 1 to 9, or -1 for zlib's default",
        )),
        ("zstd", ..0) => Err((
            "librdkafka has no levels of zstd below 0 (its -1 is zstd's default, 3)",
            "use 1 to 12; for less work per byte compare lz4 or snappy",
        )),
        ("zstd", 13..) => Err(("librdkafka's compression.level ends at 12", "use 12 or less")),
        _ => Ok((level, None)),
    }
}

/// Java's partitioning: murmur2 of the key; without keys, a partition is kept for a while.
fn partitioner(translation: &mut Translation, given: &[Given], defaults: Defaults) {
    let find = |name: &str| given.iter().find(|property| property.name == name);
    let class = find("partitioner.class").filter(|class| !class.value.is_empty());
    if let Some(class) = class {
        if class.value.rsplit('.').next() == Some("RoundRobinPartitioner") {
            translation.round_robin = true;
        } else {
            translation.problems.push(Problem::at(
                class.place,
                "partitioner.class cannot be done here: it is a Java class".to_owned(),
                "impossible with librdkafka",
                "leave it out for the default partitioner, or name RoundRobinPartitioner",
            ));
        }
        return;
    }
    if let Some(ignore) = find("partitioner.ignore.keys").filter(|ignore| ignore.value == "true") {
        translation.set("partitioner", "random", Some(ignore));
    }
    if defaults == Defaults::Java {
        if !translation.effective.contains_key("partitioner") {
            translation.set("partitioner", "murmur2_random", None);
        }
        if translation.number("linger.ms") == 0.0 && translation.set_unless_given("sticky.partitioning.linger.ms", "1")
        {
            translation.general.push(
                "where linger.ms=0: the Java client keeps to a partition until batch.size bytes went there, librdkafka \
                 for 2 × linger.ms, which would be not at all: sticky.partitioning.linger.ms=1 is set"
                    .to_owned(),
            );
        }
    }
}
