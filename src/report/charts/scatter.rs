//! Two measures against each other, with the frontier of what nothing else beats in both.

use super::data::{Category, Scatter, ScatterPoint};
use super::ink::Ink;
use super::labels;
use super::palette::Mark;
use super::plot::{self, Area, Swatch};
use super::scene::{MARGIN, Point, Scene, Stroke};
use super::ticks::{Axis, drawable_on};
use super::{Chart, ChartError};

/// From so many points on, each is drawn small.
const MANY: usize = 300;

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
        top: top + 36.0,
        right: scene.width - MARGIN - 12.0,
        bottom: top + 36.0 + 340.0,
    };
    let unit = &data.x.unit;
    let x_axis = |ticks| Axis::of(data.x_scale, points.iter().map(|point| point.x), unit, ticks);
    let x_axis = plot::fitted(x_axis, unit, area.left, area.right, 7);
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
    let on = labels::Frontier {
        area,
        points: &points,
        places: &places,
        frontier: &frontier,
    };
    let bottom = labels::draw(&mut scene, data, &on, bottom);
    scene.finish(bottom)
}

/// The indices of points that no other beats in both measures, from the best in x to the best in y; bounds excluded.
fn frontier(data: &Scatter, points: &[&ScatterPoint]) -> Vec<usize> {
    let (Some(sign_x), Some(sign_y)) = (data.x.better.sign(), data.y.better.sign()) else {
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
    let on_frontier = membership(points.len(), frontier);
    // The frontier's points last, so that nothing covers them.
    let others = (0..points.len()).filter(|index| !on_frontier[*index]);
    for index in others.chain(frontier.iter().copied()) {
        let (x, y) = places[index];
        let mark = category(data, points[index]).map_or_else(Mark::default, |category| category.mark);
        if points[index].y_at_least {
            let ink = Ink::Series(mark.colour());
            scene.polygon([(x - 3.5, y - 10.0), (x + 3.5, y - 10.0), (x, y - 16.0)], ink);
            if points.len() <= MANY {
                scene.line([(x, y), (x, y - 11.0)], Stroke::new(ink, 14));
            }
        }
        match (on_frontier[index], points.len() > MANY) {
            (true, false) => scene.marker((x, y), mark, 5.0),
            (true, true) => scene.small_marker((x, y), mark, 4.0),
            (false, false) => scene.marker((x, y), mark, 4.0),
            (false, true) => scene.small_marker((x, y), mark, 2.6),
        }
    }
}

/// Which points are on the frontier, by index.
fn membership(count: usize, frontier: &[usize]) -> Vec<bool> {
    let mut members = vec![false; count];
    frontier.iter().for_each(|index| members[*index] = true);
    members
}

fn hits(scene: &mut Scene, data: &Scatter, points: &[&ScatterPoint], places: &[Point], frontier: &[usize]) {
    let on_frontier = membership(points.len(), frontier);
    let most = if points.len() > MANY { MANY / 4 } else { MANY };
    // The frontier's last: of rectangles on top of each other the last one answers.
    let mut order: Vec<usize> = (0..points.len()).filter(|index| !on_frontier[*index]).collect();
    order.truncate(most.saturating_sub(frontier.len()));
    order.extend(frontier.iter().copied().take(most));
    for index in &order {
        let point = points[*index];
        let mut tip = point.label.clone();
        if let Some(group) = category(data, point) {
            tip += &format!("\n{} = {}", data.group_name, group.name);
        }
        let bound = if point.y_at_least { "≥\u{a0}" } else { "" };
        tip += &format!("\n{}: {}", data.x.name, data.x.unit.format(point.x));
        tip += &format!("\n{}: {bound}{}", data.y.name, data.y.unit.format(point.y));
        if on_frontier[*index] {
            tip += "\non the frontier";
        }
        scene.hit_at(places[*index], 7.0, tip);
    }
    if order.len() < points.len() {
        let without = points.len() - order.len();
        scene.note(format!(
            "{without} of the {} points have no tip, to keep the page light.",
            points.len()
        ));
    }
}
