//! Headroom: the same client work against the mock cluster, measured once per distinct client-side configuration; every
//! configuration that shares it is compared with that rate. Near 1, the load generator was the bottleneck and not the
//! target.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::coordinator::Session;
use super::drive::End;
use super::spec::{trial_spec, without_registry};
use super::topics::wanted;
use super::{Cluster, RunError};
use crate::analysis::throughput;
use crate::profile::{Configuration, TargetSettings, TopicSettings};
use crate::protocol::{Acks, Arrival, TargetKind, TrialResult};
use crate::store::{BrokerFigures, Headroom, TrialRecord};

/// Properties that only a broker acts on: the client's work is the same whatever they are.
const BROKER_SIDE: [&str; 3] = ["acks", "request.required.acks", "request.timeout.ms"];
/// Longest warm-up against the mock cluster, which has no JIT compiler to warm up.
const MAX_WARMUP_MS: u64 = 500;

/// What was measured already, and the mock cluster once there is one.
#[derive(Default)]
pub(super) struct Headrooms {
    /// Records/s against the mock cluster by what the client does; none where that could not be measured.
    mock_records_per_s: HashMap<String, Option<f64>>,
    /// Configurations that have their headroom.
    told: HashSet<String>,
    mock: Option<Box<dyn Cluster>>,
}

impl Headrooms {
    /// Remembers what earlier sessions of the run measured.
    pub(super) fn from_records(records: &[TrialRecord], configurations: &[Configuration]) -> Headrooms {
        let mut headrooms = Headrooms::default();
        for record in records {
            let id = &record.planned.configuration_id;
            if let Some(headroom) = &record.headroom
                && let Some(configuration) = configurations.iter().find(|configuration| configuration.id == *id)
            {
                let rate = Some(headroom.mock_records_per_s);
                headrooms.mock_records_per_s.insert(client_side(configuration), rate);
                headrooms.told.insert(id.clone());
            }
        }
        headrooms
    }

    pub(super) async fn stop(&mut self) {
        if let Some(mock) = self.mock.take() {
            // Its process dies with this one in any case.
            let _ = mock.stop().await;
        }
    }
}

/// Everything that decides what the client does, as one key.
fn client_side(configuration: &Configuration) -> String {
    let properties: BTreeMap<_, _> = configuration
        .effective_properties
        .iter()
        .filter(|(name, _)| !BROKER_SIDE.contains(&name.as_str()))
        .collect();
    format!(
        "{properties:?} {:?} {} {}",
        configuration.workload, configuration.partitions, configuration.max_block_ms
    )
}

/// Undefined for acks=0, whose successes are socket writes, for TLS, which the mock cluster does not speak, and for a
/// scheduler's batches, whose pace is the scheduler's.
fn defined(configuration: &Configuration, kind: TargetKind, connection: &BTreeMap<String, String>) -> bool {
    let tls = connection
        .get("security.protocol")
        .is_some_and(|protocol| protocol.to_lowercase().contains("ssl"));
    let drained = configuration.workload.arrival.scheduled_drain().is_some();
    !drained && configuration.acks != Acks::None && kind != TargetKind::Mock && !tls
}

impl Session<'_> {
    /// The headroom of a completed trial where its configuration has none yet. Measures where nothing that shares its
    /// client side was measured. The inner error is a cause for a warning; none without error: not due, or the run was
    /// asked to stop.
    pub(super) async fn headroom(
        &mut self,
        configuration: &Configuration,
        result: &TrialResult,
        broker: &BrokerFigures,
    ) -> Result<Result<Option<Headroom>, String>, RunError> {
        let profile = &self.request.profile;
        let due = profile.run.headroom
            && defined(configuration, profile.target.kind, self.cluster.connection())
            && !self.headrooms.told.contains(&configuration.id);
        let reached = throughput(configuration.acks, result, broker).filter(|&reached| reached > 0.0);
        let (true, Some(reached)) = (due, reached) else {
            return Ok(Ok(None));
        };
        let key = client_side(configuration);
        let mock = match self.headrooms.mock_records_per_s.get(&key) {
            Some(known) => *known,
            None => {
                // Also where it fails: it would fail again at every trial.
                self.headrooms.mock_records_per_s.insert(key.clone(), None);
                self.listener.headroom_started(configuration);
                let mock = match self.mock_records_per_s(configuration).await? {
                    Ok(mock) => mock,
                    Err(cause) => return Ok(Err(cause)),
                };
                self.headrooms.mock_records_per_s.insert(key, mock);
                mock
            }
        };
        Ok(Ok(mock.map(|mock| {
            self.headrooms.told.insert(configuration.id.clone());
            // Where the rate climbs, the client must have kept up with its highest.
            let highest = configuration.workload.arrival.segments(profile.run.measure_ms);
            let highest = highest
                .into_iter()
                .flatten()
                .map(|part| part.from_per_s.max(part.to_per_s));
            Headroom {
                mock_records_per_s: mock,
                ratio: mock / highest.fold(reached, f64::max),
            }
        })))
    }

    async fn mock_records_per_s(
        &mut self,
        configuration: &Configuration,
    ) -> Result<Result<Option<f64>, String>, RunError> {
        if self.headrooms.mock.is_none() {
            match self
                .starter
                .start(&mock_settings(self.cluster.description().brokers))
                .await
            {
                Ok(mock) => self.headrooms.mock = Some(mock),
                Err(error) => return Ok(Err(format!("the mock cluster did not start: {error}"))),
            }
        }
        let Some(mock) = self.headrooms.mock.as_deref() else {
            return Ok(Ok(None));
        };
        let settings = TopicSettings {
            existing: None,
            replication_factor: 1,
            config: BTreeMap::new(),
        };
        let measured = self.headrooms.mock_records_per_s.len();
        let base = format!("{}headroom-{measured}", crate::target::TOPIC_PREFIX);
        let topics = wanted(&base, configuration, &settings);
        for topic in &topics {
            if let Err(error) = mock.create_topic(topic).await {
                return Ok(Err(format!("the mock cluster has no topic: {error}")));
            }
        }
        let on_cluster: Vec<(String, u32)> = topics
            .iter()
            .map(|topic| (topic.name.clone(), topic.partitions))
            .collect();
        let run = &self.request.profile.run;
        let mut spec = trial_spec("headroom", configuration, &self.request.profile, 0, mock, &on_cluster);
        without_registry(&mut spec);
        spec.warmup_ms = run.warmup_ms.min(MAX_WARMUP_MS);
        spec.measure_ms = run.headroom_measure_ms;
        spec.workload.arrival = Arrival::Unpaced;
        let driven = self.driver().drive(&spec, None, &mut ()).await?;
        for topic in &topics {
            let _ = mock.delete_topic(&topic.name).await;
        }
        Ok(match (driven.end, driven.result) {
            (End::Completed, Some(result)) => Ok(throughput(configuration.acks, &result, &BrokerFigures::default())),
            (End::Failed(cause), _) => Err(cause),
            (End::Stopped | End::Completed, _) => Ok(None),
        })
    }
}

fn mock_settings(brokers: u32) -> TargetSettings {
    TargetSettings {
        kind: TargetKind::Mock,
        brokers: brokers.max(1),
        bootstrap_servers: None,
        connection: BTreeMap::new(),
        broker_config: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn what_only_a_broker_sees_makes_no_difference() {
        let one = samples::configuration("c-1");
        let mut other = samples::configuration("c-2");
        other.effective_properties.insert("acks".to_owned(), "1".to_owned());
        assert_eq!(client_side(&one), client_side(&other));
        other
            .effective_properties
            .insert("linger.ms".to_owned(), "1".to_owned());
        assert_ne!(client_side(&one), client_side(&other));
    }

    #[test]
    fn it_is_undefined_without_acknowledgements_over_tls_and_on_the_mock_itself() {
        let mut configuration = samples::configuration("c-1");
        let plain = BTreeMap::new();
        let tls = BTreeMap::from([("security.protocol".to_owned(), "SASL_SSL".to_owned())]);
        assert!(defined(&configuration, TargetKind::Local, &plain));
        assert!(!defined(&configuration, TargetKind::Mock, &plain));
        assert!(!defined(&configuration, TargetKind::External, &tls));
        configuration.acks = Acks::None;
        assert!(!defined(&configuration, TargetKind::Local, &plain));
    }
}
