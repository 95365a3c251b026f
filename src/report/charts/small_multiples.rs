//! Several measures of the same few things, side by side, each panel with a unit and an axis of its own.

use super::data::{Category, Panel, Sample, SmallMultiples};
use super::font;

use super::number::Unit;
use super::plot::{self, AXIS, Area, LABEL, MUTED, TO_BASELINE};
use super::scene::{MARGIN, Scene, TEXT};
use super::ticks::{Axis, drawable};
use super::{Chart, ChartError};

const ROW: f64 = 40.0;
const GAP: f64 = 24.0;
/// The narrowest panel that still has room for a value and its unit.
const PANEL_MIN: f64 = 112.0;

/// Panels of horizontal bars that share their categories.
pub fn small_multiples(data: &SmallMultiples) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    if data.categories.is_empty() {
        return scene.nothing(top, &format!("{} has no values.", data.category_name));
    }
    if data.panels.is_empty() {
        return scene.nothing(top, "no measure was given.");
    }
    let names = data.categories.iter().map(|category| category.name.as_str());
    let names = plot::label_room(names, false, 0.24 * scene.width) + 16.0;
    let names = names.max(plot::label_room(
        [data.category_name.as_str()],
        false,
        0.2 * scene.width,
    )) + 6.0;
    let room = scene.width - 2.0 * MARGIN - names;
    let most = ((room / (PANEL_MIN + GAP)) as usize).clamp(1, 4);
    // Equal rows of panels: six measures stand three and three, not four and two.
    let lines = data.panels.len().div_ceil(most);
    let across = data.panels.len().div_ceil(lines);
    let width = (room / across as f64 - GAP).min(320.0);
    let mut y = top;
    for panels in data.panels.chunks(across) {
        y = draw_line_of_panels(&mut scene, data, panels, y, MARGIN + names, width);
    }
    if let Some(note) = missing(data) {
        scene.note(note);
    }
    scene.finish(y - 14.0)
}

/// Why values are missing, each reason once: on paper and in a picture there are no tips.
fn missing(data: &SmallMultiples) -> Option<String> {
    let mut reasons: Vec<&str> = Vec::new();
    for panel in &data.panels {
        for index in (0..data.categories.len()).filter(|index| value(panel, *index).is_none()) {
            let reason = match panel.samples.get(index) {
                Some(sample) if !sample.note.is_empty() => sample.note.as_str(),
                _ => "not observable",
            };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    (!reasons.is_empty()).then(|| format!("–: {}.", reasons.join("; ")))
}

fn value(panel: &Panel, index: usize) -> Option<f64> {
    panel
        .samples
        .get(index)
        .and_then(|sample| sample.median)
        .and_then(drawable)
}

fn draw_line_of_panels(
    scene: &mut Scene,
    data: &SmallMultiples,
    panels: &[Panel],
    top: f64,
    left: f64,
    width: f64,
) -> f64 {
    let headings: Vec<Vec<String>> = panels
        .iter()
        .map(|panel| font::wrap(&panel.measure.name, width, TEXT, true, 2))
        .collect();
    let heading_lines = headings.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let units: Vec<Vec<String>> = panels.iter().map(|panel| under_heading(panel, width)).collect();
    let unit_lines = units.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let area_top = top + 17.0 * (heading_lines + unit_lines) + 10.0;
    let area_bottom = area_top + ROW * data.categories.len() as f64 + 4.0;
    let name = font::shorten(&data.category_name, left - MARGIN, TEXT, false);
    scene.text((MARGIN, area_top - 10.0), &name, MUTED);
    // A mark that all have in common tells nothing apart.
    let marks = data
        .categories
        .iter()
        .any(|other| other.mark != data.categories[0].mark);
    for (index, category) in data.categories.iter().enumerate() {
        draw_name(
            scene,
            category,
            area_top + ROW * (index as f64 + 0.5) + 2.0,
            left,
            marks,
        );
    }
    for (column, panel) in panels.iter().enumerate() {
        let x = left + GAP / 2.0 + column as f64 * (width + GAP);
        let area = Area {
            left: x,
            top: area_top,
            right: x + width,
            bottom: area_bottom,
        };
        for (line, text) in headings[column].iter().enumerate() {
            let line = heading_lines - headings[column].len() as f64 + line as f64;
            scene.text((x, top + 12.0 + 17.0 * line), text, LABEL.bold());
        }
        for (line, text) in units[column].iter().enumerate() {
            scene.text((x, top + 12.0 + 17.0 * (heading_lines + line as f64)), text, MUTED);
        }
        draw_panel(scene, data, panel, area);
    }
    area_bottom + 40.0
}

/// The unit, where the ticks do not say it, and which way is better.
fn under_heading(panel: &Panel, width: f64) -> Vec<String> {
    let unit = match &panel.measure.unit {
        Unit::Si(unit) | Unit::Plain(unit) => unit.as_str(),
        _ => "",
    };
    let lines = [unit, panel.measure.better.words()];
    lines
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| font::shorten(line, width, TEXT, false))
        .collect()
}

fn draw_name(scene: &mut Scene, category: &Category, y: f64, left: f64, with_mark: bool) {
    let x = if with_mark { MARGIN + 16.0 } else { MARGIN };
    if with_mark {
        scene.marker((MARGIN + 5.0, y), category.mark, 4.5);
    }
    let name = font::shorten(&category.name, left - x, TEXT, false);
    scene.text((x, y + TO_BASELINE), &name, LABEL);
}

fn draw_panel(scene: &mut Scene, data: &SmallMultiples, panel: &Panel, area: Area) {
    let unit = &panel.measure.unit;
    let samples = || panel.samples.iter().take(data.categories.len()).flat_map(plot::numbers);
    let axis = plot::fitted(
        |ticks| Axis::linear(samples(), unit, ticks),
        unit,
        area.left,
        area.right,
        4,
    );
    let limits = (area.left - plot::BEYOND, area.right + plot::BEYOND);
    plot::x_ticks(scene, area, &axis, unit, limits);
    scene.line([(axis.base(), area.top), (axis.base(), area.bottom)], AXIS);
    let best = best(panel, data.categories.len());
    let none = Sample::missing("not measured");
    for (index, category) in data.categories.iter().enumerate() {
        let y = area.top + ROW * index as f64;
        let sample = panel.samples.get(index).unwrap_or(&none);
        let text = plot::value_text(sample, |value| unit.bare(value));
        let is_best = best == Some(index);
        let set = if is_best { LABEL.bold() } else { LABEL };
        let text = match value(panel, index) {
            None if sample.note.is_empty() => "– not observable".to_owned(),
            None => format!("– {}", sample.note),
            Some(_) => text,
        };
        let set = if value(panel, index).is_none() { MUTED } else { set };
        let text = font::shorten(&text, area.right - area.left - 4.0, TEXT, is_best);
        scene.text((area.left + 4.0, y + 16.0), &text, set);
        plot::spread_bar(scene, &axis, y + 27.0, 9.0, sample, category.mark, false);
        let label = match data.category_name.as_str() {
            "" => category.name.clone(),
            name => format!("{name} = {}", category.name),
        };
        scene.hit(
            area.left,
            y,
            area.right - area.left,
            ROW,
            plot::sample_tip(&label, &panel.measure, sample),
        );
    }
}

/// The one best category; none where neither way is better, where values tie, or where there is but one.
fn best(panel: &Panel, count: usize) -> Option<usize> {
    let sign = panel.measure.better.sign()?;
    let mut values: Vec<(f64, usize)> = (0..count)
        .filter(|index| !panel.samples.get(*index).is_some_and(|sample| sample.at_least))
        .filter_map(|index| Some((sign * value(panel, index)?, index)))
        .collect();
    values.sort_by(|one, other| other.0.total_cmp(&one.0));
    match values[..] {
        [first, second, ..] if first.0 > second.0 => Some(first.1),
        _ => None,
    }
}
