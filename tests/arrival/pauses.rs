//! A pause of the target shows in the percentiles as arithmetic says it must, also where it straddles the window's end.

use kpbench::protocol::{Arrival, LatencyDistribution, TrialResult};
use kpbench::stats::histogram::{decode, percentile};

use crate::spec::{constant, spec};
use crate::twin::{self, Script};

/// Acknowledged after a millisecond, but for what would be within a pause: that is at its end.
fn unless_paused(due_us: u64, from_us: u64, to_us: u64) -> u64 {
    match due_us + 1_000 {
        at_us if (from_us..to_us).contains(&at_us) => to_us,
        at_us => at_us,
    }
}

fn run(arrival: &Arrival, script: Script) -> TrialResult {
    twin::run(&spec(arrival), script).0
}

/// The percentile in ms, to three digits.
fn percentile_ms(of: &LatencyDistribution, quantile: f64) -> f64 {
    let read = percentile(&decode(&of.histogram).unwrap(), of.unresolved, quantile);
    assert!(!read.at_least);
    (read.us.unwrap() as f64 / 1e3).round()
}

/// The largest latency: the histogram gives the end of its bucket, which is narrower than a ms here.
fn max_ms(of: &LatencyDistribution) -> u64 {
    of.max_us / 1_000
}

/// Records with a latency of more than so many ms: the histogram tells values apart to 1 ‰.
fn above_ms(of: &LatencyDistribution, ms: u64) -> u64 {
    decode(&of.histogram)
        .unwrap()
        .count_between(ms * 1_000 + 500, 3_600_000_000)
}

/// The window is 200 to 1,200 ms, a record due at each ms. From 700 to 1,000 ms nothing is acknowledged: records due at
/// 699 to 998 wait until 1,000, that is 301, 300, … 2 ms, and the other 700 for 1 ms.
#[test]
fn a_pause_within_the_window() {
    let result = run(&constant(1_000.0), |due_us, _| {
        unless_paused(due_us, 700_000, 1_000_000)
    });
    let response = result.latencies.response.unwrap();
    assert_eq!(
        (response.count, response.unresolved, max_ms(&response)),
        (1_000, 0, 301)
    );
    for (ms, count) in [(1, 300), (150, 151), (200, 101), (300, 1), (301, 0)] {
        assert_eq!(above_ms(&response, ms), count, "above {ms} ms");
    }
    // 10, 100 and 300 of 1,000 are above p99, p90 and p70.
    let read = [0.99, 0.9, 0.7, 0.5].map(|quantile| percentile_ms(&response, quantile));
    assert_eq!(read, [291.0, 201.0, 1.0, 1.0]);
    assert_eq!(
        result.window.acknowledged, 1_000,
        "all that was held back came within the window"
    );
}

/// From 1,000 to 1,400 ms, 200 of them beyond the window's end: records due at 999 to 1,199 wait for 401, 400, … 201 ms.
/// What was acknowledged within the window would show none of them.
#[test]
fn a_pause_across_the_windows_end() {
    let result = run(&constant(1_000.0), |due_us, _| {
        unless_paused(due_us, 1_000_000, 1_400_000)
    });
    let response = result.latencies.response.unwrap();
    assert_eq!(
        (response.count, response.unresolved, max_ms(&response)),
        (1_000, 0, 401)
    );
    for (ms, count) in [(1, 201), (200, 201), (201, 200), (300, 101), (400, 1)] {
        assert_eq!(above_ms(&response, ms), count, "above {ms} ms");
    }
    let read = [0.99, 0.9, 0.79].map(|quantile| percentile_ms(&response, quantile));
    assert_eq!(read, [391.0, 301.0, 1.0]);
    // One of the warm-up came in, 201 went out.
    assert_eq!(result.window.acknowledged, 800);
    let configuration = configuration_at(1_000.0);
    let missed = kpbench::analysis::saturation(&configuration, &with(result.window, 1.0), &Default::default());
    let missed = missed.unwrap().missed.unwrap();
    assert_eq!((missed.achieved_per_s, missed.intended_per_s), (800.0, 1_000.0));
}

/// Bursts of 100 at 200, 450, 700 and 950 ms. Nothing is acknowledged from 400 to 650 ms: those due at 450 wait for 200 ms,
/// which is a quarter of all, and the pause of 250 ms shows as 200 ms because nobody was there before.
#[test]
fn a_pause_meets_bursts_only_where_one_is_due() {
    let bursts = Arrival::Bursts {
        records: 100,
        every_us: 250_000,
    };
    let result = run(&bursts, |due_us, _| unless_paused(due_us, 400_000, 650_000));
    let response = result.latencies.response.unwrap();
    assert_eq!((response.count, max_ms(&response)), (400, 200));
    assert_eq!(above_ms(&response, 1), 100);
    let read = [0.9, 0.76, 0.74].map(|quantile| percentile_ms(&response, quantile));
    assert_eq!(read, [200.0, 200.0, 1.0]);
}

/// Poisson arrivals of mean 1 ms over the same pause: who was due when is known from the schedule.
#[test]
fn a_pause_meets_random_arrivals_as_they_come() {
    let spec = spec(&Arrival::Poisson { rate_per_s: 1_000.0 });
    let (result, _) = twin::run(&spec, |due_us, _| unless_paused(due_us, 1_000_000, 1_400_000));
    let mut expected: Vec<u64> = twin::due(&spec, 1)
        .into_iter()
        .filter(|due_us| *due_us >= 200_000)
        .map(|due_us| unless_paused(due_us, 1_000_000, 1_400_000) - due_us)
        .collect();
    expected.sort_unstable();
    let response = result.latencies.response.unwrap();
    assert_eq!(response.count, expected.len() as u64);
    assert_eq!(max_ms(&response), expected.last().unwrap() / 1_000);
    let waited = expected.iter().filter(|us| **us > 201_000).count() as u64;
    let counted = decode(&response.histogram)
        .unwrap()
        .count_between(201_001, 3_600_000_000);
    // The histogram's buckets are 128 µs wide there.
    assert!(counted.abs_diff(waited) <= 3, "{counted} and {waited}");
    assert!(waited > 150, "{waited}");
}

fn configuration_at(rate: f64) -> kpbench::profile::Configuration {
    let text = format!("[workload]\nrate = {rate}\n");
    let profile = kpbench::profile::parse("test", &text, std::path::Path::new(""), &[]).unwrap();
    profile.configurations[0].clone()
}

fn with(window: kpbench::protocol::WindowCounts, window_s: f64) -> TrialResult {
    let (mut result, _) = twin::run(&spec(&constant(10.0)), twin::after_a_millisecond);
    result.window = window;
    result.window_s = window_s;
    result.latencies = Default::default();
    result
}
