//! Drives one trial process from its start to its end, whatever that end is.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::brackets::Brackets;
use super::request::{Limits, TrialProgram};
use super::trial_process::{TrialProcess, ended_with};
use super::{Cancel, Listener, RunError};
use crate::process::Spawner;
use crate::protocol::{Interval, PROTOCOL_VERSION, Phase, TrialEvent, TrialResult, TrialSpec};

/// How a trial process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a result.
    Completed,
    /// Without one, or too late.
    Failed(String),
    /// Because it was asked to stop.
    Stopped,
}

/// What a trial process said.
pub(super) struct Driven {
    pub(super) end: End,
    pub(super) result: Option<TrialResult>,
    pub(super) intervals: Vec<Interval>,
    pub(super) effective_properties: std::collections::BTreeMap<String, String>,
    pub(super) window_started_at: Option<Timestamp>,
    /// As the program greeted with.
    pub(super) client_version: Option<String>,
}

/// What a drive needs besides the spec.
pub(super) struct Driver<'a> {
    pub(super) spawner: &'a Spawner,
    pub(super) program: &'a TrialProgram,
    pub(super) limits: Limits,
    pub(super) cancel: &'a Cancel,
}

impl Driver<'_> {
    /// Runs one trial process. Its failures are an [`End`]; the error is for a program that cannot be started at all.
    pub(super) async fn drive(
        &self,
        spec: &TrialSpec,
        mut brackets: Option<&mut Brackets<'_>>,
        listener: &mut dyn Listener,
    ) -> Result<Driven, RunError> {
        let mut process = TrialProcess::start(self.spawner, self.program).map_err(|source| RunError::TrialProgram {
            path: self.program.path.clone(),
            source,
        })?;
        let mut state = State::new(spec, self.limits);
        // A program that ends without reading says why on standard error; the broken pipe would say less.
        let _ = tokio::time::timeout(self.limits.startup, process.send_spec(spec)).await;
        let end = loop {
            tokio::select! {
                biased;
                () = self.cancel.cancelled(), if !state.stopping => {
                    process.stop();
                    state.stop(self.limits.stop);
                    listener.stopping();
                }
                event = process.next_event() => match event {
                    Ok(Some(event)) => {
                        if let Some(end) = state.hear(event, &mut brackets, listener).await {
                            break end;
                        }
                    }
                    Ok(None) => break self.silent_end(&mut process, &state).await,
                    Err(error) => break End::Failed(format!("the trial process does not keep to the protocol: {error}")),
                },
                () = sleep_until(state.deadline) => break state.too_late(),
            }
        };
        let end = if state.stopping {
            End::Stopped
        } else {
            self.see_off(&mut process, end).await
        };
        process.kill();
        Ok(state.into_driven(end))
    }

    /// Its output ended without a result.
    async fn silent_end(&self, process: &mut TrialProcess, state: &State) -> End {
        let status = process.wait(self.limits.grace).await;
        let ended = status.map_or_else(
            || "closed its output but did not end".to_owned(),
            |status| format!("ended with {}", ended_with(status)),
        );
        End::Failed(format!(
            "the trial process {ended} {} without a result{}",
            state.place,
            stderr(process).await
        ))
    }

    /// After its last event: an end that is not clean casts doubt on what it said.
    async fn see_off(&self, process: &mut TrialProcess, end: End) -> End {
        process.stop();
        if end != End::Completed {
            return end;
        }
        match process.wait(self.limits.grace).await {
            Some(status) if status.success() => end,
            Some(status) => {
                let ended = ended_with(status);
                End::Failed(format!(
                    "the trial process ended with {ended} after its result{}",
                    stderr(process).await
                ))
            }
            None => End::Failed(format!(
                "the trial process did not end within {:?} after its result",
                self.limits.grace
            )),
        }
    }
}

async fn stderr(process: &mut TrialProcess) -> String {
    let tail = process.stderr_tail().await;
    if tail.is_empty() {
        String::new()
    } else {
        format!("; its last words: {tail}")
    }
}

/// What is known while a trial process is at work.
struct State {
    result: Option<TrialResult>,
    intervals: Vec<Interval>,
    effective_properties: std::collections::BTreeMap<String, String>,
    window_started_at: Option<Timestamp>,
    client_version: Option<String>,
    greeted: bool,
    stopping: bool,
    place: &'static str,
    deadline: Instant,
    after_ready: Duration,
}

impl State {
    fn new(spec: &TrialSpec, limits: Limits) -> State {
        let load = Duration::from_millis(spec.warmup_ms + spec.measure_ms + spec.drain_timeout_ms);
        State {
            result: None,
            intervals: Vec::new(),
            effective_properties: std::collections::BTreeMap::new(),
            window_started_at: None,
            client_version: None,
            greeted: false,
            stopping: false,
            place: "before its client was ready",
            deadline: Instant::now() + limits.startup + Duration::from_millis(spec.metadata_timeout_ms),
            after_ready: load + limits.grace,
        }
    }

    fn stop(&mut self, limit: Duration) {
        self.stopping = true;
        self.deadline = self.deadline.min(Instant::now() + limit);
    }

    fn too_late(&self) -> End {
        End::Failed(format!(
            "the trial process hung {} and was killed: its time and a grace period were over",
            self.place
        ))
    }

    /// Takes in one event; returns the end where it is the last one.
    async fn hear(
        &mut self,
        event: TrialEvent,
        brackets: &mut Option<&mut Brackets<'_>>,
        listener: &mut dyn Listener,
    ) -> Option<End> {
        if !self.greeted && !matches!(event, TrialEvent::Hello { .. } | TrialEvent::Failed { .. }) {
            return Some(End::Failed(
                "the trial process does not keep to the protocol: its first line is no hello".into(),
            ));
        }
        match event {
            TrialEvent::Hello { protocol_version, .. } if protocol_version != PROTOCOL_VERSION => {
                return Some(End::Failed(format!(
                    "the trial process speaks version {protocol_version} of the trial protocol, and this kpbench \
                     version {PROTOCOL_VERSION}"
                )));
            }
            TrialEvent::Hello { client_version, .. } => {
                self.greeted = true;
                self.client_version = Some(client_version);
            }
            TrialEvent::Ready {
                effective_properties, ..
            } => {
                self.effective_properties = effective_properties;
                self.place = "in the warm-up";
                if !self.stopping {
                    self.deadline = Instant::now() + self.after_ready;
                }
                listener.trial_phase(Phase::Warmup);
            }
            TrialEvent::WindowStarted => {
                self.window_started_at = Some(Timestamp::now());
                self.place = "in the window";
                if let Some(brackets) = brackets {
                    brackets.window_started().await;
                }
                listener.trial_phase(Phase::Window);
            }
            TrialEvent::WindowEnded => {
                self.place = "in the drain";
                if let Some(brackets) = brackets {
                    brackets.window_ended().await;
                }
                listener.trial_phase(Phase::Drain);
            }
            TrialEvent::Interval(interval) => {
                listener.interval(&interval);
                self.intervals.push(*interval);
            }
            TrialEvent::Result(result) => {
                self.result = Some(*result);
                return Some(End::Completed);
            }
            TrialEvent::Failed { cause } => return Some(End::Failed(cause)),
        }
        None
    }

    fn into_driven(self, end: End) -> Driven {
        Driven {
            end,
            result: self.result,
            intervals: self.intervals,
            effective_properties: self.effective_properties,
            window_started_at: self.window_started_at,
            client_version: self.client_version,
        }
    }
}
