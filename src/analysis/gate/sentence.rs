//! What a verdict rests on, in words.

use super::{Basis, GateRow, GateVerdict, worse};

/// Of a decided row.
pub(super) fn of(row: &GateRow) -> String {
    let (Some(_), Some(tolerated)) = (row.low, Some(percent(row.threshold))) else {
        return too_few(row);
    };
    let found = change_with_interval(row.ratio, row.low, row.high);
    let worse = worse(row.metric);
    let of_rate = row.basis == Some(Basis::OfferedRate);
    match row.verdict {
        GateVerdict::Pass if of_rate => format!("It kept its rate: {found} against the rate asked for."),
        GateVerdict::Pass => format!("{found}: {worse} beyond {tolerated} is excluded."),
        GateVerdict::Regression if of_rate => format!("It did not keep its rate: {found} against the rate asked for."),
        GateVerdict::Regression => format!("{found}: {worse} beyond {tolerated} is certain."),
        _ => format!(
            "{found}: {worse} beyond {tolerated} is neither certain nor excluded; {}.",
            narrower(row)
        ),
    }
}

/// Of a loss that one figure alone would show, but not one of many.
pub(super) fn only_alone(row: &GateRow) -> String {
    format!(
        "{}: {} beyond {} by itself, but not certain with so many figures gated together; {}.",
        change_with_interval(row.ratio, row.low, row.high),
        worse(row.metric),
        percent(row.threshold),
        narrower(row)
    )
}

fn narrower(row: &GateRow) -> &'static str {
    match row.basis {
        Some(Basis::Sessions) => {
            "more stored sessions or an interleaved run (kpbench gate --profile) narrow the interval"
        }
        _ => "more blocks narrow the interval (--repetitions)",
    }
}

fn too_few(row: &GateRow) -> String {
    let what = match row.basis {
        Some(Basis::Interleaved) => "blocks",
        Some(Basis::Sessions) => "stored sessions",
        _ => "trials of each side",
    };
    format!(
        "Too few: {} {what} are needed, and there are {}.",
        row.count_needed, row.count
    )
}

/// Of a regression that was measured again.
pub(super) fn repeated(row: &GateRow, again: Option<&GateRow>, confirmed: bool) -> String {
    let first = change_with_interval(row.ratio, row.low, row.high);
    let second = again.map_or_else(
        || "not measured".to_owned(),
        |again| match again.low {
            Some(_) => change_with_interval(again.ratio, again.low, again.high),
            None => again.sentence.clone(),
        },
    );
    let (worse, tolerated) = (worse(row.metric), percent(row.threshold));
    if confirmed {
        format!("{first}, and {second} when repeated: {worse} beyond {tolerated} is certain.")
    } else {
        format!("Not confirmed: {first} at first, which is beyond {tolerated}; when repeated: {second}.")
    }
}

/// `−12.3 % [−15 %, −9.8 %]`.
pub(super) fn change_with_interval(ratio: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    match (ratio, low, high) {
        (Some(ratio), Some(low), Some(high)) => format!("{} [{}, {}]", change(ratio), change(low), change(high)),
        (Some(ratio), ..) => change(ratio),
        _ => "unknown".to_owned(),
    }
}

/// A ratio as a change: `+1.2 %`; large ones as a factor.
fn change(ratio: f64) -> String {
    if ratio >= 3.0 {
        return format!("×{ratio:.1}");
    }
    if ratio < 0.2 {
        return format!("×{ratio:.3}");
    }
    let per_cent = (ratio - 1.0) * 100.0;
    let size = per_cent.abs();
    let digits = match size {
        size if size >= 9.95 => format!("{size:.0}"),
        size if size >= 0.995 => format!("{size:.1}"),
        size => format!("{size:.2}"),
    };
    match per_cent {
        _ if digits.trim_matches(['0', '.']).is_empty() => "0 %".to_owned(),
        per_cent if per_cent < 0.0 => format!("−{digits} %"),
        _ => format!("+{digits} %"),
    }
}

/// `5 %`, `2.5 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_short_and_signed() {
        for (ratio, text) in [
            (1.0, "0 %"),
            (1.000_01, "0 %"),
            (1.003, "+0.30 %"),
            (0.988, "−1.2 %"),
            (0.85, "−15 %"),
            (2.5, "+150 %"),
            (4.21, "×4.2"),
            (0.001, "×0.001"),
        ] {
            assert_eq!(change(ratio), text);
        }
        assert_eq!(percent(0.025), "2.5 %");
    }
}
