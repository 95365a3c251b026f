//! Counts, ranges and lists as people read them. How a figure with a unit is written is said by
//! [`charts::Unit`](super::charts::Unit), for tables and charts alike.

use super::charts::Unit;

pub use crate::words::{count, counted};

/// What a figure without a value looks like.
pub const NOTHING: &str = "–";

/// A range with what both ends have in common said once: `1.2–1.31 M`, `950 µs–1.31 ms`.
pub fn range(unit: &Unit, min: f64, max: f64) -> String {
    let (low, high) = (unit.bare(min), unit.bare(max));
    if low == high {
        return low;
    }
    let suffix = |text: &str| {
        text.trim_start_matches(|c: char| c.is_ascii_digit() || ",.−e".contains(c))
            .to_owned()
    };
    let (of_low, of_high) = (suffix(&low), suffix(&high));
    if of_low == of_high {
        format!("{}–{high}", &low[..low.len() - of_low.len()])
    } else {
        format!("{low}–{high}")
    }
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

/// Milliseconds as a person says them: `250 ms`, `2.5 s`.
pub fn milliseconds(ms: f64) -> String {
    Unit::Microseconds.bare(ms * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_say_what_is_common_once() {
        let records = Unit::Si("records/s".into());
        assert_eq!(range(&records, 1_200_000.0, 1_310_000.0), "1.2–1.31\u{a0}M");
        assert_eq!(range(&records, 950_000.0, 1_310_000.0), "950\u{a0}k–1.31\u{a0}M");
        assert_eq!(range(&Unit::Microseconds, 950.0, 960.0), "950–960\u{a0}µs");
        assert_eq!(range(&Unit::Ratio, 2.0, 2.5), "2–2.5×");
        assert_eq!(range(&records, 5.0, 5.0), "5");
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
