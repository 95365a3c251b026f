//! What records have beside their values: reading keys, partitioners, headers and shares, and writing them in words.

use super::document::{Entry, Node, Value};
use super::error::Problem;
use super::read::{Context, Section};
use crate::protocol::{Header, HeaderContent, Key, KeyForm, Partitioner, PayloadPart};

/// Most keys of a set: whole numbers up to it have an exact `f64`, which Zipf's law is drawn in.
const MOST_KEYS: u64 = 1_000_000_000_000_000;
/// Steepest skew: with more, hardly any record has another key than the first.
const STEEPEST_SKEW: f64 = 10.0;
/// Longest key that is cut from a value, in bytes.
const LONGEST_KEY: u64 = 65_536;

const KEY_FORMS: &str = "\"none\", \"sequential\", {kind = \"uniform\", keys = 10000}, {kind = \"zipf\", keys = 10000, \
     skew = 0.99}, {kind = \"payload\", field = \"customer_id\"} or {kind = \"payload\", bytes = 8}";

/// Reads `key`.
pub(super) fn key(node: &Node, context: &mut Context) -> Option<Key> {
    let (kind, mut table) = kind("key", KEY_FORMS, node, context)?;
    let known: &[&str] = match kind.as_str() {
        "none" => &["kind"],
        "sequential" => &["kind", "form"],
        "uniform" => &["kind", "keys", "form"],
        "zipf" => &["kind", "keys", "skew", "form"],
        "payload" => &["kind", "field", "bytes"],
        _ => {
            let label = "expected none, sequential, uniform, zipf or payload";
            let remedy = format!("write {KEY_FORMS}");
            context.problem(Problem::at(node.place, "key has no such kind", label, remedy));
            return None;
        }
    };
    let given = known.contains(&"form").then(|| table.take("form", context)).flatten();
    let form = match given {
        Some(entry) => form(&entry.node, context),
        None => Some(KeyForm::Text),
    };
    // Everything is read before anything is given up: all that is wrong is told at once.
    let keys = known
        .contains(&"keys")
        .then(|| keys(&mut table, node, context))
        .flatten();
    let skew = known
        .contains(&"skew")
        .then(|| skew(&mut table, node, context))
        .flatten();
    let part = known
        .contains(&"field")
        .then(|| part(&mut table, node, context))
        .flatten();
    table.finish(known, context);
    Some(match kind.as_str() {
        "sequential" => Key::Sequential { form: form? },
        "uniform" => Key::Uniform {
            keys: keys?,
            form: form?,
        },
        "zipf" => Key::Zipf {
            keys: keys?,
            skew: skew?,
            form: form?,
        },
        "payload" => Key::Payload { part: part? },
        _ => Key::None,
    })
}

/// A word, or the `kind` of a table and what else stands in it.
fn kind(name: &'static str, forms: &str, node: &Node, context: &mut Context) -> Option<(String, Section)> {
    match &node.value {
        Value::Text(word) => Some((word.clone(), Section::new(name, Vec::new()))),
        Value::Table(entries) => {
            let mut table = Section::new(name, entries.clone());
            match table.take("kind", context) {
                Some(kind) => Some((context.text("kind", &kind.node)?, table)),
                None => {
                    context.wrong_type(&format!("{name} without a kind"), node, forms);
                    None
                }
            }
        }
        _ => {
            context.wrong_type(name, node, forms);
            None
        }
    }
}

fn form(node: &Node, context: &mut Context) -> Option<KeyForm> {
    match context.text("form", node)?.as_str() {
        "text" => Some(KeyForm::Text),
        "binary" => Some(KeyForm::Binary),
        "uuid" => Some(KeyForm::Uuid),
        _ => {
            let remedy = "\"text\": decimal digits; \"binary\": 8 bytes, big-endian, as LongSerializer; \"uuid\": 36 \
                          characters";
            context.problem(Problem::at(
                node.place,
                "form has no such value",
                "expected text, binary or uuid",
                remedy,
            ));
            None
        }
    }
}

/// An entry that the table must have.
fn required(table: &mut Section, name: &str, whole: &Node, context: &mut Context) -> Option<Entry> {
    let entry = table.take(name, context);
    if entry.is_none() {
        context.problem(Problem::at(
            whole.place,
            format!("{name} is missing"),
            "in this table",
            format!("add {name} = …"),
        ));
    }
    entry
}

fn keys(table: &mut Section, whole: &Node, context: &mut Context) -> Option<u64> {
    let entry = required(table, "keys", whole, context)?;
    context.integer("keys", &entry.node, 1, MOST_KEYS)
}

fn skew(table: &mut Section, whole: &Node, context: &mut Context) -> Option<f64> {
    let entry = required(table, "skew", whole, context)?;
    let skew = context.decimal("skew", &entry.node)?;
    if skew > 0.0 && skew <= STEEPEST_SKEW {
        return Some(skew);
    }
    context.problem(Problem::at(
        entry.node.place,
        "skew is out of range",
        format!("expected above 0, and {STEEPEST_SKEW} at most"),
        "the larger, the more records have the first keys; 0.99 is usual. For keys that are all as likely: kind = \
         \"uniform\"",
    ));
    None
}

fn part(table: &mut Section, whole: &Node, context: &mut Context) -> Option<PayloadPart> {
    match (table.take("field", context), table.take("bytes", context)) {
        (Some(field), None) => Some(PayloadPart::Field {
            name: context.text("field", &field.node)?,
        }),
        (None, Some(bytes)) => {
            let bytes = context.integer("bytes", &bytes.node, 1, LONGEST_KEY)?;
            Some(PayloadPart::Bytes { bytes: bytes as u32 })
        }
        _ => {
            let remedy =
                "field = \"NAME\": that field of the JSON object that each value is; bytes = N: the first bytes";
            context.problem(Problem::at(
                whole.place,
                "which part of the payload is the key?",
                "expected either field or bytes",
                remedy,
            ));
            None
        }
    }
}

/// Reads `partitioner`.
pub(super) fn partitioner(node: &Node, context: &mut Context) -> Option<Partitioner> {
    const FIXED: &str = "{partition = 0}";
    match &node.value {
        Value::Table(entries) => {
            let mut table = Section::new("partitioner", entries.clone());
            let entry = required(&mut table, "partition", node, context)?;
            let partition = context.integer("partition", &entry.node, 0, 10_000)?;
            table.finish(&["partition"], context);
            Some(Partitioner::Partition {
                partition: partition as u32,
            })
        }
        Value::Text(name) => {
            let found = Partitioner::NAMED.into_iter().find(|one| one.name() == name);
            if found.is_none() {
                let names = Partitioner::NAMED.map(Partitioner::name).join(", ");
                context.problem(Problem::at(
                    node.place,
                    "partitioner has no such value",
                    format!("{name:?} is no partitioner"),
                    format!("expected one of {names}, or {FIXED}"),
                ));
            }
            found
        }
        _ => {
            context.wrong_type("partitioner", node, &format!("a partitioner's name, or {FIXED}"));
            None
        }
    }
}

/// Reads `headers`.
pub(super) fn headers(node: &Node, context: &mut Context) -> Option<Vec<Header>> {
    let Value::Table(entries) = &node.value else {
        context.wrong_type(
            "headers",
            node,
            "a table of names and values, as in {source = \"shop\", globalTraceId = {generate = \"uuid\"}}",
        );
        return None;
    };
    let read: Vec<Option<Header>> = entries.iter().map(|entry| header(entry, context)).collect();
    read.into_iter().collect()
}

/// A table within the table comes as the dotted path of its one key.
fn header(entry: &Entry, context: &mut Context) -> Option<Header> {
    let text = context.text(&format!("the header {}", entry.path), &entry.node);
    let (name, value) = match entry.path.strip_suffix(".generate") {
        Some(name) if text.as_deref() == Some("uuid") => (name, HeaderContent::Uuid),
        Some(name) => {
            if text.is_some() {
                context.problem(Problem::at(
                    entry.node.place,
                    format!("nothing of that kind is generated for the header {name}"),
                    "expected uuid",
                    "generate = \"uuid\": a fresh random UUID for each record; for the same value in every record write it \
                     itself",
                ));
            }
            return None;
        }
        None => (entry.path.as_str(), HeaderContent::Fixed { text: text? }),
    };
    if name.is_empty() || name.contains('\0') {
        context.problem(Problem::at(
            entry.key,
            "a header needs a name without NUL bytes",
            "no such name",
            "name it as consumers look for it",
        ));
        return None;
    }
    Some(Header {
        name: name.to_owned(),
        value,
    })
}

/// Reads a share: 0 to 1, or per cent.
pub(super) fn share(name: &str, node: &Node, context: &mut Context) -> Option<f64> {
    let share = match &node.value {
        Value::Number(text) => text.parse::<f64>().ok(),
        Value::Text(text) => {
            let number = text.trim().strip_suffix('%').map(str::trim);
            number
                .and_then(|number| number.parse::<f64>().ok())
                .map(|percent| percent / 100.0)
        }
        _ => None,
    };
    let found = share.filter(|share| (0.0..=1.0).contains(share));
    if found.is_none() {
        context.problem(Problem::at(
            node.place,
            format!("{name} is no share"),
            "expected 0 to 1, or per cent",
            "write a share of the records, as in 0.1 or \"10%\"",
        ));
    }
    found
}

/// A key in words.
pub(crate) fn key_text(key: &Key) -> String {
    let with_form = |text: String, form: &KeyForm| match form {
        KeyForm::Text => text,
        KeyForm::Binary => format!("{text} binary"),
        KeyForm::Uuid => format!("{text} uuid"),
    };
    match key {
        Key::None => "none".to_owned(),
        Key::Sequential { form } => with_form("sequential".to_owned(), form),
        Key::Uniform { keys, form } => with_form(format!("uniform({keys})"), form),
        Key::Zipf { keys, skew, form } => with_form(format!("zipf({keys}, {skew})"), form),
        Key::Payload {
            part: PayloadPart::Field { name },
        } => format!("payload({name})"),
        Key::Payload {
            part: PayloadPart::Bytes { bytes },
        } => format!("payload(first {bytes} B)"),
    }
}

/// A partitioner in words.
pub(crate) fn partitioner_text(partitioner: Partitioner) -> String {
    match partitioner {
        Partitioner::Partition { partition } => format!("partition {partition}"),
        named => named.name().to_owned(),
    }
}

/// Headers in words.
pub(crate) fn headers_text(headers: &[Header]) -> String {
    let of = |header: &Header| match &header.value {
        HeaderContent::Fixed { text } => format!("{}={text}", header.name),
        HeaderContent::Uuid => format!("{}=uuid", header.name),
    };
    match headers {
        [] => "none".to_owned(),
        some => some.iter().map(of).collect::<Vec<_>>().join(" "),
    }
}
