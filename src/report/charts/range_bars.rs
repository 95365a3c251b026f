//! One value per configuration with the spread of its trials.

use super::data::{RangeBars, RangeRow};
use super::font;
use super::ink::Ink;
use super::plot::{self, Area, LABEL, MUTED, TO_BASELINE};
use super::scene::{Anchor, MARGIN, Scene, TEXT, Type};
use super::ticks::{Axis, drawable};
use super::{Chart, ChartError};

/// Horizontal bars from zero with the spread of the trials. Linear in the number of rows.
pub fn range_bars(data: &RangeBars) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    if data.rows.is_empty() {
        return scene.nothing(top, "no configuration has a result.");
    }
    let width = scene.width;
    let bold = data.rows.iter().any(|row| row.highlight);
    let texts: Vec<&str> = data.rows.iter().map(|row| row.label.as_str()).collect();
    let value_room = data
        .rows
        .iter()
        .map(|row| font::width(&value(data, row), TEXT, true))
        .fold(48.0, f64::max);
    let narrow = scene.is_narrow();
    let most = if narrow {
        width - 2.0 * MARGIN - value_room - 12.0
    } else {
        0.42 * width
    };
    let labels = plot::row_labels(&mut scene, &texts, bold, most);
    let step = match data.rows.len() {
        _ if narrow => 38.0,
        25.. => 19.0,
        _ => 25.0,
    };
    let area = Area {
        left: if narrow { MARGIN } else { MARGIN + labels.room + 14.0 },
        top: top + 22.0,
        right: if narrow {
            width - MARGIN - 4.0
        } else {
            width - MARGIN - value_room - 18.0
        },
        bottom: top + 22.0 + step * data.rows.len() as f64 + 4.0,
    };
    let values = || data.rows.iter().flat_map(|row| plot::numbers(&row.sample));
    let unit = &data.measure.unit;
    let axis = plot::fitted(
        |ticks| Axis::linear(values(), unit, ticks),
        unit,
        area.left,
        area.right,
        6,
    );
    let bottom = plot::x_axis(&mut scene, area, &axis, &data.measure);
    let heading = if data.rows.iter().any(|row| row.sample.trials.len() > 1) {
        "median"
    } else {
        "value"
    };
    scene.text(
        (width - MARGIN, top + 10.0),
        heading,
        Type::new(Ink::Muted, Anchor::End),
    );
    let layout = Layout {
        area,
        axis,
        thick: if narrow { 11.0 } else { step - 13.0 },
        label_room: labels.room,
        label_above: if narrow { 16.0 } else { 0.0 },
        some_stand_out: bold,
    };
    for (index, (row, label)) in data.rows.iter().zip(&labels.labels).enumerate() {
        let middle = area.top + 2.0 + step * (index as f64 + 0.5);
        let y = middle + layout.label_above / 2.0;
        draw_row(&mut scene, data, (row, label), &layout, y);
        let tip = plot::sample_tip(&row.label, &data.measure, &row.sample);
        scene.hit(MARGIN / 2.0, middle - step / 2.0, width - MARGIN, step, tip);
    }
    scene.finish(bottom)
}

struct Layout {
    area: Area,
    axis: Axis,
    /// How thick a bar is.
    thick: f64,
    label_room: f64,
    /// How far above its bar a label stands; 0 where it stands beside it.
    label_above: f64,
    some_stand_out: bool,
}

fn value(data: &RangeBars, row: &RangeRow) -> String {
    plot::value_text(&row.sample, |value| data.measure.unit.bare(value))
}

fn draw_row(scene: &mut Scene, data: &RangeBars, (row, label): (&RangeRow, &str), layout: &Layout, y: f64) {
    let weight = |set: Type| if row.highlight { set.bold() } else { set };
    let label = font::shorten(label, layout.label_room, TEXT, row.highlight);
    let set = if layout.some_stand_out && !row.highlight {
        MUTED
    } else {
        LABEL
    };
    let label_y = y - layout.label_above + TO_BASELINE;
    scene.text((MARGIN, label_y), &label, weight(set));
    let right = Type {
        anchor: Anchor::End,
        ..LABEL
    };
    scene.text((scene.width - MARGIN, label_y), &value(data, row), weight(right));
    if row.sample.median.and_then(drawable).is_none() {
        let why = if row.sample.note.is_empty() {
            "not measured"
        } else {
            &row.sample.note
        };
        let base = layout.axis.base();
        let why = font::shorten(why, layout.area.right - base - 12.0, TEXT, false);
        scene.text((base + 8.0, y + TO_BASELINE), &why, MUTED);
    }
    plot::spread_bar(
        scene,
        &layout.axis,
        y,
        layout.thick,
        &row.sample,
        row.mark,
        row.highlight,
    );
}
