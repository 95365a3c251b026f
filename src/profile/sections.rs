//! The sections `[topic]` and `[run]`, and where settings stand that rules compare.

use std::collections::BTreeMap;

use super::document::{Document, Entry};
use super::error::Problem;
use super::model::{Order, PrecisionMetric, RunSettings, TargetSettings, TopicSettings};
use super::precision;
use super::properties::nearest;
use super::read::{Context, Section};
use super::source::Place;
use crate::protocol::TargetKind;

/// Default seed: fixed, so that a profile gives the same payloads and the same order wherever it runs.
const DEFAULT_SEED: u64 = 20_240_229;

/// Longest duration taken seriously.
const DAY_MS: u64 = 86_400_000;

/// Configuration of a topic (kafka-clients 4.3.0, `TopicConfig`).
const TOPIC_CONFIG: &[&str] = &[
    "cleanup.policy",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "delete.retention.ms",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "max.compaction.lag.ms",
    "max.message.bytes",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.type",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "min.insync.replicas",
    "preallocate",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "retention.bytes",
    "retention.ms",
    "segment.bytes",
    "segment.index.bytes",
    "segment.jitter.ms",
    "segment.ms",
    "unclean.leader.election.enable",
];

/// Where settings that rules compare stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(BTreeMap<&'static str, Place>);

impl Places {
    /// Remembers one.
    pub fn put(&mut self, what: &'static str, place: Place) {
        self.0.insert(what, place);
    }

    /// Finds one.
    pub fn get(&self, what: &str) -> Option<Place> {
        self.0.get(what).copied()
    }
}

/// `[topic]`, without its partitions, which are the load's.
pub(crate) fn topic(
    document: &mut Document,
    target: &TargetSettings,
    places: &mut Places,
    context: &mut Context,
) -> (TopicSettings, Option<Entry>) {
    let entries = document.take_section("topic.config.");
    let mut section = Section::new("[topic]", document.take_section("topic."));
    let partitions = section.take("partitions", context);
    let replication = section.take("replication-factor", context).and_then(|entry| {
        places.put("replication-factor", entry.node.place);
        context.integer("replication-factor", &entry.node, 1, 100)
    });
    let existing = section
        .take("existing", context)
        .and_then(|entry| context.text("existing", &entry.node));
    section.refuse(TOPIC_CONFIG, "put it under [topic.config]", context);
    section.finish(&["partitions", "replication-factor", "existing", "config"], context);
    let mut config = BTreeMap::new();
    for entry in &entries {
        if !TOPIC_CONFIG.contains(&entry.path.as_str()) {
            let remedy = match nearest(&entry.path, TOPIC_CONFIG.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => "see Kafka's topic configuration for the names".to_owned(),
            };
            let message = format!("{} is no topic configuration", entry.path);
            context.problem(Problem::at(entry.key, message, "unknown to Kafka 4.3", remedy));
        } else if let Some(given) = context.given(entry) {
            for name in ["min.insync.replicas", "max.message.bytes"] {
                if given.name == name {
                    places.put(name, given.place);
                }
            }
            config.insert(given.name, given.value);
        }
    }
    if replication.is_none() && target.kind == TargetKind::External && existing.is_none() {
        context.warn(
            "topic.replication-factor is not set: topics are created with 1, where acks=all waits for the leader only. \
             Set what your topics have",
        );
    }
    if existing.is_some() {
        if replication.is_some() || !config.is_empty() {
            context.warn(
                "topic.existing: its replication factor and configuration are its own; those of [topic] are not used",
            );
        }
        if partitions.is_none() {
            context.warn("topic.existing: say with topic.partitions how many partitions it has; 6 are assumed");
        }
    }
    let replication_factor = replication.unwrap_or(match target.kind {
        TargetKind::External => 1,
        _ => u64::from(target.brokers.min(3)),
    });
    let settings = TopicSettings {
        existing,
        replication_factor: replication_factor as u16,
        config,
    };
    (settings, partitions)
}

/// `[run]`, and the figure that it names for its precision.
pub(crate) fn run(document: &mut Document, context: &mut Context) -> (RunSettings, Option<(Place, PrecisionMetric)>) {
    let mut section = Section::new("[run]", document.take_section("run."));
    let mut duration = |key: &'static str, default: u64, least: u64, context: &mut Context| {
        let entry = section.take(key, context);
        entry
            .and_then(|entry| context.duration_ms(key, &entry.node, least, DAY_MS))
            .unwrap_or(default)
    };
    let warmup_ms = duration("warmup", 2_000, 0, context);
    let measure_ms = duration("measure", 5_000, 100, context);
    let drain_timeout_ms = duration("drain-timeout", 30_000, 100, context);
    let conditioning_ms = duration("conditioning", 30_000, 0, context);
    let headroom_measure_ms = duration("headroom-measure", 1_000, 100, context);
    let repetitions = section.take("repetitions", context);
    let headroom = section.take("headroom", context);
    let order = section.take("order", context);
    let seed = section.take("seed", context);
    let (precision, metric) = precision::read(&mut section, repetitions.as_ref(), context);
    let mut known = vec![
        "repetitions",
        "warmup",
        "measure",
        "drain-timeout",
        "conditioning",
        "headroom",
        "headroom-measure",
        "order",
        "seed",
    ];
    known.extend(precision::KEYS);
    section.finish(&known, context);
    let settings = RunSettings {
        repetitions: repetitions
            .and_then(|entry| context.integer("repetitions", &entry.node, 1, 10_000))
            .map_or(10, |value| value as u32),
        warmup_ms,
        measure_ms,
        drain_timeout_ms,
        conditioning_ms,
        headroom: headroom
            .and_then(|entry| context.boolean("headroom", &entry.node))
            .unwrap_or(true),
        headroom_measure_ms,
        order: order
            .and_then(|entry| read_order(&entry, context))
            .unwrap_or(Order::Random),
        seed: seed
            .and_then(|entry| context.integer("seed", &entry.node, 0, u64::MAX >> 1))
            .unwrap_or(DEFAULT_SEED),
        precision,
    };
    (settings, metric)
}

fn read_order(entry: &Entry, context: &mut Context) -> Option<Order> {
    match context.text("order", &entry.node)?.as_str() {
        "random" => Some(Order::Random),
        "matrix" => Some(Order::Matrix),
        _ => {
            let remedy = "\"random\": a fresh random order in each block; \"matrix\": the matrix's order";
            context.problem(Problem::at(
                entry.node.place,
                "order has no such value",
                "random or matrix",
                remedy,
            ));
            None
        }
    }
}
