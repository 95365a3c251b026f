//! A scene as pixels: drawn by plotters' bitmap backend twice as fine as wanted, and averaged, since its circles and
//! polygons have hard edges. Always in the light scheme. Knows scenes and pixels; not what they show.

use std::path::Path;

use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::ink::Ink;
use super::scene::{Anchor, DASHES, Item, Point, Scene, Stroke, Type};
use super::{ChartError, font};

/// Pixels of the file per SVG unit.
const PIXELS: usize = 2;
/// Drawn pixels per pixel of the file, in each direction.
const FINER: usize = 2;
const SCALE: f64 = (PIXELS * FINER) as f64;

type Drawn = Result<(), ChartError>;

fn refused(error: impl std::fmt::Display) -> ChartError {
    ChartError::Drawing(error.to_string())
}

/// Writes the PNG.
pub(super) fn write(scene: &Scene, path: &Path) -> Drawn {
    let (width, height) = (scene.width as usize * PIXELS, scene.height as usize * PIXELS);
    let (fine_width, fine_height) = (width * FINER, height * FINER);
    let mut fine = vec![0xff_u8; fine_width * fine_height * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut fine, (fine_width as u32, fine_height as u32));
        for item in &scene.items {
            draw(&mut backend, item)?;
        }
        backend.present().map_err(refused)?;
    }
    let pixels = average(&fine, width, height);
    let mut backend = BitMapBackend::new(path, (width as u32, height as u32));
    backend
        .blit_bitmap((0, 0), (width as u32, height as u32), &pixels)
        .map_err(refused)?;
    backend.present().map_err(refused)
}

/// The PNG's bytes.
pub(super) fn bytes(scene: &Scene) -> Result<Vec<u8>, ChartError> {
    // The bitmap backend encodes into files only.
    let file = tempfile::Builder::new().prefix("chart-").suffix(".png").tempfile()?;
    write(scene, file.path())?;
    Ok(std::fs::read(file.path())?)
}

fn average(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let row = width * FINER * 3;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        let (upper, lower) = (&fine[y * 2 * row..][..row], &fine[(y * 2 + 1) * row..][..row]);
        for (upper, lower) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for channel in 0..3 {
                let sum = u16::from(upper[channel])
                    + u16::from(upper[channel + 3])
                    + u16::from(lower[channel])
                    + u16::from(lower[channel + 3]);
                pixels.push(((sum + 2) / 4) as u8);
            }
        }
    }
    pixels
}

fn fine(value: f64) -> i32 {
    (value * SCALE).round() as i32
}

fn point((x, y): Point) -> (i32, i32) {
    (fine(x), fine(y))
}

fn filled(ink: Ink) -> ShapeStyle {
    let (r, g, b) = ink.light();
    ShapeStyle {
        color: RGBColor(r, g, b).into(),
        filled: true,
        stroke_width: 1,
    }
}

fn draw(backend: &mut BitMapBackend<'_>, item: &Item) -> Drawn {
    match item {
        Item::Rect { x, y, w, h, fill } => {
            let (left, top) = point((*x, *y));
            let (right, bottom) = point((x + w, y + h));
            backend
                .draw_rect((left, top), (right, bottom), &filled(*fill), true)
                .map_err(refused)
        }
        Item::Line { points, stroke } => draw_line(backend, points, *stroke),
        Item::Polygon { points, fill } => backend
            .fill_polygon(points.iter().copied().map(point), &filled(*fill))
            .map_err(refused),
        Item::Circle {
            centre,
            radius,
            fill,
            ring,
        } => {
            let half = f64::from(ring.tenths) / 20.0;
            for (radius, ink) in [(radius + half, ring.ink), (radius - half, *fill)] {
                let radius = fine(radius).max(0).unsigned_abs();
                backend
                    .draw_circle(point(*centre), radius, &filled(ink), true)
                    .map_err(refused)?;
            }
            Ok(())
        }
        Item::Text { at, text, set } => draw_text(backend, *at, text, *set),
    }
}

fn draw_text(backend: &mut BitMapBackend<'_>, at: Point, text: &str, set: Type) -> Drawn {
    // Even, else the backend's glyphs stand a pixel off their line.
    let size = (f64::from(set.size) * SCALE * font::HEIGHT_PER_EM / 2.0).round() * 2.0;
    let weight = if set.bold { FontStyle::Bold } else { FontStyle::Normal };
    let desc = FontDesc::new(FontFamily::Name(font::FAMILY), size, weight);
    let across = match set.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let (r, g, b) = set.ink.light();
    let colour = RGBColor(r, g, b);
    let style = TextStyle::from(desc).color(&colour).pos(Pos::new(across, VPos::Top));
    // The backend puts the baseline half the size below the position.
    let (x, y) = point(at);
    backend
        .draw_text(text, &style, (x, y - (size / 2.0) as i32))
        .map_err(refused)
}

fn draw_line(backend: &mut BitMapBackend<'_>, points: &[Point], stroke: Stroke) -> Drawn {
    let width = f64::from(stroke.tenths) / 10.0;
    for part in dashes(points, DASHES[usize::from(stroke.dash) % DASHES.len()]) {
        if let [(x0, y0), (x1, y1)] = part[..]
            && (x0 == x1 || y0 == y1)
        {
            // Level and upright lines as rectangles: sharp, and exactly as wide as wanted.
            let half = width / 2.0;
            let (dx, dy) = if x0 == x1 { (half, 0.0) } else { (0.0, half) };
            let (left, top) = point((x0.min(x1) - dx, y0.min(y1) - dy));
            let (right, bottom) = point((x0.max(x1) + dx, y0.max(y1) + dy));
            let (right, bottom) = (right.max(left + 1), bottom.max(top + 1));
            backend
                .draw_rect((left, top), (right, bottom), &filled(stroke.ink), true)
                .map_err(refused)?;
            continue;
        }
        let style = ShapeStyle {
            stroke_width: fine(width).max(1).unsigned_abs(),
            filled: false,
            ..filled(stroke.ink)
        };
        for piece in unfolded(part.into_iter().map(point)) {
            backend.draw_path(piece, &style).map_err(refused)?;
        }
    }
    Ok(())
}

/// Turns sharper than this part a line: 150 degrees.
const FOLD_COSINE: f64 = -0.866;

/// A line in pieces that do not turn back on themselves: at such a turn the backend joins the inner edges of both strokes
/// where they meet, which may lie far outside of the picture.
fn unfolded(points: impl Iterator<Item = (i32, i32)>) -> Vec<Vec<(i32, i32)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(i32, i32)> = Vec::new();
    for next in points {
        if piece.last() == Some(&next) {
            continue;
        }
        if let [.., before, turn] = piece[..] {
            let direction = |from: (i32, i32), to: (i32, i32)| (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
            let (came, goes) = (direction(before, turn), direction(turn, next));
            let cosine = (came.0 * goes.0 + came.1 * goes.1) / (came.0.hypot(came.1) * goes.0.hypot(goes.1));
            if cosine < FOLD_COSINE {
                pieces.push(std::mem::replace(&mut piece, vec![turn]));
            }
        }
        piece.push(next);
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The strokes of a dashed line; the line itself for no pattern.
fn dashes(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    if pattern.is_empty() {
        return vec![points.to_vec()];
    }
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    let (mut index, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        let length = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        if index % 2 == 0 && part.is_empty() {
            part.push((x0, y0));
        }
        while length - done > left {
            done += left;
            let turn = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
            part.push(turn);
            if index % 2 == 0 {
                parts.push(std::mem::take(&mut part));
            } else {
                part = vec![turn];
            }
            index = (index + 1) % pattern.len();
            left = pattern[index];
        }
        left -= length - done;
        if index % 2 == 0 {
            part.push((x1, y1));
        }
    }
    if part.len() > 1 {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_the_pattern_and_go_round_corners() {
        let parts = dashes(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], &[8.0, 4.0]);
        assert_eq!(parts, [vec![(0.0, 0.0), (8.0, 0.0)], vec![(10.0, 2.0), (10.0, 10.0)]]);
        assert_eq!(dashes(&[(0.0, 0.0), (1.0, 0.0)], &[]).len(), 1);
    }

    #[test]
    fn a_line_that_turns_back_is_drawn_in_pieces() {
        let saw = [(0, 0), (0, 100), (0, 100), (40, 0), (80, 0), (81, 100)];
        assert_eq!(
            unfolded(saw.into_iter()),
            [vec![(0, 0), (0, 100)], vec![(0, 100), (40, 0), (80, 0), (81, 100)]]
        );
        assert_eq!(
            unfolded([(5, 5)].into_iter()),
            Vec::<Vec<(i32, i32)>>::new(),
            "no point is a line"
        );
    }
}
