//! Counts, shares and ratios in sentences, wherever a sentence is written: one rule each.
//!
//! Spaces are plain; where a number and its sign must not be torn apart (pages, tables), [`unbroken`] ties them.

/// A ratio at least this large, or no larger than its inverse, reads better as a factor: `×12.3`, not `+1,130 %`.
const AS_FACTOR: f64 = 3.0;

/// What has no value.
const NOTHING: &str = "–";

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

/// `1 trial`, `2 trials`.
pub fn counted(number: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(number), if number == 1 { singular } else { plural })
}

/// A share that was asked for or may not be exceeded: `5 %`, `12.5 %`, `0.04 %`. Three digits, two of them at most after
/// the point; zero is said of zero alone.
pub fn percent(share: f64) -> String {
    let per_cent = share * 100.0;
    if share > 0.0 && per_cent < 0.01 {
        return "under 0.01 %".to_owned();
    }
    let after_point = digits_after_point(per_cent, 3).min(2);
    format!("{} %", trimmed(format!("{per_cent:.after_point$}")))
}

/// A ratio as a change: `+31 %`, `−4.2 %`, `+0.35 %`; tripled and more, or a third and less, as a factor: `×12.3`.
pub fn change(ratio: f64) -> String {
    match Notation::of(&[ratio]) {
        Some(Notation::Percent) => format!("{} %", signed(ratio)),
        Some(Notation::Factor) => factor(ratio),
        None => NOTHING.to_owned(),
    }
}

/// A ratio with its interval, all three in one notation: `−12 % [−15, −9.8]`, `×7.7 [×1.13, ×54.4]`. The ratio alone
/// where there is no interval.
pub fn change_with_interval(ratio: f64, interval: Option<(f64, f64)>) -> String {
    let Some((low, high)) = interval else {
        return change(ratio);
    };
    match Notation::of(&[ratio, low, high]) {
        Some(Notation::Percent) => format!("{} % [{}, {}]", signed(ratio), signed(low), signed(high)),
        Some(Notation::Factor) => format!("{} [{}, {}]", factor(ratio), factor(low), factor(high)),
        None => change(ratio),
    }
}

/// A ratio and its interval as plain numbers, for a column of a table: `0.886 [0.713, 1.037]`.
pub fn ratio_with_interval(ratio: Option<f64>, interval: Option<(f64, f64)>) -> String {
    match (ratio, interval) {
        (Some(ratio), Some((low, high))) => format!("{ratio:.3} [{low:.3}, {high:.3}]"),
        (Some(ratio), None) => format!("{ratio:.3}"),
        (None, _) => NOTHING.to_owned(),
    }
}

/// With no-break spaces between numbers and their `%`.
pub fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// How ratios that stand side by side are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    Percent,
    Factor,
}

impl Notation {
    /// None where one of them is no ratio.
    fn of(ratios: &[f64]) -> Option<Notation> {
        if !ratios.iter().all(|ratio| ratio.is_finite() && *ratio > 0.0) {
            return None;
        }
        let near = |ratio: &f64| *ratio < AS_FACTOR && *ratio > 1.0 / AS_FACTOR;
        Some(match ratios.iter().all(near) {
            true => Notation::Percent,
            false => Notation::Factor,
        })
    }
}

/// `+31`, `−4.2`, `+0.35`: two digits, two of them at most after the point; never a signed zero.
fn signed(ratio: f64) -> String {
    let per_cent = (ratio - 1.0) * 100.0;
    let size = per_cent.abs();
    let after_point = digits_after_point(size, 2).min(2);
    match trimmed(format!("{size:.after_point$}")) {
        zero if zero == "0" => zero,
        size if per_cent < 0.0 => format!("−{size}"),
        size => format!("+{size}"),
    }
}

/// `×4.21`, `×0.152`, `×54.4`: three digits.
fn factor(ratio: f64) -> String {
    let after_point = digits_after_point(ratio, 3);
    format!("×{}", trimmed(format!("{ratio:.after_point$}")))
}

/// Digits after the point that leave a number of this size with so many that count.
fn digits_after_point(size: f64, digits: i32) -> usize {
    if size <= 0.0 {
        return 0;
    }
    let before_point = size.log10().floor() as i32 + 1;
    // What rounds up to the next power of ten has one digit more before the point.
    let unit = 10.0_f64.powi(before_point - digits);
    let rounded_up = (size / unit).round() * unit >= 10.0_f64.powi(before_point);
    let before_point = before_point + i32::from(rounded_up);
    usize::try_from(digits - before_point).unwrap_or(0)
}

/// Without zeros at its end that say nothing.
fn trimmed(number: String) -> String {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(value), text);
        }
    }

    #[test]
    fn shares_are_exact_to_three_digits_and_never_zero_by_rounding() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.05, "5 %"),
            (0.025, "2.5 %"),
            (0.125, "12.5 %"),
            (0.0421, "4.21 %"),
            (0.000_4, "0.04 %"),
            (0.000_01, "under 0.01 %"),
            (0.999_6, "100 %"),
            (9.0, "900 %"),
            (0.01 + 1e-12, "1 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn changes_are_short_and_signed() {
        for (ratio, text) in [
            (1.0, "0 %"),
            (1.000_01, "0 %"),
            (0.999_99, "0 %"),
            (1.003, "+0.3 %"),
            (1.003_5, "+0.35 %"),
            (0.988, "−1.2 %"),
            (0.900_4, "−10 %"),
            (1.31, "+31 %"),
            (0.85, "−15 %"),
            (2.5, "+150 %"),
            (2.999, "+200 %"),
            (0.29, "×0.29"),
            (4.21, "×4.21"),
            (12.34, "×12.3"),
            (3.0, "×3"),
            (0.001, "×0.001"),
            (1234.0, "×1234"),
            (f64::NAN, "–"),
            (0.0, "–"),
        ] {
            assert_eq!(change(ratio), text);
        }
    }

    #[test]
    fn an_interval_and_its_ratio_are_in_one_notation() {
        for (ratio, low, high, text) in [
            (1.31, 1.24, 1.38, "+31 % [+24, +38]"),
            (1.02, 0.985, 1.06, "+2 % [−1.5, +6]"),
            (0.3, 0.152, 0.9, "×0.3 [×0.152, ×0.9]"),
            (2.119, 1.48, 2.912, "+112 % [+48, +191]"),
            (2.9, 2.5, 3.4, "×2.9 [×2.5, ×3.4]"),
            (7.66, 1.13, 54.4, "×7.66 [×1.13, ×54.4]"),
        ] {
            assert_eq!(change_with_interval(ratio, Some((low, high))), text);
        }
        assert_eq!(change_with_interval(0.85, None), "−15 %");
        assert_eq!(change_with_interval(0.85, Some((0.8, f64::INFINITY))), "−15 %");
        assert_eq!(
            ratio_with_interval(Some(0.886_4), Some((0.7, 1.0))),
            "0.886 [0.700, 1.000]"
        );
        assert_eq!(ratio_with_interval(None, None), "–");
    }

    #[test]
    fn a_number_and_its_sign_may_be_tied() {
        assert_eq!(unbroken("+31 % [+24, +38]"), "+31\u{a0}% [+24, +38]");
    }
}
