//! What records carry: reading sizes and contents, and writing them in words.

use std::path::Path;

use super::document::{Entry, Node, Value};
use super::error::Problem;
use super::payload_file::measured;
use super::quantity::{format_bytes, parse_bytes};
use super::read::{Context, Section};
use super::source::Place;
use crate::protocol::{Content, FileSplit, Size, WeightedSize};

/// Largest record that is taken seriously, in bytes: librdkafka's greatest `message.max.bytes`.
const LARGEST_RECORD: u64 = 1_000_000_000;

/// A number of bytes: an integer, or a quantity.
fn bytes(what: &str, node: &Node, context: &mut Context) -> Option<u32> {
    let text = match &node.value {
        Value::Text(text) | Value::Number(text) => text.clone(),
        _ => {
            context.wrong_type(what, node, "bytes, as in 1000 or \"1 KB\"");
            return None;
        }
    };
    match parse_bytes(&text) {
        Ok(bytes @ 1..=LARGEST_RECORD) => Some(bytes as u32),
        Ok(_) => {
            let expected = "expected 1 byte to 1 GB";
            context.problem(Problem::at(
                node.place,
                format!("{what} is out of range"),
                "out of range",
                expected,
            ));
            None
        }
        Err(expected) => {
            let remedy = "write bytes, or a number with B, KB, MB (powers of 1000), KiB, MiB (of 1024)";
            context.problem(Problem::at(node.place, format!("{what} is no size"), expected, remedy));
            None
        }
    }
}

const SIZE_FORMS: &str = "bytes, \"1 KB\", or one of {distribution = \"uniform\", min, max}, {distribution = \"normal\", \
     mean, deviation, min, max}, {distribution = \"choice\", choices = [{size, weight}, …]}";

/// Reads `record.size`.
pub(super) fn size(node: &Node, context: &mut Context) -> Option<Size> {
    let Value::Table(entries) = &node.value else {
        return bytes("record.size", node, context).map(|bytes| Size::Fixed { bytes });
    };
    let mut table = Section::new("record.size", entries.clone());
    let Some(kind) = table.take("distribution", context) else {
        context.wrong_type("record.size without a distribution", node, SIZE_FORMS);
        return None;
    };
    let distribution = context.text("distribution", &kind.node)?;
    let size = match distribution.as_str() {
        "fixed" => Size::Fixed {
            bytes: required(&mut table, "size", node, context, bytes)?,
        },
        "uniform" => Size::Uniform {
            min_bytes: required(&mut table, "min", node, context, bytes)?,
            max_bytes: required(&mut table, "max", node, context, bytes)?,
        },
        "normal" => Size::Normal {
            mean_bytes: f64::from(required(&mut table, "mean", node, context, bytes)?),
            deviation_bytes: f64::from(required(&mut table, "deviation", node, context, bytes)?),
            min_bytes: required(&mut table, "min", node, context, bytes)?,
            max_bytes: required(&mut table, "max", node, context, bytes)?,
        },
        "choice" => Size::Choice {
            choices: required(&mut table, "choices", node, context, choices)?,
        },
        _ => {
            let label = "expected fixed, uniform, normal or choice";
            let remedy = format!("write {SIZE_FORMS}");
            context.problem(Problem::at(
                kind.node.place,
                "distribution has no such value",
                label,
                remedy,
            ));
            return None;
        }
    };
    table.finish(
        &["distribution", "size", "min", "max", "mean", "deviation", "choices"],
        context,
    );
    if let Size::Uniform { min_bytes, max_bytes }
    | Size::Normal {
        min_bytes, max_bytes, ..
    } = &size
        && min_bytes > max_bytes
    {
        context.problem(Problem::at(
            node.place,
            "record.size has min above max",
            "min > max",
            "exchange them",
        ));
    }
    Some(size)
}

pub(super) fn required<T>(
    table: &mut Section,
    key: &str,
    whole: &Node,
    context: &mut Context,
    read: fn(&str, &Node, &mut Context) -> Option<T>,
) -> Option<T> {
    match table.take(key, context) {
        Some(entry) => read(key, &entry.node, context),
        None => {
            let remedy = format!("add {key} = …");
            context.problem(Problem::at(
                whole.place,
                format!("{key} is missing"),
                "in this table",
                remedy,
            ));
            None
        }
    }
}

fn choices(what: &str, node: &Node, context: &mut Context) -> Option<Vec<WeightedSize>> {
    let Value::Array(items) = &node.value else {
        context.wrong_type(what, node, "an array of {size = …, weight = …}");
        return None;
    };
    let mut choices = Vec::new();
    for item in items {
        let Value::Table(entries) = &item.value else {
            context.wrong_type(what, item, "{size = …, weight = …}");
            return None;
        };
        let mut table = Section::new("choices", entries.clone());
        let size = required(&mut table, "size", item, context, bytes)?;
        let weight = required(&mut table, "weight", item, context, |what, node, context| {
            context.decimal(what, node)
        })?;
        table.finish(&["size", "weight"], context);
        if weight <= 0.0 {
            context.problem(Problem::at(
                item.place,
                "a weight must be above 0",
                "weight",
                "use a weight above 0",
            ));
        }
        choices.push(WeightedSize { bytes: size, weight });
    }
    if choices.is_empty() {
        context.problem(Problem::at(
            node.place,
            "choices is empty",
            "no size",
            "give at least one {size, weight}",
        ));
        return None;
    }
    Some(choices)
}

const CONTENT_FORMS: &str = "\"json\", \"text\", \"random\", {kind = \"ratio\", ratio = 4} or {kind = \"file\", path = \
     \"records.txt\", split = \"lines\"}";

/// Reads `payload`.
pub(super) fn content(node: &Node, context: &mut Context) -> Option<Content> {
    let (word, entries): (String, Vec<Entry>) = match &node.value {
        Value::Text(word) => (word.clone(), Vec::new()),
        Value::Table(entries) => {
            let mut table = Section::new("payload", entries.clone());
            let Some(kind) = table.take("kind", context) else {
                context.wrong_type("payload without a kind", node, CONTENT_FORMS);
                return None;
            };
            (context.text("kind", &kind.node)?, entries.clone())
        }
        _ => {
            context.wrong_type("payload", node, CONTENT_FORMS);
            return None;
        }
    };
    let mut table = Section::new("payload", entries);
    table.take("kind", context);
    let content = match word.as_str() {
        "json" => Content::Json,
        "text" => Content::Text,
        "random" => Content::Random,
        "ratio" => {
            let ratio = required(&mut table, "ratio", node, context, |what, node, context| {
                context.decimal(what, node)
            })?;
            if !(1.0..=1000.0).contains(&ratio) {
                let remedy = "1 cannot be compressed, 4 shrinks to about a quarter";
                context.problem(Problem::at(
                    node.place,
                    "ratio is out of range",
                    "expected 1 to 1000",
                    remedy,
                ));
            }
            Content::Ratio { ratio }
        }
        "file" => file(&mut table, node, context)?,
        _ => {
            let label = "expected json, text, random, ratio or file";
            let remedy = format!("write {CONTENT_FORMS}");
            context.problem(Problem::at(node.place, "payload has no such value", label, remedy));
            return None;
        }
    };
    table.finish(&["kind", "ratio", "path", "split"], context);
    Some(content)
}

fn file(table: &mut Section, node: &Node, context: &mut Context) -> Option<Content> {
    let path = required(table, "path", node, context, |what, node, context| {
        context.text(what, node).map(|path| (path, node.place))
    });
    let split = match table.take("split", context) {
        None => FileSplit::Lines,
        Some(entry) => match context.text("split", &entry.node)?.as_str() {
            "lines" => FileSplit::Lines,
            "size" => FileSplit::Size,
            _ => {
                let remedy = "\"lines\": one record per line; \"size\": records of record.size, one after the other";
                context.problem(Problem::at(
                    entry.node.place,
                    "split has no such value",
                    "lines or size",
                    remedy,
                ));
                return None;
            }
        },
    };
    let (path, place) = path?;
    let full = context.base_dir.join(&path);
    match std::fs::metadata(&full) {
        Ok(metadata) if metadata.is_file() && metadata.len() > 0 => {
            if split == FileSplit::Lines {
                measure_lines(&full, place, context);
            }
            Some(Content::File { path: full, split })
        }
        found => {
            let why = match found {
                Ok(metadata) if metadata.is_file() => "is empty".to_owned(),
                Ok(_) => "is no file".to_owned(),
                Err(error) => format!("cannot be read: {error}"),
            };
            let remedy = format!("paths start at the profile's directory: {}", full.display());
            context.problem(Problem::at(
                place,
                format!("the payload file {path} {why}"),
                "this file",
                remedy,
            ));
            None
        }
    }
}

/// Remembers how large the lines of a payload file are.
fn measure_lines(path: &Path, place: Place, context: &mut Context) {
    if context.payload_lines.contains_key(path) {
        return;
    }
    let why = match measured(path, place) {
        Ok(Some(lines)) => {
            context.payload_lines.insert(path.to_owned(), lines);
            return;
        }
        Ok(None) => "has nothing but empty lines".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    context.problem(Problem::at(
        place,
        format!("the payload file {} {why}", path.display()),
        "this file",
        "give a file with a record on each line, or split = \"size\"",
    ));
}

/// A size in words.
pub(super) fn size_text(size: &Size) -> String {
    let bytes = |bytes: u32| format_bytes(u64::from(bytes));
    match size {
        Size::Fixed { bytes: fixed } => bytes(*fixed),
        Size::Uniform { min_bytes, max_bytes } => format!("uniform({}..{})", bytes(*min_bytes), bytes(*max_bytes)),
        Size::Normal {
            mean_bytes,
            deviation_bytes,
            min_bytes,
            max_bytes,
        } => {
            format!(
                "normal({mean_bytes}±{deviation_bytes} B, {}..{})",
                bytes(*min_bytes),
                bytes(*max_bytes)
            )
        }
        Size::Lines {
            mean_bytes,
            min_bytes,
            max_bytes,
        } => format!(
            "lines(mean {mean_bytes:.0} B, {}..{})",
            bytes(*min_bytes),
            bytes(*max_bytes)
        ),
        Size::Choice { choices } => {
            let each = choices
                .iter()
                .map(|choice| format!("{}:{}", bytes(choice.bytes), choice.weight));
            format!("choice({})", each.collect::<Vec<_>>().join(" "))
        }
    }
}

/// A content in words.
pub(super) fn content_text(content: &Content) -> String {
    match content {
        Content::Json => "json".to_owned(),
        Content::Text => "text".to_owned(),
        Content::Random => "random".to_owned(),
        Content::Ratio { ratio } => format!("ratio({ratio})"),
        Content::File { path, .. } => {
            format!(
                "file({})",
                path.file_name()
                    .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into())
            )
        }
    }
}
