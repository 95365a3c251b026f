//! A measure over the seconds of many trials.

use super::data::{Category, TimeLine, TimeSeries};
use super::font;
use super::ink::Ink;
use super::number::{Better, Measure, Unit};
use super::plot::{self, Area, EndLabel, MUTED};
use super::scene::{Anchor, MARGIN, Point, Scene, Stroke, TEXT, Type};
use super::ticks::{Axis, drawable};
use super::{Chart, ChartError};

/// More points than this are thinned out by averaging neighbours, which a note says.
const POINTS_MAX: usize = 6_000;
/// Up to so many lines are drawn strong; beyond, each one matters less than the bundle.
const STRONG_MAX: usize = 12;
/// So many lines a tip lists.
const TIP_LINES: usize = 8;

/// Faint lines, one per trial, in the colour of their configuration; the measurement window is shaded.
pub fn time_series(data: &TimeSeries) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    let lines: Vec<Line> = data
        .lines
        .iter()
        .map(Line::of)
        .filter(|line| line.values().next().is_some())
        .collect();
    if lines.is_empty() {
        return scene.nothing(top, "no trial has a value for any second.");
    }
    let lines = thinned(&mut scene, lines);
    let groups = groups(&lines);
    let values = || lines.iter().flat_map(Line::values);
    let y_axis = Axis::linear(values().map(|(_, value)| value), &data.measure.unit, 6);
    let names = groups.iter().map(|(category, _)| category.name.as_str());
    let height = (groups.len() as f64 * 17.0).clamp(250.0, 900.0);
    let area = Area {
        left: MARGIN + plot::y_axis_room(&y_axis, &data.measure.unit),
        top: top + 46.0,
        right: scene.width - MARGIN - plot::end_label_room(&scene, names),
        bottom: top + 46.0 + height,
    };
    let y_axis = y_axis.placed(area.bottom, area.top);
    let seconds = Measure::new(
        "time since the window's start",
        Unit::Plain("s".into()),
        Better::Neither,
    );
    let times = || {
        values()
            .map(|(time, _)| time)
            .chain(data.window_s.iter().flat_map(|(from, to)| [*from, *to]))
    };
    let unit = &seconds.unit;
    let x_axis = plot::fitted(
        |ticks| Axis::linear(times(), unit, ticks),
        unit,
        area.left,
        area.right,
        8,
    );
    draw_window(&mut scene, data, area, &x_axis);
    plot::y_axis(
        &mut scene,
        Area {
            top: area.top - 16.0,
            ..area
        },
        &y_axis,
        &data.measure,
    );
    let bottom = plot::x_axis(&mut scene, area, &x_axis, &seconds);
    for line in &lines {
        line.draw(&mut scene, &x_axis, &y_axis, lines.len() <= STRONG_MAX);
    }
    let labels: Vec<EndLabel> = groups
        .iter()
        .map(|(category, (time, value))| EndLabel {
            category: category.clone(),
            from: (x_axis.at(*time), y_axis.at(*value)),
        })
        .collect();
    let bottom = plot::end_labels(&mut scene, area, &labels, bottom);
    hits(&mut scene, data, &lines, area, &x_axis);
    scene.finish(bottom)
}

/// A line as it is drawn: `None` breaks it.
struct Line<'a> {
    line: &'a TimeLine,
    points: Vec<(f64, Option<f64>)>,
}

impl<'a> Line<'a> {
    fn of(line: &'a TimeLine) -> Self {
        let mut points: Vec<(f64, Option<f64>)> = line
            .points
            .iter()
            .filter(|(time, _)| drawable(*time).is_some())
            .map(|(time, value)| (*time, drawable(*value)))
            .collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self { line, points }
    }

    fn values(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.points.iter().filter_map(|(time, value)| Some((*time, (*value)?)))
    }

    fn draw(&self, scene: &mut Scene, x: &Axis, y: &Axis, strong: bool) {
        let mark = self.line.category.mark;
        let ink = if strong {
            Ink::Series(mark.colour())
        } else {
            Ink::Tint(mark.colour())
        };
        let stroke = Stroke::new(ink, if strong { 16 } else { 12 });
        for part in self.points.split(|(_, value)| value.is_none()) {
            let points: Vec<Point> = part
                .iter()
                .filter_map(|(time, value)| Some((x.at(*time), y.at((*value)?))))
                .collect();
            if let [(x, y)] = points[..] {
                scene.line([(x - 2.0, y), (x + 2.0, y)], stroke);
            }
            scene.line(points, stroke);
        }
        // Not by colour alone.
        if let (true, Some((time, value))) = (strong, self.values().last()) {
            scene.marker((x.at(time), y.at(value)), mark, 3.2);
        }
    }
}

/// Neighbouring points averaged where there are more than a chart can show.
fn thinned<'a>(scene: &mut Scene, lines: Vec<Line<'a>>) -> Vec<Line<'a>> {
    let total: usize = lines.iter().map(|line| line.points.len()).sum();
    let every = total.div_ceil(POINTS_MAX);
    if every <= 1 {
        return lines;
    }
    scene.note(format!("Each point drawn is the mean of {every} neighbouring ones."));
    let mean = |points: &[(f64, Option<f64>)]| {
        let count = points.len() as f64;
        let time = points.iter().map(|(time, _)| time / count).sum();
        // One gap among them stays a gap.
        let value = points
            .iter()
            .map(|(_, value)| value.map(|value| value / count))
            .sum::<Option<f64>>();
        (time, value)
    };
    lines
        .into_iter()
        .map(|line| Line {
            line: line.line,
            points: line.points.chunks(every).map(mean).collect(),
        })
        .collect()
}

/// The configurations, each with the mean end of its lines, where its label belongs.
fn groups(lines: &[Line]) -> Vec<(Category, (f64, f64))> {
    let mut groups: Vec<(Category, Vec<(f64, f64)>)> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for line in lines {
        let Some(end) = line.values().last() else { continue };
        let category = &line.line.category;
        let place = *places.entry(category.name.as_str()).or_insert_with(|| {
            groups.push((category.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(end);
    }
    let mean = |ends: &[(f64, f64)]| {
        let count = ends.len() as f64;
        let last = ends.iter().map(|(time, _)| *time).fold(f64::NEG_INFINITY, f64::max);
        (last, ends.iter().map(|(_, value)| value / count).sum())
    };
    groups
        .into_iter()
        .map(|(category, ends)| (category, mean(&ends)))
        .collect()
}

fn draw_window(scene: &mut Scene, data: &TimeSeries, area: Area, x: &Axis) {
    let Some((from, to)) = data.window_s else { return };
    let (Some(from), Some(to)) = (drawable(from), drawable(to)) else {
        return;
    };
    let (left, right) = (x.at(from.min(to)), x.at(from.max(to)));
    scene.rect(left, area.top, right - left, area.bottom - area.top, Ink::Band);
    let y = area.top - 8.0;
    let label = font::shorten("measurement window", area.right - left, TEXT, false);
    let label_end = left + font::width(&label, TEXT, false);
    scene.text((left, y), &label, Type::new(Ink::Foreground, Anchor::Start));
    if font::width("warm-up", TEXT, false) + 8.0 <= left - area.left {
        scene.text((area.left, y), "warm-up", MUTED);
    }
    let after = right.max(label_end + 10.0);
    if area.right - after >= font::width("drain", TEXT, false) {
        scene.text((after, y), "drain", MUTED);
    }
}

/// One hit per stretch of time, listing the lines' values there, greatest first.
fn hits(scene: &mut Scene, data: &TimeSeries, lines: &[Line], area: Area, x: &Axis) {
    let mut columns: std::collections::BTreeMap<i64, Vec<(f64, f64, &TimeLine)>> = Default::default();
    for line in lines {
        for (time, value) in line.values() {
            // Columns as wide as a finger.
            let column = ((x.at(time) - area.left) / 12.0).round() as i64;
            columns.entry(column).or_default().push((time, value, line.line));
        }
    }
    for (column, mut values) in columns {
        values.sort_by(|one, other| other.1.total_cmp(&one.1));
        let time = values[0].0;
        let mut tip = format!("at {}", Unit::Plain("s".into()).format(time));
        for (_, value, line) in values.iter().take(TIP_LINES) {
            tip += &format!(
                "\n{} {}: {}",
                line.category.name,
                line.name,
                data.measure.unit.format(*value)
            );
        }
        if values.len() > TIP_LINES {
            tip += &format!("\n… and {} more", values.len() - TIP_LINES);
        }
        let left = (area.left + column as f64 * 12.0 - 6.0).max(area.left);
        scene.hit(left, area.top, 12.0, area.bottom - area.top, tip);
    }
}
