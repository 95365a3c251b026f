//! Stored runs as series: one value per run, configuration and metric.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::TrendError;
use super::model::LeftOut;
use crate::analysis::Floors;
use crate::report::charts::Better;
use crate::report::format;
use crate::report::{Metric, RunTrials, Summary, summarize};
use crate::store::{MANIFEST_FILE, Manifest, RunDirectory, StoreError};

/// The metrics of a trend, where no others are asked for.
pub const DEFAULT_METRICS: &[Metric] = &[
    Metric::Throughput,
    Metric::LatencyP99,
    Metric::ClientCpu,
    Metric::RecordsPerBatch,
    Metric::WireBytes,
];

/// The metrics that have a value per trial, and so a median of trials.
pub const METRICS: &[Metric] = &[
    Metric::Throughput,
    Metric::ThroughputMb,
    Metric::LatencyP99,
    Metric::ClientCpu,
    Metric::ClientCpuPerGb,
    Metric::BrokerCpu,
    Metric::PeakMemory,
    Metric::CompressionRatio,
    Metric::RecordsPerBatch,
    Metric::BytesPerBatch,
    Metric::WireBytes,
    Metric::Requests,
    Metric::BackPressure,
    Metric::Headroom,
    Metric::Drain,
    Metric::Wakeups,
];

/// Series in order of time, and what was left out of them.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Runs that were used.
    pub runs: u64,
    /// Runs that were not.
    pub left_out: Vec<LeftOut>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// The noise floors that the newest run was stored with; none of a file.
    pub floors: Option<Floors>,
    /// The series.
    pub series: Vec<ObservedSeries>,
}

/// One series before its analysis.
#[derive(Clone, Debug)]
pub struct ObservedSeries {
    /// What it is called.
    pub label: String,
    /// Of stored runs.
    pub configuration_id: Option<String>,
    /// Of stored runs.
    pub metric: Option<Metric>,
    /// Which way is better.
    pub better: Better,
    /// In order of time.
    pub points: Vec<Observation>,
}

/// One value of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// As text: RFC 3339, or as a file has it.
    pub time: String,
    /// Finite and not negative.
    pub value: f64,
    /// Where it comes from.
    pub from: Provenance,
}

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// The run directory.
    pub run: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
    /// What it was measured with and on: name and value.
    pub conditions: Vec<(&'static str, String)>,
}

/// A run that can be used.
struct Run {
    path: PathBuf,
    manifest: Manifest,
    summary: Summary,
}

impl History {
    /// Reads run directories and directories that contain some, and sorts the runs by the time at which they began. Runs
    /// that cannot be used are named in the result.
    ///
    /// # Errors
    /// Where a path is no directory, or cannot be listed.
    pub fn of_runs(directories: &[PathBuf], metrics: &[Metric]) -> Result<History, TrendError> {
        let mut history = History::default();
        let mut runs = Vec::new();
        for path in run_directories(directories, &mut history.notes)? {
            match read(&path) {
                Ok(run) => runs.push(run),
                Err(reason) => history.leave_out(&path, reason),
            }
        }
        runs.sort_by(|one, other| (one.manifest.created_at, &one.path).cmp(&(other.manifest.created_at, &other.path)));
        runs = history.of_one_target(runs);
        history.runs = runs.len() as u64;
        history.floors = runs.last().map(|run| Floors::of_run(&run.manifest));
        history.note_failed_trials(&runs);
        for metric in metrics {
            history.add_series(&runs, *metric);
        }
        Ok(history)
    }

    fn leave_out(&mut self, path: &Path, reason: impl Into<String>) {
        self.left_out.push(LeftOut {
            run: path.display().to_string(),
            reason: reason.into(),
        });
    }

    /// A mock cluster and a real one have no level in common: only runs against the newest run's kind of target stay.
    fn of_one_target(&mut self, runs: Vec<Run>) -> Vec<Run> {
        let Some(kind) = runs.last().map(|run| run.manifest.target.kind) else {
            return runs;
        };
        let (same, other): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| run.manifest.target.kind == kind);
        for run in other {
            let other = run.manifest.target.kind;
            self.leave_out(
                &run.path,
                format!("measured against target {other}, the newest run against {kind}"),
            );
        }
        same
    }

    fn note_failed_trials(&mut self, runs: &[Run]) {
        let failed: Vec<&Run> = runs.iter().filter(|run| run.summary.trials.failed > 0).collect();
        if failed.is_empty() {
            return;
        }
        let trials: u64 = failed.iter().map(|run| run.summary.trials.failed).sum();
        self.notes.push(format!(
            "{} failed in {}; the medians there are those of the other trials.",
            format::counted(trials, "trial", "trials"),
            format::counted(failed.len() as u64, "run", "runs")
        ));
    }

    /// One series per configuration that has a value at all, in the order in which configurations first appear.
    fn add_series(&mut self, runs: &[Run], metric: Metric) {
        let first = self.series.len();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for run in runs {
            for configuration in &run.summary.configurations {
                let Some(value) = metric.spread(configuration).map(|spread| spread.median) else {
                    continue;
                };
                let next = self.series.len();
                let place = *places.entry(&configuration.id).or_insert(next);
                if place == next {
                    self.series.push(ObservedSeries {
                        label: String::new(),
                        configuration_id: Some(configuration.id.clone()),
                        metric: Some(metric),
                        better: metric.better(),
                        points: Vec::new(),
                    });
                }
                // The newest label counts, should a later version word it differently.
                self.series[place].label.clone_from(&configuration.label);
                self.series[place].points.push(run.observation(value));
            }
        }
        tell_apart(&mut self.series[first..]);
    }
}

/// Configurations that differ in more than their label says get their id beside it.
fn tell_apart(series: &mut [ObservedSeries]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for one in series.iter() {
        *count.entry(one.label.clone()).or_default() += 1;
    }
    for one in series.iter_mut().filter(|one| count[&one.label] > 1) {
        one.label = format!(
            "{} ({})",
            one.label,
            one.configuration_id.as_deref().unwrap_or_default()
        );
    }
}

/// The run directories among and below the paths, each once.
fn run_directories(directories: &[PathBuf], notes: &mut Vec<String>) -> Result<Vec<PathBuf>, TrendError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |path: PathBuf| {
        // The same run given twice is one run.
        if seen.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
            found.push(path);
        }
    };
    for directory in directories {
        if !directory.exists() {
            let path = directory.clone();
            return Err(StoreError::NoSuchDirectory { path }.into());
        }
        if !directory.is_dir() {
            let path = directory.clone();
            return Err(StoreError::NotADirectory { path }.into());
        }
        if is_run(directory) {
            add(directory.clone());
            continue;
        }
        let below = below(directory)?;
        if below.is_empty() {
            notes.push(format!("{} holds no run directory.", directory.display()));
        }
        below.into_iter().for_each(&mut add);
    }
    Ok(found)
}

fn is_run(path: &Path) -> bool {
    path.join(MANIFEST_FILE).exists()
}

fn below(directory: &Path) -> Result<Vec<PathBuf>, TrendError> {
    let failed = |source| TrendError::List {
        path: directory.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_run(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// One run, or why it cannot be used.
fn read(path: &Path) -> Result<Run, String> {
    let directory = RunDirectory::open(path).map_err(|error| error.to_string())?;
    let trials = directory.read_trials().map_err(|error| error.to_string())?.records;
    let manifest = directory.manifest().clone();
    let summary = summarize(&manifest, &trials);
    let RunTrials {
        planned,
        completed,
        missing,
        ..
    } = summary.trials;
    if missing > 0 {
        let trials = format::counted(planned, "planned trial was", "planned trials were");
        return Err(format!(
            "incomplete: {missing} of {trials} not run; sweep --resume continues it"
        ));
    }
    if completed == 0 {
        return Err("none of its trials completed".to_owned());
    }
    Ok(Run {
        path: path.to_owned(),
        manifest,
        summary,
    })
}

impl Run {
    fn observation(&self, value: f64) -> Observation {
        Observation {
            time: text(self.manifest.created_at),
            value,
            from: Provenance {
                run: Some(self.path.display().to_string()),
                commit: self.manifest.git_commit.clone(),
                conditions: self.conditions(),
            },
        }
    }

    fn blocks(&self) -> u32 {
        let plan = self.manifest.plan.iter();
        plan.map(|planned| planned.block).max().unwrap_or(0)
    }

    /// What can move a level without any change of what is tested.
    fn conditions(&self) -> Vec<(&'static str, String)> {
        let Manifest { target, host, run, .. } = &self.manifest;
        let software = target.software.clone().unwrap_or_else(|| "not known".to_owned());
        vec![
            ("kpbench", self.manifest.kpbench_version.clone()),
            ("client", self.manifest.client_version.clone()),
            ("broker", software),
            ("brokers", target.brokers.to_string()),
            ("processor", host.cpu.clone()),
            ("cores", host.cores.to_string()),
            ("operating system", host.os.clone()),
            ("warm-up", format::milliseconds(run.warmup_ms as f64)),
            ("window", format::milliseconds(run.measure_ms as f64)),
            // Both decide which payloads are sent.
            ("seed", run.seed.to_string()),
            ("blocks", self.blocks().to_string()),
        ]
    }
}

/// To the second: runs do not begin more often.
fn text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
