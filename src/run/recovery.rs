//! A target that does not answer: waited for, and brought back where it was started here.

use std::future::Future;
use std::time::{Duration, Instant};

use super::coordinator::Session;
use super::topics::PreparedTopics;
use super::{Cancel, ClusterError, Ended, RunError};
use crate::profile::Configuration;
use crate::store::PlannedTrial;

/// How often brokers that were started here are started again in one wait. The first start may fail: while nobody
/// listened, any connection of this machine may have been given the broker's port as its own.
const STARTS: usize = 5;

/// Time between two starts, for such a connection to go away: this part of the longest wait.
const PAUSES_PER_WAIT: u32 = 100;

/// Why there are no topics for a trial.
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
    /// The topics for the trial, waiting for the target where it does not answer.
    pub(super) async fn prepare_patiently(
        &mut self,
        planned: &PlannedTrial,
        configuration: &Configuration,
    ) -> Result<PreparedTopics, Unprepared> {
        let prepared = self.topics.prepare(&planned.trial_id, configuration);
        let error = match unless_stopped(self.cancel, prepared).await? {
            Ok(topics) => return Ok(topics),
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
        let answer = tokio::select! {
            () = self.cancel.cancelled() => return Ok(Some(Ended::Interrupted)),
            answer = self.bring_back(limit) => answer,
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

    /// Waits for the target, starting what was started here and has ended; says how many processes that were.
    async fn bring_back(&self, limit: Duration) -> Result<usize, ClusterError> {
        let (deadline, pause) = (Instant::now() + limit, limit / PAUSES_PER_WAIT);
        let mut started = 0;
        for attempt in 1.. {
            started += self.cluster.revive().await?;
            let left = deadline.saturating_duration_since(Instant::now());
            let Err(error) = self.cluster.wait_until_reachable(left).await else {
                break;
            };
            let ended_again = self.cluster.check_alive().is_err();
            if !ended_again || attempt >= STARTS || left <= pause {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
        Ok(started)
    }
}
