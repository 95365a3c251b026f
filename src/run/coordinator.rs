//! One session of a run: the trials that remain, one at a time, each stored before the next begins.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::brackets::Brackets;
use super::drive::{Driven, Driver, End};
use super::headroom::Headrooms;
use super::history::History;
use super::judgement::{lost_for_a_while, nothing_arrived, nothing_in_window};
use super::patience;
use super::recovery::Unprepared;
use super::spec::trial_spec;
use super::topics::{PreparedTopics, Topics};
use super::warnings::{self, Warning};
use super::{
    Cancel, Cluster, ClusterError, ClusterStarter, Ended, Limits, Listener, Mask, Patience, Progress, RunError,
    RunRequest,
};
use crate::profile::Configuration;
use crate::protocol::{Acks, Interval, TrialResult};
use crate::store::{BrokerFigures, Headroom, PlannedTrial, RunDirectory, SCHEMA_VERSION, TrialOutcome, TrialRecord};

/// How long a trial that has ended may take to be stored after the run was asked to stop: mostly it takes much less, and
/// it would have to be run again.
const CONCLUDING: Duration = Duration::from_secs(1);

/// Everything that the trials of one session share.
pub(super) struct Session<'a> {
    pub(super) request: &'a RunRequest,
    pub(super) cluster: &'a dyn Cluster,
    pub(super) starter: &'a dyn ClusterStarter,
    pub(super) directory: RunDirectory,
    pub(super) topics: Topics<'a>,
    pub(super) mask: &'a Mask,
    pub(super) cancel: &'a Cancel,
    pub(super) listener: &'a mut dyn Listener,
    pub(super) headrooms: Headrooms,
    pub(super) tally: Tally,
    pub(super) history: History,
    /// The number of blocks that was told last, where a precision decides.
    pub(super) told_blocks: Option<u32>,
    /// Configurations of which a completed trial is stored.
    pub(super) seen: HashSet<String>,
}

/// How many trials are stored, and how long those of this session took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) planned: usize,
    /// Blocks of the plan; where a precision decides, those expected.
    pub(super) blocks: u32,
    pub(super) completed: usize,
    pub(super) failed: usize,
    pub(super) session_trials: u32,
    pub(super) session_time: Duration,
}

/// What follows from one trial.
enum Step {
    /// It is stored; the next trial's topics may be ready.
    Stored(Option<PreparedTopics>),
    /// The run is over.
    End(Ended),
}

/// A trial that has come to its end, before it is stored.
struct Finished {
    outcome: TrialOutcome,
    result: Option<TrialResult>,
    broker: BrokerFigures,
    warnings: Vec<Warning>,
    /// Set where the target does not answer any more.
    lost: Option<ClusterError>,
}

impl<'a> Session<'a> {
    /// Runs what remains.
    pub(super) async fn run_trials(&mut self, remaining: &[PlannedTrial]) -> Result<Ended, RunError> {
        let mut ready = None;
        for (index, planned) in remaining.iter().enumerate() {
            if self.cancel.is_cancelled() {
                return Ok(Ended::Interrupted);
            }
            match self.run_trial(planned, ready.take(), remaining.get(index + 1)).await? {
                Step::Stored(next) => ready = next,
                Step::End(ended) => return Ok(ended),
            }
        }
        Ok(Ended::Complete)
    }

    pub(super) fn driver(&self) -> Driver<'a> {
        Driver {
            spawner: &self.request.spawner,
            program: &self.request.trial_program,
            limits: self.request.limits,
            cancel: self.cancel,
        }
    }

    /// What drives the trials of one configuration.
    fn driver_of(&self, configuration: &Configuration) -> Driver<'a> {
        let other = self.request.trial_programs.get(&configuration.id);
        Driver {
            program: other.map_or(&self.request.trial_program, |other| &other.program),
            ..self.driver()
        }
    }

    /// Notes which client another trial program has, once that is known.
    fn know_program(&mut self, configuration: &Configuration, client_version: Option<String>) -> Result<(), RunError> {
        let mut manifest = self.directory.manifest().clone();
        let Some(program) = manifest.trial_programs.get_mut(&configuration.id) else {
            return Ok(());
        };
        if client_version.is_some() && program.client_version.is_none() {
            program.client_version = client_version;
            self.directory.set_manifest(manifest)?;
        }
        Ok(())
    }

    async fn run_trial(
        &mut self,
        planned: &PlannedTrial,
        ready: Option<PreparedTopics>,
        next: Option<&PlannedTrial>,
    ) -> Result<Step, RunError> {
        let (started, started_at) = (Instant::now(), Timestamp::now());
        let configuration = self.configuration(planned);
        self.listener.trial_started(planned, configuration, self.progress());
        let topics = match ready {
            Some(topics) => topics,
            None => match self.prepare_patiently(planned, configuration).await {
                Ok(topics) => topics,
                Err(Unprepared::Refused(error)) => {
                    let cause = format!("its topic could not be made: {error}");
                    self.store(failed_record(planned, started_at, cause), configuration, started)?;
                    return Ok(Step::Stored(None));
                }
                Err(Unprepared::End(ended)) => return Ok(Step::End(ended)),
                Err(Unprepared::Error(error)) => return Err(error),
            },
        };
        let (driven, broker) = self.drive(planned, configuration, &topics).await?;
        if driven.end == End::Stopped {
            return Ok(Step::End(Ended::Interrupted));
        }
        let Driven {
            end,
            result,
            intervals,
            window_started_at,
            mut effective_properties,
            client_version,
        } = driven;
        let concluded = tokio::select! {
            concluded = self.conclude(configuration, &topics, (end, result, broker), next) => Some(concluded),
            () = self.out_of_patience() => None,
        };
        let Some((mut finished, next_topic)) = concluded else {
            return Ok(Step::End(Ended::Interrupted));
        };
        self.know_program(configuration, client_version)?;
        let headroom = self.headroom_of(configuration, &mut finished).await?;
        self.store_intervals(planned, window_started_at, &intervals)?;
        if finished.outcome != TrialOutcome::Completed || !self.seen.insert(planned.configuration_id.clone()) {
            effective_properties.clear();
        }
        let record = TrialRecord {
            schema_version: SCHEMA_VERSION,
            planned: planned.clone(),
            started_at,
            elapsed_ms: 0.0,
            outcome: finished.outcome,
            result: finished.result,
            broker: finished.broker,
            headroom,
            effective_properties,
            intervals: intervals.into_iter().map(without_histograms).collect(),
            warnings: finished.warnings.iter().map(ToString::to_string).collect(),
            saturation: warnings::saturation_of(&finished.warnings),
        };
        self.store(record, configuration, started)?;
        match finished.lost {
            Some(error) => {
                let ended = self.wait_for_target(&error.message).await?;
                Ok(ended.map_or(Step::Stored(None), Step::End))
            }
            None => Ok(Step::Stored(next_topic)),
        }
    }

    async fn drive(
        &mut self,
        planned: &PlannedTrial,
        configuration: &Configuration,
        topics: &PreparedTopics,
    ) -> Result<(Driven, BrokerFigures), RunError> {
        let spec = trial_spec(
            &planned.trial_id,
            configuration,
            &self.request.profile,
            planned.block,
            self.cluster,
            &topics.on_cluster(),
        );
        let names = topics.names();
        let mut brackets = Brackets::new(self.cluster, &names, configuration.acks == Acks::None);
        let driven = self
            .driver_of(configuration)
            .drive(&spec, Some(&mut brackets), self.listener)
            .await?;
        Ok((driven, brackets.finish()))
    }

    /// Ends when a run that was asked to stop need not wait any longer for the brokers.
    async fn out_of_patience(&self) {
        self.cancel.cancelled().await;
        sleep(CONCLUDING).await;
    }

    /// What became of a trial that has come to its end, and the next trial's topics.
    async fn conclude(
        &self,
        configuration: &Configuration,
        topics: &PreparedTopics,
        (end, result, broker): (End, Option<TrialResult>, BrokerFigures),
        next: Option<&PlannedTrial>,
    ) -> (Finished, Option<PreparedTopics>) {
        let Limits { settle, reachable, .. } = self.request.limits;
        let patience = patience::patience(configuration.acks, result.as_ref(), topics.appended_before(), settle);
        let counts = result.as_ref().map(|result| &result.counts);
        let trouble = end != End::Completed || counts.is_none_or(|counts| counts.failed > 0 || counts.undecided > 0);
        // Asked first: a target that is gone answers nothing else either, each time only after its own time limit.
        let lost = match trouble {
            true => self.cluster.wait_until_reachable(reachable).await.err(),
            false => None,
        };
        let (appended, next_topic) = match &lost {
            Some(error) => (Err(error.clone()), None),
            None => self.settle(topics, patience, next).await,
        };
        let finished = self.judge(configuration, end, result, broker, (appended, lost)).await;
        (finished, next_topic)
    }

    /// What the trial appended, and the next trial's topics.
    async fn settle(
        &self,
        topics: &PreparedTopics,
        patience: Patience,
        next: Option<&PlannedTrial>,
    ) -> (Result<Vec<Vec<u64>>, ClusterError>, Option<PreparedTopics>) {
        let appended = self.appended(topics, patience);
        if self.topics.is_shared() {
            // The next trial counts from where this one's log came to stand.
            let appended = appended.await;
            (appended, self.prepare_next(next).await)
        } else {
            // The next topics are made while this one's watermarks come to stand: neither disturbs a measurement.
            tokio::join!(appended, self.prepare_next(next))
        }
    }

    /// Growth of each partition's watermark, by topic, once they stand still; then the topics have done their duty.
    async fn appended(&self, topics: &PreparedTopics, patience: Patience) -> Result<Vec<Vec<u64>>, ClusterError> {
        // Who did not answer that would not delete the topics either; it is tried again at the end.
        let settled = self.cluster.settled_high_watermarks(&topics.names(), patience).await?;
        self.topics.done_with(topics, false).await;
        topics.growth(&settled)
    }

    async fn prepare_next(&self, next: Option<&PlannedTrial>) -> Option<PreparedTopics> {
        let next = next?;
        // Where it fails, it is tried again, with patience, when its turn comes.
        self.topics.prepare(&next.trial_id, self.configuration(next)).await.ok()
    }

    /// Whether a trial counts, and what a reader must know about it.
    async fn judge(
        &self,
        configuration: &Configuration,
        end: End,
        result: Option<TrialResult>,
        mut broker: BrokerFigures,
        (appended, lost): (Result<Vec<Vec<u64>>, ClusterError>, Option<ClusterError>),
    ) -> Finished {
        let counts = result.as_ref().map(|result| &result.counts);
        let lost = match (self.cluster.check_alive().err(), lost) {
            (Some(ended), _) => Some(ended),
            (None, Some(lost)) => Some(lost),
            (None, None) if appended.is_err() => {
                let limit = self.request.limits.reachable;
                self.cluster.wait_until_reachable(limit).await.err()
            }
            (None, None) => None,
        };
        if let Ok(growth) = &appended {
            let acknowledged = counts.map_or(&[][..], |counts| &counts.acknowledged_by_topic);
            broker.set_appended(growth, acknowledged, &configuration.workload.records);
        }
        let cause = match (&end, &lost) {
            (End::Failed(cause), None) => Some(cause.clone()),
            (End::Failed(cause), Some(lost)) => Some(format!("{cause}; the target does not answer: {lost}")),
            (_, Some(lost)) => Some(format!("the target was lost during the trial: {lost}")),
            (_, None) => result
                .as_ref()
                .and_then(lost_for_a_while)
                .or_else(|| counts.and_then(nothing_arrived))
                .or_else(|| nothing_in_window(configuration.acks, result.as_ref()?)),
        };
        let mut warnings = Vec::new();
        if let (None, Some(result)) = (&cause, &result) {
            let brokers = self.cluster.description().brokers;
            warnings = warnings::of_trial(
                configuration,
                (self.request.profile.run.warmup_ms, brokers),
                result,
                &broker,
            );
            if let Err(error) = &appended {
                warnings.push(Warning::NoWatermarks {
                    cause: error.to_string(),
                });
            }
        }
        let outcome = cause.map_or(TrialOutcome::Completed, |cause| TrialOutcome::Failed { cause });
        Finished {
            outcome,
            result,
            broker,
            warnings,
            lost,
        }
    }

    async fn headroom_of(
        &mut self,
        configuration: &Configuration,
        finished: &mut Finished,
    ) -> Result<Option<Headroom>, RunError> {
        let (TrialOutcome::Completed, Some(result)) = (&finished.outcome, &finished.result) else {
            return Ok(None);
        };
        Ok(self
            .headroom(configuration, result, &finished.broker)
            .await?
            .unwrap_or_else(|cause| {
                finished.warnings.push(Warning::NoHeadroom { cause });
                None
            }))
    }

    fn store_intervals(
        &self,
        planned: &PlannedTrial,
        window_started_at: Option<Timestamp>,
        intervals: &[Interval],
    ) -> Result<(), RunError> {
        if let Some(started_at) = window_started_at {
            self.directory.write_hlog(&planned.trial_id, started_at, intervals)?;
        }
        Ok(())
    }

    /// Masks and appends a record, then tells.
    fn store(
        &mut self,
        mut record: TrialRecord,
        configuration: &Configuration,
        started: Instant,
    ) -> Result<(), RunError> {
        self.mask.record(&mut record);
        record.elapsed_ms = started.elapsed().as_secs_f64() * 1_000.0;
        self.directory.append(&record)?;
        self.history.add(&record, configuration);
        match record.outcome {
            TrialOutcome::Completed => self.tally.completed += 1,
            TrialOutcome::Failed { .. } => self.tally.failed += 1,
        }
        self.tally.session_trials += 1;
        self.tally.session_time += started.elapsed();
        self.listener.trial_finished(&record, configuration, self.progress());
        Ok(())
    }

    fn configuration(&self, planned: &PlannedTrial) -> &'a Configuration {
        let request: &'a RunRequest = self.request;
        let mut configurations = request.profile.configurations.iter();
        let found = configurations.find(|configuration| configuration.id == planned.configuration_id);
        // The plan is made from these ids; that of a resumed run was compared with them.
        found.expect("the plan names configurations of the profile only")
    }

    fn progress(&self) -> Progress {
        let Tally {
            planned,
            blocks,
            completed,
            failed,
            session_trials,
            session_time,
        } = self.tally;
        let done = completed + failed;
        let run = &self.request.profile.run;
        let each = match session_trials {
            0 => Duration::from_millis(run.warmup_ms + run.measure_ms + 300),
            trials => session_time / trials,
        };
        let open_ended = run.precision.is_some();
        let planned = match open_ended {
            true => planned.max(blocks as usize * self.request.profile.configurations.len()),
            false => planned,
        };
        Progress {
            done,
            planned,
            blocks,
            open_ended,
            time_left: each * planned.saturating_sub(done) as u32,
        }
    }
}

fn failed_record(planned: &PlannedTrial, started_at: Timestamp, cause: String) -> TrialRecord {
    TrialRecord {
        schema_version: SCHEMA_VERSION,
        planned: planned.clone(),
        started_at,
        elapsed_ms: 0.0,
        outcome: TrialOutcome::Failed { cause },
        result: None,
        broker: BrokerFigures::default(),
        headroom: None,
        effective_properties: BTreeMap::new(),
        intervals: Vec::new(),
        warnings: Vec::new(),
        saturation: None,
    }
}

/// Histograms live in the `.hlog`.
fn without_histograms(mut interval: Interval) -> Interval {
    let latency = &mut interval.latency;
    let all = [
        &mut latency.service,
        &mut latency.response,
        &mut latency.schedule_lag,
        &mut latency.send_call,
    ];
    all.into_iter().flatten().for_each(|latency| latency.histogram = None);
    interval
}
