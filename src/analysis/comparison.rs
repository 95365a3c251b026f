//! Two runs, or two configurations of one, side by side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::comparable::{Side, changed_settings, differences};
use super::effect::{Design, Effect, Sample, family};
use super::fair::incomparable;
use super::{Floors, Metric, Observations};
use crate::profile::Configuration;
use crate::store::{Manifest, TrialRecord};

/// Figures that runs are compared by.
pub const COMPARED: [Metric; 6] = [
    Metric::Throughput,
    Metric::LatencyP50,
    Metric::LatencyP99,
    Metric::ClientCpu,
    Metric::WireBytes,
    Metric::RecordsPerBatch,
];

/// One side of a comparison: a run, or one configuration of it.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// What it is called in the output.
    pub name: String,
    /// The run.
    pub manifest: &'a Manifest,
    /// Its trials' figures.
    pub observations: &'a Observations,
    /// Only this configuration, by its id.
    pub only: Option<&'a str>,
}

/// Two configurations compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contrast {
    /// Id of the base.
    pub base_id: String,
    /// Its label.
    pub base_label: String,
    /// Id of the candidate.
    pub candidate_id: String,
    /// Its label.
    pub candidate_label: String,
    /// What differs by intention, as in `linger.ms: 0 → 5`.
    pub changed: Vec<String>,
    /// What makes the two incomparable; compared all the same where that was insisted on.
    pub incomparable: Vec<String>,
    /// Why some figures are not compared.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// One per figure that both have.
    pub effects: Vec<Effect>,
}

/// The outcome of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What the base is called.
    pub base: String,
    /// What the candidate is called.
    pub candidate: String,
    /// Whether the two were measured interleaved.
    pub design: Design,
    /// Why the comparison is weaker than an interleaved one; null where it is interleaved.
    pub weaker: Option<String>,
    /// The pairs of configurations, in the base's order.
    pub contrasts: Vec<Contrast>,
    /// Labels of configurations of the base without a counterpart.
    pub only_in_base: Vec<String>,
    /// Labels of configurations of the candidate without a counterpart.
    pub only_in_candidate: Vec<String>,
    /// The noise floors used.
    pub floors: Floors,
}

impl Comparison {
    /// Everything that is not comparable, each once.
    pub fn incomparable(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for sentence in self.contrasts.iter().flat_map(|contrast| &contrast.incomparable) {
            if !all.contains(sentence) {
                all.push(sentence.clone());
            }
        }
        all
    }
}

/// Why runs that were measured one after the other say less.
pub const ONE_AFTER_THE_OTHER: &str = "The two were not measured interleaved but one after the other, so whatever \
     changed between them (another time, load, temperature, a fresh broker) looks like an effect: with a deviation of \
     1, 2 or 3 % from session to session, identical systems are called different in 25, 51 or 65 % of simulated \
     comparisons of ten trials. kpbench ab measures two settings interleaved.";

/// Compares. Within one run (`same_run`) by pairs of the same block; else unpaired.
pub fn compare(base: &Run<'_>, candidate: &Run<'_>, same_run: bool, floors: &Floors) -> Comparison {
    let (matched, only_in_base, only_in_candidate) = matched(base, candidate);
    let design = if same_run { Design::Paired } else { Design::Unpaired };
    let mut contrasts: Vec<Contrast> = matched
        .iter()
        .map(|(before, after)| {
            let was = Side {
                manifest: base.manifest,
                configuration: before,
            };
            let is = Side {
                manifest: candidate.manifest,
                configuration: after,
            };
            Contrast {
                base_id: before.id.clone(),
                base_label: before.label.clone(),
                candidate_id: after.id.clone(),
                candidate_label: after.label.clone(),
                changed: changed_settings(was, is),
                incomparable: differences(was, is),
                left_out: Vec::new(),
                effects: Vec::new(),
            }
        })
        .collect();
    for metric in COMPARED {
        // Each figure is a family of its own: over all pairs of configurations, one error rate.
        let (mut samples, mut places) = (Vec::new(), Vec::new());
        for (place, (before, after)) in matched.iter().enumerate() {
            if let Some(reason) = incomparable(metric, before, after) {
                let left_out = &mut contrasts[place].left_out;
                if !left_out.iter().any(|known| known == reason) {
                    left_out.push(reason.to_owned());
                }
                continue;
            }
            if let Some(sample) = sample(base, candidate, (&before.id, &after.id), metric, same_run) {
                samples.push((metric, sample));
                places.push(place);
            }
        }
        for (place, effect) in places.into_iter().zip(family(samples, |metric| floors.of(metric))) {
            contrasts[place].effects.push(effect);
        }
    }
    Comparison {
        base: base.name.clone(),
        candidate: candidate.name.clone(),
        design,
        weaker: (!same_run).then(|| ONE_AFTER_THE_OTHER.to_owned()),
        contrasts,
        only_in_base,
        only_in_candidate,
        floors: floors.clone(),
    }
}

/// None where neither side has the figure at all.
fn sample(base: &Run<'_>, candidate: &Run<'_>, ids: (&str, &str), metric: Metric, same_run: bool) -> Option<Sample> {
    if same_run {
        let pairs = base.observations.pairs(ids.0, ids.1, metric);
        return (!pairs.values.is_empty()).then(|| Sample::paired(&pairs));
    }
    let values = (
        base.observations.values(ids.0, metric),
        candidate.observations.values(ids.1, metric),
    );
    if values.0.is_empty() || values.1.is_empty() {
        return None;
    }
    let begun = |observations: &Observations, id| {
        let (completed, failed) = observations.trials(id);
        completed + failed
    };
    let of_all = begun(base.observations, ids.0) + begun(candidate.observations, ids.1);
    Some(Sample::Unpaired {
        incomplete: of_all.saturating_sub(values.0.len() + values.1.len()) as u32,
        base: values.0,
        candidate: values.1,
    })
}

type Matched<'a> = (Vec<(&'a Configuration, &'a Configuration)>, Vec<String>, Vec<String>);

/// Who is compared with whom: the same id, else the same label, else the only one with the only one.
fn matched<'a>(base: &Run<'a>, candidate: &Run<'a>) -> Matched<'a> {
    let of = |run: &Run<'a>| -> Vec<&'a Configuration> {
        let all = run.manifest.configurations.iter();
        all.filter(|one| run.only.is_none_or(|only| one.id == only)).collect()
    };
    let (before, mut after) = (of(base), of(candidate));
    if let ([one], [other]) = (before.as_slice(), after.as_slice()) {
        return (vec![(*one, *other)], Vec::new(), Vec::new());
    }
    let (mut pairs, mut left) = (Vec::new(), Vec::new());
    for one in before {
        match after.iter().position(|other| other.id == one.id) {
            Some(place) => pairs.push((one, after.remove(place))),
            None => left.push(one),
        }
    }
    let mut only_in_base = Vec::new();
    for one in left {
        match after.iter().position(|other| other.label == one.label) {
            Some(place) => pairs.push((one, after.remove(place))),
            None => only_in_base.push(one.label.clone()),
        }
    }
    let only_in_candidate = after.into_iter().map(|other| other.label.clone()).collect();
    (pairs, only_in_base, only_in_candidate)
}

/// Trials of a run that were planned and have no completed result: a comparison that leaves them out must say so.
pub fn missing_trials(manifest: &Manifest, trials: &[TrialRecord]) -> usize {
    let completed = trials
        .iter()
        .filter(|trial| super::completed_result(trial).is_ok())
        .count();
    manifest.plan.len().saturating_sub(completed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stats::Verdict;
    use crate::store::samples;

    fn run(ids: &[&str], level: f64, blocks: u32) -> (Manifest, Observations) {
        let mut manifest = samples::manifest();
        manifest.configurations = ids
            .iter()
            .map(|id| {
                let mut one = samples::configuration(id);
                one.label = format!("label of {id}");
                one
            })
            .collect();
        let mut observations = Observations::default();
        for block in 1..=blocks {
            for (place, id) in ids.iter().enumerate() {
                let noise = 1.0 + 0.003 * f64::from((block * 3 + place as u32) % 5);
                let values = BTreeMap::from([(Metric::Throughput, level * (1.0 + place as f64) * noise)]);
                observations.add(id, block, Some(values));
            }
        }
        (manifest, observations)
    }

    fn side<'a>(name: &str, of: &'a (Manifest, Observations), only: Option<&'a str>) -> Run<'a> {
        Run {
            name: name.to_owned(),
            manifest: &of.0,
            observations: &of.1,
            only,
        }
    }

    #[test]
    fn two_configurations_of_one_run_are_paired() {
        let of = run(&["c-1", "c-2"], 1_000.0, 10);
        let found = compare(
            &side("a", &of, Some("c-1")),
            &side("b", &of, Some("c-2")),
            true,
            &Floors::default(),
        );
        assert_eq!((found.design, found.weaker.as_ref()), (Design::Paired, None));
        let effect = &found.contrasts[0].effects[0];
        assert_eq!((effect.blocks, effect.verdict), (10, Some(Verdict::Better)));
        assert!((effect.ratio.unwrap() - 2.0).abs() < 0.02);
    }

    #[test]
    fn two_runs_are_matched_by_id_and_unpaired_and_said_to_be_weaker() {
        let (before, after) = (
            run(&["c-1", "c-2", "c-3"], 1_000.0, 8),
            run(&["c-2", "c-1", "c-4"], 500.0, 8),
        );
        let found = compare(
            &side("a", &before, None),
            &side("b", &after, None),
            false,
            &Floors::default(),
        );
        assert_eq!(found.design, Design::Unpaired);
        assert!(found.weaker.as_ref().unwrap().contains("one after the other"));
        let ids: Vec<_> = found.contrasts.iter().map(|one| one.candidate_id.as_str()).collect();
        assert_eq!(ids, ["c-1", "c-2"]);
        assert_eq!(found.only_in_base, ["label of c-3"]);
        assert_eq!(found.only_in_candidate, ["label of c-4"]);
    }

    #[test]
    fn a_single_repetition_says_how_many_are_needed() {
        let (before, after) = (run(&["c-1"], 1_000.0, 1), run(&["c-1"], 10.0, 1));
        let found = compare(
            &side("a", &before, None),
            &side("b", &after, None),
            false,
            &Floors::default(),
        );
        let effect = &found.contrasts[0].effects[0];
        assert_eq!((effect.verdict, effect.blocks_needed), (None, 4));
    }
}
