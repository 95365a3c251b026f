//! Sessions made up for the tests of the gate.

mod interleaved;
mod looks;
mod stored;
mod validity;
mod whole;

use std::collections::BTreeMap;

use super::*;
use crate::protocol::Arrival;
use crate::store::{BaselineSession, Losses, SCHEMA_VERSION, SessionConfiguration, samples};

const ID: &str = "c-1";

/// Evenly spread by ± `width` about 1, none alike, in an order that is not sorted.
fn spread(count: u32, width: f64) -> Vec<f64> {
    (0..count)
        .map(|i| 1.0 + width * (f64::from((i * 7 + 3) % count) / f64::from(count) * 2.0 - 0.97))
        .collect()
}

fn session(ids: &[(&str, f64)], blocks: u32, width: f64) -> BaselineSession {
    let mut manifest = samples::manifest();
    manifest.plan.clear();
    manifest.configurations = ids
        .iter()
        .map(|(id, _)| {
            let mut one = samples::configuration(id);
            one.label = format!("label {id}");
            one
        })
        .collect();
    BaselineSession {
        schema_version: SCHEMA_VERSION,
        session_id: "s".to_owned(),
        run: "run".to_owned(),
        saved_at: manifest.created_at,
        forced: Vec::new(),
        configurations: ids
            .iter()
            .enumerate()
            .map(|(place, (id, level))| SessionConfiguration {
                configuration_id: (*id).to_owned(),
                planned: blocks,
                completed: blocks,
                trials: (1..=blocks)
                    .zip(spread(blocks, width * (1.0 + 0.3 * place as f64)))
                    .map(|(block, noise)| {
                        let figures = ["throughput_records_per_s", "records_per_batch", "latency_p99_us"];
                        let values = figures.map(|id| (id.to_owned(), level * noise));
                        (block, BTreeMap::from(values))
                    })
                    .collect(),
                losses: BTreeMap::new(),
            })
            .collect(),
        notes: Vec::new(),
        manifest,
    }
}

fn asked(thresholds: &[(Metric, f64)]) -> Asked {
    Asked {
        thresholds: thresholds
            .iter()
            .map(|&(metric, share)| Threshold { metric, share })
            .collect(),
        force: false,
    }
}

fn throughput(share: f64) -> Asked {
    asked(&[(Metric::Throughput, share)])
}

fn pair() -> Vec<Pair> {
    vec![Pair {
        base_id: "b".to_owned(),
        candidate_id: "c".to_owned(),
        label: "default".to_owned(),
    }]
}

fn paired(loss: f64, blocks: u32, share: f64) -> GateRow {
    let session = session(&[("b", 1_000.0), ("c", 1_000.0 * (1.0 - loss))], blocks, 0.01);
    interleaved(&session, &pair(), &throughput(share)).rows.remove(0)
}

fn stored(count: usize) -> Vec<BaselineSession> {
    let levels = [1_000.0, 1_020.0, 980.0, 1_010.0, 990.0, 1_000.0, 1_005.0];
    levels[..count]
        .iter()
        .map(|&level| session(&[(ID, level)], 10, 0.01))
        .collect()
}
