//! What was appended to each of several topics, beside what their weights say. Pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{Records, WeightedTopic};

/// What was appended to one of several topics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AppendedToTopic {
    /// What the profile calls the topic.
    pub topic: String,
    /// Its weight ÷ the sum of all topics' weights.
    pub weight_share: f64,
    /// Growth of its high watermarks.
    pub appended: u64,
    /// Records acknowledged; null where the trial's process did not tell them by topic.
    pub acknowledged: Option<u64>,
    /// The same ÷ that of all topics together; null where nothing was appended.
    pub appended_share: Option<f64>,
    /// The same of each partition, by partition: where records have keys, or the profile names a partitioner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_partition: Vec<u64>,
}

impl AppendedToTopic {
    /// `growth` is by topic and partition, `acknowledged` by topic; empty where that is not known.
    pub(super) fn all(growth: &[Vec<u64>], acknowledged: &[u64], records: &Records) -> Vec<AppendedToTopic> {
        let all: u64 = growth.iter().flatten().sum();
        let of = |(place, ((topic, weight_share), growth)): (usize, ((&WeightedTopic, f64), &Vec<u64>))| {
            let appended = growth.iter().sum();
            AppendedToTopic {
                topic: topic.name.clone(),
                weight_share,
                appended,
                acknowledged: acknowledged.get(place).copied(),
                appended_share: (all > 0).then(|| appended as f64 / all as f64),
                by_partition: if records.spread_matters() {
                    growth.clone()
                } else {
                    Vec::new()
                },
            }
        };
        records
            .topics
            .iter()
            .zip(records.topic_shares())
            .zip(growth)
            .enumerate()
            .map(of)
            .collect()
    }

    /// The sums of several trials of the same configuration.
    pub fn summed<'a>(trials: impl Iterator<Item = &'a [AppendedToTopic]>) -> Vec<AppendedToTopic> {
        let mut sums: Vec<AppendedToTopic> = Vec::new();
        for topics in trials {
            if sums.is_empty() {
                sums = topics.to_vec();
                continue;
            }
            for (sum, topic) in sums.iter_mut().zip(topics) {
                sum.appended += topic.appended;
                sum.acknowledged = sum.acknowledged.zip(topic.acknowledged).map(|(sum, one)| sum + one);
                let partitions = sum.by_partition.iter_mut().zip(&topic.by_partition);
                partitions.for_each(|(sum, records)| *sum += records);
            }
        }
        let all: u64 = sums.iter().map(|topic| topic.appended).sum();
        for topic in &mut sums {
            topic.appended_share = (all > 0).then(|| topic.appended as f64 / all as f64);
        }
        sums
    }
}
