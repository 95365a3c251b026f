//! The comparison: every peer at every combination, round by round, in a fresh random order each time.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use kpbench::protocol::ClientKind;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::combination::Combination;
use super::peer::{Amount, Peer};
use super::session::{Measurement, Session};

/// Bytes and records, at most, of the run that finds out how many records take the time asked for; fewer are never sent
/// afterwards.
const TRIAL_BYTES: u64 = 300_000_000;
const TRIAL_RECORDS: u64 = 1_000_000;
/// The Java client gets so many times the time of the others: it needs the first second to compile itself, which its
/// figures include.
const JAVA_TIMES: f64 = 2.0;

/// The runs of one peer at one combination, by round; none where it failed.
pub type Runs = Vec<Option<Measurement>>;

/// The command line of every peer, by combination.
pub type CommandLines = Vec<(Combination, Vec<(Peer, String)>)>;

/// What was asked for.
pub struct Plan {
    /// Combinations.
    pub combinations: Vec<Combination>,
    /// Rounds.
    pub rounds: u32,
    /// Length of one measurement in s.
    pub seconds: f64,
    /// Seed of the order.
    pub seed: u64,
}

/// What was found.
pub struct Found {
    /// By combination, in the plan's order, and peer.
    pub runs: Vec<(Combination, BTreeMap<Peer, Runs>)>,
    /// Every failed run with its cause.
    pub failures: Vec<String>,
    /// Every command line, by combination.
    pub commands: CommandLines,
}

impl Plan {
    /// Makes all runs. Stops early, with the finished rounds, when interrupted.
    pub fn carry_out(&self, session: &mut Session) -> anyhow::Result<Found> {
        let mut sizes: Vec<u32> = self.combinations.iter().map(|one| one.record_size).collect();
        sizes.dedup();
        sizes
            .into_iter()
            .try_for_each(|size| session.write_payload_file(size))?;
        let mut failures = Vec::new();
        let mut amounts = BTreeMap::new();
        for (place, combination) in self.combinations.iter().enumerate() {
            for peer in Peer::ALL {
                let amount = self.amount(session, peer, *combination)?;
                amounts.insert((place, peer), amount);
            }
        }
        let commands = self.show_commands(session, &amounts)?;
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut runs: Vec<BTreeMap<Peer, Runs>> = vec![BTreeMap::new(); self.combinations.len()];
        for round in 1..=self.rounds {
            let mut places: Vec<usize> = (0..self.combinations.len()).collect();
            places.shuffle(&mut random);
            for place in places {
                let combination = self.combinations[place];
                let mut peers = Peer::ALL;
                peers.shuffle(&mut random);
                for peer in peers {
                    let outcome = session.run(peer, combination, amounts[&(place, peer)]);
                    ensure!(!session.interrupted(), "interrupted in round {round}");
                    let told = told(&outcome);
                    eprintln!("round {round}/{}  {combination}  {}: {told}", self.rounds, peer.name());
                    if let Err(error) = &outcome {
                        failures.push(format!("round {round}, {combination}, {}: {error:#}", peer.name()));
                    }
                    runs[place].entry(peer).or_default().push(outcome.ok());
                }
            }
        }
        Ok(Found {
            runs: self.combinations.iter().copied().zip(runs).collect(),
            failures,
            commands,
        })
    }

    /// A time for kpbench; for the others the number of records that takes this time, found by a run that counts for nothing.
    fn amount(&self, session: &mut Session, peer: Peer, combination: Combination) -> anyhow::Result<Amount> {
        let seconds = match peer {
            Peer::Kpbench(_) | Peer::BareRequests => return Ok(Amount::Millis((self.seconds * 1e3) as u64)),
            Peer::RdkafkaPerformance | Peer::RdkafkaPerformanceCopying => self.seconds,
            Peer::ProducerPerformance => self.seconds * JAVA_TIMES,
        };
        let few = TRIAL_RECORDS.min(TRIAL_BYTES / u64::from(combination.record_size));
        let found = session
            .run(peer, combination, Amount::Records(few))
            .with_context(|| format!("a first run of {} at {combination}", peer.name()))?;
        // The short run is slowed by its start.
        let records = (found.records_per_s * seconds * 1.1 / 1e4).ceil() * 1e4;
        Ok(Amount::Records(few.max(records as u64)))
    }

    fn show_commands(
        &self,
        session: &Session,
        amounts: &BTreeMap<(usize, Peer), Amount>,
    ) -> anyhow::Result<CommandLines> {
        let mut all = Vec::new();
        for (place, combination) in self.combinations.iter().enumerate() {
            println!("\n{combination}");
            let mut lines = Vec::new();
            for peer in Peer::ALL {
                let line = session.shown(peer, *combination, amounts[&(place, peer)])?;
                println!("  {line}");
                lines.push((peer, line));
            }
            all.push((*combination, lines));
        }
        Ok(all)
    }
}

fn told(outcome: &anyhow::Result<Measurement>) -> String {
    match outcome {
        Ok(found) => format!(
            "{:.0} records/s, {:.3} µs CPU per record",
            found.records_per_s, found.cpu_us_per_record
        ),
        Err(error) => format!("FAILED: {error:#}"),
    }
}

/// What recording every latency costs: pairs of the same trial with and without it, in random order within each pair.
/// Returns CPU per record with and without, by round.
#[allow(clippy::type_complexity)]
pub fn recording_cost(
    plan: &Plan,
    session: &mut Session,
) -> anyhow::Result<(Vec<(Combination, Runs, Runs)>, Vec<String>)> {
    let mut random = StdRng::seed_from_u64(plan.seed);
    let mut found: Vec<_> = plan
        .combinations
        .iter()
        .map(|one| (*one, Runs::new(), Runs::new()))
        .collect();
    let mut failures = Vec::new();
    let amount = Amount::Millis((plan.seconds * 1e3) as u64);
    for round in 1..=plan.rounds {
        for (combination, with, without) in &mut found {
            let mut pair = [true, false];
            pair.shuffle(&mut random);
            for record in pair {
                let peer = Peer::Kpbench(ClientKind::Librdkafka);
                let outcome = session.run_with(peer, *combination, amount, record);
                ensure!(!session.interrupted(), "interrupted in round {round}");
                let which = if record { "recorded" } else { "not recorded" };
                eprintln!(
                    "round {round}/{}  {combination}  {which}: {}",
                    plan.rounds,
                    told(&outcome)
                );
                if let Err(error) = &outcome {
                    failures.push(format!("round {round}, {combination}, {which}: {error:#}"));
                }
                if record { &mut *with } else { &mut *without }.push(outcome.ok());
            }
        }
    }
    Ok((found, failures))
}
