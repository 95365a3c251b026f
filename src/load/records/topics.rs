//! Which of several topics a record goes to: drawn by weight.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::load::LoadError;
use crate::protocol::{TrialSpec, WeightedTopic};

/// Draws topics, each as often as its weight among all says.
#[derive(Clone, Debug)]
pub(super) struct TopicSource {
    /// Where each topic's part of the numbers from 0 to 1 ends; the last is 1.
    ends: Vec<f64>,
    random: Xoshiro256PlusPlus,
}

impl TopicSource {
    /// None where there is nothing to draw: fewer than two topics.
    pub(super) fn new(topics: &[WeightedTopic], seed: u64) -> Option<Self> {
        if topics.len() < 2 {
            return None;
        }
        let total: f64 = topics.iter().map(|topic| topic.weight).sum();
        let mut sum = 0.0;
        let ends = topics.iter().map(|topic| {
            sum += topic.weight;
            sum / total
        });
        Some(Self {
            ends: ends.collect(),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
        })
    }

    /// The next record's topic by its place, from 0.
    #[inline]
    pub(super) fn next(&mut self) -> u32 {
        let drawn = self.random.random::<f64>();
        // The last end may come out a rounding error below 1.
        let last = self.ends.len() - 1;
        self.ends[..last].iter().position(|end| drawn < *end).unwrap_or(last) as u32
    }
}

/// Topics that cannot be as a spec wants them.
pub(super) fn check(spec: &TrialSpec) -> Result<(), LoadError> {
    let topics = &spec.workload.records.topics;
    let Some(first) = topics.first() else { return Ok(()) };
    if (&first.name, first.partitions) != (&spec.topic, spec.partitions) {
        return Err(LoadError::Spec(format!(
            "the first topic is {} with {} partitions, and the trial's own {} with {}: they must be the same",
            first.name, first.partitions, spec.topic, spec.partitions
        )));
    }
    match topics
        .iter()
        .find(|topic| !(topic.weight.is_finite() && topic.weight > 0.0) || topic.partitions == 0)
    {
        Some(topic) => Err(LoadError::Spec(format!(
            "the topic {} has the weight {} and {} partitions: both must be above 0",
            topic.name, topic.weight, topic.partitions
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;
    use statrs::distribution::{Binomial, DiscreteCDF};

    fn topics(weights: &[f64]) -> Vec<WeightedTopic> {
        let topic = |(place, weight): (usize, &f64)| WeightedTopic {
            name: format!("topic-{place}"),
            weight: *weight,
            partitions: 1,
        };
        weights.iter().enumerate().map(topic).collect()
    }

    fn drawn(weights: &[f64], seed: u64, records: usize) -> Vec<u32> {
        let mut source = TopicSource::new(&topics(weights), seed).unwrap();
        (0..records).map(|_| source.next()).collect()
    }

    /// Seeds are drawn afresh in every run, and printed where one fails: a wrong share would not hide behind a lucky seed.
    /// Each count lies within the exact limits of its binomial distribution: a run in a billion fails by chance.
    #[test]
    fn topics_come_as_often_as_their_weights_say() {
        const RECORDS: u64 = 20_000;
        let cases: [&[f64]; 4] = [
            &[7.0, 3.0],
            &[1.0, 1.0, 1.0],
            &[0.001, 1_000.0],
            &[5.0, 0.5, 12.0, 2.25],
        ];
        let tests: usize = cases.iter().map(|weights| weights.len() * 8).sum();
        let tail = 1e-9 / (2 * tests) as f64;
        for weights in cases {
            let total: f64 = weights.iter().sum();
            for _ in 0..8 {
                let seed = std::hash::RandomState::new().hash_one(0);
                let topics = drawn(weights, seed, RECORDS as usize);
                for (place, weight) in weights.iter().enumerate() {
                    let count = topics.iter().filter(|topic| **topic == place as u32).count() as u64;
                    let law = Binomial::new(weight / total, RECORDS).unwrap();
                    let below = law.cdf(count);
                    let above = if count == 0 { 1.0 } else { law.sf(count - 1) };
                    assert!(
                        below > tail && above > tail,
                        "seed {seed}: topic {place} of {weights:?} came {count} times of {RECORDS}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_topics_and_another_draws_others() {
        assert_eq!(drawn(&[7.0, 3.0], 42, 1_000), drawn(&[7.0, 3.0], 42, 1_000));
        assert_ne!(drawn(&[7.0, 3.0], 42, 1_000), drawn(&[7.0, 3.0], 43, 1_000));
    }

    #[test]
    fn one_topic_is_not_drawn() {
        assert!(TopicSource::new(&topics(&[3.0]), 1).is_none());
        assert!(TopicSource::new(&[], 1).is_none());
    }
}
