//! Load on a freshly started local cluster before the first trial, so that its JIT compiler has seen every codec and
//! acks value of the sweep. Without it the first trial is less than half as fast as later ones.

use std::collections::BTreeSet;
use std::time::Duration;

use super::coordinator::Session;
use super::drive::End;
use super::spec::{trial_spec, without_registry};
use super::{RunError, sessions};
use crate::profile::Configuration;
use crate::protocol::{Arrival, SendMode};

/// The first configuration of each codec and acks value.
fn representatives(configurations: &[Configuration]) -> Vec<&Configuration> {
    let mut seen = BTreeSet::new();
    configurations
        .iter()
        .filter(|configuration| seen.insert((codec(configuration), configuration.acks)))
        .collect()
}

pub(super) fn codec(configuration: &Configuration) -> String {
    let property = |name: &str| configuration.effective_properties.get(name).cloned();
    property("compression.type")
        .or_else(|| property("compression.codec"))
        .unwrap_or_else(|| "none".to_owned())
}

impl Session<'_> {
    /// Shares `total_ms` out among the codecs and acks values. Returns the load that there was, in ms, or none where
    /// the run was asked to stop. A step that fails is told and skipped: the trials will show it again.
    pub(super) async fn condition(&mut self, total_ms: u64) -> Result<Option<u64>, RunError> {
        let configurations = &self.request.profile.configurations;
        let representatives = representatives(configurations);
        let steps = representatives.len();
        let step_ms = total_ms / steps.max(1) as u64;
        let mut conditioned_ms = 0;
        for (index, configuration) in representatives.into_iter().enumerate() {
            if self.cancel.is_cancelled() {
                return Ok(None);
            }
            let label = format!("acks={} {}", configuration.acks, codec(configuration));
            self.listener
                .conditioning(index + 1, steps, &label, Duration::from_millis(step_ms));
            match self
                .condition_with(&format!("conditioning-{}", index + 1), configuration, step_ms)
                .await?
            {
                End::Completed => conditioned_ms += step_ms,
                End::Stopped => return Ok(None),
                End::Failed(cause) => {
                    let cause = self.mask.text(&cause);
                    let text = format!("Warming up the cluster with {label} failed: {cause}");
                    self.listener.notice(&text);
                    sessions::remember(&mut self.directory, vec![text])?;
                }
            }
        }
        Ok(Some(conditioned_ms))
    }

    async fn condition_with(&mut self, id: &str, configuration: &Configuration, step_ms: u64) -> Result<End, RunError> {
        let topics = match self.topics.prepare_fresh(id, configuration).await {
            Ok(topics) => topics,
            Err(error) => return Ok(End::Failed(error.to_string())),
        };
        let on_cluster = topics.on_cluster();
        let mut spec = trial_spec(id, configuration, &self.request.profile, 0, self.cluster, &on_cluster);
        without_registry(&mut spec);
        spec.warmup_ms = 0;
        spec.measure_ms = step_ms;
        // The broker's code is to be warmed up, whatever the trials' own pace will be.
        spec.workload.arrival = Arrival::Unpaced;
        spec.workload.send_mode = SendMode::Async;
        spec.workload.send_concurrency = 1;
        // Its figures are thrown away, and so are its progress events.
        let driven = self.driver().drive(&spec, None, &mut ()).await?;
        self.topics.done_with(&topics, true).await;
        Ok(driven.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Acks;
    use crate::store::samples;

    #[test]
    fn every_codec_and_acks_value_is_there_once() {
        let with = |id: &str, codec: &str, acks| {
            let mut configuration = samples::configuration(id);
            configuration
                .effective_properties
                .insert("compression.type".to_owned(), codec.to_owned());
            configuration.acks = acks;
            configuration
        };
        let configurations = [
            with("c-1", "lz4", Acks::All),
            with("c-2", "lz4", Acks::All),
            with("c-3", "lz4", Acks::None),
            with("c-4", "zstd", Acks::All),
        ];
        let ids: Vec<&str> = representatives(&configurations)
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(ids, ["c-1", "c-3", "c-4"]);
    }
}
