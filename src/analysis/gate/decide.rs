//! From evidence to verdicts: everything that is gated together shares one error rate, after Holm.

use super::sentence;
use super::{Basis, GateRow, GateVerdict};
use crate::analysis::effect::{ALPHA, unpaired_needed};
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
    /// Paced load whose baseline did not keep its rate either.
    pub(super) base_fell_short: bool,
}

/// Decides all rows together.
pub(super) fn decide(cases: Vec<Case>) -> Vec<GateRow> {
    let tests: Vec<usize> = (0..cases.len())
        .filter(|&place| matches!(cases[place].evidence, Evidence::Test(..)))
        .collect();
    let p = |place: usize| match &cases[place].evidence {
        Evidence::Test(_, test) => test.p_value(),
        _ => None,
    };
    let all: Vec<f64> = tests.iter().map(|&place| p(place).unwrap_or(1.0)).collect();
    let levels = holm::levels(&all, ALPHA);
    let mut level_of = vec![ALPHA; cases.len()];
    tests
        .iter()
        .zip(levels)
        .for_each(|(&place, level)| level_of[place] = level);
    let first_step = ALPHA / tests.len().max(1) as f64;
    cases
        .into_iter()
        .zip(level_of)
        .map(|(case, level)| decided(case, level, first_step))
        .collect()
}

fn decided(case: Case, level: f64, first_step: f64) -> GateRow {
    let Case {
        mut row,
        evidence,
        base_fell_short,
    } = case;
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
    let interval = test.interval(1.0 - level);
    row.basis = Some(basis);
    row.ratio = test.estimate().map(f64::exp);
    row.p = test.p_value();
    row.count = test.count();
    row.count_needed = test.needed(1.0 - first_step);
    row.low = interval.map(|interval| interval.low.exp());
    row.high = interval.map(|interval| interval.high.exp());
    row.confidence = interval.map(|interval| interval.confidence);
    let verdict = interval.map(|interval| verdict(row.metric, &interval, row.threshold));
    // The rate was out of reach before, too: nothing was lost.
    let excused = base_fell_short && verdict == Some(GateVerdict::Regression);
    row.verdict = match verdict {
        Some(_) if excused => GateVerdict::Inconclusive,
        Some(verdict) => verdict,
        None => GateVerdict::Inconclusive,
    };
    row.sentence = sentence::of(&row, excused);
    row
}

/// Of an interval of the log-ratio. Where neither way is better, a change beyond the threshold either way is a loss.
pub(super) fn verdict(metric: Metric, interval: &Interval, threshold: f64) -> GateVerdict {
    let (fall, rise) = ((1.0 - threshold).ln(), threshold.ln_1p());
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
