//! `[variants.NAME]`: named sets of settings, as one axis called `variant`. A variant's settings replace what is fixed;
//! variants may set the same, or nothing: identical configurations under different labels.

use super::document::{Document, Entry, Value};
use super::error::Problem;
use super::matrix::{Axis, AxisValue};
use super::model::Defaults;
use super::read::Context;
use super::setting::{self, Part, Setting};
use super::workload::LoadKey;

/// What the axis is called.
pub(crate) const AXIS: &str = "variant";

/// The axis of all variants in the file's order; none where there is no variant.
pub(super) fn read(document: &mut Document, defaults: Defaults, context: &mut Context) -> Option<Axis> {
    let values: Vec<AxisValue> = document
        .take_section("variants.")
        .iter()
        .filter_map(|entry| read_variant(entry, defaults, context))
        .collect();
    (!values.is_empty()).then(|| Axis {
        name: AXIS.to_owned(),
        values,
        base: 0,
    })
}

fn read_variant(entry: &Entry, defaults: Defaults, context: &mut Context) -> Option<AxisValue> {
    let name = entry.path.as_str();
    let Value::Table(settings) = &entry.node.value else {
        context.wrong_type(
            &format!("the variant {name}"),
            &entry.node,
            "a table of settings, as in [variants.NAME]",
        );
        return None;
    };
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        let remedy = "name it as labels are to show it, as in [variants.large-batches]";
        let message = "a variant without a name that can be shown";
        context.problem(Problem::at(entry.key, message, "no such name", remedy));
        return None;
    }
    let mut parts: Vec<Part> = Vec::new();
    for own in settings {
        let Some(part) = read_part(own, defaults, context) else {
            continue;
        };
        if let Some(first) = parts.iter().find(|first| setting::same_name(&first.name, &part.name)) {
            context.problem(Problem {
                message: format!("the variant {name} sets {} twice", part.name),
                labels: vec![(part.key, "again".to_owned()), (first.key, "first".to_owned())],
                remedy: "keep one of them".to_owned(),
            });
            continue;
        }
        parts.push(part);
    }
    Some(AxisValue {
        text: name.to_owned(),
        number: None,
        setting: Setting::Variant(name.to_owned(), parts),
        place: Some(entry.key),
    })
}

fn read_part(entry: &Entry, defaults: Defaults, context: &mut Context) -> Option<Part> {
    let name = setting::name_of(entry, "a variant", defaults, context)?;
    // Topics are a list by nature.
    if let (Value::Array(_), false) = (&entry.node.value, name == LoadKey::Topics.name()) {
        context.wrong_type(&name, &entry.node, "one value; several values make an axis of [matrix]");
        return None;
    }
    let read = setting::read(&name, entry, &entry.node, defaults, context)?;
    Some(Part {
        name,
        key: entry.key,
        place: entry.node.place,
        setting: read.setting,
    })
}

/// A setting that both a variant and an axis decide would have two values.
pub(super) fn refuse_axes(variants: &Axis, axis: &str, axis_key: super::source::Place, context: &mut Context) {
    for (name, part) in parts(variants) {
        if setting::same_name(&part.name, axis) {
            context.problem(Problem {
                message: format!("{axis} is set by the variant {name} and is an axis"),
                labels: vec![(part.key, "set here".to_owned()), (axis_key, "an axis here".to_owned())],
                remedy: "keep one of them: take it out of the variants, or out of [matrix]".to_owned(),
            });
        }
    }
}

/// Every setting of every variant, with the variant's name.
pub(super) fn parts(variants: &Axis) -> impl Iterator<Item = (&str, &Part)> {
    variants.values.iter().flat_map(|value| match &value.setting {
        Setting::Variant(name, parts) => parts.iter().map(|part| (name.as_str(), part)).collect::<Vec<_>>(),
        _ => Vec::new(),
    })
}
