//! What profiles take, and what they refuse with its place and remedy.

use std::path::Path;

use kpbench::profile::{self, Override, Profile, ProfileError, estimate};
use kpbench::protocol::{Arrival, RateStep, TimeUnit, TraceValues};

fn parse(text: &str, overrides: &[(&str, &str)]) -> Result<Profile, ProfileError> {
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|(key, value)| Override {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            origin: "--set".to_owned(),
        })
        .collect();
    profile::parse("test.toml", text, Path::new("tests/arrival/data"), &overrides)
}

fn render(error: &ProfileError) -> String {
    let mut text = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .with_width(120)
        .render_report(&mut text, error)
        .unwrap();
    text
}

fn valid(text: &str, overrides: &[(&str, &str)]) -> Profile {
    parse(text, overrides).unwrap_or_else(|error| panic!("{}", render(&error)))
}

fn arrival(lines: &str) -> Arrival {
    let profile = valid(&format!("[workload.arrival]\n{lines}\n"), &[]);
    profile.configurations[0].workload.arrival.clone()
}

macro_rules! refused {
    ($($name:ident: $text:expr;)+) => {
        $(#[test] fn $name() {
            match parse($text, &[]) {
                Ok(_) => panic!("this profile must be refused:\n{}", $text),
                Err(error) => insta::assert_snapshot!(render(&error)),
            }
        })+
    };
}

refused! {
    no_pattern: "[workload.arrival]\nrate = 5\n";
    no_table: "[workload]\narrival = \"poisson\"\n";
    unknown_pattern: "[workload.arrival]\npattern = \"poison\"\nrate = 5\n";
    keys_of_another_pattern: "[workload.arrival]\npattern = \"poisson\"\nrate = 5\nevery = \"1s\"\nevry = 3\n";
    missing_keys: "[workload.arrival]\npattern = \"bursts\"\n";
    rates_that_are_none: "[matrix]\narrival = [{pattern = \"constant\", rate = 0}, {pattern = \"poisson\", rate = -5}, \
        {pattern = \"constant\", rate = \"20M\"}, {pattern = \"ramp\", from = 0, to = \"fast\"}]\n";
    bursts_that_are_none: "[matrix]\narrival = [{pattern = \"bursts\", records = 0, every = \"1s\"}, \
        {pattern = \"bursts\", records = 5, every = \"0s\"}, {pattern = \"bursts\", records = 100000, every = \"5ms\"}]\n";
    steps_that_are_none: "[matrix]\narrival = [{pattern = \"steps\", steps = []}, {pattern = \"steps\", steps = 5}, \
        {pattern = \"steps\", steps = [5, {rate = 6, for = \"0s\"}, {for = \"1s\"}, {rate = 1, four = \"1s\"}, true]}]\n";
    rate_and_arrival: "[workload]\nrate = 5\narrival = {pattern = \"poisson\", rate = 5}\n";
    rate_axis_and_arrival: "[workload.arrival]\npattern = \"poisson\"\nrate = 5\n[matrix]\nrate = [5, 6]\n";
    both_as_axes: "[matrix]\nrate = [5, 6]\narrival = [{pattern = \"poisson\", rate = 5}]\n";
    both_in_a_variant: "[variants.a]\nrate = 5\narrival = {pattern = \"poisson\", rate = 5}\n";
    trace_that_is_missing: "[workload.arrival]\npattern = \"trace\"\nfile = \"gone.txt\"\nunit = \"ms\"\n";
    trace_that_is_a_directory: "[workload.arrival]\npattern = \"trace\"\nfile = \".\"\nunit = \"ms\"\n";
    trace_that_is_empty: "[workload.arrival]\npattern = \"trace\"\nfile = \"empty.txt\"\nunit = \"ms\"\n";
    trace_of_words: "[workload.arrival]\npattern = \"trace\"\nfile = \"words.txt\"\nunit = \"ms\"\n";
    trace_with_a_negative_gap: "[workload.arrival]\npattern = \"trace\"\nfile = \"negative.txt\"\nunit = \"ms\"\n";
    trace_that_goes_backwards: "[workload.arrival]\npattern = \"trace\"\nfile = \"backwards.txt\"\nvalues = \"timestamps\"\nunit = \"ms\"\n";
    trace_without_time: "[workload.arrival]\npattern = \"trace\"\nfile = \"together.txt\"\nunit = \"ms\"\n";
    trace_beyond_the_clock: "[workload.arrival]\npattern = \"trace\"\nfile = \"gaps.txt\"\nunit = \"ns\"\n";
    trace_without_a_unit: "[workload.arrival]\npattern = \"trace\"\nfile = \"gaps.txt\"\n";
    trace_with_unknown_words: "[workload.arrival]\npattern = \"trace\"\nfile = \"gaps.txt\"\nunit = \"minutes\"\nvalues = \"times\"\nrepeat = \"no\"\n";
}

#[test]
fn every_pattern_is_read() {
    assert_eq!(arrival("pattern = \"unpaced\""), Arrival::Unpaced);
    assert_eq!(
        arrival("pattern = \"constant\"\nrate = \"10k\""),
        Arrival::Constant { rate_per_s: 10_000.0 }
    );
    assert_eq!(
        arrival("pattern = \"poisson\"\nrate = 0.5"),
        Arrival::Poisson { rate_per_s: 0.5 }
    );
    assert_eq!(
        arrival("pattern = \"bursts\"\nrecords = 1000\nevery = \"3s\""),
        Arrival::Bursts {
            records: 1_000,
            every_us: 3_000_000
        }
    );
    let step = |rate_per_s, for_ms| RateStep { rate_per_s, for_ms };
    assert_eq!(
        arrival("pattern = \"steps\"\nsteps = [\"1k\", 2000, {rate = \"3k\"}, {rate = \"4k\", for = \"2s\"}]"),
        Arrival::Steps {
            steps: vec![
                step(1e3, None),
                step(2e3, None),
                step(3e3, None),
                step(4e3, Some(2_000))
            ]
        }
    );
    assert_eq!(
        arrival("pattern = \"ramp\"\nfrom = 100\nto = \"1k\"\nover = \"4s\""),
        Arrival::Ramp {
            from_per_s: 100.0,
            to_per_s: 1_000.0,
            over_ms: Some(4_000)
        }
    );
    assert_eq!(
        arrival("pattern = \"trace\"\nfile = \"gaps.txt\"\nunit = \"ms\"\nrepeat = false"),
        Arrival::Trace {
            path: "tests/arrival/data/gaps.txt".into(),
            values: TraceValues::Gaps,
            unit: TimeUnit::Ms,
            repeat: false,
            records: 3,
            length_us: 60_000.0
        }
    );
}

#[test]
fn patterns_are_an_axis_a_part_of_variants_and_set_from_outside() {
    let axis = valid(
        "[matrix]\narrival = [{pattern = \"constant\", rate = \"1k\"}, {pattern = \"poisson\", rate = \"1k\"}]\n",
        &[],
    );
    let labels: Vec<&str> = axis.configurations.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["1000/s", "poisson(1000/s)"]);
    assert_eq!(axis.configurations[0].axes[0].axis, "arrival");

    let fixed = "[workload.arrival]\npattern = \"bursts\"\nrecords = 10\nevery = \"1s\"\n[run]\nmeasure = \"5s\"\n";
    let of = |profile: &Profile| profile.configurations[0].workload.arrival.to_string();
    assert_eq!(
        of(&valid(fixed, &[("workload.arrival.every", "500ms")])),
        "bursts(10 every 500ms)"
    );
    let replaced = [("workload.arrival", "{pattern = \"poisson\", rate = 7}")];
    assert_eq!(
        of(&valid(fixed, &replaced)),
        "poisson(7/s)",
        "a whole pattern replaces the other"
    );

    let variants = "[workload]\nrate = 5\n[variants.a]\n[variants.b]\narrival = {pattern = \"poisson\", rate = 5}\n";
    let arrivals: Vec<String> = valid(variants, &[])
        .configurations
        .iter()
        .map(|one| one.workload.arrival.to_string())
        .collect();
    assert_eq!(arrivals, ["5/s", "poisson(5/s)"]);
}

/// The short form and the long one are one configuration, and those of earlier runs keep their ids.
#[test]
fn a_constant_arrival_is_the_same_as_a_rate() {
    let ids = |text: &str| valid(text, &[]).configurations[0].id.clone();
    let rate = ids("[workload]\nrate = \"1k\"\n");
    assert_eq!(rate, ids("[workload.arrival]\npattern = \"constant\"\nrate = 1000\n"));
    assert_ne!(rate, ids("[workload.arrival]\npattern = \"poisson\"\nrate = 1000\n"));
    assert_eq!(ids(""), ids("[workload.arrival]\npattern = \"unpaced\"\n"));
}

#[test]
fn what_the_windows_length_makes_of_a_pattern_is_told() {
    let told = |lines: &str| {
        let profile = valid(&format!("[run]\nmeasure = \"5s\"\n[workload.arrival]\n{lines}\n"), &[]);
        profile.warnings.join("\n")
    };
    for (lines, part) in [
        (
            "pattern = \"bursts\"\nrecords = 5\nevery = \"2s\"",
            "no whole number of bursts",
        ),
        (
            "pattern = \"steps\"\nsteps = [{rate = 5, for = \"4s\"}, {rate = 6, for = \"4s\"}]",
            "ends before the steps do",
        ),
        (
            "pattern = \"steps\"\nsteps = [{rate = 5, for = \"5s\"}, 6]",
            "without those that share the rest",
        ),
        (
            "pattern = \"ramp\"\nfrom = 5\nto = 10\nover = \"6s\"",
            "10 records/s are never reached",
        ),
        (
            "pattern = \"trace\"\nfile = \"gaps.txt\"\nunit = \"s\"",
            "plays its beginning only",
        ),
        (
            "pattern = \"trace\"\nfile = \"gaps.txt\"\nunit = \"ms\"\nrepeat = false",
            "nothing is due in the rest",
        ),
    ] {
        assert!(told(lines).contains(part), "{lines}: {}", told(lines));
    }
    for lines in [
        "pattern = \"bursts\"\nrecords = 5\nevery = \"500ms\"",
        "pattern = \"steps\"\nsteps = [{rate = 5, for = \"4s\"}, 6]",
        "pattern = \"steps\"\nsteps = [{rate = 5, for = \"2s\"}, {rate = 6, for = \"2s\"}]",
        "pattern = \"ramp\"\nfrom = 5\nto = 10\nover = \"5s\"",
        "pattern = \"trace\"\nfile = \"gaps.txt\"\nunit = \"ms\"",
    ] {
        assert!(!told(lines).contains("window"), "{lines}: {}", told(lines));
    }
}

#[test]
fn estimates_follow_the_schedule() {
    let written = |lines: &str| {
        let text = format!(
            "[target]\nkind = \"external\"\nbootstrap-servers = \"a:1,b:1\"\n[topic]\npartitions = 1\n\
             replication-factor = 1\n[producer]\nlinger.ms = 0\n[workload]\nrecord.size = 10\n{lines}\n\
             [run]\nrepetitions = 1\nwarmup = \"1s\"\nmeasure = \"10s\"\n"
        );
        estimate(&valid(&text, &[])).bytes_written
    };
    // Each record is a batch: 10 bytes of value, 10 of its framing, 61 of the batch's.
    for (lines, records) in [
        ("rate = 1000", 11_000),
        ("arrival = {pattern = \"poisson\", rate = 1000}", 11_000),
        (
            "arrival = {pattern = \"bursts\", records = 500, every = \"500ms\"}",
            11_000,
        ),
        ("arrival = {pattern = \"steps\", steps = [100, 300]}", 100 + 2_000),
        (
            "arrival = {pattern = \"ramp\", from = 100, to = 300, over = \"5s\"}",
            100 + 1_000 + 1_500,
        ),
        (
            "arrival = {pattern = \"trace\", file = \"gaps.txt\", unit = \"ms\"}",
            50 * 11,
        ),
    ] {
        assert_eq!(written(lines), records * 81, "{lines}");
    }
}

#[test]
fn the_shipped_profile_has_a_variant_of_each_pattern() {
    let profile = profile::load(Path::new("profiles/arrival.toml"), &[]).unwrap();
    let patterns: Vec<String> = profile
        .configurations
        .iter()
        .map(|one| {
            serde_json::to_value(&one.workload.arrival).unwrap()["pattern"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(patterns, ["constant", "poisson", "bursts", "steps", "ramp", "trace"]);
    for one in &profile.configurations {
        // About the same mean, but for the recorded one.
        let mean = one.workload.arrival.mean_rate_per_s(profile.run.measure_ms).unwrap();
        assert!((200.0..=2_100.0).contains(&mean), "{}: {mean}", one.label);
        assert!(
            one.warnings.iter().all(|warning| !warning.contains("window")),
            "{:?}",
            one.warnings
        );
    }
}
