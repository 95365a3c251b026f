//! Latency by percentile: an axis of nines below, a logarithmic axis of time beside.

use super::data::{Curve, CurvePoint, PercentileCurves, Scale};
use super::font;
use super::ink::Ink;

use super::plot::{self, AXIS, Area, EndLabel, GRID};
use super::scene::{Anchor, BOUND_DASH, MARGIN, Point, Scene, Stroke, TEXT, Type};
use super::ticks::{Axis, drawable_on};
use super::{Chart, ChartError};

/// A percentile needs this many records beyond it.
const RECORDS_BEYOND: f64 = 10.0;
/// The percentiles that have a grid line, a marker and a tip.
const TICKS: [f64; 7] = [50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999];

/// Lines that end where too few records lie beyond; a part that is only a lower bound is dotted, with arrows.
pub fn percentile_curves(data: &PercentileCurves) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    let curves: Vec<Drawn> = data
        .curves
        .iter()
        .map(Drawn::of)
        .filter(|curve| !curve.points.is_empty())
        .collect();
    if curves.is_empty() {
        return scene.nothing(top, "no configuration has enough records with a latency.");
    }
    let axis = Axis::log(
        curves
            .iter()
            .flat_map(|curve| curve.points.iter().map(|point| point.value)),
        9,
    );
    let height = (curves.len() as f64 * 17.0).clamp(280.0, 900.0);
    let names = curves.iter().map(|curve| curve.curve.category.name.as_str());
    let area = Area {
        left: MARGIN + plot::y_axis_room(&axis, &data.measure.unit),
        top: top + 38.0,
        right: scene.width - MARGIN - plot::end_label_room(&scene, names),
        bottom: top + 38.0 + height,
    };
    let axis = axis.placed(area.bottom, area.top);
    let nines = Nines::of(&curves, area);
    plot::y_axis(&mut scene, area, &axis, &data.measure);
    nines.draw(&mut scene, area);
    for curve in &curves {
        curve.draw(&mut scene, &nines, &axis);
    }
    let bottom = label(&mut scene, area, &curves, &nines, &axis);
    hits(&mut scene, data, &curves, &nines, &axis);
    notes(&mut scene, data, &curves);
    scene.finish(bottom)
}

/// The nines before the first digit that is not: 0.3 at 50 %, 1 at 90 %, 2 at 99 %.
fn nines(percentile: f64) -> f64 {
    -(1.0 - percentile / 100.0).log10()
}

/// The horizontal axis.
struct Nines {
    low: f64,
    high: f64,
    left: f64,
    right: f64,
}

impl Nines {
    fn of(curves: &[Drawn], area: Area) -> Self {
        let all = || {
            curves
                .iter()
                .flat_map(|curve| curve.points.iter().map(|point| nines(point.percentile)))
        };
        let high = all().fold(nines(99.0), f64::max);
        Self {
            low: all().fold(nines(50.0), f64::min),
            high,
            left: area.left,
            right: area.right,
        }
    }

    fn at(&self, percentile: f64) -> f64 {
        let share = ((nines(percentile) - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.left + 8.0 + share * (self.right - self.left - 8.0)
    }

    fn draw(&self, scene: &mut Scene, area: Area) {
        scene.line([(area.left, area.bottom), (area.right, area.bottom)], AXIS);
        let mut free = f64::NEG_INFINITY;
        for tick in TICKS.into_iter().filter(|tick| nines(*tick) <= self.high + 1e-9) {
            let x = self.at(tick);
            scene.line([(x, area.top), (x, area.bottom)], GRID);
            let text = percent(tick);
            let half = font::width(&text, TEXT, false) / 2.0;
            let middle = x.min(scene.width - 6.0 - half);
            if middle - half >= free {
                scene.text(
                    (middle, area.bottom + 17.0),
                    &text,
                    Type::new(Ink::Muted, Anchor::Middle),
                );
                free = middle + half + 6.0;
            }
        }
        plot::axis_label(
            scene,
            area,
            area.bottom + 38.0,
            "percentile of all records (%), each step is ten times rarer",
        );
    }
}

/// Every digit of a percentile counts: 99.999, never rounded to 100.
fn percent(percentile: f64) -> String {
    format!("{percentile}")
}

/// A curve's points as they are drawn.
struct Drawn<'a> {
    curve: &'a Curve,
    points: Vec<CurvePoint>,
    /// Points that were given, but that too few records lie beyond.
    unsupported: usize,
}

impl<'a> Drawn<'a> {
    fn of(curve: &'a Curve) -> Self {
        let mut points: Vec<CurvePoint> = curve
            .points
            .iter()
            .copied()
            .filter(|point| (0.0..100.0).contains(&point.percentile) && nines(point.percentile) < 9.0)
            .filter(|point| drawable_on(Scale::Log, point.value).is_some())
            .collect();
        points.sort_by(|one, other| one.percentile.total_cmp(&other.percentile));
        points.dedup_by(|next, kept| next.percentile == kept.percentile);
        let given = points.len();
        if let Some(records) = curve.records {
            points.retain(|point| records as f64 * (1.0 - point.percentile / 100.0) >= RECORDS_BEYOND - 1e-6);
        }
        Self {
            curve,
            unsupported: given - points.len(),
            points,
        }
    }

    fn place(&self, point: &CurvePoint, nines: &Nines, axis: &Axis) -> Point {
        (nines.at(point.percentile), axis.at(point.value))
    }

    /// Points with a marker and a tip: the ticks' and the last.
    fn marked(&self) -> impl Iterator<Item = &CurvePoint> {
        let last = self.points.len() - 1;
        let few = self.points.len() <= TICKS.len();
        self.points
            .iter()
            .enumerate()
            .filter(move |(index, point)| {
                few || *index == last || TICKS.iter().any(|tick| (tick - point.percentile).abs() < 1e-9)
            })
            .map(|(_, point)| point)
    }

    fn draw(&self, scene: &mut Scene, nines: &Nines, axis: &Axis) {
        let mark = self.curve.category.mark;
        let ink = Ink::Series(mark.colour());
        let sure = self.points.iter().take_while(|point| !point.at_least).count();
        let place = |point| self.place(point, nines, axis);
        scene.line(
            self.points[..sure].iter().map(place),
            Stroke::new(ink, 20).dashed(mark.dash()),
        );
        scene.line(
            self.points[sure.saturating_sub(1)..].iter().map(place),
            Stroke::new(ink, 16).dashed(BOUND_DASH),
        );
        for point in self.marked() {
            let (x, y) = place(point);
            if point.at_least {
                scene.line([(x, y), (x, y - 10.0)], Stroke::new(ink, 14));
                scene.polygon([(x - 3.5, y - 9.0), (x + 3.5, y - 9.0), (x, y - 15.0)], ink);
            } else {
                scene.marker((x, y), mark, 3.4);
            }
        }
    }
}

/// Names beside the last points, or below; the height where the chart ends.
fn label(scene: &mut Scene, area: Area, curves: &[Drawn], nines: &Nines, axis: &Axis) -> f64 {
    let labels: Vec<EndLabel> = curves
        .iter()
        .filter_map(|curve| {
            let from = curve.place(curve.points.last()?, nines, axis);
            Some(EndLabel {
                category: curve.curve.category.clone(),
                from,
            })
        })
        .collect();
    plot::end_labels(scene, area, &labels, area.bottom + 42.0)
}

fn hits(scene: &mut Scene, data: &PercentileCurves, curves: &[Drawn], nines: &Nines, axis: &Axis) {
    for curve in curves {
        for point in curve.marked() {
            let value = data.measure.unit.format(point.value);
            let at_least = if point.at_least { "≥\u{a0}" } else { "" };
            let text = format!(
                "{}\np{}: {at_least}{value}",
                curve.curve.category.name,
                percent(point.percentile)
            );
            if scene.hits.len() < plot::HITS_MAX {
                scene.hit_at(curve.place(point, nines, axis), 7.0, text);
            }
        }
    }
}

fn notes(scene: &mut Scene, data: &PercentileCurves, curves: &[Drawn]) {
    if curves
        .iter()
        .any(|curve| curve.points.iter().any(|point| point.at_least))
    {
        scene.note("Dotted with arrows: the value is at least this.");
    }
    if curves.iter().any(|curve| curve.unsupported > 0) {
        scene.note("A line ends where fewer than 10 records lie beyond it.");
    }
    let without: Vec<&str> = data
        .curves
        .iter()
        .filter(|curve| Drawn::of(curve).points.is_empty())
        .map(|curve| curve.category.name.as_str())
        .collect();
    if !without.is_empty() {
        scene.note(format!(
            "Without a line, having too few records with a latency: {}.",
            without.join(", ")
        ));
    }
}
