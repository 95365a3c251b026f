//! What the statistics promise, simulated: coverage, false positives, power, stored sessions, adaptive stopping, paced
//! loads, repetitions and continued runs.
//!
//! Twenty seeds, drawn and not chosen (`tests/reference/seeds.txt`). Every seed's outcome is printed:
//! `cargo test --test statistics_simulation -- --nocapture`. A claim holds of all seeds together; each single seed may
//! lie off by what chance allows (four standard errors).

mod best_set;
mod coverage;
mod false_positives;
mod gate;
mod looks;
mod noise;
mod order;
mod paced;
mod power;
mod repetition;
mod resume;
mod sessions;
mod steady;
mod stopping;
#[path = "../synthetic/mod.rs"]
mod synthetic;

use std::fmt::Write as _;

use noise::Source;

/// A share of simulated series, seed by seed.
pub struct Tally {
    name: String,
    series: u32,
    hits: Vec<u32>,
}

/// Counts in how many of `series` per seed something happens, and prints it.
pub fn tally(name: &str, series: u32, mut happens: impl FnMut(&mut Source) -> bool) -> Tally {
    let seeds = include_str!("../reference/seeds.txt")
        .lines()
        .filter(|line| !line.starts_with('#'));
    let count = |seed: &str| {
        // Every case has a stream of its own, whatever other cases there are.
        let mut source = Source::new(seed.parse::<u64>().unwrap() ^ fingerprint(name));
        (0..series).filter(|_| happens(&mut source)).count() as u32
    };
    let tally = Tally {
        name: name.to_owned(),
        series,
        hits: seeds.map(count).collect(),
    };
    assert_eq!(tally.hits.len(), 20);
    let mut seeds = String::new();
    for &hits in &tally.hits {
        write!(seeds, " {:.2}", 100.0 * f64::from(hits) / f64::from(series)).unwrap();
    }
    println!(
        "{name}: {:.2} % of 20 × {series}; by seed:{seeds}",
        100.0 * tally.share()
    );
    tally
}

/// FNV-1a, <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Tally {
    /// Of all seeds together.
    pub fn share(&self) -> f64 {
        f64::from(self.hits.iter().sum::<u32>()) / (f64::from(self.series) * self.hits.len() as f64)
    }

    pub fn at_most(&self, limit: f64) -> &Tally {
        assert!(self.share() <= limit, "{}: {} > {limit}", self.name, self.share());
        for &hits in &self.hits {
            let share = f64::from(hits) / f64::from(self.series);
            assert!(share <= limit + self.chance(limit), "{}: one seed {share}", self.name);
        }
        self
    }

    pub fn at_least(&self, limit: f64) -> &Tally {
        assert!(self.share() >= limit, "{}: {} < {limit}", self.name, self.share());
        for &hits in &self.hits {
            let share = f64::from(hits) / f64::from(self.series);
            assert!(share >= limit - self.chance(limit), "{}: one seed {share}", self.name);
        }
        self
    }

    /// What a seed's share may lie off by.
    fn chance(&self, share: f64) -> f64 {
        4.0 * (share * (1.0 - share) / f64::from(self.series)).sqrt()
    }
}
