//! A local Kafka that stays when the program that started it has ended: `kpbench broker up|status|down`.
//!
//! The one exception from the rule that children die with their parent, and by name. Its state file says which processes
//! it consists of, each with its start time: a process id that was given to somebody else is never signalled.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::layout::{NodeFiles, NodePorts, ReservedPorts, bootstrap_servers, server_properties};
use super::settings::broker_settings;
use super::toolkit::{self, Toolkit};
use super::{PORT_ATTEMPTS, Progress, START_LIMIT};
use crate::process::{ProcessIdentity, Signal, Spawner, send_signal, spawn_detached};
use crate::target::cache;
use crate::target::cluster::{ClusterClient, Listener};
use crate::target::error::{TargetError, log_tail};

/// How long brokers may take to end by themselves.
const TERMINATE_LIMIT: Duration = Duration::from_secs(6);

/// How long killed ones may take.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A local Kafka that was started by name, as its state file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetachedBroker {
    /// Its name.
    pub name: String,
    /// Version of Apache Kafka.
    pub version: String,
    /// The cluster's id.
    pub cluster_id: String,
    /// `bootstrap.servers`.
    pub bootstrap_servers: String,
    /// Its processes, by node.
    pub processes: Vec<ProcessIdentity>,
    /// Where its data and logs are.
    pub directory: PathBuf,
    /// The broker configuration that was asked for; none in a state file of a version that did not keep it.
    #[serde(default)]
    pub broker_config: Option<BTreeMap<String, String>>,
}

/// How a named broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetachedStatus {
    /// There is none of that name.
    Absent,
    /// All its processes run and it answers.
    Running(DetachedBroker),
    /// It does not work.
    Broken {
        /// What is known of it.
        broker: DetachedBroker,
        /// What is wrong.
        why: String,
    },
}

/// How a named broker is started.
#[derive(Clone, Debug)]
pub struct DetachedOptions {
    /// Its name: letters, digits, `-`, `_`.
    pub name: String,
    /// Number of nodes.
    pub nodes: u32,
    /// Broker configuration on top of the tool's own.
    pub broker_config: BTreeMap<String, String>,
    /// As for a target.
    pub fast_start: bool,
    /// Where remarks go.
    pub progress: Progress,
}

impl DetachedBroker {
    fn dead_node(&self) -> Option<usize> {
        self.processes
            .iter()
            .position(|process| !process.is_alive())
            .map(|place| place + 1)
    }

    fn alive(&self) -> impl Iterator<Item = &ProcessIdentity> {
        self.processes.iter().filter(|process| process.is_alive())
    }

    fn check_alive(&self) -> Result<(), TargetError> {
        let Some(node) = self.dead_node().and_then(|node| u32::try_from(node).ok()) else {
            return Ok(());
        };
        let log = log_tail(&NodeFiles::of(&self.directory, node).log, 15);
        Err(TargetError::Node {
            node,
            what: "has ended".to_owned(),
            log,
        })
    }
}

/// The files of one name.
struct Place {
    directory: PathBuf,
    state: PathBuf,
    lock: PathBuf,
}

impl Place {
    fn of(name: &str) -> Result<Place, TargetError> {
        let fine = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !fine {
            return Err(TargetError::Impossible(format!(
                "{name:?} is no name for a broker: letters, digits, - and _"
            )));
        }
        let parent = cache::cache_directory()?.join("broker");
        Ok(Place {
            directory: parent.join(name),
            state: parent.join(format!("{name}.json")),
            lock: parent.join(format!("{name}.lock")),
        })
    }

    fn read(&self) -> Result<Option<DetachedBroker>, TargetError> {
        let text = match fs::read_to_string(&self.state) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(TargetError::path("read", &self.state))?,
        };
        let broker = serde_json::from_str(&text)
            .map_err(|error| TargetError::path("read", &self.state)(std::io::Error::other(error)))?;
        Ok(Some(broker))
    }

    fn write(&self, broker: &DetachedBroker) -> Result<(), TargetError> {
        // Serialising strings and numbers cannot fail.
        let text = serde_json::to_string_pretty(broker).unwrap_or_default();
        cache::write_atomically(&self.state, text.as_bytes())
    }

    /// Removes data and state.
    fn clear(&self) -> Result<(), TargetError> {
        if self.directory.exists() {
            fs::remove_dir_all(&self.directory).map_err(TargetError::path("remove directory", &self.directory))?;
        }
        if self.state.exists() {
            fs::remove_file(&self.state).map_err(TargetError::path("remove", &self.state))?;
        }
        Ok(())
    }
}

/// Starts a broker by name and waits until it answers. One of that name that runs already is left as it is; the second
/// value says whether a new one was started. Blocks.
///
/// # Errors
/// As starting a local target; `Impossible` for a name that cannot be one, or where a part of it runs.
pub fn up(spawner: &Spawner, options: &DetachedOptions) -> Result<(DetachedBroker, bool), TargetError> {
    let place = Place::of(&options.name)?;
    let _lock = cache::exclusive(&place.lock, || {
        options.progress.say("waiting for another `kpbench broker`")
    })?;
    if let Some(broker) = place.read()? {
        match (broker.dead_node(), broker.alive().count()) {
            (None, _) => {
                same_settings(&broker, options)?;
                return Ok((broker, false));
            }
            (_, 0) => {}
            (dead, alive) => {
                let (name, dead) = (&options.name, dead.unwrap_or_default());
                return Err(TargetError::Impossible(format!(
                    "broker {name}: node {dead} has ended, {alive} of its nodes run; `kpbench broker down --name {name}` first"
                )));
            }
        }
    }
    let toolkit = Toolkit::prepare(spawner, &options.progress, &AtomicBool::new(false))?;
    let mut attempt = 1;
    loop {
        place.clear()?;
        let mut broker = empty(&place, &toolkit, options);
        let started = launch(spawner, &place, &toolkit, options, &mut broker).and_then(|()| wait(&broker, options));
        match started {
            Ok(()) => return Ok((broker, true)),
            Err(error) => {
                let again = attempt < PORT_ATTEMPTS && port_was_taken(&broker);
                end(&broker)?;
                place.clear()?;
                if !again {
                    return Err(error);
                }
                attempt += 1;
            }
        }
    }
}

/// What runs must be what is asked for: it is what would be measured.
fn same_settings(broker: &DetachedBroker, options: &DetachedOptions) -> Result<(), TargetError> {
    let mut differences = Vec::new();
    let (runs, asked) = (broker.processes.len(), options.nodes.max(1) as usize);
    if runs != asked {
        let nodes = if runs == 1 { "node" } else { "nodes" };
        differences.push(format!("it runs with {runs} {nodes}, {asked} asked for"));
    }
    if let Some(config) = broker.broker_config.as_ref()
        && *config != options.broker_config
    {
        let words = |config: &BTreeMap<String, String>| match config.len() {
            0 => "no --config".to_owned(),
            _ => {
                let pairs: Vec<String> = config.iter().map(|(key, value)| format!("{key}={value}")).collect();
                pairs.join(", ")
            }
        };
        differences.push(format!(
            "it runs with {}, {} asked for",
            words(config),
            words(&options.broker_config)
        ));
    }
    if differences.is_empty() {
        return Ok(());
    }
    let name = &options.name;
    Err(TargetError::Differs(format!(
        "broker {name} is up with other settings: {}; `kpbench broker down --name {name}` first, or give another --name",
        differences.join("; ")
    )))
}

fn empty(place: &Place, toolkit: &Toolkit, options: &DetachedOptions) -> DetachedBroker {
    DetachedBroker {
        name: options.name.clone(),
        version: toolkit.kafka.version.clone(),
        cluster_id: toolkit::random_id(),
        bootstrap_servers: String::new(),
        processes: Vec::new(),
        directory: place.directory.clone(),
        broker_config: Some(options.broker_config.clone()),
    }
}

fn launch(
    spawner: &Spawner,
    place: &Place,
    toolkit: &Toolkit,
    options: &DetachedOptions,
    broker: &mut DetachedBroker,
) -> Result<(), TargetError> {
    let count = options.nodes.max(1);
    fs::create_dir_all(&place.directory).map_err(TargetError::path("create directory", &place.directory))?;
    let settings = broker_settings(count, &options.broker_config);
    let checkpoint = toolkit.checkpoint(spawner, None, &options.progress)?;
    let mut ports = ReservedPorts::choose(count, false).map_err(TargetError::io("find free ports"))?;
    broker.bootstrap_servers = bootstrap_servers(&ports.nodes);
    let commands = format(
        toolkit,
        place,
        &ports.nodes,
        &settings,
        &checkpoint,
        (&broker.cluster_id, options),
    )?;
    ports.release();
    for command in commands {
        let child = spawn_detached(command).map_err(TargetError::io("start java"))?;
        let gone = || TargetError::TimedOut("java ended as soon as it was started".to_owned());
        broker.processes.push(ProcessIdentity::of(child.id()).ok_or_else(gone)?);
        // After each: were this program killed now, `down` would still know what to end.
        place.write(broker)?;
    }
    Ok(())
}

fn format(
    toolkit: &Toolkit,
    place: &Place,
    ports: &[NodePorts],
    settings: &BTreeMap<String, String>,
    checkpoint: &[u8],
    (cluster_id, options): (&str, &DetachedOptions),
) -> Result<Vec<std::process::Command>, TargetError> {
    let mut commands = Vec::new();
    for id in 1..=options.nodes.max(1) {
        let files = NodeFiles::of(&place.directory, id);
        let properties = server_properties(id, ports, &files.data, settings);
        toolkit::format_node(&files, id, cluster_id, &properties, checkpoint)?;
        commands.push(toolkit.broker(&files, options.nodes, options.fast_start)?);
    }
    Ok(commands)
}

fn wait(broker: &DetachedBroker, options: &DetachedOptions) -> Result<(), TargetError> {
    let client = ClusterClient::new(&broker.bootstrap_servers, &BTreeMap::new())?;
    let mut alive = || broker.check_alive();
    client.wait_until_reachable(
        Listener::Known,
        options.nodes,
        START_LIMIT,
        &AtomicBool::new(false),
        &mut alive,
    )?;
    Ok(())
}

fn port_was_taken(broker: &DetachedBroker) -> bool {
    (1..=broker.processes.len())
        .filter_map(|node| u32::try_from(node).ok())
        .any(|node| {
            let log = fs::read_to_string(NodeFiles::of(&broker.directory, node).log).unwrap_or_default();
            super::node::says_port_was_taken(&log)
        })
}

/// How the broker of that name is; asks it. Blocks, for a few seconds where it does not answer.
///
/// # Errors
/// Where its state cannot be read.
pub fn status(name: &str) -> Result<DetachedStatus, TargetError> {
    let Some(broker) = Place::of(name)?.read()? else {
        return Ok(DetachedStatus::Absent);
    };
    if let Some(node) = broker.dead_node() {
        let why = format!("node {node} of {} has ended", broker.processes.len());
        return Ok(DetachedStatus::Broken { broker, why });
    }
    let client = ClusterClient::new(&broker.bootstrap_servers, &BTreeMap::new())?;
    let nodes = u32::try_from(broker.processes.len()).unwrap_or(u32::MAX);
    let limit = Duration::from_secs(3);
    match client.wait_until_reachable(Listener::Known, nodes, limit, &AtomicBool::new(false), &mut || Ok(())) {
        Ok(facts) if facts.cluster_id.as_ref().is_some_and(|id| *id != broker.cluster_id) => {
            Ok(DetachedStatus::Broken {
                broker,
                why: "another cluster answers at its address".to_owned(),
            })
        }
        Ok(_) => Ok(DetachedStatus::Running(broker)),
        Err(error) => Ok(DetachedStatus::Broken {
            broker,
            why: error.to_string(),
        }),
    }
}

/// Ends the broker of that name and removes its data. None where there is none. Blocks.
///
/// # Errors
/// Where a process does not end, or files cannot be removed.
pub fn down(name: &str, progress: &Progress) -> Result<Option<DetachedBroker>, TargetError> {
    let place = Place::of(name)?;
    let _lock = cache::exclusive(&place.lock, || progress.say("waiting for another `kpbench broker`"))?;
    let Some(broker) = place.read()? else { return Ok(None) };
    end(&broker)?;
    place.clear()?;
    Ok(Some(broker))
}

/// Asks its processes to end, then kills those that do not; only processes that are still the ones started.
fn end(broker: &DetachedBroker) -> Result<(), TargetError> {
    for (signal, limit) in [(Signal::Terminate, TERMINATE_LIMIT), (Signal::Kill, KILL_LIMIT)] {
        for process in broker.alive() {
            // It may end by itself in between.
            let _ = send_signal(process.pid, signal);
        }
        let start = Instant::now();
        while broker.alive().next().is_some() && start.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    match broker.alive().next() {
        None => Ok(()),
        Some(process) => Err(TargetError::TimedOut(format!("process {} does not end", process.pid))),
    }
}

/// Where the logs of a named broker are.
pub fn logs(broker: &DetachedBroker) -> Vec<PathBuf> {
    (1..=broker.processes.len())
        .filter_map(|node| u32::try_from(node).ok())
        .map(|node| NodeFiles::of(Path::new(&broker.directory), node).log)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_directory() {
        for name in ["", "../x", "a/b", "a b", "."] {
            assert!(Place::of(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_running_broker_with_other_settings_is_not_what_was_asked_for() {
        let own = ProcessIdentity::of(std::process::id()).unwrap();
        let broker = DetachedBroker {
            name: "x".into(),
            version: String::new(),
            cluster_id: String::new(),
            bootstrap_servers: String::new(),
            processes: vec![own],
            directory: PathBuf::new(),
            broker_config: Some(BTreeMap::new()),
        };
        let asked = |nodes, config: &[(&str, &str)]| DetachedOptions {
            name: "x".into(),
            nodes,
            broker_config: config
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect(),
            fast_start: false,
            progress: Progress::default(),
        };
        assert!(same_settings(&broker, &asked(1, &[])).is_ok());
        let nodes = same_settings(&broker, &asked(3, &[])).unwrap_err();
        assert!(nodes.to_string().contains("runs with 1 node, 3 asked for"), "{nodes}");
        assert_eq!(nodes.exit_code(), 1);
        let config = same_settings(&broker, &asked(1, &[("num.io.threads", "4")])).unwrap_err();
        assert!(
            config.to_string().contains("no --config, num.io.threads=4 asked"),
            "{config}"
        );
    }

    #[test]
    fn a_process_with_another_start_time_is_not_signalled() {
        let mut sleeper = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let other = ProcessIdentity {
            pid: sleeper.id(),
            started: "long ago".to_owned(),
        };
        let broker = DetachedBroker {
            name: "x".into(),
            version: String::new(),
            cluster_id: String::new(),
            bootstrap_servers: String::new(),
            processes: vec![other],
            directory: PathBuf::new(),
            broker_config: None,
        };
        end(&broker).unwrap();
        assert!(
            sleeper.try_wait().unwrap().is_none(),
            "somebody else's process was ended"
        );
        let real = ProcessIdentity::of(sleeper.id()).unwrap();
        end(&DetachedBroker {
            processes: vec![real],
            ..broker
        })
        .unwrap();
        assert!(!sleeper.wait().unwrap().success());
    }
}
