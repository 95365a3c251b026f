//! How often change points are found where nothing changed: by simulation.

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::{Options, windowed};

/// What kind of noise a series without any change has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// Independent and normal.
    Normal,
    /// Independent and skewed: log-normal with σ = 0.5, so that one in twenty lies beyond 2.3 times the median.
    Skewed,
    /// Normal, each value sharing 0.3 of its distance from the mean with the next one: machines have good and bad days.
    Correlated,
}

/// What a simulation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FalseAlarms {
    /// Points of each series.
    pub points: usize,
    /// Series simulated.
    pub series: u32,
    /// Of these, series with at least one change point.
    pub flagged: u32,
}

impl FalseAlarms {
    /// The share of series with at least one.
    pub fn share(&self) -> f64 {
        f64::from(self.flagged) / f64::from(self.series.max(1))
    }
}

/// Draws `series` series of pure noise of this length and counts those in which [`windowed`] finds a change. The same
/// seed gives the same count. The smallest magnitude is left out of account: it depends on how wide the noise is.
pub fn false_alarms(points: usize, options: &Options, noise: Noise, series: u32, seed: u64) -> FalseAlarms {
    let options = Options {
        min_magnitude: 0.0,
        ..*options
    };
    let mut random = Xoshiro256StarStar::seed_from_u64(seed);
    let flagged = (0..series)
        .filter(|_| {
            let values = draw(points, noise, &mut random);
            windowed(&values, &options).is_some_and(|found| !found.is_empty())
        })
        .count();
    FalseAlarms {
        points,
        series,
        flagged: flagged as u32,
    }
}

/// A series around 100.
fn draw(points: usize, noise: Noise, random: &mut Xoshiro256StarStar) -> Vec<f64> {
    const SHARED: f64 = 0.3;
    let mut last = normal(random);
    (0..points)
        .map(|_| {
            let new = normal(random);
            match noise {
                Noise::Normal => 100.0 + new,
                Noise::Skewed => 100.0 * (0.5 * new).exp(),
                Noise::Correlated => {
                    last = SHARED * last + (1.0 - SHARED * SHARED).sqrt() * new;
                    100.0 + last
                }
            }
        })
        .collect()
}

/// G. E. P. Box, M. E. Muller: "A Note on the Generation of Random Normal Deviates", 1958; one of the pair.
fn normal(random: &mut Xoshiro256StarStar) -> f64 {
    let uniform = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let (one, other) = (uniform(random.next_u64()), uniform(random.next_u64()));
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
}
