//! Bencher Metric Format JSON, <https://bencher.dev/docs/reference/bencher-metric-format>: benchmark → measure → metric.

use serde_json::{Map, Value, json};

use super::{ExportError, ExportedRun};

/// Longest name of a benchmark, in characters.
const LONGEST_NAME: usize = 1024;

/// Benchmarks are called by profile and label, measures by the metric's id: all of them say their unit there, since the
/// format has no place for it and Bencher's built-in measures (`latency` in ns) mean something else.
pub fn render(run: &ExportedRun) -> Result<String, ExportError> {
    let mut benchmarks = Map::new();
    for (id, label) in run.configurations() {
        let mut measures = Map::new();
        for metric in run.metrics.iter().filter(|metric| metric.configuration_id == id) {
            let mut figures = Map::new();
            figures.insert("value".to_owned(), json!(metric.value));
            if let Some(low) = metric.low {
                figures.insert("lower_value".to_owned(), json!(low));
            }
            if let Some(high) = metric.high {
                figures.insert("upper_value".to_owned(), json!(high));
            }
            measures.insert(metric.metric.id().to_owned(), Value::Object(figures));
        }
        if !measures.is_empty() {
            benchmarks.insert(name(run, id, label, &benchmarks), Value::Object(measures));
        }
    }
    Ok(serde_json::to_string_pretty(&benchmarks)? + "\n")
}

/// Within the format's length; with the configuration's id where another has the same name already.
fn name(run: &ExportedRun, id: &str, label: &str, taken: &Map<String, Value>) -> String {
    let name = format!("{}: {label}", run.profile_name);
    if name.chars().count() <= LONGEST_NAME && !taken.contains_key(&name) {
        return name;
    }
    let end = format!(" ({id})");
    let room = LONGEST_NAME.saturating_sub(end.chars().count());
    name.chars().take(room).chain(end.chars()).collect()
}
