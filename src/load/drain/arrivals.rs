//! Who arrives when: the users of a trial, one after the other, by seed and rate alone. Pure.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;

use crate::protocol::{ScheduledDrain, UserPattern};

/// One user in a waiting queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// When they arrived, in µs since the trial's start: no other user of the trial has the same.
    pub at_us: u64,
    /// Whose coupon they wait for, from 0.
    pub coupon: u32,
    /// Their id.
    pub id: Uuid,
}

/// The users of a trial in the order of their arrival, without end.
#[derive(Clone, Debug)]
pub struct Arrivals {
    us_per_user: f64,
    pattern: UserPattern,
    coupons: u32,
    /// Users so far.
    count: u64,
    /// Of the last Poisson arrival, in µs, with its fraction.
    clock_us: f64,
    last_us: Option<u64>,
    random: Xoshiro256PlusPlus,
}

impl Arrivals {
    /// The users of a trial with this seed.
    pub fn new(drain: &ScheduledDrain, seed: u64) -> Self {
        Self {
            us_per_user: 1e6 / drain.users_per_s,
            pattern: drain.users_pattern,
            coupons: drain.coupons,
            count: 0,
            clock_us: 0.0,
            last_us: None,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    fn next_us(&mut self) -> u64 {
        let due_us = match self.pattern {
            // From the user's number, so that nothing drifts.
            UserPattern::Constant => (self.count as f64 * self.us_per_user) as u64,
            UserPattern::Poisson => {
                // In (0, 1]: its logarithm is finite.
                let uniform = 1.0 - self.random.random::<f64>();
                self.clock_us -= uniform.ln() * self.us_per_user;
                self.clock_us as u64
            }
        };
        let at_us = self.last_us.map_or(due_us, |last_us| due_us.max(last_us + 1));
        self.last_us = Some(at_us);
        at_us
    }
}

impl Iterator for Arrivals {
    type Item = User;

    fn next(&mut self) -> Option<User> {
        let at_us = self.next_us();
        let coupon = match self.pattern {
            UserPattern::Constant => (self.count % u64::from(self.coupons)) as u32,
            UserPattern::Poisson => self.random.random_range(0..self.coupons),
        };
        let id = random_uuid(&mut self.random);
        self.count += 1;
        Some(User { at_us, coupon, id })
    }
}

/// A version 4 UUID from this generator.
pub(super) fn random_uuid(random: &mut Xoshiro256PlusPlus) -> Uuid {
    uuid::Builder::from_random_bytes(random.random()).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::load::drain::samples::drain;
    use crate::protocol::MAX_USERS_PER_S;

    fn users(pattern: UserPattern, users_per_s: f64, coupons: u32, count: usize) -> Vec<User> {
        let drain = ScheduledDrain {
            users_pattern: pattern,
            users_per_s,
            coupons,
            ..drain()
        };
        Arrivals::new(&drain, 7).take(count).collect()
    }

    #[test]
    fn a_constant_rate_is_exact_and_takes_coupons_in_turn() {
        let users = users(UserPattern::Constant, 3.0, 2, 7);
        let times: Vec<u64> = users.iter().map(|user| user.at_us).collect();
        assert_eq!(times, [0, 333_333, 666_666, 1_000_000, 1_333_333, 1_666_666, 2_000_000]);
        let coupons: Vec<u32> = users.iter().map(|user| user.coupon).collect();
        assert_eq!(coupons, [0, 1, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_deviation_of_an_exponential_distribution() {
        let users = users(UserPattern::Poisson, 1_000.0, 4, 100_000);
        let gaps: Vec<f64> = users
            .windows(2)
            .map(|pair| (pair[1].at_us - pair[0].at_us) as f64)
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Standard error of the mean of 100,000 exponential gaps: 0.3 %.
        assert!((mean - 1_000.0).abs() < 15.0, "{mean}");
        assert!((variance.sqrt() - 1_000.0).abs() < 30.0, "{variance}");
        for coupon in 0..4 {
            let share = users.iter().filter(|user| user.coupon == coupon).count() as f64 / users.len() as f64;
            assert!((share - 0.25).abs() < 0.01, "{share}");
        }
    }

    #[test]
    fn the_seed_makes_the_users_and_nobody_is_there_twice() {
        let once = users(UserPattern::Poisson, MAX_USERS_PER_S, 4, 50_000);
        assert_eq!(once, users(UserPattern::Poisson, MAX_USERS_PER_S, 4, 50_000));
        assert!(
            once.windows(2).all(|pair| pair[0].at_us < pair[1].at_us),
            "no µs is taken twice"
        );
        let ids: HashSet<Uuid> = once.iter().map(|user| user.id).collect();
        assert_eq!(ids.len(), once.len());
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
    }
}
