//! Simulated trials: noise of three shapes around a figure that drifts, on a logarithmic scale.

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// How a trial's log figure scatters about its median or thereabouts.
#[derive(Clone, Copy, Debug)]
pub enum Noise {
    /// Normal.
    Normal,
    /// Exponential, with its long tail towards slow trials.
    Skewed,
    /// Normal, but 8 % of the trials are slower by a factor between e^−0.2 and e^−0.9.
    Spikes,
}

pub const NOISES: [Noise; 3] = [Noise::Normal, Noise::Skewed, Noise::Spikes];

/// One stream of random numbers: one seed's, for one case.
pub struct Source {
    random: Xoshiro256StarStar,
    spare: Option<f64>,
}

impl Source {
    pub fn new(seed: u64) -> Source {
        Source {
            random: Xoshiro256StarStar::seed_from_u64(seed),
            spare: None,
        }
    }

    /// Uniform between 0 and 1, never 0.
    pub fn uniform(&mut self) -> f64 {
        ((self.random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Uniform between two bounds.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    pub fn coin(&mut self) -> bool {
        self.random.next_u64() >> 63 == 1
    }

    /// Standard normal: G. E. P. Box and M. E. Muller, Annals of Mathematical Statistics 29 (1958).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// Student's t with 3 degrees of freedom, scaled to a standard deviation of 1: heavy tails.
    pub fn heavy(&mut self) -> f64 {
        let squares: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        self.normal() / squares.sqrt()
    }

    /// The deviation of one trial's log figure.
    pub fn noise(&mut self, noise: Noise, deviation: f64) -> f64 {
        match noise {
            Noise::Normal => deviation * self.normal(),
            Noise::Skewed => deviation * (self.uniform().ln() + std::f64::consts::LN_2),
            Noise::Spikes => {
                let usual = deviation * self.normal();
                if self.uniform() < 0.08 {
                    usual - self.between(0.2, 0.9)
                } else {
                    usual
                }
            }
        }
    }
}

impl Noise {
    /// Its median. Of spikes, where they lie far below all usual trials: 0.92 Φ(m) + 0.08 = 0.5.
    pub fn median(self, deviation: f64) -> f64 {
        match self {
            Noise::Normal | Noise::Skewed => 0.0,
            // Φ⁻¹(0.42 / 0.92)
            Noise::Spikes => -0.109_200_481_7 * deviation,
        }
    }
}

/// A machine that changes slowly: 3 % up or down in 40 trials, and a wave of ± 1.5 % about as long.
pub struct SlowDrift {
    slope: f64,
    phase: f64,
    length: f64,
}

impl SlowDrift {
    pub fn draw(source: &mut Source) -> SlowDrift {
        SlowDrift {
            slope: if source.coin() { 0.03 / 40.0 } else { -0.03 / 40.0 },
            phase: source.between(0.0, std::f64::consts::TAU),
            length: source.between(20.0, 60.0),
        }
    }

    /// What it adds to the log figure of the trial at this place.
    pub fn at(&self, trial: usize) -> f64 {
        let trial = trial as f64;
        self.slope * trial + 0.015 * (std::f64::consts::TAU * trial / self.length + self.phase).sin()
    }
}

/// Blocks of several configurations in random order on one drifting machine; `effects` are their true log figures.
/// One list of log figures per configuration, one value per block.
pub fn blocks(source: &mut Source, count: usize, effects: &[f64], noise: Noise, deviation: f64) -> Vec<Vec<f64>> {
    let drift = SlowDrift::draw(source);
    let mut figures = vec![Vec::with_capacity(count); effects.len()];
    for block in 0..count {
        add_block(source, &drift, block, effects, noise, deviation, &mut figures);
    }
    figures
}

/// One more block for each configuration.
pub fn add_block(
    source: &mut Source,
    drift: &SlowDrift,
    block: usize,
    effects: &[f64],
    noise: Noise,
    deviation: f64,
    figures: &mut [Vec<f64>],
) {
    let mut order: Vec<usize> = (0..effects.len()).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, (source.uniform() * (last + 1) as f64) as usize);
    }
    for (place, &configuration) in order.iter().enumerate() {
        let drift = drift.at(block * effects.len() + place);
        figures[configuration].push(effects[configuration] + drift + source.noise(noise, deviation));
    }
}

/// Log-ratios within blocks.
pub fn log_ratios(base: &[f64], candidate: &[f64]) -> Vec<f64> {
    base.iter()
        .zip(candidate)
        .map(|(base, candidate)| candidate - base)
        .collect()
}
