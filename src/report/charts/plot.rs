//! What several charts share: axes, bars with their spread, legends, labels at lines' ends. Knows scenes and axes.

use super::data::{Category, Sample};
use super::font;
use super::ink::Ink;
use super::number::{Measure, Unit};
use super::palette::Mark;
use super::scene::{Anchor, MARGIN, Scene, Stroke, TEXT, Type};
use super::ticks::{Axis, drawable};

pub(super) const LABEL: Type = Type::new(Ink::Foreground, Anchor::Start);
pub(super) const MUTED: Type = Type::new(Ink::Muted, Anchor::Start);
pub(super) const GRID: Stroke = Stroke::new(Ink::Grid, 10);
pub(super) const AXIS: Stroke = Stroke::new(Ink::Axis, 10);
/// From the middle of a line of text down to its baseline.
pub(super) const TO_BASELINE: f64 = 4.0;
/// More hits than this make a page heavy; charts say when they leave some out.
pub(super) const HITS_MAX: usize = 250;

/// The rectangle that data is drawn in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// How far a tick's label may reach beyond its axis.
pub(super) const BEYOND: f64 = 4.0;

/// A horizontal axis with as many of `most` ticks as have room for their labels.
pub(super) fn fitted(of: impl Fn(usize) -> Axis, unit: &Unit, left: f64, right: f64, most: usize) -> Axis {
    let fits = |axis: &Axis| {
        let width = |tick: &f64| font::width(&unit.tick(*tick), TEXT, false);
        // The last label may have to move left to end where the axis does.
        let middle = |tick: &f64| axis.at(*tick).min(right + BEYOND - width(tick) / 2.0);
        axis.ticks.windows(2).all(|pair| {
            let [one, other] = [pair[0], pair[1]];
            middle(&other) - middle(&one) >= (width(&one) + width(&other)) / 2.0 + 8.0
        })
    };
    let axis = |ticks| of(ticks).placed(left, right);
    (2..=most.max(2)).rev().map(axis).find(fits).unwrap_or_else(|| axis(1))
}

/// The measure's label, and whether its axis is logarithmic.
fn label_of(axis: &Axis, measure: &Measure) -> String {
    let label = measure.axis_label();
    if !axis.is_log() {
        return label;
    }
    // Where not all has room, which way is better goes first.
    let words = measure.better.words();
    match label.strip_suffix(words) {
        Some(name) if !words.is_empty() => format!("{name}logarithmic scale, {words}"),
        _ => format!("{label}, logarithmic scale"),
    }
}

/// Vertical grid lines, tick labels below and the axis label under them; the height where all that ends.
pub(super) fn x_axis(scene: &mut Scene, area: Area, axis: &Axis, measure: &Measure) -> f64 {
    x_ticks(scene, area, axis, &measure.unit, (4.0, scene.width - 4.0));
    axis_label(scene, area, area.bottom + 38.0, &label_of(axis, measure));
    area.bottom + 42.0
}

/// The label of a horizontal axis, at its left end.
pub(super) fn axis_label(scene: &mut Scene, area: Area, y: f64, label: &str) {
    let label = without_asides(label, scene.width - MARGIN - area.left);
    scene.text((area.left, y), &label, MUTED);
}

/// A label with as many of its parts as have room: what stands behind a comma goes first.
fn without_asides(label: &str, room: f64) -> String {
    let mut label = label;
    while font::width(label, TEXT, false) > room
        && let Some((before, _)) = label.rsplit_once(", ")
    {
        label = before;
    }
    font::shorten(label, room, TEXT, false)
}

/// Vertical grid lines and tick labels between the limits; labels that would touch the one before are left out.
pub(super) fn x_ticks(scene: &mut Scene, area: Area, axis: &Axis, unit: &Unit, limits: (f64, f64)) {
    let mut free = f64::NEG_INFINITY;
    for tick in &axis.ticks {
        let x = axis.at(*tick);
        scene.line(
            [(x, area.top), (x, area.bottom)],
            if *tick == 0.0 { AXIS } else { GRID },
        );
        let text = unit.tick(*tick);
        let half = font::width(&text, TEXT, false) / 2.0;
        let middle = x.min(limits.1 - half).max(limits.0 + half);
        if middle - half >= free {
            scene.text(
                (middle, area.bottom + 17.0),
                &text,
                Type::new(Ink::Muted, Anchor::Middle),
            );
            free = middle + half + 4.0;
        }
    }
}

/// Horizontal grid lines with tick labels to their left, and the axis label above.
pub(super) fn y_axis(scene: &mut Scene, area: Area, axis: &Axis, measure: &Measure) {
    let label = without_asides(&label_of(axis, measure), scene.width - 2.0 * MARGIN);
    scene.text((MARGIN, area.top - 20.0), &label, MUTED);
    y_ticks(scene, area, axis, &measure.unit);
}

/// Horizontal grid lines with tick labels to their left.
pub(super) fn y_ticks(scene: &mut Scene, area: Area, axis: &Axis, unit: &Unit) {
    let mut free = f64::INFINITY;
    for tick in &axis.ticks {
        let y = axis.at(*tick);
        scene.line(
            [(area.left, y), (area.right, y)],
            if *tick == 0.0 { AXIS } else { GRID },
        );
        if y + TO_BASELINE <= free {
            let text = unit.tick(*tick);
            scene.text(
                (area.left - 8.0, y + TO_BASELINE),
                &text,
                Type::new(Ink::Muted, Anchor::End),
            );
            free = y + TO_BASELINE - 14.0;
        }
    }
}

/// How much room the labels of a vertical axis take.
pub(super) fn y_axis_room(axis: &Axis, unit: &Unit) -> f64 {
    axis.ticks
        .iter()
        .map(|tick| font::width(&unit.tick(*tick), TEXT, false))
        .fold(16.0, f64::max)
        + 8.0
}

/// Room for the longest label, but no more than `most`.
pub(super) fn label_room<'a>(labels: impl IntoIterator<Item = &'a str>, bold: bool, most: f64) -> f64 {
    labels
        .into_iter()
        .map(|label| font::width(label, TEXT, bold))
        .fold(0.0, f64::max)
        .min(most)
        .ceil()
}

/// Labels of rows, with what all of them have in common said once where they would not fit otherwise.
pub(super) struct RowLabels {
    pub(super) labels: Vec<String>,
    /// Room for the longest.
    pub(super) room: f64,
}

/// The labels for rows of at most `most` width; adds a note where words common to all are left out.
pub(super) fn row_labels(scene: &mut Scene, labels: &[&str], bold: bool, most: f64) -> RowLabels {
    let whole: Vec<String> = labels.iter().map(|label| font::clean(label)).collect();
    let room = |labels: &[String]| label_room(labels.iter().map(String::as_str), bold, f64::INFINITY);
    let common = common_words(&whole);
    if room(&whole) <= most || whole.len() < 2 || common.is_empty() {
        return RowLabels {
            room: room(&whole).min(most),
            labels: whole,
        };
    }
    scene.note(format!("All rows: {}", common.join(" ")));
    let rest = |label: &String| -> String {
        let kept: Vec<&str> = label.split_whitespace().filter(|word| !common.contains(word)).collect();
        if kept.is_empty() {
            "(nothing else)".to_owned()
        } else {
            kept.join(" ")
        }
    };
    let labels: Vec<String> = whole.iter().map(rest).collect();
    RowLabels {
        room: room(&labels).min(most),
        labels,
    }
}

/// The words of the first label that every other has too.
fn common_words(labels: &[String]) -> Vec<&str> {
    let mut common: Vec<&str> = labels
        .first()
        .map_or_else(Vec::new, |label| label.split_whitespace().collect());
    for label in labels {
        let words: std::collections::BTreeSet<&str> = label.split_whitespace().collect();
        common.retain(|word| words.contains(word));
    }
    common
}

/// Every number that a sample draws.
pub(super) fn numbers(sample: &Sample) -> impl Iterator<Item = f64> + '_ {
    sample
        .median
        .into_iter()
        .chain(sample.trials.iter().copied())
        .filter_map(drawable)
}

/// The value as printed: with `≥` for a bound, "–" for none.
pub(super) fn value_text(sample: &Sample, text: impl Fn(f64) -> String) -> String {
    match sample.median.and_then(drawable) {
        Some(value) if sample.at_least => format!("≥\u{a0}{}", text(value)),
        Some(value) => text(value),
        None => "–".to_owned(),
    }
}

/// What a tip says about a sample.
pub(super) fn sample_tip(label: &str, measure: &Measure, sample: &Sample) -> String {
    let mut tip = format!(
        "{label}\n{}: {}",
        measure.name,
        value_text(sample, |value| measure.unit.format(value))
    );
    let trials: Vec<f64> = sample.trials.iter().copied().filter_map(drawable).collect();
    if trials.len() > 1 {
        let low = trials.iter().copied().fold(f64::INFINITY, f64::min);
        let high = trials.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        tip += &format!(
            "\n{} trials, {} to {}",
            trials.len(),
            measure.unit.bare(low),
            measure.unit.format(high)
        );
    }
    if let Some((low, high)) = sample.interval {
        tip += &format!(
            "\n95 % interval of the median: {} to {}",
            measure.unit.bare(low),
            measure.unit.format(high)
        );
    }
    if !sample.note.is_empty() {
        tip += &format!("\n{}", sample.note);
    }
    tip
}

/// A horizontal bar from the axis to the median, with a dot for each trial, and whiskers over the median's interval or,
/// without one, from the least to the greatest trial.
pub(super) fn spread_bar(
    scene: &mut Scene,
    axis: &Axis,
    y: f64,
    thick: f64,
    sample: &Sample,
    mark: Mark,
    strong: bool,
) {
    let Some(median) = sample.median.and_then(drawable) else {
        return;
    };
    let (base, end) = (axis.base(), axis.at(median));
    let series = Ink::Series(mark.colour());
    let fill = if strong { series } else { Ink::Tint(mark.colour()) };
    scene.rect(base.min(end), y - thick / 2.0, (end - base).abs(), thick, fill);
    let trials: Vec<f64> = sample
        .trials
        .iter()
        .copied()
        .filter_map(drawable)
        .map(|value| axis.at(value))
        .collect();
    let (low, high) = match sample.interval {
        Some((low, high)) => (axis.at(low), axis.at(high)),
        None => (
            trials.iter().copied().fold(f64::INFINITY, f64::min),
            trials.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ),
    };
    if trials.len() > 1 {
        scene.line([(low, y), (high, y)], Stroke::new(Ink::Foreground, 10));
        for x in [low, high] {
            scene.line([(x, y - 3.0), (x, y + 3.0)], Stroke::new(Ink::Foreground, 10));
        }
        // A dot for each of very many trials would say less than the whiskers do.
        for x in trials.iter().take(40) {
            scene.circle((*x, y), 2.4, Ink::Background, Stroke::new(Ink::Foreground, 8));
        }
    }
    let half = thick / 2.0 + 2.0;
    scene.line([(end, y - half), (end, y + half)], Stroke::new(series, 24));
    if sample.at_least {
        // Beyond all dots, in the direction of what is not known.
        let from = trials.iter().copied().fold(end, f64::max) + 5.0;
        scene.line([(from, y), (from + 6.0, y)], Stroke::new(series, 14));
        scene.polygon([(from + 5.0, y - 3.5), (from + 11.0, y), (from + 5.0, y + 3.5)], series);
    }
}

/// Marks with their names in rows; the height where the legend ends.
pub(super) fn legend(scene: &mut Scene, y: f64, heading: &str, categories: &[Category], swatch: Swatch) -> f64 {
    let right = scene.width - MARGIN;
    let (mut x, mut y) = (MARGIN, y + 10.0);
    if !heading.is_empty() {
        let heading = font::shorten(heading, 200.0, TEXT, false);
        scene.text((x, y + TO_BASELINE), &heading, MUTED);
        x += font::width(&heading, TEXT, false) + 14.0;
    }
    let indent = x;
    let swatch_room = if swatch == Swatch::Line { 42.0 } else { 16.0 };
    let most = if swatch == Swatch::Line { f64::INFINITY } else { 240.0 };
    for category in categories {
        let name = font::shorten(
            &category.name,
            (right - indent - swatch_room - 4.0).min(most),
            TEXT,
            false,
        );
        let width = font::width(&name, TEXT, false);
        if x > indent && x + swatch_room + width > right {
            (x, y) = (indent, y + 20.0);
        }
        match swatch {
            Swatch::Marker => scene.marker((x + 5.0, y), category.mark, 4.5),
            Swatch::Line => {
                let stroke = Stroke::new(Ink::Series(category.mark.colour()), 20).dashed(category.mark.dash());
                scene.line([(x, y), (x + 34.0, y)], stroke);
                scene.marker((x + 17.0, y), category.mark, 4.0);
            }
            Swatch::Area => scene.rect(x, y - 5.5, 11.0, 11.0, Ink::Series(category.mark.colour())),
        }
        scene.text((x + swatch_room, y + TO_BASELINE), &name, LABEL);
        x += swatch_room + width + 18.0;
    }
    y + 12.0
}

/// What stands beside a name in a legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swatch {
    /// The mark's shape.
    Marker,
    /// A piece of line with its dash and its shape.
    Line,
    /// A square of the mark's colour.
    Area,
}

/// Moves centres apart, in their order, until they are `gap` apart within `top..bottom`. Where there is not room for
/// all they are spread evenly, closer than that.
pub(super) fn apart(wanted: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|one, other| wanted[*one].total_cmp(&wanted[*other]).then(one.cmp(other)));
    let steps = wanted.len().saturating_sub(1).max(1) as f64;
    let gap = gap.min((bottom - top) / steps);
    let mut placed = vec![0.0; wanted.len()];
    let mut free = top;
    for index in &order {
        placed[*index] = wanted[*index].max(free);
        free = placed[*index] + gap;
    }
    let mut limit = bottom;
    for index in order.iter().rev() {
        placed[*index] = placed[*index].min(limit);
        limit = placed[*index] - gap;
    }
    placed
}

/// A label at the end of a line.
pub(super) struct EndLabel {
    pub(super) category: Category,
    /// Where the line ends.
    pub(super) from: (f64, f64),
}

/// How much room labels at lines' ends take, right of the data.
pub(super) fn end_label_room<'a>(scene: &Scene, names: impl IntoIterator<Item = &'a str>) -> f64 {
    if scene.is_narrow() {
        return 0.0;
    }
    label_room(names, false, 0.3 * scene.width) + 44.0
}

/// Names at the right, beside the ends of their lines, joined to them by thin leaders; on a narrow chart a legend below
/// `bottom`. The height where the chart ends.
pub(super) fn end_labels(scene: &mut Scene, area: Area, labels: &[EndLabel], bottom: f64) -> f64 {
    if scene.is_narrow() {
        let categories: Vec<Category> = labels.iter().map(|label| label.category.clone()).collect();
        return legend(scene, bottom + 10.0, "", &categories, Swatch::Line);
    }
    let wanted: Vec<f64> = labels.iter().map(|label| label.from.1).collect();
    let placed = apart(&wanted, 17.0, area.top + 2.0, area.bottom);
    let x = area.right + 28.0;
    for (label, y) in labels.iter().zip(placed) {
        let (from_x, from_y) = label.from;
        let bend = (area.right + 10.0).max(from_x);
        scene.line(
            [(from_x, from_y), (bend, from_y), (x - 8.0, y)],
            Stroke::new(Ink::Axis, 8).dashed(2),
        );
        scene.marker((x, y), label.category.mark, 4.0);
        let name = font::shorten(&label.category.name, scene.width - MARGIN / 2.0 - x - 10.0, TEXT, false);
        scene.text((x + 10.0, y + TO_BASELINE), &name, LABEL);
    }
    bottom
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_common_to_all_labels_are_found_in_any_order() {
        let labels = ["a=1 b=2 c=3".to_owned(), "c=3 a=9 b=2".to_owned()];
        assert_eq!(common_words(&labels), ["b=2", "c=3"]);
        assert!(common_words(&[]).is_empty());
    }

    #[test]
    fn labels_move_apart_in_order_and_stay_inside() {
        let placed = apart(&[10.0, 11.0, 12.0, 90.0], 15.0, 0.0, 100.0);
        assert_eq!(placed, [10.0, 25.0, 40.0, 90.0]);
        let at_the_end = apart(&[99.0, 98.0], 15.0, 0.0, 100.0);
        assert_eq!(at_the_end, [100.0, 85.0]);
        let crowded = apart(&[5.0; 11], 15.0, 0.0, 100.0);
        assert_eq!((crowded[0], crowded[10]), (0.0, 100.0));
    }
}
