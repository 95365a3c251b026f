//! One value for each pair of two axes' values, as a grid of coloured cells.

use super::data::{HeatMap, Sample};
use super::font;
use super::ink::{Ink, RAMP_STEPS};
use super::plot::{self, Area, MUTED, TO_BASELINE};
use super::scene::{Anchor, MARGIN, Scene, Stroke, TEXT, Type};
use super::ticks::drawable;
use super::{Chart, ChartError};

const RAMP_WIDTH: f64 = 96.0;
/// From this ratio of greatest to least value on, colours follow the logarithm.
const WIDE: f64 = 30.0;

/// A grid of coloured cells with their values, the best of them framed.
pub fn heat_map(data: &HeatMap) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    if data.x_labels.is_empty() || data.y_labels.is_empty() {
        return scene.nothing(top, "one of the two axes has no values.");
    }
    let (columns, rows) = (data.x_labels.len(), data.y_labels.len());
    let labels = plot::label_room(data.y_labels.iter().map(String::as_str), false, 0.25 * scene.width);
    let left = MARGIN + labels + 10.0;
    let cell_w = ((scene.width - MARGIN - left) / columns as f64).min(128.0);
    let cell_h = if rows > 16 { 24.0 } else { 34.0 };
    let grid_top = top + 26.0;
    let area = Area {
        left,
        top: grid_top,
        right: left + cell_w * columns as f64,
        bottom: grid_top + cell_h * rows as f64,
    };
    let grid = Grid {
        data,
        area,
        cell_w,
        cell_h,
        colours: Colours::of(data),
        best: best(data),
    };
    let legend = grid.colours.legend(&mut scene, data, top + 10.0);
    let name = font::shorten(&data.y_name, legend - 16.0 - MARGIN, TEXT, false);
    scene.text((MARGIN, top + 10.0), &name, MUTED);
    let unprinted = grid.draw_cells(&mut scene);
    grid.draw_labels(&mut scene);
    let x_name = font::shorten(&data.x_name, scene.width - left - MARGIN, TEXT, false);
    scene.text((left, area.bottom + 38.0), &x_name, MUTED);
    if unprinted > 0 && grid.has_tips() {
        scene.note(format!(
            "{unprinted} cells are too narrow for their value; it is in the cell's tip."
        ));
    } else if unprinted > 0 {
        scene.note(format!(
            "{unprinted} cells are too narrow for their value: here the colour alone shows it."
        ));
    }
    grid.say_best(&mut scene);
    scene.finish(area.bottom + 42.0)
}

struct Grid<'a> {
    data: &'a HeatMap,
    area: Area,
    cell_w: f64,
    cell_h: f64,
    colours: Colours,
    best: Option<(usize, usize)>,
}

/// How values become steps of the ramp.
struct Colours {
    low: f64,
    high: f64,
    log: bool,
    any: bool,
}

fn sample(data: &HeatMap, x: usize, y: usize) -> Option<&Sample> {
    data.cells.get(y).and_then(|row| row.get(x))
}

fn value(data: &HeatMap, x: usize, y: usize) -> Option<f64> {
    sample(data, x, y).and_then(|sample| sample.median).and_then(drawable)
}

fn each_cell(data: &HeatMap) -> impl Iterator<Item = (usize, usize)> + use<> {
    let (columns, rows) = (data.x_labels.len(), data.y_labels.len());
    (0..rows).flat_map(move |y| (0..columns).map(move |x| (x, y)))
}

/// The best cell that is no bound; `None` where neither way is better or all are equal.
fn best(data: &HeatMap) -> Option<(usize, usize)> {
    let sign = data.measure.better.sign()?;
    let sure = |x, y| {
        sample(data, x, y)
            .filter(|sample| !sample.at_least)
            .and_then(|_| value(data, x, y))
    };
    let mut cells: Vec<(f64, (usize, usize))> = each_cell(data)
        .filter_map(|(x, y)| Some((sign * sure(x, y)?, (x, y))))
        .collect();
    cells.sort_by(|one, other| other.0.total_cmp(&one.0));
    match cells[..] {
        [first, second, ..] if first.0 > second.0 => Some(first.1),
        _ => None,
    }
}

impl Colours {
    fn of(data: &HeatMap) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in each_cell(data).filter_map(|(x, y)| value(data, x, y)) {
            low = low.min(value);
            high = high.max(value);
        }
        Self {
            low,
            high,
            log: low > 0.0 && high / low >= WIDE,
            any: low <= high,
        }
    }

    fn step(&self, value: f64) -> u8 {
        let share = if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        // All values equal: the middle of the ramp says neither low nor high.
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
        (share * f64::from(RAMP_STEPS - 1)).round() as u8
    }

    /// The ramp between its least and its greatest value, at the right; where it starts.
    fn legend(&self, scene: &mut Scene, data: &HeatMap, baseline: f64) -> f64 {
        let right = scene.width - MARGIN;
        if !self.any || self.low >= self.high {
            return right;
        }
        let unit = &data.measure.unit;
        let high = font::shorten(&unit.format(self.high), 0.25 * scene.width, TEXT, false);
        scene.text((right, baseline), &high, Type::new(Ink::Muted, Anchor::End));
        let x = right - font::width(&high, TEXT, false) - 8.0 - RAMP_WIDTH;
        for step in 0..RAMP_STEPS {
            let from = f64::from(step) * RAMP_WIDTH / f64::from(RAMP_STEPS);
            // Each reaches to the end, under the next: no seams.
            scene.rect(x + from, baseline - 10.0, RAMP_WIDTH - from, 11.0, Ink::Ramp(step));
        }
        let low = unit.bare(self.low);
        scene.text((x - 8.0, baseline), &low, Type::new(Ink::Muted, Anchor::End));
        if self.log {
            scene.note("Colours follow the logarithm of the value.");
        }
        x - 8.0 - font::width(&low, TEXT, false)
    }
}

impl Grid<'_> {
    /// Very many cells would make the page heavy.
    fn has_tips(&self) -> bool {
        self.data.x_labels.len() * self.data.y_labels.len() <= 2 * plot::HITS_MAX
    }

    fn corner(&self, x: usize, y: usize) -> (f64, f64) {
        (
            self.area.left + x as f64 * self.cell_w,
            self.area.bottom - (y + 1) as f64 * self.cell_h,
        )
    }

    /// Draws all cells; how many have a value that did not fit.
    fn draw_cells(&self, scene: &mut Scene) -> usize {
        let mut unprinted = 0;
        let (w, h) = (self.cell_w, self.cell_h);
        for (x, y) in each_cell(self.data) {
            let (left, top) = self.corner(x, y);
            let middle = (left + w / 2.0, top + h / 2.0 + TO_BASELINE);
            if let Some(value) = value(self.data, x, y) {
                let step = self.colours.step(value);
                scene.rect(left + 0.5, top + 0.5, w - 1.0, h - 1.0, Ink::Ramp(step));
                let bound = sample(self.data, x, y).is_some_and(|sample| sample.at_least);
                let text = format!(
                    "{}{}",
                    if bound { "≥\u{a0}" } else { "" },
                    self.data.measure.unit.bare(value)
                );
                let bold = self.best == Some((x, y));
                if let Some(size) = [12, 10]
                    .into_iter()
                    .find(|size| font::width(&text, f64::from(*size), bold) <= w - 5.0)
                {
                    let set = Type {
                        size,
                        bold,
                        ..Type::new(Ink::OnRamp(step), Anchor::Middle)
                    };
                    scene.text(middle, &text, set);
                } else {
                    unprinted += 1;
                }
            } else {
                self.draw_missing(scene, (left, top), middle);
            }
            if self.has_tips() {
                let label = format!(
                    "{} = {}\n{} = {}",
                    self.data.x_name, self.data.x_labels[x], self.data.y_name, self.data.y_labels[y]
                );
                let missing = Sample::missing("not measured");
                let sample = sample(self.data, x, y).unwrap_or(&missing);
                scene.hit(left, top, w, h, plot::sample_tip(&label, &self.data.measure, sample));
            }
        }
        if let Some((x, y)) = self.best {
            self.frame_best(scene, self.corner(x, y));
        }
        unprinted
    }

    /// Hatched, with a dash: neither a low value nor a high one.
    fn draw_missing(&self, scene: &mut Scene, (left, top): (f64, f64), middle: (f64, f64)) {
        let (w, h) = (self.cell_w - 1.0, self.cell_h - 1.0);
        let (left, top) = (left + 0.5, top + 0.5);
        scene.rect(left, top, w, h, Ink::Band);
        let mut offset = 9.0;
        while offset < w + h {
            let from = (left + f64::min(offset, w), top + f64::max(offset - w, 0.0));
            let to = (left + f64::max(offset - h, 0.0), top + f64::min(offset, h));
            scene.line([from, to], Stroke::new(Ink::Axis, 5));
            offset += 9.0;
        }
        scene.text(middle, "–", Type::new(Ink::Muted, Anchor::Middle));
    }

    fn frame_best(&self, scene: &mut Scene, (left, top): (f64, f64)) {
        let (right, bottom) = (left + self.cell_w, top + self.cell_h);
        for (inset, stroke) in [
            (1.0, Stroke::new(Ink::Foreground, 24)),
            (2.6, Stroke::new(Ink::Background, 10)),
        ] {
            let (l, t, r, b) = (left + inset, top + inset, right - inset, bottom - inset);
            let over = f64::from(stroke.tenths) / 20.0;
            scene.line([(l - over, t), (r + over, t)], stroke);
            scene.line([(l - over, b), (r + over, b)], stroke);
            scene.line([(l, t), (l, b)], stroke);
            scene.line([(r, t), (r, b)], stroke);
        }
    }

    fn draw_labels(&self, scene: &mut Scene) {
        for (y, label) in self.data.y_labels.iter().enumerate() {
            let (left, top) = self.corner(0, y);
            let label = font::shorten(label, left - 10.0 - MARGIN, TEXT, false);
            let at = (left - 10.0, top + self.cell_h / 2.0 + TO_BASELINE);
            scene.text(at, &label, Type::new(Ink::Foreground, Anchor::End));
        }
        let mut free = f64::NEG_INFINITY;
        for (x, label) in self.data.x_labels.iter().enumerate() {
            let middle = self.corner(x, 0).0 + self.cell_w / 2.0;
            let label = font::shorten(label, (self.cell_w - 6.0).max(64.0), TEXT, false);
            let half = font::width(&label, TEXT, false) / 2.0;
            if middle - half >= free && middle + half <= scene.width - 2.0 {
                let at = (middle, self.area.bottom + 18.0);
                scene.text(at, &label, Type::new(Ink::Foreground, Anchor::Middle));
                free = middle + half + 6.0;
            }
        }
    }

    /// The framed cell in words, so that the frame needs no key.
    fn say_best(&self, scene: &mut Scene) {
        let Some((x, y)) = self.best else { return };
        let data = self.data;
        let (x_label, y_label) = (&data.x_labels[x], &data.y_labels[y]);
        let best = value_or_dash(data, x, y);
        scene.note(format!(
            "Framed: the best, {best} at {} = {y_label}, {} = {x_label}.",
            data.y_name, data.x_name
        ));
    }
}

fn value_or_dash(data: &HeatMap, x: usize, y: usize) -> String {
    value(data, x, y).map_or_else(|| "–".to_owned(), |value| data.measure.unit.format(value))
}
