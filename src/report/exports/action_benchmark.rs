//! The custom formats of the GitHub action `benchmark-action/github-action-benchmark`: a list of entries with `name`,
//! `unit`, `value`, and optionally `range` and `extra`; one list where smaller is better, one where bigger is.

use serde::Serialize;

use super::{Document, ExportError, ExportedMetric, ExportedRun};
use crate::report::charts::Better;

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// Figures of which neither way is better are in neither: the action would raise alerts on them.
pub fn render(run: &ExportedRun) -> Result<Vec<Document>, ExportError> {
    let document = |suffix: &'static str, better: Better| -> Result<Document, ExportError> {
        let entries: Vec<Entry> = run
            .metrics
            .iter()
            .filter(|metric| metric.metric.better() == better)
            .map(|metric| entry(run, metric))
            .collect();
        Ok(Document {
            suffix: Some(suffix),
            text: serde_json::to_string_pretty(&entries)? + "\n",
        })
    };
    Ok(vec![
        document("smaller", Better::Lower)?,
        document("bigger", Better::Higher)?,
    ])
}

fn entry(run: &ExportedRun, metric: &ExportedMetric) -> Entry {
    // The action follows an entry over runs by its name.
    let name = format!("{}: {}: {}", run.profile_name, metric.label, metric.metric.name());
    let range = metric.low.zip(metric.high).map(|(low, high)| format!("{low}–{high}"));
    let interval = range.as_ref().map_or("", |_| "range: 95 % interval\n");
    Entry {
        name,
        unit: metric.metric.unit(),
        value: metric.value,
        range,
        extra: format!(
            "trials: {}\n{interval}metric: {}\nconfiguration: {}\ntarget: {}",
            metric.trials,
            metric.metric.id(),
            metric.configuration_id,
            run.target.name()
        ),
    }
}
