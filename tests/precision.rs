//! Repetition until the intervals are narrow, or until a gate is decided, with scripted trials: what ends it, what is
//! stored, how it is continued.

mod coordinator_support;

use std::collections::BTreeMap;

use coordinator_support::{Bench, Heard, configuration};
use kpbench::analysis::{Asked, Metric, Question, Threshold};
use kpbench::plan;
use kpbench::profile::{AxisSetting, Precision, PrecisionMetric, Until};
use kpbench::report::summarize;
use kpbench::run::{Ended, RunError};
use kpbench::store::{Manifest, RunDirectory, StoppedBy, Stopping};

/// A trial program: `c-00000001` always acknowledges 2,000 records in its window, others `level` ± 5 × `step`, by block.
fn varying(level: u32, step: u32) -> String {
    format!(
        r#"read -r spec
id=${{spec#*'"trial_id":"'}}; id=${{id%%'"'*}}
block=${{id%%-*}}; block=${{block#b}}; block=${{block#0}}
case $id in
  *c-00000001) n=2000;;
  *) n=$(({level} + (block * 7 % 11 - 5) * {step}));;
esac
cat hello ready started interval ended
sed "s/\"acknowledged\":2000/\"acknowledged\":$n/" result"#
    )
}

const RULE: Precision = Precision {
    metric: PrecisionMetric::Throughput,
    half_width: 0.03,
    min_blocks: 8,
    max_blocks: 12,
    time_budget_ms: None,
    until: Until::Narrow,
};

fn bench(script: &str, rule: Precision) -> Bench {
    let mut bench = Bench::new(script);
    bench.request.profile.run.precision = Some(rule);
    bench
}

fn manifest(bench: &Bench) -> Manifest {
    RunDirectory::open(&bench.directory()).unwrap().manifest().clone()
}

fn stopping(bench: &Bench) -> Stopping {
    manifest(bench).stopping.expect("the run ended")
}

/// Every trial of the plan is stored, in its order, and the plan is that of a run with so many blocks from the outset.
fn assert_blocks(bench: &Bench, blocks: u32) {
    let manifest = manifest(bench);
    let ids: Vec<&str> = manifest.configurations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(
        manifest.plan,
        plan::plan(&ids, blocks, manifest.run.order, manifest.run.seed)
    );
    let stored: Vec<_> = bench.records().into_iter().map(|record| record.planned).collect();
    assert_eq!(stored, manifest.plan);
}

#[test]
fn narrow_intervals_end_it_at_the_least_number_of_blocks() {
    let bench = bench(&varying(2_100, 2), RULE);
    let mut heard = Heard::default();
    let outcome = bench.run_heard(&mut heard).unwrap();
    assert_eq!(outcome.ended, Ended::Complete);
    assert_eq!((outcome.planned, outcome.completed), (16, 16));
    assert_blocks(&bench, 8);
    let stopping = stopping(&bench);
    assert_eq!((stopping.ended, stopping.blocks), (StoppedBy::Precise, 8));
    assert_eq!((stopping.rule, stopping.imprecise), (RULE, Vec::new()));
    assert_eq!(manifest(&bench).run.precision, Some(RULE));
    assert!(heard.lines.contains(&"ended Precise after 8".to_owned()));
    // The spread is known after a few blocks, and does not change: said once.
    let expected: Vec<&String> = heard
        .lines
        .iter()
        .filter(|line| line.starts_with("expected "))
        .collect();
    assert_eq!(expected.len(), 1, "{expected:?}");
    assert!(expected[0].starts_with("expected 8 after "), "{expected:?}");
}

#[test]
fn a_clear_difference_is_no_reason_to_stop() {
    // Three times the reference: any test rejects equality after 8 blocks, but the interval is wide.
    let bench = bench(&varying(6_000, 300), RULE);
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    assert_blocks(&bench, 12);
    let stopping = stopping(&bench);
    assert_eq!((stopping.ended, stopping.blocks), (StoppedBy::MaxBlocks, 12));
    let [imprecise] = &stopping.imprecise[..] else {
        panic!("{stopping:?}")
    };
    assert_eq!(imprecise.configuration_id, "c-00000002");
    assert!(
        imprecise
            .half_width
            .is_some_and(|half_width| half_width > 0.03 && half_width < 0.5)
    );
    let needed = heard
        .lines
        .iter()
        .find_map(|line| line.strip_prefix("expected 12 after "));
    let needed: u32 = needed
        .and_then(|rest| rest.rsplit(' ').next())
        .unwrap()
        .parse()
        .unwrap();
    assert!(needed > 12, "more than allowed are needed: {needed}");
}

#[test]
fn no_block_begins_that_would_not_fit_the_time_budget_but_the_first_always_does() {
    let tight = Precision {
        time_budget_ms: Some(1),
        ..RULE
    };
    let bench = bench(&varying(2_100, 2), tight);
    bench.run().unwrap();
    assert_blocks(&bench, 1);
    let stopping = stopping(&bench);
    assert_eq!((stopping.ended, stopping.blocks), (StoppedBy::TimeBudget, 1));
    assert_eq!(stopping.imprecise.len(), 1);
    assert_eq!(stopping.imprecise[0].half_width, None, "one block has no interval");
}

#[test]
fn an_interrupted_run_goes_on_with_the_same_order_and_rule() {
    let mut bench = bench(&varying(2_100, 2), RULE);
    let (outcome, _) = bench.run_until("started b03-t02");
    assert_eq!(outcome.unwrap().ended, Ended::Interrupted);
    let begun = manifest(&bench);
    assert_eq!(begun.plan.last().map(|planned| planned.block), Some(3), "blocks begun");
    assert_eq!(begun.stopping, None);
    assert!(bench.records().len() < begun.plan.len());
    let so_far = summarize(&begun, &bench.records()).repetition;
    assert!(so_far.is_some_and(|text| text.contains("Not ended") && text.contains("± 3 %")));
    bench.resume();
    assert_eq!(bench.run().unwrap().ended, Ended::Complete);
    assert_blocks(&bench, 8);
    assert_eq!(stopping(&bench).ended, StoppedBy::Precise);

    let before = bench.records().len();
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    assert_eq!(bench.records().len(), before, "nothing is left to do");
    assert!(heard.lines[0].contains("nothing to do"), "{:?}", heard.lines);
}

#[test]
fn a_run_may_be_continued_to_another_precision() {
    let mut bench = bench(
        &varying(2_100, 20),
        Precision {
            half_width: 0.5,
            ..RULE
        },
    );
    bench.run().unwrap();
    assert_blocks(&bench, 8);
    bench.resume();
    bench.request.profile.run.precision = Some(Precision {
        half_width: 0.001,
        ..RULE
    });
    bench.run().unwrap();
    assert_blocks(&bench, 12);
    assert_eq!(stopping(&bench).ended, StoppedBy::MaxBlocks);

    bench.request.profile.run.precision = None;
    bench.request.profile.run.repetitions = 40;
    match bench.run().unwrap_err() {
        RunError::ResumeMismatch { differences, .. } => {
            assert!(differences[0].contains("precision"), "{differences:?}")
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_fixed_number_of_repetitions_may_be_continued_to_a_precision() {
    let mut bench = Bench::new(&varying(2_100, 2));
    bench.run().unwrap();
    assert_eq!(bench.records().len(), 6);
    bench.resume();
    bench.request.profile.run.precision = Some(RULE);
    bench.run().unwrap();
    assert_blocks(&bench, 8);
}

#[test]
fn a_configuration_that_never_works_does_not_keep_the_others_waiting() {
    let script = format!("{}\n", varying(2_100, 2))
        .replace("case $id in", "case $id in *c-00000003) exit 1;; esac\ncase $id in");
    let mut bench = bench(&script, RULE);
    bench
        .request
        .profile
        .configurations
        .push(configuration("c-00000003", "9"));
    let outcome = bench.run().unwrap();
    assert_eq!((outcome.completed, outcome.failed), (16, 8));
    let stopping = stopping(&bench);
    assert_eq!((stopping.ended, stopping.blocks), (StoppedBy::Precise, 8));
    assert_eq!(stopping.imprecise.len(), 1);
    assert_eq!(stopping.imprecise[0].configuration_id, "c-00000003");
}

#[test]
fn one_configuration_is_held_to_its_own_interval() {
    for (step, ended) in [(2, StoppedBy::Precise), (200, StoppedBy::MaxBlocks)] {
        let mut bench = bench(&varying(2_100, step), RULE);
        bench.request.profile.configurations = vec![configuration("c-00000002", "5")];
        bench.run().unwrap();
        assert_eq!(stopping(&bench).ended, ended, "{step}");
    }
}

// ---- until a gate is decided ----

/// Looks after 8, 12 and 20 blocks. No interval is ever as narrow as that.
const GATE: Precision = Precision {
    metric: PrecisionMetric::Throughput,
    half_width: 0.001,
    min_blocks: 8,
    max_blocks: 20,
    time_budget_ms: None,
    until: Until::Decided,
};

/// A base and a candidate, whose throughput may fall by 10 %.
fn gate(script: &str, rule: Precision) -> Bench {
    let mut bench = bench(script, rule);
    for (one, name) in bench
        .request
        .profile
        .configurations
        .iter_mut()
        .zip(["base", "candidate"])
    {
        one.axes = vec![AxisSetting {
            axis: "variant".to_owned(),
            value: name.to_owned(),
            number: None,
        }];
    }
    let threshold = Threshold {
        metric: Metric::Throughput,
        share: 0.1,
    };
    bench.request.question = Some(Question {
        asked: Asked {
            thresholds: vec![threshold],
            force: false,
        },
        only: Vec::new(),
    });
    bench
}

#[test]
fn a_gate_ends_as_soon_as_a_look_has_its_answer_however_wide_the_intervals() {
    for level in [1_000, 2_100] {
        let bench = gate(&varying(level, 10), GATE);
        let mut heard = Heard::default();
        bench.run_heard(&mut heard).unwrap();
        assert_blocks(&bench, 8);
        let stopping = stopping(&bench);
        assert_eq!((stopping.ended, stopping.rule), (StoppedBy::Decided, GATE), "{level}");
        assert!(stopping.imprecise.is_empty());
        assert!(!heard.lines.iter().any(|line| line.starts_with("expected ")));
    }
}

#[test]
fn a_gate_goes_on_where_it_has_no_answer_and_looks_no_more_often_than_planned() {
    // Worse by the threshold, on the whole: neither certain nor excluded.
    let bench = gate(&varying(1_800, 20), GATE);
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    assert_blocks(&bench, 20);
    assert_eq!(stopping(&bench).ended, StoppedBy::MaxBlocks);
    let looked: Vec<&String> = heard.lines.iter().filter(|line| line.starts_with("looked ")).collect();
    assert_eq!(looked.len(), 2, "{looked:?}");
    assert!(looked[0].starts_with("looked after 8: 1 of 1 open"), "{looked:?}");
    assert!(looked[1].starts_with("looked after 12: 1 of 1 open"), "{looked:?}");
}

#[test]
fn a_gate_that_cannot_be_valid_any_more_is_not_measured_to_its_end() {
    let script = varying(1_800, 20).replace("case $id in", "case $id in b03*2) exit 1;; esac\ncase $id in");
    let bench = gate(&script, GATE);
    let outcome = bench.run().unwrap();
    assert_eq!((outcome.completed, outcome.failed), (15, 1));
    assert_eq!(
        (stopping(&bench).ended, stopping(&bench).blocks),
        (StoppedBy::Decided, 8)
    );
}

#[test]
fn a_gate_keeps_to_its_time() {
    let tight = Precision {
        time_budget_ms: Some(1),
        ..GATE
    };
    let bench = gate(&varying(1_000, 10), tight);
    bench.run().unwrap();
    assert_blocks(&bench, 1);
    assert_eq!(stopping(&bench).ended, StoppedBy::TimeBudget);
}

#[test]
fn a_gate_goes_on_after_an_interruption_but_gets_no_further_looks() {
    let mut bench = gate(&varying(1_800, 20), GATE);
    let (outcome, _) = bench.run_until("started b10-t01");
    assert_eq!(outcome.unwrap().ended, Ended::Interrupted);
    bench.resume();
    let refused = |bench: &Bench| match bench.run().unwrap_err() {
        RunError::ResumeMismatch { differences, .. } => {
            assert!(differences[0].contains("begin a new run"), "{differences:?}")
        }
        other => panic!("{other}"),
    };
    let more = Precision { max_blocks: 40, ..GATE };
    let narrow = Precision {
        until: Until::Narrow,
        ..GATE
    };
    for other in [more, narrow] {
        bench.request.profile.run.precision = Some(other);
        refused(&bench);
    }
    // More time is no more looks, as long as the last was not taken.
    let patient = Precision {
        time_budget_ms: Some(3_600_000),
        ..GATE
    };
    bench.request.profile.run.precision = Some(patient);
    assert_eq!(bench.run().unwrap().ended, Ended::Complete);
    assert_blocks(&bench, 20);
    bench.request.profile.run.precision = Some(GATE);
    refused(&bench);
    bench.request.profile.run.precision = Some(patient);
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    assert!(heard.lines[0].contains("nothing to do"), "{:?}", heard.lines);
}

/// Three blocks of a base and a candidate for a gate.
fn fixed_gate() -> Bench {
    let mut bench = gate(&varying(1_800, 20), GATE);
    bench.request.profile.run.precision = None;
    bench.request.held_to = Some(thresholds(0.1));
    bench
}

fn thresholds(share: f64) -> BTreeMap<String, f64> {
    BTreeMap::from([(Metric::Throughput.id().to_owned(), share)])
}

fn refused(bench: &Bench) -> String {
    match bench.run().unwrap_err() {
        RunError::ResumeMismatch { differences, .. } => differences.join("; "),
        other => panic!("{other}"),
    }
}

#[test]
fn a_gate_of_fixed_blocks_gets_no_second_look() {
    let mut bench = fixed_gate();
    let (outcome, _) = bench.run_until("started b02-t02");
    assert_eq!(outcome.unwrap().ended, Ended::Interrupted);
    bench.resume();
    // What was interrupted goes on to what was planned, and no further.
    bench.request.profile.run.repetitions = 6;
    let told = refused(&bench);
    assert!(told.contains("3 blocks were planned and 6 are asked for now"), "{told}");
    bench.request.profile.run.repetitions = 3;
    assert_eq!(bench.run().unwrap().ended, Ended::Complete);
    assert_blocks(&bench, 3);
    // Also where another command continues it, which knows of no gate.
    bench.request.profile.run.repetitions = 6;
    for held_to in [Some(thresholds(0.1)), None] {
        bench.request.held_to = held_to;
        let told = refused(&bench);
        assert!(
            told.contains("3 blocks were planned and 6 are asked for now: that would be a further look at a gate")
                && told.contains("Begin a new run, or one with a --precision"),
            "{told}"
        );
    }
    bench.request.profile.run.precision = Some(RULE);
    assert!(refused(&bench).contains("a precision is asked for now"));
}

#[test]
fn a_gate_against_stored_sessions_does_not_go_on_to_another_precision() {
    let half_width = |half_width: f64| Some(Precision { half_width, ..RULE });
    let mut bench = bench(&varying(2_100, 20), RULE);
    bench.request.held_to = Some(thresholds(0.1));
    bench.request.profile.run.precision = half_width(0.5);
    let (outcome, _) = bench.run_until("started b03-t02");
    assert_eq!(outcome.unwrap().ended, Ended::Interrupted);
    bench.resume();
    // Nothing was looked at so far.
    bench.request.profile.run.precision = half_width(0.4);
    bench.run().unwrap();
    assert_blocks(&bench, 8);
    bench.request.profile.run.precision = half_width(0.001);
    assert!(refused(&bench).contains("the run has ended and another precision is asked for now"));
}

#[test]
fn a_gate_has_one_set_of_thresholds() {
    let mut bench = fixed_gate();
    bench.run_until("started b02-t02").0.unwrap();
    assert_eq!(manifest(&bench).held_to, Some(thresholds(0.1)));
    bench.resume();
    let mut other = thresholds(0.2);
    other.insert("latency_p99_us".to_owned(), 0.5);
    bench.request.held_to = Some(other);
    let told = refused(&bench);
    assert!(
        told.contains("the gate's threshold of throughput_records_per_s was 10 % and is 20 % now")
            && told.contains("latency_p99_us was not gated and is 50 % now"),
        "{told}"
    );
    bench.request.held_to = Some(thresholds(0.1));
    assert_eq!(bench.run().unwrap().ended, Ended::Complete);

    // What began without a gate is held to those of the gate that continues it.
    let mut sweep = fixed_gate();
    sweep.request.held_to = None;
    sweep.run_until("started b02-t02").0.unwrap();
    sweep.resume();
    sweep.request.held_to = Some(thresholds(0.3));
    sweep.run().unwrap();
    assert_eq!(manifest(&sweep).held_to, Some(thresholds(0.3)));
}

#[test]
fn a_complete_run_that_a_gate_takes_as_it_is_becomes_that_gates() {
    let mut bench = fixed_gate();
    bench.request.held_to = None;
    assert_eq!(bench.run().unwrap().ended, Ended::Complete);
    bench.resume();
    bench.request.held_to = Some(thresholds(0.1));
    assert_eq!(bench.run().unwrap().ended, Ended::Complete);
    assert_eq!(manifest(&bench).held_to, Some(thresholds(0.1)));
    assert_blocks(&bench, 3);
    bench.request.held_to = Some(thresholds(0.2));
    assert!(refused(&bench).contains("was 10 % and is 20 % now"));
    // As a sweep it gets no further look either.
    bench.request.held_to = None;
    bench.request.profile.run.repetitions = 6;
    assert!(refused(&bench).contains("a further look at a gate"));
}

#[test]
fn a_fixed_number_of_blocks_is_not_continued_until_a_gate_likes_it() {
    let mut bench = gate(&varying(1_800, 20), GATE);
    bench.request.profile.run.precision = None;
    bench.run().unwrap();
    bench.resume();
    bench.request.profile.run.precision = Some(GATE);
    assert!(matches!(bench.run(), Err(RunError::ResumeMismatch { .. })));
}
