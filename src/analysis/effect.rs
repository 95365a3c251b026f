//! What one configuration is against another in one figure: the ratio, its interval, and the verdict.
//!
//! The unit is a trial. Pairs of the same block are compared by their log-ratios (Wilcoxon's signed-rank test, the
//! estimate of Hodges and Lehmann, and the interval that inverts the test); what was not measured interleaved, by the
//! rank-sum test of Mann and Whitney. What is tested together shares one error rate, after Holm.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Better, Metric};
use crate::stats::{self, Interval, Verdict, holm, rank_sum, signed_rank};

/// Error rate of everything that is tested together.
pub const ALPHA: f64 = 0.05;

/// Fewest trials of each side for an unpaired comparison: below, the smallest p that the rank-sum test can give
/// (2 ÷ C(8, 4) = 0.029) exceeds 5 %.
const FEWEST_UNPAIRED: u32 = 4;

/// How the values were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Both in every block, in random order: drift of the machine is the same for both.
    Paired,
    /// One after the other: drift between the two looks like an effect.
    Unpaired,
}

/// Values of one figure that are to be compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// The log-ratios, candidate ÷ base, of the same blocks.
    Paired {
        /// One per block.
        log_ratios: Vec<f64>,
        /// Blocks without one.
        incomplete_blocks: u32,
    },
    /// The values of both, measured one after the other.
    Unpaired {
        /// Of the base.
        base: Vec<f64>,
        /// Of the candidate.
        candidate: Vec<f64>,
        /// Trials of either that have no value.
        incomplete: u32,
    },
}

/// What is known of a ratio, candidate ÷ base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// Which figure.
    pub metric: Metric,
    /// How it was measured.
    pub design: Design,
    /// Candidate ÷ base: Hodges and Lehmann's estimate. Null without any value.
    pub ratio: Option<f64>,
    /// Lower end of the ratio's interval; null where there are too few blocks for one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Confidence that the interval attains: 95 % after the correction for what is tested together, or a little more,
    /// since rank tests have steps.
    pub confidence: Option<f64>,
    /// Two-sided p of the hypothesis that the ratio is 1, before the correction.
    pub p: Option<f64>,
    /// Two-sided p of the hypothesis that the ratio lies within the noise floor, after the correction (unpaired: that it
    /// is 1). At 5 % and below, and only there, the verdict is better or worse.
    pub p_adjusted: Option<f64>,
    /// Blocks (paired) or trials of the side with fewer (unpaired) behind it.
    pub blocks: u32,
    /// So many are needed for an interval, with what is tested beside it.
    pub blocks_needed: u32,
    /// Blocks or trials left out, because a trial failed or its figure is only a bound.
    pub incomplete: u32,
    /// The noise floor that the verdict used: a ratio's distance from 1.
    pub noise_floor: f64,
    /// The verdict on the candidate; null where there are too few blocks for one, or neither way is better.
    pub verdict: Option<Verdict>,
}

impl Effect {
    /// Whether there are enough blocks for a verdict.
    pub fn has_interval(&self) -> bool {
        self.low.is_some()
    }

    /// The interval of the ratio.
    pub fn interval(&self) -> Option<(f64, f64)> {
        Some((self.low?, self.high?))
    }
}

impl Sample {
    /// From pairs of the same blocks.
    pub fn paired(pairs: &super::Pairs) -> Sample {
        Sample::Paired {
            log_ratios: pairs
                .values
                .iter()
                .map(|(base, candidate)| (candidate / base).ln())
                .collect(),
            incomplete_blocks: pairs.incomplete_blocks,
        }
    }

    /// Of the hypothesis that the ratio lies no further from 1 than the floor: what verdicts are about, and so what the
    /// correction for many of them goes by.
    fn p_value_beyond(&self, floor: f64) -> Option<f64> {
        match self {
            Sample::Paired { log_ratios, .. } => signed_rank::p_value_beyond(log_ratios, floor.ln_1p()),
            Sample::Unpaired { .. } => self.p_value(),
        }
    }

    fn p_value(&self) -> Option<f64> {
        match self {
            Sample::Paired { log_ratios, .. } => signed_rank::p_value(log_ratios),
            Sample::Unpaired { base, candidate, .. } => rank_sum::p_value(&logs(base), &logs(candidate)),
        }
    }

    fn estimate(&self) -> Option<f64> {
        match self {
            Sample::Paired { log_ratios, .. } => signed_rank::estimate(log_ratios),
            Sample::Unpaired { base, candidate, .. } => rank_sum::estimate(&logs(base), &logs(candidate)),
        }
    }

    fn interval(&self, confidence: f64) -> Option<Interval> {
        match self {
            Sample::Paired { log_ratios, .. } => signed_rank::interval(log_ratios, confidence),
            Sample::Unpaired { base, candidate, .. } => rank_sum::interval(&logs(base), &logs(candidate), confidence),
        }
    }

    fn blocks(&self) -> u32 {
        match self {
            Sample::Paired { log_ratios, .. } => log_ratios.len() as u32,
            Sample::Unpaired { base, candidate, .. } => base.len().min(candidate.len()) as u32,
        }
    }

    fn blocks_needed(&self, confidence: f64) -> u32 {
        match self {
            Sample::Paired { .. } => signed_rank::pairs_needed(confidence),
            Sample::Unpaired { .. } => unpaired_needed(confidence),
        }
    }

    fn design(&self) -> Design {
        match self {
            Sample::Paired { .. } => Design::Paired,
            Sample::Unpaired { .. } => Design::Unpaired,
        }
    }

    fn incomplete(&self) -> u32 {
        match self {
            Sample::Paired { incomplete_blocks, .. } => *incomplete_blocks,
            Sample::Unpaired { incomplete, .. } => *incomplete,
        }
    }
}

fn logs(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.ln()).collect()
}

/// Trials of each side from which the rank-sum test can reach a confidence: its smallest p is 2 ÷ C(2n, n).
pub(super) fn unpaired_needed(confidence: f64) -> u32 {
    let alpha = 1.0 - confidence + 1e-12;
    let (mut trials, mut arrangements) = (1_u32, 2.0_f64);
    while 2.0 / arrangements > alpha && trials < 1_000 {
        trials += 1;
        // C(2n, n) = C(2n − 2, n − 1) · 2 (2n − 1) ÷ n.
        arrangements *= 2.0 * (2.0 * f64::from(trials) - 1.0) / f64::from(trials);
    }
    trials.max(FEWEST_UNPAIRED)
}

/// The effects of a family of comparisons: tested together, so that one error rate, [`ALPHA`], holds for all of them.
/// `floor` gives each metric's noise floor as a ratio's distance from 1.
pub fn family(samples: Vec<(Metric, Sample)>, floor: impl Fn(Metric) -> f64) -> Vec<Effect> {
    // Without a p nothing can be rejected; it was asked for all the same.
    let beyond = |(metric, sample): &(Metric, Sample)| sample.p_value_beyond(floor(*metric)).unwrap_or(1.0);
    let all: Vec<f64> = samples.iter().map(beyond).collect();
    let (adjusted, levels) = (holm::adjusted(&all), holm::levels(&all, ALPHA));
    let first_step = ALPHA / samples.len().max(1) as f64;
    samples
        .into_iter()
        .enumerate()
        .map(|(place, (metric, sample))| {
            let noise_floor = floor(metric);
            let interval = sample.interval(1.0 - levels[place]);
            Effect {
                metric,
                design: sample.design(),
                ratio: sample.estimate().map(f64::exp),
                low: interval.map(|interval| interval.low.exp()),
                high: interval.map(|interval| interval.high.exp()),
                confidence: interval.map(|interval| interval.confidence),
                p: sample.p_value(),
                p_adjusted: sample.p_value().map(|_| adjusted[place]),
                blocks: sample.blocks(),
                blocks_needed: sample.blocks_needed(1.0 - first_step),
                incomplete: sample.incomplete(),
                noise_floor,
                verdict: interval.and_then(|interval| judge(metric, &interval, noise_floor)),
            }
        })
        .collect()
}

/// Of an interval of the log-ratio.
pub(super) fn judge(metric: Metric, interval: &Interval, noise_floor: f64) -> Option<Verdict> {
    let floor = noise_floor.ln_1p();
    match metric.better() {
        Better::Higher => Some(stats::verdict(interval, floor, true)),
        Better::Lower => Some(stats::verdict(interval, floor, false)),
        Better::Neither => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(log_ratios: &[f64]) -> Sample {
        Sample::Paired {
            log_ratios: log_ratios.to_vec(),
            incomplete_blocks: 0,
        }
    }

    /// So many values around a centre, none alike.
    fn around(centre: f64, count: usize) -> Vec<f64> {
        (0..count)
            .map(|i| centre + 0.001 * (i as f64 - count as f64 / 2.0 + 0.3))
            .collect()
    }

    fn one(sample: Sample, metric: Metric) -> Effect {
        family(vec![(metric, sample)], |_| 0.01).remove(0)
    }

    #[test]
    fn five_blocks_give_no_verdict_and_say_how_many_are_needed() {
        let effect = one(paired(&around(0.5, 5)), Metric::Throughput);
        assert_eq!((effect.verdict, effect.low), (None, None));
        assert_eq!((effect.blocks, effect.blocks_needed), (5, 6));
    }

    #[test]
    fn more_tests_need_more_blocks() {
        let needed = |tests: usize| {
            let samples = (0..tests).map(|_| (Metric::Throughput, paired(&[0.1]))).collect();
            family(samples, |_| 0.01)[0].blocks_needed
        };
        assert_eq!([1, 2, 6, 24].map(needed), [6, 7, 8, 10]);
    }

    #[test]
    fn a_lower_latency_is_better_and_a_lower_throughput_worse() {
        let lower = paired(&around(-0.2, 10));
        assert_eq!(one(lower.clone(), Metric::LatencyP99).verdict, Some(Verdict::Better));
        assert_eq!(one(lower.clone(), Metric::Throughput).verdict, Some(Verdict::Worse));
        assert_eq!(
            one(lower, Metric::RecordsPerBatch).verdict,
            None,
            "neither way is better"
        );
    }

    #[test]
    fn within_the_floor_is_equivalent_and_across_it_inconclusive() {
        let same = one(paired(&around(0.0, 10)), Metric::Throughput);
        assert_eq!(same.verdict, Some(Verdict::Equivalent));
        let wide: Vec<f64> = (0..10).map(|i| 0.05 * (f64::from(i) - 4.4)).collect();
        assert_eq!(
            one(paired(&wide), Metric::Throughput).verdict,
            Some(Verdict::Inconclusive)
        );
    }

    #[test]
    fn an_unpaired_comparison_says_so() {
        let sample = Sample::Unpaired {
            base: around(100.0, 8),
            candidate: around(150.0, 8),
            incomplete: 0,
        };
        let effect = one(sample, Metric::Throughput);
        assert_eq!(
            (effect.design, effect.verdict),
            (Design::Unpaired, Some(Verdict::Better))
        );
        assert!((effect.ratio.unwrap() - 1.5).abs() < 0.001);
        assert_eq!(unpaired_needed(0.95), 4);
        assert_eq!(unpaired_needed(1.0 - 0.05 / 24.0), 7);
    }
}
