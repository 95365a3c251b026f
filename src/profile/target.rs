//! The section `[target]`: what to send to, and how it is reached.

use std::collections::BTreeMap;

use super::document::{Document, Entry, Value};
use super::error::Problem;
use super::model::{Defaults, TargetSettings};
use super::producer::take_findings;
use super::properties::check::check;
use super::properties::{Connection, is_connection, nearest, translate_connection};
use super::read::{Context, Section};
use super::sections::Places;
use crate::protocol::TargetKind;

/// Names of broker configuration (kafka-server 4.3.0, `AbstractKafkaConfig.CONFIG_DEF`), one a line.
const BROKER_CONFIG: &str = include_str!("broker_names.txt");

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
    let kind: Option<TargetKind> = section.take("kind", context).and_then(|entry| {
        places.put("kind", entry.node.place);
        context.word("kind", &entry.node)
    });
    let brokers = section.take("brokers", context).and_then(|entry| {
        places.put("brokers", entry.node.place);
        context.integer("brokers", &entry.node, 1, 100)
    });
    let own_servers = section.take("bootstrap-servers", context).and_then(|entry| {
        places.put("bootstrap-servers", entry.node.place);
        match &entry.node.value {
            Value::Array(_) => {
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
        None => {
            let message = "target external needs bootstrap servers";
            let remedy = "add bootstrap-servers = \"host:9092,…\" under [target], or give --bootstrap-servers";
            context.problem(match places.get("kind") {
                Some(place) => Problem::at(place, message, "no bootstrap-servers with it", remedy),
                None => Problem::nowhere(message, remedy),
            });
        }
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
        None => false,
    }
}

/// What is wrong with a name of broker configuration, and the remedy; none where Kafka knows it.
pub fn unknown_broker_config(name: &str) -> Option<(String, String)> {
    if BROKER_CONFIG.lines().any(|known| known == name) || name.starts_with("listener.name.") {
        return None;
    }
    let remedy = match nearest(name, BROKER_CONFIG.lines()) {
        Some(near) => format!("did you mean {near}?"),
        None => "see Kafka's broker configuration for the names".to_owned(),
    };
    Some((format!("{name} is no broker configuration"), remedy))
}

fn broker_config(entries: &[Entry], kind: TargetKind, context: &mut Context) -> BTreeMap<String, String> {
    let mut config = BTreeMap::new();
    for entry in entries {
        if let Some((message, remedy)) = unknown_broker_config(&entry.path) {
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
