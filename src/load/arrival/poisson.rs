//! A Poisson process: independent exponential gaps.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Tells these draws from others that come from the same seed: "arrivals" in ASCII.
const SALT: u64 = 0x6172_7269_7661_6c73;

/// Arrivals at a rate, the first one a gap after the trial's start.
#[derive(Clone, Debug)]
pub(super) struct Poisson {
    mean_gap_us: f64,
    random: Xoshiro256PlusPlus,
    /// The arrival at hand. Gaps are summed as drawn, in doubles: after 10^9 of them the sum is off by less than 1 µs.
    at_us: f64,
}

impl Poisson {
    /// Process number `index` of those that a seed gives: their draws never overlap (Blackman and Vigna, Scrambled linear
    /// pseudorandom number generators, 2021: each jump skips 2^128).
    pub fn new(rate_per_s: f64, seed: u64, index: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ SALT);
        (0..index).for_each(|_| random.jump());
        let mut process = Self {
            mean_gap_us: 1e6 / rate_per_s,
            random,
            at_us: 0.0,
        };
        process.advance();
        process
    }

    #[inline]
    pub fn due_us(&self) -> u64 {
        self.at_us as u64
    }

    /// On to the next arrival: an exponential gap by inversion. `1 - u` is above 0, so that its logarithm is finite.
    #[inline]
    pub fn advance(&mut self) {
        let u: f64 = self.random.random();
        self.at_us -= self.mean_gap_us * (1.0 - u).ln();
    }
}
