//! A gate that is interrupted and continued, and one that is continued for another look.

use kpbench::analysis::{GateVerdict, Metric, Question, interleaved, pairs_of};
use kpbench::profile::Precision;
use kpbench::stats::signed_rank;
use kpbench::store::{BaselineSession, StoppedBy, Stopping};

use crate::gate::put;
use crate::looks::{RULE, asked, template};
use crate::noise::{Noise, SlowDrift, Source};
use crate::tally;

const TOLERATED: f64 = 0.05;

/// Trials of a base and a candidate in random order. After `interrupted` of them everything has another level and drifts
/// anew, as on another day: the block that was cut has one trial of each.
struct Trials {
    drifts: [SlowDrift; 2],
    interrupted: usize,
    level: f64,
    effects: [f64; 2],
    values: [Vec<f64>; 2],
}

impl Trials {
    fn new(source: &mut Source, effect: f64, interrupted: usize) -> Trials {
        Trials {
            drifts: [SlowDrift::draw(source), SlowDrift::draw(source)],
            interrupted,
            level: 0.05 * source.normal(),
            effects: [0.0, effect],
            values: [Vec::new(), Vec::new()],
        }
    }

    fn add_block(&mut self, source: &mut Source) {
        let order = if source.coin() { [0, 1] } else { [1, 0] };
        for side in order {
            let trial = self.values[0].len() + self.values[1].len();
            let later = trial >= self.interrupted;
            let level = if later { self.level } else { 0.0 };
            let shared = level + self.drifts[usize::from(later)].at(trial);
            let own = source.noise(Noise::Spikes, 0.03);
            self.values[side].push(self.effects[side] + shared + own);
        }
    }

    fn judged(&self, template: &BaselineSession, stopping: Option<Stopping>) -> (BaselineSession, GateVerdict) {
        let mut session = template.clone();
        for (place, values) in self.values.iter().enumerate() {
            let one = &mut session.configurations[place];
            (one.planned, one.completed) = (values.len() as u32, values.len() as u32);
            put(&mut session, place, Metric::Throughput, values);
        }
        session.manifest.run.precision = stopping.as_ref().map(|stopping| stopping.rule);
        session.manifest.stopping = stopping;
        let judged = interleaved(
            &session,
            &pairs_of(&session.manifest),
            &asked(&[Metric::Throughput], TOLERATED),
        );
        (session, judged.rows[0].verdict)
    }
}

/// Planned blocks, interrupted anywhere and continued to them.
fn fixed(source: &mut Source, template: &BaselineSession, effect: f64) -> GateVerdict {
    let interrupted = source.between(1.0, 19.0) as usize;
    let mut trials = Trials::new(source, effect, interrupted);
    (0..10).for_each(|_| trials.add_block(source));
    trials.judged(template, None).1
}

/// Until it is decided, interrupted anywhere.
fn until_decided(source: &mut Source, template: &BaselineSession, effect: f64) -> GateVerdict {
    let rule: Precision = RULE;
    let interrupted = source.between(1.0, 60.0) as usize;
    let question = Question {
        asked: asked(&[Metric::Throughput], TOLERATED),
        only: Vec::new(),
    };
    let mut trials = Trials::new(source, effect, interrupted);
    for blocks in 1.. {
        trials.add_block(source);
        let Some(ended) = Question::due(&rule, blocks, true) else {
            continue;
        };
        let stopping = Stopping {
            rule,
            ended,
            blocks,
            imprecise: Vec::new(),
        };
        let (session, verdict) = trials.judged(template, Some(stopping));
        if ended != StoppedBy::Decided || question.look(&session).open == 0 {
            return verdict;
        }
    }
    unreachable!("the largest number of blocks ends it");
}

#[test]
fn an_interruption_does_not_change_the_error_rates() {
    let template = template();
    let edge = (1.0 - TOLERATED).ln();
    for (name, gate, series) in [
        (
            "gate of 10 blocks",
            fixed as fn(&mut Source, &BaselineSession, f64) -> GateVerdict,
            250,
        ),
        ("gate until decided, 15 to 50 blocks", until_decided, 100),
    ] {
        let name = format!("{name}, interrupted and continued on a day that lies 5 % off, threshold 5 %");
        tally(&format!("{name}, nothing changed: regression"), series, |source| {
            gate(source, &template, 0.0) == GateVerdict::Regression
        })
        .at_most(0.05);
        tally(&format!("{name}, worse by the threshold: pass"), series, |source| {
            gate(source, &template, edge) == GateVerdict::Pass
        })
        .at_most(0.05);
        tally(
            &format!("{name}, worse by the threshold: regression"),
            series,
            |source| gate(source, &template, edge) == GateVerdict::Regression,
        )
        .at_most(0.05);
    }
}

/// The way that is not taken: where the answer is not the one that was hoped for, more blocks and another look at the full
/// level.
#[test]
fn a_further_look_makes_a_gate_err_more_often() {
    let passes = |looks: &'static [usize]| {
        let name = format!("gate of fixed blocks, looked at after {looks:?}, worse by the threshold: pass");
        tally(&name, 1_000, move |source| {
            let mut above = Vec::new();
            looks.iter().any(|&blocks| {
                above.resize_with(blocks, || source.noise(Noise::Normal, 1.0));
                signed_rank::interval(&above, 0.95).unwrap().low > 0.0
            })
        })
        .share()
    };
    let (one, two, three) = (passes(&[10]), passes(&[10, 20]), passes(&[10, 20, 40]));
    assert!(one <= 0.025 + 0.002, "{one}");
    assert!(two > 0.035 && three > 0.05, "{two} {three}");
}
