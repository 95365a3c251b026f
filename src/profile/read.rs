//! Reading typed fields out of a document: what was expected, where, and the nearest known key.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use super::document::{Entry, Node, Value, normalized};
use super::error::{Problem, line_and_column};
use super::payload_file::PayloadLines;
use super::properties::{Given, nearest};
use super::quantity::parse_duration_ms;
use super::secrets::{expand_environment, is_secret, misspelled_secret};
use super::source::{Place, Sources};

/// What is collected while a profile is read.
pub(crate) struct Context {
    /// Every text.
    pub sources: Sources,
    /// What is wrong so far.
    pub problems: Vec<Problem>,
    /// Warnings for the whole run.
    pub warnings: Vec<String>,
    /// Every secret value.
    pub secrets: Vec<String>,
    /// The lines of each payload file that is cut by lines.
    pub payload_lines: BTreeMap<PathBuf, PayloadLines>,
    /// By payload file and field: why not every line has the field, where that was looked for.
    pub fields_missing: BTreeMap<(PathBuf, String), Option<String>>,
    /// Relative paths start here.
    pub base_dir: PathBuf,
    /// How `${env:NAME}` is looked up.
    pub environment: fn(&str) -> Option<String>,
}

impl Context {
    /// Adds a problem unless the same one is there already.
    pub fn problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Adds a warning unless the same one is there already.
    pub fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// A place in words: file (or option), line and column.
    pub fn said(&self, place: Place) -> String {
        let source = self.sources.get(place.source);
        let (line, column) = line_and_column(&source.text, place.start);
        format!("{}:{line}:{column}", source.name)
    }

    /// Remembers a secret value.
    pub fn secret(&mut self, value: &str) {
        if !value.is_empty() && !self.secrets.iter().any(|secret| secret == value) {
            self.secrets.push(value.to_owned());
        }
    }

    /// A value that has another type than its key takes.
    pub fn wrong_type(&mut self, what: &str, node: &Node, expected: &str) {
        self.problem(Problem::at(
            node.place,
            format!("{what} has the wrong type"),
            format!("this is {}", node.value.kind()),
            format!("expected {expected}"),
        ));
    }

    /// Fills in the environment.
    pub fn expanded(&mut self, text: &str, node: &Node) -> Option<String> {
        match expand_environment(text, &self.environment) {
            Ok(expanded) => Some(expanded),
            Err(variable) => {
                self.problem(Problem::at(
                    node.place,
                    format!("the environment variable {variable} does not exist"),
                    "asked for here",
                    format!("set it, as in `export {variable}=…`, or write the value itself"),
                ));
                None
            }
        }
    }

    /// A property from an entry; secrets are remembered.
    pub fn given(&mut self, entry: &Entry) -> Option<Given> {
        self.given_value(&entry.path, entry, &entry.node)
    }

    /// A property of this name with one of an axis's values.
    pub fn given_value(&mut self, name: &str, entry: &Entry, node: &Node) -> Option<Given> {
        let scalars = |items: &[Node]| items.iter().map(|item| item.value.scalar()).collect::<Option<Vec<_>>>();
        let text = match &node.value {
            Value::Array(items) => scalars(items).map(|items| items.join(",")),
            other => other.scalar(),
        };
        let secret = is_secret(name) || misspelled_secret(name);
        if secret {
            self.sources.mark_secret(node.place);
        }
        let Some(text) = text else {
            self.wrong_type(name, node, "a string, a number or a boolean");
            return None;
        };
        let value = self.expanded(&text, node)?;
        if secret {
            self.secret(&value);
        }
        Some(Given {
            name: name.to_owned(),
            value,
            key: entry.key,
            place: node.place,
        })
    }

    /// A string.
    pub fn text(&mut self, what: &str, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) => {
                let text = text.clone();
                self.expanded(&text, node)
            }
            _ => {
                self.wrong_type(what, node, "a string");
                None
            }
        }
    }

    /// A boolean.
    pub fn boolean(&mut self, what: &str, node: &Node) -> Option<bool> {
        match &node.value {
            Value::Boolean(value) => Some(*value),
            _ => {
                self.wrong_type(what, node, "true or false");
                None
            }
        }
    }

    /// A whole number between two, both included.
    pub fn integer(&mut self, what: &str, node: &Node, least: u64, most: u64) -> Option<u64> {
        let Value::Number(text) = &node.value else {
            self.wrong_type(what, node, &format!("a whole number from {least} to {most}"));
            return None;
        };
        match text.parse::<u64>() {
            Ok(value) if value >= least && value <= most => Some(value),
            _ => {
                let expected = format!("expected a whole number from {least} to {most}");
                self.problem(Problem::at(
                    node.place,
                    format!("{what} is out of range"),
                    "out of range",
                    expected,
                ));
                None
            }
        }
    }

    /// A number as a float, without limits.
    pub fn decimal(&mut self, what: &str, node: &Node) -> Option<f64> {
        let value = match &node.value {
            Value::Number(text) => text.parse::<f64>().ok().filter(|value| value.is_finite()),
            _ => None,
        };
        if value.is_none() {
            self.wrong_type(what, node, "a number");
        }
        value
    }

    /// A duration with its unit, in ms, between two, both included.
    pub fn duration_ms(&mut self, what: &str, node: &Node, least: u64, most: u64) -> Option<u64> {
        let Value::Text(text) = &node.value else {
            self.wrong_type(
                what,
                node,
                "a duration with its unit, as in \"500ms\", \"5s\", \"1m 30s\"",
            );
            return None;
        };
        let show = |ms| humantime::format_duration(std::time::Duration::from_millis(ms)).to_string();
        match parse_duration_ms(text) {
            Ok(ms) if ms >= least && ms <= most => Some(ms),
            Ok(_) => {
                let expected = format!("expected {} to {}", show(least), show(most));
                self.problem(Problem::at(
                    node.place,
                    format!("{what} is out of range"),
                    "out of range",
                    expected,
                ));
                None
            }
            Err(expected) => {
                let remedy = "write the unit: ms, s, m, h";
                self.problem(Problem::at(
                    node.place,
                    format!("{what} is no duration"),
                    expected,
                    remedy,
                ));
                None
            }
        }
    }

    /// One of an enum's names.
    pub fn word<T: FromStr<Err = String>>(&mut self, what: &str, node: &Node) -> Option<T> {
        let text = self.text(what, node)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(expected) => {
                let remedy = expected
                    .split_once("; ")
                    .map_or(expected.clone(), |(_, remedy)| remedy.to_owned());
                self.problem(Problem::at(
                    node.place,
                    format!("{what} has no such value"),
                    expected,
                    remedy,
                ));
                None
            }
        }
    }
}

/// The entries of one section, taken out one by one.
pub(crate) struct Section {
    name: &'static str,
    entries: Vec<Entry>,
}

impl Section {
    /// A section and what stands in it.
    pub fn new(name: &'static str, entries: Vec<Entry>) -> Self {
        Section { name, entries }
    }

    /// The entry of a key, whichever way it is spelled.
    pub fn take(&mut self, key: &str, context: &mut Context) -> Option<Entry> {
        let wanted = normalized(key);
        let mut found: Option<Entry> = None;
        let mut index = 0;
        while index < self.entries.len() {
            if normalized(&self.entries[index].path) != wanted {
                index += 1;
                continue;
            }
            let entry = self.entries.remove(index);
            if let Some(first) = &found {
                context.problem(Problem {
                    message: format!("{key} is given twice"),
                    labels: vec![(entry.key, "again".to_owned()), (first.key, "first".to_owned())],
                    remedy: "keep one of them".to_owned(),
                });
            }
            found.get_or_insert(entry);
        }
        found
    }

    /// Reports names that are known, but belong elsewhere.
    pub fn refuse(&mut self, elsewhere: &[&str], remedy: &str, context: &mut Context) {
        let section = self.name;
        for entry in self
            .entries
            .extract_if(.., |entry| elsewhere.contains(&entry.path.as_str()))
        {
            let message = format!("{section} has no key {}", entry.path);
            context.problem(Problem::at(entry.key, message, "not here", remedy));
        }
    }

    /// Reports what is left as unknown.
    pub fn finish(self, known: &[&str], context: &mut Context) {
        for entry in self.entries {
            if known.contains(&entry.path.as_str()) && entry.node.value.is_empty_table() {
                continue;
            }
            context.problem(unknown_key(self.name, &entry, known));
        }
    }

    /// Reports what is left outside every section.
    pub fn finish_top_level(self, context: &mut Context) {
        const SECTIONS: [&str; 9] = [
            "target",
            "topic",
            "workload",
            "producer",
            "schema-registry",
            "matrix",
            "variants",
            "run",
            "gate",
        ];
        const KEYS: [&str; 3] = ["name", "description", "exclude"];
        for entry in self.entries {
            let first = entry.path.split('.').next().unwrap_or("");
            if SECTIONS.contains(&first) {
                if entry.node.value.is_empty_table() {
                    continue;
                }
                context.wrong_type(first, &entry.node, &format!("a section: [{first}]"));
                continue;
            }
            let known = SECTIONS.iter().chain(&KEYS).copied();
            let remedy = match nearest(first, known.clone()) {
                Some(near) if SECTIONS.contains(&near) => format!("did you mean [{near}]?"),
                Some(near) => format!("did you mean {near}?"),
                None => format!("known are: {}", known.collect::<Vec<_>>().join(", ")),
            };
            let message = format!("a profile has no key {}", entry.path);
            context.problem(Problem::at(entry.key, message, "unknown key", remedy));
        }
    }
}

/// The problem of a key that nobody knows.
fn unknown_key(section: &str, entry: &Entry, known: &[&str]) -> Problem {
    let remedy = match nearest(&entry.path, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known are: {}", known.join(", ")),
    };
    Problem::at(
        entry.key,
        format!("{section} has no key {}", entry.path),
        "unknown key",
        remedy,
    )
}
