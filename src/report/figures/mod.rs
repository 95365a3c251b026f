//! Which charts a run gives, and from which of its configurations: only those that may stand side by side. What is left
//! out of a chart is said under it.

mod comparison;
mod drain;
mod latency;
mod levels;
mod overview;
mod serializers;
mod time;

pub(super) use levels::breaks;

use super::axes;
use super::charts::{Chart, ChartError, Frame, Mark, Palette, Sample};
use super::metric::Metric;
use super::summary::{Analysis, ConfigurationSummary, load};
use crate::store::{Manifest, TrialRecord};

/// One chart with its place on the page and the name of its files.
pub struct Figure {
    /// Name of its files, without extension, and its id on the page.
    pub name: String,
    /// The part of the page that it belongs to.
    pub part: Part,
    /// The chart.
    pub chart: Chart,
    /// The same for a small screen.
    pub narrow: Chart,
}

/// One chart in one width.
struct Drawn {
    name: String,
    part: Part,
    chart: Chart,
}

/// The parts of the page that hold charts, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Throughput by setting, and throughput against latency.
    Overview,
    /// One axis, or a pair of them, side by side.
    Settings,
    /// Percentile curves and where the time goes.
    Latency,
    /// Over time.
    Time,
    /// Waiting queues and their scheduler.
    Queues,
    /// On no part of the page, which would grow too large: in files beside it only.
    Files,
}

/// What all charts of a run are made from.
struct Source<'a> {
    manifest: &'a Manifest,
    analysis: &'a Analysis,
    trials: &'a [TrialRecord],
    /// The axes with at least two values.
    axes: Vec<String>,
    palette: Palette,
    /// The width of its charts.
    width: u32,
    /// What a configuration is called where there is little room, in the summary's order.
    labels: Vec<String>,
    /// How to read those names; empty where they are the labels.
    naming: String,
}

impl Source<'_> {
    /// A frame of the width asked for; its id says which, since both stand on one page.
    fn frame(&self, name: &str, title: impl Into<String>, subtitle: impl Into<String>) -> Frame {
        let id = match self.width {
            WIDTH => name.to_owned(),
            _ => format!("{name}-narrow"),
        };
        Frame {
            width: self.width,
            ..Frame::new(id, title, subtitle)
        }
    }

    /// A subtitle with how to read the names beside it.
    fn named(&self, subtitle: &str) -> String {
        if self.naming.is_empty() {
            subtitle.to_owned()
        } else {
            format!("{subtitle} {}", self.naming)
        }
    }

    fn configurations(&self) -> &[ConfigurationSummary] {
        &self.analysis.summary.configurations
    }
}

/// All charts of a run.
pub fn draw(manifest: &Manifest, analysis: &Analysis, trials: &[TrialRecord]) -> Result<Vec<Figure>, ChartError> {
    let axes = axes::moved(&analysis.summary.configurations);
    let palette = palette(analysis, &axes);
    let (labels, naming) = short_labels(analysis, &axes);
    let mut source = Source {
        width: WIDTH,
        manifest,
        analysis,
        trials,
        axes,
        palette,
        labels,
        naming,
    };
    if source.configurations().iter().all(|c| c.trials.completed == 0) {
        return Ok(Vec::new());
    }
    let wide = in_one_width(&source)?;
    source.width = Frame::NARROW_WIDTH;
    let narrow = in_one_width(&source)?;
    // What is drawn does not depend on the width, so both lists name the same charts.
    let figures = wide.into_iter().zip(narrow).map(|(wide, narrow)| Figure {
        name: wide.name,
        part: wide.part,
        chart: wide.chart,
        narrow: narrow.chart,
    });
    Ok(figures.collect())
}

fn in_one_width(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let mut drawn = overview::draw(source)?;
    drawn.extend(serializers::draw(source)?);
    drawn.extend(comparison::draw(source)?);
    drawn.extend(latency::draw(source)?);
    drawn.extend(levels::draw(source)?);
    drawn.extend(time::draw(source)?);
    drawn.extend(drain::draw(source)?);
    Ok(drawn)
}

/// The width of a chart on the page, in SVG units.
const WIDTH: u32 = 900;

/// Labels up to this length are not shortened, in characters.
const LABEL_LENGTH: usize = 36;

/// Where labels are too long and all name the same axes, their values alone, and a sentence that says so: what tells
/// two configurations apart often stands at a label's end, where it would be cut off.
fn short_labels(analysis: &Analysis, axes: &[String]) -> (Vec<String>, String) {
    let configurations = &analysis.summary.configurations;
    let labels: Vec<String> = configurations.iter().map(|c| c.label.clone()).collect();
    let same_axes = configurations
        .iter()
        .all(|c| axes.iter().all(|axis| c.axes.iter().any(|own| own.axis == *axis)));
    let too_long = labels.iter().any(|label| label.chars().count() > LABEL_LENGTH);
    if !too_long || !same_axes || axes.len() < 2 {
        return (labels, String::new());
    }
    let values = |c: &ConfigurationSummary| -> Vec<String> {
        axes.iter()
            .map(|axis| shown(axis, &axes::value(c, axis).text))
            .collect()
    };
    let short = configurations.iter().map(|c| values(c).join(" · ")).collect();
    (short, format!("Named by {}.", axes.join(" · ")))
}

/// A value as charts call it: labels say "uncompressed" where `none` by itself would not say of what.
fn shown(axis: &str, value: &str) -> String {
    match (axis, value) {
        ("compression.type" | "compression.codec", "none") => "uncompressed".to_owned(),
        _ => value.to_owned(),
    }
}

/// The name under which a value of an axis has its mark.
fn mark_key(axis: &str, value: &str) -> String {
    format!("{axis}={value}")
}

/// The axis whose values have a colour each, codecs before others: with the values of several, colours would run out
/// and one would stand for two things.
fn grouping_axis(configurations: &[ConfigurationSummary], axes: &[String]) -> Option<String> {
    let named = |axis: &&String| is_categorical(configurations, axis);
    let codec = axes.iter().find(|axis| axis.as_str() == "compression.type");
    codec.or_else(|| axes.iter().find(named)).cloned()
}

/// The marks of a page. The first is that of bars which stand for no value with a colour. A value's colour is on what
/// has that value only; lines of configurations and parts of a stack take the colours that are left.
fn palette(analysis: &Analysis, axes: &[String]) -> Palette {
    let configurations = &analysis.summary.configurations;
    let everything: Vec<usize> = (0..configurations.len()).collect();
    let axis = grouping_axis(configurations, axes);
    let values: Vec<String> = axis
        .iter()
        .flat_map(|axis| axes::values_of(configurations, &everything, axis))
        .map(|value| value.text)
        .collect();
    let colour_of = |place: usize| (place + 1) % COLOURS;
    let mut free: Vec<usize> = (0..COLOURS)
        .filter(|colour| (0..values.len()).all(|place| colour_of(place) != *colour))
        .collect();
    let mut marks: Vec<(String, Mark)> = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let key = axis.iter().map(|axis| mark_key(axis, value));
        marks.extend(key.map(|key| (key, Mark::new(place + 1))));
    }
    // Of a stack all parts are named beside each other: with no colour left, any three will do.
    let others = (0..COLOURS).filter(|colour| !free.contains(colour));
    let colours: Vec<usize> = free.iter().copied().chain(others).collect();
    marks.extend(
        latency::PARTS
            .iter()
            .zip(colours)
            .map(|((_, name), colour)| ((*name).to_owned(), Mark::new(colour))),
    );
    if free.is_empty() {
        free.push(0);
    }
    let mut taken: Vec<Mark> = Vec::new();
    for place in super::columns::ordered(&analysis.summary, super::RowOrder::BestFirst) {
        let configuration = &configurations[place];
        let value = axis.as_ref().map(|axis| axes::value(configuration, axis).text);
        let own = value
            .and_then(|value| values.iter().position(|known| *known == value))
            .map(colour_of);
        // Each round has other shapes and dashes.
        let mut candidates = (0..COLOURS).flat_map(|round| {
            own.into_iter()
                .chain(free.iter().copied())
                .map(move |colour| Mark::new(round * COLOURS + colour))
        });
        let mark = candidates.find(|mark| !taken.contains(mark)).unwrap_or_default();
        taken.push(mark);
        marks.push((configuration.id.clone(), mark));
    }
    Palette::of(marks)
}

/// How many colours marks have.
const COLOURS: usize = 8;

/// Whether an axis is one of names. `acks` is one of names even where only 0 and 1 are swept.
fn is_categorical(configurations: &[ConfigurationSummary], axis: &str) -> bool {
    axis == "acks" || !axes::is_numeric(configurations, axis)
}

/// One configuration's figure for a chart.
fn sample(metric: Metric, of: &ConfigurationSummary) -> Sample {
    let note = if of.trials.completed == 0 {
        "no trial came to its end".to_owned()
    } else if metric.is_latency() && !of.latency_observable {
        "not observable with acks=0".to_owned()
    } else if metric.value(of).is_none() {
        "not measured".to_owned()
    } else {
        String::new()
    };
    Sample {
        median: metric.value(of).map(|value| metric.drawn(value)),
        trials: metric
            .spread(of)
            .map(|spread| spread.values.iter().map(|v| metric.drawn(*v)).collect())
            .unwrap_or_default(),
        interval: metric
            .spread(of)
            .and_then(|spread| spread.interval)
            .map(|interval| (metric.drawn(interval.low), metric.drawn(interval.high))),
        at_least: metric.is_at_least(of),
        note,
    }
}

/// Configurations whose latencies compare: the same load but for the rate, with the figure that is drawn. The largest
/// such group, and how many configurations are not in it.
fn comparable(
    configurations: &[ConfigurationSummary],
    has_figure: impl Fn(&ConfigurationSummary) -> bool,
) -> (Vec<usize>, usize) {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut measured = 0;
    for (place, configuration) in configurations
        .iter()
        .enumerate()
        .filter(|(_, c)| c.trials.completed > 0)
    {
        measured += 1;
        if !has_figure(configuration) {
            continue;
        }
        let key = load(configuration);
        // Everything but the rate itself: throughput against latency over rates is what a paced sweep is made for.
        let key = match configuration.is_paced() {
            true => key
                .split_once(", ")
                .map_or_else(String::new, |(_, rest)| format!("paced, {rest}")),
            false => key,
        };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(place),
            None => groups.push((key, vec![place])),
        }
    }
    // The first of equally large ones, so that the same run always gives the same chart.
    let largest = groups.into_iter().rev().max_by_key(|(_, members)| members.len());
    let members = largest.map(|(_, members)| members).unwrap_or_default();
    let left_out = measured - members.len();
    (members, left_out)
}

/// `latency` with the name that it has in this run.
fn latency_name(of: &ConfigurationSummary) -> &'static str {
    if of.is_paced() {
        "Response latency"
    } else {
        "Queueing latency"
    }
}

/// A file name from an axis: letters, digits and dashes.
fn slug(text: &str) -> String {
    let dashed: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    dashed.trim_matches('-').to_owned()
}
