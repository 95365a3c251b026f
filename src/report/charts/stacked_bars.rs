//! Sums of parts, such as where the time goes.

use super::data::{StackRow, StackedBars};
use super::font;
use super::ink::Ink;
use super::plot::{self, Area, LABEL, MUTED, Swatch, TO_BASELINE};
use super::scene::{Anchor, MARGIN, Scene, TEXT, Type};
use super::ticks::{Axis, drawable};
use super::{Chart, ChartError};

/// Horizontal stacks from zero, with the total beside each.
pub fn stacked_bars(data: &StackedBars) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    if data.rows.is_empty() || data.parts.is_empty() {
        return scene.nothing(top, "no configuration has its parts measured.");
    }
    let width = scene.width;
    let top = plot::legend(&mut scene, top, "", &data.parts, Swatch::Area) + 4.0;
    let texts: Vec<&str> = data.rows.iter().map(|row| row.label.as_str()).collect();
    let totals = data
        .rows
        .iter()
        .map(|row| font::width(&total_text(data, row), TEXT, true))
        .fold(48.0, f64::max);
    let narrow = scene.is_narrow();
    let most = if narrow {
        width - 2.0 * MARGIN - totals - 12.0
    } else {
        0.42 * width
    };
    let labels = plot::row_labels(&mut scene, &texts, false, most);
    let (step, thick, label_above) = match data.rows.len() {
        _ if narrow => (42.0, 16.0, 19.0),
        25.. => (20.0, 10.0, 0.0),
        _ => (28.0, 18.0, 0.0),
    };
    let area = Area {
        left: if narrow { MARGIN } else { MARGIN + labels.room + 14.0 },
        top: top + 22.0,
        right: if narrow {
            width - MARGIN - 4.0
        } else {
            width - MARGIN - totals - 18.0
        },
        bottom: top + 22.0 + step * data.rows.len() as f64 + 4.0,
    };
    let sums = || data.rows.iter().map(|row| parts(data, row).flatten().sum());
    let unit = &data.measure.unit;
    let axis = plot::fitted(
        |ticks| Axis::linear(sums(), unit, ticks),
        unit,
        area.left,
        area.right,
        6,
    );
    let bottom = plot::x_axis(&mut scene, area, &axis, &data.measure);
    scene.text(
        (width - MARGIN, top + 10.0),
        "total",
        Type::new(Ink::Muted, Anchor::End),
    );
    for (index, (row, label)) in data.rows.iter().zip(&labels.labels).enumerate() {
        let middle = area.top + 2.0 + step * (index as f64 + 0.5);
        let y = middle + label_above / 2.0;
        let label_y = y - label_above + TO_BASELINE;
        let label = font::shorten(label, labels.room, TEXT, false);
        scene.text((MARGIN, label_y), &label, LABEL);
        let right = Type {
            anchor: Anchor::End,
            ..LABEL
        };
        scene.text((width - MARGIN, label_y), &total_text(data, row), right.bold());
        draw_stack(&mut scene, data, row, &axis, y, thick, area.right);
        scene.hit(MARGIN / 2.0, middle - step / 2.0, width - MARGIN, step, tip(data, row));
    }
    if data
        .rows
        .iter()
        .any(|row| parts(data, row).any(|part| part.is_none()) && parts(data, row).any(|part| part.is_some()))
    {
        scene.note("≥: a part was not measured, so that the total is at least this.");
    }
    scene.finish(bottom)
}

/// One per part of the legend; negative parts cannot be stacked and count as not measured.
fn parts<'a>(data: &'a StackedBars, row: &'a StackRow) -> impl Iterator<Item = Option<f64>> + 'a {
    (0..data.parts.len()).map(|index| {
        row.values
            .get(index)
            .copied()
            .flatten()
            .and_then(drawable)
            .filter(|value| *value >= 0.0)
    })
}

fn total_text(data: &StackedBars, row: &StackRow) -> String {
    let known = parts(data, row).flatten().count();
    let total = data.measure.unit.bare(parts(data, row).flatten().sum());
    match known {
        0 => "–".to_owned(),
        _ if known < data.parts.len() => format!("≥\u{a0}{total}"),
        _ => total,
    }
}

fn draw_stack(scene: &mut Scene, data: &StackedBars, row: &StackRow, axis: &Axis, y: f64, thick: f64, right: f64) {
    if parts(data, row).flatten().next().is_none() {
        let why = if row.note.is_empty() { "not measured" } else { &row.note };
        let why = font::shorten(why, right - axis.base() - 12.0, TEXT, false);
        scene.text((axis.base() + 8.0, y + TO_BASELINE), &why, MUTED);
        return;
    }
    let mut sum = 0.0;
    for (part, category) in parts(data, row).zip(&data.parts) {
        let Some(part) = part else { continue };
        let (from, to) = (axis.at(sum), axis.at(sum + part));
        sum += part;
        let colour = category.mark.colour();
        // A sliver stays visible; the gap between parts is the background.
        let w = (to - from - 1.0).max(if part > 0.0 { 0.6 } else { 0.0 });
        scene.rect(from, y - thick / 2.0, w, thick, Ink::Series(colour));
        let text = data.measure.unit.bare(part);
        if thick >= 14.0 && font::width(&text, TEXT, false) <= w - 10.0 {
            let at = (from + w / 2.0, y + TO_BASELINE);
            scene.text(at, &text, Type::new(Ink::OnSeries(colour), Anchor::Middle));
        }
    }
}

fn tip(data: &StackedBars, row: &StackRow) -> String {
    let mut tip = row.label.clone();
    for (part, category) in parts(data, row).zip(&data.parts) {
        let value = part.map_or_else(|| "–".to_owned(), |part| data.measure.unit.format(part));
        tip += &format!("\n{}: {value}", category.name);
    }
    tip += &format!("\ntotal: {}", total_text(data, row));
    if !row.note.is_empty() {
        tip += &format!("\n{}", row.note);
    }
    tip
}
