//! The archive of class data (AppCDS) that shortens a broker's start: made once per Java and Kafka, by one run of a
//! broker. An aid only: whatever goes wrong with it, brokers start without.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Progress;
use super::layout::{NodeFiles, ReservedPorts, bootstrap_servers, server_properties};
use super::node::Node;
use super::settings::broker_settings;
use super::toolkit::{self, Toolkit};
use crate::process::{Signal, Spawner, send_signal};
use crate::profile::fnv1a;
use crate::target::cache::{self, OwnedDirectory};
use crate::target::cluster::{ClusterClient, Listener};
use crate::target::error::TargetError;

/// Longest time for that one run; the archive is written at its end.
const LIMIT: Duration = Duration::from_secs(60);

/// The archive for this Java and Kafka; none where it could not be made, now or earlier. Fails only when cancelled.
pub(crate) fn find_or_make(
    toolkit: &Toolkit,
    spawner: &Spawner,
    progress: &Progress,
    cancelled: &AtomicBool,
) -> Result<Option<PathBuf>, TargetError> {
    let place = place(toolkit);
    let failed_before = place.with_extension("failed");
    let known = || {
        if place.is_file() {
            Some(Some(place.clone()))
        } else {
            failed_before.is_file().then_some(None)
        }
    };
    if let Some(known) = known() {
        return Ok(known);
    }
    let lock = cache::exclusive(&place.with_extension("lock"), || {
        progress.say("waiting for another kpbench that prepares Kafka's class data");
    });
    let Ok(_lock) = lock else { return Ok(None) };
    if let Some(known) = known() {
        return Ok(known);
    }
    progress.say("preparing Kafka's class data, once, so that later starts take half the time");
    match make(toolkit, spawner, cancelled, &place) {
        Ok(()) => Ok(Some(place)),
        Err(TargetError::Cancelled) => Err(TargetError::Cancelled),
        Err(error) => {
            progress.say(&format!("going on without class data: {error}"));
            let _ = cache::write_atomically(&failed_before, error.to_string().as_bytes());
            Ok(None)
        }
    }
}

/// An archive holds for one JVM and one list of jars; the JVM checks that too, by refusing it.
fn place(toolkit: &Toolkit) -> PathBuf {
    let mut key = toolkit.java.program.as_os_str().as_encoded_bytes().to_vec();
    key.extend(toolkit.java.description.as_bytes());
    for jar in &toolkit.kafka.jars {
        key.extend(jar.as_os_str().as_encoded_bytes());
    }
    toolkit.kafka.store.join(format!("class-data-{:016x}.jsa", fnv1a(&key)))
}

fn make(toolkit: &Toolkit, spawner: &Spawner, cancelled: &AtomicBool, place: &Path) -> Result<(), TargetError> {
    let work = OwnedDirectory::create(&cache::data_parent()?)?;
    let files = NodeFiles::of(work.path(), 1);
    let checkpoint = toolkit.checkpoint(spawner, None, &Progress::default())?;
    let mut ports = ReservedPorts::choose(1, false).map_err(TargetError::io("find free ports"))?;
    let properties = server_properties(1, &ports.nodes, &files.data, &broker_settings(1, &Default::default()));
    toolkit::format_node(&files, 1, &toolkit::random_id(), &properties, &checkpoint)?;
    let archive = work.path().join("class-data.jsa");
    let command = toolkit.broker_that_archives(&files, &archive)?;
    ports.release();
    let mut node = Node::start(spawner, 1, files, command)?;
    let client = ClusterClient::new(&bootstrap_servers(&ports.nodes), &Default::default())?;
    client.wait_until_reachable(Listener::Known, 1, LIMIT, cancelled, &mut || node.check_alive())?;
    send_signal(node.pid(), Signal::Terminate).map_err(TargetError::io("end the broker"))?;
    let start = Instant::now();
    while node.check_alive().is_ok() {
        if cancelled.load(Ordering::Relaxed) {
            return Err(TargetError::Cancelled);
        }
        if start.elapsed() > LIMIT {
            return Err(TargetError::TimedOut(
                "the broker that writes class data does not end".to_owned(),
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    fs::rename(&archive, place).map_err(TargetError::path("keep", place))
}
