//! What a trial process is asked to do, made from the profile.

use std::collections::BTreeMap;

use crate::plan;
use crate::profile::{Configuration, Profile};
use crate::protocol::{METADATA_TIMEOUT_MS, PROTOCOL_VERSION, TrialSpec};

use super::Cluster;

/// Period of the client's own statistics: an emission costs about 75 µs, so this is 0.1 % of a core.
const STATISTICS_INTERVAL_MS: u64 = 100;

/// The spec of one trial of `configuration` on existing topics, of which there is at least one: names and numbers of
/// partitions.
pub(super) fn trial_spec(
    trial_id: &str,
    configuration: &Configuration,
    profile: &Profile,
    block: u32,
    cluster: &dyn Cluster,
    topics: &[(String, u32)],
) -> TrialSpec {
    let run = &profile.run;
    let mut workload = configuration.workload.clone();
    for (own, (name, partitions)) in workload.records.topics.iter_mut().zip(topics) {
        (own.name, own.partitions) = (name.clone(), *partitions);
    }
    let (topic, partitions) = topics.first().cloned().unwrap_or_default();
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: trial_id.to_owned(),
        topic,
        partitions,
        properties: properties(configuration, cluster),
        acks: configuration.acks,
        workload,
        registry: profile.registry.clone(),
        max_block_ms: configuration.max_block_ms,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: run.warmup_ms,
        measure_ms: run.measure_ms,
        drain_timeout_ms: run.drain_timeout_ms,
        interval_ms: interval_ms(run.measure_ms),
        statistics_interval_ms: STATISTICS_INTERVAL_MS,
        seed: plan::block_seed(run.seed, block),
        record_latencies: true,
    }
}

/// Spares the Schema Registry a load whose records nobody reads: any id will do.
pub(super) fn without_registry(spec: &mut TrialSpec) {
    if let Some(serialization) = &mut spec.workload.serialization {
        serialization.schema_id = Some(1);
    }
}

fn properties(configuration: &Configuration, cluster: &dyn Cluster) -> BTreeMap<String, String> {
    let mut properties = configuration.effective_properties.clone();
    properties.extend(
        cluster
            .connection()
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    properties.insert("bootstrap.servers".to_owned(), cluster.bootstrap_servers().to_owned());
    properties
}

/// One second; shorter where a window would have fewer than five of them, so that its course can be seen at all.
fn interval_ms(measure_ms: u64) -> u64 {
    if measure_ms >= 5_000 {
        1_000
    } else {
        (measure_ms / 5).clamp(100, 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_windows_have_five_intervals_and_long_ones_have_seconds() {
        assert_eq!(interval_ms(1_000), 200);
        assert_eq!(interval_ms(4_999), 999);
        assert_eq!(interval_ms(60_000), 1_000);
        assert_eq!(interval_ms(100), 100);
    }
}
