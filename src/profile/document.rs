//! TOML with the place of every key and value, flattened to dotted paths, with command-line overrides put on top.
//! Knows which keys take tables as values, nothing else of what a profile means.

use toml::de::{DeTable, DeValue};

use super::Override;
use super::error::{Problem, ProfileError, line_and_column};
use super::secrets::{is_secret, mask_unparsed};
use super::source::{Place, Sources};

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A string.
    Text(String),
    /// An integer, a float, as decimal text.
    Number(String),
    /// A boolean.
    Boolean(bool),
    /// A date or time, which no key takes.
    Datetime,
    /// An array.
    Array(Vec<Node>),
    /// A table that is a value of its own, with dotted keys.
    Table(Vec<Entry>),
}

impl Value {
    /// What it is, in TOML's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Number(number) if number.contains(['.', 'e', 'i', 'n']) => "a float",
            Value::Number(_) => "an integer",
            Value::Boolean(_) => "a boolean",
            Value::Datetime => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// Whether it is a table with nothing in it.
    pub fn is_empty_table(&self) -> bool {
        matches!(self, Value::Table(entries) if entries.is_empty())
    }

    /// Strings, numbers and booleans as text.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Boolean(value) => Some(value.to_string()),
            _ => None,
        }
    }
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The dotted path.
    pub path: String,
    /// Where the key stands.
    pub key: Place,
    /// The value.
    pub node: Node,
}

impl Entry {
    /// Puts another table's entries on top of this one's. What is no table replaces it.
    fn merge(&mut self, other: Entry) {
        match (&mut self.node.value, other.node.value) {
            (Value::Table(own), Value::Table(inner)) => {
                for entry in inner {
                    let path = normalized(&entry.path);
                    match own.iter_mut().find(|own| normalized(&own.path) == path) {
                        Some(own) => *own = entry,
                        None => own.push(entry),
                    }
                }
            }
            (own, value) => {
                *own = value;
                (self.key, self.node.place) = (other.key, other.node.place);
            }
        }
    }
}

/// Every entry of a profile, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// Sections whose keys are Kafka's own names, told apart exactly.
const EXACT_SECTIONS: &[&str] = &[
    "producer.",
    "target.properties.",
    "target.broker.",
    "topic.config.",
    "schema-registry.",
];

/// Where variants stand.
const VARIANTS: &str = "variants.";

/// One spelling for comparison: outside Kafka's own names, `record-size`, `record_size` and `record.size` are the same.
pub(crate) fn normalized(path: &str) -> String {
    if EXACT_SECTIONS.iter().any(|section| path.starts_with(section)) || is_variant(path) {
        return path.to_owned();
    }
    path.replace(['-', '_'], ".")
}

impl Document {
    /// Parses a profile's text, which is text number `source` of `sources`.
    ///
    /// # Errors
    /// Where it is no TOML.
    pub fn parse(sources: &Sources, source: usize) -> Result<Document, ProfileError> {
        let text = &sources.get(source).text;
        let table = DeTable::parse(text).map_err(|error| not_toml(&sources.get(source).name, text, &error))?;
        let mut entries = Vec::new();
        flatten("", table.get_ref(), source, text, &mut entries);
        Ok(Document { entries })
    }

    /// Puts an override on top: it replaces the entry of the same path, or is added.
    pub fn apply(&mut self, sources: &mut Sources, given: &Override, problems: &mut Vec<Problem>) {
        let assignment = |value: &str| format!("{} = {value}", given.key);
        let as_toml = assignment(given.value.trim());
        let text = match DeTable::parse(&as_toml) {
            Ok(_) => as_toml,
            Err(_) => assignment(&toml::Value::String(given.value.clone()).to_string()),
        };
        let source = sources.add(given.origin.clone(), text);
        match Document::parse(sources, source) {
            Ok(parsed) => parsed.entries.into_iter().for_each(|entry| self.put(entry)),
            Err(_) => {
                // Only the key is shown: the value may be a secret.
                let source = sources.add(given.origin.clone(), given.key.clone());
                let end = given.key.len();
                problems.push(Problem::at(
                    Place::new(source, 0..end),
                    format!("{:?} is no profile field", given.key),
                    "not a dotted key",
                    "write a field as the profile does, as in run.repetitions=3 or producer.linger.ms=5",
                ));
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        let path = normalized(&entry.path);
        match self
            .entries
            .iter_mut()
            .find(|existing| normalized(&existing.path) == path)
        {
            Some(existing) if is_variant(&existing.path) || is_part_of_arrival(&entry) => existing.merge(entry),
            Some(existing) => *existing = entry,
            None => self.entries.push(entry),
        }
    }

    /// Marks the value of every key that looks like a secret's, known or not: it must not stand in any message.
    pub fn mark_secrets(&self, sources: &mut Sources) {
        let within = self.entries.iter().flat_map(|entry| match &entry.node.value {
            Value::Table(inner) if is_variant(&entry.path) => inner.as_slice(),
            _ => &[],
        });
        for entry in self.entries.iter().chain(within).filter(|entry| is_secret(&entry.path)) {
            sources.mark_secret(entry.node.place);
        }
    }

    /// Takes out every entry below a prefix such as `producer.`; paths lose it.
    pub fn take_section(&mut self, prefix: &str) -> Vec<Entry> {
        let (taken, left) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|entry| entry.path.starts_with(prefix));
        self.entries = left;
        let mut taken: Vec<Entry> = taken;
        taken.iter_mut().for_each(|entry| {
            entry.path.drain(..prefix.len());
        });
        taken
    }
}

/// Whether the table at this path is a value rather than a section. Those of a variant are read apart, without its name.
fn is_value_table(path: &str) -> bool {
    let path = normalized(path);
    let in_workload = path.strip_prefix("workload.").unwrap_or(&path);
    matches!(
        in_workload,
        "record.size" | "payload" | "arrival" | "key" | "partitioner" | "headers"
    ) || is_variant(&path)
}

/// Whether this sets single keys of an arrival pattern that is given elsewhere: `workload.arrival.rate`.
fn is_part_of_arrival(entry: &Entry) -> bool {
    let names_pattern = |entries: &[Entry]| entries.iter().any(|entry| entry.path == "pattern");
    let is_part = matches!(&entry.node.value, Value::Table(entries) if !names_pattern(entries));
    is_part && normalized(&entry.path) == "workload.arrival"
}

/// Whether this is a variant: everything behind the prefix is its name, dots included.
fn is_variant(path: &str) -> bool {
    path.starts_with(VARIANTS)
}

/// Whether this table in an exclusion or a variant holds single settings of an arrival pattern: `arrival.batch-size`.
fn is_part(path: &str, table: &DeTable<'_>) -> bool {
    path == "arrival" && !table.iter().any(|(key, _)| key.get_ref() == "pattern")
}

fn flatten(prefix: &str, table: &DeTable<'_>, source: usize, text: &str, into: &mut Vec<Entry>) {
    for (key, value) in table {
        let path = format!("{prefix}{}", key.get_ref());
        let key_place = Place::new(source, dotted_key(text, key.span()));
        match value.get_ref() {
            // An empty table is kept, so that an unknown section is seen even where nothing stands in it.
            DeValue::Table(inner) if !inner.is_empty() && (!is_value_table(&path) || is_part(&path, inner)) => {
                flatten(&format!("{path}."), inner, source, text, into);
            }
            other => into.push(Entry {
                path,
                key: key_place,
                node: node(other, value.span(), source, text),
            }),
        }
    }
}

fn node(value: &DeValue<'_>, span: std::ops::Range<usize>, source: usize, text: &str) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => Value::Number(decimal(integer.as_str(), integer.radix())),
        DeValue::Float(float) => Value::Number(float.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| node(item.get_ref(), item.span(), source, text))
                .collect(),
        ),
        DeValue::Table(table) => {
            let mut entries = Vec::new();
            flatten("", table, source, text, &mut entries);
            Value::Table(entries)
        }
    };
    Node {
        value,
        place: Place::new(source, span),
    }
}

/// An integer in decimal, whatever its base.
fn decimal(digits: &str, radix: u32) -> String {
    match radix {
        10 => digits.trim_start_matches('+').to_owned(),
        _ => i128::from_str_radix(digits, radix).map_or_else(|_| digits.to_owned(), |value| value.to_string()),
    }
}

/// The whole dotted key that ends with this part: `linger.ms` where the part is `ms`.
fn dotted_key(text: &str, part: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let before = &text[..part.start];
    let start = before.rfind(['\n', '{', ',', '[']).map_or(0, |at| at + 1);
    let lead = &text[start..part.start];
    let start = start + (lead.len() - lead.trim_start().len());
    let only_key_parts = text[start..part.start]
        .chars()
        .all(|c| c.is_alphanumeric() || ".-_\"' ".contains(c));
    if only_key_parts { start..part.end } else { part }
}

/// The error for a text that is no TOML, as the parser says it.
fn not_toml(name: &str, text: &str, error: &toml::de::Error) -> ProfileError {
    let (line, column) = error.span().map_or((1, 1), |span| line_and_column(text, span.start));
    ProfileError::unparsed(
        name,
        mask_unparsed(text),
        format!("this is not TOML: {}", error.message().trim_end().replace('\n', "; ")),
        line,
        column,
        "see https://toml.io for the syntax; strings need quotes, arrays commas between their values",
    )
}
