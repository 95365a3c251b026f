//! The words of a workload: how records are made, when they are sent, and through which client.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrival, Records, Serialization};

/// Implements `Display` and `FromStr` for an enum through the names that its serde form uses.
macro_rules! named {
    ($type:ty, $what:literal, { $($variant:path => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in documentation order.
            pub const ALL: &'static [$type] = &[$($variant),+];
            /// The name used in profiles, in the protocol and in reports.
            pub fn name(self) -> &'static str { match self { $($variant => $name),+ } }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.name()) }
        }
        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.name() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|value| value.name()).collect();
                    format!("{text:?} is no {}; expected one of {}", $what, known.join(", "))
                })
            }
        }
    };
}
pub(super) use named;

/// What the records are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// A real Apache Kafka started on this machine.
    Local,
    /// Any cluster that is already running.
    External,
    /// librdkafka's mock cluster, in a process of its own: the client's own ceiling, not a broker's.
    Mock,
}
named!(TargetKind, "target", { TargetKind::Local => "local", TargetKind::External => "external", TargetKind::Mock => "mock" });

/// How application code sends: the meaning that an application developer gives the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SendMode {
    /// Send and never look back: no delivery reports asked for, no errors seen.
    FireAndForget,
    /// Each sending thread waits for the acknowledgement before its next record (`send().get()`).
    Sync,
    /// Send with a delivery callback, up to the queue's limit in flight.
    Async,
}
named!(SendMode, "send mode", {
    SendMode::FireAndForget => "fire-and-forget", SendMode::Sync => "sync", SendMode::Async => "async"
});

/// Through which programming interface records are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// librdkafka's C interface: batched produce calls and batched delivery events.
    Librdkafka,
    /// rust-rdkafka's `BaseProducer`.
    RustBase,
    /// rust-rdkafka's `FutureProducer` on tokio, with a bounded window of futures.
    RustFuture,
}
named!(ClientKind, "client", {
    ClientKind::Librdkafka => "librdkafka", ClientKind::RustBase => "rust-base", ClientKind::RustFuture => "rust-future"
});

/// How many brokers must have a record before it counts as acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Acks {
    /// `acks=0`: there is no acknowledgement; success means "written to the socket".
    #[serde(rename = "0")]
    None,
    /// `acks=1`: the leader.
    #[serde(rename = "1")]
    Leader,
    /// `acks=all`: every in-sync replica.
    #[serde(rename = "all")]
    All,
}
named!(Acks, "acks setting", { Acks::None => "0", Acks::Leader => "1", Acks::All => "all" });

/// The size of a record's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "distribution", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Size {
    /// Every record has this size.
    Fixed {
        /// Size in bytes.
        bytes: u32,
    },
    /// Uniform between two sizes, both included.
    Uniform {
        /// Smallest size in bytes.
        min_bytes: u32,
        /// Largest size in bytes.
        max_bytes: u32,
    },
    /// Normal, cut off at both ends.
    Normal {
        /// Mean in bytes, before cutting.
        mean_bytes: f64,
        /// Standard deviation in bytes, before cutting.
        deviation_bytes: f64,
        /// Smallest size in bytes.
        min_bytes: u32,
        /// Largest size in bytes.
        max_bytes: u32,
    },
    /// One of several sizes, by weight.
    Choice {
        /// The sizes with their weights.
        choices: Vec<WeightedSize>,
    },
    /// As the lines of a payload file are: measured, not drawn.
    Lines {
        /// Mean in bytes.
        mean_bytes: f64,
        /// Smallest size in bytes.
        min_bytes: u32,
        /// Largest size in bytes.
        max_bytes: u32,
    },
}

impl Size {
    /// The largest value, in bytes, that this distribution can give.
    pub fn max_bytes(&self) -> u32 {
        match self {
            Size::Fixed { bytes } => *bytes,
            Size::Uniform { max_bytes, .. } | Size::Normal { max_bytes, .. } | Size::Lines { max_bytes, .. } => {
                *max_bytes
            }
            Size::Choice { choices } => choices.iter().map(|choice| choice.bytes).max().unwrap_or(0),
        }
    }
}

/// One size of [`Size::Choice`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedSize {
    /// Size in bytes.
    pub bytes: u32,
    /// Relative weight, above 0.
    pub weight: f64,
}

/// How a payload file is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileSplit {
    /// One record per line, without the line's end.
    Lines,
    /// Records of the payload's size, one after the other.
    Size,
}

/// What a record's value consists of. Decides how well it compresses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Content {
    /// Bytes that a general-purpose codec shrinks to about `1 / ratio`.
    Ratio {
        /// Target compression ratio, 1 or more.
        ratio: f64,
    },
    /// Words of natural language.
    Text,
    /// JSON-like objects: repeated field names, varying values.
    Json,
    /// Incompressible bytes.
    Random,
    /// Records taken from a file.
    File {
        /// The file.
        path: PathBuf,
        /// How it is cut into records.
        split: FileSplit,
    },
}

/// Fields of the objects that [`Content::Json`] makes.
pub const GENERATED_JSON_FIELDS: [&str; 6] = ["order_id", "customer_id", "status", "amount_cents", "currency", "note"];

/// Smallest size in bytes at which each of them is a whole object: smaller records hold its beginning.
pub const GENERATED_JSON_BYTES: u32 = 123;

/// Largest pool of values in bytes, so that a trial process stays small: records are taken from as much of a payload
/// file's beginning at most.
pub const MAX_PAYLOAD_POOL_BYTES: usize = 48 << 20;

/// The values that records carry. They come from a seeded pool made before the trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Size of each value; where a file is cut by lines, what these are.
    pub size: Size,
    /// What the values consist of.
    pub content: Content,
}

/// Everything about the load that is not a client property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// How application code sends.
    pub send_mode: SendMode,
    /// Sending threads of each producer in `sync` mode, each with one record in flight. 1 in the other modes.
    pub send_concurrency: u32,
    /// Through which programming interface.
    pub client: ClientKind,
    /// Client instances at work at the same time, each with its own connections and queue.
    pub producers: u32,
    /// When records are due.
    pub arrival: Arrival,
    /// What they carry.
    pub payload: Payload,
    /// What they have beside that: keys, headers and the like.
    #[serde(default, skip_serializing_if = "Records::are_plain")]
    pub records: Records,
    /// How values become bytes; none: they are those of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialization: Option<Serialization>,
}

impl Workload {
    /// Whether both carry the same: the same logical record, whatever its format makes of it, or else the same payload.
    pub fn carries_the_same(&self, other: &Workload) -> bool {
        match (&self.serialization, &other.serialization) {
            (Some(own), Some(others)) => own.record == others.record,
            (None, None) => self.payload == other.payload,
            _ => false,
        }
    }
}
