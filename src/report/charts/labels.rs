//! Names for the points of a frontier: beside them where all have room, else numbers beside them and a key below.

use super::data::{Scatter, ScatterPoint};
use super::font;
use super::ink::Ink;
use super::plot::{Area, LABEL, MUTED};
use super::scene::{Anchor, MARGIN, Point, Scene, Stroke, TEXT, Type};

/// More names than this beside points would bury them.
const BESIDE_MAX: usize = 6;
/// More lines than this make no key.
const KEY_MAX: usize = 16;
const KEY_LINE: f64 = 19.0;
/// From a point's centre to the centre of a number beside it.
const BESIDE: f64 = 14.0;

/// What is labelled.
pub(super) struct Frontier<'a> {
    pub(super) area: Area,
    pub(super) points: &'a [&'a ScatterPoint],
    /// Where the points are.
    pub(super) places: &'a [Point],
    /// Indices of those on the frontier.
    pub(super) frontier: &'a [usize],
}

/// A rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Space(f64, f64, f64, f64);

impl Space {
    fn around((x, y): Point, reach: f64) -> Self {
        Self(x - reach, y - reach, x + reach, y + reach)
    }

    fn touches(&self, other: &Self) -> bool {
        self.0 < other.2 && other.0 < self.2 && self.1 < other.3 && other.1 < self.3
    }
}

/// Draws names or numbers and key; the height where the chart ends.
pub(super) fn draw(scene: &mut Scene, data: &Scatter, on: &Frontier, bottom: f64) -> f64 {
    let shorten = |index: &usize| font::shorten(&on.points[*index].label, 230.0, TEXT, false);
    if on.frontier.len() <= BESIDE_MAX {
        let names: Vec<String> = on.frontier.iter().map(shorten).collect();
        if let Some(spaces) = on.all_beside(&names) {
            for (name, space) in names.iter().zip(spaces) {
                scene.text((space.0, space.1 + 0.78 * TEXT), name, LABEL);
            }
            return bottom;
        }
    }
    let count = on.frontier.len().min(KEY_MAX);
    let numbers: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
    let spaces = on.some_beside(&numbers);
    for ((number, space), index) in numbers.iter().zip(&spaces).zip(on.frontier) {
        if let Some(space) = space {
            leader(scene, on.places[*index], *space);
            scene.text((space.0, space.1 + 0.78 * TEXT), number, LABEL.bold());
        }
    }
    let without = spaces.iter().filter(|space| space.is_none()).count();
    if without > 0 {
        scene.note(format!("{without} of the numbers had no room beside their points."));
    }
    if scene.is_narrow() {
        narrow_key(scene, data, on, bottom)
    } else {
        key(scene, data, on, bottom)
    }
}

/// Joins a number to its point where it could not stand beside it.
fn leader(scene: &mut Scene, (x, y): Point, space: Space) {
    let middle = ((space.0 + space.2) / 2.0, (space.1 + space.3) / 2.0);
    let distance = (middle.0 - x).hypot(middle.1 - y);
    if distance > BESIDE + TEXT {
        let end = 1.0 - (TEXT / 2.0 + 2.0) / distance;
        let towards = (x + (middle.0 - x) * end, y + (middle.1 - y) * end);
        scene.line([(x, y), towards], Stroke::new(Ink::Axis, 8));
    }
}

impl Frontier<'_> {
    /// A place for every text, or none at all.
    fn all_beside(&self, texts: &[String]) -> Option<Vec<Space>> {
        let mut taken = self.obstacles(true);
        let mut place = |(text, index): (&String, &usize)| {
            let size = (font::width(text, TEXT, false), TEXT);
            let space = self.free(around(self.places[*index], size), &taken)?;
            taken.push(space);
            Some(space)
        };
        texts.iter().zip(self.frontier).map(&mut place).collect()
    }

    /// A place for every number, near or further off: clear of everything, else of the frontier and of other numbers,
    /// else none.
    fn some_beside(&self, texts: &[String]) -> Vec<Option<Space>> {
        let (mut everything, mut frontier) = (self.obstacles(true), self.obstacles(false));
        let mut place = |(text, index): (&String, &usize)| {
            let size = (font::width(text, TEXT, true), TEXT);
            let rings = || rings(self.places[*index], size);
            let space = self
                .free(rings(), &everything)
                .or_else(|| self.free(rings(), &frontier));
            everything.extend(space);
            frontier.extend(space);
            space
        };
        texts.iter().zip(self.frontier).map(&mut place).collect()
    }

    /// What a text must not touch: the frontier's line and points, and all other points if wanted.
    fn obstacles(&self, all_points: bool) -> Vec<Space> {
        let line = self.frontier.windows(2).flat_map(|pair| {
            let ((x0, y0), (x1, y1)) = (self.places[pair[0]], self.places[pair[1]]);
            // The step's corner is at the second point's x and the first one's y.
            let level = Space(x0.min(x1) - 2.0, y0 - 2.0, x0.max(x1) + 2.0, y0 + 2.0);
            [level, Space(x1 - 2.0, y0.min(y1) - 2.0, x1 + 2.0, y0.max(y1) + 2.0)]
        });
        let points = self
            .frontier
            .iter()
            .map(|index| Space::around(self.places[*index], 6.0));
        let others = self
            .places
            .iter()
            .filter(|_| all_points)
            .map(|place| Space::around(*place, 4.5));
        line.chain(points).chain(others).collect()
    }

    /// The first of the places that is inside and touches nothing.
    fn free(&self, places: impl IntoIterator<Item = Space>, taken: &[Space]) -> Option<Space> {
        let area = self.area;
        places.into_iter().find(|space| {
            let inside = space.0 >= area.left + 2.0
                && space.2 <= area.right + MARGIN
                && space.1 >= area.top - 8.0
                && space.3 <= area.bottom - 2.0;
            let wider = Space(space.0 - 1.0, space.1 - 1.0, space.2 + 1.0, space.3 + 1.0);
            inside && !taken.iter().any(|other| wider.touches(other))
        })
    }
}

/// Places for a text that touches its point's edge.
fn around((x, y): Point, (w, h): (f64, f64)) -> [Space; 8] {
    let (right, left) = (x + 8.0, x - 8.0 - w);
    let (above, level, below) = (y - h - 6.0, y - h / 2.0, y + 6.0);
    [
        (right, level),
        (right - 4.0, below),
        (left, level),
        (left + 4.0, above),
        (right - 4.0, above),
        (left + 4.0, below),
        (x - w / 2.0, below + 2.0),
        (x - w / 2.0, above - 2.0),
    ]
    .map(|(x, y)| Space(x, y, x + w, y + h))
}

/// Places for a number, ever further from its point.
fn rings((x, y): Point, (w, h): (f64, f64)) -> impl Iterator<Item = Space> {
    let directions = [0.0_f64, 0.125, 0.25, 0.5, 0.75, 0.875, 0.375, 0.625];
    [BESIDE, 22.0, 32.0, 44.0, 58.0].into_iter().flat_map(move |reach| {
        directions.into_iter().map(move |turn| {
            let angle = turn * std::f64::consts::TAU;
            let (left, top) = (
                x + angle.cos() * (reach + w / 4.0) - w / 2.0,
                y + angle.sin() * reach - h / 2.0,
            );
            Space(left, top, left + w, top + h)
        })
    })
}

/// The frontier's configurations with both values, numbered from the best in x to the best in y.
fn key(scene: &mut Scene, data: &Scatter, on: &Frontier, bottom: f64) -> f64 {
    let right = scene.width - MARGIN;
    let end = |set: Type| Type {
        anchor: Anchor::End,
        ..set
    };
    let rows: Vec<[String; 2]> = on
        .frontier
        .iter()
        .take(KEY_MAX)
        .map(|index| values(data, on.points[*index]))
        .collect();
    let headings = [&data.x.name, &data.y.name].map(|name| font::shorten(name, 150.0, TEXT, false));
    let room = |column: usize| {
        let texts = rows.iter().map(|row| &row[column]).chain([&headings[column]]);
        texts.map(|text| font::width(text, TEXT, false)).fold(0.0, f64::max)
    };
    let x_end = right - room(1) - 24.0;
    let name_room = x_end - room(0) - 24.0 - MARGIN - 26.0;
    let mut y = bottom + 22.0;
    scene.text(
        (MARGIN, y),
        &font::shorten("On the frontier", name_room, TEXT, false),
        MUTED,
    );
    scene.text((x_end, y), &headings[0], end(MUTED));
    scene.text((right, y), &headings[1], end(MUTED));
    for (number, (row, index)) in rows.iter().zip(on.frontier).enumerate() {
        y += KEY_LINE;
        scene.text((MARGIN + 16.0, y), &(number + 1).to_string(), end(LABEL.bold()));
        let name = font::shorten(&on.points[*index].label, name_room, TEXT, false);
        scene.text((MARGIN + 26.0, y), &name, LABEL);
        scene.text((x_end, y), &row[0], end(LABEL));
        scene.text((right, y), &row[1], end(LABEL));
    }
    unlisted(scene, on);
    y + 6.0
}

/// The same, each name on a line of its own and its values below it.
fn narrow_key(scene: &mut Scene, data: &Scatter, on: &Frontier, bottom: f64) -> f64 {
    let room = scene.width - 2.0 * MARGIN - 26.0;
    let mut y = bottom + 22.0;
    scene.text((MARGIN, y), "On the frontier", MUTED);
    for (number, index) in on.frontier.iter().take(KEY_MAX).enumerate() {
        y += KEY_LINE;
        let end = Type {
            anchor: Anchor::End,
            ..LABEL
        };
        scene.text((MARGIN + 16.0, y), &(number + 1).to_string(), end.bold());
        let name = font::shorten(&on.points[*index].label, room, TEXT, false);
        scene.text((MARGIN + 26.0, y), &name, LABEL);
        y += KEY_LINE - 2.0;
        let values = values(data, on.points[*index]).join(" · ");
        scene.text((MARGIN + 26.0, y), &font::shorten(&values, room, TEXT, false), MUTED);
    }
    unlisted(scene, on);
    y + 6.0
}

fn unlisted(scene: &mut Scene, on: &Frontier) {
    if on.frontier.len() > KEY_MAX {
        scene.note(format!(
            "{} more on the frontier are not listed.",
            on.frontier.len() - KEY_MAX
        ));
    }
}

fn values(data: &Scatter, point: &ScatterPoint) -> [String; 2] {
    [data.x.unit.format(point.x), data.y.unit.format(point.y)]
}
