//! Two measures against each other, with the frontier of what nothing else beats in both.

use super::data::{Category, Scatter, ScatterPoint};
use super::font;
use super::ink::Ink;
use super::number::Better;
use super::palette::Mark;
use super::plot::{self, Area, LABEL, Swatch};
use super::scene::{MARGIN, Point, Scene, Stroke, TEXT, TextBox};
use super::ticks::{Axis, drawable_on};
use super::{Chart, ChartError};

/// More labels than this would bury the points.
const LABELS_MAX: usize = 14;

/// Points by group, the Pareto frontier as a stepped line, and labels beside the frontier's points.
pub fn scatter_with_frontier(data: &Scatter) -> Result<Chart, ChartError> {
    let (mut scene, top) = Scene::new(&data.frame)?;
    let fits = |point: &&ScatterPoint| {
        drawable_on(data.x_scale, point.x).is_some() && drawable_on(data.y_scale, point.y).is_some()
    };
    let points: Vec<&ScatterPoint> = data.points.iter().filter(fits).collect();
    if points.is_empty() {
        return scene.nothing(top, "no configuration has both values.");
    }
    let top = if data.groups.is_empty() {
        top
    } else {
        plot::legend(&mut scene, top, &data.group_name, &data.groups, Swatch::Marker) + 6.0
    };
    let y_axis = Axis::of(data.y_scale, points.iter().map(|point| point.y), &data.y.unit, 7);
    let area = Area {
        left: MARGIN + plot::y_axis_room(&y_axis, &data.y.unit),
        top: top + 30.0,
        right: scene.width - MARGIN - 12.0,
        bottom: top + 30.0 + 340.0,
    };
    let x_axis =
        Axis::of(data.x_scale, points.iter().map(|point| point.x), &data.x.unit, 7).placed(area.left, area.right);
    let y_axis = y_axis.placed(area.bottom, area.top);
    plot::y_axis(&mut scene, area, &y_axis, &data.y);
    let bottom = plot::x_axis(&mut scene, area, &x_axis, &data.x);
    let frontier = frontier(data, &points);
    let place = |index: usize| (x_axis.at(points[index].x), y_axis.at(points[index].y));
    draw_frontier(
        &mut scene,
        &frontier.iter().map(|index| place(*index)).collect::<Vec<_>>(),
    );
    let places: Vec<Point> = (0..points.len()).map(place).collect();
    draw_points(&mut scene, data, &points, &places, &frontier);
    draw_labels(&mut scene, area, &points, &places, &frontier);
    hits(&mut scene, data, &points, &places, &frontier);
    if points.len() < data.points.len() {
        let missing = data.points.len() - points.len();
        scene.note(format!("{missing} without a value that these axes can show."));
    }
    if points.iter().any(|point| point.y_at_least) {
        scene.note(format!(
            "Arrow: {} is at least this; such points are never on the frontier.",
            data.y.name
        ));
    }
    scene.finish(bottom)
}

/// The indices of points that no other beats in both measures, from the best in x to the best in y; bounds excluded.
fn frontier(data: &Scatter, points: &[&ScatterPoint]) -> Vec<usize> {
    let sign = |better| match better {
        Better::Higher => Some(1.0),
        Better::Lower => Some(-1.0),
        Better::Neither => None,
    };
    let (Some(sign_x), Some(sign_y)) = (sign(data.x.better), sign(data.y.better)) else {
        return Vec::new();
    };
    let mut order: Vec<usize> = (0..points.len()).filter(|index| !points[*index].y_at_least).collect();
    order.sort_by(|one, other| {
        let key = |index: usize| (sign_x * points[index].x, sign_y * points[index].y);
        let (one_key, other_key) = (key(*one), key(*other));
        other_key
            .0
            .total_cmp(&one_key.0)
            .then(other_key.1.total_cmp(&one_key.1))
            .then(one.cmp(other))
    });
    let mut best = f64::NEG_INFINITY;
    order.retain(|index| {
        let y = sign_y * points[*index].y;
        let beats = y > best;
        best = best.max(y);
        beats
    });
    order
}

/// Steps: between two frontier points only the worse of both values is attained by one configuration.
fn draw_frontier(scene: &mut Scene, places: &[Point]) {
    let mut steps: Vec<Point> = Vec::with_capacity(2 * places.len());
    for place in places {
        if let Some((_, y)) = steps.last().copied() {
            steps.push((place.0, y));
        }
        steps.push(*place);
    }
    scene.line(steps, Stroke::new(Ink::Foreground, 12));
}

fn category(data: &Scatter, point: &ScatterPoint) -> Option<Category> {
    data.groups.get(point.group).cloned()
}

fn draw_points(scene: &mut Scene, data: &Scatter, points: &[&ScatterPoint], places: &[Point], frontier: &[usize]) {
    let radius = if points.len() > 300 { 2.6 } else { 4.0 };
    // The frontier's points last, so that nothing covers them.
    let others = (0..points.len()).filter(|index| !frontier.contains(index));
    for index in others.chain(frontier.iter().copied()) {
        let (x, y) = places[index];
        let mark = category(data, points[index]).map_or_else(Mark::default, |category| category.mark);
        if points[index].y_at_least {
            let ink = Ink::Series(mark.colour());
            scene.line([(x, y), (x, y - 11.0)], Stroke::new(ink, 14));
            scene.polygon([(x - 3.5, y - 10.0), (x + 3.5, y - 10.0), (x, y - 16.0)], ink);
        }
        scene.marker(
            (x, y),
            mark,
            if frontier.contains(&index) {
                radius + 1.0
            } else {
                radius
            },
        );
    }
}

/// Labels where they touch neither other labels nor points nor edges; those without such a place are only in tips.
fn draw_labels(scene: &mut Scene, area: Area, points: &[&ScatterPoint], places: &[Point], frontier: &[usize]) {
    let mut unlabelled = 0;
    let mut taken: Vec<TextBox> = Vec::new();
    for (rank, index) in frontier.iter().enumerate() {
        let (x, y) = places[*index];
        let label = font::shorten(&points[*index].label, 230.0, TEXT, false);
        let (w, h) = (font::width(&label, TEXT, false), TEXT);
        let candidates = [
            (x + 9.0, y - h / 2.0),
            (x - 9.0 - w, y - h / 2.0),
            (x + 5.0, y - h - 7.0),
            (x - 5.0 - w, y - h - 7.0),
            (x + 5.0, y + 7.0),
            (x - 5.0 - w, y + 7.0),
            (x - w / 2.0, y - h - 9.0),
            (x - w / 2.0, y + 9.0),
            (x + 12.0, y + 20.0),
            (x + 12.0, y - h - 20.0),
        ];
        let free = candidates.into_iter().find(|(left, top)| {
            let inside = *left >= area.left + 2.0
                && left + w <= scene.width - 6.0
                && *top >= area.top - 6.0
                && top + h <= area.bottom - 2.0;
            let clear = taken.iter().all(|t| {
                left + w + 4.0 < t.x || t.x + t.w + 4.0 < *left || top + h + 1.0 < t.y || t.y + t.h + 1.0 < *top
            });
            let open = places
                .iter()
                .all(|(px, py)| px + 5.0 < *left || *px > left + w + 5.0 || py + 5.0 < *top || *py > top + h + 5.0);
            inside && clear && open
        });
        match free {
            Some((left, top)) if rank < LABELS_MAX => {
                scene.text((left, top + 0.78 * h), &label, LABEL);
                taken.push(TextBox {
                    x: left,
                    y: top,
                    w,
                    h,
                    text: label,
                });
            }
            _ => unlabelled += 1,
        }
    }
    if unlabelled > 0 {
        scene.note(format!(
            "{unlabelled} more on the frontier had no room for a label; see their tips."
        ));
    }
}

fn hits(scene: &mut Scene, data: &Scatter, points: &[&ScatterPoint], places: &[Point], frontier: &[usize]) {
    let others = (0..points.len()).filter(|index| !frontier.contains(index));
    let left_out = points.len().saturating_sub(plot::HITS_MAX.max(frontier.len()));
    for index in others
        .take(plot::HITS_MAX.saturating_sub(frontier.len()))
        .chain(frontier.iter().copied())
    {
        let point = points[index];
        let mut tip = point.label.clone();
        if let Some(group) = category(data, point) {
            tip += &format!("\n{} = {}", data.group_name, group.name);
        }
        let bound = if point.y_at_least { "≥\u{a0}" } else { "" };
        tip += &format!("\n{}: {}", data.x.name, data.x.unit.format(point.x));
        tip += &format!("\n{}: {bound}{}", data.y.name, data.y.unit.format(point.y));
        if frontier.contains(&index) {
            tip += "\non the frontier";
        }
        scene.hit_at(places[index], 7.0, tip);
    }
    if left_out > 0 {
        scene.note(format!(
            "{left_out} of the {} points have no tip, to keep the page light.",
            points.len()
        ));
    }
}
