//! The sessions of a run, as its manifest knows them: what they have to say of the whole run, and whose topics may still
//! be on somebody's cluster.

use jiff::Timestamp;

use super::topics::Topics;
use super::{Listener, RunError};
use crate::protocol::TargetKind;
use crate::store::RunDirectory;

/// Tells this session's topics from those of any other.
pub(super) fn name() -> String {
    let now = Timestamp::now();
    // The nanoseconds tell apart two machines that begin in the same second, the process id two processes of one.
    let token = (now.subsec_nanosecond() as u32) ^ std::process::id().rotate_left(16);
    format!("{}-{token:08x}", now.strftime("%Y%m%dT%H%M%SZ"))
}

/// Notes how the topics of this session begin, before it makes the first, and tells of those of a session that was killed.
/// Only where the cluster outlives the session: a local one takes its topics along.
pub(super) fn open(
    mut directory: RunDirectory,
    topics: &Topics<'_>,
    kind: TargetKind,
    listener: &mut dyn Listener,
) -> Result<RunDirectory, RunError> {
    let mut manifest = directory.manifest().clone();
    for prefix in std::mem::take(&mut manifest.open_topic_prefixes) {
        let warning = format!(
            "An earlier session of this run was killed before it had deleted its topics: what is left of them on the \
             target begins with {prefix}"
        );
        listener.notice(&warning);
        manifest.warnings.push(warning);
    }
    if kind == TargetKind::External && topics.are_deleted() {
        manifest.open_topic_prefixes.push(topics.prefix());
    }
    if manifest != *directory.manifest() {
        directory.set_manifest(manifest)?;
    }
    Ok(directory)
}

/// The session is over: what is left of it is said in `warnings`.
pub(super) fn close(directory: &mut RunDirectory, topics: &Topics<'_>, warnings: Vec<String>) -> Result<(), RunError> {
    let mut manifest = directory.manifest().clone();
    let prefix = topics.prefix();
    manifest.open_topic_prefixes.retain(|open| *open != prefix);
    if manifest != *directory.manifest() {
        directory.set_manifest(manifest)?;
    }
    remember(directory, warnings)
}

/// Adds warnings for the whole run to the manifest.
pub(super) fn remember(directory: &mut RunDirectory, warnings: Vec<String>) -> Result<(), RunError> {
    let mut manifest = directory.manifest().clone();
    for warning in warnings {
        if !manifest.warnings.contains(&warning) {
            manifest.warnings.push(warning);
        }
    }
    if manifest != *directory.manifest() {
        directory.set_manifest(manifest)?;
    }
    Ok(())
}
