//! `[workload] topics`: the topics that records are spread over by weight, how they are read, written in words, and what
//! they do not go together with.

use super::configuration::Draft;
use super::document::{Entry, Node, Value};
use super::error::Problem;
use super::matrix::Matrix;
use super::model::TopicSettings;
use super::read::{Context, Section};
use super::record_rules::Settings;
use super::workload::LoadKey;
use crate::protocol::WeightedTopic;

/// Most topics of one workload.
const MOST_TOPICS: usize = 100;
/// Most partitions of one of them.
const MOST_PARTITIONS: u64 = 10_000;
/// Largest weight: sums of weights stay far from where adding to them changes nothing.
const LARGEST_WEIGHT: f64 = 1e9;
/// Longest name in characters: Kafka allows 249 (`Topic.MAX_NAME_LENGTH`), and what stands before it on the cluster,
/// `kpbench-`, the run and the trial, takes up to 69.
pub(crate) const LONGEST_NAME: usize = 180;

const FORM: &str = "[{name = \"orders\", weight = 7, partitions = 12}, {name = \"payments\", weight = 3}]";

/// One topic as a profile names it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NamedTopic {
    /// What its name on the cluster ends in.
    pub name: String,
    /// How likely a record goes there, in relation to the others.
    pub weight: f64,
    /// Its partitions; none: those of `[topic]`.
    pub partitions: Option<u32>,
}

impl NamedTopic {
    /// The same with its partitions, which are `of_topic` where it has none of its own.
    pub fn resolved(self, of_topic: u32) -> WeightedTopic {
        WeightedTopic {
            name: self.name,
            weight: self.weight,
            partitions: self.partitions.unwrap_or(of_topic),
        }
    }
}

/// Reads `topics`; empty for the trial's one topic.
pub(super) fn topics(node: &Node, context: &mut Context) -> Option<Vec<NamedTopic>> {
    let items = match &node.value {
        Value::Array(items) => items,
        Value::Text(word) if word == "none" => return Some(Vec::new()),
        _ => {
            let expected = format!("an array of topics, as in {FORM}, or \"none\" for the trial's one topic");
            context.wrong_type("topics", node, &expected);
            return None;
        }
    };
    if items.is_empty() || items.len() > MOST_TOPICS {
        context.problem(Problem::at(
            node.place,
            match items.len() {
                0 => "topics names none".to_owned(),
                many => format!("topics names {many}, which is too many"),
            },
            format!("expected 1 to {MOST_TOPICS} of them"),
            format!("name topics, as in {FORM}, or leave topics out: every trial has one topic then"),
        ));
        return None;
    }
    // Everything is read before anything is given up: all that is wrong is told at once.
    let read: Vec<Option<NamedTopic>> = items.iter().map(|item| topic(item, context)).collect();
    let read: Vec<NamedTopic> = read.into_iter().collect::<Option<_>>()?;
    distinct(&read, items, context).then_some(read)
}

/// A topic: a table, or its name alone.
fn topic(node: &Node, context: &mut Context) -> Option<NamedTopic> {
    match &node.value {
        Value::Text(_) => Some(NamedTopic {
            name: name(node, context)?,
            weight: 1.0,
            partitions: None,
        }),
        Value::Table(entries) => {
            let mut table = Section::new("a topic", entries.clone());
            let given = table.take("name", context);
            if given.is_none() {
                let message = "a topic has no name";
                let remedy = format!("name it, as in {FORM}");
                context.problem(Problem::at(node.place, message, "name is missing", remedy));
            }
            let name = given.and_then(|entry| name(&entry.node, context));
            let weight = match table.take("weight", context) {
                Some(entry) => weight(&entry, context),
                None => Some(1.0),
            };
            let partitions = match table.take("partitions", context) {
                Some(entry) => context
                    .integer("partitions", &entry.node, 1, MOST_PARTITIONS)
                    .map(|partitions| Some(partitions as u32)),
                None => Some(None),
            };
            if let Some(entry) = table.take("replication-factor", context) {
                context.problem(Problem::at(
                    entry.key,
                    "a topic of the workload has no replication factor of its own",
                    "not here",
                    "all topics of a run are made alike but for their partitions: set [topic] replication-factor",
                ));
            }
            table.finish(&["name", "weight", "partitions"], context);
            Some(NamedTopic {
                name: name?,
                weight: weight?,
                partitions: partitions?,
            })
        }
        Value::Array(_) => {
            let expected = format!("one list, as in topics = {FORM}; lists of topics make an axis of [matrix]");
            context.wrong_type("a topic", node, &expected);
            None
        }
        _ => {
            context.wrong_type("a topic", node, &format!("a name or a table, as in {FORM}"));
            None
        }
    }
}

/// A name that Kafka takes (`Topic.validate` of kafka-clients), and that is short enough.
fn name(node: &Node, context: &mut Context) -> Option<String> {
    let name = context.text("a topic's name", node)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let (message, label, remedy) = if name.is_empty() || name == "." || name == ".." || !name.chars().all(legal) {
        (
            format!("{name:?} is no name of a topic"),
            "Kafka takes no such name".to_owned(),
            "letters of ASCII, digits, dots, underscores and hyphens, and not only one or two dots",
        )
    } else if name.len() > LONGEST_NAME {
        (
            format!("the name of a topic is too long: {} characters", name.len()),
            format!("expected {LONGEST_NAME} at most"),
            "Kafka allows 249, and on the cluster kpbench-, the run and the trial stand before it",
        )
    } else {
        return Some(name);
    };
    context.problem(Problem::at(node.place, message, label, remedy));
    None
}

fn weight(entry: &Entry, context: &mut Context) -> Option<f64> {
    let weight = match &entry.node.value {
        Value::Number(text) => text.parse::<f64>().unwrap_or(f64::NAN),
        _ => {
            context.wrong_type("weight", &entry.node, "a number");
            return None;
        }
    };
    if weight > 0.0 && weight <= LARGEST_WEIGHT {
        return Some(weight);
    }
    context.problem(Problem::at(
        entry.node.place,
        "weight is out of range",
        format!("expected above 0, and {LARGEST_WEIGHT} at most"),
        "weights are relative: 7 and 3 are 70 % and 30 % of the records. Leave out a topic that is to have none",
    ));
    None
}

/// Whether no two names are the same to Kafka, which takes dots and underscores for one in the names of its metrics and
/// refuses a topic whose name another has in that sense (`Topic.hasCollision`).
fn distinct(topics: &[NamedTopic], items: &[Node], context: &mut Context) -> bool {
    let mut all = true;
    for (place, topic) in topics.iter().enumerate() {
        let same = |other: &NamedTopic| other.name.replace('.', "_") == topic.name.replace('.', "_");
        if let Some(first) = topics[..place].iter().position(same) {
            all = false;
            let (message, remedy) = match topics[first].name == topic.name {
                true => (format!("the topic {} is there twice", topic.name), "add up the weights"),
                false => (
                    format!("the topics {} and {} cannot both be", topics[first].name, topic.name),
                    "to Kafka's metrics dots and underscores are the same, and it refuses the second: rename one",
                ),
            };
            context.problem(Problem {
                message,
                labels: vec![
                    (items[place].place, "again".to_owned()),
                    (items[first].place, "first".to_owned()),
                ],
                remedy: remedy.to_owned(),
            });
        }
    }
    all
}

/// Topics in words: names with their weights, and partitions where they have some of their own.
pub(crate) fn named_text(topics: &[NamedTopic]) -> String {
    let of = |topic: &NamedTopic| text_of(&topic.name, topic.weight, topic.partitions);
    joined(topics.iter().map(of).collect())
}

/// The same of a configuration whose one topic would have `of_topic` partitions.
pub(crate) fn topics_text(topics: &[WeightedTopic], of_topic: u32) -> String {
    let of = |topic: &WeightedTopic| {
        let own = Some(topic.partitions).filter(|partitions| *partitions != of_topic);
        text_of(&topic.name, topic.weight, own)
    };
    joined(topics.iter().map(of).collect())
}

fn text_of(name: &str, weight: f64, partitions: Option<u32>) -> String {
    match partitions {
        Some(1) => format!("{name} {weight} (1 partition)"),
        Some(partitions) => format!("{name} {weight} ({partitions} partitions)"),
        None => format!("{name} {weight}"),
    }
}

fn joined(topics: Vec<String>) -> String {
    match topics.is_empty() {
        true => "none".to_owned(),
        false => topics.join(", "),
    }
}

/// What several topics do not go together with.
pub(super) fn check(draft: &Draft, topic: &TopicSettings, settings: &Settings<'_>, context: &mut Context) {
    let records = &draft.configuration.workload.records;
    if let (Some(existing), false) = (&topic.existing, records.topics.is_empty()) {
        settings.problem(
            LoadKey::Topics,
            format!("the workload's topics cannot be had where topic.existing is {existing}"),
            "topics of the run's own",
            "an existing topic is one, and is written to as it is: leave topic.existing out, or topics",
            context,
        );
    }
}

/// Topics that all have partitions of their own leave nothing to an axis of partitions: the same would be measured twice,
/// and one of the two called the best.
pub(super) fn check_partitions(drafts: &[Draft], matrix: &Matrix, context: &mut Context) {
    let Some(axis) = matrix.axes.iter().find(|axis| axis.name == LoadKey::Partitions.name()) else {
        return;
    };
    let mut seen: Vec<&Draft> = Vec::new();
    for draft in drafts {
        let own = &draft.configuration;
        if own.workload.records.topics.is_empty() {
            continue;
        }
        let same = |other: &&Draft| {
            let other = &other.configuration;
            other.partitions != own.partitions && other.workload == own.workload && other.properties == own.properties
        };
        if seen.iter().any(same) {
            let message = "partitions is an axis, and every topic has partitions of its own";
            let remedy = "leave the axis out, or the partitions of one of the topics";
            context.problem(match axis.values.iter().find_map(|value| value.place) {
                Some(place) => Problem::at(place, message, "the same for each of these", remedy),
                None => Problem::nowhere(message.to_owned(), remedy),
            });
            return;
        }
        seen.push(draft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_in_words_have_their_partitions_only_where_those_are_their_own() {
        let topic = |name: &str, weight, partitions| NamedTopic {
            name: name.to_owned(),
            weight,
            partitions,
        };
        let topics = [
            topic("orders", 7.0, Some(12)),
            topic("payments", 2.5, None),
            topic("audit", 1.0, Some(1)),
        ];
        let text = "orders 7 (12 partitions), payments 2.5, audit 1 (1 partition)";
        assert_eq!(named_text(&topics), text);
        let resolved: Vec<WeightedTopic> = topics.into_iter().map(|topic| topic.resolved(6)).collect();
        assert_eq!(topics_text(&resolved, 6), text);
        assert_eq!(resolved[1].partitions, 6);
        assert_eq!(named_text(&[]), "none");
    }
}
