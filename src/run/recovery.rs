//! A target that does not answer: waited for, and brought back where it was started here.

use std::future::Future;

use super::coordinator::Session;
use super::topics::PreparedTopic;
use super::{Cancel, ClusterError, Ended, RunError};
use crate::profile::Configuration;
use crate::store::PlannedTrial;

/// Why there is no topic for a trial.
pub(super) enum Unprepared {
    /// The cluster answers, but not with a topic.
    Refused(ClusterError),
    /// The run is over.
    End(Ended),
    /// The run cannot go on.
    Error(RunError),
}

/// What `work` gives, unless the run is asked to stop meanwhile: a broker that does not answer must not hold that up.
async fn unless_stopped<T>(cancel: &Cancel, work: impl Future<Output = T>) -> Result<T, Unprepared> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = cancel.cancelled() => Err(Unprepared::End(Ended::Interrupted)),
    }
}

impl Session<'_> {
    /// A topic for the trial, waiting for the target where it does not answer.
    pub(super) async fn prepare_patiently(
        &mut self,
        planned: &PlannedTrial,
        configuration: &Configuration,
    ) -> Result<PreparedTopic, Unprepared> {
        let prepared = self.topics.prepare(&planned.trial_id, configuration);
        let error = match unless_stopped(self.cancel, prepared).await? {
            Ok(topic) => return Ok(topic),
            Err(error) => error,
        };
        let limit = self.request.limits.reachable;
        if unless_stopped(self.cancel, self.cluster.wait_until_reachable(limit))
            .await?
            .is_err()
            && let Some(ended) = self.wait_for_target(&error.message).await.map_err(Unprepared::Error)?
        {
            return Err(Unprepared::End(ended));
        }
        // The first attempt may have made it half-way, and its name is taken then.
        let again = format!("{}-again", planned.trial_id);
        unless_stopped(self.cancel, self.topics.prepare(&again, configuration))
            .await?
            .map_err(Unprepared::Refused)
    }

    /// Waits for a target that is gone; returns the end of the run where it does not come back. A local broker that was
    /// started again is as cold as a fresh one, and gets the same load before the next trial.
    pub(super) async fn wait_for_target(&mut self, cause: &str) -> Result<Option<Ended>, RunError> {
        let limit = self.request.limits.target_return;
        self.listener.target_lost(&self.mask.text(cause), limit);
        let back = async {
            let started_again = self.cluster.revive().await?;
            self.cluster.wait_until_reachable(limit).await?;
            Ok::<_, ClusterError>(started_again)
        };
        let answer = tokio::select! {
            () = self.cancel.cancelled() => return Ok(Some(Ended::Interrupted)),
            answer = back => answer,
        };
        match answer {
            Err(error) => Ok(Some(Ended::TargetLost {
                cause: self.mask.text(&error.message),
            })),
            Ok(started_again) => {
                self.listener.target_back();
                let conditioning_ms = self.request.profile.run.conditioning_ms;
                if started_again > 0 && conditioning_ms > 0 && self.condition(conditioning_ms).await?.is_none() {
                    return Ok(Some(Ended::Interrupted));
                }
                Ok(None)
            }
        }
    }
}
