//! Figures that are held to the trials of fewer than six stored sessions, because they hardly vary from session to session:
//! how little that has to be, and what comes of one that varies more.

use kpbench::analysis::{GateVerdict, Metric, against_stored};
use kpbench::store::BaselineSession;

use crate::gate::put;
use crate::looks::{asked, template};
use crate::noise::{Noise, Source};
use crate::tally;

/// One configuration, without figures.
fn one() -> BaselineSession {
    let mut session = template();
    session.manifest.configurations.truncate(1);
    session.configurations.truncate(1);
    (session.configurations[0].planned, session.configurations[0].completed) = (10, 10);
    session
}

/// Sessions whose common level deviates so much; trials scatter as `trial` says.
fn gate(
    source: &mut Source,
    template: &BaselineSession,
    (metric, share): (Metric, f64),
    (stored, deviation, trial): (usize, f64, f64),
    change: f64,
) -> GateVerdict {
    let mut session = |change: f64| {
        let mut session = template.clone();
        let level = deviation * source.normal() + change;
        let trials: Vec<f64> = (0..10).map(|_| level + source.noise(Noise::Normal, trial)).collect();
        put(&mut session, 0, metric, &trials);
        session
    };
    let before: Vec<BaselineSession> = (0..stored).map(|_| session(0.0)).collect();
    let now = session(change);
    against_stored(&before, &now, &asked(&[metric], share))
        .rows
        .remove(0)
        .verdict
}

#[test]
fn what_hardly_varies_is_held_to_the_trials_of_one_session() {
    let template = one();
    let figure = (Metric::WireBytes, 0.02);
    // What it may err by: false alarms, and passes of a loss of exactly the threshold, of which half would be right.
    for (part, alarms, passes) in [
        (0.01, 0.05, 0.05),
        (0.1, 0.05, 0.5),
        (1.0 / 3.0, 0.05, 0.5),
        (0.5, 1.0, 0.5),
        (1.0, 1.0, 0.5),
    ] {
        let sessions = (1, part * 0.02, 0.002);
        let name = format!("steady figure, 1 session, threshold 2 %, session deviation {part:.2} of it");
        tally(&format!("{name}, nothing changed: regression"), 500, |source| {
            gate(source, &template, figure, sessions, 0.0) == GateVerdict::Regression
        })
        .at_most(alarms);
        tally(&format!("{name}, worse by the threshold: pass"), 500, |source| {
            gate(source, &template, figure, sessions, 0.02_f64.ln_1p()) == GateVerdict::Pass
        })
        .at_most(passes);
    }
    tally(
        "steady figure, 1 session, threshold 2 %, session deviation 0.1 of it, 4 % worse: regression",
        500,
        |source| gate(source, &template, figure, (1, 0.002, 0.002), 0.04_f64.ln_1p()) == GateVerdict::Regression,
    )
    .at_least(0.9);
}

/// Client CPU per record: one session says nothing, six do.
#[test]
fn client_cpu_needs_six_sessions() {
    let template = one();
    let cpu = Metric::ClientCpu;
    for (deviation, share) in [(0.10, 0.05), (0.10, 0.25), (0.25, 0.05), (0.25, 0.25)] {
        let name = format!("client CPU, session deviation {deviation}, threshold {share}");
        // The way that is not taken: as if it hardly varied.
        let alarms = tally(
            &format!("{name}, 1 session by its trials, nothing changed: regression"),
            500,
            |source| {
                gate(source, &template, (Metric::WireBytes, share), (1, deviation, 0.03), 0.0)
                    == GateVerdict::Regression
            },
        );
        if share < 0.1 || deviation > 0.1 {
            assert!(alarms.share() > 0.05, "{}", alarms.share());
        }
        for stored in [1, 5] {
            tally(
                &format!("{name}, {stored} stored, nothing changed: inconclusive"),
                100,
                |source| {
                    gate(source, &template, (cpu, share), (stored, deviation, 0.03), 0.0) == GateVerdict::Inconclusive
                },
            )
            .at_least(1.0);
        }
        tally(
            &format!("{name}, 6 stored, nothing changed: regression"),
            500,
            |source| gate(source, &template, (cpu, share), (6, deviation, 0.03), 0.0) == GateVerdict::Regression,
        )
        .at_most(0.05);
        tally(
            &format!("{name}, 6 stored, worse by the threshold: pass"),
            500,
            |source| gate(source, &template, (cpu, share), (6, deviation, 0.03), share.ln_1p()) == GateVerdict::Pass,
        )
        .at_most(0.05);
    }
}
