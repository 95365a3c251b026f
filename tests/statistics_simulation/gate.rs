//! A whole gate: several figures at once, against stored sessions and interleaved.

use std::collections::BTreeMap;

use kpbench::analysis::{
    Asked, GateVerdict, Metric, Pair, Threshold, against_stored, interleaved, session_of, whole_verdict,
};
use kpbench::store::BaselineSession;

use crate::noise::{Noise, Source, blocks};
use crate::synthetic::Run;
use crate::tally;

pub const FIGURES: [Metric; 4] = [
    Metric::Throughput,
    Metric::LatencyP99,
    Metric::ClientCpu,
    Metric::WireBytes,
];

fn asked(share: f64) -> Asked {
    Asked {
        thresholds: FIGURES.map(|metric| Threshold { metric, share }).to_vec(),
        force: false,
    }
}

/// A session of so many configurations, without figures.
fn template(configurations: usize) -> BaselineSession {
    let values: Vec<String> = (0..configurations).map(|value| value.to_string()).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let run = Run::grid(&[("linger.ms", &values)], 10);
    let mut session = session_of(&run.manifest, &[], "run", run.manifest.created_at);
    for one in &mut session.configurations {
        one.completed = one.planned;
    }
    session
}

pub fn put(session: &mut BaselineSession, configuration: usize, metric: Metric, logarithms: &[f64]) {
    for (block, value) in (1..).zip(logarithms) {
        let figures: &mut BTreeMap<String, f64> =
            session.configurations[configuration].trials.entry(block).or_default();
        figures.insert(metric.id().to_owned(), 1_000.0 * value.exp());
    }
}

/// A session with a shift of its own for each figure.
fn session(source: &mut Source, template: &BaselineSession, loss: f64) -> BaselineSession {
    let mut session = template.clone();
    for metric in FIGURES {
        let own = 0.02 * source.normal();
        let shift = if metric == Metric::Throughput {
            own - loss
        } else {
            own + loss
        };
        let trials: Vec<f64> = (0..10).map(|_| shift + source.noise(Noise::Spikes, 0.03)).collect();
        put(&mut session, 0, metric, &trials);
    }
    session
}

fn gate(source: &mut Source, template: &BaselineSession, loss: f64, share: f64) -> GateVerdict {
    let stored: Vec<BaselineSession> = (0..6).map(|_| session(source, template, 0.0)).collect();
    let now = session(source, template, loss);
    whole_verdict(&against_stored(&stored, &now, &asked(share)))
}

#[test]
fn four_figures_against_six_sessions() {
    let template = template(1);
    let name = "gate, 4 figures, 6 sessions, session deviation 2 %";
    for share in [0.0, 0.05] {
        tally(
            &format!("{name}, nothing changed, threshold {share}: regression"),
            250,
            |source| gate(source, &template, 0.0, share) == GateVerdict::Regression,
        )
        .at_most(0.05);
    }
    for share in [0.05, 0.10] {
        tally(
            &format!("{name}, nothing changed, threshold {share}: pass"),
            250,
            |source| gate(source, &template, 0.0, share) == GateVerdict::Pass,
        );
    }
    tally(
        &format!("{name}, all 20 % worse, threshold 0.05: regression"),
        250,
        |source| gate(source, &template, 0.2, 0.05) == GateVerdict::Regression,
    )
    .at_least(0.5);
    // A loss of exactly the threshold is a pass no more often than the level allows.
    tally(
        &format!("{name}, all worse by the threshold of 0.05: pass"),
        250,
        |source| gate(source, &template, 0.05, 0.05) == GateVerdict::Pass,
    )
    .at_most(0.05);
}

/// Three pairs of configurations and four figures, drift and spikes; `losses` is by figure.
fn paired(source: &mut Source, template: &BaselineSession, losses: [f64; 4], share: f64) -> Vec<(Metric, GateVerdict)> {
    let mut session = template.clone();
    let ids: Vec<String> = session
        .configurations
        .iter()
        .map(|one| one.configuration_id.clone())
        .collect();
    for (metric, loss) in FIGURES.into_iter().zip(losses) {
        let effect = if metric == Metric::Throughput { -loss } else { loss };
        let effects = [0.0, effect, 0.0, effect, 0.0, effect];
        for (place, trials) in blocks(source, 10, &effects, Noise::Spikes, 0.03)
            .into_iter()
            .enumerate()
        {
            put(&mut session, place, metric, &trials);
        }
    }
    let pairs: Vec<Pair> = ids
        .chunks(2)
        .map(|pair| Pair {
            base_id: pair[0].clone(),
            candidate_id: pair[1].clone(),
            label: pair[1].clone(),
        })
        .collect();
    let rows = interleaved(&session, &pairs, &asked(share)).rows;
    rows.into_iter().map(|row| (row.metric, row.verdict)).collect()
}

#[test]
fn twelve_figures_interleaved() {
    let template = template(6);
    let is_regression = |row: &(Metric, GateVerdict)| row.1 == GateVerdict::Regression;
    let name = "gate, 12 figures interleaved, 10 blocks, drift and spikes";
    for share in [0.0, 0.05] {
        tally(
            &format!("{name}, nothing changed, threshold {share}: any regression"),
            250,
            |source| paired(source, &template, [0.0; 4], share).iter().any(is_regression),
        )
        .at_most(0.05);
    }
    // Real changes within the threshold must not lend their share of the error rate to figures at its edge.
    let edge = 0.05_f64.ln_1p();
    tally(
        &format!("{name}, three figures worse by 3 %, p99 by the threshold of 5 %: any regression"),
        250,
        |source| {
            paired(source, &template, [0.03, edge, 0.03, 0.03], 0.05)
                .iter()
                .any(is_regression)
        },
    )
    .at_most(0.05);
    tally(
        &format!("{name}, all 20 % worse, threshold 0.05: any regression"),
        250,
        |source| paired(source, &template, [0.2; 4], 0.05).iter().any(is_regression),
    )
    .at_least(0.9);
    let is_pass = |row: &(Metric, GateVerdict)| row.1 == GateVerdict::Pass;
    for share in [0.05, 0.10] {
        let name = format!("{name}, nothing changed, threshold {share}: pass");
        tally(&name, 250, |source| {
            paired(source, &template, [0.0; 4], share).iter().all(is_pass)
        });
    }
    tally(
        &format!("{name}, p99 worse by the threshold of 5 %: pass"),
        250,
        |source| {
            paired(source, &template, [0.0, edge, 0.0, 0.0], 0.05)
                .iter()
                .all(is_pass)
        },
    )
    .at_most(0.05);
}
