//! A paced load, held to its rate: whether a baseline kept that is found by its trials, too.

use kpbench::analysis::{Basis, GateRow, GateVerdict, Metric, against_stored, interleaved, pairs_of};
use kpbench::protocol::Arrival;
use kpbench::stats::{median, signed_rank};
use kpbench::store::BaselineSession;

use crate::gate::put;
use crate::looks::{asked, template};
use crate::noise::{Noise, Source};
use crate::tally;

const TOLERATED: f64 = 0.05;
const TRIALS: usize = 10;

/// The logarithm of a loss of exactly the threshold.
fn edge() -> f64 {
    (1.0 - TOLERATED).ln()
}

/// `put` counts from 1,000 records/s on: logarithms are those of the share of the rate that was achieved.
fn paced(arrival: Arrival) -> BaselineSession {
    let mut session = template();
    for one in &mut session.manifest.configurations {
        one.workload.arrival = arrival.clone();
    }
    for one in &mut session.configurations {
        (one.planned, one.completed) = (TRIALS as u32, TRIALS as u32);
    }
    session
}

fn constant() -> BaselineSession {
    paced(Arrival::Constant { rate_per_s: 1_000.0 })
}

/// Acknowledgements of a window lie about what was due, but for what stalls.
fn trials(source: &mut Source, level: f64, (noise, scatter): (Noise, f64)) -> Vec<f64> {
    (0..TRIALS).map(|_| level + source.noise(noise, scatter)).collect()
}

/// One trial in twelve stalls.
const STALLS: (Noise, f64) = (Noise::Spikes, 0.003);
/// None does.
const QUIET: (Noise, f64) = (Noise::Normal, 0.003);

fn gate(session: &BaselineSession) -> GateRow {
    let asked = asked(&[Metric::Throughput], TOLERATED);
    interleaved(session, &pairs_of(&session.manifest), &asked)
        .rows
        .remove(0)
}

/// Base and candidate at these levels, interleaved.
fn pair(source: &mut Source, template: &BaselineSession, levels: [f64; 2], scatter: (Noise, f64)) -> GateRow {
    let mut session = template.clone();
    for (place, level) in levels.into_iter().enumerate() {
        put(&mut session, place, Metric::Throughput, &trials(source, level, scatter));
    }
    gate(&session)
}

/// Bases that keep their rate, that just do not, and that are far from it, on machines quiet and noisy.
fn draw(source: &mut Source) -> (f64, (Noise, f64)) {
    let base = match source.uniform() {
        one if one < 0.3 => 0.0,
        one if one < 0.6 => source.between(0.98_f64.ln(), 0.0),
        _ => source.between(0.90_f64.ln(), 0.98_f64.ln()),
    };
    (base, (Noise::Spikes, source.between(0.001, 0.03)))
}

#[test]
fn a_paced_load_is_judged_with_the_error_rates_of_any_other() {
    let template = constant();
    let name = "gate of a paced load, 10 blocks, threshold 5 %";
    for (what, level) in [("kept", 0.0), ("0.951 of it achieved", 0.951_f64.ln())] {
        let name = format!("{name}, rate {what} by the base");
        tally(&format!("{name}, nothing changed: regression"), 250, |source| {
            pair(source, &template, [level, level], STALLS).verdict == GateVerdict::Regression
        })
        .at_most(0.05);
        tally(&format!("{name}, nothing changed, no stalls: pass"), 250, |source| {
            pair(source, &template, [level, level], QUIET).verdict == GateVerdict::Pass
        })
        .at_least(0.9);
        tally(&format!("{name}, worse by the threshold: pass"), 250, |source| {
            pair(source, &template, [level, level + edge()], STALLS).verdict == GateVerdict::Pass
        })
        .at_most(0.05);
        tally(&format!("{name}, 3 % worse: regression"), 250, |source| {
            pair(source, &template, [level, level + 0.97_f64.ln()], STALLS).verdict == GateVerdict::Regression
        })
        .at_most(0.05);
        tally(&format!("{name}, 10 % worse, no stalls: regression"), 250, |source| {
            pair(source, &template, [level, level + 0.9_f64.ln()], QUIET).verdict == GateVerdict::Regression
        })
        .at_least(0.9);
    }
    let name = format!("{name}, bases of 0.90 to 1 of their rate, scatter of 0.1 to 3 %");
    tally(&format!("{name}, nothing changed: regression"), 250, |source| {
        let (base, scatter) = draw(source);
        pair(source, &template, [base, base], scatter).verdict == GateVerdict::Regression
    })
    .at_most(0.05);
    tally(&format!("{name}, worse by the threshold: pass"), 250, |source| {
        let (base, scatter) = draw(source);
        pair(source, &template, [base, base + edge()], scatter).verdict == GateVerdict::Pass
    })
    .at_most(0.05);
}

/// The way that is not taken: a base within what is put up with counts as one that kept its rate, and the candidate's loss
/// as one from the rate.
#[test]
fn a_base_that_fell_short_charges_the_candidate_with_it() {
    let share = tally(
        "rate taken for kept by a base at 0.951 of it, candidate 3 % worse: called a regression",
        250,
        |source| {
            let base = trials(source, 0.951_f64.ln(), STALLS);
            let now = trials(source, (0.951_f64 * 0.97).ln(), STALLS);
            let kept = median(&base).unwrap() >= edge();
            kept && signed_rank::interval(&now, 0.95).unwrap().high < edge()
        },
    )
    .share();
    assert!(share > 0.5, "{share}");
}

#[test]
fn random_arrivals_are_no_false_alarm() {
    let template = paced(Arrival::Poisson { rate_per_s: 1_000.0 });
    let row = |source: &mut Source, change: f64| {
        let mut session = template.clone();
        for (place, change) in [0.0, change].into_iter().enumerate() {
            let due: Vec<f64> = (0..TRIALS).map(|_| 0.1 * source.normal()).collect();
            let achieved = trials(source, change, QUIET);
            let now: Vec<f64> = due.iter().zip(achieved).map(|(due, achieved)| due + achieved).collect();
            put(&mut session, place, Metric::OfferedRate, &due);
            put(&mut session, place, Metric::Throughput, &now);
        }
        gate(&session)
    };
    let name = "gate of random arrivals that differ by 10 %, threshold 5 %";
    tally(&format!("{name}, nothing changed: regression"), 250, |source| {
        row(source, 0.0).verdict == GateVerdict::Regression
    })
    .at_most(0.05);
    tally(&format!("{name}, nothing changed: pass by the rate"), 250, |source| {
        let row = row(source, 0.0);
        (row.verdict, row.basis) == (GateVerdict::Pass, Some(Basis::OfferedRate))
    })
    .at_least(0.9);
    tally(&format!("{name}, worse by the threshold: pass"), 250, |source| {
        row(source, edge()).verdict == GateVerdict::Pass
    })
    .at_most(0.05);
}

/// Sessions that fall short of the rate on some days, by 1 % or 3 % as a standard deviation: against one of them, and six.
#[test]
fn a_rate_that_is_kept_on_some_days_only_raises_few_alarms() {
    let mut template = constant();
    template.manifest.configurations.truncate(1);
    template.configurations.truncate(1);
    let session = |source: &mut Source, deviation: f64, change: f64| {
        let mut session = template.clone();
        let level = (deviation * source.normal()).min(0.0) + change;
        put(&mut session, 0, Metric::Throughput, &trials(source, level, STALLS));
        session
    };
    let row = |source: &mut Source, stored: usize, deviation: f64, change: f64| {
        let before: Vec<BaselineSession> = (0..stored).map(|_| session(source, deviation, 0.0)).collect();
        let now = session(source, deviation, change);
        let asked = asked(&[Metric::Throughput], TOLERATED);
        against_stored(&before, &now, &asked).rows.remove(0).verdict
    };
    for stored in [1, 6] {
        for deviation in [0.01, 0.03] {
            let name = format!("gate of a paced load, {stored} stored, days short of the rate by {deviation}");
            tally(&format!("{name}, nothing changed: regression"), 250, |source| {
                row(source, stored, deviation, 0.0) == GateVerdict::Regression
            })
            .at_most(0.05);
            tally(&format!("{name}, nothing changed: pass"), 250, |source| {
                row(source, stored, deviation, 0.0) == GateVerdict::Pass
            });
            tally(&format!("{name}, worse by the threshold: pass"), 250, |source| {
                row(source, stored, deviation, edge()) == GateVerdict::Pass
            })
            .at_most(0.05);
        }
    }
}
