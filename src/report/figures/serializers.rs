//! What formats cost, side by side: bytes on the wire, processor time, and the time on the sending path. Only for runs
//! whose records were serialized.

use super::{Drawn, Part, Source, sample};
use crate::report::charts::{self, ChartError, Mark, RangeBars, RangeRow};
use crate::report::columns::{self, RowOrder};
use crate::report::metric::Metric;
use crate::report::summary::ConfigurationSummary;

/// Bars of one chart.
const BARS: usize = 40;

/// Each figure with the name of its files and what is said under its title.
const FIGURES: [(Metric, &str, &str); 3] = [
    (
        Metric::WireBytes,
        "serializers-wire",
        "What one record costs on the wire, after compression, batch and request framing included.",
    ),
    (
        Metric::ClientCpu,
        "serializers-cpu",
        "Processor time of the client per acknowledged record: serializing, compressing and sending.",
    ),
    (
        Metric::SerializeTime,
        "serializers-time",
        "From the logical record to its bytes, on the sending path, before compression.",
    ),
];

pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let serialized = |c: &ConfigurationSummary| Metric::SerializedBytes.value(c).is_some();
    if !source.configurations().iter().any(serialized) {
        return Ok(Vec::new());
    }
    FIGURES
        .iter()
        .filter(|(metric, ..)| source.configurations().iter().any(|c| metric.value(c).is_some()))
        .map(|(metric, name, subtitle)| bars(source, *metric, name, subtitle))
        .collect()
}

/// In the matrix's order, so that formats stand beside each other, and on the same line in each chart.
fn bars(source: &Source<'_>, metric: Metric, name: &str, subtitle: &str) -> Result<Drawn, ChartError> {
    let configurations = source.configurations();
    let rows = columns::ordered(&source.analysis.summary, RowOrder::Matrix)
        .into_iter()
        .take(BARS)
        .filter(|&place| metric.value(&configurations[place]).is_some())
        .map(|place| RangeRow {
            label: source.labels[place].clone(),
            sample: sample(metric, &configurations[place]),
            mark: Mark::default(),
            highlight: false,
        })
        .collect();
    let subtitle = source.named(&format!("{subtitle} In the matrix's order."));
    let chart = charts::range_bars(&RangeBars {
        frame: source.frame(name, metric.name(), subtitle),
        measure: metric.measure(),
        rows,
    })?;
    Ok(Drawn {
        name: name.to_owned(),
        part: Part::Overview,
        chart,
    })
}
