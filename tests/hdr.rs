//! `kpbench hdr` as a user meets it: own logs, Java's logs, and what is none.
//!
//! `tests/reference` holds logs written by HdrHistogram's Java library and the distributions that its own tool made of
//! them; see the README there.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hdrhistogram::Histogram;
use kpbench::stats::{hgrm, histogram};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

const OWN: &str = "#[kpbench: latencies in us; tags service, response, schedule_lag, send_call]";

fn hdr(arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
        .arg("hdr")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn hdr_of(input: &[u8], arguments: &[&str]) -> Output {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
        .arg("hdr")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What went well, as JSON.
fn json(arguments: &[&str]) -> Value {
    let output = hdr(&[&["--format", "json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The words of a refusal.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(output), stderr(output));
    assert_eq!(stdout(output), "");
    stderr(output)
}

fn reference(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
    path.display().to_string()
}

fn recorded(values: &[u64]) -> Histogram<u64> {
    let mut histogram = histogram::empty();
    values.iter().for_each(|&value| histogram.saturating_record(value));
    histogram
}

/// A log with an interval per entry: tag, start, values.
fn log(intervals: &[(&str, f64, &[u64])]) -> String {
    let mut text =
        format!("{OWN}\n#[StartTime: 1700000000.000 (seconds since epoch), x]\n#[BaseTime: 1700000000.000 (x)]\n");
    text.push_str("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
    for (tag, start_s, values) in intervals {
        let encoded = histogram::encode(&recorded(values));
        let tag = if tag.is_empty() {
            String::new()
        } else {
            format!("Tag={tag},")
        };
        text.push_str(&format!("{tag}{start_s:.3},1.000,0.000,{encoded}\n"));
    }
    text
}

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        Place {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.name(name)
    }
}

// ---- merging ----

#[test]
fn merged_over_files_is_all_values_recorded_into_one() {
    let place = Place::new();
    let parts: Vec<Vec<u64>> = (0..6_u64)
        .map(|part| (0..700).map(|k| (k * 7919 + part * 104_729) % 90_000 + 1).collect())
        .collect();
    let one = place.file(
        "one.hlog",
        log(&[
            ("service", 0.0, &parts[0]),
            ("service", 1.0, &parts[1]),
            ("send_call", 1.0, &[5]),
        ]),
    );
    let two = place.file(
        "two.hlog",
        log(&[("service", 0.0, &parts[2]), ("service", 1.0, &parts[3])]),
    );
    let three = place.file(
        "three.hlog",
        log(&[("service", 0.0, &parts[4]), ("service", 9.0, &parts[5])]),
    );
    let all = recorded(&parts.concat());

    let out = place.name("all.hgrm");
    let found = json(&[&one, &two, &three, "--tag", "service", "--out", &out]);
    let merged = &found["merged"][0];
    assert_eq!(merged["tag"], "service");
    assert_eq!(merged["intervals"], 6);
    assert_eq!(merged["count"], 4_200);
    assert_eq!(
        (merged["from_s"].as_f64(), merged["to_s"].as_f64()),
        (Some(0.0), Some(10.0))
    );
    for (field, quantile) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
        let expected = all.value_at_quantile(quantile).min(all.max());
        assert_eq!(merged[field].as_f64(), Some(expected as f64), "{field}");
    }
    assert_eq!(merged["max"].as_f64(), Some(all.max() as f64));
    let (_, distribution) = fs::read_to_string(&out)
        .unwrap()
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!(distribution, hgrm::render(&all, 1.0));
    // Per file too, and nothing of the tag that was not asked for.
    assert_eq!(found["logs"][0]["series"].as_array().unwrap().len(), 1);
    assert_eq!(found["logs"][1]["series"][0]["count"], 1_400);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn however_values_are_spread_over_intervals(values in prop::collection::vec(1..2_000_000_u64, 1..300), cuts in prop::collection::vec(0..300_usize, 0..5)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % values.len()).collect();
        cuts.extend([0, values.len()]);
        cuts.sort_unstable();
        let intervals: Vec<(&str, f64, &[u64])> = cuts.windows(2).enumerate().map(|(k, cut)| ("", k as f64, &values[cut[0]..cut[1]])).collect();
        let place = Place::new();
        let file = place.file("log.hlog", log(&intervals));
        let out = place.name("out.hgrm");
        let found = json(&[&file, "--out", &out]);
        prop_assert_eq!(found["merged"][0]["count"].as_u64(), Some(values.len() as u64));
        let written = fs::read_to_string(&out).unwrap();
        prop_assert_eq!(written.split_once('\n').unwrap().1, hgrm::render(&recorded(&values), 1.0));
    }
}

#[test]
fn a_percentile_needs_ten_values_beyond_it() {
    let place = Place::new();
    let values: Vec<u64> = (1..=999).collect();
    let file = place.file("log.hlog", log(&[("", 0.0, &values)]));
    let series = json(&[&file])["merged"][0].clone();
    assert_eq!(series["p95"], 950.0);
    assert_eq!(series["p99"], Value::Null);
    let text = stdout(&hdr(&[&file]));
    assert!(text.contains("950") && text.contains('–'), "{text}");
}

#[test]
fn intervals_are_selected_by_tag_and_by_their_start() {
    let place = Place::new();
    let intervals: Vec<(&str, f64, &[u64])> = (0..10)
        .flat_map(|k| [("read", f64::from(k), &[3][..]), ("", f64::from(k), &[9, 9][..])])
        .collect();
    let file = place.file("log.hlog", log(&intervals));
    let counts = |arguments: &[&str]| -> Vec<(Value, Value)> {
        let found = json(&[&[file.as_str()], arguments].concat());
        let merged = found["merged"].as_array().unwrap().clone();
        merged
            .iter()
            .map(|series| (series["tag"].clone(), series["count"].clone()))
            .collect()
    };
    assert_eq!(counts(&[]), [("read".into(), 10.into()), (Value::Null, 20.into())]);
    assert_eq!(counts(&["--tag", "read"]), [("read".into(), 10.into())]);
    assert_eq!(counts(&["--tag", ""]), [(Value::Null, 20.into())]);
    assert_eq!(
        counts(&["--start", "2", "--end", "4.5", "--tag", "read"]),
        [("read".into(), 3.into())]
    );
    let error = refusal(&hdr(&[&file, "--tag", "write"]));
    assert!(
        error.contains("20 intervals between 0.000 s and 10.000 s") && error.contains("read, (no tag)"),
        "{error}"
    );
    let error = refusal(&hdr(&[&file, "--start", "100"]));
    assert!(error.contains("none of its intervals"), "{error}");
    assert!(refusal(&hdr(&[&file, "--start", "4", "--end", "2"])).contains("lies after"));
    for wrong in ["-1", "NaN", "inf", "soon"] {
        refusal(&hdr(&[&file, "--start", wrong]));
        refusal(&hdr(&[&file, "--unit-ratio", wrong]));
    }
    refusal(&hdr(&[&file, "--unit-ratio", "0"]));
}

#[test]
fn among_several_logs_one_may_lack_a_tag() {
    let place = Place::new();
    let with = place.file("with.hlog", log(&[("read", 0.0, &[3])]));
    let without = place.file("without.hlog", log(&[("write", 0.0, &[3])]));
    let found = json(&[&with, &without, "--tag", "read"]);
    assert_eq!(found["merged"][0]["count"], 1);
    assert!(
        found["notes"][0]
            .as_str()
            .unwrap()
            .contains("without.hlog: none of its intervals"),
        "{found}"
    );
}

#[test]
fn different_precisions_merge_at_the_coarsest_and_say_so() {
    let place = Place::new();
    let found = json(&[&reference("java.hlog"), "--tag", "write"]);
    assert_eq!(found["merged"][0]["significant_digits"], 2);
    assert_eq!(found["notes"], Value::Array(Vec::new()));
    let other = place.file("log.hlog", log(&[("write", 0.0, &[1_000_000])]));
    let found = json(&[&other, &reference("java.hlog"), "--tag", "write"]);
    assert_eq!(found["merged"][0]["significant_digits"], 2);
    let notes = found["notes"].to_string();
    assert!(
        notes.contains("coarsest, 2 significant digits") && notes.contains("their unit"),
        "{notes}"
    );
    assert_eq!(found["unit"], Value::Null);
}

// ---- units ----

#[test]
fn a_unit_is_claimed_only_where_it_is_known() {
    let place = Place::new();
    let own = place.file("own.hlog", log(&[("service", 0.0, &[1_000])]));
    let foreign = place.file(
        "foreign.hlog",
        log(&[("service", 0.0, &[1_000])]).replace(&format!("{OWN}\n"), ""),
    );
    assert_eq!(json(&[&own])["unit"], "µs");
    assert!(stdout(&hdr(&[&own])).contains("Values in µs."));
    assert_eq!(json(&[&foreign])["unit"], Value::Null);
    let text = stdout(&hdr(&[&foreign]));
    assert!(
        text.contains("does not say their unit") && !text.contains("µs"),
        "{text}"
    );
    let divided = json(&[&own, "--unit-ratio", "1000"]);
    assert_eq!(
        (&divided["unit"], &divided["merged"][0]["max"]),
        (&Value::Null, &Value::from(1.0))
    );
    assert_eq!(json(&[&foreign, "--unit-ratio", "1000", "--unit", "ms"])["unit"], "ms");
}

// ---- Java ----

/// All but the line with the start's date, which Java writes in its own way.
fn without_start(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("#[StartTime")).collect()
}

#[test]
fn javas_log_gives_javas_distribution() {
    for (tag, file) in [
        ("", "java.hgrm"),
        ("read", "java-read.hgrm"),
        ("write", "java-write.hgrm"),
    ] {
        let place = Place::new();
        let out = place.name("out.hgrm");
        let output = hdr(&[
            &reference("java.hlog"),
            "--tag",
            tag,
            "--unit-ratio",
            "1000000",
            "--out",
            &out,
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let expected = fs::read_to_string(reference(file)).unwrap();
        let found = fs::read_to_string(&out).unwrap();
        assert_eq!(without_start(&found), without_start(&expected), "{file}");
        assert!(expected.lines().count() > 60, "{file} says something");
    }
}

#[test]
fn javas_ranges_are_ours() {
    let place = Place::new();
    let out = place.name("out.hgrm");
    let output = hdr(&[
        &reference("java.hlog"),
        "--tag",
        "",
        "--start",
        "5",
        "--end",
        "11",
        "--out",
        &out,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let expected = fs::read_to_string(reference("java-5-to-11.hgrm")).unwrap();
    assert_eq!(
        without_start(&fs::read_to_string(&out).unwrap()),
        without_start(&expected)
    );
}

#[test]
fn older_encodings_and_doubles_are_named_with_their_line() {
    let error = refusal(&hdr(&[&reference("java-v1.hlog")]));
    assert!(
        error.contains("java-v1.hlog, line 3") && error.contains("V1 encoding"),
        "{error}"
    );
    let error = refusal(&hdr(&[&reference("java-v0.hlog")]));
    assert!(
        error.contains("java-v0.hlog, line 3") && error.contains("V0 encoding"),
        "{error}"
    );
    let error = refusal(&hdr(&[&reference("java-double.hlog")]));
    assert!(error.contains("line 6") && error.contains("DoubleHistogram"), "{error}");
}

// ---- what is no log ----

#[test]
fn what_is_no_log_is_bad_input() {
    let place = Place::new();
    let good = log(&[("", 0.0, &[1, 2, 3]), ("", 1.0, &[4, 5])]);
    let lines: Vec<&str> = good.lines().collect();
    let last = *lines.last().unwrap();
    let with_last = |line: &str| [&lines[..5], &[line]].concat().join("\n");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "is empty"),
        (b"\n\n  \n".to_vec(), "is empty"),
        (b"# nothing\n".to_vec(), "no interval, only one line of comment"),
        (
            lines[..4].join("\n").into_bytes(),
            "no interval, only 4 lines of comment",
        ),
        (
            with_last(&last[..last.len() - 10]).into_bytes(),
            "line 6: its histogram is",
        ),
        (with_last("1.000,1.0").into_bytes(), "line 6: it is cut off"),
        (with_last("Tag=serv").into_bytes(), "line 6: it is cut off"),
        (with_last("1.000,1.000,0.000,").into_bytes(), "line 6: it is cut off"),
        (
            with_last("1.000,1.000,0.000,!!!not base64!!!").into_bytes(),
            "line 6: its histogram is not base64",
        ),
        (
            with_last("1.000,1.000,0.000,aGVsbG8gd29ybGQ=").into_bytes(),
            "line 6: its histogram is of no known encoding: it begins with 0x68656c6c",
        ),
        (
            with_last("NaN,1.000,0.000,HISTFA").into_bytes(),
            "line 6: it is no interval",
        ),
        (
            with_last("1.000,-2.000,0.000,HISTFA").into_bytes(),
            "line 6: its interval ends before it starts",
        ),
        (
            with_last("0,127,1,007,2,769,HISTFA").into_bytes(),
            "line 6: it is no interval",
        ),
        (
            with_last("1e308,1e308,0.000,HISTFA").into_bytes(),
            "line 6: its interval starts 1e308 s after the log's start and ends at inf s: no time that can be told",
        ),
        (
            with_last("1.000,1e15,0.000,HISTFA").into_bytes(),
            "line 6: its interval starts 1e0 s after",
        ),
        (
            with_last("#[StartTime: 1e300 (seconds since epoch)]").into_bytes(),
            "line 6: it gives the log's times as counted from 1e300 s",
        ),
        (
            with_last("#[BaseTime: inf (seconds since epoch)]").into_bytes(),
            "line 6: it gives the log's times as counted from inf",
        ),
        (b"{\"a\": 1}\n".to_vec(), "line 1: it is no interval of a histogram log"),
        (vec![0x1f, 0x8b, 8, 0, 0], "gunzip -c"),
        (vec![0xff, 0xfe, 0, 1, b'\n'], "line 1: it is not text"),
    ];
    for (content, expected) in cases {
        let file = place.file("log.hlog", &content);
        let error = refusal(&hdr(&[&file]));
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(error.contains("log.hlog"), "{error}");
        // The same through a pipe.
        let error = refusal(&hdr_of(&content, &["-"]));
        assert!(
            error.contains(expected) && error.contains("standard input"),
            "{expected}: {error}"
        );
    }
    assert!(refusal(&hdr(&[&place.name("nothere")])).contains("cannot read"));
    assert!(refusal(&hdr(&[&place.directory.path().display().to_string()])).contains("cannot read"));
    assert!(refusal(&hdr(&["-", "-"])).contains("only once"));
    refusal(&hdr(&[]));
}

/// An interval of one bucket with a count as large as a histogram's own format allows: 2^63 − 1 values of 5.
fn full_interval(start_s: u32) -> String {
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 1_000, 3).unwrap();
    histogram.record_n(5, i64::MAX as u64).unwrap();
    format!("{start_s}.000,1.000,0.000,{}\n", histogram::encode(&histogram))
}

#[test]
fn more_values_than_can_be_counted_are_refused_and_never_fewer_printed() {
    let place = Place::new();
    let two = place.file("two.hlog", full_interval(0) + &full_interval(1));
    let text = stdout(&hdr(&[&two]));
    assert!(text.contains("18,446,744,073,709,551,614"), "{text}");
    let three = place.file("three.hlog", (0..3).map(full_interval).collect::<String>());
    let error = refusal(&hdr(&[&three]));
    assert!(
        error.contains("three.hlog, line 3: there are more values in all than can be counted (2^64 − 1)"),
        "{error}"
    );
    assert_eq!(json(&[&three, "--end", "1"])["merged"][0]["intervals"], 2);
    // Over several logs too.
    let one = place.file("one.hlog", full_interval(0));
    let error = refusal(&hdr(&[&two, &one]));
    assert!(error.contains("these logs: there are more values in all"), "{error}");
}

#[test]
fn a_unit_ratio_prints_no_wrong_number() {
    let place = Place::new();
    let file = place.file("log.hlog", log(&[("", 0.0, &[2_000])]));
    let text = stdout(&hdr(&[&file, "--unit-ratio", "1e-20"]));
    assert!(text.contains("2.000e23"), "{text}");
    refusal(&hdr(&[&file, "--unit-ratio", "1e-306"]));
}

#[test]
fn a_bad_log_among_good_ones_stops_all_of_it() {
    let place = Place::new();
    let good = place.file("good.hlog", log(&[("", 0.0, &[1])]));
    let bad = place.file("bad.hlog", "0.0,1.0,1.0,HISTFA==\n");
    let out = place.path("out");
    let error = refusal(&hdr(&[&good, &bad, "--out", &out.display().to_string()]));
    assert!(error.contains("bad.hlog, line 1"), "{error}");
    assert!(!out.exists());
}

// ---- other writers ----

#[test]
fn other_tools_ways_of_writing_are_read() {
    let place = Place::new();
    let encoded = histogram::encode(&recorded(&[10, 20]));
    let unpadded = encoded.trim_end_matches('=');
    // Windows line ends, no header, no fraction, no padding, no line end after the last.
    let bare = place.file("bare.hlog", format!("100,1,0,{encoded}\r\n101,1,0,{unpadded}"));
    let series = json(&[&bare])["logs"][0]["series"][0].clone();
    assert_eq!(
        (&series["from_s"], &series["to_s"], &series["count"]),
        (&Value::from(0.0), &Value::from(2.0), &Value::from(4))
    );
    // Stamps of the day, with the log's start above them.
    let absolute = place.file(
        "absolute.hlog",
        format!("#[StartTime: 1700000000.000 (seconds since epoch)]\n1700000003.000,1.0,0.0,{encoded}\n"),
    );
    assert_eq!(json(&[&absolute])["logs"][0]["series"][0]["from_s"], 3.0);
    // Stamps since the start.
    let relative = place.file(
        "relative.hlog",
        format!("#[StartTime: 1700000000.000 (seconds since epoch)]\n3.000,1.0,0.0,{encoded}\n"),
    );
    let log = json(&[&relative])["logs"][0].clone();
    assert_eq!(
        (&log["series"][0]["from_s"], &log["start_time_s"]),
        (&Value::from(3.0), &Value::from(1.7e9))
    );
    // An older legend: the second column is the interval's end.
    let ends = place.file("ends.hlog", format!("\"StartTimestamp\",\"EndTimestamp\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n7.0,9.5,0.0,{encoded}\n"));
    assert_eq!(json(&[&ends])["logs"][0]["series"][0]["to_s"], 2.5);
}

#[test]
fn starts_that_do_not_match_are_told() {
    let place = Place::new();
    let encoded = histogram::encode(&recorded(&[10, 20]));
    let head = |start: u64| {
        format!("#[StartTime: {start}.000 (seconds since epoch)]\n#[BaseTime: 1700000000.000 (seconds since epoch)]\n")
    };
    let early = place.file("early.hlog", format!("{}5.0,1.0,0.0,{encoded}\n", head(1_700_000_100)));
    let found = json(&[&early]);
    assert_eq!(found["logs"][0]["series"][0]["from_s"], -95.0);
    assert!(
        found["notes"][0]
            .as_str()
            .unwrap()
            .contains("1 interval lies before the log's own StartTime"),
        "{found}"
    );
    let joined = place.file(
        "joined.hlog",
        [log(&[("", 0.0, &[1]), ("", 1.0, &[1])]), log(&[("", 0.0, &[1])])].concat(),
    );
    let found = json(&[&joined]);
    assert_eq!(
        (&found["merged"][0]["intervals"], &found["merged"][0]["to_s"]),
        (&Value::from(3), &Value::from(2.0))
    );
    assert!(
        found["notes"][0].as_str().unwrap().contains("2 StartTime lines"),
        "{found}"
    );
}

// ---- output ----

#[test]
fn several_tags_go_into_a_directory_and_never_outside_it() {
    let place = Place::new();
    let file = place.file(
        "log.hlog",
        log(&[
            ("read", 0.0, &[3]),
            ("../up", 0.0, &[4]),
            ("", 0.0, &[5]),
            ("a/b", 0.0, &[6]),
            ("a:b", 0.0, &[7]),
        ]),
    );
    let out = place.path("out");
    let output = hdr(&[&file, "--out", &out.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let mut names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["_up.hgrm", "a_b-2.hgrm", "a_b.hgrm", "read.hgrm", "untagged.hgrm"]
    );
    assert!(!place.path("up.hgrm").exists());
    let error = refusal(&hdr(&[&file, "--out", &place.name("one.hgrm")]));
    assert!(error.contains("choose one with --tag"), "{error}");
    assert!(!place.path("one.hgrm").exists());
    let read = fs::read_to_string(out.join("read.hgrm")).unwrap();
    assert!(
        read.starts_with(
            "#[Overall percentile distribution between 0.000 and <Infinite> seconds (relative to StartTime)]\n"
        ),
        "{read}"
    );
    let blocked = place.file("plain", "");
    let error = hdr(&[&file, "--tag", "read", "--out", &format!("{blocked}/x")]);
    assert_eq!(error.status.code(), Some(1), "{}", stderr(&error));
}

#[test]
fn the_table_says_what_there_is() {
    let place = Place::new();
    let values: Vec<u64> = (1..=20_000).collect();
    let file = place.file(
        "log.hlog",
        log(&[("service", 0.0, &values), ("\u{1b}[31mred", 0.5, &[1])]),
    );
    let output = hdr(&[&file]);
    let text = stdout(&output);
    assert!(text.contains("started 2023-11-14 22:13:20 UTC"), "{text}");
    let row: Vec<&str> = text
        .lines()
        .find(|line| line.contains("service"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(row[..5], ["service", "1", "0.000", "1.000", "20,000"]);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    // Two logs: each by itself, and all of them.
    let text = stdout(&hdr(&[&file, &file]));
    assert!(text.contains("All 2 logs merged") && text.contains("40,000"), "{text}");
}
