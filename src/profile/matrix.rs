//! The matrix: axes, the two ways to combine them, exclusions. Pure but for problems it reports.

use super::document::{Document, Entry, Value};
use super::error::Problem;
use super::exclude::{Exclusion, read_exclusions};
use super::model::Defaults;
use super::properties::check::meaning;
use super::properties::{Given, librdkafka};
use super::read::Context;
use super::setting::{self, Setting};
use super::source::Place;
use super::variants;
use super::workload::{LoadKey, LoadSettings};

/// How axes are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Every value with every other: the cross product.
    Cross,
    /// A base, and each axis varied alone around it.
    OneAtATime,
}

/// One value of an axis.
#[derive(Clone, Debug)]
pub(crate) struct AxisValue {
    /// As the profile gives it.
    pub text: String,
    /// In the axis's base unit, where it is a number.
    pub number: Option<f64>,
    /// What it sets.
    pub setting: Setting,
    /// Where it stands.
    pub place: Option<Place>,
}

/// One axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<AxisValue>,
    /// In `one-at-a-time`: which of them is the base.
    pub base: usize,
}

/// A point: for each axis, which value.
pub(crate) type Point = Vec<usize>;

/// The matrix.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    /// How its axes are combined.
    pub mode: Mode,
    /// The axes, in the profile's order.
    pub axes: Vec<Axis>,
    /// The points, exclusions taken out.
    pub points: Vec<Point>,
}

/// More points than this are not expanded.
const MOST_POINTS: usize = 100_000;

/// Reads `[matrix]`, `[variants.NAME]` and `[[exclude]]`.
pub(crate) fn read(
    document: &mut Document,
    fixed: &[Given],
    load: &LoadSettings,
    load_keys: &[(LoadKey, Place)],
    defaults: Defaults,
    context: &mut Context,
) -> Matrix {
    let mut entries = document.take_section("matrix.");
    let mode = match entries.iter().position(|entry| entry.path == "mode") {
        Some(index) => read_mode(&entries.remove(index), context),
        None => Mode::Cross,
    };
    let variants = variants::read(document, defaults, context);
    let mut axes = Vec::new();
    for entry in &entries {
        let Some(mut axis) = read_axis(entry, defaults, context) else {
            continue;
        };
        if let Some(variants) = &variants {
            variants::refuse_axes(variants, &axis.name, entry.key, context);
        }
        refuse_same_thing(&axis, entry, &axes, load_keys, context);
        if mode == Mode::OneAtATime {
            set_base(&mut axis, entry, fixed, load, defaults, context);
        } else {
            refuse_fixed_and_swept(&axis, entry, fixed, load_keys, context);
        }
        axes.push(axis);
    }
    // Where an axis could not be read, exclusions that name it would only repeat the complaint.
    let all_read = axes.len() == entries.len();
    // Variants vary slowest: the first one, with the first value of each axis, is the run's first configuration.
    axes.splice(0..0, variants);
    let exclusions = if all_read {
        read_exclusions(document, &axes, context)
    } else {
        document.entries.retain(|entry| entry.path != "exclude");
        Vec::new()
    };
    let points = expand(mode, &axes, &exclusions, context);
    Matrix { mode, axes, points }
}

fn read_mode(entry: &Entry, context: &mut Context) -> Mode {
    match context.text("mode", &entry.node).as_deref() {
        Some("one-at-a-time") => Mode::OneAtATime,
        Some("cross") | None => Mode::Cross,
        Some(_) => {
            let remedy = "\"cross\": every value with every other; \"one-at-a-time\": a base, each axis varied alone";
            context.problem(Problem::at(
                entry.node.place,
                "mode has no such value",
                "cross or one-at-a-time",
                remedy,
            ));
            Mode::Cross
        }
    }
}

fn read_axis(entry: &Entry, defaults: Defaults, context: &mut Context) -> Option<Axis> {
    let name = setting::name_of(entry, "an axis", defaults, context)?;
    let Value::Array(items) = &entry.node.value else {
        context.wrong_type(
            &name,
            &entry.node,
            "an array of values, as in [1, 2]; a single value goes under [producer]",
        );
        return None;
    };
    if items.is_empty() {
        let remedy = "give it at least one value, or take it out";
        context.problem(Problem::at(
            entry.node.place,
            format!("the axis {name} is empty"),
            "no values",
            remedy,
        ));
        return None;
    }
    let mut values: Vec<AxisValue> = Vec::new();
    for item in items {
        let Some(read) = setting::read(&name, entry, item, defaults, context) else {
            continue;
        };
        let value = AxisValue {
            text: read.text,
            number: read.number,
            setting: read.setting,
            place: Some(item.place),
        };
        if let Some(same) = values.iter().find(|same| same.setting.plain() == value.setting.plain()) {
            let mut labels = vec![(item.place, "the same value again".to_owned())];
            labels.extend(same.place.map(|place| (place, "first".to_owned())));
            context.problem(Problem {
                message: format!("the axis {name} has the same value twice"),
                labels,
                remedy: "take one of them out".to_owned(),
            });
            continue;
        }
        values.push(value);
    }
    (!values.is_empty()).then_some(Axis { name, values, base: 0 })
}

/// In `one-at-a-time`, an axis's base is what is fixed, else the default; it comes first.
fn set_base(
    axis: &mut Axis,
    entry: &Entry,
    fixed: &[Given],
    load: &LoadSettings,
    defaults: Defaults,
    context: &mut Context,
) {
    let base = match LoadKey::find(&axis.name) {
        Some(key) => {
            let setting = load.get(key);
            AxisValue {
                text: setting.text(),
                number: setting.number(),
                setting: Setting::Load(key, setting),
                place: None,
            }
        }
        None => {
            let same = |given: &&Given| librdkafka::canonical(&given.name) == librdkafka::canonical(&axis.name);
            let given = fixed.iter().find(same);
            let default = meaning(&axis.name, defaults).map_or("", |meaning| meaning.default());
            if given.is_none() && default.is_empty() {
                let message = format!("the axis {} has no base", axis.name);
                let remedy = "mode = \"one-at-a-time\" varies around a base: set it under [producer]";
                context.problem(Problem::at(entry.key, message, "it has no default", remedy));
                return;
            }
            let text = given.map_or_else(|| default.to_owned(), |given| given.value.clone());
            let setting = given.map_or_else(
                || Setting::Default(text.clone()),
                |given| Setting::Property(given.clone()),
            );
            AxisValue {
                number: text.parse().ok(),
                text,
                setting,
                place: None,
            }
        }
    };
    match axis
        .values
        .iter()
        .position(|value| value.setting.plain() == base.setting.plain())
    {
        Some(index) => axis.base = index,
        None => {
            axis.values.insert(0, base);
            axis.base = 0;
        }
    }
}

/// An axis that says the same thing as another key or axis in a different way: `rate` and `arrival`.
fn refuse_same_thing(
    axis: &Axis,
    entry: &Entry,
    before: &[Axis],
    load_keys: &[(LoadKey, Place)],
    context: &mut Context,
) {
    let Some(key) = LoadKey::find(&axis.name) else { return };
    let same = |other: &&(LoadKey, Place)| key.is_same_as(other.0);
    let fixed = load_keys
        .iter()
        .find(same)
        .map(|(other, place)| (other.name().to_owned(), *place));
    let swept = before.iter().find_map(|other| {
        let is_same = LoadKey::find(&other.name).is_some_and(|other| key.is_same_as(other));
        let place = other.values.iter().find_map(|value| value.place);
        Some((other.name.clone(), place?)).filter(|_| is_same)
    });
    if let Some((other, place)) = fixed.or(swept) {
        context.problem(Problem {
            message: format!("the axis {} and {other} both say when records are due", axis.name),
            labels: vec![(entry.key, "one".to_owned()), (place, "the other".to_owned())],
            remedy: "keep one of them: a rate is the arrival {pattern = \"constant\", rate = …}".to_owned(),
        });
    }
}

/// In `cross`, a property that is fixed and swept would be fixed in vain.
fn refuse_fixed_and_swept(
    axis: &Axis,
    entry: &Entry,
    fixed: &[Given],
    load_keys: &[(LoadKey, Place)],
    context: &mut Context,
) {
    let same = |given: &&Given| librdkafka::canonical(&given.name) == librdkafka::canonical(&axis.name);
    let place = match LoadKey::find(&axis.name) {
        Some(key) => load_keys.iter().find(|(own, _)| *own == key).map(|(_, place)| *place),
        None => fixed.iter().find(same).map(|given| given.key),
    };
    if let Some(place) = place {
        context.problem(Problem {
            message: format!("{} is fixed and is an axis", axis.name),
            labels: vec![(place, "fixed here".to_owned()), (entry.key, "an axis here".to_owned())],
            remedy: format!(
                "keep one of them; to try one value only: --set 'matrix.{}=[…]'. In mode = \"one-at-a-time\" the fixed \
                 value is the base",
                axis.name
            ),
        });
    }
}

/// Every point in the matrix's order, the last axis fastest; without those that an exclusion takes out.
fn expand(mode: Mode, axes: &[Axis], exclusions: &[Exclusion], context: &mut Context) -> Vec<Point> {
    let size = axes
        .iter()
        .try_fold(1usize, |size, axis| size.checked_mul(axis.values.len()));
    if mode == Mode::Cross && size.is_none_or(|size| size > MOST_POINTS) {
        let message = format!("the matrix has more than {MOST_POINTS} configurations");
        let remedy = "take out axes or values, or use mode = \"one-at-a-time\"";
        let place = axes.iter().flat_map(|axis| &axis.values).find_map(|value| value.place);
        context.problem(match place {
            Some(place) => Problem::at(place, message, "the first axis of them", remedy),
            None => Problem::nowhere(message, remedy),
        });
        return Vec::new();
    }
    let all = match mode {
        Mode::Cross => cross(axes),
        Mode::OneAtATime => one_at_a_time(axes),
    };
    let excludes = |exclusion: &Exclusion, point: &Point| {
        exclusion
            .conditions
            .iter()
            .all(|(axis, values)| values.contains(&point[*axis]))
    };
    for exclusion in exclusions {
        if !all.iter().any(|point| excludes(exclusion, point)) {
            let (line, _) =
                super::error::line_and_column(&context.sources.get(exclusion.place.source).text, exclusion.place.start);
            context.warn(format!(
                "the [[exclude]] on line {line} takes nothing out: no configuration has these values"
            ));
        }
    }
    let had_points = !all.is_empty();
    let points: Vec<Point> = all
        .into_iter()
        .filter(|point| !exclusions.iter().any(|exclusion| excludes(exclusion, point)))
        .collect();
    if had_points && points.is_empty() {
        let remedy = "take out an exclusion";
        context.problem(match exclusions.first() {
            Some(first) => Problem::at(
                first.place,
                "nothing is left to measure",
                "every configuration is excluded",
                remedy,
            ),
            None => Problem::nowhere("nothing is left to measure", remedy),
        });
    }
    points
}

fn cross(axes: &[Axis]) -> Vec<Point> {
    axes.iter().fold(vec![Point::new()], |points, axis| {
        let with = |point: &Point| {
            (0..axis.values.len())
                .map(|value| point.iter().copied().chain([value]).collect())
                .collect::<Vec<Point>>()
        };
        points.iter().flat_map(with).collect()
    })
}

fn one_at_a_time(axes: &[Axis]) -> Vec<Point> {
    let base: Point = axes.iter().map(|axis| axis.base).collect();
    let mut points = vec![base.clone()];
    for (index, axis) in axes.iter().enumerate() {
        for value in (0..axis.values.len()).filter(|value| *value != axis.base) {
            let mut point = base.clone();
            point[index] = value;
            points.push(point);
        }
    }
    points
}
