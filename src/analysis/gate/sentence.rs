//! What a verdict rests on, in words.

use super::{Basis, GateRow, GateVerdict, worse};
use crate::words::{change_with_interval, percent};

/// What the measurement leaves to be done where something cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// The number of blocks was fixed.
    Repetitions,
    /// Blocks were repeated until the gate is decided, and it was not.
    Blocks,
}

/// Of a decided row.
pub(super) fn of(row: &GateRow, more: More) -> String {
    if row.low.is_none() {
        return too_few(row);
    }
    let (found, tolerated) = (found(row), percent(row.threshold));
    let worse = worse(row.metric);
    let of_rate = row.basis == Some(Basis::OfferedRate);
    match row.verdict {
        GateVerdict::Pass if of_rate => format!("It kept its rate: {found} against the rate asked for."),
        GateVerdict::Pass => format!("{found}: {worse} beyond {tolerated} is excluded."),
        GateVerdict::Regression if of_rate => format!("It did not keep its rate: {found} against the rate asked for."),
        GateVerdict::Regression => format!("{found}: {worse} beyond {tolerated} is certain."),
        _ => format!(
            "{found}: {worse} beyond {tolerated} is neither certain nor excluded; {}.",
            narrower(row, more)
        ),
    }
}

/// Of a loss that one figure alone would show, but not one of many.
pub(super) fn only_alone(row: &GateRow, more: More) -> String {
    format!(
        "{}: {} beyond {} by itself, but not certain with so many figures gated together; {}.",
        found(row),
        worse(row.metric),
        percent(row.threshold),
        narrower(row, more)
    )
}

/// How a figure could be measured interleaved that stored sessions do not decide.
pub(super) const INTERLEAVED: &str = "kpbench gate --profile with --base or --base-bin";

fn narrower(row: &GateRow, more: More) -> String {
    match (row.basis, more) {
        (Some(Basis::Sessions), _) => {
            format!("more stored sessions or an interleaved run ({INTERLEAVED}) narrow the interval")
        }
        (_, More::Repetitions) => {
            "more blocks narrow the interval (--repetitions, or --precision to go on until it is decided)".to_owned()
        }
        (_, More::Blocks) => "more blocks narrow the interval (--max-blocks, --budget)".to_owned(),
    }
}

fn too_few(row: &GateRow) -> String {
    let what = match row.basis {
        Some(Basis::Interleaved) => "blocks",
        Some(Basis::Sessions) => "stored sessions",
        // The rate has no trials.
        Some(Basis::OfferedRate) => "trials",
        Some(Basis::Steady) | None => "trials of each side",
    };
    format!(
        "Too few: {} {what} are needed, and there are {}.",
        row.count_needed, row.count
    )
}

/// Of a regression that was measured again.
pub(super) fn repeated(row: &GateRow, again: Option<&GateRow>, confirmed: bool) -> String {
    let first = found(row);
    let second = again.map_or_else(
        || "not measured".to_owned(),
        |again| match again.low {
            Some(_) => found(again),
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

/// Of what was no regression at first, and is one, or not valid, in the repetition.
pub(super) fn contradicted(row: &GateRow, again: &GateRow) -> String {
    let (worse, tolerated) = (worse(row.metric), percent(row.threshold));
    let first = match (row.verdict, row.low) {
        (GateVerdict::Pass, _) => format!("{}, which excludes {worse} beyond {tolerated}", found(row)),
        (_, Some(_)) => format!("{}, which leaves {worse} beyond {tolerated} open", found(row)),
        (_, None) => format!("nothing certain ({})", row.sentence.trim_end_matches('.')),
    };
    match again.verdict {
        GateVerdict::Regression => format!(
            "Contradicted by the repetition: {first}, at first; when repeated: {}, where {worse} beyond {tolerated} is \
             certain. Found once only, it is neither a regression nor a pass: measure again.",
            found(again)
        ),
        _ => format!("Not valid when repeated: {first}, at first; then: {}", again.sentence),
    }
}

/// Of a regression whose repetition failed.
pub(super) fn not_repeated(row: &GateRow) -> String {
    format!(
        "Not repeated: {}, which is beyond {}; measuring it again failed, and only what is found twice counts.",
        found(row),
        percent(row.threshold)
    )
}

/// `−12 % [−15, −9.8]`.
fn found(row: &GateRow) -> String {
    match row.ratio {
        Some(ratio) => change_with_interval(ratio, row.low.zip(row.high)),
        None => "unknown".to_owned(),
    }
}
