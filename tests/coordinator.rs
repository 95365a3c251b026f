//! The coordinator with scripted trial programs and a scripted cluster: good days and bad ones.

mod coordinator_support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use coordinator_support::{Bench, CLEAN, Heard, configuration};
use kpbench::protocol::{Acks, Content, FileSplit, TargetKind, WeightedTopic};
use kpbench::run::{CancelSource, Ended, RunError, execute};
use kpbench::store::{Manifest, RunDirectory, StoreError, TrialOutcome, TrialRecord};

fn cause(record: &TrialRecord) -> &str {
    match &record.outcome {
        TrialOutcome::Failed { cause } => cause,
        TrialOutcome::Completed => panic!("{} is completed", record.planned.trial_id),
    }
}

fn manifest(bench: &Bench) -> Manifest {
    RunDirectory::open(&bench.directory()).unwrap().manifest().clone()
}

/// All files below a directory as one text.
fn everything_in(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &everything_in(&path);
        } else {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

#[test]
fn a_run_stores_every_trial_of_its_plan_and_leaves_nothing_behind() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.cpu_us.replace(vec![100, 350, 400]);
    let mut heard = Heard::default();
    let outcome = bench.run_heard(&mut heard).unwrap();
    assert_eq!((outcome.planned, outcome.completed, outcome.failed), (6, 6, 0));
    assert_eq!(outcome.ended, Ended::Complete);

    let (manifest, records) = (manifest(&bench), bench.records());
    let stored: Vec<_> = records.iter().map(|record| record.planned.clone()).collect();
    assert_eq!(stored, manifest.plan);
    let first = &records[0];
    assert_eq!(first.outcome, TrialOutcome::Completed);
    assert_eq!(
        first.broker.appended,
        Some(3_000),
        "from 5, 0, 2 before to 5, 3000, 2 after"
    );
    assert_eq!(first.broker.cpu_us, Some(250));
    assert!(first.broker.cpu_reading_s.unwrap() > 0.0);
    assert_eq!(first.warnings, Vec::<String>::new());
    assert!(first.elapsed_ms > 0.0);
    let latency = first.intervals[0].latency.service.as_ref().unwrap();
    assert_eq!(
        (latency.count, &latency.histogram),
        (2_000, &None),
        "histograms live in the .hlog"
    );
    let hlog = fs::read_to_string(bench.directory().join(format!("hdr/{}.hlog", first.planned.trial_id))).unwrap();
    assert!(hlog.contains("\nTag=service,0.000,1.000,1.500,"), "{hlog}");
    let described: Vec<&str> = records
        .iter()
        .filter(|record| !record.effective_properties.is_empty())
        .map(|record| record.planned.configuration_id.as_str())
        .collect();
    assert_eq!(
        described.len(),
        2,
        "the client's properties once per configuration: {described:?}"
    );

    assert_eq!(bench.starter.script.made(), 6);
    assert_eq!(bench.starter.script.left(), Vec::<String>::new());
    assert_eq!(bench.starter.script.calls.borrow().last().unwrap(), "stop");
    assert_eq!(heard.lines[0], format!("started {} 0/6", manifest.plan[0].trial_id));
}

#[test]
fn secrets_are_in_no_file_and_in_no_word() {
    let bench = Bench::new(
        "read -r spec; case $spec in *b02*) echo hunter2 >&2; cat failed;; *b03*) echo hunter2 >&2; exit 9;; *) cat hello ready started interval ended result;; esac",
    );
    bench.starter.script.unreachable.set(1);
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    let stored = everything_in(&bench.directory());
    assert!(stored.contains("********"));
    assert!(!stored.contains("hunter2"), "{stored}");
    assert!(!heard.lines.concat().contains("hunter2"), "{:?}", heard.lines);

    let bench = Bench::new(CLEAN);
    bench.starter.fails.set(true);
    let error = bench.run().unwrap_err().to_string();
    assert!(error.contains("password ******** refused"), "{error}");
}

#[test]
fn a_target_that_does_not_come_up_leaves_no_directory() {
    let bench = Bench::new(CLEAN);
    bench.starter.fails.set(true);
    assert!(matches!(bench.run(), Err(RunError::Target(_))));
    assert!(!bench.directory().exists());
}

#[test]
fn an_impossible_topic_is_told_before_the_first_trial() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.refuse_topics.set(true);
    let error = bench.run().unwrap_err();
    assert!(matches!(error, RunError::Topic { .. }), "{error}");
    assert!(
        error.to_string().contains("3 partitions, replication factor 1"),
        "{error}"
    );
    assert!(!bench.directory().exists());
    assert_eq!(bench.starter.script.calls.borrow().last().unwrap(), "stop");
}

#[test]
fn who_asks_to_stop_while_topics_are_checked_is_not_told_that_they_could_not_be() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.refuse_topics.set(true);
    let (outcome, _) = bench.run_until("ready");
    assert_eq!(outcome.unwrap().ended, Ended::Interrupted);
    assert!(!bench.directory().exists());
    assert_eq!(bench.starter.script.calls.borrow().last().unwrap(), "stop");
}

#[test]
fn one_bootstrap_server_is_told_once_the_cluster_shows_several_brokers() {
    let about_servers = |texts: &[String]| {
        texts
            .iter()
            .filter(|text| text.contains("one bootstrap server"))
            .count()
    };
    let mut bench = Bench::new(CLEAN);
    bench.starter.script.brokers.set(Some(3));
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    assert_eq!(about_servers(&heard.lines), 1, "{:?}", heard.lines);
    assert_eq!(about_servers(&manifest(&bench).warnings), 1);
    bench.resume();
    bench.request.profile.run.repetitions = 4;
    bench.run().unwrap();
    assert_eq!(
        about_servers(&manifest(&bench).warnings),
        1,
        "once, however often it is continued"
    );

    for (brokers, servers) in [(1, "127.0.0.1:1"), (3, "127.0.0.1:1,127.0.0.1:2")] {
        let mut bench = Bench::new(CLEAN);
        bench.starter.script.brokers.set(Some(brokers));
        bench.request.profile.target.bootstrap_servers = Some(servers.to_owned());
        bench.run().unwrap();
        assert_eq!(about_servers(&manifest(&bench).warnings), 0, "{brokers} {servers}");
    }
}

#[test]
fn a_crash_costs_one_trial_and_is_stored_with_its_last_words() {
    let bench = Bench::new(
        "read -r spec; cat hello ready started; case $spec in *b01-t01*) echo the heap is broken >&2; kill -SEGV $$;; esac; cat interval ended result",
    );
    let outcome = bench.run().unwrap();
    assert_eq!(
        (outcome.completed, outcome.failed, outcome.ended),
        (5, 1, Ended::Complete)
    );
    let records = bench.records();
    let cause = cause(&records[0]);
    for part in ["signal 11 (SIGSEGV)", "in the window", "the heap is broken"] {
        assert!(cause.contains(part), "{part}: {cause}");
    }
    assert_eq!(records[0].result, None);
}

#[test]
fn a_hung_trial_is_killed_with_everything_it_started() {
    // The grandchild holds the pipes open: only killing the group ends the trial.
    let mut bench = Bench::new(
        "read -r spec; case $spec in *b01-t01*) cat hello ready; sleep 600 & echo $! > grandchild; sleep 600;; esac; cat hello ready started interval ended result",
    );
    bench.request.limits.grace = Duration::from_millis(700);
    let outcome = bench.run().unwrap();
    assert_eq!((outcome.completed, outcome.failed), (5, 1));
    assert!(
        cause(&bench.records()[0]).contains("hung in the warm-up and was killed"),
        "{:?}",
        bench.records()[0]
    );
    let grandchild = fs::read_to_string(bench.temporary.path().join("grandchild")).unwrap();
    assert!(!is_running(grandchild.trim()));
}

/// A zombie that nobody has reaped yet does not run.
fn is_running(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn what_does_not_keep_to_the_protocol_is_a_failed_trial() {
    let cases = [
        (
            "read -r spec; cat hello ready; echo this is no event",
            "this is no event",
        ),
        ("read -r spec; cat ready", "no hello"),
        (
            "read -r spec; echo '{\"event\":\"hello\",\"protocol_version\":99,\"client_version\":\"x\"}'; sleep 600",
            "version 99",
        ),
        (
            "read -r spec; cat hello ready started interval ended",
            "exit code 0 in the drain without a result",
        ),
        (
            "read -r spec; cat hello ready started interval ended result; echo late >&2; exit 3",
            "exit code 3 after its result; its last words: late",
        ),
        ("read -r spec; cat hello failed", "broker said"),
        ("exit 7", "exit code 7 before its client was ready"),
        ("read -r spec; head -c 17000000 /dev/zero", "a line of more than"),
    ];
    for (script, expected) in cases {
        let mut bench = Bench::new(script);
        bench.request.profile.run.repetitions = 1;
        bench.request.profile.configurations.truncate(1);
        let outcome = bench.run().unwrap();
        assert_eq!((outcome.completed, outcome.failed), (0, 1), "{script}");
        assert!(
            cause(&bench.records()[0]).contains(expected),
            "{script}: {:?}",
            bench.records()[0].outcome
        );
    }
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let mut bench = Bench::new(CLEAN);
    bench.request.trial_program.path = bench.temporary.path().join("nothing");
    assert!(matches!(bench.run(), Err(RunError::TrialProgram { .. })));
    assert_eq!(bench.starter.script.calls.borrow().last().unwrap(), "stop");
}

#[test]
fn an_interrupted_run_keeps_its_trials_and_resumes_with_the_rest() {
    let mut bench = Bench::new(
        "read -r spec; cat hello ready started; case $spec in *b02-t01*) [ -e second ] || { cat > /dev/null; cat result; exit 0; };; esac; cat interval ended result",
    );
    let second = bench.temporary.path().join("second");
    let (outcome, heard) = bench.run_until("started b02-t01");
    let outcome = outcome.unwrap();
    assert_eq!((outcome.ended, outcome.completed), (Ended::Interrupted, 2));
    assert_eq!(bench.records().len(), 2, "{:?}", heard.lines);
    assert_eq!(bench.starter.script.left(), Vec::<String>::new());
    assert_eq!(bench.starter.script.calls.borrow().last().unwrap(), "stop");

    fs::write(second, "").unwrap();
    bench.resume();
    let mut heard = Heard::default();
    let outcome = bench.run_heard(&mut heard).unwrap();
    assert_eq!(
        (outcome.planned, outcome.completed, outcome.ended),
        (6, 6, Ended::Complete)
    );
    let stored: Vec<_> = bench.records().into_iter().map(|record| record.planned).collect();
    assert_eq!(stored, manifest(&bench).plan);
    assert!(
        heard.lines[0].starts_with("started b02-t01") && heard.lines[0].ends_with("2/6"),
        "{:?}",
        heard.lines
    );
}

#[test]
fn a_trial_that_ignores_the_request_to_stop_is_killed() {
    let mut bench = Bench::new("read -r spec; cat hello ready started; trap '' HUP TERM; sleep 600");
    bench.request.limits.stop = Duration::from_millis(100);
    let (outcome, _) = bench.run_until("phase Window");
    assert_eq!(outcome.unwrap().ended, Ended::Interrupted);
    assert_eq!(bench.records(), []);
}

/// It would take the coordinator's patience, which is longer than that of whoever pressed Ctrl-C.
#[test]
fn a_broker_that_does_not_answer_does_not_hold_up_an_interruption() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.hangs.set(1);
    let (source, cancel) = CancelSource::new();
    let asks = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1_500));
        source.cancel();
    });
    let outcome = bench.run_with(&mut Heard::default(), &cancel).unwrap();
    asks.join().unwrap();
    assert_eq!(outcome.ended, Ended::Interrupted);
    assert_eq!(
        bench.records().len(),
        0,
        "it is not known what the first trial appended"
    );
    assert_eq!(bench.starter.script.left(), Vec::<String>::new());
}

#[test]
fn a_cut_last_line_is_told_and_that_trial_runs_again() {
    let mut bench = Bench::new(CLEAN);
    bench.run().unwrap();
    let trials = bench.directory().join("trials.jsonl");
    let whole = fs::read(&trials).unwrap();
    fs::write(&trials, &whole[..whole.len() - 100]).unwrap();
    bench.resume();
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    assert!(
        heard.lines[0].contains("line 6") && heard.lines[0].contains("cut"),
        "{:?}",
        heard.lines
    );
    assert_eq!(heard.lines.iter().filter(|line| line.starts_with("started")).count(), 1);
    assert_eq!(bench.records().len(), 6);
}

#[test]
fn resuming_with_another_profile_lists_the_differences() {
    let mut bench = Bench::new(CLEAN);
    bench.run().unwrap();
    bench.resume();
    bench.request.profile.configurations[1] = configuration("c-00000003", "9");
    bench.request.profile.run.measure_ms = 77;
    bench.request.profile.run.repetitions = 2;
    let error = bench.run().unwrap_err();
    assert!(matches!(error, RunError::ResumeMismatch { .. }));
    let error = error.to_string();
    for part in [
        "c-00000002 (linger.ms=5) is not in the profile",
        "c-00000003",
        "was 10 and is 77",
        "3 repetitions",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(bench.starter.starts.borrow().len(), 1, "nothing was started");
}

/// The differences that keep a changed request from continuing the run; empty where it goes on.
fn refused_by(bench: &mut Bench, change: impl FnOnce(&mut Bench)) -> String {
    bench.resume();
    bench.request.profile.run.repetitions += 1;
    let trials = bench.records().len();
    change(bench);
    match bench.run() {
        Ok(_) => String::new(),
        Err(error) => {
            assert!(matches!(error, RunError::ResumeMismatch { .. }), "{error}");
            assert_eq!(bench.records().len(), trials, "nothing was measured");
            error.to_string()
        }
    }
}

#[test]
fn a_run_is_not_continued_on_another_cluster() {
    let id = |bench: &Bench, id: Option<&str>| *bench.starter.script.cluster_id.borrow_mut() = id.map(str::to_owned);
    let servers = |bench: &mut Bench, servers: &str| {
        bench.request.profile.target.bootstrap_servers = Some(servers.to_owned());
    };
    let mut bench = Bench::new(CLEAN);
    id(&bench, Some("prod-a"));
    bench.run().unwrap();
    let same = refused_by(&mut bench, |bench| servers(bench, "other.host:1"));
    assert_eq!(same, "", "one cluster has many addresses");
    let other = refused_by(&mut bench, |bench| id(bench, Some("prod-b")));
    assert!(
        other.contains("the cluster's id was prod-a and is prod-b now"),
        "{other}"
    );
    assert_eq!(bench.starter.script.calls.borrow().last().unwrap(), "stop");

    let mut bench = Bench::new(CLEAN);
    bench.run().unwrap();
    let untold = refused_by(&mut bench, |bench| servers(bench, "other.host:1"));
    assert!(untold.contains("were 127.0.0.1:1 and are other.host:1 now"), "{untold}");
}

#[test]
fn a_run_is_not_continued_on_other_terms() {
    type Change = fn(&mut Bench);
    let cases: [(Change, &str); 4] = [
        (
            |bench| {
                let config = &mut bench.request.profile.target.broker_config;
                config.insert("num.io.threads".to_owned(), "1".to_owned());
            },
            "num.io.threads was not set and is 1 now",
        ),
        (
            |bench| {
                let connection = &mut bench.request.profile.target.connection;
                connection.insert("security.protocol".to_owned(), "ssl".to_owned());
            },
            "security.protocol was not set and is ssl now",
        ),
        (
            |bench| bench.request.profile.run.conditioning_ms = 5,
            "was 0 and is 5 now",
        ),
        (
            |bench| bench.request.profile.run.headroom = true,
            "run.headroom was false and is true now",
        ),
    ];
    for (change, expected) in cases {
        let mut bench = Bench::new(CLEAN);
        bench.run().unwrap();
        let told = refused_by(&mut bench, change);
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let mut bench = Bench::new(CLEAN);
    bench.run().unwrap();
    let changed_password = |bench: &mut Bench| {
        let connection = &mut bench.request.profile.target.connection;
        connection.insert("sasl.password".to_owned(), "hunter3".to_owned());
        bench.request.profile.secrets = vec!["hunter3".to_owned()];
    };
    assert_eq!(refused_by(&mut bench, changed_password), "", "a password may change");
}

#[test]
fn a_run_is_not_continued_with_another_payload() {
    let mut bench = Bench::new(CLEAN);
    let path = bench.temporary.path().join("records.txt");
    fs::write(&path, "one\ntwo\n").unwrap();
    for configuration in &mut bench.request.profile.configurations {
        configuration.workload.payload.content = Content::File {
            path: path.clone(),
            split: FileSplit::Lines,
        };
    }
    bench.run().unwrap();
    assert_eq!(manifest(&bench).payload_files.len(), 1);
    assert_eq!(refused_by(&mut bench, |_| {}), "", "the same content");
    let told = refused_by(&mut bench, |_| fs::write(&path, "one\ntoo\n").unwrap());
    assert!(told.contains("records.txt has another content now"), "{told}");
}

#[test]
fn a_complete_run_can_be_resumed_with_more_repetitions_and_failed_trials_are_kept() {
    let mut bench = Bench::new(
        "read -r spec; case $spec in *b01-t01*) exit 1;; esac; cat hello ready started interval ended result",
    );
    bench.run().unwrap();
    let before = bench.records();
    bench.resume();
    bench.request.profile.run.repetitions = 4;
    let outcome = bench.run().unwrap();
    assert_eq!((outcome.planned, outcome.completed, outcome.failed), (8, 7, 1));
    assert_eq!(bench.records()[..6], before[..]);
    assert_eq!(manifest(&bench).plan.len(), 8);
    assert_eq!(manifest(&bench).run.repetitions, 4);
}

#[test]
fn a_run_killed_before_its_first_trial_can_be_resumed() {
    let mut bench = Bench::new(CLEAN);
    fs::create_dir(bench.directory()).unwrap();
    fs::write(bench.directory().join("trials.jsonl"), "").unwrap();
    bench.resume();
    assert_eq!(bench.run().unwrap().completed, 6);
}

#[test]
fn another_coordinator_in_the_same_directory_is_refused() {
    let mut bench = Bench::new(CLEAN);
    bench.run().unwrap();
    let (_held, _) = RunDirectory::resume(&bench.directory()).unwrap();
    bench.resume();
    assert!(matches!(bench.run(), Err(RunError::Store(StoreError::Locked { .. }))));
}

#[test]
fn a_vanished_directory_ends_the_run_and_cleans_up() {
    let bench = Bench::new(
        "read -r spec; case $spec in *b02-t01*) mv run moved;; esac; cat hello ready started interval ended result",
    );
    let error = bench.run().unwrap_err();
    assert!(matches!(error, RunError::Store(StoreError::Io { .. })), "{error}");
    assert_eq!(bench.starter.script.left(), Vec::<String>::new());
    assert_eq!(bench.starter.script.calls.borrow().last().unwrap(), "stop");
    let moved = RunDirectory::open(&bench.temporary.path().join("moved")).unwrap();
    assert_eq!(moved.trials().unwrap().len(), 2);
}

#[test]
fn a_target_lost_in_a_trial_fails_that_trial_and_the_run_goes_on_when_it_is_back() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.unsettled.set(1);
    bench.starter.script.unreachable.set(1);
    let mut heard = Heard::default();
    let outcome = bench.run_heard(&mut heard).unwrap();
    assert_eq!(
        (outcome.completed, outcome.failed, outcome.ended),
        (5, 1, Ended::Complete)
    );
    assert!(cause(&bench.records()[0]).contains("the target was lost during the trial: connection refused"));
    assert!(heard.lines.iter().any(|line| line == "back"), "{:?}", heard.lines);
    assert!(bench.starter.script.calls.borrow().iter().any(|call| call == "revive"));
}

/// Settling, a new topic: each would take its own time limit to tell what is known already.
#[test]
fn a_target_that_is_gone_is_asked_nothing_else() {
    let bench = Bench::new(
        "read -r spec; case $spec in *b01-t01*) cat hello ready started interval ended doubtful;; *) cat hello ready started interval ended result;; esac",
    );
    bench.starter.script.unreachable.set(1);
    let mut heard = Heard::default();
    let outcome = bench.run_heard(&mut heard).unwrap();
    assert_eq!((outcome.completed, outcome.failed), (5, 1));
    assert!(cause(&bench.records()[0]).contains("the target was lost"));
    assert!(
        heard.lines.iter().any(|line| line.starts_with("lost")),
        "{:?}",
        heard.lines
    );
    let script = &bench.starter.script;
    assert_eq!(script.patience.borrow().len(), 5, "its watermarks were not waited for");
    let calls = script.calls.borrow();
    assert_eq!(calls[1], "revive", "nor was the next topic: {calls:?}");
    assert_eq!(script.left(), Vec::<String>::new());
}

/// It answers again before anybody asks: what it lost says that it was away.
#[test]
fn a_target_that_was_away_for_a_while_in_a_trial_fails_that_trial() {
    let bench = Bench::new(
        "read -r spec; case $spec in *b01-t01*) cat hello ready started interval ended restarted;; *b01-t02*) cat hello ready started interval ended doubtful;; *) cat hello ready started interval ended result;; esac",
    );
    let mut heard = Heard::default();
    let outcome = bench.run_heard(&mut heard).unwrap();
    assert_eq!((outcome.completed, outcome.failed), (5, 1));
    let records = bench.records();
    assert_eq!(
        cause(&records[0]),
        "the target was lost during the trial, and came back: 1/1 brokers are down; 1 × MSG_TIMED_OUT"
    );
    assert_eq!(
        records[1].outcome,
        TrialOutcome::Completed,
        "failures alone are figures"
    );
    assert!(
        !heard.lines.iter().any(|line| line.starts_with("lost")),
        "nothing to wait for"
    );
}

#[test]
fn a_target_that_does_not_come_back_ends_the_run() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.unsettled.set(1);
    bench.starter.script.unreachable.set(2);
    let outcome = bench.run().unwrap();
    assert!(matches!(&outcome.ended, Ended::TargetLost { cause } if cause.contains("connection refused")));
    assert_eq!((outcome.completed, outcome.failed), (0, 1));
}

#[test]
fn one_broker_of_several_that_ends_fails_the_trial_although_the_others_answer() {
    let mut bench = Bench::new(CLEAN);
    bench.request.profile.run.conditioning_ms = 10;
    bench.starter.script.dies_after.set(Some(2));
    let mut heard = Heard::default();
    let outcome = bench.run_heard(&mut heard).unwrap();
    assert_eq!((outcome.completed, outcome.failed), (5, 1));
    assert!(cause(&bench.records()[2]).contains("node 1 of the local Kafka ended"));
    assert!(bench.starter.script.calls.borrow().iter().any(|call| call == "revive"));
    let back = heard.lines.iter().position(|line| line == "back").unwrap();
    assert_eq!(
        heard.lines[back + 1],
        "conditioning 1/1 acks=all none",
        "a broker started again is cold"
    );
}

/// While it was away its port may have been lent to some connection.
#[test]
fn a_broker_that_does_not_start_again_at_first_is_started_once_more() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.dies_after.set(Some(2));
    bench.starter.script.dies_again.set(2);
    let outcome = bench.run().unwrap();
    assert_eq!(
        (outcome.completed, outcome.failed, outcome.ended),
        (5, 1, Ended::Complete)
    );
    let calls = bench.starter.script.calls.borrow();
    assert_eq!(calls.iter().filter(|call| *call == "revive").count(), 3);
}

#[test]
fn a_broker_that_never_starts_again_ends_the_run() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.dies_after.set(Some(2));
    bench.starter.script.dies_again.set(u32::MAX);
    let outcome = bench.run().unwrap();
    assert!(matches!(outcome.ended, Ended::TargetLost { .. }), "{:?}", outcome.ended);
}

#[test]
fn watermarks_that_cannot_be_read_from_a_living_target_are_a_warning() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.unsettled.set(1);
    assert_eq!(bench.run().unwrap().completed, 6);
    let first = &bench.records()[0];
    assert_eq!(first.broker.appended, None);
    assert_eq!(first.warnings, ["Appended records were not counted: no answer."]);
}

#[test]
fn records_deleted_behind_the_tools_back_are_a_deficit() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.appended_per_trial.set(2_500);
    bench.run().unwrap();
    assert!(bench.records()[0].warnings[0].contains("Deficit: 500 "));
}

#[test]
fn of_several_topics_all_are_made_counted_and_deleted_and_a_loss_in_any_is_a_deficit() {
    let mut bench = Bench::new(CLEAN);
    let topic = |name: &str, weight| WeightedTopic {
        name: name.to_owned(),
        weight,
        partitions: 3,
    };
    bench.request.profile.configurations[0].workload.records.topics =
        vec![topic("orders", 2.0), topic("payments", 1.0)];
    bench.starter.script.appended_per_trial.set(2_000);
    bench.starter.script.appended_to_others.set(996);
    bench.run().unwrap();
    let records = bench.records();
    let mut of_several = records
        .iter()
        .filter(|record| record.planned.configuration_id == "c-00000001");
    let record = of_several.next().unwrap();
    assert_eq!(record.broker.appended, Some(2_996));
    let topics = &record.broker.appended_by_topic;
    let found: Vec<(&str, u64)> = topics
        .iter()
        .map(|topic| (topic.topic.as_str(), topic.appended))
        .collect();
    assert_eq!(found, [("orders", 2_000), ("payments", 996)]);
    assert!(record.warnings[0].contains("Deficit: 4 "), "{:?}", record.warnings);
    let script = &bench.starter.script;
    assert_eq!(script.made(), 9, "two topics in three trials, one in the other three");
    assert_eq!(script.left(), Vec::<String>::new());
    let id = &record.planned.trial_id;
    for name in ["orders", "payments"] {
        let ending = format!("-{id}-{name}");
        let calls = script.calls.borrow();
        let made = |call: &&String| call.starts_with("create kpbench-") && call.ends_with(&ending);
        assert_eq!(calls.iter().filter(made).count(), 1, "{calls:?}");
    }
}

#[test]
fn without_acknowledgements_the_watermarks_are_polled_at_the_windows_edges() {
    let mut bench = Bench::new(CLEAN);
    bench.request.profile.configurations[0].acks = Acks::None;
    bench.run().unwrap();
    for record in bench.records() {
        let polled = record.broker.window_appended_s.is_some();
        assert_eq!(polled, record.planned.configuration_id == "c-00000001");
    }
}

#[test]
fn a_fresh_local_cluster_is_conditioned_and_headroom_is_measured_once_per_client_side_configuration() {
    let mut bench = Bench::new(CLEAN);
    bench.request.profile.target.kind = TargetKind::Local;
    bench.request.profile.run.conditioning_ms = 40;
    bench.request.profile.run.headroom = true;
    bench.request.profile.configurations[1].acks = Acks::Leader;
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    assert_eq!(heard.lines[0], "conditioning 1/2 acks=all none");
    assert_eq!(heard.lines[1], "conditioning 2/2 acks=1 none");
    assert_eq!(manifest(&bench).target.conditioned_ms, 40);
    let measured: Vec<_> = bench
        .records()
        .into_iter()
        .filter_map(|record| Some((record.planned.block, record.headroom?)))
        .collect();
    assert_eq!(measured.len(), 2, "linger.ms is the client's");
    assert!(
        measured
            .iter()
            .all(|(block, headroom)| *block == 1 && headroom.ratio == 1.0),
        "{measured:?}"
    );
    assert_eq!(*bench.starter.starts.borrow(), [TargetKind::Local, TargetKind::Mock]);
    assert_eq!(bench.starter.script.left(), Vec::<String>::new());
}

/// Nobody else can delete them: names made ahead tell what to look for.
#[test]
fn the_topics_of_a_killed_session_are_named_when_the_run_is_continued() {
    let mut bench = Bench::new(CLEAN);
    bench.starter.script.hangs.set(1);
    let (_source, cancel) = CancelSource::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let killed = runtime.block_on(async {
        let mut heard = Heard::default();
        let run = execute(&bench.request, &bench.starter, &mut heard, &cancel);
        tokio::time::timeout(Duration::from_secs(2), run).await
    });
    assert!(killed.is_err(), "it hangs until it is dropped");
    let [prefix] = &manifest(&bench).open_topic_prefixes[..] else {
        panic!("one session is at work");
    };
    assert!(
        bench
            .starter
            .script
            .left()
            .iter()
            .all(|topic| topic.starts_with(prefix.as_str()))
    );

    bench.resume();
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    let told = |line: &&String| line.starts_with("notice") && line.ends_with(prefix.as_str());
    assert_eq!(heard.lines.iter().filter(told).count(), 1, "{:?}", heard.lines);
    let after = manifest(&bench);
    assert!(after.warnings[0].ends_with(prefix.as_str()), "{:?}", after.warnings);
    assert_eq!(after.open_topic_prefixes, Vec::<String>::new());
}

#[test]
fn kept_topics_are_kept_and_existing_ones_never_deleted() {
    let mut bench = Bench::new(CLEAN);
    bench.request.keep_topics = true;
    bench.run().unwrap();
    assert_eq!(bench.starter.script.left().len(), 6);

    let mut bench = Bench::new(CLEAN);
    bench.request.profile.topic.existing = Some("orders".to_owned());
    bench.run().unwrap();
    assert_eq!(*bench.starter.script.calls.borrow(), ["stop"]);

    let mut bench = Bench::new(CLEAN);
    bench.request.profile.topic.existing = Some("orders".to_owned());
    bench.request.profile.configurations[0].partitions = 4;
    let error = bench.run().unwrap_err().to_string();
    assert!(error.contains("set topic.partitions to 3"), "{error}");
}

#[test]
fn what_is_left_on_the_target_is_told_with_its_cause_and_stored() {
    let bench = Bench::new(CLEAN);
    bench.starter.script.keeps_topics.set(true);
    bench.starter.script.does_not_stop.set(true);
    let mut heard = Heard::default();
    bench.run_heard(&mut heard).unwrap();
    let notices: Vec<&str> = heard
        .lines
        .iter()
        .filter_map(|line| line.strip_prefix("notice "))
        .collect();
    let [topics, stop] = notices[..] else {
        panic!("{notices:?}");
    };
    assert_eq!(topics.matches("kpbench-").count(), 6, "{topics}");
    assert!(
        topics.contains("TOPIC_AUTHORIZATION_FAILED") && !topics.contains("hunter2"),
        "{topics}"
    );
    assert!(stop.contains("its data directory is still there"), "{stop}");
    assert_eq!(manifest(&bench).warnings, notices);
}

#[test]
fn on_an_existing_topic_a_trial_counts_from_where_the_one_before_it_came_to_stand() {
    let mut bench = Bench::new(CLEAN);
    bench.request.profile.topic.existing = Some("orders".to_owned());
    bench.starter.script.shared_log.set(Some(70));
    bench.run().unwrap();
    let appended: Vec<_> = bench.records().iter().map(|record| record.broker.appended).collect();
    assert_eq!(appended, [Some(3_000); 6]);
}

#[test]
fn watermarks_must_stand_still_for_longer_where_records_are_missing_or_in_doubt() {
    // All twins start from a sum of 7 and report 3,000 records sent and acknowledged.
    let still_ms = |script: &str, acks: Acks| {
        let mut bench = Bench::new(script);
        bench.request.profile.configurations.truncate(1);
        bench.request.profile.configurations[0].acks = acks;
        bench.run().unwrap();
        let patience = bench.starter.script.patience.borrow()[0];
        (patience.expected, patience.still.as_millis())
    };
    assert_eq!(still_ms(CLEAN, Acks::All), (3_007, 40));
    assert_eq!(still_ms(CLEAN, Acks::None), (3_007, 40));
    let doubtful = "read -r spec; cat hello ready started interval ended doubtful";
    assert_eq!(still_ms(doubtful, Acks::All), (3_007, 1_000));
    assert_eq!(still_ms("read -r spec; cat hello failed", Acks::All), (0, 40));
}

#[test]
fn configurations_in_which_the_client_does_the_same_share_one_measurement_of_headroom() {
    let mut bench = Bench::new(
        "read -r spec; case $spec in *headroom*) echo run >> headrooms;; esac; cat hello ready started interval ended result",
    );
    bench.request.profile.run.headroom = true;
    bench.request.profile.run.repetitions = 1;
    for (configuration, acks) in bench.request.profile.configurations.iter_mut().zip(["all", "1"]) {
        let properties = [("acks", acks), ("linger.ms", "5")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        configuration.effective_properties = properties.into();
    }
    let headrooms = bench.temporary.path().join("headrooms");
    let measured = || fs::read_to_string(&headrooms).unwrap().lines().count();
    bench.run().unwrap();
    let of_each: Vec<_> = bench
        .records()
        .into_iter()
        .map(|record| record.headroom.map(|h| h.ratio))
        .collect();
    assert_eq!((of_each, measured()), (vec![Some(1.0); 2], 1));

    // A resumed run knows the rate from the trial that is stored.
    let stored = bench.directory().join("trials.jsonl");
    let lines = fs::read_to_string(&stored).unwrap();
    fs::write(&stored, format!("{}\n", lines.lines().next().unwrap())).unwrap();
    bench.resume();
    bench.run().unwrap();
    let of_each: Vec<_> = bench
        .records()
        .into_iter()
        .map(|record| record.headroom.map(|h| h.ratio))
        .collect();
    assert_eq!((of_each, measured()), (vec![Some(1.0); 2], 1));
}

#[test]
fn slow_polls_of_the_watermarks_are_stored_as_uncertainty() {
    let mut bench = Bench::new(CLEAN);
    bench.request.profile.configurations[0].acks = Acks::None;
    bench.starter.script.poll_takes.set(Duration::from_millis(500));
    bench.run().unwrap();
    let records = bench.records();
    let without = records
        .iter()
        .find(|record| record.planned.configuration_id == "c-00000001")
        .unwrap();
    assert_eq!(without.broker.window_uncertainty_s, Some(0.5));
    let told = without
        .warnings
        .iter()
        .any(|warning| warning.contains("acks=0: no throughput"));
    assert!(told, "{:?}", without.warnings);
}
