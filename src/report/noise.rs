//! What identical trials differ by: the noise floor of a run that measured one configuration under two labels.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::analysis::{COMPARED, Observations, completed_result};
use crate::stats::noise_floor;
use crate::store::{Manifest, NoiseFloor, SCHEMA_VERSION, TrialRecord};
use crate::words::percent;

/// Level of the intervals. A floor is kept of every figure that runs are compared by.
const CONFIDENCE: f64 = 0.95;

/// The floor that a run's two identical configurations show; none where it has not exactly two, or they are not
/// identical. `label` is what the configuration is called.
pub fn noise_floor_of(manifest: &Manifest, trials: &[TrialRecord], label: &str, now: Timestamp) -> Option<NoiseFloor> {
    let [a, b] = &manifest.configurations[..] else {
        return None;
    };
    let identical = a.effective_properties == b.effective_properties
        && (&a.workload, a.partitions, a.max_block_ms) == (&b.workload, b.partitions, b.max_block_ms);
    if !identical {
        return None;
    }
    let observations = Observations::of(manifest, trials);
    let floors = COMPARED.into_iter().filter_map(|metric| {
        let pairs = observations.pairs(&a.id, &b.id, metric).values;
        Some((metric.id().to_owned(), noise_floor::upper_limit(&pairs, CONFIDENCE)?))
    });
    let completed = |id: &str| -> BTreeSet<u32> {
        let own = trials.iter().filter(|trial| trial.planned.configuration_id == id);
        own.filter(|trial| completed_result(trial).is_ok())
            .map(|trial| trial.planned.block)
            .collect()
    };
    Some(NoiseFloor {
        schema_version: SCHEMA_VERSION,
        created_at: now,
        kpbench_version: manifest.kpbench_version.clone(),
        client_version: manifest.client_version.clone(),
        host: manifest.host.clone(),
        target: manifest.target.clone(),
        configuration: label.to_owned(),
        measure_ms: manifest.run.measure_ms,
        blocks: completed(&a.id).intersection(&completed(&b.id)).count() as u32,
        confidence: CONFIDENCE,
        floors: floors.collect(),
    })
}

/// The floor as text for a terminal.
pub fn text(floor: &NoiseFloor) -> String {
    let software = floor.target.software.as_deref().unwrap_or("unknown software");
    let mut text = format!(
        "Noise floor of {} against target {} ({software}), {} of {:?}:\n",
        floor.host.cpu,
        floor.target.kind,
        super::format::counted(u64::from(floor.blocks), "block", "blocks"),
        floor.configuration,
    );
    for metric in COMPARED {
        let shown = floor.floors.get(metric.id());
        let shown = shown.map_or_else(|| "not measured".to_owned(), |floor| format!("± {}", percent(*floor)));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<24} {shown}", metric.name());
    }
    let _ = writeln!(
        text,
        "The ratio between identical trials lies no further from 1 than this, by its {:.0} % interval. Single trials vary \
         by more. Smaller differences are not called real.",
        floor.confidence * 100.0
    );
    text
}
