//! What holds for every chart, whatever its data.

use std::collections::BTreeSet;

use kpbench::report::charts::{Chart, TextBox};

use crate::xml::{self, Tag};

/// Everything that a chart's SVG may consist of: nothing that loads or runs anything.
const ELEMENTS: [&str; 8] = ["svg", "style", "rect", "polyline", "polygon", "circle", "text", "title"];
/// Rounding to tenths, and the kerning that a sum of widths does not know.
const TOLERANCE: f64 = 0.6;

/// Asserts all of it; returns the texts between the tags of the SVG for a file.
pub fn check(chart: &Chart) -> Vec<String> {
    let standalone = chart.standalone_svg().unwrap();
    let (tags, texts) = elements(&standalone);
    assert_eq!(tags[0].get("width").unwrap(), chart.width.to_string());
    assert_eq!(
        tags[0].get("viewBox").unwrap(),
        format!("0 0 {} {}", chart.width, chart.height)
    );
    let (tags, inline) = elements(&chart.svg);
    shows_its_content(chart, tags[0].get("viewBox").unwrap());
    says_around_itself(chart, &inline, &texts);
    assert!(tags[0].get("width").is_none() && !tags[0].get("aria-label").unwrap().is_empty());
    coordinates_are_inside(chart, &tags);
    hits_say_what_they_should(chart, &tags);
    texts_keep_their_distance(chart);
    texts
}

/// The inline SVG's window holds every text but those that the page says around it.
fn shows_its_content(chart: &Chart, view: &str) {
    let view: Vec<f64> = view.split(' ').map(|number| number.parse().unwrap()).collect();
    let [x, top, width, height] = view[..] else {
        panic!("{view:?}")
    };
    assert!((x, width) == (0.0, f64::from(chart.width)) && top > 0.0 && height > 0.0);
    assert!(top + height <= f64::from(chart.height) + 0.01, "{view:?}");
    let texts = chart.texts();
    let within = |text: &&TextBox| text.y >= top && text.y + text.h <= top + height;
    let (shown, _) = elements(&chart.svg);
    let shown = shown.iter().filter(|tag| tag.name == "text").count();
    assert_eq!(texts.iter().filter(within).count(), shown, "{view:?}");
}

/// Title, subtitle and notes are in the SVG for a file, and the page's to say beside the inline one.
fn says_around_itself(chart: &Chart, inline: &[String], file: &[String]) {
    let said = [&chart.title, &chart.subtitle];
    let lines = said.into_iter().chain(&chart.notes);
    let lines = lines.filter(|line| !line.trim().is_empty()).count();
    assert!(file.len() >= inline.len() + lines, "{inline:?} {file:?}");
}

fn elements(svg: &str) -> (Vec<Tag>, Vec<String>) {
    let (tags, texts) = xml::parse(svg).unwrap_or_else(|wrong| panic!("{wrong}\n{svg}"));
    for tag in &tags {
        assert!(ELEMENTS.contains(&tag.name.as_str()), "<{}>", tag.name);
        assert!(
            tag.attributes
                .iter()
                .all(|(name, _)| !name.starts_with("on") && name != "href")
        );
    }
    (tags, texts)
}

fn coordinates_are_inside(chart: &Chart, tags: &[Tag]) {
    let (width, height) = (f64::from(chart.width), f64::from(chart.height));
    let number = |text: &str| {
        let number: f64 = text.parse().unwrap_or_else(|_| panic!("not a number: {text}"));
        assert!(number.is_finite());
        number
    };
    for tag in tags.iter().skip(1) {
        for (name, value) in &tag.attributes {
            let most = match name.as_str() {
                "x" | "cx" | "width" => width,
                "y" | "cy" | "height" => height,
                "r" => 20.0,
                "points" => {
                    for pair in value.split(' ').collect::<Vec<_>>().chunks(2) {
                        let (x, y) = (number(pair[0]), number(pair[1]));
                        assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{x} {y}");
                    }
                    continue;
                }
                _ => continue,
            };
            assert!((0.0..=most).contains(&number(value)), "{name}={value} of {}", tag.name);
        }
    }
}

fn hits_say_what_they_should(chart: &Chart, tags: &[Tag]) {
    for hit in &chart.hits {
        let inside = hit.x >= 0.0
            && hit.y >= 0.0
            && hit.x + hit.w <= f64::from(chart.width) + 0.01
            && hit.y + hit.h <= f64::from(chart.height) + 0.01;
        assert!(inside && hit.w > 0.0 && hit.h > 0.0, "{hit:?}");
    }
    let tips: Vec<&str> = tags.iter().filter_map(|tag| tag.get("data-tip")).collect();
    let texts: Vec<&str> = chart.hits.iter().map(|hit| hit.text.as_str()).collect();
    assert_eq!(tips, texts);
    let focusable = tags.iter().filter(|tag| tag.get("tabindex") == Some("0")).count();
    assert_eq!(focusable, tips.len());
}

fn texts_keep_their_distance(chart: &Chart) {
    let texts = chart.texts();
    for text in texts {
        let inside = text.x >= -TOLERANCE
            && text.y >= -TOLERANCE
            && text.x + text.w <= f64::from(chart.width) + TOLERANCE
            && text.y + text.h <= f64::from(chart.height) + TOLERANCE;
        assert!(inside, "cut off in {} x {}: {text:?}", chart.width, chart.height);
    }
    // Sorted from top to bottom only near ones need comparing.
    let mut sorted: Vec<&TextBox> = texts.iter().collect();
    sorted.sort_by(|one, other| one.y.total_cmp(&other.y));
    for (index, one) in sorted.iter().enumerate() {
        for other in sorted[index + 1..]
            .iter()
            .take_while(|other| other.y < one.y + one.h - TOLERANCE)
        {
            let apart = one.x + one.w <= other.x + TOLERANCE || other.x + other.w <= one.x + TOLERANCE;
            assert!(apart, "overlap: {one:?} {other:?}");
        }
    }
}

/// Ids of a whole page, for which none may be there twice.
pub fn ids<'a>(svgs: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for svg in svgs {
        for id in xml::parse(svg).unwrap().0.iter().filter_map(|tag| tag.get("id")) {
            assert!(ids.insert(id.to_owned()), "{id} twice");
        }
    }
    ids
}
