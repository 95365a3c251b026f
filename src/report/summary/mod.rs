//! The summary of a run: every figure per configuration, the answers, and where all of it is valid. Made from the
//! manifest and the trials alone, so it can be made again at any time and comes out the same.

mod answers;
mod configuration;
mod drain;
mod latency;
mod levels;
mod model;

use std::collections::HashMap;

pub use drain::{DrainAnswer, DrainSummary};
pub use latency::CurvePoint;
pub use model::{
    Answer, ConfigurationSummary, LatencySummary, LevelSummary, Question, RunTrials, ServiceLatencyIs, Summary,
    TrialCounts, TrialFailure,
};

pub(super) use answers::load;
use configuration::OfConfiguration;

use super::{alike, format, stopping};
use crate::analysis::{AxisVerdict, Floors, Observations, axis_verdicts, completed_result};
use crate::profile::Configuration;
use crate::protocol::TargetKind;
use crate::store::{Manifest, TrialRecord};

/// Below this number of blocks no 95 % interval of a paired comparison exists.
pub const BLOCKS_FOR_AN_INTERVAL: u32 = 6;

/// Version of `summary.json`. 2: `not_told_apart` and `best_set` took the place of `overlaps_with`.
pub const SUMMARY_SCHEMA_VERSION: u32 = 2;

/// A summary with what charts need beyond it.
pub(super) struct Analysis {
    pub(super) summary: Summary,
    /// The percentile curve of each configuration's headline latency, in the summary's order.
    pub(super) curves: Vec<Vec<CurvePoint>>,
}

/// The summary of a run.
pub fn summarize(manifest: &Manifest, trials: &[TrialRecord]) -> Summary {
    analyze(manifest, trials).summary
}

pub(super) fn analyze(manifest: &Manifest, trials: &[TrialRecord]) -> Analysis {
    let mut by_configuration: HashMap<&str, Vec<&TrialRecord>> = HashMap::new();
    for trial in trials {
        by_configuration
            .entry(&trial.planned.configuration_id)
            .or_default()
            .push(trial);
    }
    let (mut configurations, mut curves, mut observations) = (Vec::new(), Vec::new(), Observations::default());
    for of_it in in_parallel(manifest, &by_configuration) {
        for (block, figures) in of_it.figures {
            observations.add(&of_it.summary.id, block, figures);
        }
        configurations.push(of_it.summary);
        curves.push(of_it.curve);
    }
    let floors = Floors::of_run(manifest);
    let axis_verdicts = axis_verdicts(&manifest.configurations, &observations, &floors);
    let summary = Summary {
        schema_version: SUMMARY_SCHEMA_VERSION,
        kpbench_version: manifest.kpbench_version.clone(),
        client_version: manifest.client_version.clone(),
        profile_name: manifest.profile_name.clone(),
        profile_description: manifest.profile_description.clone(),
        created_at: manifest.created_at,
        target: manifest.target.clone(),
        host: manifest.host.clone(),
        validity: validity(manifest),
        trials: run_trials(manifest, trials),
        measure_ms: manifest.run.measure_ms,
        warmup_ms: manifest.run.warmup_ms,
        order: Some(manifest.run.order),
        seed: manifest.run.seed,
        stopping: manifest.stopping.clone(),
        repetition: stopping::of_run(manifest),
        verdicts: verdicts(blocks(manifest), &axis_verdicts, &floors),
        axis_verdicts,
        drain: drain::answers(&configurations),
        answers: answers::answers(&configurations, &answers::Evidence::new(&observations, &floors)),
        noise_floors: floors,
        configurations,
        warnings: alike::once_each(manifest.warnings.clone()),
    };
    Analysis { summary, curves }
}

/// Decoding and merging histograms is most of the work of a report on a large run.
fn in_parallel(manifest: &Manifest, trials: &HashMap<&str, Vec<&TrialRecord>>) -> Vec<OfConfiguration> {
    let configurations = &manifest.configurations;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = configurations.len().div_ceil(threads).max(1);
    let one = |configuration: &Configuration| {
        let of_it = trials.get(configuration.id.as_str()).map_or(&[][..], Vec::as_slice);
        configuration::summarize(configuration, of_it, manifest.run.warmup_ms)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = configurations
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(one).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn blocks(manifest: &Manifest) -> u32 {
    manifest
        .plan
        .iter()
        .map(|planned| planned.block)
        .max()
        .unwrap_or(manifest.run.repetitions)
}

fn run_trials(manifest: &Manifest, trials: &[TrialRecord]) -> RunTrials {
    let completed = trials.iter().filter(|trial| completed_result(trial).is_ok()).count() as u64;
    let failed = trials.len() as u64 - completed;
    let planned = manifest.plan.len() as u64;
    RunTrials {
        planned,
        completed,
        failed,
        missing: planned.saturating_sub(trials.len() as u64),
        blocks: blocks(manifest),
    }
}

fn verdicts(blocks: u32, axis_verdicts: &[AxisVerdict], floors: &Floors) -> String {
    let counted = format::counted(u64::from(blocks), "block", "blocks");
    if blocks < BLOCKS_FOR_AN_INTERVAL {
        return format!(
            "{counted}: too few for verdicts. Below {BLOCKS_FOR_AN_INTERVAL} blocks no 95 % interval exists, so no \
             difference here is called real, and none is called equal."
        );
    }
    let needed = axis_verdicts.iter().map(|verdict| verdict.effect.blocks_needed).max();
    let mut text = match needed {
        Some(needed) if blocks < needed => format!(
            "{counted}: with as many comparisons as here, {needed} are needed for verdicts on all of them. Too few \
             blocks are no sign that there is no difference."
        ),
        _ => format!(
            "{counted}, interleaved. A difference is called real only where its whole 95 % interval, corrected for what \
             is tested together, lies beyond the noise floor."
        ),
    };
    text.push(' ');
    text.push_str(&floors.origin);
    text
}

/// Where the figures hold, and where they do not.
fn validity(manifest: &Manifest) -> Vec<String> {
    let mut sentences = Vec::new();
    let software = manifest.target.software.as_deref().unwrap_or("Kafka");
    let brokers = format::counted(u64::from(manifest.target.brokers), "broker", "brokers");
    match manifest.target.kind {
        TargetKind::Local => sentences.push(format!(
            "Local: client and broker share {} ({software}, {brokers}), so each takes processor time from the other.",
            format::counted(u64::from(manifest.host.cores), "core", "cores")
        )),
        TargetKind::External => sentences.push(format!(
            "External cluster ({software}, {brokers}): whatever else loaded it, or the network to it, is in these figures."
        )),
        TargetKind::Mock => sentences.push(
            "Mock: measured against librdkafka's mock cluster, which stores nothing. It shows the client's own ceiling \
             and says nothing about a real broker."
                .to_owned(),
        ),
    }
    sentences.push(format!(
        "Measured with {}: librdkafka's figures do not carry over to the Java client.",
        manifest.client_version
    ));
    if manifest.target.kind == TargetKind::Local && manifest.target.conditioned_ms > 0 {
        sentences.push(format!(
            "The fresh broker was warmed up for {} before the first trial; a fresh broker goes on getting faster for \
             half a minute and more.",
            format::milliseconds(manifest.target.conditioned_ms as f64)
        ));
    }
    sentences
}
