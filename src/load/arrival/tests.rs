//! Schedules against the arithmetic of their patterns.

use proptest::prelude::*;

use super::*;
use crate::protocol::{RateStep, TimeUnit, TraceValues};

const NO_WARMUP: Times = Times {
    warmup_ms: 0,
    measure_ms: 10_000,
    seed: 1,
};

fn schedule(arrival: &Arrival, times: Times) -> Schedule {
    Schedule::new(arrival, times).unwrap().unwrap()
}

fn constant(rate_per_s: f64) -> Schedule {
    schedule(&Arrival::Constant { rate_per_s }, NO_WARMUP)
}

fn due(schedule: &Schedule, slots: std::ops::Range<u64>) -> Vec<u64> {
    slots.map(|k| schedule.due_us(k).unwrap()).collect()
}

/// Due times of one sender before `end_us`.
fn before(mut slots: Slots, end_us: u64) -> Vec<u64> {
    let mut all = Vec::new();
    while slots.due_us() < end_us {
        all.push(slots.due_us());
        slots.advance();
    }
    all
}

fn trace(gaps_us: &[u64], repeat: bool, warmup_us: u64) -> Trace {
    let offsets = gaps_us.iter().scan(0, |at, gap| {
        let offset = *at;
        *at += gap * 1_000;
        Some(offset)
    });
    let file = TraceFile {
        offsets_ns: offsets.collect(),
        length_ns: gaps_us.iter().sum::<u64>() * 1_000,
    };
    Trace::new(file, repeat, warmup_us)
}

#[test]
fn a_million_per_second_is_one_per_microsecond_for_an_hour() {
    assert_eq!(constant(1e6).due_us(3_600_000_000), Some(3_600_000_000));
}

#[test]
fn an_odd_rate_does_not_drift() {
    let schedule = constant(3.0);
    assert_eq!(due(&schedule, 0..4), [0, 333_333, 666_666, 1_000_000]);
    assert_eq!(schedule.due_us(3 * 86_400), Some(86_400_000_000));
}

#[test]
fn unpaced_load_has_no_slots_and_what_cannot_be_paced_is_refused() {
    assert!(Schedule::new(&Arrival::Unpaced, NO_WARMUP).unwrap().is_none());
    let error = Schedule::new(&Arrival::Poisson { rate_per_s: -1.0 }, NO_WARMUP).unwrap_err();
    assert!(error.contains("must be above 0"), "{error}");
}

#[test]
fn bursts_come_together_and_one_is_at_the_windows_start() {
    let arrival = Arrival::Bursts {
        records: 3,
        every_us: 400_000,
    };
    let times = Times {
        warmup_ms: 1_000,
        ..NO_WARMUP
    };
    let schedule = schedule(&arrival, times);
    assert_eq!(
        due(&schedule, 0..9),
        [
            200_000, 200_000, 200_000, 600_000, 600_000, 600_000, 1_000_000, 1_000_000, 1_000_000
        ]
    );
    // Ten seconds hold 25 bursts.
    let in_window = schedule.slots_before(11_000_000).unwrap() - schedule.slots_before(1_000_000).unwrap();
    assert_eq!(in_window, 75);
    let two = [0, 1].map(|index| before(schedule.sender(index, 2), 700_000));
    assert_eq!(two, [[200_000, 200_000, 600_000], [200_000, 600_000, 600_000]]);
}

#[test]
fn steps_change_at_their_edges_and_the_warm_up_has_the_first_rate() {
    let steps = [1_000.0, 2_000.0].map(|rate_per_s| RateStep {
        rate_per_s,
        for_ms: None,
    });
    let times = Times {
        warmup_ms: 3,
        measure_ms: 4,
        seed: 1,
    };
    let schedule = schedule(&Arrival::Steps { steps: steps.to_vec() }, times);
    assert_eq!(
        due(&schedule, 0..10),
        [0, 1_000, 2_000, 3_000, 4_000, 5_000, 5_500, 6_000, 6_500, 7_000]
    );
}

/// From 0.001 to 0.003 records per µs over 10 s: slot k is due where `0.001 t + 10^-10 t² = k`.
#[test]
fn a_ramp_is_the_inverse_of_its_integral() {
    let ramp = |from_per_s, to_per_s| Arrival::Ramp {
        from_per_s,
        to_per_s,
        over_ms: None,
    };
    let up = schedule(&ramp(1_000.0, 3_000.0), NO_WARMUP);
    for (t, slots) in [
        (0, 0),
        (1_000, 2),
        (2_000_000, 2_400),
        (5_000_000, 7_500),
        (10_000_000, 20_000),
    ] {
        assert_eq!(up.slots_before(t), Some(slots), "at {t}");
    }
    assert_eq!(up.due_us(2_400), Some(2_000_000));
    assert_eq!(up.due_us(20_000), Some(10_000_000));
    assert_eq!(up.due_us(23_000), Some(11_000_000), "the last rate holds on");
    let down = schedule(&ramp(3_000.0, 1_000.0), NO_WARMUP);
    assert_eq!(down.due_us(20_000), Some(10_000_000));
    // The same shape backwards: as many slots in the first part as there are in the last.
    assert_eq!(down.slots_before(8_000_000), Some(20_000 - 2_400));
}

#[test]
fn a_trace_begins_with_the_window_and_the_warm_up_has_its_end() {
    let all = |trace: &Trace, count: u64| -> Vec<u64> { (0..count).map(|k| trace.due_us(k)).collect() };
    let repeated = trace(&[10, 0, 5], true, 7);
    // Rounds of 15: one begins at 7 - 15 = -8, whose arrivals are at -8, 2 and 2.
    assert_eq!(all(&repeated, 8), [2, 2, 7, 17, 17, 22, 32, 32]);
    let once = trace(&[10, 0, 5], false, 7);
    assert_eq!(all(&once, 7), [2, 2, 7, 17, 17, NEVER, NEVER]);
    let long_warmup = trace(&[10, 0, 5], true, 31);
    // Of the round that begins at -14 all is over; the next begins at 1.
    assert_eq!(all(&long_warmup, 4), [1, 11, 11, 16]);
    assert_eq!(all(&trace(&[10], true, 0), 3), [0, 10, 20]);
}

#[test]
fn a_traces_file_is_read_again_by_its_trial() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"0\n1\n3\n").unwrap();
    let arrival = Arrival::Trace {
        path: file.path().to_owned(),
        values: TraceValues::Timestamps,
        unit: TimeUnit::Ms,
        repeat: true,
        records: 3,
        length_us: 4_500.0,
    };
    let read = schedule(&arrival, NO_WARMUP);
    assert_eq!(due(&read, 0..4), [0, 1_000, 3_000, 4_500]);
    std::fs::write(file.path(), "nothing\n").unwrap();
    let error = Schedule::new(&arrival, NO_WARMUP).unwrap_err();
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn whoever_is_free_takes_the_next_slot() {
    let shared = constant(1_000.0).shared();
    let mut taken: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..250).map(|_| shared.take()).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    taken.sort_unstable();
    assert_eq!(taken, (0..1_000).map(|k| k * 1_000).collect::<Vec<u64>>());
}

/// Gaps of Poisson arrivals in units of their mean.
fn gaps(seed: u64, index: u64, of: u64, count: usize) -> Vec<f64> {
    let rate_per_s = 1_000.0;
    let arrival = Arrival::Poisson { rate_per_s };
    let mut slots = schedule(&arrival, Times { seed, ..NO_WARMUP }).sender(index, of);
    let mean_us = 1e6 * of as f64 / rate_per_s;
    let mut last = 0;
    (0..count)
        .map(|_| {
            let gap = (slots.due_us() - last) as f64 / mean_us;
            last = slots.due_us();
            slots.advance();
            gap
        })
        .collect()
}

/// The Kolmogorov-Smirnov distance to the exponential distribution of mean 1.
fn distance(mut gaps: Vec<f64>) -> f64 {
    gaps.sort_by(f64::total_cmp);
    let count = gaps.len() as f64;
    let far = |(place, gap): (usize, &f64)| {
        let expected = 1.0 - (-gap).exp();
        (expected - place as f64 / count)
            .abs()
            .max((place as f64 + 1.0) / count - expected)
    };
    gaps.iter().enumerate().map(far).fold(0.0, f64::max)
}

/// Twenty fixed seeds, so that the outcome is fixed too. With 20,000 gaps each: mean and variance within 5 standard errors
/// (1/√n of the mean, √8/√n of the variance), and the Kolmogorov-Smirnov distance below 1.95/√n, which a true exponential
/// distribution exceeds once in 1,000 (Smirnov 1948; µs instead of real numbers add at most 0.001).
#[test]
fn poisson_gaps_are_exponential() {
    const COUNT: usize = 20_000;
    let root = (COUNT as f64).sqrt();
    for seed in 0..20 {
        let gaps = gaps(seed, 0, 1, COUNT);
        let mean = gaps.iter().sum::<f64>() / COUNT as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / COUNT as f64;
        assert!((mean - 1.0).abs() < 5.0 / root, "seed {seed}: mean {mean}");
        assert!(
            (variance - 1.0).abs() < 5.0 * 8f64.sqrt() / root,
            "seed {seed}: variance {variance}"
        );
        let distance = distance(gaps);
        assert!(distance < 1.95 / root + 0.001, "seed {seed}: distance {distance}");
    }
}

/// Four senders of a quarter of the rate: together they are one Poisson process of the whole rate.
#[test]
fn senders_with_their_part_of_the_rate_are_a_poisson_process_together() {
    let arrival = Arrival::Poisson { rate_per_s: 4_000.0 };
    let end_us = 5_000_000;
    for seed in 0..20 {
        let schedule = schedule(&arrival, Times { seed, ..NO_WARMUP });
        let each: Vec<Vec<u64>> = (0..4).map(|index| before(schedule.sender(index, 4), end_us)).collect();
        for sender in &each {
            // 5,000 expected, with a standard deviation of √5,000 = 71.
            assert!(sender.len().abs_diff(5_000) < 5 * 71, "seed {seed}: {}", sender.len());
        }
        let mut all: Vec<u64> = each.concat();
        all.sort_unstable();
        assert!(all.len().abs_diff(20_000) < 5 * 142, "seed {seed}: {}", all.len());
        let gaps: Vec<f64> = all.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 250.0).collect();
        // A µs is 0.004 of the mean gap.
        let limit = 1.95 / (gaps.len() as f64).sqrt() + 0.004;
        let distance = distance(gaps);
        assert!(distance < limit, "seed {seed}: {distance} ≥ {limit}");
    }
}

#[test]
fn the_same_seed_draws_the_same_and_another_one_something_else() {
    assert_eq!(gaps(7, 0, 2, 100), gaps(7, 0, 2, 100));
    assert_ne!(gaps(7, 0, 2, 100), gaps(8, 0, 2, 100));
    assert_ne!(
        gaps(7, 0, 2, 100),
        gaps(7, 1, 2, 100),
        "each sender has draws of its own"
    );
}

fn rates() -> impl Strategy<Value = Arrival> {
    let step = (0.5f64..2e5, proptest::option::of(1u64..5_000))
        .prop_map(|(rate_per_s, for_ms)| RateStep { rate_per_s, for_ms });
    let steps = proptest::collection::vec(step, 1..8).prop_map(|steps| Arrival::Steps { steps });
    let ramp = (0.5f64..2e5, 0.5f64..2e5, proptest::option::of(1u64..20_000));
    let ramp = ramp.prop_map(|(from_per_s, to_per_s, over_ms)| Arrival::Ramp {
        from_per_s,
        to_per_s,
        over_ms,
    });
    prop_oneof![steps, ramp]
}

/// The integral of a rate over the first `until_us` of its segment.
fn integral(part: &RateSegment, until_us: u64) -> f64 {
    let length_us = (part.end_us - part.start_us) as f64;
    let share = (until_us as f64 / length_us).min(1.0);
    let until_per_s = part.from_per_s + (part.to_per_s - part.from_per_s) * share;
    f64::midpoint(part.from_per_s, until_per_s) * length_us * share / 1e6
}

proptest! {
    #[test]
    fn slots_are_in_order_and_at_their_rate(rate in 0.1f64..2e6, k in 0u64..1_000_000_000) {
        let schedule = constant(rate);
        prop_assert!(schedule.due_us(k) <= schedule.due_us(k + 1));
        let exact = k as f64 * 1e6 / rate;
        prop_assert!((schedule.due_us(k).unwrap() as f64 - exact).abs() <= 1.0 + exact * 1e-12);
    }

    /// However far: as many slots are due before a moment as the integral of the rate says, to one.
    #[test]
    fn counts_are_the_integral_of_the_rate(arrival in rates(), warmup_ms in 0u64..3_000, share in 0.0f64..1.2) {
        let schedule = schedule(&arrival, Times { warmup_ms, measure_ms: 10_000, seed: 1 });
        let at_us = (share * 10_000_000.0) as u64;
        let segments = arrival.segments(10_000).unwrap();
        let warmup = segments[0].from_per_s * warmup_ms as f64 / 1e3;
        let within: f64 = segments.iter().map(|part| integral(part, at_us.saturating_sub(part.start_us))).sum();
        let beyond = segments.last().unwrap().to_per_s * at_us.saturating_sub(10_000_000) as f64 / 1e6;
        let exact = warmup + within + beyond;
        let counted = schedule.slots_before(warmup_ms * 1_000 + at_us).unwrap() as f64;
        prop_assert!((counted - exact).abs() <= 1.001 + exact * 1e-9, "{} of {}", counted, exact);
    }

    #[test]
    fn rates_are_in_order_whether_asked_for_one_by_one_or_anywhere(arrival in rates(), k in 0u64..1_000_000) {
        let schedule = schedule(&arrival, Times { warmup_ms: 500, measure_ms: 10_000, seed: 1 });
        prop_assert!(schedule.due_us(k) <= schedule.due_us(k + 1));
        let mut slots = schedule.sender(1, 3);
        for turn in 0..50 {
            prop_assert_eq!(Some(slots.due_us()), schedule.due_us(1 + 3 * turn));
            slots.advance();
        }
    }

    /// Whoever sends which: all senders together have every slot once.
    #[test]
    fn senders_share_the_slots_without_a_gap(
        records in 1u64..50, every_us in 1_000u64..100_000, of in 1u64..7, warmup_ms in 0u64..200,
    ) {
        let arrival = Arrival::Bursts { records, every_us };
        let schedule = schedule(&arrival, Times { warmup_ms, measure_ms: 300, seed: 1 });
        let end_us = (warmup_ms + 300) * 1_000;
        let mut shared: Vec<u64> = (0..of).flat_map(|index| before(schedule.sender(index, of), end_us)).collect();
        shared.sort_unstable();
        prop_assert_eq!(&shared, &before(schedule.sender(0, 1), end_us));
        prop_assert_eq!(shared.len() as u64, schedule.slots_before(end_us).unwrap());
    }

    #[test]
    fn a_trace_keeps_its_gaps_round_after_round(
        gaps in proptest::collection::vec(0u64..5_000, 1..40), warmup_us in 0u64..50_000, k in 0u64..500,
    ) {
        prop_assume!(gaps.iter().sum::<u64>() > 0);
        let played = trace(&gaps, true, warmup_us);
        let place = (k + played.skipped) as usize % gaps.len();
        prop_assert_eq!(played.due_us(k + 1) - played.due_us(k), gaps[place]);
        let first = (0..).map(|k| played.due_us(k)).find(|due_us| *due_us >= warmup_us);
        prop_assert_eq!(first, Some(warmup_us), "the window begins with the file's first arrival");
    }
}
