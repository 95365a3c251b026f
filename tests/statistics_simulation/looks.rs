//! A gate that is measured until it is decided: base and candidate interleaved, four figures, a few looks.

use kpbench::analysis::{
    Asked, GateVerdict, Metric, Question, Threshold, interleaved, pairs_of, session_of, whole_verdict,
};
use kpbench::profile::{AxisSetting, Precision, Until};
use kpbench::stats::median;
use kpbench::store::{BaselineSession, StoppedBy, Stopping};

use crate::gate::{FIGURES, put};
use crate::noise::{Noise, SlowDrift, Source, add_block};
use crate::synthetic::Run;
use crate::tally;

pub const RULE: Precision = Precision {
    metric: kpbench::profile::PrecisionMetric::Throughput,
    half_width: 0.03,
    min_blocks: 15,
    max_blocks: 50,
    time_budget_ms: None,
    until: Until::Decided,
};

/// Base and candidate, without a trial.
pub fn template() -> BaselineSession {
    let mut run = Run::grid(&[("linger.ms", &["0", "5"])], 1);
    for (one, name) in run.manifest.configurations.iter_mut().zip(["base", "candidate"]) {
        one.axes = vec![AxisSetting {
            axis: "variant".to_owned(),
            value: name.to_owned(),
            number: None,
        }];
    }
    session_of(&run.manifest, &[], "run", run.manifest.created_at)
}

pub fn asked(figures: &[Metric], share: f64) -> Asked {
    Asked {
        thresholds: figures.iter().map(|&metric| Threshold { metric, share }).collect(),
        force: false,
    }
}

/// What a gate said, and after how many blocks.
struct Said {
    verdict: GateVerdict,
    any_pass: bool,
    any_regression: bool,
    blocks: u32,
}

/// Trials of one run scatter alike, between `scatter` of one run and of another. `losses` is by figure; no further block
/// fits after `budget`.
fn gate(
    source: &mut Source,
    template: &BaselineSession,
    (losses, share): (&[f64], f64),
    scatter: (f64, f64),
    rule: Precision,
    budget: u32,
) -> Said {
    let figures = &FIGURES[..losses.len()];
    let question = Question {
        asked: asked(figures, share),
        only: Vec::new(),
    };
    let drift = SlowDrift::draw(source);
    let deviation = source.between(scatter.0, scatter.1);
    let mut session = template.clone();
    let mut values = vec![vec![Vec::new(); 2]; figures.len()];
    for blocks in 1.. {
        for ((metric, loss), values) in figures.iter().zip(losses).zip(&mut values) {
            let effect = if *metric == Metric::Throughput { -loss } else { *loss };
            let noise = Noise::Spikes;
            add_block(
                source,
                &drift,
                blocks as usize - 1,
                &[0.0, effect],
                noise,
                deviation,
                values,
            );
        }
        let Some(ended) = Question::due(&rule, blocks, blocks < budget) else {
            continue;
        };
        for one in &mut session.configurations {
            (one.planned, one.completed) = (blocks, blocks);
        }
        for (metric, values) in figures.iter().zip(&values) {
            for (place, logarithms) in values.iter().enumerate() {
                put(&mut session, place, *metric, logarithms);
            }
        }
        session.manifest.run.precision = Some(rule);
        session.manifest.stopping = Some(Stopping {
            rule,
            ended,
            blocks,
            imprecise: Vec::new(),
        });
        if ended != StoppedBy::Decided || question.look(&session).open == 0 {
            let judged = interleaved(&session, &pairs_of(&session.manifest), &question.asked);
            let has = |verdict| judged.rows.iter().any(|row| row.verdict == verdict);
            return Said {
                verdict: whole_verdict(&judged),
                any_pass: has(GateVerdict::Pass),
                any_regression: has(GateVerdict::Regression),
                blocks,
            };
        }
    }
    unreachable!("the largest number of blocks ends it");
}

const QUIET_TO_NOISY: (f64, f64) = (0.02, 0.08);

/// A loss of exactly the threshold is neither: it is passed, or called a regression, no more often than the level allows.
#[test]
fn deciding_when_to_stop_keeps_the_error_rates() {
    let template = template();
    let edge = 0.05_f64.ln_1p();
    let name = "gate until decided, 15 to 50 blocks, drift and spikes";
    for (figures, what) in [(1, "one figure"), (4, "four figures")] {
        let losses = vec![0.0; figures];
        for share in [0.0, 0.05] {
            tally(
                &format!("{name}, {what}, nothing changed, threshold {share}: regression"),
                100,
                |source| gate(source, &template, (&losses, share), QUIET_TO_NOISY, RULE, 99).any_regression,
            )
            .at_most(0.06);
        }
        // Of throughput: the only figure, or the one among four that is worse.
        let mut losses = losses.clone();
        losses[0] = -(-0.05_f64).ln_1p();
        tally(
            &format!("{name}, {what}, throughput worse by the threshold of 5 %: pass"),
            100,
            |source| {
                let said = gate(source, &template, (&losses, 0.05), QUIET_TO_NOISY, RULE, 99);
                said.verdict == GateVerdict::Pass
            },
        )
        .at_most(0.06);
    }
    let all = [-(-0.05_f64).ln_1p(), edge, edge, edge];
    tally(
        &format!("{name}, four figures, all worse by the threshold of 5 %: any regression"),
        100,
        |source| gate(source, &template, (&all, 0.05), QUIET_TO_NOISY, RULE, 99).any_regression,
    )
    .at_most(0.06);
    // Also where the time is over anywhere between two looks.
    tally(
        &format!("{name}, one figure worse by the threshold, time for 8 to 50 blocks: pass"),
        100,
        |source| {
            let budget = source.between(8.0, 51.0) as u32;
            gate(source, &template, (&all[..1], 0.05), QUIET_TO_NOISY, RULE, budget).any_pass
        },
    )
    .at_most(0.06);
}

/// What it is for: a noisy machine, whose trials scatter by 15 to 25 %, and a threshold of 15 %.
#[test]
fn a_noisy_machine_gets_its_answer() {
    let template = template();
    let noisy = (0.15, 0.25);
    let fixed = Precision {
        min_blocks: 10,
        max_blocks: 10,
        ..RULE
    };
    let larger = |max_blocks| Precision { max_blocks, ..RULE };
    let mut shares = Vec::new();
    for (name, rule) in [
        ("10 blocks", fixed),
        ("until decided, 15 to 50 blocks", RULE),
        ("until decided, 15 to 100 blocks", larger(100)),
    ] {
        for (what, loss, expected) in [
            ("nothing changed: pass", 0.0, GateVerdict::Pass),
            ("30 % lost: regression", -(-0.3_f64).ln_1p(), GateVerdict::Regression),
        ] {
            let mut blocks = Vec::new();
            let name = format!("gate, noisy machine, threshold 15 %, {name}, {what}");
            let share = tally(&name, 50, |source| {
                let said = gate(source, &template, (&[loss], 0.15), noisy, rule, 999);
                blocks.push(f64::from(said.blocks));
                said.verdict == expected
            })
            .share();
            println!("{name}: median of blocks {}", median(&blocks).unwrap());
            shares.push(share);
        }
    }
    let [fixed_pass, fixed_found, pass, found, ..] = shares[..] else {
        panic!("{shares:?}")
    };
    assert!(pass > fixed_pass + 0.3 && found > fixed_found + 0.1, "{shares:?}");
}

/// The way that is not taken: a look after each block, each as if it were the only one.
#[test]
fn looking_after_each_block_at_the_full_level_does_not() {
    use kpbench::stats::signed_rank;
    let share = tally(
        "gate, looked at after each of 6 to 50 blocks at 95 %, worse by the threshold: pass",
        100,
        |source| {
            let mut above: Vec<f64> = (0..5).map(|_| source.normal()).collect();
            (6..=50).any(|_| {
                above.push(source.normal());
                signed_rank::interval(&above, 0.95).unwrap().low > 0.0
            })
        },
    )
    .share();
    assert!(share > 0.08, "{share}");
}
