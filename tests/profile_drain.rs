//! `pattern = "scheduled-drain"` as a profile gives it: what is read, what may be an axis, and what is refused where.

use std::path::Path;

use kpbench::profile::{self, Override, Profile, ProfileError};
use kpbench::protocol::{
    CouponKey, DrainOrder, RecordKind, ScheduledDrain, SerializerKind, UserPattern, WaitingQueues,
};

fn text(arrival: &str, further: &str) -> String {
    format!(
        "name = \"p\"\n[target]\nkind = \"mock\"\n[producer]\ndefaults = \"java\"\n[run]\nmeasure = \"20s\"\n\
         [workload.arrival]\npattern = \"scheduled-drain\"\n{arrival}\n{further}\n"
    )
}

fn parse(text: &str, overrides: &[(&str, &str)]) -> Result<Profile, ProfileError> {
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|(key, value)| Override {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            origin: format!("--set {key}"),
        })
        .collect();
    profile::parse("test.toml", text, Path::new(""), &overrides)
}

fn drains(profile: &Profile) -> Vec<&ScheduledDrain> {
    let all = profile.configurations.iter();
    all.map(|one| one.workload.arrival.scheduled_drain().unwrap()).collect()
}

/// The only problem of a profile: what is wrong, in which line, and what to do about it.
fn problem(text: &str, overrides: &[(&str, &str)]) -> (String, Option<usize>, String) {
    let error = match parse(text, overrides) {
        Ok(_) => panic!("this profile must be refused:\n{text}"),
        Err(error) => error,
    };
    let problems = error.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    (
        problems[0].message().to_owned(),
        problems[0].position().map(|(_, line, _)| line),
        problems[0].remedy().to_owned(),
    )
}

const PLAIN: &str = "users.rate = \"1k\"\nbatch-size = 100";

#[test]
fn every_key_is_read_and_the_rest_has_defaults() {
    let profile = parse(&text(PLAIN, ""), &[]).unwrap();
    let expected = ScheduledDrain {
        users_per_s: 1_000.0,
        users_pattern: UserPattern::Constant,
        coupons: 1,
        every_us: 3_000_000,
        batch_size: 100,
        order: DrainOrder::SendThenRemove,
        queue: WaitingQueues::Memory,
        key: CouponKey::None,
        type_id: None,
    };
    assert_eq!(drains(&profile), [&expected]);
    assert_eq!(profile.configurations[0].workload.payload.size.max_bytes(), 99);
    let all = "users.rate = 5\nusers.pattern = \"poisson\"\ncoupons = 4\nfixed-rate = \"500ms\"\nbatch-size = 7\n\
               order = \"pop-then-send\"\nkey = \"user-id\"\nqueue = \"redis://h:1/2\"\ntype-id = \"a.B\"";
    let profile = parse(&text(all, ""), &[]).unwrap();
    let expected = ScheduledDrain {
        users_per_s: 5.0,
        users_pattern: UserPattern::Poisson,
        coupons: 4,
        every_us: 500_000,
        batch_size: 7,
        order: DrainOrder::PopThenSend,
        queue: WaitingQueues::Redis {
            url: "redis://h:1/2".to_owned(),
        },
        key: CouponKey::UserId,
        type_id: Some("a.B".to_owned()),
    };
    assert_eq!(drains(&profile), [&expected]);
}

#[test]
fn its_settings_are_axes_with_exclusions_and_can_be_set_one_by_one() {
    let matrix = "[matrix]\narrival.batch-size = [10, 20]\narrival.order = [\"send-then-remove\", \"pop-then-send\"]\n\
                  [[exclude]]\narrival.order = \"pop-then-send\"\narrival.batch-size = 10\n";
    let profile = parse(&text("users.rate = 5", matrix), &[("workload.arrival.coupons", "3")]).unwrap();
    let labels: Vec<&str> = profile.configurations.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "batches of 10 send-then-remove",
            "batches of 20 send-then-remove",
            "batches of 20 pop-then-send"
        ]
    );
    let sizes: Vec<(u32, u32)> = drains(&profile)
        .iter()
        .map(|one| (one.batch_size, one.coupons))
        .collect();
    assert_eq!(sizes, [(10, 3), (20, 3), (20, 3)]);
    // An axis that is narrowed from outside needs no other exclusions; in the profile itself a wrong value is a mistake.
    let sizes_of = |text: &str, sizes: &str| -> Vec<String> {
        let narrowed = parse(text, &[("matrix.arrival.batch-size", sizes)]).unwrap();
        narrowed.configurations.iter().map(|one| one.label.clone()).collect()
    };
    let whole = text("users.rate = 5", matrix);
    assert_eq!(
        sizes_of(&whole, "[20]"),
        ["batches of 20 send-then-remove", "batches of 20 pop-then-send"]
    );
    assert_eq!(sizes_of(&whole, "[10]"), ["batches of 10 send-then-remove"]);
    let (message, _, _) = problem(&whole.replace("= 10\n", "= 11\n"), &[]);
    assert!(message.contains("an exclusion names a value"), "{message}");
    let ids: std::collections::BTreeSet<&str> = profile.configurations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn rates_that_cannot_be_are_refused_at_their_place() {
    for rate in ["0", "-5", "-1.5"] {
        let (message, line, _) = problem(&text(&format!("users.rate = {rate}\nbatch-size = 5"), ""), &[]);
        assert_eq!(
            (message.as_str(), line),
            ("users.rate is no rate of users", Some(10)),
            "{rate}"
        );
    }
    let error = parse(&text("users.rate = \"101k\"\nbatch-size = 5", ""), &[]).unwrap_err();
    let mut shown = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .render_report(&mut shown, &error.problems()[0])
        .unwrap();
    assert!(shown.contains("at most 100000/s"), "{shown}");
    let (message, _, _) = problem(&text("batch-size = 5", ""), &[]);
    assert!(message.contains("needs users.rate"), "{message}");
}

#[test]
fn batches_of_nobody_are_refused() {
    let (message, line, remedy) = problem(&text("users.rate = 5\nbatch-size = 0", ""), &[]);
    assert_eq!((message.as_str(), line), ("batch-size is out of range", Some(11)));
    assert!(remedy.contains("from 1 to"), "{remedy}");
    let (message, line, remedy) = problem(&text("users.rate = 5", ""), &[]);
    assert_eq!((message.as_str(), line), ("scheduled-drain needs batch-size", Some(8)));
    assert!(remedy.contains("arrival.batch-size"), "{remedy}");
}

#[test]
fn a_fixed_rate_beyond_the_window_is_refused_and_a_window_of_few_runs_told() {
    let long = text(&format!("{PLAIN}\nfixed-rate = \"21s\""), "");
    let (message, line, remedy) = problem(&long, &[]);
    assert_eq!(
        (message.as_str(), line),
        ("the fixed rate (21s) is longer than the window (20s)", Some(12))
    );
    assert!(remedy.contains("run.measure"), "{remedy}");
    let few = parse(&text(&format!("{PLAIN}\nfixed-rate = \"6s\""), ""), &[]).unwrap();
    assert!(
        few.warnings
            .iter()
            .any(|warning| warning.contains("fewer than four runs")),
        "{:?}",
        few.warnings
    );
}

#[test]
fn queues_that_are_none_are_refused_and_a_password_is_not_shown() {
    for queue in [
        "disk",
        "redis://",
        "redis://h:x",
        "redis://:80",
        "rediss://h:1",
        "REDISS://h:1",
        "rediss:h",
    ] {
        let (message, _, remedy) = problem(&text(&format!("{PLAIN}\nqueue = \"{queue}\""), ""), &[]);
        assert_eq!(message, "queue is no waiting queue", "{queue}");
        assert!(
            remedy.contains("memory") && remedy.contains("redis://127.0.0.1"),
            "{remedy}"
        );
    }
    let error = parse(&text(&format!("{PLAIN}\nqueue = \"redis://u:hunter2@h:1\""), ""), &[]).unwrap_err();
    assert!(error.problems()[0].remedy().contains("REDISCLI_AUTH"));
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn redis_over_tls_is_refused_at_its_place_and_never_plain() {
    let (_, line, remedy) = problem(&text(&format!("{PLAIN}\nqueue = \"rediss://h:6380/0\""), ""), &[]);
    assert_eq!(line, Some(12));
    assert!(remedy.contains("TLS tunnel"), "{remedy}");
    // Where a spec comes from elsewhere: the client itself refuses, before it connects.
    let error = kpbench::load::drain::probe("rediss://127.0.0.1:1/0")
        .unwrap_err()
        .to_string();
    assert!(error.to_lowercase().contains("tls"), "{error}");
}

#[test]
fn the_value_is_serialized_as_json_or_as_was_said() {
    let with = |more: &str, rest: &str| {
        text(PLAIN, rest).replace("[workload.arrival]", &format!("[workload]\n{more}\n[workload.arrival]"))
    };
    let registry = "[schema-registry]\nurl = \"http://h:1\"";
    let serialized = |text: &str| {
        let profile = parse(text, &[]).unwrap();
        let found = profile.configurations.iter().map(|one| {
            let serialization = one.workload.serialization.clone().unwrap();
            assert_eq!(serialization.record, RecordKind::CouponIssue);
            (
                serialization.value,
                one.workload.payload.size.max_bytes(),
                one.label.clone(),
            )
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(
        serialized(&with("", "")),
        [(SerializerKind::Json, 99, "default".to_owned())]
    );
    let class = "value-serializer = \"KafkaAvroSerializer\"";
    assert_eq!(serialized(&with(class, registry))[0].0, SerializerKind::Avro);
    let axis = "[matrix]\nvalue.serializer = [\"json\", \"avro\", \"custom\"]";
    let all = serialized(&text(PLAIN, &format!("{registry}\n{axis}")));
    let expected = [
        (SerializerKind::Json, 99, "json".to_owned()),
        (SerializerKind::Avro, 79, "avro".to_owned()),
        (SerializerKind::Custom, 32, "custom".to_owned()),
    ];
    assert_eq!(all, expected);
    for (more, words) in [
        ("value-serializer = \"avro\"", "avro needs a Schema Registry"),
        ("value-serializer = \"bytes\"", "cannot be serialized as bytes"),
        (
            "record = \"order\"",
            "the record order with the arrival pattern scheduled-drain",
        ),
        ("serialize-cost = false", "cannot be serialized before the trial"),
    ] {
        let (message, line, _) = problem(&with(more, ""), &[]);
        assert!(message.contains(words), "{message}");
        assert_eq!(line, Some(9), "{more}");
    }
    let (message, _, remedy) = problem(&with("", ""), &[("workload.serialize-cost", "false")]);
    assert!(
        message.contains("before the trial") && remedy.contains("--no-serialize-cost"),
        "{remedy}"
    );
}

#[test]
fn one_scheduler_has_one_producer_and_one_thread() {
    let with =
        |more: &str| text(PLAIN, "").replace("[workload.arrival]", &format!("[workload]\n{more}\n[workload.arrival]"));
    assert!(problem(&with("producers = 2"), &[]).0.contains("2 producers"));
    let (message, _, _) = problem(&with("send.mode = \"sync\"\nsend.concurrency = 4"), &[]);
    assert!(message.contains("4 sending threads"), "{message}");
    let sized = parse(&with("record.size = 500"), &[]).unwrap();
    assert!(
        sized
            .warnings
            .iter()
            .any(|warning| warning.starts_with("record.size has no effect"))
    );
    assert!(
        problem(&with("headers = {a = \"b\"}"), &[])
            .0
            .contains("headers with the arrival pattern")
    );
}

#[test]
fn its_axes_belong_to_it_and_its_keys_too() {
    let foreign = "name = \"p\"\n[target]\nkind = \"mock\"\n[producer]\ndefaults = \"java\"\n[matrix]\narrival.batch-size = [1, 2]\n";
    let (message, line, remedy) = problem(foreign, &[]);
    assert_eq!(
        (message.as_str(), line),
        (
            "the axis arrival.batch-size belongs to the arrival pattern scheduled-drain",
            Some(7)
        )
    );
    assert!(remedy.contains("[workload.arrival]"), "{remedy}");
    let (message, line, _) = problem(&text(&format!("{PLAIN}\nbatchsize = 5"), ""), &[]);
    assert!(message.contains("batchsize"), "{message}");
    assert_eq!(line, Some(12));
}
