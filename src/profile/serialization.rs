//! How a configuration's values become bytes: serializers by their words and by their Java classes, and the rules of what
//! goes together.

use super::document::Node;
use super::error::Problem;
use super::matrix::Matrix;
use super::model::TopicSettings;
use super::properties::Given;
use super::read::Context;
use super::schema_registry::SchemaRegistry;
use super::source::Place;
use super::workload::{LoadKey, LoadSetting, LoadSettings};
use crate::protocol::{Key, KeyForm, RecordKind, SchemaFile, Serialization, SerializerKind, Size, SubjectNameStrategy};

/// Java's serializers by their classes, packages left out: kafka-clients 4.3, spring-kafka 4.0, Confluent 7.9.
const CLASSES: &[(&str, SerializerKind)] = &[
    (
        "org.apache.kafka.common.serialization.ByteArraySerializer",
        SerializerKind::Bytes,
    ),
    (
        "org.apache.kafka.common.serialization.ByteBufferSerializer",
        SerializerKind::Bytes,
    ),
    (
        "org.apache.kafka.common.serialization.BytesSerializer",
        SerializerKind::Bytes,
    ),
    (
        "org.apache.kafka.common.serialization.StringSerializer",
        SerializerKind::String,
    ),
    (
        "org.springframework.kafka.support.serializer.JsonSerializer",
        SerializerKind::Json,
    ),
    (
        "org.springframework.kafka.support.serializer.JacksonJsonSerializer",
        SerializerKind::Json,
    ),
    (
        "io.confluent.kafka.serializers.KafkaJsonSerializer",
        SerializerKind::Json,
    ),
    (
        "io.confluent.kafka.serializers.KafkaAvroSerializer",
        SerializerKind::Avro,
    ),
    (
        "io.confluent.kafka.streams.serdes.avro.SpecificAvroSerializer",
        SerializerKind::Avro,
    ),
    (
        "io.confluent.kafka.streams.serdes.avro.GenericAvroSerializer",
        SerializerKind::Avro,
    ),
];

/// The serializer of a word or of a Java class, with or without its package.
pub(crate) fn serializer_of(name: &str) -> Option<SerializerKind> {
    let name = name.trim();
    let by_class = CLASSES
        .iter()
        .find(|(class, _)| *class == name || class.rsplit('.').next() == Some(name));
    by_class.map(|(_, kind)| *kind).or_else(|| name.parse().ok())
}

/// Reads a serializer.
pub(crate) fn read_serializer(what: &str, node: &Node, context: &mut Context) -> Option<SerializerKind> {
    let text = context.text(what, node)?;
    let found = serializer_of(&text);
    if found.is_none() {
        context.problem(Problem::at(
            node.place,
            format!("{what} has no such value"),
            format!("{text:?} is no serializer that kpbench has"),
            "write bytes, string, json, avro or custom, or the class of Kafka's, Spring's or Confluent's serializer, as in \
             StringSerializer, JsonSerializer, KafkaAvroSerializer",
        ));
    }
    found
}

/// Java's serializers whose bytes a form of numbered keys has.
const KEY_FORMS: [(&str, &str); 2] = [("LongSerializer", "binary"), ("UUIDSerializer", "uuid")];

/// Reads the serializer of keys, which are made as texts or bytes already.
pub(crate) fn read_key_serializer(what: &str, node: &Node, context: &mut Context) -> Option<SerializerKind> {
    let text = context.text(what, node)?;
    let class = text.trim().rsplit('.').next().unwrap_or_default();
    let form = KEY_FORMS.iter().find(|(java, _)| *java == class);
    let (message, remedy) = match (serializer_of(&text), form) {
        (Some(found @ (SerializerKind::Bytes | SerializerKind::String)), _) => return Some(found),
        (_, Some((java, form))) => (
            format!("{what} takes string or bytes"),
            format!("{java}'s bytes are a form of the key: key = {{…, form = \"{form}\"}}, without {what}"),
        ),
        _ => (
            format!("keys are not serialized as {}", text.trim()),
            "take string or bytes; numbered keys have a form: \"text\", \"binary\" (LongSerializer) or \"uuid\""
                .to_owned(),
        ),
    };
    context.problem(Problem::at(node.place, message, "keys are texts or bytes", remedy));
    None
}

/// A serializer of keys that does not fit them.
pub(crate) fn check_key_serializer(
    load: &LoadSettings,
    place: &dyn Fn(LoadKey) -> Option<Place>,
) -> Result<Option<String>, Problem> {
    let Some(own) = place(LoadKey::KeySerializer) else {
        return Ok(None);
    };
    let string = load.get(LoadKey::KeySerializer) == LoadSetting::KeySerializer(SerializerKind::String);
    match load.get(LoadKey::Key) {
        LoadSetting::Key(Key::None) => Ok(Some("key.serializer has no effect: records have no key".to_owned())),
        LoadSetting::Key(Key::Sequential { form } | Key::Uniform { form, .. } | Key::Zipf { form, .. })
            if string && form == KeyForm::Binary =>
        {
            Err(Problem::at(
                own,
                "keys of 8 bytes are no strings",
                "StringSerializer writes texts",
                "take key.serializer = \"bytes\", or form = \"text\" in the key",
            ))
        }
        _ => Ok(None),
    }
}

/// Reads the file of an Avro schema.
pub(crate) fn read_schema(node: &Node, context: &mut Context) -> Option<SchemaFile> {
    let name = context.text("schema", node)?;
    let path = context.base_dir.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(SchemaFile { path, text }),
        Err(error) => {
            context.problem(Problem::at(
                node.place,
                "the schema cannot be read",
                error.to_string(),
                format!("paths start at the profile's directory: {}", path.display()),
            ));
            None
        }
    }
}

/// What a configuration's settings come to.
pub(crate) struct Resolved {
    /// None: values are those of the payload.
    pub serialization: Option<Serialization>,
    /// What does not go together.
    pub problems: Vec<Problem>,
    /// What is to be told.
    pub notes: Vec<String>,
}

/// Puts the settings of one configuration together. `class` is the `value.serializer` among the producer's properties;
/// `place` says where a setting stands.
pub(crate) fn resolve(
    load: &LoadSettings,
    class: Option<&Given>,
    registry: &SchemaRegistry,
    topic: &TopicSettings,
    place: &dyn Fn(LoadKey) -> Option<Place>,
) -> Resolved {
    let LoadSetting::Record(named) = load.get(LoadKey::Record) else {
        return Resolved::none();
    };
    let waiting = is_of_users(load);
    let record = named.or(waiting.then_some(RecordKind::CouponIssue));
    let own = match load.get(LoadKey::ValueSerializer) {
        LoadSetting::ValueSerializer(own) => own,
        _ => None,
    };
    let Some(record) = record else {
        return Resolved {
            serialization: None,
            problems: own.and_then(|own| without_record(own, place)).into_iter().collect(),
            notes: own.and_then(unused_string).into_iter().collect(),
        };
    };
    let cost = !matches!(load.get(LoadKey::SerializeCost), LoadSetting::SerializeCost(false));
    let mut problems = Vec::new();
    let overruled = own
        .zip(class)
        .filter(|(own, class)| serializer_of(&class.value) != Some(*own));
    let notes = overruled.map(|(own, class)| {
        format!(
            "value.serializer={} is not run: [workload] value-serializer says {own}",
            class.value
        )
    });
    if waiting {
        problems.extend(check_users(record, cost, place));
    }
    let value = match (own, class) {
        (Some(own), _) => own,
        (None, None) => SerializerKind::Json,
        (None, Some(class)) => serializer_of(&class.value).unwrap_or_else(|| {
            problems.push(Problem::at(
                class.place,
                format!(
                    "{} cannot be run here: it is a Java class that kpbench has no counterpart of",
                    class.value
                ),
                "unknown serializer",
                "say with [workload] value-serializer how its values are made: string, json, avro or custom",
            ));
            SerializerKind::Json
        }),
    };
    if value == SerializerKind::Bytes {
        problems.push(placed(
            place(LoadKey::ValueSerializer).or(class.map(|class| class.place)),
            format!("the record {record} cannot be serialized as bytes"),
            "takes values as they are",
            match waiting {
                true => "take string, json, avro or custom",
                false => {
                    "take string, json, avro or custom; or leave `record` out, and values are those of the payload"
                }
            },
        ));
    }
    let schema = match load.get(LoadKey::Schema) {
        LoadSetting::Schema(schema) if value == SerializerKind::Avro => schema,
        _ => None,
    };
    if value == SerializerKind::Avro {
        let at = place(LoadKey::ValueSerializer).or(class.map(|class| class.place));
        problems.extend(check_registry(at, registry, topic));
    }
    Resolved {
        serialization: Some(Serialization {
            record,
            value,
            schema,
            schema_id: None,
            on_sending_path: cost,
        }),
        problems,
        notes: notes.into_iter().collect(),
    }
}

/// Whether records are those of users in waiting queues.
fn is_of_users(load: &LoadSettings) -> bool {
    match load.get(LoadKey::Arrival) {
        LoadSetting::Arrival(arrival) => arrival.scheduled_drain().is_some(),
        _ => false,
    }
}

/// The record of a waiting user is the coupon service's, and is made when it is sent.
fn check_users(record: RecordKind, cost: bool, place: &dyn Fn(LoadKey) -> Option<Place>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if record != RecordKind::CouponIssue {
        problems.push(placed(
            place(LoadKey::Record),
            format!("the record {record} with the arrival pattern scheduled-drain"),
            "the records are the coupon service's",
            "leave it out: they are coupon-issue",
        ));
    }
    if !cost {
        problems.push(placed(
            place(LoadKey::SerializeCost),
            "records of waiting users cannot be serialized before the trial".to_owned(),
            "nobody waits then",
            "leave serialize-cost (--no-serialize-cost) out: serialization is timed, and told apart",
        ));
    }
    problems
}

impl Resolved {
    fn none() -> Resolved {
        Resolved {
            serialization: None,
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }
}

fn placed(place: Option<Place>, message: String, label: &str, remedy: &str) -> Problem {
    match place {
        Some(place) => Problem::at(place, message, label, remedy),
        None => Problem::nowhere(message, remedy),
    }
}

/// Values of the payload are bytes already: typed serializers have nothing to work on.
fn without_record(own: SerializerKind, place: &dyn Fn(LoadKey) -> Option<Place>) -> Option<Problem> {
    matches!(
        own,
        SerializerKind::Json | SerializerKind::Avro | SerializerKind::Custom
    )
    .then(|| {
        placed(
            place(LoadKey::ValueSerializer),
            format!("value-serializer = \"{own}\" has no record to serialize"),
            "values of the payload are bytes already",
            "add record = \"coupon-issue\" or record = \"order\" under [workload]",
        )
    })
}

/// A string's bytes are those of the payload.
fn unused_string(own: SerializerKind) -> Option<String> {
    (own == SerializerKind::String)
        .then(|| "value-serializer = \"string\" has no effect: without a record, values are bytes already".to_owned())
}

/// Avro needs a registry, and a subject that can be there.
fn check_registry(at: Option<Place>, registry: &SchemaRegistry, topic: &TopicSettings) -> Option<Problem> {
    if !registry.is_set() {
        return Some(placed(
            at,
            "avro needs a Schema Registry".to_owned(),
            "its ids come from there",
            "add url = \"http://host:8081\" under [schema-registry]",
        ));
    }
    let settings = registry.settings()?;
    let by_topic = settings.strategy != SubjectNameStrategy::RecordName;
    let asks_only = settings.use_latest || !settings.register;
    let setting = if settings.use_latest {
        "use.latest.version"
    } else {
        "auto.register.schemas"
    };
    (by_topic && asks_only && topic.existing.is_none()).then(|| {
        let place = registry
            .given
            .iter()
            .find(|given| given.name == setting)
            .map(|given| given.place);
        placed(
            place.or(at),
            format!("{setting} looks for a subject that cannot exist: each trial has a fresh topic of its own"),
            "no subject of that name yet",
            "set value.subject.name.strategy=RecordNameStrategy, or name a topic with topic.existing",
        )
    })
}

/// Warns of settings that no configuration uses, so that nothing is ignored silently.
pub(crate) fn warn_without_effect<'a>(
    serializations: impl Iterator<Item = Option<&'a Serialization>>,
    fixed: &[(LoadKey, Place)],
    matrix: &Matrix,
    context: &mut Context,
) {
    let all: Vec<Option<&Serialization>> = serializations.collect();
    let is_given = |key: LoadKey| {
        fixed.iter().any(|(other, _)| *other == key) || matrix.axes.iter().any(|axis| axis.name == key.name())
    };
    if !all.iter().flatten().any(|one| one.value == SerializerKind::Avro) && is_given(LoadKey::Schema) {
        context.warn("schema has no effect: only the serializer avro takes one, and no configuration has it");
    }
    if !all.is_empty() && all.iter().all(Option::is_some) {
        for key in [LoadKey::RecordSize, LoadKey::Payload]
            .into_iter()
            .filter(|key| is_given(*key))
        {
            let name = key.name();
            context.warn(format!(
                "{name} has no effect: the logical record says what values hold, and how large they are"
            ));
        }
    }
    if all.iter().all(Option::is_none) && is_given(LoadKey::SerializeCost) {
        context.warn("serialize-cost has no effect: without a record, values are bytes already");
    }
}

/// Sizes in bytes of serialized records: a lower bound, the mean and an upper bound, for limits and estimates. With a schema of the
/// user's own they may differ a little.
pub(crate) fn sizes(record: RecordKind, value: SerializerKind) -> Size {
    let (min_bytes, mean_bytes, max_bytes) = match (record, value) {
        (RecordKind::CouponIssue, SerializerKind::Avro) => (79, 79.0, 79),
        (RecordKind::CouponIssue, SerializerKind::Custom) => (32, 32.0, 32),
        (RecordKind::CouponIssue, _) => (99, 99.0, 99),
        (RecordKind::Order, SerializerKind::Avro) => (110, 179.8, 280),
        (RecordKind::Order, SerializerKind::Custom) => (105, 172.8, 260),
        (RecordKind::Order, _) => (300, 440.9, 600),
    };
    match min_bytes == max_bytes {
        true => Size::Fixed { bytes: max_bytes },
        false => Size::Lines {
            mean_bytes,
            min_bytes,
            max_bytes,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serialize::{AvroSchema, LogicalRecords, Serializers};

    #[test]
    fn java_classes_are_serializers_with_and_without_their_package() {
        for (name, kind) in [
            (
                "org.apache.kafka.common.serialization.StringSerializer",
                SerializerKind::String,
            ),
            ("StringSerializer", SerializerKind::String),
            ("ByteArraySerializer", SerializerKind::Bytes),
            (" JsonSerializer ", SerializerKind::Json),
            (
                "io.confluent.kafka.serializers.KafkaAvroSerializer",
                SerializerKind::Avro,
            ),
            ("custom", SerializerKind::Custom),
        ] {
            assert_eq!(serializer_of(name), Some(kind), "{name}");
        }
        assert_eq!(serializer_of("com.acme.StringSerializer"), None);
    }

    #[test]
    fn the_sizes_are_those_of_the_records() {
        let mut wrong = Vec::new();
        for record in RecordKind::ALL {
            for kind in SerializerKind::ALL {
                if *kind == SerializerKind::Bytes {
                    continue;
                }
                let records = LogicalRecords::generate(*record, 1 << 20, 20_240_229);
                let schema = AvroSchema::of(*record, None).unwrap();
                let schema = (*kind == SerializerKind::Avro).then_some((schema, 1));
                let made = Serializers::new(records, *kind, schema).unwrap();
                let (mut least, mut most) = (usize::MAX, 0);
                made.each(|value| (least, most) = (least.min(value.len()), most.max(value.len())))
                    .unwrap();
                let mean = made.total_bytes() as f64 / made.len() as f64;
                let (mean_bytes, min_bytes, max_bytes) = match sizes(*record, *kind) {
                    Size::Fixed { bytes } => (f64::from(bytes), bytes, bytes),
                    Size::Lines {
                        mean_bytes,
                        min_bytes,
                        max_bytes,
                    } => (mean_bytes, min_bytes, max_bytes),
                    other => panic!("another size: {other:?}"),
                };
                let said = format!("{record} {kind}: {least} {mean:.1} {most}");
                let holds = min_bytes as usize <= least && most <= max_bytes as usize;
                if (mean - mean_bytes).abs() >= 1.0 || !holds {
                    wrong.push(said);
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
