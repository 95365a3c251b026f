//! A regression is measured once more, with all figures: what only one of the two measurements finds.

use kpbench::analysis::{GateVerdict, Judged, Metric, confirm, interleaved, pairs_of, whole_verdict};
use kpbench::store::BaselineSession;

use crate::gate::{FIGURES, put};
use crate::looks::{asked, template};
use crate::noise::{Noise, Source, blocks};
use crate::tally;

const BLOCKS: usize = 10;

/// One measurement of four figures; `losses` are theirs.
fn measured(source: &mut Source, template: &BaselineSession, losses: [f64; 4], (share, noise): (f64, Noise)) -> Judged {
    let mut session = template.clone();
    for one in &mut session.configurations {
        (one.planned, one.completed) = (BLOCKS as u32, BLOCKS as u32);
    }
    for (metric, loss) in FIGURES.into_iter().zip(losses) {
        let effect = if metric == Metric::Throughput { -loss } else { loss };
        let both = blocks(source, BLOCKS, &[0.0, effect], noise, 0.03);
        for (place, trials) in both.iter().enumerate() {
            put(&mut session, place, metric, trials);
        }
    }
    interleaved(&session, &pairs_of(&session.manifest), &asked(&FIGURES, share))
}

/// Measured again where a regression was found, as `gate --profile` does. The second measurement may be of something else.
fn gate(source: &mut Source, template: &BaselineSession, losses: [[f64; 4]; 2], how: (f64, Noise)) -> Judged {
    let mut first = measured(source, template, losses[0], how);
    if whole_verdict(&first) == GateVerdict::Regression {
        let again = measured(source, template, losses[1], how);
        confirm(&mut first, &again);
    }
    first
}

fn is(judged: &Judged, metric: Metric, verdict: GateVerdict) -> bool {
    let row = judged.rows.iter().find(|row| row.metric == metric);
    row.is_some_and(|row| row.verdict == verdict)
}

#[test]
fn what_is_found_twice_counts_and_false_findings_are_rare() {
    let template = template();
    let none = [0.0; 4];
    let name = "gate with its repetition, four figures, 10 blocks, drift";
    for share in [0.0, 0.05] {
        let same = |wanted: GateVerdict| {
            let template = &template;
            move |source: &mut Source| {
                whole_verdict(&gate(source, template, [none, none], (share, Noise::Spikes))) == wanted
            }
        };
        let name = format!("{name} and spikes, nothing changed, threshold {share}");
        tally(&format!("{name}: regression"), 250, same(GateVerdict::Regression)).at_most(0.01);
        tally(
            &format!("{name}: not valid, since contradicted"),
            250,
            same(GateVerdict::NotValid),
        )
        .at_most(0.01);
    }
    let worse = [0.2, 0.2, 0.0, 0.0];
    tally(&format!("{name}, two figures 20 % worse: regression"), 250, |source| {
        whole_verdict(&gate(source, &template, [worse, worse], (0.05, Noise::Normal))) == GateVerdict::Regression
    })
    .at_least(0.9);
    // A true regression of one figure measures the others again too: few are then contradicted that did not change.
    let one = [0.2, 0.0, 0.0, 0.0];
    tally(
        &format!("{name}, one figure 20 % worse: another is contradicted"),
        250,
        |source| {
            let judged = gate(source, &template, [one, one], (0.05, Noise::Normal));
            FIGURES[1..]
                .iter()
                .any(|&metric| is(&judged, metric, GateVerdict::NotValid))
        },
    )
    .at_most(0.01);
    tally(&format!("{name}, one figure 20 % worse: regression"), 250, |source| {
        whole_verdict(&gate(source, &template, [one, one], (0.05, Noise::Normal))) == GateVerdict::Regression
    })
    .at_least(0.9);
}

/// A candidate that breaks down the second time, in a figure that passed before: the first finding is refuted.
#[test]
fn what_passed_at_first_is_no_pass_where_the_repetition_finds_it_worse() {
    let template = template();
    let losses = [[0.2, 0.0, 0.0, 0.0], [0.0, 0.2, 0.0, 0.0]];
    let name = "gate with its repetition, throughput 20 % worse at first, p99 the second time";
    let mut passed = 0;
    tally(&format!("{name}: pass or inconclusive"), 250, |source| {
        let judged = gate(source, &template, losses, (0.05, Noise::Normal));
        let verdict = whole_verdict(&judged);
        passed += u32::from(is(&judged, Metric::LatencyP99, GateVerdict::Pass));
        matches!(verdict, GateVerdict::Pass | GateVerdict::Inconclusive)
    })
    .at_most(0.05);
    println!("{name}: p99 is a pass in {passed} of 5000");
}
