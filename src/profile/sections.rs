//! The sections `[target]`, `[topic]`, `[run]` and `[producer]` with its `.properties` file.

use std::collections::BTreeMap;

use super::document::{Document, Entry};
use super::error::Problem;
use super::model::{Defaults, Order, RunSettings, TargetSettings, TopicSettings};
use super::properties::check::check;
use super::properties::file;
use super::properties::spring::{self, Meaning};
use super::properties::{Connection, Given, is_connection, nearest, translate_connection};
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

/// Names of broker configuration (kafka-server 4.3.0, `AbstractKafkaConfig.CONFIG_DEF`), one a line.
const BROKER_CONFIG: &str = include_str!("broker_names.txt");

/// What is fixed for all configurations of a profile.
pub(crate) struct Fixed {
    /// Whose defaults.
    pub defaults: Defaults,
    /// Checked producer properties, connection properties taken out.
    pub properties: Vec<Given>,
    /// Connection properties that stood among them, and how they translate.
    pub connection: Connection,
}

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

/// `[target]`.
pub(crate) fn target(
    document: &mut Document,
    producer: &Connection,
    defaults: Defaults,
    places: &mut Places,
    context: &mut Context,
) -> TargetSettings {
    let properties = document.take_section("target.properties.");
    let broker = document.take_section("target.broker.");
    let mut section = Section::new("[target]", document.take_section("target."));
    let kind: Option<TargetKind> = section
        .take("kind", context)
        .and_then(|entry| context.word("kind", &entry.node));
    let brokers = section.take("brokers", context).and_then(|entry| {
        places.put("brokers", entry.node.place);
        context.integer("brokers", &entry.node, 1, 100)
    });
    let own_servers = section.take("bootstrap-servers", context).and_then(|entry| {
        places.put("bootstrap-servers", entry.node.place);
        match &entry.node.value {
            super::document::Value::Array(_) => {
                let named = Entry {
                    path: "bootstrap-servers".to_owned(),
                    ..entry
                };
                context.given(&named).map(|given| given.value)
            }
            _ => context.text("bootstrap-servers", &entry.node),
        }
    });
    section.finish(
        &["kind", "brokers", "bootstrap-servers", "properties", "broker"],
        context,
    );

    let connection = own_connection(&properties, defaults, context);
    let kind = kind.unwrap_or(if own_servers.is_some() {
        TargetKind::External
    } else {
        TargetKind::Local
    });
    let servers = bootstrap_servers(kind, own_servers, &connection, producer, places, context);
    let mut all = if kind == TargetKind::External {
        producer.properties.clone()
    } else {
        BTreeMap::new()
    };
    if kind != TargetKind::External && !producer.properties.is_empty() {
        let names: Vec<&str> = producer.properties.keys().map(String::as_str).collect();
        context.warn(format!(
            "{} among the producer's properties are not used: target {kind} is started by kpbench itself. To set up its \
             own connections, put them under [target.properties]",
            names.join(", ")
        ));
    }
    all.extend(connection.properties);
    let broker_config = broker_config(&broker, kind, context);
    TargetSettings {
        kind,
        brokers: match kind {
            TargetKind::External => brokers.unwrap_or(0) as u32,
            _ => brokers.unwrap_or(1) as u32,
        },
        bootstrap_servers: servers,
        connection: all,
        broker_config,
    }
}

/// `[target.properties]`.
fn own_connection(entries: &[Entry], defaults: Defaults, context: &mut Context) -> Connection {
    let mut given = Vec::new();
    for entry in entries {
        let Some(property) = context.given(entry) else { continue };
        match check(&property, defaults) {
            Ok(_) if !is_connection(&property.name) => context.problem(Problem::at(
                entry.key,
                format!("{} does not say how brokers are reached", property.name),
                "a property of the producer",
                "put it under [producer]",
            )),
            Ok(property) => given.push(property),
            Err(problem) => context.problem(problem),
        }
    }
    let mut connection = translate_connection(&given, defaults);
    take_findings(&mut connection, context);
    connection
}

/// Hands a connection's problems, notes and secrets over.
fn take_findings(connection: &mut Connection, context: &mut Context) {
    connection
        .problems
        .drain(..)
        .for_each(|problem| context.problem(problem));
    connection.notes.drain(..).for_each(|note| context.warn(note));
    connection.secrets.iter().for_each(|secret| context.secret(secret));
}

fn bootstrap_servers(
    kind: TargetKind,
    own: Option<String>,
    connection: &Connection,
    producer: &Connection,
    places: &mut Places,
    context: &mut Context,
) -> Option<String> {
    let elsewhere = connection
        .bootstrap_servers
        .as_ref()
        .or(producer.bootstrap_servers.as_ref());
    if kind != TargetKind::External {
        if own.is_some() || elsewhere.is_some() {
            context.warn(format!(
                "bootstrap.servers is not used: target {kind} is started by kpbench itself. For your own cluster choose \
                 target external"
            ));
        }
        return None;
    }
    if let (Some(own), Some(other)) = (&own, elsewhere)
        && *own != other.value
    {
        context.warn(format!(
            "bootstrap-servers of [target] is used ({own}), not {} of {}",
            other.value, other.name
        ));
    }
    if let (None, Some(other)) = (&own, elsewhere) {
        places.put("bootstrap-servers", other.place);
    }
    let servers = own.or_else(|| elsewhere.map(|given| given.value.clone()));
    match &servers {
        None => context.problem(Problem::nowhere(
            "target external needs bootstrap servers",
            "add bootstrap-servers = \"host:9092,…\" under [target], or give --bootstrap-servers",
        )),
        Some(list) => {
            if let Some(bad) = list.split(',').map(str::trim).find(|server| !is_address(server)) {
                let message = format!("{bad:?} is no bootstrap server");
                let remedy = "write host:port, several of them separated by commas";
                context.problem(match places.get("bootstrap-servers") {
                    Some(place) => Problem::at(place, message, "expected host:port", remedy),
                    None => Problem::nowhere(message, remedy),
                });
            }
        }
    }
    servers
}

/// Whether this is `host:port`, with or without a protocol before it.
fn is_address(server: &str) -> bool {
    let server = server.split_once("://").map_or(server, |(_, address)| address);
    match server.rsplit_once(':') {
        Some((host, port)) => !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0),
        None => !server.is_empty(),
    }
}

fn broker_config(entries: &[Entry], kind: TargetKind, context: &mut Context) -> BTreeMap<String, String> {
    let mut config = BTreeMap::new();
    for entry in entries {
        let known = |name: &str| BROKER_CONFIG.lines().any(|known| known == name) || name.starts_with("listener.name.");
        if !known(&entry.path) {
            let remedy = match nearest(&entry.path, BROKER_CONFIG.lines()) {
                Some(near) => format!("did you mean {near}?"),
                None => "see Kafka's broker configuration for the names".to_owned(),
            };
            let message = format!("{} is no broker configuration", entry.path);
            context.problem(Problem::at(entry.key, message, "unknown to Kafka 4.3", remedy));
        } else if let Some(given) = context.given(entry) {
            config.insert(given.name, given.value);
        }
    }
    if kind != TargetKind::Local && !config.is_empty() {
        context.warn(format!(
            "[target.broker] is not used: kpbench does not start the brokers of target {kind}"
        ));
    }
    config
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

/// `[run]`.
pub(crate) fn run(document: &mut Document, context: &mut Context) -> RunSettings {
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
    let known = [
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
    section.finish(&known, context);
    RunSettings {
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
    }
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

/// `[producer]`.
pub(crate) fn producer(document: &mut Document, context: &mut Context) -> Fixed {
    let mut entries = document.take_section("producer.");
    let mut take = |name: &str| {
        let index = entries.iter().position(|entry| entry.path == name)?;
        Some(entries.remove(index))
    };
    let defaults_entry = take("defaults");
    let file_entry = take("properties-file");
    let mut defaults = Defaults::Java;
    if let Some(entry) = &defaults_entry {
        match context.text("defaults", &entry.node).as_deref() {
            Some("java") | None => {}
            Some("librdkafka") => defaults = Defaults::Librdkafka,
            Some(_) => {
                let remedy =
                    "\"java\": Kafka's Java client, translated by meaning; \"librdkafka\": librdkafka as it is";
                context.problem(Problem::at(
                    entry.node.place,
                    "defaults has no such value",
                    "java or librdkafka",
                    remedy,
                ));
            }
        }
    }
    let mut given: Vec<Given> = Vec::new();
    if let Some(entry) = &file_entry {
        if defaults == Defaults::Librdkafka {
            let mut problem = Problem::at(
                entry.key,
                "a .properties file implies defaults = \"java\"",
                "Java's names and meaning",
                "set defaults = \"java\", or write the properties here in librdkafka's names",
            );
            problem.labels.extend(
                defaults_entry
                    .as_ref()
                    .map(|entry| (entry.node.place, "says otherwise".to_owned())),
            );
            context.problem(problem);
            defaults = Defaults::Java;
        }
        given = properties_file(entry, context);
    }
    for entry in &entries {
        let Some(property) = context.given(entry) else { continue };
        if let Some(same) = given.iter_mut().find(|same| same.name == property.name) {
            context.warn(format!(
                "{} of the profile is used, not that of the .properties file",
                property.name
            ));
            *same = property;
        } else {
            given.push(property);
        }
    }
    let mut checked = Vec::new();
    for property in given {
        match check(&property, defaults) {
            Ok(property) => checked.push(property),
            Err(problem) => context.problem(problem),
        }
    }
    let (reach, properties): (Vec<Given>, Vec<Given>) =
        checked.into_iter().partition(|given| is_connection(&given.name));
    let mut connection = translate_connection(&reach, defaults);
    take_findings(&mut connection, context);
    Fixed {
        defaults,
        properties,
        connection,
    }
}

/// The properties of a `.properties` file: Java's names, or a Spring application's.
fn properties_file(entry: &Entry, context: &mut Context) -> Vec<Given> {
    let Some(path) = context.text("properties-file", &entry.node) else {
        return Vec::new();
    };
    let full = context.base_dir.join(&path);
    let text = match std::fs::read_to_string(&full) {
        Ok(text) => text,
        Err(error) => {
            let remedy = format!("paths start at the profile's directory: {}", full.display());
            let label = format!("{error}");
            context.problem(Problem::at(
                entry.node.place,
                format!("{path} cannot be read"),
                label,
                remedy,
            ));
            return Vec::new();
        }
    };
    let source = context.sources.add(full.display().to_string(), text.clone());
    let lines = file::parse(&text);
    let is_spring = lines.iter().any(|line| line.key.starts_with("spring."));
    let mut foreign = Vec::new();
    let mut given: Vec<Given> = Vec::new();
    for line in lines {
        let (key, place) = (Place::new(source, line.key_range), Place::new(source, line.value_range));
        let (name, value) = match spring::meaning(&line.key, &line.value) {
            Some(Meaning::Property(name, value)) => (name, value),
            Some(Meaning::NotProducer | Meaning::Foreign) => {
                foreign.push(line.key);
                continue;
            }
            Some(Meaning::Impossible(why)) => {
                let message = format!("{} cannot be used here: {why}", line.key);
                context.problem(Problem::at(
                    key,
                    message,
                    "Spring's name",
                    "take it out, or write the producer's own name",
                ));
                continue;
            }
            None if is_spring => {
                foreign.push(line.key);
                continue;
            }
            None => (line.key, line.value),
        };
        let node = super::document::Node {
            value: super::document::Value::Text(value),
            place,
        };
        let as_entry = Entry {
            path: name.clone(),
            key,
            node,
        };
        if let Some(property) = context.given(&as_entry) {
            // Of a key that stands twice in a .properties file, the last counts, as in Java.
            if given.iter().any(|earlier| earlier.name == name) {
                context.warn(format!(
                    "{name} stands more than once in {path}: the last counts, as in Java"
                ));
            }
            given.retain(|earlier| earlier.name != name);
            given.push(property);
        }
    }
    if !foreign.is_empty() {
        context.warn(format!(
            "{} of {path} do not concern the producer and were left out",
            foreign.join(", ")
        ));
    }
    given
}
