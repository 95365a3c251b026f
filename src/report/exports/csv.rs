//! One line per figure and per gate, RFC 4180. Empty cells are what was not measured, not compared or not asked for.

use super::{ExportedGate, ExportedMetric, ExportedRun};
use crate::report::charts::Better;
use crate::report::csv::push_line;

const COLUMNS: &[&str] = &[
    "run",
    "profile",
    "created_at",
    "target",
    "configuration_id",
    "label",
    "metric",
    "unit",
    "better",
    "value",
    "low",
    "high",
    "trials",
    "verdict",
    "baseline",
    "ratio",
    "ratio_low",
    "ratio_high",
    "threshold",
    "sentence",
];

/// The file's text.
pub fn render(run: &ExportedRun) -> String {
    let mut text = String::new();
    push_line(&mut text, COLUMNS.iter().map(|name| (*name).to_owned()));
    let is_of = |gate: &ExportedGate, metric: &ExportedMetric| {
        gate.metric.configuration_id == metric.configuration_id && gate.metric.metric == metric.metric
    };
    for metric in &run.metrics {
        let gate = run.gates.iter().find(|gate| is_of(gate, metric));
        push_line(&mut text, cells(run, metric, gate).into_iter());
    }
    // A gate without a figure of its own among the run's still has its line.
    for gate in &run.gates {
        if !run.metrics.iter().any(|metric| is_of(gate, metric)) {
            push_line(&mut text, cells(run, &gate.metric, Some(gate)).into_iter());
        }
    }
    text
}

fn cells(run: &ExportedRun, metric: &ExportedMetric, gate: Option<&ExportedGate>) -> Vec<String> {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    vec![
        run.run_name.clone(),
        run.profile_name.clone(),
        run.created_at.to_string(),
        run.target.name().to_owned(),
        metric.configuration_id.clone(),
        metric.label.clone(),
        metric.metric.id().to_owned(),
        metric.metric.unit().to_owned(),
        match metric.metric.better() {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "neither",
        }
        .to_owned(),
        metric.value.to_string(),
        number(metric.low),
        number(metric.high),
        metric.trials.to_string(),
        gate.map(|gate| gate.verdict.name().to_owned()).unwrap_or_default(),
        number(gate.and_then(|gate| gate.baseline)),
        number(gate.and_then(|gate| gate.ratio)),
        number(gate.and_then(|gate| gate.ratio_low)),
        number(gate.and_then(|gate| gate.ratio_high)),
        number(gate.map(|gate| gate.threshold)),
        gate.map(|gate| gate.sentence.clone()).unwrap_or_default(),
    ]
}
