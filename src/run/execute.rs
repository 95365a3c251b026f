//! A run from its directory's reservation to the target's end.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::coordinator::{Session, Tally};
use super::headroom::Headrooms;
use super::history::History;
use super::repetition::blocks_begun;
use super::topics::Topics;
use super::{
    Cancel, Cluster, ClusterError, ClusterStarter, Ended, Listener, Mask, OutDirectory, RunError, RunOutcome,
    RunOverview, RunRequest, host, payload_files, queues, registry, resume, sessions,
};
use crate::plan;
use crate::profile::{self, TargetSettings};
use crate::protocol::TargetKind;
use crate::store::{
    MANIFEST_FILE, Manifest, Reservation, RunDirectory, SCHEMA_VERSION, TargetDescription, TrialOutcome, TrialRecord,
    UsedNoiseFloor, find_noise_floor,
};
use crate::words::counted;

/// How long a target's start may take to end where the run is stopped meanwhile.
const START_ENDS: Duration = Duration::from_secs(3);

/// The run directory, before or after its manifest exists.
enum Place {
    New(Reservation),
    Begun(Box<RunDirectory>),
}

/// Makes or continues a run. Returns once everything that it started has ended and everything that it made on the
/// target is deleted, apart from what was to be kept.
///
/// # Errors
/// Where the run could not begin, or its directory could not be written. Trials stored until then are intact.
pub async fn execute(
    request: &RunRequest,
    starter: &dyn ClusterStarter,
    listener: &mut dyn Listener,
    cancel: &Cancel,
) -> Result<RunOutcome, RunError> {
    let mask = Mask::of(&request.profile);
    // Everything that can be wrong with the directory comes first: it costs nothing to find out.
    let mut place = open_place(request, listener)?;
    if let Some(trials) = nothing_left(&place, request)? {
        place.hold_to(request)?;
        listener.notice(&format!(
            "All {} are stored: nothing to do.",
            counted(trials as u64, "trial", "trials")
        ));
        let outcome = place.untouched(request, Ended::Complete)?;
        listener.run_finished(&outcome);
        return Ok(outcome);
    }
    if let Err(error) = registry::prove(&request.profile, &mask).await {
        place.give_up();
        return Err(error);
    }
    if let Err(cause) = queues::answer(&request.profile) {
        place.give_up();
        return Err(RunError::WaitingQueue {
            place: request.profile.places.get("arrival").cloned(),
            cause,
        });
    }
    listener.target_starting(&request.profile.target);
    let mut start = starter.start(&request.profile.target);
    let started = tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        started = &mut start => Some(started),
    };
    let cluster = match started {
        Some(Ok(cluster)) => cluster,
        Some(Err(error)) => {
            place.give_up();
            return Err(RunError::Target(masked(&mask, error)));
        }
        None => {
            listener.stopping();
            // It hears the request itself, and takes back what it has made: processes, and their data.
            if let Ok(Ok(cluster)) = tokio::time::timeout(START_ENDS, start).await
                && let Err(error) = cluster.stop().await
            {
                listener.notice(&not_stopped(&mask, &error));
            }
            let outcome = place.untouched(request, Ended::Interrupted)?;
            listener.run_finished(&outcome);
            return Ok(outcome);
        }
    };
    listener.target_ready(&cluster.description());
    let ran = with_cluster(request, cluster.as_ref(), starter, place, &mask, listener, cancel).await;
    let not_stopped = cluster.stop().await.err().map(|error| not_stopped(&mask, &error));
    if let Some(text) = &not_stopped {
        listener.notice(text);
    }
    let (outcome, directory) = ran?;
    if let Some(mut directory) = directory {
        sessions::remember(&mut directory, not_stopped.into_iter().collect())?;
    }
    listener.run_finished(&outcome);
    Ok(outcome)
}

/// How many trials a run has that is complete; none where some remain.
fn nothing_left(place: &Place, request: &RunRequest) -> Result<Option<usize>, RunError> {
    let Place::Begun(directory) = place else {
        return Ok(None);
    };
    let manifest = directory.manifest();
    let records = directory.trials()?;
    let finished: HashSet<String> = records.into_iter().map(|record| record.planned.trial_id).collect();
    let enough = match &request.profile.run.precision {
        Some(rule) => manifest
            .stopping
            .as_ref()
            .is_some_and(|stopping| stopping.rule == *rule),
        None => request.profile.run.repetitions <= manifest.run.repetitions,
    };
    let complete = enough && plan::remaining(&manifest.plan, &finished).is_empty();
    Ok(complete.then_some(manifest.plan.len()))
}

fn open_place(request: &RunRequest, listener: &mut dyn Listener) -> Result<Place, RunError> {
    match &request.out {
        OutDirectory::Fresh(path) => Ok(Place::New(Reservation::new(path)?)),
        // Killed before its first trial: there is nothing to continue, and nothing to lose.
        OutDirectory::Resume(path)
            if path.is_dir() && !path.join(MANIFEST_FILE).exists() && holds_trials_file(path) =>
        {
            Ok(Place::New(Reservation::new(path)?))
        }
        OutDirectory::Resume(path) => {
            let (directory, cut) = RunDirectory::resume(path)?;
            let differences = resume::differences(directory.manifest(), &request.profile, request.held_to.as_ref());
            if !differences.is_empty() {
                return Err(RunError::ResumeMismatch {
                    path: path.clone(),
                    differences,
                });
            }
            if let Some(cut) = cut {
                listener.notice(&format!(
                    "The last line of trials.jsonl (line {}) was cut: that trial counts as unfinished and runs again.",
                    cut.line
                ));
            }
            Ok(Place::Begun(Box::new(directory)))
        }
    }
}

/// What a reservation leaves where its process is killed.
fn holds_trials_file(path: &Path) -> bool {
    path.join(crate::store::TRIALS_FILE).exists()
}

impl Place {
    /// A run that a gate takes as it is becomes that gate's, like one that it measures: it has its thresholds, and gets no
    /// further look.
    fn hold_to(&mut self, request: &RunRequest) -> Result<(), RunError> {
        if let Place::Begun(directory) = self
            && let Some(held_to) = &request.held_to
            && directory.manifest().held_to.is_none()
        {
            let mut manifest = directory.manifest().clone();
            manifest.held_to = Some(held_to.clone());
            directory.set_manifest(manifest)?;
        }
        Ok(())
    }

    fn give_up(self) {
        if let Place::New(reservation) = self {
            reservation.abandon();
        }
    }

    /// The outcome of a run in which nothing happened.
    fn untouched(self, request: &RunRequest, ended: Ended) -> Result<RunOutcome, RunError> {
        let (directory, planned, records) = match &self {
            Place::New(reservation) => {
                let configurations = request.profile.configurations.len();
                (
                    reservation.path().to_owned(),
                    configurations * request.profile.run.blocks().0 as usize,
                    Vec::new(),
                )
            }
            Place::Begun(directory) => (
                directory.path().to_owned(),
                directory.manifest().plan.len(),
                directory.trials()?,
            ),
        };
        self.give_up();
        let completed = count_completed(&records);
        Ok(RunOutcome {
            directory,
            planned,
            completed,
            failed: records.len() - completed,
            ended,
        })
    }
}

async fn with_cluster(
    request: &RunRequest,
    cluster: &dyn Cluster,
    starter: &dyn ClusterStarter,
    place: Place,
    mask: &Mask,
    listener: &mut dyn Listener,
    cancel: &Cancel,
) -> Result<(RunOutcome, Option<RunDirectory>), RunError> {
    let profile = &request.profile;
    let topics = Topics::new(cluster, &profile.topic, request.keep_topics, sessions::name());
    if let Err(error) = topics.probe(&profile.configurations).await {
        topics.delete_all().await;
        if cancel.is_cancelled() {
            // Who does not want the answer any more need not be told that it did not come.
            listener.stopping();
            return Ok((place.untouched(request, Ended::Interrupted)?, None));
        }
        place.give_up();
        let error = masked(mask, error);
        return Err(match error.refused {
            true => RunError::Topic {
                asked: topics.asked(&profile.configurations),
                cause: error,
            },
            false => RunError::Target(error),
        });
    }
    let description = cluster.description();
    if let Some(warning) = found(&profile.target, &profile.warnings, &description) {
        listener.notice(&format!("warning: {warning}"));
    }
    let directory = match place {
        Place::New(reservation) => {
            let mut manifest = new_manifest(request, description.clone(), mask);
            manifest.noise_floor = known_noise_floor(request, &manifest, listener);
            reservation.begin(&manifest)?
        }
        Place::Begun(directory) => continued(*directory, request, &description, mask, listener)?,
    };
    let directory = sessions::open(directory, &topics, description.kind, listener)?;
    let records = directory.trials()?;
    let completed = count_completed(&records);
    let tally = Tally {
        planned: directory.manifest().plan.len(),
        blocks: profile.run.blocks().0.max(blocks_begun(directory.manifest())),
        completed,
        failed: records.len() - completed,
        ..Tally::default()
    };
    let headrooms = Headrooms::from_records(&records, &profile.configurations);
    let seen = completed_configurations(&records);
    let history = History::of(&records, &profile.configurations, &profile.run);
    let mut session = Session {
        request,
        cluster,
        starter,
        directory,
        topics,
        mask,
        cancel,
        listener,
        headrooms,
        tally,
        history,
        told_blocks: None,
        seen,
    };
    let ended = session.run(&records).await;
    session.finish(ended).await
}

impl Session<'_> {
    /// Takes away what the run made, tells what could not be, and closes the session, however it ended.
    async fn finish(mut self, ended: Result<Ended, RunError>) -> Result<(RunOutcome, Option<RunDirectory>), RunError> {
        self.headrooms.stop().await;
        let (mask, profile) = (self.mask, &self.request.profile);
        let left = self.topics.delete_all().await;
        let mut left: Vec<String> = left.into_iter().map(|left| not_deleted(mask, left)).collect();
        let subjects = registry::forget(profile, self.topics.ever_made()).await;
        let lists = queues::forget(profile, self.topics.written()).await;
        left.extend(subjects.iter().chain(&lists).map(|text| mask.text(text)));
        left.iter().for_each(|text| self.listener.notice(text));
        let closed = sessions::close(&mut self.directory, &self.topics, left);
        let ended = ended?;
        closed?;
        let outcome = RunOutcome {
            directory: self.directory.path().to_owned(),
            planned: self.tally.planned,
            completed: self.tally.completed,
            failed: self.tally.failed,
            ended,
        };
        Ok((outcome, Some(self.directory)))
    }

    /// Conditions a fresh cluster, then runs what remains, and block after block where a precision decides.
    async fn run(&mut self, records: &[TrialRecord]) -> Result<Ended, RunError> {
        let finished: HashSet<String> = records.iter().map(|record| record.planned.trial_id.clone()).collect();
        let mut remaining = plan::remaining(&self.directory.manifest().plan, &finished);
        if remaining.is_empty() {
            remaining = self.next_block()?;
        }
        let conditioning_ms = self.request.profile.run.conditioning_ms;
        let fresh = self.cluster.description().kind == TargetKind::Local;
        if fresh && conditioning_ms > 0 && !remaining.is_empty() {
            let Some(conditioned_ms) = self.condition(conditioning_ms).await? else {
                return Ok(Ended::Interrupted);
            };
            let mut manifest = self.directory.manifest().clone();
            manifest.target.conditioned_ms = conditioned_ms;
            self.directory.set_manifest(manifest)?;
        }
        self.listener.run_started(RunOverview {
            directory: self.directory.path(),
            manifest: self.directory.manifest(),
            stored: records.len(),
            bootstrap_servers: self.cluster.bootstrap_servers(),
        });
        while !remaining.is_empty() {
            match self.run_trials(&remaining).await? {
                Ended::Complete => remaining = self.next_block()?,
                ended => return Ok(ended),
            }
        }
        Ok(Ended::Complete)
    }
}

/// What only the cluster's answer shows to be worth a warning, and the profile alone did not.
fn found(settings: &TargetSettings, known: &[String], target: &TargetDescription) -> Option<&'static str> {
    // The profile's own warning says besides where it stands.
    profile::one_bootstrap_server(settings, target.brokers)
        .filter(|warning| !known.iter().any(|text| text.starts_with(*warning)))
}

fn new_manifest(request: &RunRequest, target: TargetDescription, mask: &Mask) -> Manifest {
    let profile = &request.profile;
    let ids: Vec<&str> = profile
        .configurations
        .iter()
        .map(|configuration| configuration.id.as_str())
        .collect();
    // Where a precision decides, each further block is added when it begins.
    let first_blocks = profile.run.precision.map_or(profile.run.repetitions, |_| 1);
    let mut warnings = profile.warnings.clone();
    warnings.extend(found(&profile.target, &profile.warnings, &target).map(str::to_owned));
    let mut manifest = Manifest {
        schema_version: SCHEMA_VERSION,
        kpbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_commit: host::git_commit(),
        created_at: Timestamp::now(),
        command: request.command.clone(),
        profile_name: profile.name.clone(),
        profile_description: profile.description.clone(),
        profile_source: profile.source_masked.clone(),
        defaults: profile.defaults,
        target,
        target_settings: profile.target.clone(),
        topic: profile.topic.clone(),
        run: profile.run.clone(),
        host: host::host(),
        client_version: request.client_version.clone(),
        configurations: profile.configurations.clone(),
        plan: plan::plan(&ids, first_blocks, profile.run.order, profile.run.seed),
        payload_files: payload_files::checksums(profile),
        warnings,
        stopping: None,
        noise_floor: None,
        open_topic_prefixes: Vec::new(),
        gate: profile.gate.clone(),
        held_to: request.held_to.clone(),
        trial_programs: request
            .trial_programs
            .iter()
            .map(|(id, other)| (id.clone(), other.used()))
            .collect(),
    };
    mask.manifest(&mut manifest);
    manifest
}

/// The floor that was measured on this machine and target, if it was.
fn known_noise_floor(request: &RunRequest, manifest: &Manifest, listener: &mut dyn Listener) -> Option<UsedNoiseFloor> {
    let directory = request.data_directory.as_ref()?;
    find_noise_floor(directory, &manifest.host, &manifest.target).unwrap_or_else(|cause| {
        listener.notice(&format!(
            "The noise floor of this machine and target is not used: {cause}"
        ));
        None
    })
}

/// Brings the manifest of a continued run up to date: more repetitions, another precision, and what is not as it was.
fn continued(
    mut directory: RunDirectory,
    request: &RunRequest,
    target: &TargetDescription,
    mask: &Mask,
    listener: &mut dyn Listener,
) -> Result<RunDirectory, RunError> {
    let now = new_manifest(request, target.clone(), mask);
    let mut manifest = directory.manifest().clone();
    let mut differences = resume::cluster_differences(&manifest, &now);
    differences.extend(resume::other_programs(&manifest, &now));
    if !differences.is_empty() {
        return Err(RunError::ResumeMismatch {
            path: directory.path().to_owned(),
            differences,
        });
    }
    manifest.run.precision = now.run.precision;
    manifest.held_to = manifest.held_to.or(now.held_to);
    if now.run.precision.is_none() && now.run.repetitions > manifest.run.repetitions {
        manifest.run.repetitions = now.run.repetitions;
        manifest.plan = now.plan.clone();
    }
    let changes = [
        ("kpbench", manifest.kpbench_version.clone(), now.kpbench_version.clone()),
        (
            "the client library",
            manifest.client_version.clone(),
            now.client_version.clone(),
        ),
        ("the target's software", text_of(&manifest.target), text_of(&now.target)),
        ("the brokers' Java", java_of(&manifest.target), java_of(&now.target)),
        (
            "the number of brokers found",
            manifest.target.brokers.to_string(),
            now.target.brokers.to_string(),
        ),
        ("the processor", manifest.host.cpu.clone(), now.host.cpu.clone()),
        (
            "the number of cores",
            manifest.host.cores.to_string(),
            now.host.cores.to_string(),
        ),
    ];
    if let Some(warning) = found(&request.profile.target, &manifest.warnings, target) {
        manifest.warnings.push(warning.to_owned());
    }
    for (what, was, is) in changes.into_iter().filter(|(_, was, is)| was != is) {
        let warning = format!("The run was continued with other means: {what} was {was:?} and then {is:?}.");
        if !manifest.warnings.contains(&warning) {
            listener.notice(&warning);
            manifest.warnings.push(warning);
        }
    }
    if manifest != *directory.manifest() {
        directory.set_manifest(manifest)?;
    }
    Ok(directory)
}

fn text_of(target: &TargetDescription) -> String {
    target.software.clone().unwrap_or_else(|| "unknown".to_owned())
}

fn java_of(target: &TargetDescription) -> String {
    let brokers = target.local_brokers.as_ref();
    brokers.map_or_else(|| "unknown".to_owned(), |brokers| brokers.java_version.clone())
}

fn completed_configurations(records: &[TrialRecord]) -> HashSet<String> {
    let completed = records
        .iter()
        .filter(|record| record.outcome == TrialOutcome::Completed);
    completed
        .map(|record| record.planned.configuration_id.clone())
        .collect()
}

fn count_completed(records: &[TrialRecord]) -> usize {
    records
        .iter()
        .filter(|record| record.outcome == TrialOutcome::Completed)
        .count()
}

fn not_deleted(mask: &Mask, (cause, names): (String, Vec<String>)) -> String {
    let (names, cause) = (names.join(", "), mask.text(&cause));
    format!("These topics could not be deleted and are left on the target: {names} ({cause})")
}

fn not_stopped(mask: &Mask, error: &ClusterError) -> String {
    format!("The target did not stop cleanly: {}", mask.text(&error.message))
}

fn masked(mask: &Mask, error: ClusterError) -> ClusterError {
    ClusterError {
        message: mask.text(&error.message),
        refused: error.refused,
    }
}
