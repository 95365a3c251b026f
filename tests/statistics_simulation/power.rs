//! How often a true difference is found.

use kpbench::stats::{Verdict, signed_rank, verdict};

use crate::tally;

/// One test, ten blocks, paired log-ratios with a standard deviation of 3 %.
#[test]
fn a_true_difference_of_five_percent_is_found() {
    for (floor, least) in [(0.01, 0.9), (0.0, 0.9)] {
        tally(&format!("5 % found, 10 blocks, floor {floor}"), 2_000, |source| {
            let differences: Vec<f64> = (0..10).map(|_| 1.05_f64.ln() + 0.03 * source.normal()).collect();
            let interval = signed_rank::interval(&differences, 0.95).unwrap();
            verdict(&interval, floor, true) == Verdict::Better
        })
        .at_least(least);
    }
}

/// Two of a kind are called equivalent only where the floor is wide against the spread.
#[test]
fn equivalence_takes_a_floor_wider_than_the_spread() {
    let share = |deviation: f64| {
        tally(
            &format!("equivalent, 10 blocks, floor 1 %, deviation {deviation}"),
            500,
            |source| {
                let differences: Vec<f64> = (0..10).map(|_| deviation * source.normal()).collect();
                let interval = signed_rank::interval(&differences, 0.95).unwrap();
                verdict(&interval, 0.01, true) == Verdict::Equivalent
            },
        )
        .share()
    };
    assert!(share(0.005) > 0.9);
    assert!(share(0.03) < 0.05);
}

/// A difference of exactly the floor is not within it: called equivalent no more often than the level allows.
#[test]
fn equivalence_is_not_said_of_a_difference_at_the_floor() {
    tally("equivalent, 10 blocks, true difference at the floor", 2_000, |source| {
        let differences: Vec<f64> = (0..10).map(|_| 0.01 + 0.003 * source.normal()).collect();
        let interval = signed_rank::interval(&differences, 0.95).unwrap();
        verdict(&interval, 0.01, true) == Verdict::Equivalent
    })
    .at_most(0.05);
}
