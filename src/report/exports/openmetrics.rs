//! OpenMetrics text 1.0, <https://prometheus.io/docs/specs/om/open_metrics_spec/>: one gauge per metric, one series per
//! configuration. Without timestamps, which the textfile collector and the push gateway refuse; the run's time is a gauge.

use std::fmt::Write as _;

use super::{ExportedGate, ExportedMetric, ExportedRun, GateVerdict};
use crate::report::metric::Metric;

/// The exposition.
pub fn render(run: &ExportedRun) -> String {
    let mut text = String::new();
    about(run, &mut text);
    for &metric in Metric::ALL {
        let of_it: Vec<&ExportedMetric> = run.metrics.iter().filter(|one| one.metric == metric).collect();
        let help = format!("{} in {}. {}", metric.name(), metric.unit(), metric.definition());
        let name = format!("kpbench_{}", metric.id());
        family(
            &mut text,
            &name,
            &help,
            of_it.iter().map(|one| (labels(run, one), one.value)),
        );
        let bound = |end: fn(&ExportedMetric) -> Option<f64>| {
            of_it
                .iter()
                .filter_map(move |one| Some((labels(run, one), end(one)?)))
                .collect::<Vec<_>>()
        };
        let named = |end: &str| format!("{end} end of the 95 % interval of {name}.");
        family(
            &mut text,
            &format!("{name}_ci95_low"),
            &named("Lower"),
            bound(|one| one.low),
        );
        family(
            &mut text,
            &format!("{name}_ci95_high"),
            &named("Upper"),
            bound(|one| one.high),
        );
    }
    gates(run, &mut text);
    text.push_str("# EOF\n");
    text
}

fn about(run: &ExportedRun, text: &mut String) {
    let labels = [
        ("run", run.run_name.as_str()),
        ("profile", &run.profile_name),
        ("target", run.target.name()),
        ("target_software", run.target_software.as_deref().unwrap_or_default()),
        ("host", &run.host),
        ("kpbench_version", &run.kpbench_version),
        ("client_version", &run.client_version),
    ];
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        text,
        "# TYPE kpbench_run info\n# HELP kpbench_run What was measured, and where.\nkpbench_run_info{} 1\n\
         # TYPE kpbench_run_timestamp_seconds gauge\n# UNIT kpbench_run_timestamp_seconds seconds\n\
         # HELP kpbench_run_timestamp_seconds When the run began, since the epoch.\n\
         kpbench_run_timestamp_seconds{} {}\n",
        label_set(&labels),
        label_set(&[("profile", &run.profile_name)]),
        run.created_at.as_second()
    );
    let trials = run.configurations().into_iter().filter_map(|(id, _)| {
        let metric = run.metrics.iter().find(|metric| metric.configuration_id == id)?;
        Some((labels_of(run, metric), metric.trials as f64))
    });
    family(text, "kpbench_trials", "Completed trials behind the figures.", trials);
}

/// A figure of a gate, where it has it.
type GateFigure = fn(&ExportedGate) -> Option<f64>;

fn gates(run: &ExportedRun, text: &mut String) {
    if run.gates.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "# TYPE kpbench_gate stateset\n# HELP kpbench_gate What the gate says of a metric: one of its states is 1.\n"
    );
    for gate in &run.gates {
        for &verdict in GateVerdict::ALL {
            let mut labels = gate_labels(run, gate);
            labels.push(("kpbench_gate", verdict.name()));
            let is = u8::from(gate.verdict == verdict);
            let _ = writeln!(text, "kpbench_gate{} {is}", label_set(&labels));
        }
    }
    let figures: [(&str, &str, GateFigure); 5] = [
        ("kpbench_gate_ratio", "Value divided by baseline.", |gate| gate.ratio),
        ("kpbench_gate_ratio_low", "Lower end of the ratio's interval.", |gate| {
            gate.ratio_low
        }),
        (
            "kpbench_gate_ratio_high",
            "Upper end of the ratio's interval.",
            |gate| gate.ratio_high,
        ),
        (
            "kpbench_gate_threshold_ratio",
            "The loss that is tolerated, as a share.",
            |gate| Some(gate.threshold),
        ),
        (
            "kpbench_gate_baseline",
            "What the value was compared with, in the metric's unit.",
            |gate| gate.baseline,
        ),
    ];
    for (name, help, figure) in figures {
        let samples = run
            .gates
            .iter()
            .filter_map(|gate| Some((label_set(&gate_labels(run, gate)), figure(gate)?)));
        family(text, name, help, samples);
    }
}

/// A gauge with its samples; nothing where it has none.
fn family(text: &mut String, name: &str, help: &str, samples: impl IntoIterator<Item = (String, f64)>) {
    let mut samples = samples.into_iter().peekable();
    if samples.peek().is_none() {
        return;
    }
    let _ = write!(text, "# TYPE {name} gauge\n# HELP {name} {}\n", escaped(help));
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

fn labels(run: &ExportedRun, metric: &&ExportedMetric) -> String {
    labels_of(run, metric)
}

fn labels_of(run: &ExportedRun, metric: &ExportedMetric) -> String {
    label_set(&pairs(run, metric))
}

fn pairs<'a>(run: &'a ExportedRun, metric: &'a ExportedMetric) -> Vec<(&'static str, &'a str)> {
    vec![
        ("profile", &run.profile_name),
        ("target", run.target.name()),
        ("configuration", &metric.configuration_id),
        ("label", &metric.label),
    ]
}

fn gate_labels<'a>(run: &'a ExportedRun, gate: &'a ExportedGate) -> Vec<(&'static str, &'a str)> {
    let mut labels = pairs(run, &gate.metric);
    labels.push(("metric", gate.metric.metric.id()));
    labels
}

fn label_set(labels: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// As label values and help texts have it; a carriage return would end the line for some readers.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\n', "\\n")
}
