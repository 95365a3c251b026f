//! A scripted twin of a client, whose acknowledgements come at times that follow from when records were due alone: what is
//! measured of it is exact, however slow the machine.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use kpbench::client::{ClientError, Enqueued, Outgoing, Producer, ProducerSettings, Room, StatisticsEvent, Verdict};
use kpbench::load::{NEVER, Schedule, Slots, StopFlag, Times, run_trial_with};
use kpbench::measure::{AckRecorder, Hub};
use kpbench::protocol::{Arrival, ClientKind, SendMode, TrialEvent, TrialResult, TrialSpec};

use crate::spec::{constant, ramp, spec, steps, trace};

/// From when a record was due, and when the one before it was acknowledged, to its acknowledgement: all in µs.
pub type Script = fn(u64, u64) -> u64;

/// The intended times of each call's records.
type Calls = Arc<Mutex<Vec<Vec<u64>>>>;

struct Twin {
    script: Script,
    calls: Calls,
    room: Room,
    recorder: Mutex<Option<AckRecorder>>,
    last_us: Mutex<u64>,
}

impl Twin {
    fn acknowledged_us(&self, due_us: u64) -> u64 {
        let mut last_us = self.last_us.lock().unwrap();
        *last_us = (self.script)(due_us, *last_us);
        *last_us
    }
}

impl Producer for Twin {
    fn start(&self, hub: &Arc<Hub>, _statistics: Sender<StatisticsEvent>) {
        *self.recorder.lock().unwrap() = Some(hub.ack_recorder());
    }

    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued {
        let mut recorder = self.recorder.lock().unwrap();
        let recorder = recorder.as_mut().unwrap();
        for record in records {
            recorder.begin_batch_at(self.acknowledged_us(record.tag.intended_us()));
            recorder.acknowledged(record.tag, record.bytes());
            recorder.end_batch();
        }
        let due = records.iter().map(|record| record.tag.intended_us());
        self.calls.lock().unwrap().push(due.collect());
        Enqueued {
            done: records.len(),
            refused: Vec::new(),
        }
    }

    fn send_and_wait(&self, _thread: usize, record: Outgoing<'_>, _deadline: Instant) -> Verdict {
        let due_us = record.tag.intended_us();
        self.calls.lock().unwrap().push(vec![due_us]);
        Verdict::Acknowledged {
            at_us: self.acknowledged_us(due_us),
        }
    }

    fn room(&self) -> &Room {
        &self.room
    }
    fn effective_properties(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
    fn reported_errors(&self) -> Vec<String> {
        Vec::new()
    }
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Runs a trial against the twin; returns its result, and the intended times of each call's records.
pub fn run(spec: &TrialSpec, script: Script) -> (TrialResult, Vec<Vec<u64>>) {
    let calls = Calls::default();
    let connect = |_: ClientKind, _: &ProducerSettings| {
        Ok::<_, ClientError>(Arc::new(Twin {
            script,
            calls: Arc::clone(&calls),
            room: Room::new(None, 100_000),
            recorder: Mutex::default(),
            last_us: Mutex::default(),
        }) as Arc<dyn Producer>)
    };
    let mut last = None;
    run_trial_with(spec, &StopFlag::default(), &connect, &mut |event| last = Some(event)).unwrap();
    let Some(TrialEvent::Result(result)) = last else {
        panic!("the last event is no result")
    };
    (*result, std::mem::take(&mut calls.lock().unwrap()))
}

/// A millisecond after it was due.
pub fn after_a_millisecond(due_us: u64, _last_us: u64) -> u64 {
    due_us + 1_000
}

/// When records are due before the window's end, over so many senders.
pub fn due(spec: &TrialSpec, senders: u64) -> Vec<u64> {
    let times = Times {
        warmup_ms: spec.warmup_ms,
        measure_ms: spec.measure_ms,
        seed: spec.seed,
    };
    let schedule = Schedule::new(&spec.workload.arrival, times).unwrap().unwrap();
    let end_us = (spec.warmup_ms + spec.measure_ms) * 1_000;
    let of_sender = |mut slots: Slots| {
        let mut due = Vec::new();
        while slots.due_us() < end_us {
            due.push(slots.due_us());
            slots.advance();
        }
        assert!(slots.due_us() == NEVER || slots.due_us() >= end_us);
        due
    };
    let mut all: Vec<u64> = (0..senders)
        .flat_map(|index| of_sender(schedule.sender(index, senders)))
        .collect();
    all.sort_unstable();
    all
}

fn patterns(trace: Arrival) -> [Arrival; 6] {
    [
        constant(1_000.0),
        Arrival::Poisson { rate_per_s: 1_000.0 },
        Arrival::Bursts {
            records: 100,
            every_us: 250_000,
        },
        steps(&[500.0, 1_000.0, 2_000.0]),
        ramp(100.0, 2_000.0),
        trace,
    ]
}

#[test]
fn every_slot_is_sent_once_whoever_sends_it() {
    let (trace, _file) = trace(&[30, 0, 0, 70], true);
    for arrival in patterns(trace) {
        let (mut one, mut three, mut sync) = (spec(&arrival), spec(&arrival), spec(&arrival));
        one.workload.producers = 1;
        three.workload.producers = 3;
        sync.workload.send_mode = SendMode::Sync;
        sync.workload.send_concurrency = 4;
        // Sync senders take their turns, whichever is free; the others have slots of their own.
        for (spec, senders) in [(one, 1), (three, 3), (sync, 1)] {
            let (result, calls) = run(&spec, after_a_millisecond);
            let mut sent: Vec<u64> = calls.concat();
            sent.sort_unstable();
            let expected = due(&spec, senders);
            assert_eq!(sent, expected, "{arrival} from {senders} {}", spec.workload.send_mode);
            let in_window = expected.iter().filter(|due_us| **due_us >= 200_000).count() as u64;
            assert_eq!(result.window.attempted, in_window, "{arrival}");
            assert_eq!(result.counts.attempted, expected.len() as u64, "{arrival}");
            let response = result.latencies.response.unwrap();
            assert_eq!((response.count, response.unresolved), (in_window, 0), "{arrival}");
            assert_eq!(result.latencies.schedule_lag.unwrap().count, in_window, "{arrival}");
            assert_eq!(result.latencies.service.unwrap().count, in_window, "{arrival}");
        }
    }
}

#[test]
fn records_due_at_the_same_time_go_out_together() {
    let bursts = Arrival::Bursts {
        records: 128,
        every_us: 100_000,
    };
    let (_, calls) = run(&spec(&bursts), after_a_millisecond);
    let mut of_call: BTreeMap<u64, usize> = BTreeMap::new();
    for (place, call) in calls.iter().enumerate() {
        for due_us in call {
            assert_eq!(*of_call.entry(*due_us).or_insert(place), place, "a burst in two calls");
        }
    }
    assert_eq!(of_call.len(), 12);
}

#[test]
fn nothing_is_due_after_a_trace_that_is_played_once() {
    let (arrival, _file) = trace(&[10, 10, 80], false);
    let (result, calls) = run(&spec(&arrival), after_a_millisecond);
    // Twice in the warm-up, as if it had been played before, and once in the window.
    let ms: Vec<u64> = calls.concat().iter().map(|due_us| due_us / 1_000).collect();
    assert_eq!(ms, [0, 10, 20, 100, 110, 120, 200, 210, 220]);
    assert_eq!(result.window.attempted, 3);
    assert!(!result.stopped_early && result.window_s == 1.0);
}

/// The response of a target that takes one record after the other, 3,000 a second.
fn three_thousand_a_second(due_us: u64, last_us: u64) -> u64 {
    (due_us + 1_000).max(last_us + 333)
}

/// From 1,000 to 5,000 records/s within two seconds: 3,000 are reached after one.
#[test]
fn a_ramp_shows_where_it_breaks() {
    let mut spec = spec(&ramp(1_000.0, 5_000.0));
    spec.measure_ms = 2_000;
    let (result, _) = run(&spec, three_thousand_a_second);
    assert_eq!(result.window.attempted, 6_000);
    let offered = result.offered.as_ref().unwrap();
    assert_eq!(offered.levels.len(), 20);
    let due: u64 = offered.levels.iter().map(|level| level.due).sum();
    assert_eq!(due, 6_000);
    let arrived: u64 = offered.levels.iter().filter_map(|level| level.acknowledged).sum();
    assert_eq!(arrived, result.window.acknowledged, "each acknowledgement in one part");
    for (place, level) in offered.levels.iter().enumerate() {
        let acknowledged = level.acknowledged.unwrap() as i64;
        let response = level.response.as_ref().unwrap();
        assert_eq!((response.count, response.unresolved), (level.due, 0), "however late");
        if place < 9 {
            let possible = level.due as i64 - level.straddling;
            assert!(
                (acknowledged - possible).abs() <= 1,
                "part {place}: {acknowledged} of {possible}"
            );
            assert!(response.max_us <= 1_700, "part {place}: {}", response.max_us);
        }
        if place > 10 {
            assert!((300..=301).contains(&acknowledged), "part {place}: {acknowledged}");
        }
    }
    // Of the 4,000 due in the second half 3,003 are taken in each second: the last waits for a third of a second.
    let last = offered.levels[19].response.as_ref().unwrap().max_us;
    assert!((325_000..340_000).contains(&last), "{last}");
    let behind = kpbench::analysis::behind(&offered.levels);
    let first = behind.iter().position(|behind| *behind).unwrap();
    assert!((11..=14).contains(&first), "{behind:?}");
    assert!(behind[first..].iter().all(|behind| *behind), "{behind:?}");
}

#[test]
fn steps_have_a_part_each_and_an_arrival_by_chance_has_none() {
    let (result, _) = run(&spec(&steps(&[1_000.0, 3_000.0])), after_a_millisecond);
    let levels = result.offered.unwrap().levels;
    let seen: Vec<(f64, f64, u64, i64, Option<u64>)> = levels
        .iter()
        .map(|level| {
            (
                level.start_s,
                level.length_s,
                level.due,
                level.straddling,
                level.acknowledged,
            )
        })
        .collect();
    // A millisecond on its way: one record at the lower rate, three at the higher.
    assert_eq!(seen, [(0.0, 0.5, 500, 0, Some(500)), (0.5, 0.5, 1_500, 2, Some(1_498))]);
    for arrival in [constant(1_000.0), Arrival::Poisson { rate_per_s: 1_000.0 }] {
        assert_eq!(run(&spec(&arrival), after_a_millisecond).0.offered, None);
    }
}

#[test]
fn without_acknowledgements_parts_tell_what_was_due_only() {
    let mut spec = spec(&steps(&[1_000.0, 3_000.0]));
    spec.acks = kpbench::protocol::Acks::None;
    let levels = run(&spec, after_a_millisecond).0.offered.unwrap().levels;
    assert_eq!(levels.iter().map(|level| level.due).collect::<Vec<_>>(), [500, 1_500]);
    assert!(
        levels
            .iter()
            .all(|level| level.acknowledged.is_none() && level.response.is_none())
    );
}

#[test]
fn what_cannot_be_paced_is_refused_before_any_client_is_made() {
    let connect = |_: ClientKind, _: &ProducerSettings| -> Result<Arc<dyn Producer>, ClientError> { unreachable!() };
    let (gone, file) = trace(&[1], true);
    drop(file);
    for (arrival, part) in [
        (constant(0.0), "must be above 0"),
        (Arrival::Poisson { rate_per_s: 2e7 }, "beyond what the clock can pace"),
        (gone, "cannot be read"),
    ] {
        let mut last = None;
        let ended = run_trial_with(&spec(&arrival), &StopFlag::default(), &connect, &mut |event| {
            last = Some(event)
        });
        assert!(ended.is_err());
        let Some(TrialEvent::Failed { cause }) = last else {
            panic!("{arrival}: no failure")
        };
        assert!(cause.contains(part), "{cause}");
    }
}
