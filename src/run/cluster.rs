//! What the coordinator needs from a target, as a trait: a scripted twin stands in for a broker in tests.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::profile::TargetSettings;
use crate::store::TargetDescription;
pub use crate::target::{NewTopic, Patience, WatermarkPoll};

/// A future that borrows what it works on.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a target answered, or that it did not.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ClusterError {
    /// In the broker's or client's own words, with the remedy where one is known.
    pub message: String,
    /// True where the brokers gave an answer that asking again would not change: what was asked for is impossible here.
    pub refused: bool,
}

/// A target that is up.
pub trait Cluster {
    /// `bootstrap.servers` for clients.
    fn bootstrap_servers(&self) -> &str;
    /// Connection properties for clients, in librdkafka's names. May hold secrets.
    fn connection(&self) -> &BTreeMap<String, String>;
    /// What it is.
    fn description(&self) -> TargetDescription;
    /// User and system time of all its local brokers so far, in µs; none where they are not processes on this machine.
    fn broker_cpu_us(&self) -> Option<u64>;
    /// Tells, without asking anybody, where a broker that was started by this program has ended.
    fn check_alive(&self) -> Result<(), ClusterError>;
    /// Asks whether [`Cluster::create_topic`] would be allowed, without making anything.
    fn probe_topic<'a>(&'a self, topic: &'a NewTopic) -> BoxFuture<'a, Result<(), ClusterError>>;
    /// Makes a topic and waits until it can be written.
    fn create_topic<'a>(&'a self, topic: &'a NewTopic) -> BoxFuture<'a, Result<(), ClusterError>>;
    /// Deletes a topic.
    fn delete_topic<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), ClusterError>>;
    /// The high watermark of each partition.
    fn high_watermarks<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<Vec<u64>, ClusterError>>;
    /// The high watermark of each partition of these topics, and the two moments between which it was so.
    fn poll_watermarks<'a>(&'a self, topics: &'a [&'a str]) -> BoxFuture<'a, Result<WatermarkPoll, ClusterError>>;
    /// The high watermark of each partition, one topic behind the other, once those of all topics together stand still for as
    /// long as `patience` asks.
    fn settled_high_watermarks<'a>(
        &'a self,
        topics: &'a [&'a str],
        patience: Patience,
    ) -> BoxFuture<'a, Result<Vec<u64>, ClusterError>>;
    /// Starts local brokers that have died again, on their data. Returns how many.
    fn revive(&self) -> BoxFuture<'_, Result<usize, ClusterError>>;
    /// Waits until it answers. Ends early where a local broker's process is gone.
    fn wait_until_reachable(&self, timeout: Duration) -> BoxFuture<'_, Result<(), ClusterError>>;
    /// Ends it where it was started by this program, and removes its data.
    fn stop(self: Box<Self>) -> BoxFuture<'static, Result<(), ClusterError>>;
}

/// Starts or connects to targets.
pub trait ClusterStarter {
    /// Brings up what the settings ask for. Dropping the future ends what was started.
    fn start<'a>(&'a self, settings: &'a TargetSettings) -> BoxFuture<'a, Result<Box<dyn Cluster>, ClusterError>>;
}
