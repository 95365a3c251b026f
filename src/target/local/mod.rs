//! A real Apache Kafka on this machine: KRaft mode, loopback ports, a data directory that goes with it.
//!
//! Knows Java, Kafka's jars and configuration files. Its brokers die with this process, however that dies.

mod class_data;
pub mod detached;
pub mod jars;
pub mod java;
mod layout;
mod node;
mod security;
mod settings;
mod toolkit;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use security::{LocalSecurity, SecuredListener};
pub use settings::{BROKER_SETTINGS, BrokerSetting, broker_settings};
pub use toolkit::{HEAP_SEVERAL, HEAP_SINGLE};

use super::cache::{self, OwnedDirectory};
use super::cluster::{ClusterClient, ClusterFacts, Listener as ClusterListener};
use super::error::TargetError;
use crate::process::Spawner;
use layout::{NodeFiles, NodePorts, ReservedPorts, bootstrap_servers, server_properties};
use node::Node;
use toolkit::Toolkit;

/// Longest time for a cluster to come up.
const START_LIMIT: Duration = Duration::from_secs(90);

/// How often other ports are tried: between choosing a port and the broker's taking it, anybody may.
const PORT_ATTEMPTS: u32 = 5;

/// Who hears remarks.
type Listener = dyn Fn(&str) + Send + Sync;

/// Where remarks go on things that take long and happen once.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Listener>>);

impl Progress {
    /// Sends remarks to `listener`.
    pub fn new(listener: impl Fn(&str) + Send + Sync + 'static) -> Progress {
        Progress(Some(Arc::new(listener)))
    }

    pub(crate) fn say(&self, remark: &str) {
        if let Some(listener) = &self.0 {
            listener(remark);
        }
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "Progress(listened to)"
        } else {
            "Progress(nobody listens)"
        })
    }
}

/// How a local cluster is started.
#[derive(Clone, Debug, Default)]
pub struct LocalOptions {
    /// Number of nodes; 0 counts as 1. Three vote for the controller at most, further ones are brokers only.
    pub nodes: u32,
    /// Broker configuration on top of [`BROKER_SETTINGS`].
    pub broker_config: BTreeMap<String, String>,
    /// A second listener with TLS and SASL.
    pub security: Option<LocalSecurity>,
    /// Starts in two thirds of the time, with a compiler that makes slower code: for tests, not for measuring.
    pub fast_start: bool,
    /// Directory for the data; [`super::data_parent`] by default.
    pub data_parent: Option<PathBuf>,
    /// Where remarks go on downloads and other things that happen once.
    pub progress: Progress,
}

/// A local cluster. Dropping it kills its brokers and removes its data.
#[derive(Debug)]
pub struct LocalCluster {
    // The order of fields is the order of their end: brokers first, then their data.
    nodes: Mutex<Vec<Node>>,
    directory: OwnedDirectory,
    toolkit: Toolkit,
    spawner: Spawner,
    fast_start: bool,
    ports: Vec<NodePorts>,
    settings: BTreeMap<String, String>,
    secured: Option<SecuredListener>,
}

impl LocalCluster {
    /// Starts a cluster and waits until all its brokers answer.
    pub(crate) fn start(
        spawner: &Spawner,
        options: &LocalOptions,
        connection: &BTreeMap<String, String>,
        cancelled: &AtomicBool,
    ) -> Result<(LocalCluster, ClusterClient, ClusterFacts), TargetError> {
        let toolkit = Toolkit::prepare(spawner, &options.progress, cancelled)?;
        let mut attempt = 1;
        loop {
            let cluster = LocalCluster::launch(spawner, &toolkit, options)?;
            let client = ClusterClient::new(&bootstrap_servers(&cluster.ports), connection)?;
            let brokers = options.nodes.max(1);
            let up = client.wait_until_reachable(ClusterListener::Known, brokers, START_LIMIT, cancelled, &mut || {
                cluster.check_alive()
            });
            match up {
                Ok(facts) => return Ok((cluster, client, facts)),
                Err(_) if attempt < PORT_ATTEMPTS && cluster.port_was_taken() => attempt += 1,
                Err(error) => return Err(cluster.with_logs(error)),
            }
        }
    }

    fn launch(spawner: &Spawner, toolkit: &Toolkit, options: &LocalOptions) -> Result<LocalCluster, TargetError> {
        let parent = match &options.data_parent {
            Some(parent) => parent.clone(),
            None => cache::data_parent()?,
        };
        let directory = OwnedDirectory::create(&parent)?;
        let count = options.nodes.max(1);
        let mut settings = broker_settings(count, &options.broker_config);
        if options.security.is_some() {
            settings.extend(security::prepare(spawner, toolkit, directory.path())?);
        }
        let checkpoint = toolkit.checkpoint(spawner, options.security.as_ref(), &options.progress)?;
        let ports = ReservedPorts::choose(count, options.security.is_some());
        let mut ports = ports.map_err(TargetError::io("find free ports"))?;
        let cluster_id = toolkit::random_id();
        let mut commands = Vec::new();
        for id in 1..=count {
            let files = NodeFiles::of(directory.path(), id);
            let properties = server_properties(id, &ports.nodes, &files.data, &settings);
            toolkit::format_node(&files, id, &cluster_id, &properties, &checkpoint)?;
            commands.push((id, toolkit.broker(&files, count, options.fast_start)?, files));
        }
        ports.release();
        let mut nodes = Vec::new();
        for (id, command, files) in commands {
            nodes.push(Node::start(spawner, id, files, command)?);
        }
        let secured = options
            .security
            .as_ref()
            .and_then(|security| security::listener(security, directory.path(), &ports.nodes));
        Ok(LocalCluster {
            nodes: Mutex::new(nodes),
            directory,
            toolkit: toolkit.clone(),
            spawner: spawner.clone(),
            fast_start: options.fast_start,
            ports: ports.nodes,
            settings,
            secured,
        })
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        // The list itself never changes: a panic leaves it whole.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Version of Apache Kafka.
    pub fn version(&self) -> &str {
        &self.toolkit.kafka.version
    }

    /// The Kafka that it runs.
    pub fn installation(&self) -> &jars::Installation {
        &self.toolkit.kafka
    }

    /// Version of Java.
    pub fn java_version(&self) -> &str {
        &self.toolkit.java.version
    }

    /// Options of its brokers' JVMs that bear on their speed.
    pub fn java_options(&self) -> Vec<String> {
        toolkit::jvm_options(self.count(), self.fast_start)
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// Broker settings that differ from Kafka's defaults, those of the profile included; addresses and directories not.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// The secured listener, where one was asked for.
    pub fn secured(&self) -> Option<&SecuredListener> {
        self.secured.as_ref()
    }

    /// Where its data and logs are.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Process ids of its brokers, by node.
    pub fn pids(&self) -> Vec<u32> {
        self.nodes().iter().map(Node::pid).collect()
    }

    /// Whether every broker's process runs.
    pub fn is_alive(&self) -> bool {
        self.check_alive().is_ok()
    }

    /// Tells which broker's process has ended, with the end of its log.
    ///
    /// # Errors
    /// `Node` where one has.
    pub fn check_alive(&self) -> Result<(), TargetError> {
        self.nodes().iter_mut().try_for_each(Node::check_alive)
    }

    /// User and system time of all its brokers since they first started, in µs. None where the system does not say.
    pub fn cpu_us(&self) -> Option<u64> {
        let total: u64 = self.nodes().iter().map(Node::cpu_us).sum();
        (total > 0).then_some(total)
    }

    /// Kills one broker, as a power cut would. Nodes count from 1.
    ///
    /// # Errors
    /// `Impossible` where there is no such node.
    pub fn kill_node(&self, node: u32) -> Result<(), TargetError> {
        self.with_node(node, |found| {
            found.kill();
            Ok(())
        })
    }

    /// Starts one broker again, killing it first where it runs; does not wait until it answers. Nodes count from 1.
    ///
    /// # Errors
    /// `Impossible` where there is no such node; `Io` where it cannot be started.
    pub fn restart_node(&self, node: u32) -> Result<(), TargetError> {
        self.with_node(node, |found| {
            let command = self.toolkit.broker(found.files(), self.count(), self.fast_start)?;
            found.restart(&self.spawner, command)
        })
    }

    /// Starts the brokers whose processes have ended; says how many.
    ///
    /// # Errors
    /// As [`LocalCluster::restart_node`].
    pub fn restart_dead_nodes(&self) -> Result<usize, TargetError> {
        let dead: Vec<u32> = {
            let mut nodes = self.nodes();
            nodes
                .iter_mut()
                .filter_map(|node| node.check_alive().is_err().then(|| node.id()))
                .collect()
        };
        dead.iter().try_for_each(|node| self.restart_node(*node))?;
        Ok(dead.len())
    }

    fn with_node<T>(
        &self,
        node: u32,
        work: impl FnOnce(&mut Node) -> Result<T, TargetError>,
    ) -> Result<T, TargetError> {
        match self.nodes().iter_mut().find(|found| found.id() == node) {
            Some(found) => work(found),
            None => Err(TargetError::Impossible(format!("the local Kafka has no node {node}"))),
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.ports.len()).unwrap_or(u32::MAX)
    }

    fn port_was_taken(&self) -> bool {
        self.nodes().iter().any(Node::port_was_taken)
    }

    /// Where nobody answered although the processes run, their logs may say why.
    fn with_logs(&self, error: TargetError) -> TargetError {
        match error {
            TargetError::Unreachable { cause, waited, .. } => TargetError::Node {
                node: 1,
                what: format!("did not answer within {:.0} s ({cause})", waited.as_secs_f64()),
                log: super::error::log_tail(&NodeFiles::of(self.directory.path(), 1).log, 15),
            },
            error => error,
        }
    }

    /// Kills the brokers and removes the data.
    ///
    /// # Errors
    /// `Io` where the data cannot be removed.
    pub fn stop(&self) -> Result<(), TargetError> {
        // Without a SIGTERM first: of three nodes told to end at once, one waits for the others and keeps its port. The
        // data goes anyway.
        self.nodes().iter_mut().for_each(Node::kill);
        self.directory.remove()
    }
}
