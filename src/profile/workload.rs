//! The load's settings: what may stand in `[workload]`, and be an axis of the matrix.

use super::document::{Node, Value, normalized};
use super::error::Problem;
use super::payload::{content, content_text, size, size_text};
use super::quantity::parse_rate;
use super::read::Context;
use crate::protocol::{Arrival, ClientKind, Content, Payload, SendMode, Size, Workload};

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
            LoadSetting::Rate(arrival) => arrival.to_string(),
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
