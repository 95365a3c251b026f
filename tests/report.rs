//! What people and machines read, made from stored runs that never took place.

mod synthetic;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kpbench::protocol::{FailedCount, PersistenceStatus, TargetKind};
use kpbench::report::terminal::{self, Style};
use kpbench::report::{self, Metric, Question, RowOrder, ServiceLatencyIs, Summary, summarize};
use kpbench::store::RunDirectory;
use synthetic::{RECORDS, Run, latency};

fn summary_of(run: &Run) -> Summary {
    summarize(&run.manifest, &run.trials)
}

fn page_of(run: &Run) -> String {
    report::page(&run.manifest, &run.trials).unwrap()
}

fn store(run: &Run, directory: &Path) {
    let mut stored = RunDirectory::create(directory, &run.manifest).unwrap();
    run.trials.iter().for_each(|trial| stored.append(trial).unwrap());
}

fn batching() -> Run {
    Run::grid(
        &[
            ("batch.size", &["16384", "131072", "1000000"]),
            ("linger.ms", &["0", "5", "50"]),
        ],
        3,
    )
}

fn one_factor_at_a_time() -> Run {
    let points: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![("compression.type", "lz4")],
        vec![("compression.type", "zstd")],
        vec![("acks", "0")],
        vec![("acks", "1")],
        vec![("linger.ms", "50")],
        vec![("send.mode", "sync")],
    ];
    Run::of(&points, 3)
}

// ---- the figures ----

#[test]
fn throughput_is_what_was_acknowledged_in_the_window_by_its_length() {
    let run = Run::of(&[vec![]], 3).each_trial(|trial| {
        let result = trial.result.as_mut().unwrap();
        result.window_s = 2.0;
        result.window.acknowledged = 100_000 * u64::from(trial.planned.block);
        result.window.acknowledged_bytes = result.window.acknowledged * 100;
        // What was handed to send, and what came after the window, must not count.
        result.window.sent = 9_000_000;
        result.counts.acknowledged = 9_000_000;
    });
    let throughput = summary_of(&run).configurations[0]
        .throughput_records_per_s
        .clone()
        .unwrap();
    assert_eq!(throughput.values, [50_000.0, 100_000.0, 150_000.0]);
    assert_eq!(throughput.median, 100_000.0);
    let megabytes = summary_of(&run).configurations[0].throughput_mb_per_s.clone().unwrap();
    assert_eq!(megabytes.median, 10.0);
}

#[test]
fn failed_trials_do_not_count() {
    let whole = summary_of(&Run::of(&[vec![]], 3));
    let run = Run::of(&[vec![]], 3).each_trial(|trial| {
        if trial.planned.block == 2 {
            trial.outcome = kpbench::store::TrialOutcome::Failed {
                cause: "broker gone".into(),
            };
        }
    });
    let summary = summary_of(&run);
    let configuration = &summary.configurations[0];
    assert_eq!((configuration.trials.completed, configuration.trials.failed), (2, 1));
    assert_eq!(configuration.trials.failures[0].cause, "broker gone");
    let values = &configuration.throughput_records_per_s.as_ref().unwrap().values;
    let all = &whole.configurations[0]
        .throughput_records_per_s
        .as_ref()
        .unwrap()
        .values;
    assert_eq!(*values, [all[0], all[2]]);
    assert_eq!(configuration.service_latency_us.as_ref().unwrap().count, 2 * RECORDS);
    assert_eq!(
        configuration.acknowledged, whole.configurations[0].acknowledged,
        "counts are those of all trials that reported some"
    );
    assert_eq!(summary.trials.failed, 1);
}

/// A nightly job that looks at `failed` must not see 0 where nothing at all arrived.
#[test]
fn records_that_failed_in_failed_trials_are_counted_by_their_errors() {
    let failed = |count| FailedCount {
        error: "MSG_SIZE_TOO_LARGE".into(),
        persistence: PersistenceStatus::NotPersisted,
        count,
    };
    let run = Run::of(&[vec![], vec![("linger.ms", "50")]], 2).each_trial(|trial| {
        let configuration = if trial.planned.sequence % 2 == 0 { 1 } else { 0 };
        if configuration == 1 {
            trial.outcome = kpbench::store::TrialOutcome::Failed {
                cause: "no record was acknowledged".into(),
            };
            trial.broker.appended = Some(3);
            let counts = &mut trial.result.as_mut().unwrap().counts;
            (counts.acknowledged, counts.failed, counts.undecided) = (5, 60, 7);
            counts.failed_by_error = vec![failed(60)];
        }
    });
    let run = run.fail(0, "the trial process ended with exit code 3");
    let summary = summary_of(&run);
    let of = summary.configurations.iter().find(|c| c.trials.completed == 0).unwrap();
    assert_eq!(of.throughput_records_per_s, None);
    assert_eq!((of.acknowledged, of.failed, of.undecided), (10, 120, 14));
    assert_eq!(of.failed_by_error, [failed(120)]);
    assert_eq!((of.appended, of.deficit), (Some(6), Some(4)));
    assert_eq!(Metric::Failed.value(of), Some(120.0), "and the table shows it");
}

#[test]
fn trials_that_were_stopped_early_do_not_count() {
    let run = Run::of(&[vec![]], 3).each_trial(|trial| {
        trial.result.as_mut().unwrap().stopped_early = trial.planned.block == 2;
    });
    let summary = summary_of(&run);
    let configuration = &summary.configurations[0];
    assert_eq!((configuration.trials.completed, configuration.trials.failed), (2, 1));
    assert_eq!((summary.trials.completed, summary.trials.failed), (2, 1));
    assert_eq!(configuration.trials.failures[0].cause, "it was stopped early");
    assert_eq!(configuration.throughput_records_per_s.as_ref().unwrap().values.len(), 2);
    let mut warnings = configuration.warnings.iter();
    assert!(warnings.any(|warning| warning.contains("stopped early")));
}

#[test]
fn records_without_a_verdict_make_percentiles_lower_bounds_everywhere() {
    let run = Run::of(&[vec![], vec![("linger.ms", "50")]], 1).each_trial(|trial| {
        if trial.planned.sequence == 1 {
            let result = trial.result.as_mut().unwrap();
            result.counts.undecided = 500;
            result.latencies.service.as_mut().unwrap().unresolved = 500;
        }
    });
    let summary = summary_of(&run);
    let latency = summary.configurations[0].service_latency_us.as_ref().unwrap();
    assert_eq!(latency.at_least, ["p99", "p99_9", "max"]);
    assert_eq!(summary.configurations[0].undecided, 500);
    let text = terminal::render(
        &summary,
        &Style {
            width: 200,
            ..Style::default()
        },
    );
    assert!(text.contains("≥ "), "{text}");
    assert!(
        page_of(&run).contains("<td class=\"n\" data-v"),
        "cells carry sort values"
    );
    assert!(page_of(&run).contains(">≥ "));
    // A lower bound cannot win.
    let p99 = summary
        .answers
        .iter()
        .find(|answer| answer.question == Question::P99)
        .unwrap();
    assert_eq!(p99.configuration_id.as_ref(), Some(&summary.configurations[1].id));
    assert!(p99.sentence.contains("only a lower bound: default"), "{}", p99.sentence);
}

#[test]
fn percentiles_need_ten_records_beyond_them() {
    let run = Run::of(&[vec![]], 1).each_trial(|trial| {
        trial.result.as_mut().unwrap().latencies.service = Some(latency(1_000.0, 800, 0));
    });
    let summary = summary_of(&run);
    let latency = summary.configurations[0].service_latency_us.as_ref().unwrap();
    assert!(latency.p50.is_some() && latency.p90.is_some());
    assert_eq!((latency.p99, latency.p99_9), (None, None));
    assert!(latency.at_least.is_empty());
    assert!(page_of(&run).contains("a percentile needs at least 10 records beyond it"));
}

#[test]
fn without_acknowledgements_there_is_no_latency_and_throughput_is_the_growth_of_the_log() {
    let run = Run::of(&[vec![("acks", "0")], vec![("acks", "1")]], 2).each_trial(|trial| {
        let result = trial.result.as_mut().unwrap();
        // Even where a client reports the time to the socket write, it is no latency.
        result.latencies.service = Some(latency(5.0, RECORDS, 0));
        if trial.broker.window_appended.is_some() {
            trial.broker.window_appended = Some(1_000);
            trial.broker.window_appended_s = Some(4.0);
        }
    });
    let summary = summary_of(&run);
    let without = &summary.configurations[0];
    assert!(!without.latency_observable);
    assert_eq!(without.service_latency_us, None);
    assert_eq!(without.throughput_records_per_s.as_ref().unwrap().median, 250.0);
    assert_eq!(Metric::LatencyP99.cell(without), "n/o");
    let throughput: Vec<_> = summary
        .answers
        .iter()
        .filter(|a| a.question == Question::Throughput)
        .collect();
    assert_eq!(
        throughput.len(),
        2,
        "acks=0 is never ranked against acknowledged throughput"
    );
    assert_eq!(throughput[0].label.as_deref(), Some("acks=1"));
    assert!(throughput[1].sentence.contains("nothing is acknowledged"));
}

#[test]
fn without_acknowledgements_there_is_no_time_at_the_broker() {
    // The statistics hold answered requests all the same: metadata, for one.
    let run = Run::of(&[vec![("acks", "0")], vec![("acks", "all")]], 2);
    let at_the_broker: Vec<bool> = summary_of(&run)
        .configurations
        .iter()
        .map(|configuration| configuration.broker_us_mean.is_some())
        .collect();
    assert_eq!(at_the_broker, [false, true]);
}

#[test]
fn without_polled_watermarks_acks_0_has_no_throughput_rather_than_a_flattering_one() {
    let run = Run::of(&[vec![("acks", "0")]], 1).each_trial(|trial| {
        trial.broker.window_appended = None;
    });
    let configuration = &summary_of(&run).configurations[0];
    assert_eq!(configuration.throughput_records_per_s, None);
    assert_eq!(configuration.client_cpu_us_per_record, None);
    assert!(
        configuration
            .warnings
            .iter()
            .any(|warning| warning.contains("no throughput"))
    );
}

#[test]
fn requests_per_second_are_those_of_the_trial_and_not_of_its_intervals() {
    let run = Run::of(&[vec![]], 1).each_trial(|trial| {
        let result = trial.result.as_mut().unwrap();
        // With a second of warm-up and 4 s of window: 10 s, of which the intervals cover less.
        result.window_s = 4.0;
        result.drain_ms = 5_000.0;
        let requests = &mut result.statistics.as_mut().unwrap().requests;
        requests.insert("Produce".to_owned(), 500);
    });
    assert_eq!(summary_of(&run).configurations[0].requests_per_s, Some(50.0));
}

#[test]
fn growth_of_the_log_between_edges_that_are_hardly_known_is_no_throughput() {
    let known = |uncertainty_s: f64| {
        let run = Run::of(&[vec![("acks", "0")]], 1).each_trial(|trial| {
            trial.broker.window_appended_s = Some(4.0);
            trial.broker.window_uncertainty_s = Some(uncertainty_s);
        });
        summary_of(&run).configurations[0].throughput_records_per_s.is_some()
    };
    assert!(known(0.7));
    assert!(!known(0.9));
}

#[test]
fn a_late_reading_of_the_brokers_cpu_time_is_scaled_to_the_window() {
    let per_record = |cpu_us: u64, reading_s: Option<f64>| {
        let run = Run::of(&[vec![]], 1).each_trial(|trial| {
            let result = trial.result.as_mut().unwrap();
            result.window_s = 4.0;
            result.window.acknowledged = 1_000;
            trial.broker.cpu_us = Some(cpu_us);
            trial.broker.cpu_reading_s = reading_s;
        });
        summary_of(&run).configurations[0].broker_cpu_us_per_record.unwrap()
    };
    assert_eq!(per_record(5_000, Some(4.0)), 5.0);
    assert_eq!(per_record(10_000, Some(8.0)), 5.0);
    assert_eq!(per_record(5_000, None), 5.0);
}

#[test]
fn surplus_of_one_trial_does_not_hide_the_deficit_of_another() {
    let run = Run::of(&[vec![]], 2).each_trial(|trial| {
        let acknowledged = trial.result.as_ref().unwrap().counts.acknowledged;
        trial.broker.appended = Some(if trial.planned.block == 1 {
            acknowledged + 7
        } else {
            acknowledged - 7
        });
    });
    let configuration = &summary_of(&run).configurations[0];
    assert_eq!((configuration.surplus, configuration.deficit), (Some(7), Some(7)));
    assert_eq!(configuration.appended, Some(configuration.acknowledged));
    let unknown = run.each_trial(|trial| {
        if trial.planned.block == 2 {
            trial.broker.appended = None;
        }
    });
    assert_eq!(
        summary_of(&unknown).configurations[0].appended,
        None,
        "a sum over half of the trials is no sum"
    );
}

#[test]
fn a_client_without_statistics_leaves_gaps_and_no_zeros() {
    let run = batching().each_trial(|trial| trial.result.as_mut().unwrap().statistics = None);
    let summary = summary_of(&run);
    let configuration = &summary.configurations[0];
    assert_eq!(
        (configuration.compression_ratio, configuration.records_per_batch),
        (None, None)
    );
    assert_eq!((configuration.retries, configuration.queue_us_mean), (None, None));
    let page = page_of(&run);
    assert!(!page.contains("fig-where-the-time-goes"));
    assert!(
        !terminal::render(
            &summary,
            &Style {
                width: 200,
                ..Style::default()
            }
        )
        .contains("rec/batch")
    );
}

#[test]
fn a_damaged_histogram_is_said_and_the_rest_still_counts() {
    let run = Run::of(&[vec![]], 2).each_trial(|trial| {
        if trial.planned.block == 1 {
            trial
                .result
                .as_mut()
                .unwrap()
                .latencies
                .service
                .as_mut()
                .unwrap()
                .histogram = "***".into();
        }
    });
    let configuration = &summary_of(&run).configurations[0];
    assert_eq!(configuration.service_latency_us.as_ref().unwrap().count, RECORDS);
    assert!(
        configuration
            .warnings
            .iter()
            .any(|warning| warning.contains("not base64"))
    );
}

/// Also where it is not the winner: its figure says as much about kpbench as about the broker.
#[test]
fn little_headroom_is_said_of_every_configuration_that_has_it() {
    use kpbench::store::Headroom;
    let run = Run::of(&[vec![], vec![("compression.type", "gzip")]], 2).each_trial(|trial| {
        // The second is by far the slower one.
        let ratio = if trial.planned.sequence % 2 == 0 { 1.009 } else { 1.21 };
        trial.headroom = (trial.planned.block == 1).then_some(Headroom {
            mock_records_per_s: 1.0,
            ratio,
        });
    });
    let summary = summary_of(&run);
    let (roomy, tight) = (&summary.configurations[0], &summary.configurations[1]);
    assert_eq!((roomy.headroom, tight.headroom), (Some(1.21), Some(1.009)));
    let warned = |of: &kpbench::report::ConfigurationSummary| of.warnings.iter().any(|text| text.contains("Headroom"));
    assert!(warned(tight) && !warned(roomy), "{:?}", tight.warnings);
    assert!(Metric::Throughput.cell(tight).starts_with("† "));
    assert!(!Metric::Throughput.cell(roomy).contains('†'));
    let text = terminal::render(&summary, &Style::default());
    assert!(text.contains("†: little headroom"), "{text}");
}

// ---- the answers ----

/// Three configurations: two close together, one far behind.
fn close_and_far(blocks: u32) -> Summary {
    let run = Run::of(
        &[
            vec![("linger.ms", "1")],
            vec![("linger.ms", "2")],
            vec![("linger.ms", "3")],
        ],
        blocks,
    )
    .each_trial(|trial| {
        let result = trial.result.as_mut().unwrap();
        let base = match trial.planned.sequence % 3 {
            1 => 400_000,
            2 => 397_000,
            _ => 100_000,
        };
        let drift = 2_000 * u64::from(trial.planned.block);
        result.window.acknowledged = base + drift + u64::from(trial.planned.sequence * 7_919 % 11) * 1_000;
    });
    summary_of(&run)
}

#[test]
fn answers_name_what_cannot_be_told_apart_from_the_best() {
    let summary = close_and_far(10);
    let best = &summary.answers[0];
    assert_eq!(best.not_told_apart.len(), 1);
    let set = best.best_set.as_ref().unwrap();
    assert_eq!((set.worse.len(), set.blocks, set.blocks_needed), (1, 10, 7));
    assert!(
        best.sentence.contains("Cannot be told apart from it: linger.ms="),
        "{}",
        best.sentence
    );
    let axis = &summary.axis_verdicts;
    let far = axis
        .iter()
        .find(|verdict| verdict.value == "3" && verdict.effect.metric == Metric::Throughput);
    assert_eq!(far.unwrap().effect.verdict, Some(kpbench::stats::Verdict::Worse));
}

#[test]
fn two_blocks_tell_nothing_apart_and_say_how_many_would() {
    let summary = close_and_far(2);
    let best = &summary.answers[0];
    assert!(best.not_told_apart.is_empty());
    assert!(
        best.sentence.contains("takes 7 blocks with every figure; there are 2"),
        "{}",
        best.sentence
    );
    assert!(
        summary
            .axis_verdicts
            .iter()
            .all(|verdict| verdict.effect.verdict.is_none())
    );
}

#[test]
fn a_single_trial_claims_nothing_about_chance() {
    let summary = summary_of(&Run::of(&[vec![], vec![("linger.ms", "50")]], 1));
    let best = &summary.answers[0];
    assert!(
        best.sentence.contains("takes 6 blocks with every figure; there is 1"),
        "{}",
        best.sentence
    );
    let p99 = summary.answers.iter().find(|answer| answer.question == Question::P99);
    let p99 = &p99.unwrap().sentence;
    assert!(
        p99.starts_with("Lowest p99 of 1 trial among"),
        "one is not together: {p99}"
    );
    assert!(summary.verdicts.starts_with("1 block: too few for verdicts"));
}

#[test]
fn an_answer_counts_what_went_wrong_and_not_what_did_not() {
    let run = Run::of(&[vec![]], 1).each_trial(|trial| trial.result.as_mut().unwrap().counts.undecided = 500);
    let best = &summary_of(&run).answers[0].sentence;
    assert!(best.contains("Of its records 500 had no verdict."), "{best}");
}

/// Trials of 600 records have no 99th percentile each, together they have one: that is not one trial, and nothing that
/// could be compared.
#[test]
fn what_trials_do_not_tell_by_themselves_is_not_claimed() {
    let small = |which: &'static [u32]| {
        Run::of(&[vec![], vec![("linger.ms", "50")]], 3).each_trial(move |trial| {
            if which.contains(&(trial.planned.sequence % 2)) {
                let median = if trial.planned.sequence % 2 == 1 {
                    1_000.0
                } else {
                    9_000_000.0
                };
                let latencies = &mut trial.result.as_mut().unwrap().latencies;
                latencies.service = Some(latency(median, 800, 0));
            }
        })
    };
    let p99 = |run: &Run| {
        let summary = summary_of(run);
        let answer = summary.answers.iter().find(|answer| answer.question == Question::P99);
        answer.unwrap().sentence.clone()
    };
    let all = p99(&small(&[0, 1]));
    assert!(all.contains("p99 over 3 trials together"), "{all}");
    assert!(
        all.contains("no block has the figure of all: whether it is really ahead is not known"),
        "{all}"
    );
    assert!(!all.contains("one trial"), "{all}");
    let other = p99(&small(&[0]));
    assert!(other.contains("whether it is really ahead is not known"), "{other}");
}

#[test]
fn without_a_measured_noise_floor_one_per_cent_is_assumed_and_said() {
    let summary = summary_of(&Run::of(&[vec![]], 10));
    assert!(
        summary.verdicts.starts_with("10 blocks, interleaved."),
        "{}",
        summary.verdicts
    );
    assert!(
        summary.verdicts.contains("No noise floor was measured"),
        "{}",
        summary.verdicts
    );
    assert_eq!(summary.noise_floors.default, 0.01);
}

#[test]
fn latency_is_compared_under_the_same_load_only() {
    let summary = summary_of(&one_factor_at_a_time());
    let p99: Vec<_> = summary
        .answers
        .iter()
        .filter(|answer| answer.question == Question::P99)
        .collect();
    assert_eq!(p99.len(), 1);
    assert!(p99[0].among.as_ref().unwrap().contains("async"), "{p99:?}");
    assert_ne!(
        p99[0].label.as_deref(),
        Some("send.mode=sync"),
        "which has by far the lowest p99, under another load"
    );
    assert!(
        p99[0].sentence.contains("1 configuration is alone under another load"),
        "{}",
        p99[0].sentence
    );
}

#[test]
fn paced_load_has_response_latency_and_no_best_throughput() {
    let run = Run::grid(&[("rate", &["10000", "50000"])], 2).each_trial(|trial| {
        if trial.planned.sequence % 2 == 0 {
            trial.result.as_mut().unwrap().window.acknowledged = 100_000;
        }
    });
    let summary = summary_of(&run);
    assert_eq!(summary.configurations[0].service_latency_is, ServiceLatencyIs::Service);
    assert!(summary.configurations[0].response_latency_us.is_some());
    let throughput = &summary.answers[0];
    assert_eq!(throughput.configuration_id, None);
    assert!(throughput.sentence.contains("rate=50000"), "{}", throughput.sentence);
    let page = page_of(&run);
    assert!(page.contains("Each of the 2 configurations has a load of its own"));
    assert!(!page.contains("Lowest response p99"), "each has another rate");
}

#[test]
fn a_mock_target_is_stamped() {
    let mut run = batching();
    run.manifest.target.kind = TargetKind::Mock;
    let summary = summary_of(&run);
    assert!(summary.validity[0].starts_with("Mock: "));
    assert!(page_of(&run).contains("class=\"stamp mock\""));
    assert!(report::summary_markdown(&summary).contains("Mock: "));
    assert!(terminal::render(&summary, &Style::default()).contains("Mock: "));
}

#[test]
fn local_says_that_client_and_broker_share_the_cores_and_which_client_measured() {
    let text = terminal::render(
        &summary_of(&batching()),
        &Style {
            width: 10_000,
            ..Style::default()
        },
    );
    assert!(text.contains("client and broker share 2 cores"));
    assert!(text.contains("do not carry over to the Java client"));
}

// ---- the terminal ----

#[test]
fn the_terminal_at_several_widths() {
    let run = one_factor_at_a_time()
        .fail(1, "Broker transport failure")
        .each_trial(|trial| {
            if trial.planned.sequence == 3 {
                let result = trial.result.as_mut().unwrap();
                result.counts.failed = 12;
                result.counts.failed_by_error = vec![FailedCount {
                    error: "MSG_TIMED_OUT".into(),
                    persistence: PersistenceStatus::PossiblyPersisted,
                    count: 12,
                }];
                trial
                    .warnings
                    .push("the second half of the window was 14 % faster than the first".into());
            }
        });
    let summary = summary_of(&run);
    for width in [60, 80, 120, 200] {
        let style = Style {
            width,
            report: Some("reports/example/report.html".into()),
            ..Style::default()
        };
        let text = terminal::render(&summary, &style);
        for line in text.lines().filter(|line| !line.starts_with("Report:")) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        insta::assert_snapshot!(format!("terminal_{width}"), text);
    }
}

#[test]
fn any_width_is_survived() {
    let summary = summary_of(&batching());
    for width in [0, 1, 20, 33, 47] {
        let text = terminal::render(
            &summary,
            &Style {
                width,
                ..Style::default()
            },
        );
        assert!(text.contains("Highest"), "{width}");
    }
}

#[test]
fn rows_beyond_the_limit_are_counted_and_order_is_a_choice() {
    let summary = summary_of(&batching());
    let style = Style {
        width: 200,
        rows: 2,
        order: RowOrder::Matrix,
        ..Style::default()
    };
    let text = terminal::render(&summary, &style);
    assert!(text.contains("7 rows"), "{text}");
    let first_row = text.lines().find(|line| line.starts_with("batch.size=")).unwrap();
    assert!(first_row.starts_with("batch.size=16384 linger.ms=0"), "{first_row}");
}

#[test]
fn colour_only_where_asked_and_never_for_differences() {
    let summary = summary_of(&batching());
    assert!(!terminal::render(&summary, &Style::default()).contains('\u{1b}'));
    let coloured = terminal::render(
        &summary,
        &Style {
            color: true,
            ..Style::default()
        },
    );
    assert!(coloured.contains("\u{1b}[1m"));
    for colour in ["\u{1b}[32m", "\u{1b}[31m", "\u{1b}[38;5;"] {
        assert!(!coloured.contains(colour), "{coloured:?}");
    }
}

#[test]
fn zero_completed_trials_still_make_a_report() {
    let mut run = batching();
    for place in 0..run.trials.len() {
        run = run.fail(place, "no broker could be reached");
    }
    let summary = summary_of(&run);
    assert!(summary.answers.is_empty());
    let text = terminal::render(&summary, &Style::default());
    assert!(text.contains("no broker could be reached"), "{text}");
    let page = page_of(&run);
    assert!(page.contains("No trial came to its end"));
    assert!(!page.contains("<svg"));
    let empty = Run::of(&[], 1);
    assert!(page_of(&empty).contains("</html>"));
    assert!(terminal::render(&summary_of(&empty), &Style::default()).contains("No configuration."));
}

// ---- hostile text ----

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)></script><!--{{7*7}}\u{1b}[2J|`x`";

#[test]
fn text_from_profiles_and_brokers_stays_text() {
    let mut run = Run::grid(
        &[("compression.type", &["none", HOSTILE]), ("linger.ms", &["0", "5"])],
        2,
    )
    .configured(|configuration| {
        configuration.label = format!("{HOSTILE} {}", configuration.label);
        configuration.warnings.push(HOSTILE.to_owned());
        configuration.properties.insert(HOSTILE.to_owned(), HOSTILE.to_owned());
    })
    .fail(1, HOSTILE)
    .each_trial(|trial| {
        trial.warnings.push(format!("trial {HOSTILE}"));
        if let Some(result) = &mut trial.result {
            result.counts.failed = 1;
            result.counts.failed_by_error = vec![FailedCount {
                error: HOSTILE.into(),
                persistence: PersistenceStatus::Unknown,
                count: 1,
            }];
        }
    });
    run.manifest.profile_name = HOSTILE.into();
    run.manifest.profile_description = HOSTILE.into();
    run.manifest.profile_source = HOSTILE.into();
    run.manifest.command.push(HOSTILE.into());
    run.manifest.target.software = Some(HOSTILE.into());
    run.manifest.host.cpu = HOSTILE.into();
    run.manifest.warnings.push(HOSTILE.into());
    run.manifest.target_settings.broker_config = BTreeMap::from([(HOSTILE.to_owned(), HOSTILE.to_owned())]);
    let page = page_of(&run);
    assert!(page.contains("alert(1)"), "the text itself is shown");
    assert_eq!(
        page.matches("<script").count(),
        1,
        "the page's own script is the only one"
    );
    assert_eq!(page.matches("</script").count(), 1);
    assert!(!page.contains("<img"));
    let markdown = report::summary_markdown(&summary_of(&run));
    assert!(
        !markdown.contains("<script") && !markdown.contains("<img"),
        "{markdown}"
    );
    let text = terminal::render(&summary_of(&run), &Style::default());
    assert!(!text.contains('\u{1b}'), "a broker's words must not steer the terminal");
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_disarmed() {
    let run = Run::of(&[vec![]], 1).configured(|configuration| configuration.label = "=cmd|' /C calc'!A0".into());
    let csv = report::trials_csv(&run.manifest, &run.trials);
    assert!(csv.contains("\"'=cmd"), "{csv}");
    assert!(!csv.contains(",=cmd"));
}

// ---- the files ----

#[test]
fn a_report_is_the_same_bytes_each_time_and_leaves_nothing_else() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("run");
    store(&one_factor_at_a_time(), &directory);
    let read = || {
        let written = report::write(&directory).unwrap();
        written
            .files
            .iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    let first = read();
    fs::write(directory.join("charts/stale.svg"), "old").unwrap();
    let second = read();
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (path, bytes) in &first {
        assert!(bytes == &second[path], "{} differs", path.display());
    }
    assert!(!directory.join("charts/stale.svg").exists());
    let names: Vec<String> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
    for name in [
        "summary.json",
        "summary.md",
        "trials.csv",
        "report.html",
        "charts/throughput.svg",
        "charts/throughput.png",
    ] {
        assert!(directory.join(name).metadata().unwrap().len() > 100, "{name}");
    }
}

#[test]
fn summary_json_fits_its_schema_and_reads_back() {
    let run = one_factor_at_a_time().fail(0, "gone");
    let summary = summary_of(&run);
    let schema = serde_json::to_value(schemars::schema_for!(Summary)).unwrap();
    let document = serde_json::to_value(&summary).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(serde_json::from_value::<Summary>(document.clone()).unwrap(), summary);
    assert_eq!(document["schema_version"], 2);
    let configuration = &document["configurations"][1];
    for field in [
        "id",
        "properties",
        "effective_properties",
        "workload",
        "trials",
        "throughput_records_per_s",
        "throughput_mb_per_s",
        "service_latency_us",
        "acknowledged",
        "failed",
        "undecided",
        "appended",
        "compression_ratio",
        "client_cpu_us_per_record",
        "records_per_batch",
        "warnings",
    ] {
        assert!(!configuration[field].is_null(), "{field}");
    }
    for field in ["p50", "p90", "p99", "p99_9", "max"] {
        assert!(configuration["service_latency_us"][field].is_u64(), "{field}");
    }
}

#[test]
fn trials_csv_has_one_line_per_trial_and_a_column_per_axis() {
    let run = batching().fail(2, "a cause, with a comma");
    let csv = report::trials_csv(&run.manifest, &run.trials);
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 1 + 27 + 1);
    assert!(lines[0].ends_with(",batch.size,linger.ms"));
    assert!(
        lines[3].contains(",failed,\"a cause, with a comma\",,,"),
        "{}",
        lines[3]
    );
    assert!(csv.ends_with("\r\n"));
}

#[test]
fn the_markdown_table_has_a_row_per_configuration() {
    let markdown = report::summary_markdown(&summary_of(&batching()));
    insta::assert_snapshot!("summary_md", markdown);
}

// ---- the page ----

/// The part of the page that holds one chart.
fn figure<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let start = page.find(&format!("id=\"fig-{name}\""))?;
    Some(&page[start..start + page[start..].find("</figure>")?])
}

#[test]
fn side_by_side_compares_what_differs_in_one_axis_only() {
    let page = page_of(&one_factor_at_a_time());
    let codecs = figure(&page, "by-compression-type").expect("a chart of codecs");
    for codec in ["uncompressed", "lz4", "zstd"] {
        assert!(codecs.contains(&format!(">{codec}<")), "{codec}");
    }
    assert!(codecs.contains("Everything else is equal"));
    let modes = figure(&page, "by-send-mode").expect("a chart of send modes");
    assert!(modes.contains(">sync<") && modes.contains(">async<") && !modes.contains(">lz4<"));
    assert!(figure(&page, "by-acks").unwrap().contains("acks=0"));
    for chart in [codecs, modes] {
        assert!(
            chart.contains("A p99 is that of all trials"),
            "its dots need not lie around it"
        );
    }
    // One row and one column make no grid.
    assert!(!page.contains("id=\"fig-heat-"));
}

#[test]
fn a_bar_that_was_compared_with_nothing_does_not_stand_out() {
    // acks=0 is the only one without acknowledgements, and however high, the best of nothing.
    let page = page_of(&one_factor_at_a_time());
    let chart = figure(&page, "throughput").unwrap();
    let bold = |label: &str| {
        let end = chart.find(&format!("{label}</text>")).expect(label);
        let begin = chart[..end].rfind("<text").unwrap();
        chart[begin..end].contains("font-weight:600")
    };
    assert!(!bold("acks=0"));
    assert!(chart.contains("font-weight:600"), "the best of several does");
}

#[test]
fn a_colour_stands_for_one_value_on_the_whole_page() {
    let page = page_of(&one_factor_at_a_time());
    let colours = |name: &str| -> std::collections::BTreeSet<char> {
        let svg = figure(&page, name).unwrap();
        let found = svg.split("var(--chart-").skip(1).filter_map(|rest| rest.chars().next());
        found.filter(char::is_ascii_digit).collect()
    };
    assert_eq!(colours("by-compression-type"), ['2', '3', '4'].into());
    for other in ["by-send-mode", "by-acks", "throughput"] {
        assert_eq!(colours(other), ['1'].into(), "{other}: no codec's colour");
    }
    assert!(colours("where-the-time-goes").is_disjoint(&['2', '3', '4'].into()));
}

#[test]
fn a_chart_stands_in_two_widths_under_text_of_the_page() {
    let page = page_of(&one_factor_at_a_time());
    let throughput = figure(&page, "throughput").unwrap();
    assert!(throughput.contains("<h3>Throughput by setting</h3>"));
    assert_eq!(throughput.matches("<svg").count(), 2);
    for id in ["throughput", "throughput-narrow"] {
        assert_eq!(
            page.matches(&format!("<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{id}\""))
                .count(),
            1,
            "{id}"
        );
    }
    assert!(!page.contains("the tip says"), "paper has no tips");
}

#[test]
fn a_column_is_aligned_as_a_whole() {
    let page = page_of(&Run::grid(&[("acks", &["1", "all"]), ("linger.ms", &["0", "5"])], 1));
    let rows: Vec<&str> = page.split("<tr data-label=").skip(1).collect();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let cells: Vec<&str> = row.split("<td").skip(1).collect();
        assert!(!cells[0].starts_with(" class=\"n"), "names among numbers: {}", cells[0]);
        assert!(cells[1].starts_with(" class=\"n"), "numbers: {}", cells[1]);
    }
}

#[test]
fn one_point_of_a_frontier_is_no_choice() {
    let page = page_of(&Run::grid(&[("linger.ms", &["0", "5", "50"])], 1));
    let scatter = figure(&page, "throughput-latency").unwrap();
    let said = [
        "Along the frontier, more throughput costs latency",
        "One point has both the most throughput and the least latency",
    ];
    assert_eq!(said.iter().filter(|words| scatter.contains(**words)).count(), 1);
    assert!(
        !scatter.contains(">configurations<"),
        "a legend of one entry says nothing"
    );
}

#[test]
fn numeric_pairs_have_heat_maps_and_the_rest_its_own_charts() {
    let page = page_of(&batching());
    for name in [
        "throughput",
        "throughput-latency",
        "heat-batch-size-linger-ms-throughput",
        "heat-batch-size-linger-ms-p99",
        "percentiles",
        "where-the-time-goes",
        "over-time",
    ] {
        assert!(figure(&page, name).is_some(), "{name}");
    }
}

/// Percentiles of librdkafka's windows exist per broker and period only, so time is the only axis to see them on.
#[test]
fn the_clients_own_percentiles_are_drawn_over_time() {
    let without = page_of(&Run::of(&[vec![]], 1));
    assert!(figure(&without, "queue-over-time").is_none(), "no period has a record");
    let run = Run::of(&[vec![], vec![("acks", "0")]], 1).each_trial(|trial| {
        for interval in &mut trial.intervals {
            let window = &mut interval.brokers[0];
            (window.queue_count, window.queue_p99_us) = (10, 12_345);
            (window.broker_count, window.broker_p99_us) = (10, 6_789);
            let mut other = window.clone();
            (other.broker, other.broker_p99_us) = (2, 4_321);
            interval.brokers.push(other);
        }
    });
    let page = page_of(&run);
    assert!(figure(&page, "queue-over-time").unwrap().contains("broker 1: 12.3"));
    let brokers = figure(&page, "broker-over-time").unwrap();
    assert!(
        brokers.contains("broker 1: 6.79") && brokers.contains("broker 2: 4.32"),
        "{brokers}"
    );
    assert!(!brokers.contains("acks=0"), "nothing is answered there");
    assert!(figure(&page, "socket-over-time").is_none(), "nothing was timed");
}

/// Five numeric axes make ten pairs.
#[test]
fn every_pair_of_numeric_axes_has_a_heat_map_on_the_page_or_in_a_file() {
    let small: Vec<(&str, &[&str])> = vec![
        ("batch.size", &["1000", "2000"]),
        ("linger.ms", &["0", "5"]),
        ("partitions", &["1", "2"]),
        ("producers", &["1", "2"]),
        ("record.size", &["10", "20"]),
    ];
    let page = page_of(&Run::grid(&small, 1));
    assert_eq!(
        page.matches("id=\"fig-heat-").count(),
        20,
        "throughput and p99 of ten pairs"
    );

    let many: Vec<String> = (1..=40).map(|value| (value * 1_000).to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let run = Run::grid(
        &[("batch.size", &many), ("linger.ms", &many), ("partitions", &["1", "2"])],
        1,
    );
    let page = page_of(&run);
    let heat = figure(&page, "heat-batch-size-linger-ms-throughput").unwrap();
    assert!(
        heat.contains("2 more pairs of axes are drawn in files"),
        "it is said where"
    );
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("run");
    store(&run, &place);
    report::write(&place).unwrap();
    let charts = fs::read_dir(place.join("charts")).unwrap();
    let names: Vec<String> = charts
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let svgs = names
        .iter()
        .filter(|name| name.starts_with("heat-") && name.ends_with(".svg"));
    assert_eq!(svgs.count(), 6, "{names:?}");
    assert_eq!(page.matches("id=\"fig-heat-").count(), 2);
}

#[test]
fn the_page_names_no_place_outside_of_itself() {
    let page = page_of(&batching());
    for outside in ["http://", "https://", "url(", "@import", "src="] {
        let places: Vec<&str> = page
            .match_indices(outside)
            .map(|(at, _)| &page[at..(at + 60).min(page.len())])
            // Names of XML namespaces are no addresses.
            .filter(|text| !text.starts_with("http://www.w3.org/"))
            .collect();
        assert!(places.is_empty(), "{places:?}");
    }
}

#[test]
fn the_page_holds_what_a_repetition_needs() {
    let page = page_of(&batching());
    for needed in [
        "kpbench sweep profiles/batching.toml",
        "Seed of order and payloads",
        "<dd>42</dd>",
        "librdkafka 2.12.1",
        "Apache Kafka 4.3.0",
        "Example CPU @ 2.00GHz",
        "log.segment.bytes",
        "17.0.15",
        "-XX:+UseG1GC -Xmx1g",
        "log.segment.delete.delay.ms",
        "min.insync.replicas",
        "[matrix]",
        "0123456789abcdef",
        "compression.type",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
}

#[test]
fn a_large_run_is_cut_down_and_says_so() {
    let sizes: Vec<String> = (1..=20).map(|size| (size * 10_000).to_string()).collect();
    let lingers: Vec<String> = (0..10).map(|linger| linger.to_string()).collect();
    let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
    let lingers: Vec<&str> = lingers.iter().map(String::as_str).collect();
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    let run = Run::grid(
        &[
            ("batch.size", &sizes),
            ("linger.ms", &lingers),
            ("compression.type", &codecs),
        ],
        5,
    );
    assert_eq!(run.trials.len(), 5_000);
    let page = page_of(&run);
    assert!(page.len() <= 5_000_000, "{} bytes", page.len());
    assert!(page.contains("Details are given for the first 100 of 1,000 configurations"));
    assert!(
        figure(&page, "throughput")
            .unwrap()
            .contains("960 more configurations are")
    );
    assert!(
        figure(&page, "throughput-latency")
            .unwrap()
            .contains("300 of 1,000 points")
    );
    assert_eq!(
        page.matches("<tr data-label=").count(),
        1_000,
        "the table leaves nothing out"
    );
}
