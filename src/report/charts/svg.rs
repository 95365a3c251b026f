//! A scene as SVG: drawn by plotters' SVG backend in tenths of a unit, each style under a sentinel colour, and
//! rewritten so that colours come from CSS. Knows scenes and SVG; not what they show.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};

use super::ink::{Ink, hex};
use super::scene::{Anchor, DASHES, Item, Point, Scene, Stroke, Type};
use super::{ChartError, font};

/// plotters' coordinates are whole numbers: tenths of an SVG unit.
const TENTHS: f64 = 10.0;

/// Where an SVG will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Inside an HTML page whose custom properties say the colours.
    Inline,
    /// In a file of its own.
    Standalone,
}

/// A style that a class stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Style {
    Fill(Ink),
    Line(Stroke),
    Circle(Ink, Stroke),
    Text(Type),
}

#[derive(Default)]
struct Styles {
    numbers: BTreeMap<Style, u32>,
    order: Vec<Style>,
}

impl Styles {
    /// A colour that stands for the style until [`rewrite`] puts a class in its place.
    fn sentinel(&mut self, style: Style) -> RGBAColor {
        let next = self.order.len() as u32;
        let number = *self.numbers.entry(style).or_insert_with(|| {
            self.order.push(style);
            next
        });
        RGBAColor((number >> 16) as u8, (number >> 8) as u8, number as u8, 1.0)
    }
}

/// The SVG element.
pub(super) fn render(scene: &Scene, for_use: Use) -> Result<String, ChartError> {
    let mut styles = Styles::default();
    let mut drawn = String::new();
    let size = ((scene.width * TENTHS) as u32, (scene.height * TENTHS) as u32);
    {
        let mut backend = SVGBackend::with_string(&mut drawn, size);
        let items = match for_use {
            Use::Inline => &scene.items[scene.content.clone()],
            Use::Standalone => &scene.items[..],
        };
        for item in items {
            draw(&mut backend, item, &mut styles).map_err(|error| ChartError::Drawing(error.to_string()))?;
        }
        backend
            .present()
            .map_err(|error| ChartError::Drawing(error.to_string()))?;
    }
    let mut out = String::with_capacity(drawn.len());
    open(&mut out, scene, for_use);
    stylesheet(&mut out, scene, &styles.order, for_use);
    if for_use == Use::Standalone {
        out.push_str("<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n");
    }
    rewrite(&mut out, &drawn);
    for hit in &scene.hits {
        let text = escape(&hit.text);
        let [x, y, w, h] = [hit.x, hit.y, hit.w, hit.h].map(short);
        let _ = match for_use {
            Use::Inline => writeln!(
                out,
                "<rect class=\"hit\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" tabindex=\"0\" role=\"img\" \
                 data-tip=\"{text}\"><title>{text}</title></rect>"
            ),
            Use::Standalone => writeln!(
                out,
                "<rect class=\"hit\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"><title>{text}</title></rect>"
            ),
        };
    }
    out.push_str("</svg>\n");
    Ok(out)
}

fn tenths(value: f64) -> i32 {
    (value * TENTHS).round() as i32
}

fn point((x, y): Point) -> (i32, i32) {
    (tenths(x), tenths(y))
}

type Drawn<'a> = Result<(), plotters_error::Error<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

mod plotters_error {
    /// plotters does not name its backends' error by itself.
    pub(super) type Error<E> = plotters::drawing::DrawingAreaErrorKind<E>;
}

fn draw<'a>(backend: &mut SVGBackend<'a>, item: &Item, styles: &mut Styles) -> Drawn<'a> {
    let filled = |color| ShapeStyle {
        color,
        filled: true,
        stroke_width: 0,
    };
    let result = match item {
        Item::Rect { x, y, w, h, fill } => {
            let style = filled(styles.sentinel(Style::Fill(*fill)));
            backend.draw_rect(point((*x, *y)), point((x + w, y + h)), &style, true)
        }
        Item::Line { points, stroke } => {
            let color = styles.sentinel(Style::Line(*stroke));
            let style = ShapeStyle {
                color,
                filled: false,
                stroke_width: u32::from(stroke.tenths),
            };
            backend.draw_path(points.iter().copied().map(point), &style)
        }
        Item::Polygon { points, fill } => {
            let style = filled(styles.sentinel(Style::Fill(*fill)));
            backend.fill_polygon(points.iter().copied().map(point), &style)
        }
        Item::Circle {
            centre,
            radius,
            fill,
            ring,
        } => {
            let style = filled(styles.sentinel(Style::Circle(*fill, *ring)));
            backend.draw_circle(point(*centre), tenths(*radius).unsigned_abs(), &style, true)
        }
        Item::Text { at, text, set } => {
            let family = FontFamily::Name(font::FAMILY);
            let desc = FontDesc::new(family, f64::from(set.size), FontStyle::Normal);
            let anchor = Pos::new(HPos::Left, VPos::Top);
            let colour = styles.sentinel(Style::Text(*set));
            let style = TextStyle::from(desc).color(&colour).pos(anchor);
            backend.draw_text(text, &style, point(*at))
        }
    };
    result.map_err(plotters::drawing::DrawingAreaErrorKind::BackendError)
}

fn open(out: &mut String, scene: &Scene, for_use: Use) {
    let (width, height) = (scene.width, scene.height);
    let (size, view, label) = match for_use {
        Use::Inline => {
            let (top, bottom) = scene.content_y;
            let view = format!("0 {} {width} {}", short(top), short(bottom - top));
            (String::new(), view, escape(&scene.title))
        }
        Use::Standalone => (
            format!(" width=\"{width}\" height=\"{height}\""),
            format!("0 0 {width} {height}"),
            escape(&format!("{}. {}", scene.title, scene.subtitle)),
        ),
    };
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{}\" class=\"chart\"{size} viewBox=\"{view}\" \
         role=\"group\" aria-label=\"{label}\">",
        scene.id
    );
}

fn stylesheet(out: &mut String, scene: &Scene, styles: &[Style], for_use: Use) {
    let colour = |ink: Ink| match (for_use, ink.variable()) {
        (Use::Inline, Some(variable)) => format!("var({variable},{})", hex(ink.light())),
        _ => hex(ink.light()),
    };
    let id = &scene.id;
    let fonts = "system-ui,-apple-system,\"Segoe UI\",Roboto,Helvetica,Arial,\"DejaVu Sans\",sans-serif";
    let _ = match for_use {
        Use::Inline => writeln!(out, "<style>\n#{id}{{font-family:var(--chart-font,{fonts})}}"),
        Use::Standalone => writeln!(out, "<style>\n#{id}{{font-family:{fonts}}}"),
    };
    rules(out, id, styles, colour, true);
    let _ = writeln!(
        out,
        "#{id} .hit{{fill:#000;fill-opacity:0;stroke:none;outline:none}}\n\
         #{id} .hit:hover,#{id} .hit:focus-visible{{stroke:{};stroke-width:1;stroke-opacity:.55}}",
        colour(Ink::Foreground)
    );
    if for_use == Use::Standalone {
        let _ = writeln!(out, "#{id} .bg{{fill:{}}}", hex(Ink::Background.light()));
        let _ = writeln!(out, "@media (prefers-color-scheme:dark){{");
        rules(out, id, styles, |ink| hex(ink.dark()), false);
        let _ = writeln!(out, "#{id} .bg{{fill:{}}}\n}}", hex(Ink::Background.dark()));
    }
    out.push_str("</style>\n");
}

/// One rule per style; only the colours where the rest was said before.
fn rules(out: &mut String, id: &str, styles: &[Style], colour: impl Fn(Ink) -> String, whole: bool) {
    for (number, style) in styles.iter().enumerate() {
        let _ = write!(out, "#{id} .{}{{", class(number as u32));
        let _ = match style {
            Style::Fill(ink) => write!(out, "fill:{}", colour(*ink)),
            Style::Line(stroke) => write!(out, "stroke:{}", colour(stroke.ink)),
            Style::Circle(ink, ring) => write!(out, "fill:{};stroke:{}", colour(*ink), colour(ring.ink)),
            Style::Text(set) => write!(out, "fill:{}", colour(set.ink)),
        };
        if whole {
            extent(out, style);
        }
        out.push_str("}\n");
    }
}

fn extent(out: &mut String, style: &Style) {
    let stroke_width = |out: &mut String, stroke: &Stroke| {
        let _ = write!(out, ";stroke-width:{}", short(f64::from(stroke.tenths) / TENTHS));
    };
    match style {
        Style::Fill(_) => {}
        Style::Circle(_, ring) => stroke_width(out, ring),
        Style::Line(stroke) => {
            stroke_width(out, stroke);
            out.push_str(";fill:none;stroke-linejoin:round");
            if stroke.dash > 0 {
                let dashes: Vec<String> = DASHES[usize::from(stroke.dash) % DASHES.len()]
                    .iter()
                    .map(|length| short(*length))
                    .collect();
                let _ = write!(out, ";stroke-dasharray:{}", dashes.join(" "));
            }
        }
        Style::Text(set) => {
            let _ = write!(out, ";font-size:{}px", set.size);
            if set.bold {
                out.push_str(";font-weight:600");
            }
            match set.anchor {
                Anchor::Start => {}
                Anchor::Middle => out.push_str(";text-anchor:middle"),
                Anchor::End => out.push_str(";text-anchor:end"),
            }
        }
    }
}

/// Letters, so that a class never starts with a digit.
fn class(number: u32) -> String {
    format!("s{number}")
}

/// Puts classes in the place of sentinel colours and units in the place of tenths.
fn rewrite(out: &mut String, drawn: &str) {
    // The first line opens plotters' own <svg>; the last closes it.
    let mut lines = drawn.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        let Some(tag) = line.strip_prefix('<') else { continue };
        if tag.starts_with('/') {
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default();
        let attributes = attributes(tag);
        let get = |name: &str| {
            attributes
                .iter()
                .find(|(key, _)| *key == name)
                .map_or("", |(_, value)| *value)
        };
        let sentinel = [get("fill"), get("stroke")]
            .into_iter()
            .find_map(|colour| colour.strip_prefix('#'));
        let style = class(
            sentinel
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                .unwrap_or(0),
        );
        let at = |name: &str| {
            get(name)
                .parse::<f64>()
                .map_or_else(|_| "0".to_owned(), |tenths| short(tenths / TENTHS))
        };
        let _ = match name {
            "rect" => writeln!(
                out,
                "<rect class=\"{style}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                at("x"),
                at("y"),
                at("width"),
                at("height")
            ),
            "polyline" | "polygon" => {
                let points: Vec<String> = get("points")
                    .split([' ', ','])
                    .filter_map(|n| n.parse::<f64>().ok())
                    .map(|n| short(n / TENTHS))
                    .collect();
                writeln!(out, "<{name} class=\"{style}\" points=\"{}\"/>", points.join(" "))
            }
            "circle" => {
                writeln!(
                    out,
                    "<circle class=\"{style}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
                    at("cx"),
                    at("cy"),
                    at("r")
                )
            }
            "text" => {
                let (x, y) = (at("x"), at("y"));
                let content = lines.next().unwrap_or_default();
                writeln!(out, "<text class=\"{style}\" x=\"{x}\" y=\"{y}\">{content}</text>")
            }
            _ => Ok(()),
        };
    }
}

/// `key="value"` pairs of a tag that plotters wrote: values are escaped, so none contains a quote.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut rest = tag;
    let mut found = Vec::new();
    while let Some((before, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else {
            break;
        };
        found.push((before.rsplit(' ').next().unwrap_or_default(), value));
        rest = next;
    }
    found
}

/// At most one decimal, without a trailing zero.
fn short(value: f64) -> String {
    let tenths = (value * TENTHS).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, fraction) = (tenths.abs() / 10, tenths.abs() % 10);
    if fraction == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// Text for XML content and for attributes in double quotes; line breaks survive in both.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("&#10;"),
            other => out.push(other),
        }
    }
    out
}
