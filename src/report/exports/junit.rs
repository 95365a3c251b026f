//! JUnit XML: one suite per configuration, one case per gated metric. A regression is a failure; what could not be
//! decided or is not valid is an error, since the job did not get its answer.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{ExportError, ExportedGate, ExportedRun, GateVerdict};

/// The document.
pub fn render(run: &ExportedRun) -> Result<String, ExportError> {
    let mut report = Report::new(format!("kpbench {}", run.profile_name));
    for (id, label) in run.configurations() {
        let gates = run.gates.iter().filter(|gate| gate.metric.configuration_id == id);
        let mut cases: Vec<TestCase> = gates.map(|gate| case(run, gate)).collect();
        if run.gates.is_empty() {
            cases.push(not_gated(run, id, label));
        }
        if cases.is_empty() {
            continue;
        }
        let mut suite = TestSuite::new(format!("{}: {label}", run.profile_name));
        suite.add_test_cases(cases);
        let timestamp = run.created_at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        suite.extra.insert("timestamp".into(), timestamp.into());
        let properties = [
            ("run", run.run_name.as_str()),
            ("configuration", id),
            ("target", run.target.name()),
            ("target.software", run.target_software.as_deref().unwrap_or_default()),
            ("host", &run.host),
            ("kpbench", &run.kpbench_version),
            ("client", &run.client_version),
        ];
        suite.add_properties(properties.map(|(name, value)| Property::new(name, value)));
        if !run.notes.is_empty() {
            suite.set_system_out(run.notes.join("\n"));
        }
        report.add_test_suite(suite);
    }
    Ok(without_total_of_skipped(&report.to_string()?))
}

/// Jenkins' schema, `junit-10.xsd`, has the number of skipped cases on each suite and not on all of them.
fn without_total_of_skipped(xml: &str) -> String {
    let Some((head, rest)) = xml.split_once("<testsuites ") else {
        return xml.to_owned();
    };
    let Some((root, suites)) = rest.split_once('>') else {
        return xml.to_owned();
    };
    // Text within an attribute has its quotes escaped, so this is the attribute itself.
    let kept: String = match root.split_once(" skipped=\"") {
        Some((before, after)) => before.to_owned() + after.split_once('"').map_or("", |(_, after)| after),
        None => root.to_owned(),
    };
    format!("{head}<testsuites {kept}>{suites}")
}

fn case(run: &ExportedRun, gate: &ExportedGate) -> TestCase {
    let kind = match gate.verdict {
        GateVerdict::Pass => None,
        GateVerdict::Regression => Some(NonSuccessKind::Failure),
        GateVerdict::Inconclusive if run.lenient => return with_figures(gate, skipped(gate)),
        GateVerdict::Inconclusive | GateVerdict::NotValid => Some(NonSuccessKind::Error),
    };
    let mut status = kind.map_or_else(TestCaseStatus::success, TestCaseStatus::non_success);
    if kind.is_some() {
        status
            .set_type(gate.verdict.name())
            .set_message(gate.sentence.as_str())
            .set_description(figures(gate));
    }
    with_figures(gate, status)
}

fn skipped(gate: &ExportedGate) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!("inconclusive, and lenient was asked for: {}", gate.sentence));
    status
}

fn with_figures(gate: &ExportedGate, status: TestCaseStatus) -> TestCase {
    let metric = &gate.metric;
    let mut case = TestCase::new(metric.metric.name(), status);
    case.set_classname(format!("{}.{}", metric.label, metric.metric.id()));
    case.set_system_out(format!("{}\n{}", gate.sentence, figures(gate)));
    case
}

/// In the metric's plain unit, so that a script can read them.
fn figures(gate: &ExportedGate) -> String {
    let (metric, unit) = (&gate.metric, gate.metric.metric.unit());
    let mut lines = vec![format!("value: {} {unit}, {} trials", metric.value, metric.trials)];
    if let Some((low, high)) = metric.low.zip(metric.high) {
        lines.push(format!("95 % interval: {low} to {high} {unit}"));
    }
    if let Some(baseline) = gate.baseline {
        lines.push(format!("baseline: {baseline} {unit}"));
    }
    if let Some(ratio) = gate.ratio {
        lines.push(format!("ratio: {ratio}"));
    }
    if let Some((low, high)) = gate.ratio_low.zip(gate.ratio_high) {
        lines.push(format!("interval of the ratio: {low} to {high}"));
    }
    lines.push(format!("threshold: {}", gate.threshold));
    lines.join("\n")
}

/// A run that nothing was asked of: a suite without a case is an error to some servers, and a pass would be a lie.
fn not_gated(run: &ExportedRun, id: &str, label: &str) -> TestCase {
    let asked = run.verdict.filter(|verdict| *verdict != GateVerdict::Pass);
    let mut status = match asked {
        None => TestCaseStatus::skipped(),
        Some(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    match asked {
        None => status.set_message("no gate: nothing was compared with a baseline"),
        // What was asked got no answer.
        Some(verdict) => status
            .set_type(verdict.name())
            .set_message(run.notes.first().map_or("nothing was gated", String::as_str)),
    };
    let mut case = TestCase::new("figures", status);
    case.set_classname(label);
    let lines: Vec<String> = run
        .metrics
        .iter()
        .filter(|metric| metric.configuration_id == id)
        .map(|metric| format!("{}: {} {}", metric.metric.name(), metric.value, metric.metric.unit()))
        .collect();
    case.set_system_out(lines.join("\n"));
    case
}
