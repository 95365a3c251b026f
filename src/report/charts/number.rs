//! Numbers as people read them: at most three significant digits, SI prefixes, units said once.
//!
//! Knows units and which way is better; must not know where a number came from.

/// What a number counts, and so how it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// With SI prefixes before the unit, as in 1.2 M records/s.
    Si(String),
    /// Without prefixes: 2,310 MB/s.
    Plain(String),
    /// Microseconds, printed as ns, µs, ms or s, whichever reads best.
    Microseconds,
    /// Bytes in powers of 1,024: 16 KiB.
    Bytes,
    /// A ratio: 2.31×.
    Ratio,
    /// Percent: 12.5 %.
    Percent,
}

pub use crate::analysis::Better;

impl Better {
    /// As printed beside a unit.
    pub(super) fn words(self) -> &'static str {
        match self {
            Better::Higher => "higher is better",
            Better::Lower => "lower is better",
            Better::Neither => "",
        }
    }

    /// What to multiply values by so that greater is better.
    pub(super) fn sign(self) -> Option<f64> {
        match self {
            Better::Higher => Some(1.0),
            Better::Lower => Some(-1.0),
            Better::Neither => None,
        }
    }
}

/// What an axis measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// As printed on the axis: `Throughput`.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
}

impl Measure {
    /// A measure.
    pub fn new(name: impl Into<String>, unit: Unit, better: Better) -> Self {
        Self {
            name: name.into(),
            unit,
            better,
        }
    }

    /// The axis label: name, unit, and which way is better.
    pub fn axis_label(&self) -> String {
        let unit = match &self.unit {
            Unit::Si(unit) | Unit::Plain(unit) if unit.is_empty() => String::new(),
            Unit::Si(unit) | Unit::Plain(unit) => format!(" ({unit})"),
            // Their ticks carry the unit.
            Unit::Microseconds | Unit::Bytes | Unit::Ratio | Unit::Percent => String::new(),
        };
        match self.better.words() {
            "" => format!("{}{unit}", self.name),
            better => format!("{}{unit}, {better}", self.name),
        }
    }
}

impl Unit {
    /// The number with its unit: `1.2 M records/s`, `12 ms`; "–" for what is not finite.
    pub fn format(&self, value: f64) -> String {
        match self {
            Unit::Si(unit) | Unit::Plain(unit) if value.is_finite() && !unit.is_empty() => {
                format!("{}\u{a0}{unit}", self.bare(value))
            }
            _ => self.bare(value),
        }
    }

    /// The number as a tick or a cell shows it, its unit being said by the axis: `1.2 M`, `12 ms`.
    pub fn bare(&self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        match self {
            Unit::Si(_) => si(value),
            Unit::Plain(_) => plain(value),
            Unit::Microseconds => duration(value),
            Unit::Bytes => bytes(value),
            Unit::Ratio => format!("{}×", plain(value)),
            Unit::Percent => format!("{}\u{a0}%", plain(value)),
        }
    }
}

impl Unit {
    /// The number on a tick: a zero needs no unit.
    pub(super) fn tick(&self, value: f64) -> String {
        if value == 0.0 { "0".to_owned() } else { self.bare(value) }
    }
}

/// Rounds to three significant digits.
fn three_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    // Through decimal text, so that the result is the nearest double to what is printed.
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// The shortest decimal text of a value that is already rounded, with thousands separated.
fn decimal(value: f64) -> String {
    let digits = format!("{}", value.abs());
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits.as_str(), None), |(w, f)| (w, Some(f)));
    let mut text = String::new();
    if value < 0.0 {
        text.push('−');
    }
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

fn scaled(value: f64, steps: &[(f64, &str)], smallest: (f64, &str)) -> String {
    let rounded = three_digits(value);
    let (factor, suffix) = steps
        .iter()
        .copied()
        .find(|(factor, _)| rounded.abs() >= *factor)
        .unwrap_or(smallest);
    let number = three_digits(rounded / factor);
    if suffix.is_empty() {
        decimal(number)
    } else {
        format!("{}\u{a0}{suffix}", decimal(number))
    }
}

fn plain(value: f64) -> String {
    let rounded = three_digits(value);
    if rounded != 0.0 && !(1e-4..1e7).contains(&rounded.abs()) {
        return format!("{rounded:e}").replace('-', "−");
    }
    decimal(rounded)
}

fn si(value: f64) -> String {
    let steps = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    if value.abs() >= 1e19 || (value.abs() < 1e-4 && value != 0.0) {
        return plain(value);
    }
    scaled(value, &steps, (1.0, ""))
}

fn duration(us: f64) -> String {
    if us.abs() >= 1e13 || (us.abs() < 1e-4 && us != 0.0) {
        return format!("{}\u{a0}s", plain(us / 1e6));
    }
    if us == 0.0 {
        return "0".to_owned();
    }
    scaled(us, &[(1e6, "s"), (1e3, "ms"), (1.0, "µs")], (1e-3, "ns"))
}

fn bytes(value: f64) -> String {
    const KIB: f64 = 1024.0;
    if value.abs() >= KIB.powi(6) || (value.abs() < 1e-4 && value != 0.0) {
        return format!("{}\u{a0}B", plain(value));
    }
    let steps = [
        (KIB.powi(5), "PiB"),
        (KIB.powi(4), "TiB"),
        (KIB.powi(3), "GiB"),
        (KIB.powi(2), "MiB"),
        (KIB, "KiB"),
    ];
    // Not rounded before the step is chosen: 1,024 bytes are one KiB, 1,020 are not.
    let (factor, suffix) = steps
        .iter()
        .copied()
        .find(|(factor, _)| value.abs() >= *factor)
        .unwrap_or((1.0, "B"));
    let number = value / factor;
    // Below the next power there may be four whole digits: 1,023 KiB.
    let number = if number.abs() >= 1000.0 {
        number.round()
    } else {
        three_digits(number)
    };
    format!("{}\u{a0}{suffix}", decimal(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unit: Unit, value: f64) -> String {
        unit.format(value).replace('\u{a0}', " ")
    }

    #[test]
    fn numbers_have_at_most_three_significant_digits_and_one_prefix() {
        let records = || Unit::Si("records/s".into());
        assert_eq!(text(records(), 1_234_567.0), "1.23 M records/s");
        assert_eq!(text(records(), 340_000.0), "340 k records/s");
        assert_eq!(text(records(), 999_999.0), "1 M records/s");
        assert_eq!(text(records(), 0.0), "0 records/s");
        assert_eq!(text(records(), -1_500.0), "−1.5 k records/s");
        assert_eq!(text(Unit::Plain("MB/s".into()), 2_314.9), "2,310 MB/s");
        assert_eq!(text(Unit::Ratio, 2.3149), "2.31×");
        assert_eq!(text(Unit::Percent, 12.5), "12.5 %");
        assert_eq!(text(records(), f64::NAN), "–");
    }

    #[test]
    fn times_and_bytes_choose_their_unit() {
        assert_eq!(text(Unit::Microseconds, 950.0), "950 µs");
        assert_eq!(text(Unit::Microseconds, 12_000.0), "12 ms");
        assert_eq!(text(Unit::Microseconds, 999_600.0), "1 s");
        assert_eq!(text(Unit::Microseconds, 1_480_000.0), "1.48 s");
        assert_eq!(text(Unit::Microseconds, 0.25), "250 ns");
        assert_eq!(text(Unit::Bytes, 16_384.0), "16 KiB");
        assert_eq!(text(Unit::Bytes, 1_023.0), "1,023 B");
        assert_eq!(text(Unit::Bytes, 1_048_576.0), "1 MiB");
    }

    #[test]
    fn extremes_stay_short() {
        for value in [f64::MAX, -f64::MAX, f64::MIN_POSITIVE, 1e-9, 1e18, f64::INFINITY] {
            for unit in [
                Unit::Si(String::new()),
                Unit::Plain(String::new()),
                Unit::Microseconds,
                Unit::Bytes,
                Unit::Ratio,
            ] {
                assert!(
                    unit.bare(value).chars().count() <= 14,
                    "{unit:?} {value} {}",
                    unit.bare(value)
                );
            }
        }
    }
}
