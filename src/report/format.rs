//! Figures as people read them: one way to write each unit, used by tables, charts and sentences alike.

/// What a figure without a value looks like.
pub const NOTHING: &str = "–";

/// Three significant digits, without an exponent: `0.0123`, `1.23`, `12.3`, `123`, `12,345`.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let rounded = if magnitude < 2 {
        let scale = 10f64.powi(2 - magnitude);
        (value * scale).round() / scale
    } else {
        value.round()
    };
    // Rounding may have carried into the next power of ten: 9.996 is 10.0, not 10.00.
    let magnitude = rounded.abs().log10().floor() as i32;
    let decimals = (2 - magnitude).clamp(0, 6) as usize;
    if magnitude >= 3 { grouped(rounded) } else { format!("{rounded:.decimals$}") }
}

/// A whole number with separators: `1,234,567`.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0.0 && digits != "0" {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count: `1,234`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits with a decimal prefix: `812`, `8.12 k`, `1.23 M`.
pub fn scaled(value: f64) -> String {
    let (divisor, prefix) = scale_of(value);
    if prefix.is_empty() { significant(value) } else { format!("{} {prefix}", significant(value / divisor)) }
}

/// A range under one prefix: `1.20–1.31 M`.
pub fn scaled_range(min: f64, max: f64) -> String {
    let (divisor, prefix) = scale_of(max);
    let range = format!("{}–{}", significant(min / divisor), significant(max / divisor));
    if prefix.is_empty() { range } else { format!("{range} {prefix}") }
}

fn scale_of(value: f64) -> (f64, &'static str) {
    // 999.6 k would be printed as 1000 k: the limits lie where rounding to three digits carries.
    match value.abs() {
        v if v >= 999.5e6 => (1e9, "G"),
        v if v >= 999.5e3 => (1e6, "M"),
        v if v >= 999.5 => (1e3, "k"),
        _ => (1.0, ""),
    }
}

/// A time given in µs, in the unit that fits: `812 µs`, `1.53 ms`, `2.41 s`.
pub fn microseconds(us: f64) -> String {
    let (divisor, unit) = time_unit(us);
    format!("{} {unit}", significant(us / divisor))
}

/// A range of times under one unit: `1.20–1.31 ms`.
pub fn microseconds_range(min: f64, max: f64) -> String {
    let (divisor, unit) = time_unit(max);
    format!("{}–{} {unit}", significant(min / divisor), significant(max / divisor))
}

fn time_unit(us: f64) -> (f64, &'static str) {
    match us.abs() {
        v if v >= 999.5e3 => (1e6, "s"),
        v if v >= 999.5 => (1e3, "ms"),
        _ => (1.0, "µs"),
    }
}

/// Bytes with a binary prefix, as memory is counted: `812 B`, `64.0 KiB`, `1.50 GiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = value;
    let mut unit = 0;
    while scaled.abs() >= 999.5 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    format!("{} {}", significant(scaled), UNITS[unit])
}

/// `1 trial`, `2 trials`.
pub fn counted(number: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(number), if number == 1 { singular } else { plural })
}

/// `a`, `a and b`, `a, b and c`; beyond `most` items the rest is counted, never dropped in silence.
pub fn listed(items: &[String], most: usize) -> String {
    let shown = items.len().min(most);
    let mut parts: Vec<String> = items[..shown].to_vec();
    if items.len() > shown {
        parts.push(format!("{} more", count((items.len() - shown) as u64)));
    }
    match parts.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits_without_an_exponent() {
        let cases = [
            (0.0, "0"),
            (0.012345, "0.0123"),
            (1.2345, "1.23"),
            (9.996, "10.0"),
            (12.345, "12.3"),
            (99.96, "100"),
            (123.45, "123"),
            (999.6, "1,000"),
            (12_345.6, "12,346"),
            (-1.5, "-1.50"),
            (f64::NAN, NOTHING),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value), text, "{value}");
        }
    }

    #[test]
    fn prefixes_and_units_change_where_rounding_carries() {
        assert_eq!(scaled(999.4), "999");
        assert_eq!(scaled(999.6), "1.00 k");
        assert_eq!(scaled(812_345.0), "812 k");
        assert_eq!(scaled(999_600.0), "1.00 M");
        assert_eq!(scaled_range(950_000.0, 1_310_000.0), "0.950–1.31 M");
        assert_eq!(microseconds(999.0), "999 µs");
        assert_eq!(microseconds(1_530.0), "1.53 ms");
        assert_eq!(microseconds(2_410_000.0), "2.41 s");
        assert_eq!(bytes(65_536.0), "64.0 KiB");
    }

    #[test]
    fn lists_say_how_many_they_leave_out() {
        let items: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(listed(&items[..1], 3), "a");
        assert_eq!(listed(&items[..2], 3), "a and b");
        assert_eq!(listed(&items, 2), "a, b and 2 more");
        assert_eq!(listed(&[], 2), "");
    }
}
