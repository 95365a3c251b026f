//! The one local broker, a fresh topic for every run, and what it says was appended.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use kpbench::process::Spawner;
use kpbench::profile::TargetSettings;
use kpbench::protocol::TargetKind;
use kpbench::target::{NewTopic, Patience, StartOptions, TOPIC_PREFIX, Target};
use tokio::runtime::Runtime;

use super::combination::PARTITIONS;

/// The broker. Dropping it ends it and removes its data.
pub struct Broker {
    runtime: Runtime,
    target: Target,
    topics: u64,
}

impl Broker {
    /// Starts it.
    pub fn start(spawner: &Spawner) -> anyhow::Result<Broker> {
        let runtime = Runtime::new()?;
        let settings = TargetSettings {
            kind: TargetKind::Local,
            brokers: 1,
            bootstrap_servers: None,
            connection: BTreeMap::new(),
            broker_config: BTreeMap::new(),
        };
        let target = runtime.block_on(Target::start(&settings, &StartOptions::new(spawner.clone())))?;
        Ok(Broker {
            runtime,
            target,
            topics: 0,
        })
    }

    /// `bootstrap.servers`.
    pub fn bootstrap_servers(&self) -> &str {
        self.target.bootstrap_servers()
    }

    /// Its software.
    pub fn software(&self) -> String {
        self.target
            .description()
            .software
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// A fresh topic.
    pub fn create_topic(&mut self) -> anyhow::Result<String> {
        self.topics += 1;
        let name = format!("{TOPIC_PREFIX}peers-{}-{}", std::process::id(), self.topics);
        let topic = NewTopic {
            name: name.clone(),
            partitions: PARTITIONS,
            replication_factor: 1,
            config: BTreeMap::new(),
        };
        self.runtime.block_on(self.target.create_topic(&topic))?;
        Ok(name)
    }

    /// Records that a fresh topic holds, once its high watermarks stand still.
    pub fn appended(&self, topic: &str) -> anyhow::Result<u64> {
        let topics = [topic];
        let settled = self
            .target
            .settled_high_watermarks(&topics, Patience::within(Duration::from_secs(10)));
        Ok(self.runtime.block_on(settled)?.iter().sum())
    }

    /// Deletes a topic.
    pub fn delete_topic(&self, topic: &str) -> anyhow::Result<()> {
        self.runtime
            .block_on(self.target.delete_topic(topic))
            .with_context(|| format!("delete topic {topic}"))
    }

    /// Ends the broker and removes its data.
    pub fn stop(self) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.target.stop())?)
    }
}
