//! Batches and records against every limit of their size: the client's, its queue's and the topic's.

use super::configuration::Draft;
use super::error::Problem;
use super::model::{TargetSettings, TopicSettings};
use super::read::Context;
use super::rules::placed;
use super::sections::Places;
use super::source::Place;
use crate::protocol::{Content, FileSplit, Size, TargetKind};

/// A broker's default `message.max.bytes` (Kafka 4.3): 1 MiB and the 12 bytes of a log entry's head.
const DEFAULT_MAX_MESSAGE_BYTES: f64 = 1_048_588.0;

/// Bytes that a record has beyond key and value in a batch, at most (`RD_KAFKAP_MESSAGE_V2_MAX_OVERHEAD` in
/// rdkafka_proto.h): librdkafka refuses a record when it could exceed `message.max.bytes` with them.
const RECORD_OVERHEAD_BYTES: f64 = 36.0;

/// Bytes of a record batch's own head (`RECORD_BATCH_OVERHEAD` in DefaultRecordBatch.java).
const BATCH_OVERHEAD_BYTES: f64 = 61.0;

/// The largest batch that the topic takes, in bytes, and whether that is known: a cluster or a topic that somebody else
/// set up may differ from Kafka's default.
fn broker_limit(target: &TargetSettings, topic: &TopicSettings) -> (f64, bool) {
    let external = target.kind == TargetKind::External;
    let of_topic = topic
        .config
        .get("max.message.bytes")
        .filter(|_| topic.existing.is_none());
    let of_broker = target.broker_config.get("message.max.bytes").filter(|_| !external);
    let set = of_topic.or(of_broker).and_then(|text| text.trim().parse::<f64>().ok());
    let is_known = topic.existing.is_none() && (set.is_some() || !external);
    (set.unwrap_or(DEFAULT_MAX_MESSAGE_BYTES), is_known)
}

/// Which records of a configuration can be sent, as far as limits are known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sendable {
    /// The smallest.
    pub any: bool,
    /// Why not the largest.
    pub too_large: Option<String>,
    /// Who refuses the largest, by which limit, and where that was set.
    pub refused: Option<(String, Option<Place>)>,
}

/// A sentence about a limit, and where what it is about was set.
type Note = (String, Option<Place>);

/// What limits the batches and records of one configuration, in bytes.
struct Limits<'a> {
    draft: &'a Draft,
    /// Of the smallest and the largest record, with key and headers.
    smallest: f64,
    largest: f64,
    compressed: bool,
    /// `batch.size`, `message.max.bytes` and the queue.
    batch: f64,
    request: f64,
    queue: f64,
    /// The topic's, and whether that is known.
    broker: f64,
    is_known: bool,
    of_topic: Option<Place>,
}

impl<'a> Limits<'a> {
    fn new(draft: &'a Draft, target: &TargetSettings, topic: &TopicSettings, places: &Places) -> Self {
        let translation = &draft.translation;
        let workload = &draft.configuration.workload;
        let beside = f64::from(workload.records.largest_key_bytes() + workload.records.header_bytes());
        let (broker, is_known) = broker_limit(target, topic);
        Self {
            draft,
            smallest: smallest(&workload.payload.size) + beside,
            largest: f64::from(workload.payload.size.max_bytes()) + beside,
            compressed: translation.value("compression.type") != "none",
            batch: translation.number("batch.size"),
            request: translation.number("message.max.bytes"),
            queue: translation.number("queue.buffering.max.kbytes") * 1024.0,
            broker,
            is_known,
            of_topic: places.get("max.message.bytes"),
        }
    }

    fn set_at(&self, name: &str) -> Option<Place> {
        self.draft.translation.origins.get(name).map(|given| given.place)
    }

    /// What keeps batches from growing as large as `batch.size` says, or full ones from being taken.
    fn of_batches(&self) -> Vec<Note> {
        let Self {
            batch,
            request,
            broker,
            largest,
            ..
        } = *self;
        let batch_at = || self.set_at("batch.size");
        let mut notes = Vec::new();
        if batch > request {
            let note = format!(
                "batch.size={batch} is a no-op: message.max.bytes (max.request.size in Java) ends batches at {request} \
                 bytes. Raise it to {batch} or more"
            );
            notes.push((note, batch_at().or(self.set_at("message.max.bytes"))));
        }
        let fullest = batch.min(request);
        if !self.compressed && fullest > broker && largest < fullest {
            let note = match self.is_known {
                true => format!(
                    "batches may grow to {fullest} bytes, but the topic takes {broker} at most (max.message.bytes): full \
                     batches are refused and their records fail. Lower batch.size, or raise topic.config \
                     max.message.bytes"
                ),
                false => format!(
                    "batches may grow to {fullest} bytes: Kafka's default (max.message.bytes={broker}) would refuse full \
                     ones. What this cluster's topics take is not known here"
                ),
            };
            notes.push((note, batch_at().or(self.of_topic)));
        }
        let records = self.draft.translation.number("batch.num.messages");
        if records * (largest + RECORD_OVERHEAD_BYTES) + BATCH_OVERHEAD_BYTES < fullest {
            let note = format!(
                "batch.size={batch} is a no-op: batch.num.messages={records} records of {largest} bytes end a batch \
                 before that. Raise batch.num.messages"
            );
            notes.push((note, batch_at().or(self.set_at("batch.num.messages"))));
        }
        notes
    }

    /// Who refuses records, and what can be sent all the same.
    fn of_records(&self) -> (Vec<Note>, Sendable) {
        let Self {
            request,
            broker,
            queue,
            smallest,
            largest,
            ..
        } = *self;
        let mut notes: Vec<Note> = Vec::new();
        let (mut any, mut too_large) = (true, None);
        if largest + RECORD_OVERHEAD_BYTES > request {
            any = smallest + RECORD_OVERHEAD_BYTES <= request;
            too_large = Some(format!(
                "message.max.bytes={request} (max.request.size in Java), framing included"
            ));
            let why = format!(
                "records of {largest} bytes are larger than message.max.bytes={request} (max.request.size in Java) \
                 allows with up to {RECORD_OVERHEAD_BYTES} bytes of framing: the client refuses them, and they count as \
                 failed"
            );
            notes.push((why, self.set_at("message.max.bytes")));
        } else if !self.compressed && largest + RECORD_OVERHEAD_BYTES + BATCH_OVERHEAD_BYTES > broker {
            any = !self.is_known || smallest + BATCH_OVERHEAD_BYTES <= broker;
            too_large = self
                .is_known
                .then(|| format!("the topic's max.message.bytes={broker}, framing included"));
            let why = match self.is_known {
                true => format!(
                    "records of {largest} bytes are larger than the topic takes (max.message.bytes={broker}): the broker \
                     refuses them, and they count as failed"
                ),
                false => format!(
                    "records of {largest} bytes: Kafka's default (max.message.bytes={broker}) would refuse them. What \
                     this cluster's topics take is not known here"
                ),
            };
            notes.push((why, self.of_topic));
        }
        if largest > queue {
            any = any && smallest <= queue;
            too_large = Some(format!(
                "the queue of {queue} bytes (buffer.memory, queue.buffering.max.kbytes)"
            ));
            let why = format!(
                "records of {largest} bytes never fit the queue of {queue} bytes (buffer.memory, \
                 queue.buffering.max.kbytes): they wait for max.block.ms, and count as failed"
            );
            notes.push((why, self.set_at("queue.buffering.max.kbytes")));
        }
        let refused = notes.first().cloned();
        (
            notes,
            Sendable {
                any,
                too_large,
                refused,
            },
        )
    }
}

/// Tells what limits the batches and records of one configuration.
pub(crate) fn check_limits(
    draft: &mut Draft,
    (target, topic, places): (&TargetSettings, &TopicSettings, &Places),
    context: &Context,
) -> Sendable {
    let limits = Limits::new(draft, target, topic, places);
    let (of_records, sendable) = limits.of_records();
    let notes = limits.of_batches().into_iter().chain(of_records);
    let warnings: Vec<String> = notes.map(|(note, place)| placed(&note, place, context)).collect();
    draft.configuration.warnings.extend(warnings);
    sendable
}

/// A payload file whose largest line no record can hold: some records would fail for sure.
pub(crate) fn check_payload_lines(draft: &Draft, sendable: &Sendable, context: &mut Context) {
    let (
        Some(limit),
        Content::File {
            path,
            split: FileSplit::Lines,
        },
    ) = (&sendable.too_large, &draft.configuration.workload.payload.content)
    else {
        return;
    };
    let Some(lines) = context.payload_lines.get(path) else {
        return;
    };
    let (line, bytes) = (lines.largest_line, lines.size.max_bytes());
    let beside =
        draft.configuration.workload.records.largest_key_bytes() + draft.configuration.workload.records.header_bytes();
    let with = if beside > 0 {
        format!(", and {beside} of key and headers")
    } else {
        String::new()
    };
    let message = format!(
        "line {line} of the payload file {} is larger than the limit: {bytes} bytes{with}, and {limit}",
        path.display()
    );
    let remedy = "cut that line, or raise the limit";
    context.problem(Problem::at(
        lines.place,
        message,
        format!("line {line} of this file"),
        remedy,
    ));
}

/// The smallest value that the distribution can give.
pub(super) fn smallest(size: &Size) -> f64 {
    f64::from(match size {
        Size::Fixed { bytes } => *bytes,
        Size::Uniform { min_bytes, .. } | Size::Normal { min_bytes, .. } | Size::Lines { min_bytes, .. } => *min_bytes,
        Size::Choice { choices } => choices.iter().map(|choice| choice.bytes).min().unwrap_or(0),
    })
}
