//! When a run that is being measured has answered what a gate asks.

use super::*;
use crate::analysis::effect::ALPHA;
use crate::profile::{Precision, Until};
use crate::store::{StoppedBy, Stopping};

const RULE: Precision = Precision {
    metric: crate::profile::PrecisionMetric::Throughput,
    half_width: 0.5,
    min_blocks: 15,
    max_blocks: 50,
    time_budget_ms: None,
    until: Until::Decided,
};

/// A base and a candidate after so many blocks, on which the run would end so.
fn after(blocks: u32, loss: f64, width: f64, ended: StoppedBy) -> BaselineSession {
    let mut session = session(&[("b", 1_000.0), ("c", 1_000.0 * (1.0 - loss))], blocks, width);
    for (one, name) in session.manifest.configurations.iter_mut().zip(["base", "candidate"]) {
        one.axes = vec![crate::profile::AxisSetting {
            axis: "variant".to_owned(),
            value: name.to_owned(),
            number: None,
        }];
    }
    session.manifest.run.precision = Some(RULE);
    session.manifest.stopping = Some(Stopping {
        rule: RULE,
        ended,
        blocks,
        imprecise: Vec::new(),
    });
    session
}

fn question(asked: Asked) -> Question {
    Question {
        asked,
        only: Vec::new(),
    }
}

fn open(session: &BaselineSession, asked: Asked) -> u32 {
    question(asked).look(session).open
}

#[test]
fn a_pass_and_a_regression_are_answers_and_what_lies_between_is_not() {
    let open = |loss: f64| open(&after(15, loss, 0.02, StoppedBy::Decided), throughput(0.05));
    assert_eq!((open(0.0), open(0.3), open(-0.3)), (0, 0, 0));
    assert_eq!(open(0.05), 1);
}

#[test]
fn what_more_blocks_do_not_change_is_not_waited_for() {
    let edge = after(15, 0.05, 0.02, StoppedBy::Decided);
    let broker_cpu = asked(&[(Metric::BrokerCpu, 0.1)]);
    assert_eq!(open(&edge, broker_cpu), 0, "not observed on either side");
    let mut broken = edge.clone();
    broken.configurations[1].trials.remove(&3);
    broken.configurations[1].completed -= 1;
    assert_eq!(open(&broken, throughput(0.05)), 0, "not valid");
    let unpaired = Question {
        asked: throughput(0.05),
        only: vec![("c".to_owned(), Metric::LatencyP99)],
    };
    assert_eq!(unpaired.look(&edge).figures, 0, "only what is asked for");
}

#[test]
fn each_look_has_its_share_and_the_last_one_the_rest() {
    let confidence = |blocks: u32, ended: StoppedBy| {
        let session = after(blocks, 0.0, 0.01, ended);
        let row = interleaved(&session, &pair(), &throughput(0.05)).rows.remove(0);
        row.confidence.unwrap()
    };
    // 15 of 15 + 23 + 35 + 50 blocks; a rank test attains a little more than is asked.
    let first = confidence(15, StoppedBy::Decided);
    assert!(
        (1.0 - ALPHA * 15.0 / 123.0..1.0 - ALPHA * 13.0 / 123.0).contains(&first),
        "{first}"
    );
    let last = confidence(50, StoppedBy::MaxBlocks);
    assert!(
        (1.0 - ALPHA * 50.0 / 123.0..1.0 - ALPHA * 48.0 / 123.0).contains(&last),
        "{last}"
    );
    let budget = confidence(20, StoppedBy::TimeBudget);
    assert!(budget < first && budget > 1.0 - ALPHA, "{budget}");
    let mut fixed = after(15, 0.0, 0.01, StoppedBy::Decided);
    fixed.manifest.run.precision = None;
    fixed.manifest.stopping = None;
    let row = interleaved(&fixed, &pair(), &throughput(0.05)).rows.remove(0);
    assert!(row.confidence.unwrap() < budget);
}

#[test]
fn what_it_will_take_is_estimated_and_is_a_look() {
    let needed = |loss: f64| {
        let session = after(15, loss, 0.25, StoppedBy::Decided);
        question(throughput(0.05)).look(&session).blocks_needed
    };
    assert!([23, 35, 50].contains(&needed(0.0).unwrap()), "{:?}", needed(0.0));
    assert!(
        needed(0.05).unwrap() > 50,
        "out of reach, and told as it is: {:?}",
        needed(0.05)
    );
}

#[test]
fn what_could_not_be_decided_is_told_with_what_would_help() {
    let sentence = |session: &BaselineSession| {
        let row = interleaved(session, &pair(), &throughput(0.05)).rows.remove(0);
        assert_eq!(row.verdict, GateVerdict::Inconclusive);
        row.sentence
    };
    let mut session = after(50, 0.05, 0.1, StoppedBy::MaxBlocks);
    assert!(
        sentence(&session).contains("(--max-blocks, --budget)"),
        "{}",
        sentence(&session)
    );
    session.manifest.run.precision = None;
    session.manifest.stopping = None;
    assert!(sentence(&session).contains("--repetitions"), "{}", sentence(&session));
}
