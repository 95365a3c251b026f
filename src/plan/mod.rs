//! Which trial comes next: blocks and their order. Pure: knows no clock, no input or output and no Kafka.
//!
//! A block visits every configuration once. Interleaving them so, in a fresh random order each time, keeps a drift of
//! the machine from looking like an effect of the settings.

pub mod looks;
pub mod stopping;

use std::collections::HashSet;

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::profile::Order;
use crate::store::PlannedTrial;

/// All trials of a run in their order.
///
/// The order of a block depends on the seed and the block's number only, so that a run with more blocks begins like
/// one with fewer. Ids must be distinct.
pub fn plan<Id: AsRef<str>>(configuration_ids: &[Id], repetitions: u32, order: Order, seed: u64) -> Vec<PlannedTrial> {
    let mut planned = Vec::with_capacity(configuration_ids.len() * repetitions as usize);
    for block in 1..=repetitions {
        let mut places: Vec<usize> = (0..configuration_ids.len()).collect();
        if order == Order::Random {
            shuffle(&mut places, block_seed(seed, block));
        }
        for (place, &index) in places.iter().enumerate() {
            let configuration_id = configuration_ids[index].as_ref();
            planned.push(PlannedTrial {
                trial_id: format!("b{block:02}-t{:02}-{configuration_id}", place + 1),
                configuration_id: configuration_id.to_owned(),
                block,
                sequence: planned.len() as u32 + 1,
            });
        }
    }
    planned
}

/// What of a plan is still to be run, in its order.
pub fn remaining(plan: &[PlannedTrial], finished_trial_ids: &HashSet<String>) -> Vec<PlannedTrial> {
    plan.iter()
        .filter(|trial| !finished_trial_ids.contains(&trial.trial_id))
        .cloned()
        .collect()
}

/// The seed of everything random in one block: its order, and its payloads. All trials of a block send the same
/// payloads, since they are compared with each other.
pub fn block_seed(seed: u64, block: u32) -> u64 {
    let mut random = Xoshiro256StarStar::seed_from_u64(seed ^ (u64::from(block) << 32));
    random.next_u64()
}

/// Fisher and Yates (Knuth, The Art of Computer Programming 2, algorithm P). Written out so that a plan stays the same
/// whatever a later version of a library does.
fn shuffle(places: &mut [usize], seed: u64) {
    let mut random = Xoshiro256StarStar::seed_from_u64(seed);
    for last in (1..places.len()).rev() {
        places.swap(last, below(&mut random, last as u64 + 1) as usize);
    }
}

/// Uniform in `0..bound` (Lemire, <https://arxiv.org/abs/1805.10941>).
fn below(random: &mut Xoshiro256StarStar, bound: u64) -> u64 {
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(random.next_u64()) * u128::from(bound);
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|index| format!("c-{index:08x}")).collect()
    }

    fn visited(trials: &[PlannedTrial], block: u32) -> Vec<String> {
        trials
            .iter()
            .filter(|trial| trial.block == block)
            .map(|trial| trial.configuration_id.clone())
            .collect()
    }

    proptest! {
        #[test]
        fn each_block_visits_every_configuration_once(count in 1_usize..40, repetitions in 1_u32..12, seed: u64) {
            let ids = ids(count);
            let planned = plan(&ids, repetitions, Order::Random, seed);
            prop_assert_eq!(planned.len(), count * repetitions as usize);
            for block in 1..=repetitions {
                let mut visited = visited(&planned, block);
                visited.sort();
                prop_assert_eq!(&visited, &ids);
            }
            let sequence: Vec<u32> = planned.iter().map(|trial| trial.sequence).collect();
            prop_assert_eq!(sequence, (1..=planned.len() as u32).collect::<Vec<_>>());
            let distinct: HashSet<&str> = planned.iter().map(|trial| trial.trial_id.as_str()).collect();
            prop_assert_eq!(distinct.len(), planned.len());
        }

        #[test]
        fn the_same_seed_gives_the_same_plan_and_more_blocks_begin_alike(count in 1_usize..20, seed: u64) {
            let ids = ids(count);
            let short = plan(&ids, 3, Order::Random, seed);
            let long = plan(&ids, 5, Order::Random, seed);
            prop_assert_eq!(&short[..], &long[..short.len()]);
        }

        #[test]
        fn what_remains_is_what_was_not_finished(count in 1_usize..20, seed: u64, done in 0_usize..60) {
            let planned = plan(&ids(count), 3, Order::Random, seed);
            let done = done.min(planned.len());
            let finished: HashSet<String> = planned[..done].iter().map(|trial| trial.trial_id.clone()).collect();
            prop_assert_eq!(&remaining(&planned, &finished)[..], &planned[done..]);
        }
    }

    #[test]
    fn seeds_and_blocks_differ_in_order() {
        let ids = ids(12);
        let planned = plan(&ids, 2, Order::Random, 1);
        assert_ne!(visited(&planned, 1), visited(&planned, 2));
        assert_ne!(visited(&planned, 1), visited(&plan(&ids, 1, Order::Random, 2), 1));
    }

    #[test]
    fn a_known_seed_keeps_its_order_over_versions() {
        let order: Vec<String> = visited(&plan(&ids(6), 1, Order::Random, 42), 1);
        assert_eq!(
            order.join(" "),
            "c-00000003 c-00000005 c-00000000 c-00000001 c-00000004 c-00000002"
        );
    }

    #[test]
    fn matrix_order_is_the_order_given() {
        let ids = ids(5);
        let planned = plan(&ids, 2, Order::Matrix, 7);
        assert_eq!(visited(&planned, 2), ids);
        assert_eq!(planned[5].trial_id, "b02-t01-c-00000000");
    }
}
