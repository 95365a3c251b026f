//! The real targets as the coordinator sees them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{BoxFuture, Cluster, ClusterError, ClusterStarter};
use crate::profile::TargetSettings;
use crate::store::TargetDescription;
use crate::target::{NewTopic, Patience, StartOptions, Target, TargetError, WatermarkPoll};

/// Starts real targets.
#[derive(Clone, Debug)]
pub struct Targets {
    /// How they are started, beyond what a profile says.
    pub options: StartOptions,
}

impl ClusterStarter for Targets {
    fn start<'a>(&'a self, settings: &'a TargetSettings) -> BoxFuture<'a, Result<Box<dyn Cluster>, ClusterError>> {
        Box::pin(async {
            let target = Target::start(settings, &self.options).await?;
            Ok(Box::new(target) as Box<dyn Cluster>)
        })
    }
}

impl From<TargetError> for ClusterError {
    fn from(error: TargetError) -> ClusterError {
        ClusterError {
            refused: matches!(error, TargetError::Impossible(_)),
            message: error.to_string(),
        }
    }
}

impl Cluster for Target {
    fn bootstrap_servers(&self) -> &str {
        Target::bootstrap_servers(self)
    }

    fn connection(&self) -> &BTreeMap<String, String> {
        Target::connection(self)
    }

    fn description(&self) -> TargetDescription {
        Target::description(self)
    }

    fn broker_cpu_us(&self) -> Option<u64> {
        Target::broker_cpu_us(self)
    }

    fn check_alive(&self) -> Result<(), ClusterError> {
        match self.local() {
            Some(local) => Ok(local.check_alive()?),
            None => Ok(()),
        }
    }

    fn probe_topic<'a>(&'a self, topic: &'a NewTopic) -> BoxFuture<'a, Result<(), ClusterError>> {
        Box::pin(async { Ok(Target::probe_topic(self, topic).await?) })
    }

    fn create_topic<'a>(&'a self, topic: &'a NewTopic) -> BoxFuture<'a, Result<(), ClusterError>> {
        Box::pin(async { Ok(Target::create_topic(self, topic).await?) })
    }

    fn delete_topic<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), ClusterError>> {
        Box::pin(async { Ok(Target::delete_topic(self, name).await?) })
    }

    fn high_watermarks<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<Vec<u64>, ClusterError>> {
        Box::pin(async { Ok(Target::high_watermarks(self, topic).await?) })
    }

    fn poll_watermarks<'a>(&'a self, topics: &'a [&'a str]) -> BoxFuture<'a, Result<WatermarkPoll, ClusterError>> {
        Box::pin(async { Ok(Target::poll_watermarks(self, topics).await?) })
    }

    fn settled_high_watermarks<'a>(
        &'a self,
        topics: &'a [&'a str],
        patience: Patience,
    ) -> BoxFuture<'a, Result<Vec<u64>, ClusterError>> {
        Box::pin(async move { Ok(Target::settled_high_watermarks(self, topics, patience).await?) })
    }

    fn revive(&self) -> BoxFuture<'_, Result<usize, ClusterError>> {
        Box::pin(async { Ok(Target::revive(self).await?) })
    }

    fn wait_until_reachable(&self, timeout: Duration) -> BoxFuture<'_, Result<(), ClusterError>> {
        Box::pin(async move { Ok(Target::wait_until_reachable(self, timeout).await?) })
    }

    fn stop(self: Box<Self>) -> BoxFuture<'static, Result<(), ClusterError>> {
        Box::pin(async { Ok(Target::stop(*self).await?) })
    }
}
