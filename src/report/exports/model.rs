//! What every export is made from: figures, verdicts, and what a reader must know about them.

use jiff::Timestamp;

pub use crate::analysis::GateVerdict;
use crate::protocol::TargetKind;
use crate::report::columns;
use crate::report::format;
use crate::report::metric::Metric;
use crate::report::summary::{ConfigurationSummary, Summary};

/// One figure of one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedMetric {
    /// Stable over runs.
    pub configuration_id: String,
    /// The axis values in short.
    pub label: String,
    /// Which figure; says its unit and which way is better.
    pub metric: Metric,
    /// The median of the trials.
    pub value: f64,
    /// Lower end of its 95 % interval, where it has one.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub high: Option<f64>,
    /// Completed trials behind it.
    pub trials: u64,
}

/// One gated metric of one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedGate {
    /// What was measured.
    pub metric: ExportedMetric,
    /// What the gate says.
    pub verdict: GateVerdict,
    /// Value ÷ baseline, where it could be estimated.
    pub ratio: Option<f64>,
    /// Lower end of the ratio's interval.
    pub ratio_low: Option<f64>,
    /// Upper end of the ratio's interval.
    pub ratio_high: Option<f64>,
    /// The loss that is tolerated, as a share: 0.05 is 5 %.
    pub threshold: f64,
    /// The verdict with its reasons.
    pub sentence: String,
    /// What it was compared with.
    pub baseline: Option<f64>,
}

/// A run for other tools.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedRun {
    /// Name of the run's directory.
    pub run_name: String,
    /// Name of the profile.
    pub profile_name: String,
    /// When the run began.
    pub created_at: Timestamp,
    /// Version of kpbench.
    pub kpbench_version: String,
    /// The client library that sent.
    pub client_version: String,
    /// The kind of target.
    pub target: TargetKind,
    /// What the target runs, where known.
    pub target_software: Option<String>,
    /// The machine of the client: its processor and cores.
    pub host: String,
    /// The figures, configuration by configuration.
    pub metrics: Vec<ExportedMetric>,
    /// The gates; empty where nothing was gated.
    pub gates: Vec<ExportedGate>,
    /// The verdict over everything; none where no gate was asked for.
    pub verdict: Option<GateVerdict>,
    /// Whether an inconclusive gate was asked to pass all the same.
    pub lenient: bool,
    /// Where the figures are valid, and what is missing: to be read with every one of them.
    pub notes: Vec<String>,
    /// What a reader should know about single figures.
    pub warnings: Vec<String>,
}

impl ExportedRun {
    /// A run without gates. Figures that are lower bounds only are left out: a number alone cannot say so.
    pub fn of(summary: &Summary, run_name: &str) -> ExportedRun {
        ExportedRun {
            run_name: run_name.to_owned(),
            profile_name: summary.profile_name.clone(),
            created_at: summary.created_at,
            kpbench_version: summary.kpbench_version.clone(),
            client_version: summary.client_version.clone(),
            target: summary.target.kind,
            target_software: summary.target.software.clone(),
            host: format!("{}, {} cores", summary.host.cpu, summary.host.cores),
            metrics: summary.configurations.iter().flat_map(figures).collect(),
            gates: Vec::new(),
            verdict: None,
            lenient: false,
            notes: notes(summary),
            warnings: warnings(summary),
        }
    }

    /// The gates with this verdict.
    pub fn gates_with(&self, verdict: GateVerdict) -> impl Iterator<Item = &ExportedGate> {
        self.gates.iter().filter(move |gate| gate.verdict == verdict)
    }

    /// The configurations that figures or gates are of, in order: id and label.
    pub(super) fn configurations(&self) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let gated = self.gates.iter().map(|gate| &gate.metric);
        for metric in self.metrics.iter().chain(gated) {
            if !found.iter().any(|(id, _)| *id == metric.configuration_id) {
                found.push((&metric.configuration_id, &metric.label));
            }
        }
        found
    }
}

/// Every figure of a configuration that was measured.
fn figures(of: &ConfigurationSummary) -> impl Iterator<Item = ExportedMetric> {
    Metric::ALL.iter().filter_map(move |&metric| {
        let observable = of.latency_observable || !metric.is_latency();
        let value = metric.value(of).filter(|value| value.is_finite())?;
        // A percentile is of all records together; the interval, of the trials' own, need not hold it.
        let interval = metric
            .spread(of)
            .and_then(|spread| spread.interval)
            .filter(|interval| interval.contains(value));
        (observable && !metric.is_at_least(of)).then(|| ExportedMetric {
            configuration_id: of.id.clone(),
            label: of.label.clone(),
            metric,
            value,
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            trials: of.trials.completed,
        })
    })
}

fn notes(summary: &Summary) -> Vec<String> {
    let trials = &summary.trials;
    let mut notes = summary.validity.clone();
    if trials.failed + trials.missing > 0 {
        notes.push(format!(
            "Not complete: of {} planned trials {} failed and {} were not run.",
            trials.planned, trials.failed, trials.missing
        ));
    }
    for (label, cause, count) in columns::failures(summary) {
        let trials = format::counted(count, "trial", "trials");
        notes.push(format!("{label}: {trials} failed: {cause}"));
    }
    notes
}

fn warnings(summary: &Summary) -> Vec<String> {
    let of = |labels: &[String]| match labels.is_empty() {
        true => String::new(),
        false => format!(" ({})", format::listed(labels, 3)),
    };
    let warnings = columns::warnings(summary).into_iter();
    warnings
        .map(|(warning, labels)| format!("{warning}{}", of(&labels)))
        .collect()
}
