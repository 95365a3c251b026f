//! What one axis does: each of its values against its first, over all configurations that differ in nothing else.
//!
//! In every block the log-ratios of those pairs are averaged: one value per block, so that the unit stays the block.
//! An average hides what it averages: where the sign differs between pairs, that is said.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::effect::{Effect, Sample, family};
use super::fair::incomparable;
use super::{Floors, Metric, Observations};
use crate::profile::Configuration;
use crate::stats::signed_rank;

/// Figures that an axis is judged by.
pub const AXIS_METRICS: [Metric; 3] = [Metric::Throughput, Metric::LatencyP99, Metric::ClientCpu];

/// What an axis value does, against the axis's first value, in one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AxisVerdict {
    /// The axis.
    pub axis: String,
    /// Its first value, which the other is compared with.
    pub base: String,
    /// The other value.
    pub value: String,
    /// The mean ratio over all pairs of configurations that differ in this axis only.
    pub effect: Effect,
    /// How many pairs of configurations.
    pub pairs: u32,
    /// Where the pairs do not agree in their sign.
    pub disagreement: Option<Disagreement>,
}

/// The two pairs furthest apart, where one gains and the other loses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disagreement {
    /// The largest ratio among the pairs.
    pub highest: f64,
    /// Label of the configuration it is of.
    pub highest_label: String,
    /// The smallest ratio among the pairs.
    pub lowest: f64,
    /// Label of the configuration it is of.
    pub lowest_label: String,
}

/// An axis value against its axis's first, with the pairs of configurations that show it.
struct Contrast<'a> {
    axis: &'a str,
    base: &'a str,
    value: &'a str,
    pairs: Vec<(&'a Configuration, &'a Configuration)>,
}

/// The verdict of every axis value but the first of its axis, in the order of [`AXIS_METRICS`]. All verdicts of a
/// run are tested together.
///
/// Throughput is left out of pairs whose load is paced: it was set, not found. So is latency, for both kinds of load,
/// where it is not observable.
pub fn axis_verdicts(
    configurations: &[Configuration],
    observations: &Observations,
    floors: &Floors,
) -> Vec<AxisVerdict> {
    let contrasts = contrasts(configurations);
    let (mut samples, mut of) = (Vec::new(), Vec::new());
    for metric in AXIS_METRICS {
        gather(metric, &contrasts, observations, &mut samples, &mut of);
    }
    let effects = family(samples, |metric| floors.of(metric));
    of.into_iter()
        .zip(effects)
        .map(|((contrast, pairs), effect)| AxisVerdict {
            axis: contrast.axis.to_owned(),
            base: contrast.base.to_owned(),
            value: contrast.value.to_owned(),
            disagreement: disagreement(effect.metric, &pairs, observations, floors.of(effect.metric)),
            pairs: pairs.len() as u32,
            effect,
        })
        .collect()
}

/// Two configurations that differ in one axis only.
type Pair<'a> = (&'a Configuration, &'a Configuration);

/// Every contrast that shows in one figure.
fn gather<'a, 'b>(
    metric: Metric,
    contrasts: &'b [Contrast<'a>],
    observations: &Observations,
    samples: &mut Vec<(Metric, Sample)>,
    of: &mut Vec<(&'b Contrast<'a>, Vec<Pair<'a>>)>,
) {
    for contrast in contrasts {
        let pairs: Vec<_> = contrast
            .pairs
            .iter()
            .copied()
            .filter(|(base, value)| incomparable(metric, base, value).is_none())
            .filter(|(base, value)| !observations.pairs(&base.id, &value.id, metric).values.is_empty())
            .collect();
        if pairs.is_empty() {
            continue;
        }
        let ids: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (a.id.as_str(), b.id.as_str())).collect();
        let (means, incomplete_blocks) = observations.mean_log_ratios(&ids, metric);
        samples.push((
            metric,
            Sample::Paired {
                log_ratios: means.into_values().collect(),
                incomplete_blocks,
                lost_by_candidate: ids
                    .iter()
                    .map(|(base, value)| observations.pairs(base, value, metric).lost_by_candidate)
                    .sum(),
            },
        ));
        of.push((contrast, pairs));
    }
}

fn contrasts(configurations: &[Configuration]) -> Vec<Contrast<'_>> {
    let Some(first) = configurations.first() else {
        return Vec::new();
    };
    let mut contrasts = Vec::new();
    for (place, axis) in first.axes.iter().enumerate() {
        let value_of = |configuration: &'_ Configuration| configuration.axes.get(place).map(|one| one.value.clone());
        // Configurations that agree in all other axes, by what they have there.
        let mut alike: HashMap<Vec<&str>, Vec<&Configuration>> = HashMap::new();
        let mut values: Vec<&str> = Vec::new();
        for configuration in configurations.iter().filter(|one| one.axes.len() > place) {
            let others = configuration
                .axes
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place);
            let others: Vec<&str> = others.map(|(_, setting)| setting.value.as_str()).collect();
            alike.entry(others).or_default().push(configuration);
            let value = configuration.axes[place].value.as_str();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let Some((base, rest)) = values.split_first() else {
            continue;
        };
        for value in rest {
            let mut pairs: Vec<(&Configuration, &Configuration)> = alike
                .values()
                .filter_map(|members| {
                    let find = |wanted: &str| {
                        let mut found = members.iter().filter(|one| value_of(one).as_deref() == Some(wanted));
                        found.next().copied()
                    };
                    Some((find(base)?, find(value)?))
                })
                .collect();
            // A hash map has no order of its own.
            pairs.sort_by(|a, b| a.1.id.cmp(&b.1.id));
            if !pairs.is_empty() {
                contrasts.push(Contrast {
                    axis: &axis.axis,
                    base,
                    value,
                    pairs,
                });
            }
        }
    }
    contrasts
}

/// Set where one pair gains by more than the floor and another loses by more.
fn disagreement(
    metric: Metric,
    pairs: &[(&Configuration, &Configuration)],
    observations: &Observations,
    floor: f64,
) -> Option<Disagreement> {
    let mut ratios: Vec<(f64, &str)> = pairs
        .iter()
        .filter_map(|(base, value)| {
            let pairs = observations.pairs(&base.id, &value.id, metric).values;
            let logs: Vec<f64> = pairs.iter().map(|(base, value)| (value / base).ln()).collect();
            Some((signed_rank::estimate(&logs)?.exp(), value.label.as_str()))
        })
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (lowest, highest) = (ratios.first()?, ratios.last()?);
    let opposite = lowest.0 < 1.0 / (1.0 + floor) && highest.0 > 1.0 + floor;
    opposite.then(|| Disagreement {
        highest: highest.0,
        highest_label: highest.1.to_owned(),
        lowest: lowest.0,
        lowest_label: lowest.1.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::profile::AxisSetting;
    use crate::stats::Verdict;
    use crate::store::samples;

    fn configuration(codec: &str, linger: &str) -> Configuration {
        let mut configuration = samples::configuration(&format!("c-{codec}-{linger}"));
        configuration.label = format!("{codec} linger.ms={linger}");
        let axis = |axis: &str, value: &str| AxisSetting {
            axis: axis.to_owned(),
            value: value.to_owned(),
            number: None,
        };
        configuration.axes = vec![axis("compression.type", codec), axis("linger.ms", linger)];
        configuration
    }

    /// `factor` is what the trial's throughput is multiplied by.
    fn measured(factor: impl Fn(&str) -> f64, blocks: u32) -> (Vec<Configuration>, Observations) {
        let configurations = ["none", "lz4"].map(|codec| ["0", "5"].map(|linger| configuration(codec, linger)));
        let configurations: Vec<Configuration> = configurations.into_iter().flatten().collect();
        let mut observations = Observations::default();
        for block in 1..=blocks {
            for (place, one) in configurations.iter().enumerate() {
                let noise = 1.0 + 0.002 * f64::from((block * 7 + place as u32 * 3) % 11);
                let values = BTreeMap::from([(Metric::Throughput, 1_000.0 * factor(&one.id) * noise)]);
                observations.add(&one.id, block, Some(values));
            }
        }
        (configurations, observations)
    }

    #[test]
    fn an_axis_is_judged_over_all_pairs_that_differ_in_it_only() {
        let factor = |id: &str| if id.contains("lz4") { 1.3 } else { 1.0 };
        let (configurations, observations) = measured(factor, 10);
        let verdicts = axis_verdicts(&configurations, &observations, &Floors::default());
        let codec = verdicts.iter().find(|one| one.axis == "compression.type").unwrap();
        assert_eq!(
            (codec.base.as_str(), codec.value.as_str(), codec.pairs),
            ("none", "lz4", 2)
        );
        assert_eq!(codec.effect.verdict, Some(Verdict::Better));
        assert!((codec.effect.ratio.unwrap() - 1.3).abs() < 0.02);
        assert_eq!(codec.disagreement, None);
        let linger = verdicts.iter().find(|one| one.axis == "linger.ms").unwrap();
        assert_ne!(linger.effect.verdict, Some(Verdict::Better));
    }

    #[test]
    fn pairs_that_disagree_in_sign_are_named() {
        let factor = |id: &str| match id {
            "c-lz4-0" => 1.5,
            "c-lz4-5" => 0.7,
            _ => 1.0,
        };
        let (configurations, observations) = measured(factor, 10);
        let verdicts = axis_verdicts(&configurations, &observations, &Floors::default());
        let disagreement = verdicts[0].disagreement.as_ref().unwrap();
        assert_eq!(disagreement.highest_label, "lz4 linger.ms=0");
        assert_eq!(disagreement.lowest_label, "lz4 linger.ms=5");
    }

    #[test]
    fn too_few_blocks_give_no_verdict() {
        let (configurations, observations) = measured(|_| 1.0, 6);
        let verdicts = axis_verdicts(&configurations, &observations, &Floors::default());
        assert!(verdicts.iter().all(|one| one.effect.verdict.is_none()));
        assert_eq!(
            verdicts[0].effect.blocks_needed, 7,
            "two axis values are tested together"
        );
    }

    #[test]
    fn latency_is_not_compared_across_loads() {
        use crate::protocol::Arrival;
        let (mut configurations, mut observations) = measured(|_| 1.0, 10);
        for one in configurations.iter_mut().filter(|one| one.id.ends_with('5')) {
            one.workload.arrival = Arrival::Constant { rate_per_s: 1_000.0 };
        }
        for block in 1..=10 {
            for one in &configurations {
                let values = BTreeMap::from([(Metric::LatencyP99, 5_000.0)]);
                observations.add(&one.id, block, Some(values));
            }
        }
        let verdicts = axis_verdicts(&configurations, &observations, &Floors::default());
        let latency_of = |axis: &str| {
            let mut found = verdicts.iter().filter(|one| one.effect.metric == Metric::LatencyP99);
            found.any(|one| one.axis == axis)
        };
        assert!(latency_of("compression.type") && !latency_of("linger.ms"));
    }
}
