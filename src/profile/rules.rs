//! Rules that no single key can break: replication against brokers, batches and records against every limit.

use super::configuration::Draft;
use super::error::Problem;
use super::matrix::Matrix;
use super::model::{Defaults, TargetSettings, TopicSettings};
use super::properties::Translation;
use super::read::Context;
use super::sections::Places;
use super::source::Place;
use super::variants;
use super::workload::LoadKey;
use crate::protocol::{Acks, Content, FileSplit, Size, TargetKind};

/// A broker's default `message.max.bytes` (Kafka 4.3): 1 MiB and the 12 bytes of a log entry's head.
const DEFAULT_MAX_MESSAGE_BYTES: f64 = 1_048_588.0;

/// Bytes that a record has beyond key and value in a batch, at most (`RD_KAFKAP_MESSAGE_V2_MAX_OVERHEAD` in
/// rdkafka_proto.h): librdkafka refuses a record when it could exceed `message.max.bytes` with them.
const RECORD_OVERHEAD_BYTES: f64 = 36.0;

/// Bytes of a record batch's own head (`RECORD_BATCH_OVERHEAD` in DefaultRecordBatch.java).
const BATCH_OVERHEAD_BYTES: f64 = 61.0;

/// An existing topic has the partitions that it has.
pub(crate) fn check_existing(topic: &TopicSettings, matrix: &Matrix, context: &mut Context) {
    let Some(existing) = &topic.existing else { return };
    let variants = matrix.axes.iter().flat_map(variants::parts);
    for (name, part) in variants.filter(|(_, part)| part.name == LoadKey::Partitions.name()) {
        context.problem(Problem::at(
            part.key,
            format!("partitions cannot be set by the variant {name} where topic.existing is {existing}"),
            "an existing topic keeps its partitions",
            "leave topic.existing out, so that each trial gets a topic of its own, or take the partitions out",
        ));
    }
    let Some(axis) = matrix.axes.iter().find(|axis| axis.name == LoadKey::Partitions.name()) else {
        return;
    };
    let message = format!("partitions cannot be an axis where topic.existing is {existing}");
    let remedy = "leave topic.existing out, so that each trial gets a topic of its own, or take the axis out";
    context.problem(match axis.values.iter().find_map(|value| value.place) {
        Some(place) => Problem::at(place, message, "an existing topic keeps its partitions", remedy),
        None => Problem::nowhere(message, remedy),
    });
}

/// `min.insync.replicas ≤ replication factor ≤ brokers`, and enough bootstrap servers.
pub(crate) fn check_cluster(target: &TargetSettings, topic: &TopicSettings, places: &Places, context: &mut Context) {
    if topic.existing.is_none() {
        check_replication(target, topic, places, context);
    }
    let brokers = match target.brokers {
        0 => u32::from(topic.replication_factor),
        brokers => brokers,
    };
    if let Some(warning) = one_bootstrap_server(target, brokers) {
        context.warn(placed(warning, places.get("bootstrap-servers"), context));
    }
}

/// The warning of fewer than two bootstrap servers for a cluster that has `brokers`, or is known to have as many.
pub(crate) fn one_bootstrap_server(target: &TargetSettings, brokers: u32) -> Option<&'static str> {
    let servers = target.bootstrap_servers.as_deref()?.split(',').count();
    (target.kind == TargetKind::External && servers == 1 && brokers > 1).then_some(
        "one bootstrap server for a cluster of several brokers: if that one is down, nothing starts. Name two or more in \
         bootstrap-servers",
    )
}

/// A warning with where its cause stands.
fn placed(warning: &str, place: Option<Place>, context: &Context) -> String {
    match place {
        Some(place) => format!("{warning} ({})", context.said(place)),
        None => warning.to_owned(),
    }
}

fn check_replication(target: &TargetSettings, topic: &TopicSettings, places: &Places, context: &mut Context) {
    let factor = u32::from(topic.replication_factor);
    if target.brokers > 0 && factor > target.brokers {
        let mut labels = Vec::new();
        labels.extend(
            places
                .get("replication-factor")
                .map(|place| (place, format!("replicas: {factor}"))),
        );
        labels.extend(
            places
                .get("brokers")
                .map(|place| (place, format!("brokers: {}", target.brokers))),
        );
        context.problem(Problem {
            message: format!(
                "the replication factor ({factor}) must be at most the number of brokers ({})",
                target.brokers
            ),
            labels,
            remedy: format!(
                "set topic.replication-factor to {} or less, or target.brokers to {factor} or more",
                target.brokers
            ),
        });
    }
    let own = topic.config.get("min.insync.replicas");
    let insync = own.or_else(|| target.broker_config.get("min.insync.replicas"));
    let Some(insync) = insync.and_then(|text| text.trim().parse::<u32>().ok()) else {
        if let (Some(text), Some(place)) = (own, places.get("min.insync.replicas")) {
            let message = format!("min.insync.replicas={text} is no number of replicas");
            context.problem(Problem::at(
                place,
                message,
                "expected 1 or more",
                "write a whole number",
            ));
        }
        return;
    };
    if insync > factor || insync == 0 {
        let mut labels = Vec::new();
        labels.extend(
            places
                .get("min.insync.replicas")
                .map(|place| (place, format!("in sync at least: {insync}"))),
        );
        labels.extend(
            places
                .get("replication-factor")
                .map(|place| (place, format!("replicas: {factor}"))),
        );
        context.problem(Problem {
            message: format!(
                "min.insync.replicas ({insync}) must be at least 1 and at most the replication factor ({factor})"
            ),
            labels,
            remedy: "with more than there are replicas, no record with acks=all is ever written: lower it, or raise \
                     topic.replication-factor"
                .to_owned(),
        });
    }
}

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

/// What limits the batches and records of one configuration.
pub(crate) fn check_limits(
    draft: &mut Draft,
    (target, topic, places): (&TargetSettings, &TopicSettings, &Places),
    context: &Context,
) -> Sendable {
    let translation = &draft.translation;
    let set_at = |name: &str| translation.origins.get(name).map(|given| given.place);
    let of_topic = || places.get("max.message.bytes");
    let batch = translation.number("batch.size");
    let request = translation.number("message.max.bytes");
    let (broker, is_known) = broker_limit(target, topic);
    let records = translation.number("batch.num.messages");
    let size = &draft.configuration.workload.payload.size;
    let beside = &draft.configuration.workload.records;
    let beside = f64::from(beside.largest_key_bytes() + beside.header_bytes());
    let (smallest, largest) = (smallest(size) + beside, f64::from(size.max_bytes()) + beside);
    let compressed = translation.value("compression.type") != "none";
    let mut notes: Vec<(String, Option<Place>)> = Vec::new();

    if batch > request {
        let note = format!(
            "batch.size={batch} is a no-op: message.max.bytes (max.request.size in Java) ends batches at {request} bytes. \
             Raise it to {batch} or more"
        );
        notes.push((note, set_at("batch.size").or(set_at("message.max.bytes"))));
    }
    let fullest = batch.min(request);
    if !compressed && fullest > broker && largest < fullest {
        let note = match is_known {
            true => format!(
                "batches may grow to {fullest} bytes, but the topic takes {broker} at most (max.message.bytes): full \
                 batches are refused and their records fail. Lower batch.size, or raise topic.config max.message.bytes"
            ),
            false => format!(
                "batches may grow to {fullest} bytes: Kafka's default (max.message.bytes={broker}) would refuse full ones. \
                 What this cluster's topics take is not known here"
            ),
        };
        notes.push((note, set_at("batch.size").or_else(of_topic)));
    }
    let all_records = records * (largest + RECORD_OVERHEAD_BYTES) + BATCH_OVERHEAD_BYTES;
    if all_records < fullest {
        let note = format!(
            "batch.size={batch} is a no-op: batch.num.messages={records} records of {largest} bytes end a batch before \
             that. Raise batch.num.messages"
        );
        notes.push((note, set_at("batch.size").or(set_at("batch.num.messages"))));
    }
    let (mut sendable, mut too_large) = (true, None);
    if largest + RECORD_OVERHEAD_BYTES > request {
        sendable = smallest + RECORD_OVERHEAD_BYTES <= request;
        too_large = Some(format!(
            "message.max.bytes={request} (max.request.size in Java), framing included"
        ));
        let why = format!(
            "records of {largest} bytes are larger than message.max.bytes={request} (max.request.size in Java) allows \
             with up to {RECORD_OVERHEAD_BYTES} bytes of framing: the client refuses them, and they count as failed"
        );
        notes.push((why, set_at("message.max.bytes")));
    } else if !compressed && largest + RECORD_OVERHEAD_BYTES + BATCH_OVERHEAD_BYTES > broker {
        sendable = !is_known || smallest + BATCH_OVERHEAD_BYTES <= broker;
        too_large = is_known.then(|| format!("the topic's max.message.bytes={broker}, framing included"));
        let why = match is_known {
            true => format!(
                "records of {largest} bytes are larger than the topic takes (max.message.bytes={broker}): the broker \
                 refuses them, and they count as failed"
            ),
            false => format!(
                "records of {largest} bytes: Kafka's default (max.message.bytes={broker}) would refuse them. What this \
                 cluster's topics take is not known here"
            ),
        };
        notes.push((why, of_topic()));
    }
    let buffer = translation.number("queue.buffering.max.kbytes") * 1024.0;
    if largest > buffer {
        sendable = sendable && smallest <= buffer;
        too_large = Some(format!(
            "the queue of {buffer} bytes (buffer.memory, queue.buffering.max.kbytes)"
        ));
        let why = format!(
            "records of {largest} bytes never fit the queue of {buffer} bytes (buffer.memory, \
             queue.buffering.max.kbytes): they wait for max.block.ms, and count as failed"
        );
        notes.push((why, set_at("queue.buffering.max.kbytes")));
    }
    let refused = notes.iter().find(|(note, _)| note.starts_with("records of")).cloned();
    let warnings = notes.iter().map(|(note, place)| placed(note, *place, context));
    draft.configuration.warnings.extend(warnings);
    Sendable {
        any: sendable,
        too_large,
        refused,
    }
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

/// Whether there are several brokers to spread the load over, and for how long a partition is kept was left to linger.ms.
fn keeps_to_a_partition(partitions: u32, translation: &Translation, target: &TargetSettings) -> bool {
    let brokers = target.brokers > 1 || target.kind == TargetKind::External;
    let by_linger = !translation.effective.contains_key("sticky.partitioning.linger.ms");
    brokers && by_linger && partitions > 1 && translation.number("linger.ms") > 0.0
}

/// Warns where a setting makes the client or the figures behave in an unexpected way.
pub(crate) fn check_behaviour(draft: &mut Draft, target: &TargetSettings, defaults: Defaults, context: &mut Context) {
    let configuration = &mut draft.configuration;
    let translation = &draft.translation;
    if configuration.acks == Acks::None {
        context.warn(
            "where acks=0: there is no acknowledgement, latency is not observable, and throughput is what the topic grew by",
        );
    }
    let records = &configuration.workload.records;
    let by_time = records.key.is_none() && !records.partitioner.is_assigned();
    if defaults == Defaults::Java
        && by_time
        && keeps_to_a_partition(records.most_partitions(configuration.partitions), translation, target)
    {
        context.warn(
            "where linger.ms > 0: librdkafka keeps to one partition for 2 × linger.ms, and so to its leader, where the \
             Java client moves on after batch.size bytes. Set sticky.partitioning.linger.ms lower to spread the load \
             over the brokers",
        );
    }
    let in_flight = match (
        translation.value("enable.idempotence"),
        translation.number("max.in.flight.requests.per.connection"),
    ) {
        ("true", in_flight) => in_flight.min(5.0),
        _ => return,
    };
    let all = configuration.workload.records.all_partitions(configuration.partitions);
    let per_broker = f64::from(all) / f64::from(target.brokers.max(1));
    if target.brokers > 0 && in_flight > 1.0 && per_broker <= in_flight {
        configuration.warnings.push(format!(
            "an idempotent producer spins where a broker leads no more partitions ({per_broker:.0}) than \
             max.in.flight.requests.per.connection ({in_flight}): its client CPU per record has been seen at three \
             times the usual and more. Take more partitions, or max.in.flight.requests.per.connection=1"
        ));
    }
}
