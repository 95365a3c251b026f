//! The section `[producer]`, with its `.properties` file.

use super::document::{Document, Entry, Node, Value};
use super::error::Problem;
use super::model::Defaults;
use super::properties::check::check;
use super::properties::file::{self, Line};
use super::properties::java;
use super::properties::spring::{self, Meaning};
use super::properties::{Connection, Given, is_connection, translate_connection};
use super::read::Context;
use super::schema_registry::{SchemaRegistry, is_registry};
use super::secrets::is_secret;
use super::source::Place;

/// What is fixed for all configurations of a profile.
pub(crate) struct Fixed {
    /// Whose defaults.
    pub defaults: Defaults,
    /// Checked producer properties, connection properties taken out.
    pub properties: Vec<Given>,
    /// Connection properties that stood among them, and how they translate.
    pub connection: Connection,
    /// The Schema Registry's settings that stood among them.
    pub registry: SchemaRegistry,
}

/// `[producer]`.
pub(crate) fn producer(document: &mut Document, context: &mut Context) -> Fixed {
    let mut entries = document.take_section("producer.");
    let mut take = |name: &str| {
        let index = entries.iter().position(|entry| entry.path == name)?;
        Some(entries.remove(index))
    };
    let (defaults_entry, file_entry) = (take("defaults"), take("properties-file"));
    let mut defaults = defaults_entry
        .as_ref()
        .map_or(Defaults::Java, |entry| read_defaults(entry, context));
    let mut given: Vec<Given> = Vec::new();
    if let Some(entry) = &file_entry {
        if defaults == Defaults::Librdkafka {
            let mut problem = Problem::at(
                entry.key,
                "a .properties file implies defaults = \"java\"",
                "Java's names and meaning",
                "set defaults = \"java\", or write the properties here in librdkafka's names",
            );
            let otherwise = defaults_entry.map(|entry| (entry.node.place, "says otherwise".to_owned()));
            problem.labels.extend(otherwise);
            context.problem(problem);
            defaults = Defaults::Java;
        }
        given = properties_file(entry, context);
    }
    for entry in &entries {
        let Some(property) = context.given(entry) else { continue };
        match given.iter_mut().find(|same| same.name == property.name) {
            Some(same) => {
                context.warn(format!(
                    "{} of the profile is used, not that of the .properties file",
                    property.name
                ));
                *same = property;
            }
            None => given.push(property),
        }
    }
    let (registry, given): (Vec<Given>, Vec<Given>) = given.into_iter().partition(|given| is_registry(&given.name));
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
        registry: SchemaRegistry { given: registry },
    }
}

fn read_defaults(entry: &Entry, context: &mut Context) -> Defaults {
    match context.text("defaults", &entry.node).as_deref() {
        Some("librdkafka") => Defaults::Librdkafka,
        Some("java") | None => Defaults::Java,
        Some(_) => {
            let remedy = "\"java\": Kafka's Java client, translated by meaning; \"librdkafka\": librdkafka as it is";
            let message = "defaults has no such value";
            context.problem(Problem::at(entry.node.place, message, "java or librdkafka", remedy));
            Defaults::Java
        }
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
            let message = format!("{path} cannot be read");
            context.problem(Problem::at(entry.node.place, message, error.to_string(), remedy));
            return Vec::new();
        }
    };
    let lines = file::parse(&text);
    let source = context.sources.add(full.display().to_string(), text);
    let is_spring = lines.iter().any(|line| line.key.starts_with("spring."));
    let mut foreign = Vec::new();
    let mut given: Vec<Given> = Vec::new();
    for line in lines {
        if is_secret(&line.key) {
            // Also where the line is left out: it may stand next to one that a message shows.
            context
                .sources
                .mark_secret(Place::new(source, line.value_range.clone()));
        }
        let Some(entry) = line_entry(line, source, is_spring, &mut foreign, context) else {
            continue;
        };
        let Some(property) = context.given(&entry) else {
            continue;
        };
        // Of a key that stands twice in a .properties file, the last counts, as in Java.
        if given.iter().any(|earlier| earlier.name == property.name) {
            let name = &property.name;
            context.warn(format!(
                "{name} stands more than once in {path}: the last counts, as in Java"
            ));
        }
        given.retain(|earlier| earlier.name != property.name);
        given.push(property);
    }
    if !foreign.is_empty() {
        let names = foreign.join(", ");
        context.warn(format!(
            "{names} of {path} do not concern the producer and were left out"
        ));
    }
    given
}

/// A line as an entry under the producer's own name; none where it does not concern a producer.
fn line_entry(
    line: Line,
    source: usize,
    is_spring: bool,
    foreign: &mut Vec<String>,
    context: &mut Context,
) -> Option<Entry> {
    let (key, place) = (Place::new(source, line.key_range), Place::new(source, line.value_range));
    let (path, value) = match spring::meaning(&line.key, &line.value) {
        Some(Meaning::Property(name, value)) => (name, value),
        Some(Meaning::Impossible(why)) => {
            let message = format!("{} cannot be used here: {why}", line.key);
            let remedy = "take it out, or write the producer's own name";
            context.problem(Problem::at(key, message, "Spring's name", remedy));
            return None;
        }
        None if !is_spring => (line.key, line.value),
        None if let Some(name) = java::meant(&line.key) => {
            let message = format!("Spring does not bind {} here", line.key);
            let remedy = format!(
                "write spring.kafka.producer.properties.{name}, or take the file's spring. lines out: then all its names \
                 are the producer's own"
            );
            let label = "a producer's own name in a Spring file";
            context.problem(Problem::at(key, message, label, remedy));
            return None;
        }
        Some(Meaning::NotProducer | Meaning::Foreign) | None => {
            foreign.push(line.key);
            return None;
        }
    };
    let node = Node {
        value: Value::Text(value),
        place,
    };
    Some(Entry { path, key, node })
}

/// Hands a connection's problems, notes and secrets over.
pub(super) fn take_findings(connection: &mut Connection, context: &mut Context) {
    connection
        .problems
        .drain(..)
        .for_each(|problem| context.problem(problem));
    connection.notes.drain(..).for_each(|note| context.warn(note));
    connection.secrets.iter().for_each(|secret| context.secret(secret));
}
