//! A paced load against the rate that was asked for. Where the baseline kept that rate, throughput was set by it and not
//! found: the candidate then keeps it or does not. Where the baseline is not certain to have kept it, the rate is no
//! yardstick, and the two are compared.

use super::Judged;
use super::decide::{Evidence, Test};
use super::evidence::{Values, add_new};
use crate::analysis::effect::ALPHA;
use crate::analysis::session::Figures;
use crate::analysis::{Basis, Metric};
use crate::profile::Configuration;
use crate::stats::median;
use crate::stats::order_statistics::median_interval;
use crate::words::{change, change_with_interval};

/// By how much a baseline that kept its rate may have fallen short of it, at most: what counts as saturated elsewhere.
const MOST_SHORT: f64 = 0.01;

/// And as a part of what is put up with: what the baseline fell short by is charged to the candidate.
const PART_OF_TOLERANCE: f64 = 0.2;

/// Throughput ÷ what was due, trial by trial, as logarithms.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Achieved {
    logarithms: Vec<f64>,
    /// Trials that do not say what was due.
    unknown: usize,
}

impl Achieved {
    /// Of a constant rate, or of what was due in each trial's own window.
    pub(super) fn of(configuration: &Configuration, figures: &Figures<'_>, id: &str, values: &Values) -> Achieved {
        let offered: Values = match configuration.workload.arrival.constant_rate_per_s() {
            Some(rate_per_s) => values.keys().map(|block| (*block, rate_per_s)).collect(),
            None => figures.series(id, Metric::OfferedRate),
        };
        let known = values
            .iter()
            .filter_map(|(block, value)| Some(value / offered.get(block)?));
        let logarithms: Vec<f64> = known.map(f64::ln).collect();
        Achieved {
            unknown: values.len() - logarithms.len(),
            logarithms,
        }
    }

    fn trials(&self) -> usize {
        self.logarithms.len() + self.unknown
    }
}

/// Both sides, each held to what was asked of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AgainstRate {
    /// One per session; one alone where base and candidate are of one run.
    pub(super) base: Vec<Achieved>,
    /// The candidate's.
    pub(super) now: Achieved,
}

/// Whether the baseline came up to the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    Certainly,
    CertainlyNot,
    NotCertain,
    /// The sessions together did; the worst one fell short by more than is put up with: its median ÷ the rate.
    NotInEachSession(f64),
}

impl AgainstRate {
    /// What throughput is decided by: the rate where the baseline kept that for certain, else what `compared` makes of both
    /// sides. With it, what is to be said of the row in any case.
    pub(super) fn evidence(
        &self,
        label: &str,
        tolerated: f64,
        judged: &mut Judged,
        compared: impl FnOnce() -> Evidence,
    ) -> (Evidence, Option<&'static str>) {
        if let Some(why) = self.unknown() {
            return (why, None);
        }
        let said = match self.kept(tolerated) {
            Kept::Certainly => {
                let ratios = self.now.logarithms.clone();
                return (Evidence::Test(Basis::OfferedRate, Test::Paired(ratios)), None);
            }
            Kept::CertainlyNot => {
                let warning = format!(
                    "{label}: the baseline itself did not keep the rate asked for ({}): throughput was held against the \
                     baseline's, and latency is that of a load which falls behind.",
                    self.base_in_words()
                );
                add_new(&mut judged.warnings, vec![warning]);
                "The baseline did not keep its rate, so that the two were compared."
            }
            Kept::NotCertain => {
                let note = format!(
                    "{label}: it is not certain that the baseline kept the rate asked for ({}), so that throughput was held \
                     against the baseline's.",
                    self.base_in_words()
                );
                add_new(&mut judged.notes, vec![note]);
                "The baseline is not certain to have kept its rate, so that the two were compared."
            }
            Kept::NotInEachSession(worst) => {
                let note = format!(
                    "{label}: the stored sessions together kept the rate asked for, but not each did (worst: {}), so that \
                     throughput was held against theirs.",
                    change(worst)
                );
                add_new(&mut judged.notes, vec![note]);
                "Not each stored session kept its rate, so that they were compared."
            }
        };
        (compared(), Some(said))
    }

    /// A trial that does not say what was due is not left out: it may be the one that fell behind.
    fn unknown(&self) -> Option<Evidence> {
        let of_base = (
            self.base.iter().map(|one| one.unknown).sum::<usize>(),
            self.base.iter().map(Achieved::trials).sum::<usize>(),
        );
        let of_now = (self.now.unknown, self.now.trials());
        if of_base.0 == of_base.1 && of_now.0 == of_now.1 {
            return Some(Evidence::Nothing(
                "Cannot be said: no trial says how many records were due in it, and so whether it kept its rate."
                    .to_owned(),
            ));
        }
        let told: Vec<String> = [(of_base, "baseline"), (of_now, "candidate")]
            .into_iter()
            .filter(|((unknown, _), _)| *unknown > 0)
            .map(|((unknown, trials), side)| format!("{unknown} of {trials} trials of the {side}"))
            .collect();
        (!told.is_empty()).then(|| {
            Evidence::Invalid(format!(
                "How many records were due is not known of {}: what is left may be the better part.",
                told.join(" and ")
            ))
        })
    }

    fn pooled(&self) -> Vec<f64> {
        self.base
            .iter()
            .flat_map(|one| one.logarithms.iter().copied())
            .collect()
    }

    /// Certain where the 95 % interval of the median trial excludes a shortfall that matters, and no session fell short by
    /// more than is put up with: a rate that is kept on most days only is no yardstick either. From order statistics: a
    /// stall lies far on one side, and symmetry must not be assumed.
    fn kept(&self, tolerated: f64) -> Kept {
        let least = (1.0 - MOST_SHORT.min(PART_OF_TOLERANCE * tolerated)).ln();
        let Some(interval) = median_interval(&self.pooled(), 1.0 - ALPHA) else {
            return Kept::NotCertain;
        };
        let each = self.base.iter().filter_map(|one| median(&one.logarithms));
        let worst = each.fold(f64::INFINITY, f64::min);
        if interval.high < least {
            Kept::CertainlyNot
        } else if interval.low < least {
            Kept::NotCertain
        } else if worst < (1.0 - tolerated).ln() {
            Kept::NotInEachSession(worst.exp())
        } else {
            Kept::Certainly
        }
    }

    fn base_in_words(&self) -> String {
        let pooled = self.pooled();
        let interval = median_interval(&pooled, 1.0 - ALPHA);
        let ends = interval.map(|interval| (interval.low.exp(), interval.high.exp()));
        let shortfall = median(&pooled).map(|median| change_with_interval(median.exp(), ends));
        shortfall.unwrap_or_else(|| "no trial".to_owned())
    }
}
