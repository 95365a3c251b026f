//! One setting that may vary between configurations, of an axis or of a variant: which names there are, and how a value
//! is read and put in plain form. Knows nothing of how settings are combined.

use super::document::{Entry, Node, Value};
use super::error::Problem;
use super::model::Defaults;
use super::properties::check::{check, meaning};
use super::properties::{Given, is_connection, known_names, librdkafka, nearest};
use super::read::Context;
use super::source::Place;
use super::workload::{LoadKey, LoadSetting};

/// What a value of an axis sets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Setting {
    /// Something of the load.
    Load(LoadKey, LoadSetting),
    /// A producer property, checked.
    Property(Given),
    /// A producer property left at its default, in plain form: the base of `one-at-a-time`.
    Default(String),
    /// All that a variant of this name sets, on top of what is fixed.
    Variant(String, Vec<Part>),
}

/// One setting of a variant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    /// Its name, in one spelling.
    pub name: String,
    /// Where the name stands.
    pub key: Place,
    /// Where the value stands.
    pub place: Place,
    /// What it sets.
    pub setting: Setting,
}

impl Setting {
    /// Two values of an axis with the same plain form are the same. Variants differ by their names alone: two of them
    /// may set the same, to measure what differs between equal things.
    pub fn plain(&self) -> String {
        match self {
            Setting::Load(_, setting) => setting.text(),
            Setting::Property(given) => given.value.clone(),
            Setting::Default(value) | Setting::Variant(value, _) => value.clone(),
        }
    }
}

/// A setting as read, with its forms.
pub(super) struct Read {
    /// As the profile gives it.
    pub text: String,
    /// In the setting's base unit, where it is a number.
    pub number: Option<f64>,
    /// The setting.
    pub setting: Setting,
}

/// The name of what an entry sets, in one spelling. `owner` is what the entry belongs to: `an axis`, `a variant`.
pub(super) fn name_of(entry: &Entry, owner: &str, defaults: Defaults, context: &mut Context) -> Option<String> {
    let name = LoadKey::find(&entry.path).map_or_else(|| entry.path.clone(), |key| key.name().to_owned());
    let is_known = LoadKey::find(&name).is_some() || meaning(&name, defaults).is_some();
    if !is_known && !librdkafka::OWNED.contains(&name.as_str()) {
        context.problem(unknown(entry, &name, owner));
        return None;
    }
    if is_connection(&name) || name == "client.id" {
        let message = match owner {
            "an axis" => format!("{name} cannot be an axis"),
            _ => format!("{name} cannot be set by {owner}"),
        };
        let remedy = "all configurations reach the brokers in the same way: put it under [target.properties]";
        context.problem(Problem::at(entry.key, message, "not a property of the load", remedy));
        return None;
    }
    Some(name)
}

fn unknown(entry: &Entry, name: &str, owner: &str) -> Problem {
    let load_names = LoadKey::every().map(LoadKey::name);
    let remedy = match nearest(name, known_names().chain(load_names)) {
        _ if name == "variant" || name == "variants" => "variants are tables of their own: [variants.NAME]".to_owned(),
        Some(near) => format!("did you mean {near}?"),
        None => {
            let verb = if owner == "an axis" { "is" } else { "sets" };
            format!(
                "{owner} {verb} a producer property, send.mode, send.concurrency, client, record.size, payload, \
                 partitions, producers, rate, arrival, key, partitioner, headers, timestamps, tombstones or topics"
            )
        }
    };
    let message = match owner {
        "an axis" => format!("{name} is no axis"),
        _ => format!("{name} is nothing that {owner} can set"),
    };
    Problem::at(entry.key, message, "unknown", remedy)
}

/// Reads one value of the setting called `name`.
pub(super) fn read(name: &str, entry: &Entry, node: &Node, defaults: Defaults, context: &mut Context) -> Option<Read> {
    if let Some(key) = LoadKey::find(name) {
        let setting = key.read(node, context)?;
        return Some(Read {
            text: node.value.scalar().unwrap_or_else(|| setting.text()),
            number: setting.number(),
            setting: Setting::Load(key, setting),
        });
    }
    if !matches!(node.value, Value::Text(_) | Value::Number(_) | Value::Boolean(_)) {
        context.wrong_type(name, node, "a string, a number or a boolean");
        return None;
    }
    let given = context.given_value(name, entry, node)?;
    match check(&given, defaults) {
        Ok(checked) => Some(Read {
            text: given.value,
            number: checked.value.parse().ok(),
            setting: Setting::Property(checked),
        }),
        Err(problem) => {
            context.problem(problem);
            None
        }
    }
}

/// Whether two names mean the same setting, whichever way they are spelled.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    match (LoadKey::find(one), LoadKey::find(other)) {
        (None, None) => librdkafka::canonical(one) == librdkafka::canonical(other),
        (Some(one), Some(other)) => one == other || one.is_same_as(other),
        _ => false,
    }
}
