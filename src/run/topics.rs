//! The topics of a run: which ones this run made, and so may delete.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::{Cluster, ClusterError, NewTopic};
use crate::profile::{Configuration, TopicSettings};
use crate::target::TOPIC_PREFIX;

/// How long the end of a run waits for its topics to be deleted: a target that is gone must not hold it up.
const DELETE_ALL_LIMIT: Duration = Duration::from_secs(5);

/// A topic that is ready for a trial.
#[derive(Clone, Debug)]
pub(super) struct PreparedTopic {
    pub(super) name: String,
    /// The high watermark of each partition before the trial.
    pub(super) watermarks: Vec<u64>,
}

impl PreparedTopic {
    pub(super) fn partitions(&self) -> u32 {
        self.watermarks.len() as u32
    }
}

/// The topic of a coupon service ends in the name that the service gives it.
const COUPON_TOPIC: &str = "coupon_issue";

/// What a trial's topic is named for, beyond its session.
fn named_for(purpose: &str, configuration: &Configuration) -> String {
    match configuration.workload.arrival.scheduled_drain() {
        Some(_) => format!("{purpose}-{COUPON_TOPIC}"),
        None => purpose.to_owned(),
    }
}

/// Makes and deletes the topics of one session of a run.
pub(super) struct Topics<'a> {
    cluster: &'a dyn Cluster,
    settings: &'a TopicSettings,
    keep: bool,
    session: String,
    /// By name, with why it could not be deleted where that was tried.
    made: RefCell<BTreeMap<String, Option<String>>>,
    /// Every name that was made, deleted since or not.
    ever_made: RefCell<Vec<String>>,
}

impl<'a> Topics<'a> {
    /// `session` tells apart the topics of several sessions of one run, of which an earlier one may have left some.
    pub(super) fn new(
        cluster: &'a dyn Cluster,
        settings: &'a TopicSettings,
        keep: bool,
        session: String,
    ) -> Topics<'a> {
        Topics {
            cluster,
            settings,
            keep,
            session,
            made: RefCell::new(BTreeMap::new()),
            ever_made: RefCell::default(),
        }
    }

    /// Whether all trials write to the same topic.
    pub(super) fn is_shared(&self) -> bool {
        self.settings.existing.is_some()
    }

    /// Whether there are topics to be deleted at all.
    pub(super) fn are_deleted(&self) -> bool {
        !self.keep && !self.is_shared()
    }

    /// The topics that this session made and does not keep, deleted since or not.
    pub(super) fn ever_made(&self) -> Vec<String> {
        match self.keep {
            true => Vec::new(),
            false => self.ever_made.borrow().clone(),
        }
    }

    /// The topics that trials of this session were for, those that are kept aside.
    pub(super) fn written(&self) -> Vec<String> {
        match (&self.settings.existing, self.keep) {
            (_, true) => Vec::new(),
            (Some(existing), false) => vec![existing.clone()],
            (None, false) => self.ever_made(),
        }
    }

    /// How the names of all topics of this session begin.
    pub(super) fn prefix(&self) -> String {
        format!("{TOPIC_PREFIX}{}-", self.session)
    }

    /// A topic for a trial of `configuration`: the existing one, or a fresh one named for `purpose`.
    pub(super) async fn prepare(
        &self,
        purpose: &str,
        configuration: &Configuration,
    ) -> Result<PreparedTopic, ClusterError> {
        match &self.settings.existing {
            Some(name) => self.look_at(name.clone()).await,
            None => {
                self.prepare_fresh(&named_for(purpose, configuration), configuration)
                    .await
            }
        }
    }

    /// A fresh topic in any case: what is written there is not measured.
    pub(super) async fn prepare_fresh(
        &self,
        purpose: &str,
        configuration: &Configuration,
    ) -> Result<PreparedTopic, ClusterError> {
        let name = self.make(purpose, configuration.partitions).await?;
        self.look_at(name).await
    }

    async fn look_at(&self, name: String) -> Result<PreparedTopic, ClusterError> {
        let watermarks = self.cluster.high_watermarks(&name).await?;
        Ok(PreparedTopic { name, watermarks })
    }

    async fn make(&self, purpose: &str, partitions: u32) -> Result<String, ClusterError> {
        let topic = self.new_topic(purpose, partitions);
        // Noted before it is asked for: it may come into being although the answer is lost.
        self.made.borrow_mut().insert(topic.name.clone(), None);
        self.ever_made.borrow_mut().push(topic.name.clone());
        self.cluster.create_topic(&topic).await?;
        Ok(topic.name)
    }

    fn new_topic(&self, purpose: &str, partitions: u32) -> NewTopic {
        NewTopic {
            name: self.prefix() + purpose,
            partitions,
            replication_factor: self.settings.replication_factor,
            config: self.settings.config.clone(),
        }
    }

    /// Whether the cluster can have what the trials will need; makes nothing.
    pub(super) async fn probe(&self, configurations: &[Configuration]) -> Result<(), ClusterError> {
        let Some(name) = &self.settings.existing else {
            let most = configurations
                .iter()
                .map(|configuration| configuration.partitions)
                .max()
                .unwrap_or(1);
            return self.cluster.probe_topic(&self.new_topic("probe", most)).await;
        };
        let found = self.look_at(name.clone()).await?.partitions();
        match configurations
            .iter()
            .find(|configuration| configuration.partitions != found)
        {
            None => Ok(()),
            Some(configuration) => Err(ClusterError {
                message: format!(
                    "topic {name} has {found} partitions, and the configuration {} asks for {}; set topic.partitions to \
                     {found}",
                    configuration.label, configuration.partitions
                ),
                refused: true,
            }),
        }
    }

    /// What was asked for, for an error's text.
    pub(super) fn asked(&self, configurations: &[Configuration]) -> String {
        match &self.settings.existing {
            Some(name) => format!("the existing topic {name}"),
            None => {
                let partitions = configurations
                    .iter()
                    .map(|configuration| configuration.partitions)
                    .max()
                    .unwrap_or(0);
                let config: Vec<String> = self
                    .settings
                    .config
                    .iter()
                    .map(|(name, value)| format!(", {name}={value}"))
                    .collect();
                format!(
                    "{partitions} partitions, replication factor {}{}",
                    self.settings.replication_factor,
                    config.concat()
                )
            }
        }
    }

    /// Deletes a topic that this session made, unless they are to be kept. One that cannot be deleted now is tried
    /// again at the end.
    pub(super) async fn done_with(&self, name: &str, even_if_kept: bool) {
        let ours = self.made.borrow().contains_key(name);
        if !ours || (self.keep && !even_if_kept) {
            return;
        }
        // The answer is awaited before the list is borrowed: others look at it meanwhile.
        let deleted = self.cluster.delete_topic(name).await;
        let mut made = self.made.borrow_mut();
        match deleted {
            Ok(()) => made.remove(name),
            Err(error) => made.insert(name.to_owned(), Some(error.message)),
        };
    }

    /// Deletes what is left; returns the names of those that could not be, by the reason.
    pub(super) async fn delete_all(&self) -> BTreeMap<String, Vec<String>> {
        let mut left: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if self.keep {
            return left;
        }
        let names: Vec<String> = self.made.borrow().keys().cloned().collect();
        let deleted = join_all(names.iter().map(|name| self.done_with(name, false)));
        // What is not deleted by then is told by name.
        let in_time = timeout(DELETE_ALL_LIMIT, deleted).await.is_ok();
        for (name, cause) in self.made.borrow().iter() {
            let cause = match cause {
                Some(cause) => cause.clone(),
                None if in_time => "no cause is known".to_owned(),
                None => format!("no answer within {} s", DELETE_ALL_LIMIT.as_secs()),
            };
            left.entry(cause).or_default().push(name.clone());
        }
        left
    }
}
