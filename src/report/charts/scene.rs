//! A chart as a list of shapes and lines of text, before any backend draws it. Knows inks and lengths; not numbers that
//! were measured, not backends.

use super::data::Frame;
use super::font;
use super::ink::Ink;
use super::palette::{Mark, Shape};
use super::{Chart, ChartError, Hit, svg};

/// A point in SVG units.
pub(super) type Point = (f64, f64);

/// Space around everything.
pub(super) const MARGIN: f64 = 20.0;
/// The size of all text but titles.
pub(super) const TEXT: f64 = 12.0;
const TITLE: f64 = 16.0;
const LINE_HEIGHT: f64 = 17.0;
/// Below this width a chart is laid out for a small screen.
const NARROW: f64 = 480.0;
/// No coordinate lies further out: a defence, since nothing is drawn outside the chart on purpose.
const FARTHEST: f64 = 20_000.0;

/// Which point of a line of text its position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Type {
    pub(super) ink: Ink,
    pub(super) size: u8,
    pub(super) bold: bool,
    pub(super) anchor: Anchor,
}

impl Type {
    /// Text in the usual size.
    pub(super) const fn new(ink: Ink, anchor: Anchor) -> Self {
        Self {
            ink,
            size: TEXT as u8,
            bold: false,
            anchor,
        }
    }

    pub(super) const fn bold(mut self) -> Self {
        self.bold = true;
        self
    }
}

/// How a line is drawn; the width in tenths of an SVG unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Stroke {
    pub(super) ink: Ink,
    pub(super) tenths: u8,
    /// An index into [`DASHES`].
    pub(super) dash: u8,
}

impl Stroke {
    pub(super) const fn new(ink: Ink, tenths: u8) -> Self {
        Self { ink, tenths, dash: 0 }
    }

    pub(super) const fn dashed(mut self, dash: u8) -> Self {
        self.dash = dash;
        self
    }
}

/// The dash of a bound: an index into [`DASHES`] that no mark has.
pub(super) const BOUND_DASH: u8 = 6;
/// Stroke and gap lengths; the first is solid.
pub(super) const DASHES: [&[f64]; 7] = [
    &[],
    &[8.0, 4.0],
    &[2.0, 3.0],
    &[10.0, 3.0, 2.0, 3.0],
    &[14.0, 5.0],
    &[5.0, 2.0, 1.0, 2.0, 1.0, 2.0],
    &[1.0, 3.0],
];

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Rect {
        x: f64,
        y: f64,
        w: f64,
        h: f64,
        fill: Ink,
    },
    Line {
        points: Vec<Point>,
        stroke: Stroke,
    },
    Polygon {
        points: Vec<Point>,
        fill: Ink,
    },
    /// A filled circle inside a ring.
    Circle {
        centre: Point,
        radius: f64,
        fill: Ink,
        ring: Stroke,
    },
    Text {
        at: Point,
        text: String,
        set: Type,
    },
}

/// A line of text and the space it takes, for checks that nothing overlaps.
#[derive(Debug, Clone, PartialEq)]
pub struct TextBox {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
    /// The text.
    pub text: String,
}

/// A chart in the making.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) subtitle: String,
    notes: Vec<String>,
    /// Which items are the content, without title, subtitle and notes.
    pub(super) content: std::ops::Range<usize>,
    /// From where to where the content reaches.
    pub(super) content_y: (f64, f64),
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) items: Vec<Item>,
    pub(super) texts: Vec<TextBox>,
    pub(super) hits: Vec<Hit>,
}

impl Scene {
    /// Title and subtitle are drawn; the content starts at the height returned.
    pub(super) fn new(frame: &Frame) -> Result<(Self, f64), ChartError> {
        font::register()?;
        let id: String = frame
            .id
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' })
            .collect();
        let mut scene = Self {
            id: if id.starts_with(|c: char| c.is_ascii_alphabetic()) {
                id
            } else {
                format!("chart-{id}")
            },
            title: font::clean(&frame.title),
            subtitle: font::clean(&frame.subtitle),
            notes: frame.notes.iter().map(|note| font::clean(note)).collect(),
            content: 0..0,
            content_y: (0.0, 0.0),
            width: f64::from(frame.width.clamp(Frame::MIN_WIDTH, 4_000)),
            height: 0.0,
            items: Vec::new(),
            texts: Vec::new(),
            hits: Vec::new(),
        };
        let room = scene.width - 2.0 * MARGIN;
        let mut y = MARGIN - 4.0;
        for line in font::wrap(&frame.title, room, TITLE, true, 3) {
            y += 22.0;
            let set = Type {
                size: TITLE as u8,
                ..Type::new(Ink::Foreground, Anchor::Start).bold()
            };
            scene.text((MARGIN, y - 6.0), &line, set);
        }
        for line in font::wrap(&frame.subtitle, room, TEXT, false, 6) {
            y += LINE_HEIGHT;
            scene.text((MARGIN, y - 3.0), &line, Type::new(Ink::Muted, Anchor::Start));
        }
        scene.content.start = scene.items.len();
        scene.content_y.0 = (y + 8.0).floor();
        Ok((scene, y + 14.0))
    }

    /// Whether there is so little width that names stand above or below what they name, not beside it.
    pub(super) fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    /// One more line under the chart.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Says why there is nothing to draw, and is done.
    pub(super) fn nothing(mut self, y: f64, why: &str) -> Result<Chart, ChartError> {
        let (left, width) = (MARGIN, self.width - 2.0 * MARGIN);
        self.rect(left, y, width, 72.0, Ink::Band);
        let lines = font::wrap(&format!("Nothing to draw: {why}"), width - 32.0, TEXT, false, 2);
        let first = y + 40.0 - (lines.len() as f64 - 1.0) * LINE_HEIGHT / 2.0;
        for (index, line) in lines.iter().enumerate() {
            let at = (left + width / 2.0, first + index as f64 * LINE_HEIGHT);
            self.text(at, line, Type::new(Ink::Muted, Anchor::Middle));
        }
        self.finish(y + 72.0)
    }

    /// Draws the notes below `bottom`, where the content ends, and renders the SVG.
    pub(super) fn finish(mut self, bottom: f64) -> Result<Chart, ChartError> {
        self.content.end = self.items.len();
        self.content_y.1 = (bottom + 8.0).ceil();
        let notes = std::mem::take(&mut self.notes);
        let mut y = bottom + if notes.is_empty() { 0.0 } else { 12.0 };
        for note in &notes {
            for line in font::wrap(note, self.width - 2.0 * MARGIN, TEXT, false, 4) {
                y += LINE_HEIGHT;
                self.text((MARGIN, y - 4.0), &line, Type::new(Ink::Muted, Anchor::Start));
            }
        }
        self.height = (y + MARGIN).ceil();
        let (width, height) = (self.width as u32, self.height as u32);
        let svg = svg::render(&self, svg::Use::Inline)?;
        Ok(Chart {
            svg,
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            notes,
            width,
            height,
            hits: self.hits.clone(),
            scene: self,
        })
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, fill: Ink) {
        if w > 0.0 && h > 0.0 {
            self.items.push(Item::Rect {
                x: within(x),
                y: within(y),
                w: within(w),
                h: within(h),
                fill,
            });
        }
    }

    /// A line through points.
    pub(super) fn line(&mut self, points: impl IntoIterator<Item = Point>, stroke: Stroke) {
        let points: Vec<Point> = points.into_iter().map(|(x, y)| (within(x), within(y))).collect();
        if points.len() > 1 {
            self.items.push(Item::Line { points, stroke });
        }
    }

    /// A filled polygon.
    pub(super) fn polygon(&mut self, points: impl IntoIterator<Item = Point>, fill: Ink) {
        let points = points.into_iter().map(|(x, y)| (within(x), within(y))).collect();
        self.items.push(Item::Polygon { points, fill });
    }

    /// A filled circle inside a ring.
    pub(super) fn circle(&mut self, (x, y): Point, radius: f64, fill: Ink, ring: Stroke) {
        self.items.push(Item::Circle {
            centre: (within(x), within(y)),
            radius,
            fill,
            ring,
        });
    }

    /// One line of text, `at` its baseline.
    pub(super) fn text(&mut self, (x, y): Point, text: &str, set: Type) {
        let text = font::clean(text);
        if text.trim().is_empty() {
            return;
        }
        let (x, y, size) = (within(x), within(y), f64::from(set.size));
        let width = font::width(&text, size, set.bold);
        let before = match set.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (ascent, height) = (0.78 * size, size);
        let text_box = TextBox {
            x: x - before,
            y: y - ascent,
            w: width,
            h: height,
            text: text.clone(),
        };
        self.texts.push(text_box);
        self.items.push(Item::Text { at: (x, y), text, set });
    }

    /// A place that says more; cut to the chart's width.
    pub(super) fn hit(&mut self, x: f64, y: f64, w: f64, h: f64, text: String) {
        let (x, y) = (within(x).max(0.0), within(y).max(0.0));
        let (w, h) = (within(w).min(self.width - x), within(h));
        if w > 0.0 && h > 0.0 {
            let text = text.split('\n').map(font::clean).collect::<Vec<_>>().join("\n");
            self.hits.push(Hit { x, y, w, h, text });
        }
    }

    /// A hit around a point.
    pub(super) fn hit_at(&mut self, (x, y): Point, radius: f64, text: String) {
        self.hit(x - radius, y - radius, 2.0 * radius, 2.0 * radius, text);
    }

    /// A mark's shape in its colour, ringed in the background so that marks on top of each other stay countable.
    pub(super) fn marker(&mut self, (x, y): Point, mark: Mark, radius: f64) {
        let ink = Ink::Series(mark.colour());
        let halo = Stroke::new(Ink::Background, 10);
        let r = radius;
        match mark.shape() {
            Shape::Circle => self.circle((x, y), r, ink, halo),
            Shape::Ring => self.circle((x, y), r - 0.8, Ink::Background, Stroke::new(ink, 18)),
            Shape::Square => self.haloed(
                &[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)],
                (x, y),
                0.88 * r,
                ink,
            ),
            Shape::Diamond => self.haloed(
                &[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)],
                (x, y),
                1.25 * r,
                ink,
            ),
            Shape::Triangle => self.haloed(&[(0.0, -1.0), (0.95, 0.7), (-0.95, 0.7)], (x, y), 1.2 * r, ink),
            Shape::TriangleDown => self.haloed(&[(0.0, 1.0), (0.95, -0.7), (-0.95, -0.7)], (x, y), 1.2 * r, ink),
            Shape::Cross => self.strokes([[(-0.9, -0.9), (0.9, 0.9)], [(-0.9, 0.9), (0.9, -0.9)]], (x, y), r, ink),
            Shape::Plus => self.strokes(
                [[(-1.15, 0.0), (1.15, 0.0)], [(0.0, -1.15), (0.0, 1.15)]],
                (x, y),
                r,
                ink,
            ),
        }
    }

    /// The mark's shape without its ring: for very many.
    pub(super) fn small_marker(&mut self, place: Point, mark: Mark, radius: f64) {
        let marker = self.items.len();
        self.marker(place, mark, radius);
        let shape = self.items.split_off(marker);
        self.items.extend(shape.into_iter().filter(|item| match item {
            Item::Polygon { fill, .. } => *fill != Ink::Background,
            Item::Line { stroke, .. } => stroke.ink != Ink::Background,
            _ => true,
        }));
    }

    fn haloed(&mut self, corners: &[Point], (x, y): Point, r: f64, ink: Ink) {
        for (radius, fill) in [(r + 1.4, Ink::Background), (r, ink)] {
            self.polygon(corners.iter().map(|(dx, dy)| (x + dx * radius, y + dy * radius)), fill);
        }
    }

    fn strokes(&mut self, lines: [[Point; 2]; 2], (x, y): Point, r: f64, ink: Ink) {
        for (stroke, reach) in [(Stroke::new(Ink::Background, 44), r + 0.8), (Stroke::new(ink, 22), r)] {
            for line in lines {
                self.line(line.map(|(dx, dy)| (x + dx * reach, y + dy * reach)), stroke);
            }
        }
    }
}

/// The number, or the nearest that a chart may contain.
fn within(length: f64) -> f64 {
    if length.is_finite() {
        length.clamp(-FARTHEST, FARTHEST)
    } else {
        0.0
    }
}
