//! The load's settings: what may stand in `[workload]`, and be an axis of the matrix.

use super::document::{Entry, Node, Value, normalized};
use super::error::Problem;
use super::quantity::{format_bytes, parse_bytes, parse_rate};
use super::read::{Context, Section};
use crate::protocol::{Arrival, ClientKind, Content, FileSplit, Payload, SendMode, Size, WeightedSize, Workload};

/// Largest record that is taken seriously, in bytes: librdkafka's greatest `message.max.bytes`.
const LARGEST_RECORD: u64 = 1_000_000_000;

/// A setting of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LoadKey {
    /// Size of values.
    RecordSize,
    /// What they consist of.
    Payload,
    /// How application code sends.
    SendMode,
    /// Sending threads in `sync` mode.
    SendConcurrency,
    /// Through which programming interface.
    Client,
    /// Client instances.
    Producers,
    /// Records per second.
    Rate,
    /// Partitions of the topic.
    Partitions,
}

/// A setting's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LoadSetting {
    /// Size of values.
    RecordSize(Size),
    /// What they consist of.
    Payload(Content),
    /// How application code sends.
    SendMode(SendMode),
    /// Sending threads in `sync` mode.
    SendConcurrency(u32),
    /// Through which programming interface.
    Client(ClientKind),
    /// Client instances.
    Producers(u32),
    /// Records per second.
    Rate(Arrival),
    /// Partitions of the topic.
    Partitions(u32),
}

impl LoadKey {
    /// Every setting.
    pub const ALL: [LoadKey; 8] = [
        LoadKey::RecordSize,
        LoadKey::Payload,
        LoadKey::SendMode,
        LoadKey::SendConcurrency,
        LoadKey::Client,
        LoadKey::Producers,
        LoadKey::Rate,
        LoadKey::Partitions,
    ];

    /// Its one spelling.
    pub fn name(self) -> &'static str {
        match self {
            LoadKey::RecordSize => "record.size",
            LoadKey::Payload => "payload",
            LoadKey::SendMode => "send.mode",
            LoadKey::SendConcurrency => "send.concurrency",
            LoadKey::Client => "client",
            LoadKey::Producers => "producers",
            LoadKey::Rate => "rate",
            LoadKey::Partitions => "partitions",
        }
    }

    /// The setting of this name.
    pub fn find(name: &str) -> Option<LoadKey> {
        let name = normalized(name);
        LoadKey::ALL.into_iter().find(|key| key.name() == name)
    }

    /// What holds where a profile says nothing.
    pub fn default(self) -> LoadSetting {
        match self {
            LoadKey::RecordSize => LoadSetting::RecordSize(Size::Fixed { bytes: 1000 }),
            LoadKey::Payload => LoadSetting::Payload(Content::Json),
            LoadKey::SendMode => LoadSetting::SendMode(SendMode::Async),
            LoadKey::SendConcurrency => LoadSetting::SendConcurrency(1),
            LoadKey::Client => LoadSetting::Client(ClientKind::Librdkafka),
            LoadKey::Producers => LoadSetting::Producers(1),
            LoadKey::Rate => LoadSetting::Rate(Arrival::Unpaced),
            LoadKey::Partitions => LoadSetting::Partitions(6),
        }
    }

    /// Reads a value.
    pub fn read(self, node: &Node, context: &mut Context) -> Option<LoadSetting> {
        let name = self.name();
        match self {
            LoadKey::RecordSize => size(node, context).map(LoadSetting::RecordSize),
            LoadKey::Payload => content(node, context).map(LoadSetting::Payload),
            LoadKey::SendMode => context.word(name, node).map(LoadSetting::SendMode),
            LoadKey::SendConcurrency => whole(name, node, 10_000, context).map(LoadSetting::SendConcurrency),
            LoadKey::Client => context.word(name, node).map(LoadSetting::Client),
            LoadKey::Producers => whole(name, node, 1_000, context).map(LoadSetting::Producers),
            LoadKey::Rate => rate(node, context).map(LoadSetting::Rate),
            LoadKey::Partitions => whole(name, node, 10_000, context).map(LoadSetting::Partitions),
        }
    }
}

impl LoadSetting {
    /// The value in words.
    pub fn text(&self) -> String {
        match self {
            LoadSetting::RecordSize(size) => size_text(size),
            LoadSetting::Payload(content) => content_text(content),
            LoadSetting::SendMode(mode) => mode.name().to_owned(),
            LoadSetting::Client(client) => client.name().to_owned(),
            LoadSetting::SendConcurrency(count) | LoadSetting::Producers(count) | LoadSetting::Partitions(count) => {
                count.to_string()
            }
            LoadSetting::Rate(Arrival::Unpaced) => "unpaced".to_owned(),
            LoadSetting::Rate(Arrival::Constant { rate_per_s }) => format!("{rate_per_s}/s"),
        }
    }

    /// The value in its base unit, where it is a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            LoadSetting::RecordSize(Size::Fixed { bytes }) => Some(f64::from(*bytes)),
            LoadSetting::SendConcurrency(count) | LoadSetting::Producers(count) | LoadSetting::Partitions(count) => {
                Some(f64::from(*count))
            }
            LoadSetting::Rate(Arrival::Constant { rate_per_s }) => Some(*rate_per_s),
            _ => None,
        }
    }
}

/// All settings of one configuration.
#[derive(Clone, Debug)]
pub(crate) struct LoadSettings(Vec<(LoadKey, LoadSetting)>);

impl LoadSettings {
    /// Every default.
    pub fn defaults() -> Self {
        LoadSettings(LoadKey::ALL.into_iter().map(|key| (key, key.default())).collect())
    }

    /// Sets one.
    pub fn set(&mut self, key: LoadKey, setting: LoadSetting) {
        for (own, value) in &mut self.0 {
            if *own == key {
                *value = setting.clone();
            }
        }
    }

    /// One of them.
    pub fn get(&self, key: LoadKey) -> LoadSetting {
        let found = self.0.iter().find(|(own, _)| *own == key);
        found.map_or_else(|| key.default(), |(_, setting)| setting.clone())
    }

    /// Partitions, and everything else as a workload.
    pub fn workload(&self) -> (u32, Workload) {
        let mut partitions = 0;
        let mut workload = Workload {
            send_mode: SendMode::Async,
            send_concurrency: 1,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival: Arrival::Unpaced,
            payload: Payload {
                size: Size::Fixed { bytes: 0 },
                content: Content::Json,
            },
        };
        for (_, setting) in &self.0 {
            match setting.clone() {
                LoadSetting::RecordSize(size) => workload.payload.size = size,
                LoadSetting::Payload(content) => workload.payload.content = content,
                LoadSetting::SendMode(mode) => workload.send_mode = mode,
                LoadSetting::SendConcurrency(count) => workload.send_concurrency = count,
                LoadSetting::Client(client) => workload.client = client,
                LoadSetting::Producers(count) => workload.producers = count,
                LoadSetting::Rate(arrival) => workload.arrival = arrival,
                LoadSetting::Partitions(count) => partitions = count,
            }
        }
        (partitions, workload)
    }
}

fn whole(name: &str, node: &Node, most: u64, context: &mut Context) -> Option<u32> {
    context
        .integer(name, node, 1, most)
        .and_then(|value| u32::try_from(value).ok())
}

fn rate(node: &Node, context: &mut Context) -> Option<Arrival> {
    let Some(text) = node.value.scalar().filter(|_| !matches!(node.value, Value::Boolean(_))) else {
        context.wrong_type(
            "rate",
            node,
            "records per second, as in 50000 or \"100k\", or \"unpaced\"",
        );
        return None;
    };
    if text == "unpaced" {
        return Some(Arrival::Unpaced);
    }
    match parse_rate(&text) {
        Ok(rate_per_s) => Some(Arrival::Constant { rate_per_s }),
        Err(expected) => {
            let remedy = "write records per second, as in 50000 or \"100k\", or \"unpaced\"";
            context.problem(Problem::at(node.place, "rate is no rate", expected, remedy));
            None
        }
    }
}

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

fn size(node: &Node, context: &mut Context) -> Option<Size> {
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

fn required<T>(
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

fn content(node: &Node, context: &mut Context) -> Option<Content> {
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
        Ok(metadata) if metadata.is_file() && metadata.len() > 0 => Some(Content::File { path: full, split }),
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

fn size_text(size: &Size) -> String {
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
        Size::Choice { choices } => {
            let each = choices
                .iter()
                .map(|choice| format!("{}:{}", bytes(choice.bytes), choice.weight));
            format!("choice({})", each.collect::<Vec<_>>().join(" "))
        }
    }
}

fn content_text(content: &Content) -> String {
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
