//! `[[exclude]]`: combinations of axis values that are left out.

use super::document::{Document, Entry, Node, Value, normalized};
use super::error::Problem;
use super::matrix::Axis;
use super::read::Context;
use super::source::Place;

/// Conditions of one exclusion: axis, and which of its values.
pub(super) struct Exclusion {
    /// Axis, and which of its values.
    pub conditions: Vec<(usize, Vec<usize>)>,
    /// Where it stands.
    pub place: Place,
}

/// Reads every `[[exclude]]`.
pub(super) fn read_exclusions(document: &mut Document, axes: &[Axis], context: &mut Context) -> Vec<Exclusion> {
    let mut exclusions = Vec::new();
    let Some(index) = document.entries.iter().position(|entry| entry.path == "exclude") else {
        return exclusions;
    };
    let entry = document.entries.remove(index);
    let Value::Array(items) = &entry.node.value else {
        context.wrong_type("exclude", &entry.node, "tables, as in [[exclude]]");
        return exclusions;
    };
    for item in items {
        let Value::Table(conditions) = &item.value else {
            context.wrong_type("exclude", item, "tables, as in [[exclude]]");
            continue;
        };
        if conditions.is_empty() {
            let remedy = "name at least one axis with the values to leave out";
            context.problem(Problem::at(
                item.place,
                "an exclusion without conditions",
                "excludes everything",
                remedy,
            ));
            continue;
        }
        let read: Vec<_> = conditions
            .iter()
            .filter_map(|condition| read_condition(condition, axes, context))
            .collect();
        if read.len() == conditions.len() {
            let place = conditions.first().map_or(item.place, |first| first.key);
            exclusions.push(Exclusion {
                conditions: read,
                place,
            });
        }
    }
    exclusions
}

fn read_condition(condition: &Entry, axes: &[Axis], context: &mut Context) -> Option<(usize, Vec<usize>)> {
    let same_name = |axis: &Axis| axis.name == condition.path || normalized(&axis.name) == normalized(&condition.path);
    let Some(index) = axes.iter().position(same_name) else {
        let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
        let remedy = format!("axes are: {}", names.join(", "));
        let message = format!("an exclusion names {}, which is no axis", condition.path);
        context.problem(Problem::at(condition.key, message, "no axis of this matrix", remedy));
        return None;
    };
    let nodes: Vec<&Node> = match &condition.node.value {
        Value::Array(items) => items.iter().collect(),
        _ => vec![&condition.node],
    };
    let mut values = Vec::new();
    // Values set from outside may be fewer than those that the profile's exclusions know of: what is not there need not
    // be left out.
    let set_from_outside = |node: &Node| {
        let mut values = axes[index].values.iter();
        values.all(|value| value.place.is_some_and(|place| place.source != node.place.source))
    };
    for node in nodes {
        let text = node.value.scalar();
        let found = axes[index].values.iter().position(|value| {
            text.as_deref()
                .is_some_and(|text| text == value.text || text == value.setting.plain())
        });
        match found {
            Some(found) => values.push(found),
            None if set_from_outside(node) => {}
            None => {
                let known: Vec<&str> = axes[index].values.iter().map(|value| value.text.as_str()).collect();
                let message = format!("an exclusion names a value that {} does not have", condition.path);
                let remedy = format!("its values are: {}", known.join(", "));
                context.problem(Problem::at(node.place, message, "not among the axis's values", remedy));
            }
        }
    }
    (!values.is_empty()).then_some((index, values))
}
