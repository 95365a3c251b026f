//! Quantities as people write them: sizes (`1 KB`, `16 KiB`), durations (`1m 30s`), rates (`100k`). Pure.

use std::time::Duration;

use crate::protocol::MAX_RATE_PER_S;

/// Sizes: factor of each unit. Decimal prefixes are powers of 1000, binary ones powers of 1024.
const SIZE_UNITS: &[(&str, f64)] = &[
    ("", 1.0),
    ("b", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
];

/// Rates: factor of each suffix.
const RATE_UNITS: &[(&str, f64)] = &[("", 1.0), ("k", 1e3), ("M", 1e6), ("m", 1e6)];

/// Reads a size: a whole number of bytes, or a number with B, KB, MB, GB (powers of 1000), KiB, MiB, GiB (of 1024).
///
/// # Errors
/// What was expected.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let expected = || format!("{text:?} is no size; expected bytes, as in 1000, \"1 KB\" (1000) or \"1 KiB\" (1024)");
    let (number, unit) = split_number(text).ok_or_else(expected)?;
    let unit = unit.to_ascii_lowercase();
    let factor = SIZE_UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(expected)?
        .1;
    let bytes = number * factor;
    if bytes.fract() != 0.0 {
        return Err(format!("{text:?} is no whole number of bytes"));
    }
    if bytes > 1e15 {
        return Err(format!("{text:?} is absurdly large"));
    }
    Ok(bytes as u64)
}

const NOT_ABOVE_0: &str = "a rate must be above 0; leave it out for an unpaced load";

/// Reads a rate in records per second: `100000`, `100k`, `1.5M`, with or without `/s`.
///
/// # Errors
/// What was expected.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let expected = || format!("{text:?} is no rate; expected records per second, as in 50000, \"100k\" or \"1.5M\"");
    let bare = text.trim().strip_suffix("/s").unwrap_or(text).trim();
    if bare.strip_prefix('-').is_some_and(|rest| split_number(rest).is_some()) {
        return Err(NOT_ABOVE_0.to_owned());
    }
    let (number, unit) = split_number(bare).ok_or_else(expected)?;
    let factor = RATE_UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(expected)?
        .1;
    let rate = number * factor;
    if rate <= 0.0 {
        return Err(NOT_ABOVE_0.to_owned());
    }
    if rate > MAX_RATE_PER_S {
        return Err(format!(
            "{text:?} is beyond what the clock can pace: it counts µs, and at most 10 records may be due at each (10M)"
        ));
    }
    Ok(rate)
}

/// Reads a duration with its units, as in `500ms`, `5s`, `1m 30s`, and gives milliseconds.
///
/// # Errors
/// What was expected.
pub fn parse_duration_ms(text: &str) -> Result<u64, String> {
    let expected =
        || format!("{text:?} is no duration; expected a number with its unit, as in \"500ms\", \"5s\", \"1m 30s\"");
    if text.trim() == "0" {
        return Ok(0);
    }
    let duration: Duration = humantime::parse_duration(text.trim()).map_err(|_| expected())?;
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return Err(format!("{text:?} is finer than a millisecond"));
    }
    u64::try_from(duration.as_millis()).map_err(|_| expected())
}

/// A size in the largest unit that keeps it short: `1 KB`, `16 KiB`, `1234 B`.
pub fn format_bytes(bytes: u64) -> String {
    for (unit, factor) in [
        ("GiB", 1u64 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("KB", 1_000),
    ] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{} {unit}", bytes / factor);
        }
    }
    format!("{bytes} B")
}

/// A duration rounded to what a person plans with: `12 s`, `3 min 20 s`, `2 h 5 min`.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        120..=7199 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A number of bytes to three digits, for amounts that are estimates anyway: `1.3 GB`.
pub fn format_bytes_roughly(bytes: u64) -> String {
    let amount = bytes as f64;
    match bytes {
        0..=999 => format!("{bytes} B"),
        1_000..=999_999 => format!("{:.1} KB", amount / 1e3),
        1_000_000..=999_999_999 => format!("{:.1} MB", amount / 1e6),
        1_000_000_000..=999_999_999_999 => format!("{:.1} GB", amount / 1e9),
        _ => format!("{:.1} TB", amount / 1e12),
    }
}

/// A number without sign or exponent, `_` between digits allowed, and what follows it.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(text.len());
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim_start()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("100", 100),
            ("1 KB", 1000),
            ("1KiB", 1024),
            ("1.5 kb", 1500),
            ("2 MiB", 2 << 20),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "KB", "-1", "1 XB", "1.5 B", "1e3", "9999999 GB", "1 K"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates() {
        for (text, rate) in [
            ("100k", 1e5),
            ("1.5M", 1.5e6),
            ("50000", 5e4),
            ("100k/s", 1e5),
            ("0.5", 0.5),
        ] {
            assert_eq!(parse_rate(text), Ok(rate), "{text}");
        }
        assert_eq!(parse_rate("10M"), Ok(1e7));
        assert!(parse_rate("-5k").unwrap_err().contains("above 0"));
        for text in ["0", "", "-5", "k", "100 kB", "99999M", "10.1M", "-"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, ms) in [
            ("5s", 5_000),
            ("1m 30s", 90_000),
            ("250ms", 250),
            ("0", 0),
            ("2h", 7_200_000),
        ] {
            assert_eq!(parse_duration_ms(text), Ok(ms), "{text}");
        }
        for text in ["5", "", "-5s", "5 parsecs", "1us"] {
            assert!(parse_duration_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_written_for_people() {
        assert_eq!(format_duration(Duration::from_secs(95)), "95 s");
        assert_eq!(format_duration(Duration::from_secs(150)), "2 min 30 s");
        assert_eq!(format_duration(Duration::from_secs(7_500)), "2 h 5 min");
    }

    proptest! {
        #[test]
        fn a_written_size_is_read_back(bytes in 0u64..1_000_000_000_000) {
            prop_assert_eq!(parse_bytes(&format_bytes(bytes)), Ok(bytes));
        }

        #[test]
        fn no_text_breaks_the_readers(text in "\\PC*") {
            let _ = (parse_bytes(&text), parse_rate(&text), parse_duration_ms(&text));
        }
    }
}
