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

/// The topics of a trial, in the order in which its records name them; mostly there is one.
#[derive(Clone, Debug)]
pub(super) struct PreparedTopics(Vec<PreparedTopic>);

impl PreparedTopics {
    /// Names and numbers of partitions.
    pub(super) fn on_cluster(&self) -> Vec<(String, u32)> {
        let of = |topic: &PreparedTopic| (topic.name.clone(), topic.watermarks.len() as u32);
        self.0.iter().map(of).collect()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|topic| topic.name.as_str()).collect()
    }

    /// The sum of all high watermarks before the trial.
    pub(super) fn appended_before(&self) -> u64 {
        self.0.iter().flat_map(|topic| &topic.watermarks).sum()
    }

    /// By how much each topic's partitions grew up to `settled`, which has them one topic behind the other.
    ///
    /// # Errors
    /// Watermarks that shrank, or are missing.
    pub(super) fn growth(&self, settled: &[u64]) -> Result<Vec<Vec<u64>>, ClusterError> {
        let mut rest = settled;
        let of_topic = |topic: &PreparedTopic| {
            let before = &topic.watermarks;
            let (own, others) = rest.split_at_checked(before.len()).unwrap_or((rest, &[]));
            rest = others;
            let grown = |(after, before): (&u64, &u64)| after.checked_sub(*before);
            let growth: Option<Vec<u64>> = own.iter().zip(before).map(grown).collect();
            let whole = growth.filter(|growth| growth.len() == before.len());
            whole.ok_or_else(|| ClusterError {
                message: format!("the watermarks of {} shrank from {before:?} to {own:?}", topic.name),
                refused: true,
            })
        };
        self.0.iter().map(of_topic).collect()
    }
}

/// The topics that a configuration's records go to: one that is called `base`, or several that begin with it and end in
/// what the profile calls them.
pub(super) fn wanted(base: &str, configuration: &Configuration, settings: &TopicSettings) -> Vec<NewTopic> {
    let new = |name: String, partitions| NewTopic {
        name,
        partitions,
        replication_factor: settings.replication_factor,
        config: settings.config.clone(),
    };
    match &configuration.workload.records.topics[..] {
        [] => vec![new(base.to_owned(), configuration.partitions)],
        topics => topics
            .iter()
            .map(|topic| new(format!("{base}-{}", topic.name), topic.partitions))
            .collect(),
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

    /// The topics for a trial of `configuration`: the existing one, or fresh ones named for `purpose`.
    pub(super) async fn prepare(
        &self,
        purpose: &str,
        configuration: &Configuration,
    ) -> Result<PreparedTopics, ClusterError> {
        match &self.settings.existing {
            Some(name) => Ok(PreparedTopics(vec![self.look_at(name.clone()).await?])),
            None => {
                self.prepare_fresh(&named_for(purpose, configuration), configuration)
                    .await
            }
        }
    }

    /// Fresh topics in any case: what is written there is not measured.
    pub(super) async fn prepare_fresh(
        &self,
        purpose: &str,
        configuration: &Configuration,
    ) -> Result<PreparedTopics, ClusterError> {
        let topics = wanted(&(self.prefix() + purpose), configuration, self.settings);
        let prepared = topics.into_iter().map(|topic| async {
            let name = self.make(topic).await?;
            self.look_at(name).await
        });
        let prepared: Result<Vec<PreparedTopic>, ClusterError> = join_all(prepared).await.into_iter().collect();
        prepared.map(PreparedTopics)
    }

    async fn look_at(&self, name: String) -> Result<PreparedTopic, ClusterError> {
        let watermarks = self.cluster.high_watermarks(&name).await?;
        Ok(PreparedTopic { name, watermarks })
    }

    async fn make(&self, topic: NewTopic) -> Result<String, ClusterError> {
        // Noted before it is asked for: it may come into being although the answer is lost.
        self.made.borrow_mut().insert(topic.name.clone(), None);
        self.ever_made.borrow_mut().push(topic.name.clone());
        self.cluster.create_topic(&topic).await?;
        Ok(topic.name)
    }

    /// Whether the cluster can have what the trials will need; makes nothing.
    pub(super) async fn probe(&self, configurations: &[Configuration]) -> Result<(), ClusterError> {
        let Some(name) = &self.settings.existing else {
            return match self.largest("probe", configurations) {
                Some(topic) => self.cluster.probe_topic(&topic).await,
                None => Ok(()),
            };
        };
        let found = self.look_at(name.clone()).await?.watermarks.len() as u32;
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

    /// Of all topics that the trials will need, the one with the most partitions.
    fn largest(&self, purpose: &str, configurations: &[Configuration]) -> Option<NewTopic> {
        let base = self.prefix() + purpose;
        let all = configurations
            .iter()
            .flat_map(|configuration| wanted(&base, configuration, self.settings));
        all.max_by_key(|topic| topic.partitions)
    }

    /// What was asked for, for an error's text.
    pub(super) fn asked(&self, configurations: &[Configuration]) -> String {
        match &self.settings.existing {
            Some(name) => format!("the existing topic {name}"),
            None => {
                let partitions = self
                    .largest("probe", configurations)
                    .map_or(0, |topic| topic.partitions);
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

    /// Deletes topics that this session made, unless they are to be kept. One that cannot be deleted now is tried again at
    /// the end.
    pub(super) async fn done_with(&self, topics: &PreparedTopics, even_if_kept: bool) {
        let all = topics.0.iter().map(|topic| self.delete(&topic.name, even_if_kept));
        join_all(all).await;
    }

    async fn delete(&self, name: &str, even_if_kept: bool) {
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
        let deleted = join_all(names.iter().map(|name| self.delete(name, false)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::LONGEST_TOPIC_NAME;
    use crate::protocol::WeightedTopic;
    use crate::run::sessions;
    use crate::store::samples;

    /// Of a trial of the largest run that a profile can ask for, prepared again.
    #[test]
    fn the_longest_name_of_a_topic_is_one_that_kafka_takes() {
        let mut configuration = samples::configuration("c-ffffffff");
        configuration.workload.records.topics = vec![WeightedTopic {
            name: "o".repeat(LONGEST_TOPIC_NAME),
            weight: 1.0,
            partitions: 4,
        }];
        let settings = TopicSettings {
            existing: None,
            replication_factor: 1,
            config: BTreeMap::new(),
        };
        let base = format!("{TOPIC_PREFIX}{}-b10000-t100000-c-ffffffff-again", sessions::name());
        let wanted = wanted(&base, &configuration, &settings);
        assert_eq!((wanted.len(), wanted[0].partitions), (1, 4));
        assert!(wanted[0].name.len() <= 249, "{} characters", wanted[0].name.len());
    }

    #[test]
    fn growth_is_told_topic_by_topic_and_what_is_missing_is_no_growth() {
        let topic = |name: &str, watermarks: &[u64]| PreparedTopic {
            name: name.to_owned(),
            watermarks: watermarks.to_vec(),
        };
        let topics = PreparedTopics(vec![topic("a", &[1, 0]), topic("b", &[5])]);
        assert_eq!(topics.appended_before(), 6);
        assert_eq!(topics.growth(&[4, 2, 5]).unwrap(), [vec![3, 2], vec![0]]);
        let shrunk = topics.growth(&[4, 2, 4]).unwrap_err();
        assert!(shrunk.message.contains("the watermarks of b shrank"), "{shrunk}");
        assert!(topics.growth(&[4, 2]).is_err());
    }
}
