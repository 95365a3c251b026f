//! Repeating until the interval is narrow enough.

use kpbench::plan::stopping::{Decision, StopRule};
use kpbench::stats::{Verdict, holm, median, signed_rank, verdict};

use crate::noise::{Noise, SlowDrift, Source, add_block, log_ratios};
use crate::tally;

const RULE: StopRule = StopRule {
    precision: 0.03,
    min_blocks: 15,
    max_blocks: 60,
};

/// What a run by the rule came to.
struct Run {
    differences: Vec<f64>,
    reached: bool,
    /// How many blocks it was said to take, once 15 were measured.
    estimated: Option<u32>,
}

/// Trials whose deviation is drawn anew for each run, so that it stops anywhere from the minimum to the maximum.
fn run(source: &mut Source, rule: StopRule, noise: Noise, effect: f64) -> Run {
    let drift = SlowDrift::draw(source);
    let deviation = source.between(0.02, 0.08);
    let mut figures = vec![Vec::new(); 2];
    let mut estimated = None;
    for block in 0.. {
        add_block(source, &drift, block, &[0.0, effect], noise, deviation, &mut figures);
        if figures[0].len() < rule.min_blocks as usize {
            continue;
        }
        let differences = vec![log_ratios(&figures[0], &figures[1])];
        match rule.decide(&differences) {
            Decision::Continue { estimated_blocks } => estimated = estimated.or(estimated_blocks),
            decision => {
                return Run {
                    differences: differences.concat(),
                    reached: decision == Decision::Precise,
                    estimated,
                };
            }
        }
    }
    unreachable!("the maximum ends it");
}

fn differs(differences: &[f64], floor: f64) -> bool {
    let interval = signed_rank::interval(differences, 0.95).unwrap();
    matches!(verdict(&interval, floor, true), Verdict::Better | Verdict::Worse)
}

#[test]
fn stopping_by_width_keeps_the_error_rate() {
    for noise in [Noise::Normal, Noise::Spikes] {
        let (mut blocks, mut reached, mut beyond_floor) = (Vec::new(), 0, 0);
        let name = format!("A/A, stopped at ± 3 %, 15 to 60 blocks, drift, {noise:?}");
        tally(&format!("{name}, floor 0"), 500, |source| {
            let run = run(source, RULE, noise, 0.0);
            blocks.push(run.differences.len() as f64);
            reached += u32::from(run.reached);
            beyond_floor += u32::from(differs(&run.differences, 0.01));
            differs(&run.differences, 0.0)
        })
        .at_most(0.06);
        let runs = blocks.len() as f64;
        println!(
            "{name}: floor 1 %: {:.2} %; blocks: median {}, reached by {:.1} %",
            100.0 * f64::from(beyond_floor) / runs,
            median(&blocks).unwrap(),
            100.0 * f64::from(reached) / runs
        );
    }
}

/// Four identical configurations against a fifth, until every interval is narrow enough, then under Holm.
#[test]
fn stopping_by_width_keeps_the_error_rate_of_a_family() {
    let any_differs = |source: &mut Source| {
        let drift = SlowDrift::draw(source);
        let deviation = source.between(0.02, 0.06);
        let mut figures = vec![Vec::new(); 5];
        for block in 0.. {
            add_block(source, &drift, block, &[0.0; 5], Noise::Normal, deviation, &mut figures);
            if figures[0].len() < RULE.min_blocks as usize {
                continue;
            }
            let differences: Vec<Vec<f64>> = figures[1..].iter().map(|one| log_ratios(&figures[0], one)).collect();
            if !matches!(RULE.decide(&differences), Decision::Continue { .. }) {
                let p = |one: &Vec<f64>| signed_rank::p_value(one).unwrap();
                let adjusted = holm::adjusted(&differences.iter().map(p).collect::<Vec<_>>());
                return adjusted.into_iter().any(|p| p <= 0.05);
            }
        }
        unreachable!("the maximum ends it");
    };
    tally(
        "A/A, 4 against one, stopped at ± 3 %, 15 to 60 blocks, Holm",
        50,
        any_differs,
    )
    .at_most(0.06);
}

/// What the minimum is for.
#[test]
fn a_lower_minimum_costs_error_rate() {
    for min_blocks in [6, 10] {
        let rule = StopRule { min_blocks, ..RULE };
        tally(
            &format!("A/A, stopped at ± 3 %, {min_blocks} to 60 blocks"),
            250,
            |source| differs(&run(source, rule, Noise::Normal, 0.0).differences, 0.0),
        )
        .at_most(0.08);
    }
}

/// The way that is not taken: stop as soon as p is below 0.05.
#[test]
fn stopping_at_significance_does_not() {
    let share = tally("A/A, stopped as soon as p < 0.05, 6 to 60 blocks", 100, |source| {
        let mut differences: Vec<f64> = (0..5).map(|_| source.normal()).collect();
        (6..=60).any(|_| {
            differences.push(source.normal());
            signed_rank::p_value(&differences).unwrap() < 0.05
        })
    })
    .share();
    assert!(share > 0.15, "{share}");
}

#[test]
fn the_number_of_blocks_is_estimated() {
    let mut ratios = Vec::new();
    tally(
        "blocks estimated after 15 are within a third of those taken",
        25,
        |source| {
            // Runs that took more than 15, and got there.
            let (taken, estimated) = loop {
                let run = run(source, RULE, Noise::Normal, 0.05);
                if let Some(estimated) = run.estimated.filter(|_| run.reached) {
                    break (run.differences.len() as f64, f64::from(estimated));
                }
            };
            ratios.push(taken / estimated);
            (2.0 / 3.0..=4.0 / 3.0).contains(&(taken / estimated))
        },
    )
    .at_least(0.6);
    let middle = median(&ratios).unwrap();
    println!("blocks taken ÷ estimated after 15: median {middle:.2}");
    assert!((0.75..=1.33).contains(&middle), "{middle}");
}
