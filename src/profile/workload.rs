//! The load's settings: what may stand in `[workload]`, and be an axis of the matrix.

use super::arrival::arrival;
use super::document::{Node, Value, normalized};
use super::drain::{self, DrainKey, DrainSetting};
use super::error::Problem;
use super::payload::{content, content_text, size, size_text};
use super::quantity::parse_rate;
use super::read::Context;
use super::records;
use super::serialization::{read_key_serializer, read_schema, read_serializer};
use super::topics::{self, NamedTopic};
use crate::protocol::{
    Arrival, ClientKind, Content, Header, Key, Partitioner, Payload, RecordKind, Records, SchemaFile, SendMode,
    SerializerKind, Size, Timestamps, Workload,
};

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
    /// Records per second: the short form of a constant arrival.
    Rate,
    /// When records are due.
    Arrival,
    /// One setting of the pattern `scheduled-drain`.
    Drain(DrainKey),
    /// Partitions of the topic.
    Partitions,
    /// Keys of records.
    Key,
    /// What chooses their partitions.
    Partitioner,
    /// Their headers.
    Headers,
    /// Who gives their create time.
    Timestamps,
    /// Share of those without a value.
    Tombstones,
    /// Topics that they are spread over.
    Topics,
    /// Logical record.
    Record,
    /// How values become bytes.
    ValueSerializer,
    /// How keys become bytes.
    KeySerializer,
    /// Avro schema.
    Schema,
    /// Whether values are serialized on the sending path.
    SerializeCost,
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
    /// Records per second, or unpaced.
    Rate(Arrival),
    /// When records are due.
    Arrival(Arrival),
    /// One setting of the pattern `scheduled-drain`.
    Drain(DrainSetting),
    /// Partitions of the topic.
    Partitions(u32),
    /// Keys of records.
    Key(Key),
    /// What chooses their partitions.
    Partitioner(Partitioner),
    /// Their headers.
    Headers(Vec<Header>),
    /// Who gives their create time.
    Timestamps(Timestamps),
    /// Share of those without a value.
    Tombstones(f64),
    /// Topics that they are spread over; empty: the trial's one topic.
    Topics(Vec<NamedTopic>),
    /// Logical record; none: the payload.
    Record(Option<RecordKind>),
    /// How values become bytes; none: not said.
    ValueSerializer(Option<SerializerKind>),
    /// How keys become bytes.
    KeySerializer(SerializerKind),
    /// Avro schema; none: kpbench's own.
    Schema(Option<SchemaFile>),
    /// Whether values are serialized on the sending path.
    SerializeCost(bool),
}

impl LoadKey {
    /// Every setting that stands in `[workload]` or `[topic]` itself.
    pub const ALL: [LoadKey; 20] = [
        LoadKey::RecordSize,
        LoadKey::Payload,
        LoadKey::SendMode,
        LoadKey::SendConcurrency,
        LoadKey::Client,
        LoadKey::Producers,
        LoadKey::Rate,
        LoadKey::Arrival,
        LoadKey::Partitions,
        LoadKey::Key,
        LoadKey::Partitioner,
        LoadKey::Headers,
        LoadKey::Timestamps,
        LoadKey::Tombstones,
        LoadKey::Topics,
        LoadKey::Record,
        LoadKey::ValueSerializer,
        LoadKey::KeySerializer,
        LoadKey::Schema,
        LoadKey::SerializeCost,
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
            LoadKey::Arrival => "arrival",
            LoadKey::Drain(key) => key.name(),
            LoadKey::Partitions => "partitions",
            LoadKey::Key => "key",
            LoadKey::Partitioner => "partitioner",
            LoadKey::Headers => "headers",
            LoadKey::Timestamps => "timestamps",
            LoadKey::Tombstones => "tombstones",
            LoadKey::Topics => "topics",
            LoadKey::Record => "record",
            LoadKey::ValueSerializer => "value.serializer",
            LoadKey::KeySerializer => "key.serializer",
            LoadKey::Schema => "schema",
            LoadKey::SerializeCost => "serialize.cost",
        }
    }

    /// The setting of this name.
    pub fn find(name: &str) -> Option<LoadKey> {
        let name = normalized(name);
        LoadKey::every().find(|key| normalized(key.name()) == name)
    }

    /// Every setting, those of single patterns included.
    pub fn every() -> impl Iterator<Item = LoadKey> {
        LoadKey::ALL
            .into_iter()
            .chain(DrainKey::ALL.into_iter().map(LoadKey::Drain))
    }

    /// Whether both say the same thing in different ways.
    pub fn is_same_as(self, other: LoadKey) -> bool {
        let arrival = [LoadKey::Rate, LoadKey::Arrival];
        self != other && arrival.contains(&self) && arrival.contains(&other)
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
            LoadKey::Arrival => LoadSetting::Arrival(Arrival::Unpaced),
            LoadKey::Drain(key) => LoadSetting::Drain(key.of(&drain::unsaid())),
            LoadKey::Partitions => LoadSetting::Partitions(6),
            LoadKey::Key => LoadSetting::Key(Key::None),
            LoadKey::Partitioner => LoadSetting::Partitioner(Partitioner::Client),
            LoadKey::Headers => LoadSetting::Headers(Vec::new()),
            LoadKey::Timestamps => LoadSetting::Timestamps(Timestamps::Client),
            LoadKey::Tombstones => LoadSetting::Tombstones(0.0),
            LoadKey::Topics => LoadSetting::Topics(Vec::new()),
            LoadKey::Record => LoadSetting::Record(None),
            LoadKey::ValueSerializer => LoadSetting::ValueSerializer(None),
            LoadKey::KeySerializer => LoadSetting::KeySerializer(SerializerKind::String),
            LoadKey::Schema => LoadSetting::Schema(None),
            LoadKey::SerializeCost => LoadSetting::SerializeCost(true),
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
            LoadKey::Arrival => arrival(node, context).map(LoadSetting::Arrival),
            LoadKey::Drain(key) => key.read(node, context).map(LoadSetting::Drain),
            LoadKey::Partitions => whole(name, node, 10_000, context).map(LoadSetting::Partitions),
            LoadKey::Key => records::key(node, context).map(LoadSetting::Key),
            LoadKey::Partitioner => records::partitioner(node, context).map(LoadSetting::Partitioner),
            LoadKey::Headers => records::headers(node, context).map(LoadSetting::Headers),
            LoadKey::Timestamps => context.word(name, node).map(LoadSetting::Timestamps),
            LoadKey::Tombstones => records::share(name, node, context).map(LoadSetting::Tombstones),
            LoadKey::Topics => topics::topics(node, context).map(LoadSetting::Topics),
            LoadKey::Record => context.word(name, node).map(|kind| LoadSetting::Record(Some(kind))),
            LoadKey::ValueSerializer => {
                read_serializer(name, node, context).map(|kind| LoadSetting::ValueSerializer(Some(kind)))
            }
            LoadKey::KeySerializer => read_key_serializer(name, node, context).map(LoadSetting::KeySerializer),
            LoadKey::Schema => read_schema(node, context).map(|schema| LoadSetting::Schema(Some(schema))),
            LoadKey::SerializeCost => context.boolean(name, node).map(LoadSetting::SerializeCost),
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
            LoadSetting::Key(key) => records::key_text(key),
            LoadSetting::Partitioner(partitioner) => records::partitioner_text(*partitioner),
            LoadSetting::Headers(headers) => records::headers_text(headers),
            LoadSetting::Timestamps(timestamps) => timestamps.name().to_owned(),
            LoadSetting::Tombstones(share) => share.to_string(),
            LoadSetting::Topics(topics) => topics::named_text(topics),
            LoadSetting::Rate(arrival) | LoadSetting::Arrival(arrival) => arrival.to_string(),
            LoadSetting::Record(kind) => kind.map_or("none", RecordKind::name).to_owned(),
            LoadSetting::ValueSerializer(kind) => kind.map_or("none", SerializerKind::name).to_owned(),
            LoadSetting::KeySerializer(kind) => kind.name().to_owned(),
            LoadSetting::Schema(schema) => schema.as_ref().map_or_else(
                || "kpbench's own".to_owned(),
                |schema| schema.path.display().to_string(),
            ),
            LoadSetting::SerializeCost(cost) => cost.to_string(),
            LoadSetting::Drain(setting) => setting.text(),
        }
    }

    /// The value in its base unit, where it is a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            LoadSetting::RecordSize(Size::Fixed { bytes }) => Some(f64::from(*bytes)),
            LoadSetting::SendConcurrency(count) | LoadSetting::Producers(count) | LoadSetting::Partitions(count) => {
                Some(f64::from(*count))
            }
            LoadSetting::Rate(arrival) | LoadSetting::Arrival(arrival) => arrival.constant_rate_per_s(),
            LoadSetting::Drain(setting) => setting.number(),
            LoadSetting::Tombstones(share) => Some(*share),
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

    /// Sets one. A rate is kept as the arrival that it stands for.
    pub fn set(&mut self, key: LoadKey, setting: LoadSetting) {
        let (key, setting) = match setting {
            LoadSetting::Rate(arrival) => (LoadKey::Arrival, LoadSetting::Arrival(arrival)),
            setting => (key, setting),
        };
        if let LoadKey::Drain(_) = key {
            // Beside the pattern, which it belongs to.
            self.0.retain(|(own, _)| *own != key);
            self.0.push((key, setting.clone()));
        }
        for (own, value) in &mut self.0 {
            if *own == key {
                *value = setting.clone();
            }
        }
    }

    /// One of them.
    pub fn get(&self, key: LoadKey) -> LoadSetting {
        if key == LoadKey::Rate {
            return match self.get(LoadKey::Arrival) {
                LoadSetting::Arrival(arrival) => LoadSetting::Rate(arrival),
                other => other,
            };
        }
        if let LoadKey::Drain(of_drain) = key
            && let LoadSetting::Arrival(arrival) = self.get(LoadKey::Arrival)
            && let Some(drain) = arrival.scheduled_drain()
        {
            return LoadSetting::Drain(of_drain.of(drain));
        }
        let found = self.0.iter().find(|(own, _)| *own == key);
        found.map_or_else(|| key.default(), |(_, setting)| setting.clone())
    }

    /// Partitions, and everything else as a workload.
    pub fn workload(&self) -> (u32, Workload) {
        let mut partitions = 0;
        let mut topics = Vec::new();
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
            records: Records::default(),
            serialization: None,
        };
        for (_, setting) in &self.0 {
            match setting.clone() {
                LoadSetting::RecordSize(size) => workload.payload.size = size,
                LoadSetting::Payload(content) => workload.payload.content = content,
                LoadSetting::SendMode(mode) => workload.send_mode = mode,
                LoadSetting::SendConcurrency(count) => workload.send_concurrency = count,
                LoadSetting::Client(client) => workload.client = client,
                LoadSetting::Producers(count) => workload.producers = count,
                LoadSetting::Arrival(arrival) => workload.arrival = arrival,
                // Kept as an arrival.
                LoadSetting::Rate(_) => {}
                // Stands behind the arrival.
                LoadSetting::Drain(setting) => {
                    if let Arrival::ScheduledDrain(drain) = &mut workload.arrival {
                        setting.apply(drain);
                    }
                }
                LoadSetting::Partitions(count) => partitions = count,
                LoadSetting::Key(key) => workload.records.key = key,
                LoadSetting::Partitioner(partitioner) => workload.records.partitioner = partitioner,
                LoadSetting::Headers(headers) => workload.records.headers = headers,
                LoadSetting::Timestamps(timestamps) => workload.records.timestamps = timestamps,
                LoadSetting::Tombstones(share) => workload.records.tombstones = share,
                LoadSetting::Topics(named) => topics = named,
                // Put together by `serialization::resolve`; keys are texts or bytes already.
                LoadSetting::Record(_)
                | LoadSetting::ValueSerializer(_)
                | LoadSetting::KeySerializer(_)
                | LoadSetting::Schema(_)
                | LoadSetting::SerializeCost(_) => {}
            }
        }
        let topics = topics.into_iter().map(|topic| topic.resolved(partitions));
        workload.records.topics = topics.collect();
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
