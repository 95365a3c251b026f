//! What records are sent to: a local Kafka, an external cluster, the mock cluster; their topics and high watermarks.
//!
//! Knows how to start, reach, describe and end a target. Must not know what a trial is, nor what is measured.

mod cache;
mod causes;
mod cluster;
mod error;
mod external;
pub mod local;
pub mod mock;
mod topics;
mod watermarks;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

pub use cache::{cache_directory, data_parent};
pub use error::TargetError;
pub use topics::{NewTopic, TOPIC_PREFIX};
pub use watermarks::{Patience, WatermarkPoll};

use tokio::sync::watch;

use crate::process::Spawner;
use crate::profile::TargetSettings;
use crate::protocol::TargetKind;
use crate::store::{LocalBrokers, TargetDescription};
use cluster::{ClusterClient, Listener};
use local::{LocalCluster, LocalOptions};
use mock::{MockCommand, MockProcess};

/// How long an external cluster may take for its first answer; below the ten seconds promised to the user.
const EXTERNAL_TIMEOUT: Duration = Duration::from_secs(8);

/// How a target is started, beyond what a profile says.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// Starts the brokers' processes.
    pub spawner: Spawner,
    /// The program that serves `mock-cluster`; the running one by default.
    pub kpbench_binary: Option<PathBuf>,
    /// For `local`.
    pub local: LocalOptions,
    /// Where a start is told to end, by `true`: it then takes back what it made, and returns `Cancelled`. Dropping the
    /// start does so too, but nobody hears when it is done.
    pub cancel: Option<watch::Receiver<bool>>,
}

impl StartOptions {
    /// The defaults, with this spawner.
    pub fn new(spawner: Spawner) -> StartOptions {
        StartOptions {
            spawner,
            kpbench_binary: None,
            local: LocalOptions::default(),
            cancel: None,
        }
    }
}

/// A target that runs. Dropping it ends what it started and removes its data; [`Target::stop`] does that off the
/// asynchronous threads.
#[derive(Debug)]
pub struct Target {
    parts: Arc<Parts>,
    connection: BTreeMap<String, String>,
    description: TargetDescription,
}

#[derive(Debug)]
struct Parts {
    backend: Backend,
    client: ClusterClient,
    /// Partitions by topic, so that a poll needs no metadata first.
    partitions: RwLock<BTreeMap<String, u32>>,
}

#[derive(Debug)]
enum Backend {
    Local(Box<LocalCluster>),
    External,
    Mock(Box<MockProcess>),
}

/// Sets its flag when dropped, so that a start whose asker is gone ends too.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Target {
    /// Starts or reaches the target. Dropping the future ends what was started by then.
    ///
    /// # Errors
    /// `Missing` where this machine lacks what a local Kafka needs; `Unreachable` with the cause in the client's or the
    /// broker's words; `Node` where a local node fails.
    pub async fn start(settings: &TargetSettings, options: &StartOptions) -> Result<Target, TargetError> {
        let (settings, options) = (settings.clone(), options.clone());
        let cancelled = Arc::new(AtomicBool::new(false));
        let guard = CancelOnDrop(Arc::clone(&cancelled));
        let asked = cancel_asked(options.cancel.clone());
        let work = blocking(move || start(&settings, &options, &cancelled));
        tokio::pin!(work);
        let early = tokio::select! {
            biased;
            target = &mut work => Some(target),
            () = asked => None,
        };
        drop(guard);
        match early {
            Some(target) => target,
            None => work.await,
        }
    }

    /// `bootstrap.servers`.
    pub fn bootstrap_servers(&self) -> &str {
        &self.parts.client.bootstrap_servers
    }

    /// What every client needs to connect, in librdkafka's names, without `bootstrap.servers`. May hold secrets.
    pub fn connection(&self) -> &BTreeMap<String, String> {
        &self.connection
    }

    /// What was found.
    pub fn description(&self) -> TargetDescription {
        self.description.clone()
    }

    /// User and system time of all local brokers since they started, in µs; none where they are not ours.
    pub fn broker_cpu_us(&self) -> Option<u64> {
        match &self.parts.backend {
            Backend::Local(local) => local.cpu_us(),
            Backend::External | Backend::Mock(_) => None,
        }
    }

    /// The processes that were started for it: a local Kafka's brokers, the mock cluster; none for an external cluster.
    pub fn pids(&self) -> Vec<u32> {
        match &self.parts.backend {
            Backend::Local(local) => local.pids(),
            Backend::Mock(mock) => vec![mock.pid()],
            Backend::External => Vec::new(),
        }
    }

    /// The local Kafka, where that is the target.
    pub fn local(&self) -> Option<&LocalCluster> {
        match &self.parts.backend {
            Backend::Local(local) => Some(local),
            Backend::External | Backend::Mock(_) => None,
        }
    }

    /// Has the mock cluster do something, as tests need.
    ///
    /// # Errors
    /// `Mock` where the target is another kind, or the mock cluster is gone; `Impossible` with its refusal.
    pub async fn mock_command(&self, command: MockCommand) -> Result<(), TargetError> {
        self.off_thread(move |parts| match &parts.backend {
            Backend::Mock(mock) => mock.command(&command),
            Backend::Local(_) | Backend::External => Err(TargetError::Mock("the target is another kind".to_owned())),
        })
        .await
    }

    /// Creates a topic, and waits until each partition has a leader and its replicas.
    ///
    /// # Errors
    /// `Impossible` where the cluster does not allow it, or the name lacks [`TOPIC_PREFIX`].
    pub async fn create_topic(&self, topic: &NewTopic) -> Result<(), TargetError> {
        self.request_topic(topic, false).await?;
        let waited = topic.clone();
        self.off_thread(move |parts| {
            topics::wait_for_leaders(&parts.client, &waited)?;
            // The metadata names leaders before they know; one that answers for its partition does.
            watermarks::poll(&parts.client, &[(waited.name.clone(), waited.partitions)])?;
            parts.remember(&waited.name, waited.partitions);
            Ok(())
        })
        .await
    }

    /// Asks whether [`Target::create_topic`] would be allowed, without creating anything.
    ///
    /// # Errors
    /// As [`Target::create_topic`].
    pub async fn probe_topic(&self, topic: &NewTopic) -> Result<(), TargetError> {
        self.request_topic(topic, true).await
    }

    async fn request_topic(&self, topic: &NewTopic, validate_only: bool) -> Result<(), TargetError> {
        let Backend::Mock(_) = &self.parts.backend else {
            let asked = topic.clone();
            return self
                .off_thread(move |parts| topics::create(&parts.client, &asked, validate_only))
                .await;
        };
        topic.checked()?;
        // The mock cluster knows no topic configuration: what would be ignored is refused.
        if u32::from(topic.replication_factor) > self.description.brokers {
            return Err(TargetError::Impossible(format!(
                "topic {}: replication factor {} on {} mock brokers",
                topic.name, topic.replication_factor, self.description.brokers
            )));
        }
        if validate_only {
            return Ok(());
        }
        let NewTopic {
            name,
            partitions,
            replication_factor,
            config: _,
        } = topic.clone();
        self.mock_command(MockCommand::CreateTopic {
            name,
            partitions,
            replication_factor,
        })
        .await
    }

    /// Deletes a topic that this program created; one that is gone already counts as deleted. The mock cluster cannot
    /// delete; its topics hold a few batches at most and end with it.
    ///
    /// # Errors
    /// `Impossible` for a name without [`TOPIC_PREFIX`].
    pub async fn delete_topic(&self, name: &str) -> Result<(), TargetError> {
        topics::owned(name)?;
        self.parts.forget(name);
        match &self.parts.backend {
            Backend::Mock(_) => Ok(()),
            Backend::Local(_) | Backend::External => topics::delete(&self.parts.client, name).await,
        }
    }

    /// The number of partitions of a topic, from the cluster's metadata.
    ///
    /// # Errors
    /// `Impossible` where it does not exist.
    pub async fn partitions(&self, topic: &str) -> Result<u32, TargetError> {
        let topic = topic.to_owned();
        self.off_thread(move |parts| parts.partitions_of(&topic)).await
    }

    /// The high watermark of each partition, by partition.
    ///
    /// # Errors
    /// When the topic or a partition's leader is not there, or nobody answers in 10 s.
    pub async fn high_watermarks(&self, topic: &str) -> Result<Vec<u64>, TargetError> {
        Ok(self.poll_watermarks(&[topic]).await?.offsets)
    }

    /// The high watermarks of these topics together with the instants around the requests: what `acks=0` throughput is
    /// made from.
    ///
    /// # Errors
    /// As [`Target::high_watermarks`].
    pub async fn poll_watermarks(&self, topics: &[&str]) -> Result<WatermarkPoll, TargetError> {
        let topics = owned(topics);
        self.off_thread(move |parts| watermarks::poll(&parts.client, &parts.partitioned(topics)?))
            .await
    }

    /// The high watermarks of these topics, one topic behind the other, once all together have stood still for as long as
    /// `patience` asks.
    ///
    /// # Errors
    /// `TimedOut` where they still move when its time is over; else as [`Target::high_watermarks`].
    pub async fn settled_high_watermarks(&self, topics: &[&str], patience: Patience) -> Result<Vec<u64>, TargetError> {
        let topics = owned(topics);
        self.off_thread(move |parts| {
            let topics = parts.partitioned(topics)?;
            Ok(watermarks::settled(&parts.client, &topics, patience)?.offsets)
        })
        .await
    }

    /// Waits until all brokers answer again. Ends early, with the cause, where a local node's process is gone: see
    /// [`Target::revive`].
    ///
    /// # Errors
    /// `Unreachable`, `Node`.
    pub async fn wait_until_reachable(&self, timeout: Duration) -> Result<(), TargetError> {
        let brokers = self.description.brokers;
        let cancelled = Arc::new(AtomicBool::new(false));
        let guard = CancelOnDrop(Arc::clone(&cancelled));
        let done = self.off_thread(move |parts| {
            let mut alive = || match &parts.backend {
                Backend::Local(local) => local.check_alive(),
                Backend::External | Backend::Mock(_) => Ok(()),
            };
            parts
                .client
                .wait_until_reachable(Listener::Known, brokers, timeout, &cancelled, &mut alive)
                .map(|_| ())
        });
        let done = done.await;
        drop(guard);
        done
    }

    /// Starts local nodes that have died again, on their data and ports. Returns how many; 0 for other targets.
    ///
    /// # Errors
    /// When a process cannot be started.
    pub async fn revive(&self) -> Result<usize, TargetError> {
        self.off_thread(|parts| match &parts.backend {
            Backend::Local(local) => local.restart_dead_nodes(),
            Backend::External | Backend::Mock(_) => Ok(0),
        })
        .await
    }

    /// Ends what was started and removes its data.
    ///
    /// # Errors
    /// When local data cannot be removed.
    pub async fn stop(self) -> Result<(), TargetError> {
        blocking(move || {
            if let Backend::Local(local) = &self.parts.backend {
                local.stop()?;
            }
            drop(self);
            Ok(())
        })
        .await
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Parts) -> Result<T, TargetError> + Send + 'static,
    ) -> Result<T, TargetError> {
        let parts = Arc::clone(&self.parts);
        blocking(move || work(&parts)).await
    }
}

impl Parts {
    fn partitions_of(&self, topic: &str) -> Result<u32, TargetError> {
        let known = self.partitions.read().ok().and_then(|known| known.get(topic).copied());
        if let Some(partitions) = known {
            return Ok(partitions);
        }
        let partitions = topics::partitions(&self.client, topic)?;
        self.remember(topic, partitions);
        Ok(partitions)
    }

    /// The topics with their numbers of partitions.
    fn partitioned(&self, topics: Vec<String>) -> Result<Vec<watermarks::Partitioned>, TargetError> {
        let with = |topic: String| Ok((topic.clone(), self.partitions_of(&topic)?));
        topics.into_iter().map(with).collect()
    }

    // A poisoned cache is only a slower one.
    fn remember(&self, topic: &str, partitions: u32) {
        if let Ok(mut known) = self.partitions.write() {
            known.insert(topic.to_owned(), partitions);
        }
    }

    fn forget(&self, topic: &str) {
        if let Ok(mut known) = self.partitions.write() {
            known.remove(topic);
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Ends once `true` comes; never where nobody can ask.
async fn cancel_asked(receiver: Option<watch::Receiver<bool>>) {
    if let Some(mut receiver) = receiver
        && receiver.wait_for(|&asked| asked).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TargetError> + Send + 'static,
) -> Result<T, TargetError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(TargetError::Cancelled),
    }
}

fn start(settings: &TargetSettings, options: &StartOptions, cancelled: &AtomicBool) -> Result<Target, TargetError> {
    match settings.kind {
        TargetKind::Local => start_local(settings, options, cancelled),
        TargetKind::External => start_external(settings, cancelled),
        TargetKind::Mock => start_mock(settings, options, cancelled),
    }
}

fn start_local(
    settings: &TargetSettings,
    options: &StartOptions,
    cancelled: &AtomicBool,
) -> Result<Target, TargetError> {
    let local_options = LocalOptions {
        nodes: settings.brokers.max(1),
        broker_config: settings.broker_config.clone(),
        ..options.local.clone()
    };
    let (local, client, facts) =
        LocalCluster::start(&options.spawner, &local_options, &settings.connection, cancelled)?;
    let software = Some(format!("Apache Kafka {}", local.version()));
    let mut own_settings = local::broker_settings(local_options.nodes, &BTreeMap::new());
    own_settings.retain(|name, _| !settings.broker_config.contains_key(name));
    let brokers = LocalBrokers {
        java_version: local.java_version().to_owned(),
        java_options: local.java_options(),
        settings: own_settings,
    };
    let mut target = assemble(
        TargetKind::Local,
        Backend::Local(Box::new(local)),
        client,
        facts,
        software,
        settings.connection.clone(),
    );
    target.description.local_brokers = Some(brokers);
    Ok(target)
}

fn start_external(settings: &TargetSettings, cancelled: &AtomicBool) -> Result<Target, TargetError> {
    let servers = settings
        .bootstrap_servers
        .as_deref()
        .map(str::trim)
        .filter(|servers| !servers.is_empty());
    let servers = servers.ok_or_else(|| {
        TargetError::Impossible(
            "the external target needs bootstrap servers: `--bootstrap-servers HOST:PORT`".to_owned(),
        )
    })?;
    let connection = external::connection(&settings.connection);
    let client = ClusterClient::new(servers, &connection)?;
    let facts = client.wait_until_reachable(Listener::Unknown, 1, EXTERNAL_TIMEOUT, cancelled, &mut || Ok(()))?;
    Ok(assemble(
        TargetKind::External,
        Backend::External,
        client,
        facts,
        None,
        connection,
    ))
}

fn start_mock(
    settings: &TargetSettings,
    options: &StartOptions,
    cancelled: &AtomicBool,
) -> Result<Target, TargetError> {
    let kpbench = match &options.kpbench_binary {
        Some(path) => path.clone(),
        None => std::env::current_exe().map_err(TargetError::io("find this program's own file"))?,
    };
    let mock = MockProcess::start(&options.spawner, &kpbench, settings.brokers.max(1))?;
    // A mock cluster speaks plain text only; connection properties of a profile are for the real target.
    let connection = BTreeMap::new();
    let client = ClusterClient::new(mock.bootstrap_servers(), &connection)?;
    let facts = client.wait_until_reachable(
        Listener::Known,
        settings.brokers,
        EXTERNAL_TIMEOUT,
        cancelled,
        &mut || Ok(()),
    )?;
    let software = Some("librdkafka's mock cluster".to_owned());
    Ok(assemble(
        TargetKind::Mock,
        Backend::Mock(Box::new(mock)),
        client,
        facts,
        software,
        connection,
    ))
}

fn assemble(
    kind: TargetKind,
    backend: Backend,
    client: ClusterClient,
    facts: cluster::ClusterFacts,
    software: Option<String>,
    connection: BTreeMap<String, String>,
) -> Target {
    let description = TargetDescription {
        kind,
        brokers: facts.brokers,
        software,
        cluster_id: facts.cluster_id,
        conditioned_ms: 0,
        local_brokers: None,
    };
    Target {
        parts: Arc::new(Parts {
            backend,
            client,
            partitions: RwLock::default(),
        }),
        connection,
        description,
    }
}
