//! A run as one session: the figures of its trials, small enough to be kept for a long time.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::Observations;
use super::metric::Metric;
use super::trial::CompletedTrial;
use crate::protocol::Acks;
use crate::store::{BaselineSession, Losses, Manifest, SCHEMA_VERSION, SessionConfiguration, TrialRecord};

/// The session that a run is. `run` is what its directory is called.
pub fn session_of(manifest: &Manifest, trials: &[TrialRecord], run: &str, now: Timestamp) -> BaselineSession {
    let (trials, notes) = planned_trials(manifest, trials);
    let observations = Observations::of(manifest, &trials);
    let configurations = manifest.configurations.iter().map(|configuration| {
        let id = &configuration.id;
        let of_it = |record: &&TrialRecord| record.planned.configuration_id == *id;
        let completed: Vec<CompletedTrial<'_>> = trials
            .iter()
            .filter(of_it)
            .filter_map(|record| CompletedTrial::of(configuration, record, manifest.run.warmup_ms))
            .collect();
        let block = |trial: &CompletedTrial<'_>| trial.record.planned.block;
        let losses = completed
            .iter()
            .map(|trial| (block(trial), losses(configuration.acks, trial)))
            .collect();
        let mut figures: BTreeMap<u32, BTreeMap<String, f64>> =
            completed.iter().map(|trial| (block(trial), BTreeMap::new())).collect();
        for metric in Metric::ALL {
            for (block, value) in observations.series(id, *metric).into_iter().flatten() {
                figures
                    .entry(*block)
                    .or_default()
                    .insert(metric.id().to_owned(), *value);
            }
        }
        SessionConfiguration {
            configuration_id: id.clone(),
            planned: manifest
                .plan
                .iter()
                .filter(|planned| planned.configuration_id == *id)
                .count() as u32,
            completed: figures.len() as u32,
            trials: figures,
            losses,
        }
    });
    BaselineSession {
        schema_version: SCHEMA_VERSION,
        session_id: session_id(manifest),
        run: run.to_owned(),
        saved_at: now,
        forced: Vec::new(),
        configurations: configurations.collect(),
        notes,
        manifest: Manifest {
            plan: Vec::new(),
            open_topic_prefixes: Vec::new(),
            ..manifest.clone()
        },
    }
}

/// The trials of the plan, each once, and what was left out. A record that nobody planned, or one more of a trial that
/// has one already, could stand in for a trial of the same block that failed.
fn planned_trials(manifest: &Manifest, trials: &[TrialRecord]) -> (Vec<TrialRecord>, Vec<String>) {
    let planned: HashMap<&str, &str> = manifest
        .plan
        .iter()
        .map(|one| (one.trial_id.as_str(), one.configuration_id.as_str()))
        .collect();
    let mut seen = HashSet::new();
    let (mut kept, mut foreign, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    for record in trials {
        let id = record.planned.trial_id.as_str();
        if planned.get(id) != Some(&record.planned.configuration_id.as_str()) {
            foreign.push(id);
        } else if !seen.insert(id) {
            repeated.push(id);
        } else {
            kept.push(record.clone());
        }
    }
    let mut notes = Vec::new();
    for (ids, what) in [
        (foreign, "Not counted, since the plan does not have it"),
        (
            repeated,
            "Not counted, since there is an earlier record of the same trial",
        ),
    ] {
        if let Some(first) = ids.first() {
            notes.push(match ids.len() {
                1 => format!("{what}: {first}."),
                more => format!("{what}: {first} and {} more.", more - 1),
            });
        }
    }
    (kept, notes)
}

fn losses(acks: Acks, trial: &CompletedTrial<'_>) -> Losses {
    let counts = &trial.result.counts;
    // With acks=0 "acknowledged" means written to the socket, and nobody promised that it would arrive.
    let broker = &trial.record.broker;
    let beyond = broker
        .surplus_and_deficit(counts.acknowledged)
        .filter(|_| acks != Acks::None);
    Losses {
        deficit: beyond.map(|(_, deficit)| deficit),
        surplus: beyond.map(|(surplus, _)| surplus),
        failed: counts.failed,
        undecided: counts.undecided,
    }
}

/// The same for the same run wherever its directory lies: from when it began, and from what decides what it measured.
fn session_id(manifest: &Manifest) -> String {
    let ids: Vec<&str> = manifest.configurations.iter().map(|one| one.id.as_str()).collect();
    let text = format!(
        "{} {} {} {} {:?}",
        manifest.created_at,
        manifest.run.seed,
        manifest.host.cpu,
        ids.join(" "),
        manifest.target.cluster_id
    );
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        // FNV-1a (Fowler, Noll, Vo).
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!(
        "{}-{:08x}",
        manifest.created_at.strftime("%Y%m%dT%H%M%SZ"),
        (hash ^ (hash >> 32)) as u32
    )
}

/// The figures of some sessions' configuration, as logarithms or as they are.
pub(super) struct Figures<'a> {
    by_id: HashMap<&'a str, &'a SessionConfiguration>,
}

impl<'a> Figures<'a> {
    pub(super) fn of(session: &'a BaselineSession) -> Figures<'a> {
        let configurations = session.configurations.iter();
        Figures {
            by_id: configurations.map(|one| (one.configuration_id.as_str(), one)).collect(),
        }
    }

    pub(super) fn configuration(&self, id: &str) -> Option<&'a SessionConfiguration> {
        self.by_id.get(id).copied()
    }

    /// The values by block. What has no logarithm is left out: documents may come from anybody.
    pub(super) fn series(&self, id: &str, metric: Metric) -> BTreeMap<u32, f64> {
        let trials = self.configuration(id).map(|one| &one.trials);
        trials
            .into_iter()
            .flatten()
            .filter_map(|(block, figures)| Some((*block, *figures.get(metric.id())?)))
            .filter(|(_, value)| value.is_finite() && *value > 0.0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn the_same_run_is_the_same_session_and_another_another() {
        let manifest = samples::manifest();
        let of = |manifest: &Manifest| session_of(manifest, &[], "run", manifest.created_at);
        let first = of(&manifest);
        assert_eq!(first.session_id, of(&manifest).session_id);
        assert!(
            crate::store::is_baseline_name(&first.session_id),
            "{}",
            first.session_id
        );
        let mut later = manifest.clone();
        later.created_at = "2026-01-02T03:04:05.001Z".parse().unwrap();
        assert_ne!(first.session_id, of(&later).session_id);
        assert_eq!(
            (first.configurations[0].planned, first.configurations[0].completed),
            (2, 0)
        );
        assert!(first.manifest.plan.is_empty());
    }

    #[test]
    fn a_record_that_was_not_planned_hides_no_failed_one() {
        let manifest = samples::manifest();
        let failed = samples::record(manifest.plan[0].clone());
        let mut foreign = failed.clone();
        foreign.planned.trial_id = "b01-t09-other".to_owned();
        let session = session_of(
            &manifest,
            &[failed.clone(), foreign, failed],
            "run",
            manifest.created_at,
        );
        assert_eq!(session.configurations[0].completed, 0);
        assert_eq!(session.notes.len(), 2, "{:?}", session.notes);
        assert!(session.notes[0].contains("b01-t09-other"), "{:?}", session.notes);
    }

    #[test]
    fn a_failed_trial_is_planned_and_not_completed() {
        let manifest = samples::manifest();
        let failed = samples::record(manifest.plan[0].clone());
        let session = session_of(&manifest, &[failed], "run", manifest.created_at);
        assert_eq!(
            (session.configurations[0].planned, session.configurations[0].completed),
            (2, 0)
        );
    }
}
