//! Whether a property is known, possible here, and of the right type.

use super::java::{self, Class, JavaProperty};
use super::librdkafka::{self, LibrdkafkaProperty};
use super::{CONSUMER_ONLY, Given, Kind, known_names, nearest};
use crate::profile::error::Problem;
use crate::profile::model::Defaults;

/// Whose meaning a name has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// The Java client's.
    Java(&'static JavaProperty),
    /// librdkafka's.
    Librdkafka(&'static LibrdkafkaProperty),
}

impl Meaning {
    /// Type and range.
    pub fn kind(self) -> Kind {
        match self {
            Meaning::Java(property) => property.kind,
            Meaning::Librdkafka(property) => property.kind,
        }
    }

    /// Its default; empty where it has none.
    pub fn default(self) -> &'static str {
        match self {
            Meaning::Java(property) => property.default,
            Meaning::Librdkafka(property) => property.default,
        }
    }
}

/// A name's meaning: the world that the profile chose comes first, the other one after it.
pub(crate) fn meaning(name: &str, defaults: Defaults) -> Option<Meaning> {
    let in_java = java::find(name).map(Meaning::Java);
    let in_librdkafka = librdkafka::find(name).map(Meaning::Librdkafka);
    match defaults {
        Defaults::Java => in_java.or(in_librdkafka),
        Defaults::Librdkafka => in_librdkafka.or(in_java),
    }
}

/// Checks one property and puts its value in plain form.
///
/// # Errors
/// The problem, with its remedy.
pub(crate) fn check(given: &Given, defaults: Defaults) -> Result<Given, Problem> {
    let name = given.name.as_str();
    if librdkafka::OWNED.contains(&name) {
        return Err(Problem::at(
            given.key,
            format!("{name} is not for a profile to set"),
            "set by the benchmark itself",
            "take it out: the benchmark sets it as its measuring needs",
        ));
    }
    let Some(meaning) = meaning(name, defaults) else {
        return Err(unknown(given));
    };
    if let Meaning::Java(JavaProperty {
        class: Class::Impossible { why, remedy },
        ..
    }) = meaning
    {
        return Err(Problem::at(
            given.key,
            format!("{name} cannot be done here: {why}"),
            "cannot be had here",
            *remedy,
        ));
    }
    let value = meaning.kind().check(name, &given.value).map_err(|expected| {
        Problem::at(
            given.place,
            format!("{name} has a value that {} does not take", whose(meaning)),
            expected.clone(),
            format!("{name} must be: {}", expected.trim_start_matches("expected ")),
        )
    })?;
    Ok(Given { value, ..given.clone() })
}

fn whose(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Java(_) => "the Java client",
        Meaning::Librdkafka(_) => "librdkafka",
    }
}

fn unknown(given: &Given) -> Problem {
    let name = &given.name;
    if CONSUMER_ONLY.contains(&name.as_str()) {
        return Problem::at(
            given.key,
            format!("{name} is a consumer's property"),
            "not a producer's",
            "take it out: only producers are measured",
        );
    }
    let remedy = match nearest(name, known_names()) {
        Some(near) => format!("did you mean {near}?"),
        None => "see Kafka's producer configuration, or librdkafka's CONFIGURATION.md, for the names".to_owned(),
    };
    Problem::at(
        given.key,
        format!("{name} is no producer property"),
        "unknown to the Java client and to librdkafka",
        remedy,
    )
}
