//! A gate: whether a figure is worse than the baseline's by more than is put up with. Says "pass" only where the interval
//! excludes such a loss, "regression" only where the whole interval lies beyond it, and otherwise that it cannot be said.
//!
//! What was measured interleaved with its base is compared by pairs. A stored baseline was measured on another day: then
//! the unit is the session, of which there must be six, or the figure must be one that hardly varies.

mod decide;
mod evidence;
mod interleaved;
mod level;
mod losses;
mod question;
mod rate;
mod sentence;
mod stored;
mod unmatched;
mod warnings;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Better, Metric};
use crate::profile::GateSettings;
use crate::store::Manifest;

pub use interleaved::{Pair, interleaved, pairs_of};
pub use question::{Look, Question};
pub use stored::against_stored;

/// What a gate says of one figure, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GateVerdict {
    /// The interval excludes a loss beyond the threshold.
    Pass,
    /// A loss beyond the threshold is certain.
    Regression,
    /// Neither.
    Inconclusive,
    /// The measurement is not valid.
    NotValid,
}

impl GateVerdict {
    /// Every verdict, the one to look at first in front.
    pub const ALL: &'static [GateVerdict] = &[
        GateVerdict::Regression,
        GateVerdict::NotValid,
        GateVerdict::Inconclusive,
        GateVerdict::Pass,
    ];

    /// In words; also how documents for other tools name it.
    pub fn name(self) -> &'static str {
        match self {
            GateVerdict::Pass => "pass",
            GateVerdict::Regression => "regression",
            GateVerdict::Inconclusive => "inconclusive",
            GateVerdict::NotValid => "not valid",
        }
    }
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Pairs of the same block: base and candidate were measured interleaved.
    Interleaved,
    /// Stored sessions: their spread says how far a new one may lie off.
    Sessions,
    /// Trials of stored sessions, of a figure that hardly varies from session to session.
    Steady,
    /// The rate that was asked for, where the baseline kept it for certain: a paced load either kept it or not.
    OfferedRate,
}

/// By how much one figure may be worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Which figure.
    pub metric: Metric,
    /// As a share of the baseline's: 0.05 for 5 %.
    pub share: f64,
}

/// What is asked of a gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The gated figures.
    pub thresholds: Vec<Threshold>,
    /// Compare what is not comparable too.
    pub force: bool,
}

/// One gated figure of one configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateRow {
    /// The candidate's configuration.
    pub configuration_id: String,
    /// What it is called.
    pub label: String,
    /// The figure.
    pub metric: Metric,
    /// The loss that is put up with, as a share of the baseline's figure.
    pub threshold: f64,
    /// What the verdict rests on; null where there is nothing to rest on.
    pub basis: Option<Basis>,
    /// Median of the baseline's trials.
    pub baseline: Option<f64>,
    /// Median of the candidate's trials.
    pub value: Option<f64>,
    /// Completed trials of the candidate.
    pub trials: u32,
    /// Candidate ÷ baseline.
    pub ratio: Option<f64>,
    /// Lower end of the ratio's interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Confidence of the interval: 95 % or a little more, since rank tests have steps; more where the number of blocks
    /// was decided by looking, since all looks share one error rate. A regression also holds after Holm's correction for
    /// everything that is gated together.
    pub confidence: Option<f64>,
    /// p of a loss no larger than the threshold, doubled to fit the two-sided interval, before the correction.
    pub p: Option<f64>,
    /// Blocks, sessions or trials behind it.
    pub count: u32,
    /// So many are needed.
    pub count_needed: u32,
    /// The verdict.
    pub verdict: GateVerdict,
    /// The verdict with its reasons.
    pub sentence: String,
    /// What the repetition said of a regression, or against what was none; null where it had nothing to say.
    pub repeated: Option<Repeated>,
}

/// What was found when it was measured again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Repeated {
    /// The verdict of the repetition.
    pub verdict: GateVerdict,
    /// Candidate ÷ baseline.
    pub ratio: Option<f64>,
    /// Lower end of the ratio's interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Repeated {
    fn of(again: &GateRow) -> Repeated {
        Repeated {
            verdict: again.verdict,
            ratio: again.ratio,
            low: again.low,
            high: again.high,
        }
    }
}

/// What a gate found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// One per gated figure of each configuration.
    pub rows: Vec<GateRow>,
    /// What makes the whole measurement invalid.
    pub invalid: Vec<String>,
    /// Compared in spite of these.
    pub forced: Vec<String>,
    /// What makes the verdicts worth less than they look.
    pub warnings: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What applies: the profile's own thresholds or the defaults, and those given on top, and where they come from in words.
pub fn thresholds(settings: &GateSettings, given: &BTreeMap<String, f64>) -> (Vec<Threshold>, String) {
    let from = match settings.is_empty() {
        true => "the defaults, since the profile has no [gate]",
        false => "the profile's",
    };
    with_given(settings.effective(), from, given)
}

/// What applies to a stored run: the thresholds of the gate that it was made for, or its profile's or the defaults where it
/// was made for none, and those given on top.
pub fn thresholds_of_run(manifest: &Manifest, given: &BTreeMap<String, f64>) -> (Vec<Threshold>, String) {
    let of_profile = thresholds(&manifest.gate, given);
    let Some(held_to) = &manifest.held_to else {
        return of_profile;
    };
    let of_gate = with_given(held_to.clone(), "those of the gate that the run was made for", given);
    match of_gate.0 == of_profile.0 {
        true => of_profile,
        false => of_gate,
    }
}

fn with_given(
    mut shares: BTreeMap<String, f64>,
    from: &str,
    given: &BTreeMap<String, f64>,
) -> (Vec<Threshold>, String) {
    shares.extend(given.iter().map(|(id, share)| (id.clone(), *share)));
    let thresholds = Metric::ALL
        .iter()
        .filter_map(|&metric| shares.get(metric.id()).map(|&share| Threshold { metric, share }))
        .collect();
    let given: Vec<&str> = given.keys().map(String::as_str).collect();
    let origin = match given.is_empty() {
        true => format!("Thresholds: {from}."),
        false => format!("Thresholds: {from}; from the command line: {}.", given.join(", ")),
    };
    (thresholds, origin)
}

/// The verdict over everything: a certain regression first, then what is not valid, then what cannot be said. Nothing
/// gated is nothing said: not valid.
pub fn whole_verdict(judged: &Judged) -> GateVerdict {
    let has = |verdict| judged.rows.iter().any(|row| row.verdict == verdict);
    if !judged.invalid.is_empty() || judged.rows.is_empty() {
        GateVerdict::NotValid
    } else if has(GateVerdict::Regression) {
        GateVerdict::Regression
    } else if has(GateVerdict::NotValid) {
        GateVerdict::NotValid
    } else if has(GateVerdict::Inconclusive) {
        GateVerdict::Inconclusive
    } else {
        GateVerdict::Pass
    }
}

/// Whether what cannot be said may be taken for a pass where that is asked for: only where there is an interval, and the
/// loss is neither certain nor excluded. Where too little was measured, or a figure was not observed, nothing is known.
pub fn may_be_excused(rows: &[GateRow]) -> bool {
    let open = |row: &&GateRow| row.verdict == GateVerdict::Inconclusive;
    rows.iter().filter(open).all(|row| row.low.is_some())
}

/// Holds what was found against a repetition of the measurement: only a regression that is found again counts. What the
/// repetition alone finds was measured again by nobody: it is no regression, and no pass either.
pub fn confirm(first: &mut Judged, second: &Judged) {
    let valid = second.invalid.is_empty();
    for row in &mut first.rows {
        let again = second
            .rows
            .iter()
            .find(|other| (&other.configuration_id, other.metric) == (&row.configuration_id, row.metric));
        match (row.verdict, again) {
            (GateVerdict::Regression, _) => repeat(row, again, valid),
            (GateVerdict::Pass | GateVerdict::Inconclusive, Some(again)) if valid => contradict(row, again),
            _ => {}
        }
    }
}

/// A regression that was measured again. `valid`: whether the repetition as a whole is.
fn repeat(row: &mut GateRow, again: Option<&GateRow>, valid: bool) {
    row.repeated = again.map(Repeated::of);
    let confirmed = valid && again.is_some_and(|again| again.verdict == GateVerdict::Regression);
    // A repetition that is not valid, or too short for an interval, answers nothing. What may well be a regression is
    // then no pass for anybody: a candidate that breaks down the second time is not excused.
    let answered = valid && again.is_some_and(|again| again.verdict != GateVerdict::NotValid && again.low.is_some());
    row.verdict = match (confirmed, answered) {
        (true, _) => GateVerdict::Regression,
        (false, true) => GateVerdict::Inconclusive,
        (false, false) => GateVerdict::NotValid,
    };
    row.sentence = sentence::repeated(row, again, confirmed);
}

/// A figure that was no regression at first, and that the repetition, valid as a whole, has something against.
fn contradict(row: &mut GateRow, again: &GateRow) {
    if matches!(again.verdict, GateVerdict::Regression | GateVerdict::NotValid) {
        row.repeated = Some(Repeated::of(again));
        row.sentence = sentence::contradicted(row, again);
        row.verdict = GateVerdict::NotValid;
    }
}

/// Where the repetition failed: what was found once does not count, and is no pass either.
pub fn not_confirmed(first: &mut Judged) {
    let found = first.rows.iter_mut();
    for row in found.filter(|row| row.verdict == GateVerdict::Regression) {
        row.verdict = GateVerdict::NotValid;
        row.sentence = sentence::not_repeated(row);
    }
}

/// What counts as a loss in words, for figures that rise, fall, or should stay.
fn worse(metric: Metric) -> &'static str {
    match metric.better() {
        Better::Higher => "a fall",
        Better::Lower => "a rise",
        Better::Neither => "a change",
    }
}

#[cfg(test)]
mod tests;
