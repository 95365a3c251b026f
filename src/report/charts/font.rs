//! The one font: registered once, measured, shortened and wrapped. Knows text and its width; not where it is drawn.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::OnceLock;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::ChartError;

/// The name that the font is registered under.
pub(super) const FAMILY: &str = "kpbench-chart";
/// Ascender plus descender of DejaVu Sans in ems (2,384 ÷ 2,048): the bitmap backend's size is that height.
pub(super) const HEIGHT_PER_EM: f64 = 2384.0 / 2048.0;
/// The em that single characters are measured at: fine enough that whole pixels do not matter.
const MEASURED_AT: f64 = 2_000.0;

/// Registers the font; the first call does the work.
pub(super) fn register() -> Result<(), ChartError> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let fine = *DONE.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular()).is_ok()
            && register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold()).is_ok()
    });
    if fine { Ok(()) } else { Err(ChartError::Font) }
}

/// Width of one line of text in the unit of `size`, which is the em. Kerning, which only narrows, is left out.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|character| advance(character, bold)).sum::<f64>() * size
}

/// Width of one character in ems.
fn advance(character: char, bold: bool) -> f64 {
    thread_local! {
        static KNOWN: RefCell<HashMap<(char, bool), f64>> = RefCell::default();
    }
    let foreign = character >= '\u{1100}' && !('\u{2000}'..'\u{2e80}').contains(&character);
    if foreign {
        // Beyond this font: drawn by another, as wide as the em at most.
        return 1.0;
    }
    let measure = || {
        let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::Name(FAMILY), MEASURED_AT * HEIGHT_PER_EM, style);
        // The only error is an unknown font; scenes register it before they measure.
        let pixels = font
            .layout_box(&character.to_string())
            .map_or(0, |((left, _), (right, _))| right - left);
        f64::from(pixels) / MEASURED_AT
    };
    KNOWN.with_borrow_mut(|known| *known.entry((character, bold)).or_insert_with(measure))
}

/// Control and direction-changing characters as spaces: not all of them are allowed in XML, and none belongs in a label.
pub(super) fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect()
}

/// The text, or its beginning and "…", so that it fits `room`.
pub(super) fn shorten(text: &str, room: f64, size: f64, bold: bool) -> String {
    let text = clean(text);
    if width(&text, size, bold) <= room {
        return text;
    }
    let characters: Vec<char> = text.chars().collect();
    // Widths grow with length, so the longest beginning that fits is found by halving.
    let (mut fits, mut too_long) = (0, characters.len());
    while fits + 1 < too_long {
        let middle = (fits + too_long) / 2;
        if width(&beginning(&characters, middle), size, bold) <= room {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    beginning(&characters, fits)
}

fn beginning(characters: &[char], count: usize) -> String {
    let text: String = characters[..count].iter().collect();
    format!("{}…", text.trim_end())
}

/// The text in lines that fit `room`; the last of `lines_max` is shortened.
pub(super) fn wrap(text: &str, room: f64, size: f64, bold: bool, lines_max: usize) -> Vec<String> {
    let text = clean(text);
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    let mut line = String::new();
    while let Some(word) = words.next() {
        let candidate = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if line.is_empty() || width(&candidate, size, bold) <= room {
            line = candidate;
            continue;
        }
        if lines.len() + 1 == lines_max {
            let rest: Vec<&str> = std::iter::once(word).chain(words.by_ref()).collect();
            line = format!("{line} {}", rest.join(" "));
            break;
        }
        lines.push(shorten(&line, room, size, bold));
        line = word.to_owned();
    }
    if !line.is_empty() {
        lines.push(shorten(&line, room, size, bold));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_text_fits_and_wrapped_text_loses_nothing() {
        register().unwrap();
        let long = "compression.type=zstd linger.ms=100 batch.size=1048576 acks=all";
        let short = shorten(long, 120.0, 12.0, false);
        assert!(short.ends_with('…') && width(&short, 12.0, false) <= 120.0);
        let lines = wrap(long, 200.0, 12.0, false, 10);
        assert_eq!(lines.join(" "), long);
        assert!(lines.iter().all(|line| width(line, 12.0, false) <= 200.0));
        assert_eq!(wrap(long, 120.0, 12.0, false, 2).len(), 2);
    }

    #[test]
    fn bold_is_wider_and_width_follows_size() {
        register().unwrap();
        assert!(width("Throughput", 12.0, true) > width("Throughput", 12.0, false));
        assert!((width("Throughput", 24.0, false) - 2.0 * width("Throughput", 12.0, false)).abs() < 0.01);
    }
}
