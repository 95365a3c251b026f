//! A measure from run to run: one panel per thing, with an axis of its own, and the places where its level changed.

use super::data::{LevelChange, RunHistory, RunPanel};
use super::font;
use super::ink::Ink;
use super::plot::{self, Area, LABEL};
use super::scene::{Anchor, MARGIN, Point, Scene, Stroke, TEXT, Type};
use super::ticks::{Axis, drawable};
use super::{Chart, ChartError};

const HEIGHT: f64 = 120.0;
const LINE: f64 = 17.0;
/// Rows of names above a panel at most.
const ROWS_MAX: usize = 8;
const ROW: f64 = 15.0;
/// From a change's line to its name.
const BESIDE: f64 = 4.0;
/// More points than this are drawn as the smallest and the largest of neighbouring ones.
const POINTS_MAX: usize = 1_000;
/// Up to so many points each has a dot.
const DOTS_MAX: usize = 250;
/// A change's name is no longer than this.
const NAME_MAX: f64 = 210.0;

/// Panels below one another: dots for the runs in their order, lines for the levels, a dashed line for each change.
pub fn run_history(data: &RunHistory) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    let panels: Vec<Panel> = data.panels.iter().filter_map(|panel| Panel::of(panel, data)).collect();
    if panels.is_empty() {
        return scene.nothing(top, "no run has a value.");
    }
    let room = |panel: &Panel| plot::y_axis_room(&panel.axis, &data.measure.unit);
    let left = MARGIN + panels.iter().map(room).fold(0.0, f64::max);
    let right = right_edge(&panels, left, scene.width - MARGIN);
    let mut y = top;
    plot::axis_label(
        &mut scene,
        Area {
            left: MARGIN,
            top: y,
            right,
            bottom: y,
        },
        y + 12.0,
        &data.measure.axis_label(),
    );
    y += 14.0;
    let mut unnamed = 0;
    for panel in panels {
        y = panel.draw(&mut scene, data, (left, right), y, &mut unnamed);
    }
    if unnamed > 0 {
        scene.note(format!("{unnamed} of the changes had no room for their names."));
    }
    if data.panels.iter().any(|panel| panel.points.len() > POINTS_MAX) {
        scene.note("Of neighbouring runs the smallest and the largest value are drawn.");
    }
    scene.finish(y - 10.0)
}

struct Panel<'a> {
    panel: &'a RunPanel,
    axis: Axis,
    changes: Vec<&'a LevelChange>,
}

impl<'a> Panel<'a> {
    /// None where there is nothing to draw.
    fn of(panel: &'a RunPanel, data: &RunHistory) -> Option<Self> {
        let values = || panel.points.iter().filter_map(|point| drawable(point.value));
        values().next()?;
        let mut changes: Vec<&LevelChange> = panel.changes.iter().collect();
        changes.retain(|change| change.index < panel.points.len());
        changes.sort_by_key(|change| change.index);
        Some(Self {
            panel,
            axis: Axis::near(values(), &data.measure.unit, 4),
            changes,
        })
    }

    /// The middle of a run's column, as a share of the width.
    fn share(&self, index: f64) -> f64 {
        (index + 0.5) / self.panel.points.len() as f64
    }

    fn draw(
        self,
        scene: &mut Scene,
        data: &RunHistory,
        (left, right): (f64, f64),
        top: f64,
        unnamed: &mut usize,
    ) -> f64 {
        let mut y = top;
        for line in font::wrap(&self.panel.name, scene.width - 2.0 * MARGIN, TEXT, true, 2) {
            y += LINE;
            scene.text((MARGIN, y), &line, LABEL.bold());
        }
        let x = |index: f64| left + self.share(index) * (right - left);
        let rows = self.rows(x, scene.width - MARGIN);
        let used = rows.iter().flatten().map(|row| row + 1).max().unwrap_or(0);
        let area = Area {
            left,
            top: y + 12.0 + ROW * used as f64,
            right,
            bottom: y + 12.0 + ROW * used as f64 + HEIGHT,
        };
        let axis = self.axis.clone().placed(area.bottom, area.top);
        plot::y_ticks(scene, area, &axis, &data.measure.unit);
        self.times(scene, area, x);
        for (change, row) in self.changes.iter().zip(&rows) {
            self.mark_change(scene, change, x(change.index as f64 - 0.5), *row, area);
        }
        *unnamed += rows.iter().filter(|row| row.is_none()).count();
        self.values(scene, &axis, x);
        self.levels(scene, &axis, x);
        self.hits(scene, data, area, &axis, x);
        area.bottom + 46.0
    }

    /// The row of each change's name, from the panel upwards; none where there are too many. A name may stand above the
    /// lines of later changes, never in their way.
    fn rows(&self, x: impl Fn(f64) -> f64, limit: f64) -> Vec<Option<usize>> {
        let mut rows: Vec<Option<usize>> = vec![None; self.changes.len()];
        for (place, change) in self.changes.iter().enumerate().rev() {
            let from = x(change.index as f64 - 0.5);
            let name = name_of(change, limit - from - BESIDE);
            let end = from + BESIDE + font::width(&name, TEXT, false) + 6.0;
            let covered = self.changes[place + 1..]
                .iter()
                .zip(&rows[place + 1..])
                .take_while(|(later, _)| x(later.index as f64 - 0.5) <= end);
            let row = covered.filter_map(|(_, row)| row.map(|row| row + 1)).max().unwrap_or(0);
            rows[place] = (row < ROWS_MAX && !name.is_empty()).then_some(row);
        }
        rows
    }

    fn mark_change(&self, scene: &mut Scene, change: &LevelChange, x: f64, row: Option<usize>, area: Area) {
        let stroke = Stroke::new(Ink::Muted, 10).dashed(2);
        let Some(row) = row else {
            scene.line([(x, area.top), (x, area.bottom)], stroke);
            return;
        };
        let baseline = area.top - 8.0 - ROW * row as f64;
        scene.line([(x, baseline - 9.0), (x, area.bottom)], stroke);
        let name = name_of(change, scene.width - MARGIN - x - BESIDE);
        scene.text((x + BESIDE, baseline), &name, LABEL);
    }

    /// As many of the runs' times as have room, the first and the last among them.
    fn times(&self, scene: &mut Scene, area: Area, x: impl Fn(f64) -> f64) {
        let last = self.panel.points.len() - 1;
        let limits = (MARGIN, scene.width - MARGIN);
        let most = 7.min(last + 1);
        let chosen = |count: usize| -> Vec<(f64, f64, String)> {
            (0..count)
                .map(|place| {
                    let index = place * last / (count - 1).max(1);
                    let text = font::shorten(&self.panel.points[index].time, 0.4 * scene.width, TEXT, false);
                    let half = font::width(&text, TEXT, false) / 2.0;
                    let middle = x(index as f64);
                    (middle, middle.min(limits.1 - half).max(limits.0 + half), text)
                })
                .collect()
        };
        let fits = |ticks: &Vec<(f64, f64, String)>| {
            ticks.windows(2).all(|pair| {
                let width = |tick: &(f64, f64, String)| font::width(&tick.2, TEXT, false) / 2.0;
                pair[1].1 - pair[0].1 >= width(&pair[0]) + width(&pair[1]) + 14.0
            })
        };
        let ticks = (1..=most).rev().map(chosen).find(fits).unwrap_or_default();
        for (at, middle, text) in ticks {
            scene.line([(at, area.bottom), (at, area.bottom + 4.0)], Stroke::new(Ink::Axis, 10));
            let set = Type::new(Ink::Muted, Anchor::Middle);
            scene.text((middle, area.bottom + LINE), &text, set);
        }
    }

    fn values(&self, scene: &mut Scene, axis: &Axis, x: impl Fn(f64) -> f64) {
        let place = |index: usize, value: f64| -> Point { (x(index as f64), axis.at(value)) };
        let points: Vec<(usize, Option<f64>)> = self.drawn_points();
        let line = Stroke::new(Ink::Tint(0), 10);
        for part in points.split(|(_, value)| value.is_none()) {
            scene.line(
                part.iter().filter_map(|(index, value)| Some(place(*index, (*value)?))),
                line,
            );
        }
        if self.panel.points.len() <= DOTS_MAX {
            for (index, value) in points {
                if let Some(value) = value {
                    scene.circle(place(index, value), 2.2, Ink::Series(0), Stroke::new(Ink::Series(0), 2));
                }
            }
        }
    }

    /// All points, or the smallest and the largest of each few.
    fn drawn_points(&self) -> Vec<(usize, Option<f64>)> {
        let points = self.panel.points.iter().map(|point| drawable(point.value)).enumerate();
        let points: Vec<(usize, Option<f64>)> = points.collect();
        if points.len() <= POINTS_MAX {
            return points;
        }
        let few = (2 * points.len()).div_ceil(POINTS_MAX);
        let ends = |few: &[(usize, Option<f64>)]| {
            let values = || few.iter().filter(|(_, value)| value.is_some());
            let by_value = |one: &&(usize, Option<f64>), other: &&(usize, Option<f64>)| one.1.partial_cmp(&other.1);
            let order = std::cmp::Ordering::Equal;
            let least = values().min_by(|one, other| by_value(one, other).unwrap_or(order));
            let most = values().max_by(|one, other| by_value(one, other).unwrap_or(order));
            let mut ends: Vec<(usize, Option<f64>)> = least.into_iter().chain(most).copied().collect();
            ends.sort_by_key(|(index, _)| *index);
            ends
        };
        points.chunks(few).flat_map(ends).collect()
    }

    /// The mean of the values between two changes.
    fn levels(&self, scene: &mut Scene, axis: &Axis, x: impl Fn(f64) -> f64) {
        let count = self.panel.points.len();
        let starts = [0].into_iter().chain(self.changes.iter().map(|change| change.index));
        let ends = self.changes.iter().map(|change| change.index).chain([count]);
        for (start, end) in starts.zip(ends).filter(|(start, end)| start < end) {
            let values: Vec<f64> = self.panel.points[start..end]
                .iter()
                .filter_map(|point| drawable(point.value))
                .collect();
            let share = 1.0 / values.len() as f64;
            let mean: f64 = values.iter().map(|value| value * share).sum();
            if let Some(mean) = drawable(mean).filter(|_| !values.is_empty()) {
                let y = axis.at(mean);
                let ends = [(x(start as f64 - 0.5), y), (x(end as f64 - 0.5), y)];
                scene.line(ends, Stroke::new(Ink::Foreground, 18));
            }
        }
    }

    fn hits(&self, scene: &mut Scene, data: &RunHistory, area: Area, axis: &Axis, x: impl Fn(f64) -> f64) {
        let unit = &data.measure.unit;
        for change in &self.changes {
            let at = x(change.index as f64 - 0.5);
            let tip = format!("{}\n{}", self.panel.name, change.tip);
            scene.hit(at - 5.0, area.top, 10.0, area.bottom - area.top, tip);
        }
        if self.panel.points.len() > DOTS_MAX.min(plot::HITS_MAX) {
            return;
        }
        for (index, point) in self.panel.points.iter().enumerate() {
            let Some(value) = drawable(point.value) else { continue };
            let tip = format!("{}\n{}: {}", self.panel.name, point.tip, unit.format(value));
            scene.hit_at((x(index as f64), axis.at(value)), 5.0, tip);
        }
    }
}

fn name_of(change: &LevelChange, room: f64) -> String {
    let room = room.min(NAME_MAX);
    // Less than this is no name any more.
    if room < 30.0 {
        return String::new();
    }
    font::shorten(&change.name, room, TEXT, false)
}

/// Where the panels end, so that the name of a late change still has room beside its line.
fn right_edge(panels: &[Panel], left: f64, limit: f64) -> f64 {
    let mut right = limit;
    for panel in panels {
        for change in &panel.changes {
            let width = font::width(&name_of(change, NAME_MAX), TEXT, false) + BESIDE;
            let share = panel.share(change.index as f64 - 0.5);
            right = right.min(left + (limit - width - left) / share.max(1e-9));
        }
    }
    right.max(left + 0.6 * (limit - left))
}
