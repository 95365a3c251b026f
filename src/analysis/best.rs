//! The best configuration, and those that cannot be told apart from it.
//!
//! A configuration is out of the set only where it is certainly worse than the one with the best median, at a level
//! that holds for all of them at once (Bonferroni over k − 1: for the true best there are only k − 1 others that could
//! push it out). So the set holds the true best with 95 % confidence, although the one it is compared with was chosen
//! by the same data: subset selection after Gupta, "On Some Multiple Decision Rules", Technometrics 7 (1965).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::effect::ALPHA;
use super::{Better, Floors, Metric, Observations};
use crate::stats::{Verdict, signed_rank};

/// The best configuration by one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BestSet {
    /// Which figure.
    pub metric: Metric,
    /// The configuration with the best figure.
    pub best: String,
    /// Those that cannot be told apart from it.
    pub not_told_apart: Vec<String>,
    /// Those that are certainly worse.
    pub worse: Vec<String>,
    /// Most blocks behind any of the comparisons.
    pub blocks: u32,
    /// So many are needed before any configuration can be called worse.
    pub blocks_needed: u32,
}

impl BestSet {
    /// Whether there were enough blocks to tell any two apart.
    pub fn is_decidable(&self) -> bool {
        self.blocks >= self.blocks_needed
    }
}

/// Of a run: `best` has the best figure, `others` are compared with it. None where neither way is better, or there is
/// nobody to compare with.
pub fn best_set(
    best: &str,
    others: &[&str],
    metric: Metric,
    observations: &Observations,
    floors: &Floors,
) -> Option<BestSet> {
    if metric.better() == Better::Neither || others.is_empty() {
        return None;
    }
    let confidence = 1.0 - ALPHA / others.len() as f64;
    let mut set = BestSet {
        metric,
        best: best.to_owned(),
        not_told_apart: Vec::new(),
        worse: Vec::new(),
        blocks: 0,
        blocks_needed: signed_rank::pairs_needed(confidence),
    };
    for id in others {
        let pairs = observations.pairs(best, id, metric).values;
        set.blocks = set.blocks.max(pairs.len() as u32);
        let log_ratios: Vec<f64> = pairs.iter().map(|(best, other)| (other / best).ln()).collect();
        let verdict = signed_rank::interval(&log_ratios, confidence)
            .and_then(|interval| super::effect::judge(metric, &interval, floors.of(metric)));
        if verdict == Some(Verdict::Worse) {
            set.worse.push((*id).to_owned());
        } else {
            set.not_told_apart.push((*id).to_owned());
        }
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn measured(levels: &[(&str, f64)], blocks: u32) -> Observations {
        let mut observations = Observations::default();
        for block in 1..=blocks {
            for (place, (id, level)) in levels.iter().enumerate() {
                let noise = 1.0 + 0.02 * f64::from((block * 5 + place as u32 * 4) % 7);
                observations.add(id, block, Some(BTreeMap::from([(Metric::Throughput, level * noise)])));
            }
        }
        observations
    }

    #[test]
    fn what_overlaps_with_the_best_stays_in_the_set() {
        let observations = measured(&[("a", 100.0), ("b", 100.4), ("c", 50.0)], 10);
        let set = best_set("b", &["a", "c"], Metric::Throughput, &observations, &Floors::default()).unwrap();
        assert_eq!(set.worse, ["c"]);
        assert_eq!(set.not_told_apart.len(), 1);
        assert!(set.is_decidable());
    }

    #[test]
    fn with_few_blocks_nothing_is_worse() {
        let observations = measured(&[("a", 100.0), ("b", 50.0)], 5);
        let set = best_set("a", &["b"], Metric::Throughput, &observations, &Floors::default()).unwrap();
        assert!(!set.is_decidable() && set.worse.is_empty());
        assert_eq!((set.blocks, set.blocks_needed), (5, 6));
    }

    #[test]
    fn lower_is_better_for_latency() {
        let mut observations = Observations::default();
        for block in 1..=8 {
            for (id, us) in [("fast", 1_000.0), ("slow", 2_000.0)] {
                let us = us + f64::from(block);
                observations.add(id, block, Some(BTreeMap::from([(Metric::LatencyP99, us)])));
            }
        }
        let set = best_set("fast", &["slow"], Metric::LatencyP99, &observations, &Floors::default()).unwrap();
        assert_eq!(
            (set.best.as_str(), set.worse.as_slice()),
            ("fast", &["slow".to_owned()][..])
        );
        assert_eq!(
            best_set(
                "fast",
                &["slow"],
                Metric::RecordsPerBatch,
                &observations,
                &Floors::default()
            ),
            None
        );
    }
}
