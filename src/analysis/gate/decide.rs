//! From evidence to verdicts.
//!
//! One regression among many figures fails the whole gate: regressions share one error rate, after Holm. A gate passes
//! only where every single figure does: that makes a false pass rarer with each figure, so that each may be held to its
//! own interval at 95 % (R. L. Berger, "Multiparameter Hypothesis Testing and Acceptance Sampling", Technometrics 24
//! (1982): intersection-union tests).

use super::level::Level;
use super::sentence;
use super::{Basis, GateRow, GateVerdict};
use crate::analysis::effect::unpaired_needed;
use crate::analysis::{Better, Metric};
use crate::stats::sessions::{self, LEAST_SESSIONS, Outcome};
use crate::stats::{Interval, holm, rank_sum, signed_rank};

/// Values to be tested, all logarithms.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// Log-ratios of the same blocks, or of trials to a rate.
    Paired(Vec<f64>),
    /// Trials of the baseline and of the candidate.
    Unpaired(Vec<f64>, Vec<f64>),
    /// One value per stored session, and the new session's.
    Sessions(Vec<f64>, f64),
}

impl Test {
    /// The same with the candidate's logarithms lowered by this.
    fn lowered(&self, by: f64) -> Test {
        let lowered = |values: &[f64]| values.iter().map(|value| value - by).collect();
        match self {
            Test::Paired(ratios) => Test::Paired(lowered(ratios)),
            Test::Unpaired(base, candidate) => Test::Unpaired(base.clone(), lowered(candidate)),
            Test::Sessions(stored, candidate) => Test::Sessions(stored.clone(), candidate - by),
        }
    }

    /// The p-value of "the loss is no larger than the threshold", doubled, so that it fits two-sided levels.
    ///
    /// Holm's procedure orders by the p-values of what is claimed: with those of "no difference", a figure that changed
    /// within its threshold would lend its share of the error rate to the others.
    fn p_of_loss(&self, metric: Metric, threshold: f64) -> Option<f64> {
        let (fall, rise) = bounds(threshold);
        let estimate = self.estimate()?;
        let beyond = match metric.better() {
            Better::Higher => (estimate < fall).then_some(fall),
            Better::Lower => (estimate > rise).then_some(rise),
            Better::Neither if estimate < fall => Some(fall),
            Better::Neither => (estimate > rise).then_some(rise),
        };
        match beyond {
            Some(bound) => self.lowered(bound).p_value(),
            None => Some(1.0),
        }
    }

    fn p_value(&self) -> Option<f64> {
        match self {
            Test::Paired(ratios) => signed_rank::p_value(ratios),
            Test::Unpaired(base, candidate) => rank_sum::p_value(base, candidate),
            Test::Sessions(..) => self.compared(0.95).map(|compared| compared.p),
        }
    }

    fn estimate(&self) -> Option<f64> {
        match self {
            Test::Paired(ratios) => signed_rank::estimate(ratios),
            Test::Unpaired(base, candidate) => rank_sum::estimate(base, candidate),
            Test::Sessions(..) => self.compared(0.95).map(|compared| compared.estimate),
        }
    }

    fn interval(&self, confidence: f64) -> Option<Interval> {
        match self {
            Test::Paired(ratios) => signed_rank::interval(ratios, confidence),
            Test::Unpaired(base, candidate) => rank_sum::interval(base, candidate, confidence),
            Test::Sessions(..) => self.compared(confidence).map(|compared| compared.interval),
        }
    }

    fn compared(&self, confidence: f64) -> Option<sessions::SessionComparison> {
        let Test::Sessions(stored, candidate) = self else {
            return None;
        };
        sessions::compare(stored, &[*candidate], 0.0, true, confidence).ok()
    }

    fn count(&self) -> u32 {
        match self {
            Test::Paired(ratios) => ratios.len() as u32,
            Test::Unpaired(base, candidate) => base.len().min(candidate.len()) as u32,
            Test::Sessions(stored, _) => stored.len() as u32,
        }
    }

    fn needed(&self, confidence: f64) -> u32 {
        match self {
            Test::Paired(_) => signed_rank::pairs_needed(confidence),
            Test::Unpaired(..) => unpaired_needed(confidence),
            Test::Sessions(..) => LEAST_SESSIONS as u32,
        }
    }
}

/// What there is to decide by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Evidence {
    /// Values.
    Test(Basis, Test),
    /// Nothing that would allow a verdict; why not.
    Nothing(String),
    /// The measurement is not valid; why not.
    Invalid(String),
}

/// One row to be decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    /// All but the verdict.
    pub(super) row: GateRow,
    /// What there is.
    pub(super) evidence: Evidence,
    /// What is to be said before the verdict's reasons.
    pub(super) remark: Option<&'static str>,
}

/// Decides all rows together.
pub(super) fn decide(cases: Vec<Case>, level: Level) -> Vec<GateRow> {
    let tests: Vec<usize> = (0..cases.len())
        .filter(|&place| matches!(cases[place].evidence, Evidence::Test(..)))
        .collect();
    let p = |place: usize| match &cases[place].evidence {
        Evidence::Test(_, test) => test.p_of_loss(cases[place].row.metric, cases[place].row.threshold),
        _ => None,
    };
    let all: Vec<f64> = tests.iter().map(|&place| p(place).unwrap_or(1.0)).collect();
    let levels = holm::levels(&all, level.alpha);
    let mut level_of = vec![level.alpha; cases.len()];
    tests
        .iter()
        .zip(levels)
        .for_each(|(&place, level)| level_of[place] = level);
    let first_step = level.alpha / tests.len().max(1) as f64;
    cases
        .into_iter()
        .zip(level_of)
        .map(|(case, together)| {
            let remark = case.remark;
            let mut row = decided(case, level, together, first_step);
            if let Some(remark) = remark {
                row.sentence = format!("{remark} {}", row.sentence);
            }
            row
        })
        .collect()
}

/// `together`: the level that Holm's procedure leaves to this figure.
fn decided(case: Case, level: Level, together: f64, first_step: f64) -> GateRow {
    let Case { mut row, evidence, .. } = case;
    let (basis, test) = match evidence {
        Evidence::Nothing(why) => {
            (row.verdict, row.sentence) = (GateVerdict::Inconclusive, why);
            return row;
        }
        Evidence::Invalid(why) => {
            (row.verdict, row.sentence) = (GateVerdict::NotValid, why);
            return row;
        }
        Evidence::Test(basis, test) => (basis, test),
    };
    let own = test.interval(1.0 - level.alpha);
    let judged = |interval: Option<Interval>| interval.map(|one| verdict(row.metric, &one, row.threshold));
    let (alone, together) = (judged(own), judged(test.interval(1.0 - together)));
    let beyond = alone == Some(GateVerdict::Regression);
    row.basis = Some(basis);
    row.ratio = test.estimate().map(f64::exp);
    row.p = test.p_of_loss(row.metric, row.threshold);
    row.count = test.count();
    row.count_needed = test.needed(1.0 - if beyond { first_step } else { level.alpha });
    row.low = own.map(|interval| interval.low.exp());
    row.high = own.map(|interval| interval.high.exp());
    row.confidence = own.map(|interval| interval.confidence);
    let certain = beyond && together == Some(GateVerdict::Regression);
    row.verdict = match alone {
        Some(GateVerdict::Pass) => GateVerdict::Pass,
        _ if certain => GateVerdict::Regression,
        _ => GateVerdict::Inconclusive,
    };
    row.sentence = match beyond && !certain {
        true => sentence::only_alone(&row, level.more),
        false => sentence::of(&row, level.more),
    };
    row
}

/// Of an interval of the log-ratio. Where neither way is better, a change beyond the threshold either way is a loss.
pub(super) fn verdict(metric: Metric, interval: &Interval, threshold: f64) -> GateVerdict {
    let (fall, rise) = bounds(threshold);
    let outcome = match metric.better() {
        Better::Higher => sessions::outcome(interval, -fall, true),
        Better::Lower => sessions::outcome(interval, rise, false),
        Better::Neither => stays(interval, fall, rise),
    };
    match outcome {
        Outcome::Pass => GateVerdict::Pass,
        Outcome::Regression => GateVerdict::Regression,
        Outcome::Inconclusive => GateVerdict::Inconclusive,
    }
}

/// A fall and a rise by the threshold, as log-ratios.
pub(super) fn bounds(threshold: f64) -> (f64, f64) {
    ((1.0 - threshold).ln(), threshold.ln_1p())
}

fn stays(interval: &Interval, fall: f64, rise: f64) -> Outcome {
    // What is not a number is in none of these.
    if interval.low >= fall && interval.high <= rise {
        Outcome::Pass
    } else if interval.high < fall || interval.low > rise {
        Outcome::Regression
    } else {
        Outcome::Inconclusive
    }
}
