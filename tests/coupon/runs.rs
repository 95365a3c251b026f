//! Whole runs of the binary: from the profile to the broker, to Redis, and to the report.

use std::fs;

use kpbench::load::drain::list_name;
use kpbench::process::{Signal, send_signal};
use kpbench::target::NewTopic;
use serde_json::Value;

use crate::read_back::{all, distinct};
use crate::redis_server::Redis;
use crate::support::{Bench, Broker, wait_until};

pub fn profile(broker: &Broker, arrival: &str, further: &str) -> String {
    format!(
        r#"
        name = "coupon"
        [target]
        kind = "external"
        bootstrap-servers = "{}"
        [topic]
        partitions = 6
        [workload.arrival]
        pattern = "scheduled-drain"
        users.rate = 400
        coupons = 3
        fixed-rate = "250ms"
        type-id = "com.example.CouponIssueMessage"
        {arrival}
        [producer]
        defaults = "java"
        acks = "all"
        enable.idempotence = true
        linger.ms = 0
        {further}
        [run]
        repetitions = 1
        warmup = "500ms"
        measure = "2s"
        conditioning = "0ms"
        headroom = false
        "#,
        broker.servers()
    )
}

/// 400 users/s for 2.5 s.
pub const USERS: usize = 1_000;

pub fn count(value: &Value, pointer: &str) -> u64 {
    let found = value.pointer(pointer).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no count at {pointer}: {value}"))
}

/// All trials of a run may write to the service's own topic, which stays.
#[test]
fn an_existing_topic_gets_the_records_of_all_trials() {
    let broker = Broker::shared();
    let name = "kpbench-existing-coupon_issue";
    let topic = NewTopic {
        name: name.to_owned(),
        partitions: 6,
        replication_factor: 1,
        config: Default::default(),
    };
    broker.wait(broker.target().create_topic(&topic)).unwrap();
    let matrix = "[matrix]\nsend.mode = [\"sync\", \"async\"]\n";
    let existing = format!("[topic]\nexisting = \"{name}\"\n");
    let text = profile(&broker, "batch-size = 200", matrix).replace("[topic]\n", &existing);
    let bench = Bench::new(&text);
    let said = bench.sweep(&["--existing-topic", name]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    for trial in bench.trials() {
        assert_eq!(count(&trial, "/broker/appended"), USERS as u64, "of this trial alone");
    }
    let records = all(broker.servers(), name, 6);
    assert_eq!(records.len(), 2 * USERS);
    assert_eq!(
        distinct(&records),
        (USERS, 3, USERS),
        "trials of a block have the same users"
    );
    broker.wait(broker.target().delete_topic(name)).unwrap();
}

#[test]
fn every_user_has_one_record_with_key_and_headers_in_every_send_mode() {
    let broker = Broker::shared();
    let matrix = r#"
        [matrix]
        send.mode = ["fire-and-forget", "sync", "async"]
        arrival.key = ["none", "user-id"]
        "#;
    let bench = Bench::new(&profile(&broker, "batch-size = 200", matrix));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    let topics = broker.topics_of(&bench);
    assert_eq!(topics.len(), 6);
    let keyed: Vec<String> = bench
        .configurations()
        .iter()
        .filter(|one| one["label"].as_str().unwrap().contains("user-id"))
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(keyed.len(), 3);
    for topic in topics {
        assert!(
            topic.starts_with("kpbench-") && topic.ends_with("-coupon_issue"),
            "{topic}"
        );
        let records = all(broker.servers(), &topic, 6);
        broker.wait(broker.target().delete_topic(&topic)).unwrap();
        assert_eq!(records.len(), USERS, "{topic}");
        assert_eq!(
            distinct(&records),
            (USERS, 3, USERS),
            "users, coupons, trace ids of {topic}"
        );
        let is_keyed = keyed.iter().any(|id| topic.contains(id.as_str()));
        for record in &records {
            assert_eq!(record.key.is_some(), is_keyed);
            assert!(record.key.as_ref().is_none_or(|key| *key == record.user));
            let names: Vec<&str> = record.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["globalTraceId", "__TypeId__"]);
            assert_eq!(record.headers[1].1, "com.example.CouponIssueMessage");
        }
    }
    for trial in bench.trials() {
        assert_eq!(count(&trial, "/result/drain/removed"), USERS as u64);
        assert_eq!(count(&trial, "/result/drain/removed_unacknowledged"), 0);
        assert_eq!(count(&trial, "/broker/appended"), USERS as u64);
        let waited = count(&trial, "/result/drain/user_wait/count");
        assert_eq!(waited, 800, "those who arrived in the window");
    }
}

#[test]
fn the_report_says_how_large_a_batch_must_be_and_draws_the_queue() {
    let broker = Broker::shared();
    // 33.3 users per coupon and run.
    let matrix = "[matrix]\narrival.batch-size = [20, 60]";
    let text = profile(&broker, "order = \"pop-then-send\"", matrix);
    let bench = Bench::new(&text.replace("[run]\n", "[run]\ndrain-timeout = \"300ms\"\n"));
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let told = "60 users per coupon and run is the smallest batch of those swept (20 and 60) whose queue does not grow";
    let one_line = said.stdout.replace("\n  ", " ");
    assert!(one_line.contains(told), "{}", said.stdout);
    let markdown = fs::read_to_string(bench.run_directory().join("summary.md")).unwrap();
    assert!(
        markdown.contains("## Waiting queues") && markdown.contains(told),
        "{markdown}"
    );
    let page = fs::read_to_string(bench.run_directory().join("report.html")).unwrap();
    assert!(page.contains("<section id=\"queues\">") && page.contains("Users waiting over time"));
    assert!(bench.run_directory().join("charts/queue-length.svg").exists());
    let configurations = bench.configurations();
    let of = |label: &str| configurations.iter().find(|one| one["label"] == label).unwrap();
    let (small, large) = (of("batches of 20"), of("batches of 60"));
    assert_eq!((count(small, "/drain/grew"), count(large, "/drain/grew")), (1, 0));
    assert!(count(small, "/drain/waiting_at_end") > 0);
    assert_eq!(count(small, "/undecided"), count(small, "/drain/waiting_at_end"));
    assert_eq!(count(large, "/drain/waiting_at_end"), 0);
    let warnings = small["warnings"].to_string();
    assert!(warnings.contains("The waiting queues grew"), "{warnings}");
}

#[test]
fn nothing_is_said_of_queues_where_there_are_none() {
    let broker = Broker::shared();
    let text = format!(
        "name = \"plain\"\n[target]\nkind = \"external\"\nbootstrap-servers = \"{}\"\n[workload]\nrate = \"1k\"\n\
         [producer]\ndefaults = \"java\"\n[run]\nrepetitions = 1\nwarmup = \"100ms\"\nmeasure = \"500ms\"\nheadroom = false\n",
        broker.servers()
    );
    let bench = Bench::new(&text);
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let page = fs::read_to_string(bench.run_directory().join("report.html")).unwrap();
    assert!(!page.contains("id=\"queues\"") && !said.stdout.contains("removed without"));
    bench.assert_nowhere("\"drain\":");
}

#[test]
fn users_wait_in_redis_lists_and_those_left_in_them_have_no_record() {
    let broker = Broker::shared();
    let bench = Bench::new("");
    let redis = Redis::start();
    let arrival = format!("batch-size = 25\nqueue = \"{}\"", redis.url);
    let text = profile(&broker, &arrival, "").replace("[run]\n", "[run]\ndrain-timeout = \"300ms\"\n");
    fs::write(bench.path("p.toml"), text).unwrap();
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let topic = broker.topics_of(&bench).pop().unwrap();
    let records = all(broker.servers(), &topic, 6);
    broker.wait(broker.target().delete_topic(&topic)).unwrap();
    let waiting: Vec<String> = (0..3)
        .flat_map(|coupon| redis.ask::<Vec<String>>(&["LRANGE", &list_name(&topic, coupon), "0", "-1"]))
        .collect();
    let trial = bench.trials().remove(0);
    assert!(!waiting.is_empty());
    assert_eq!(waiting.len() as u64, count(&trial, "/result/drain/waiting_at_end"));
    assert_eq!(
        waiting.len() + records.len(),
        USERS,
        "everybody is in the list or in the topic"
    );
    for entry in &waiting {
        let user = entry.split(' ').next().unwrap();
        assert!(records.iter().all(|record| record.user != user), "{user} is in both");
    }
    let expiry: i64 = redis.ask(&["TTL", &list_name(&topic, 0)]);
    assert!(expiry > 0, "nothing is left in Redis for ever");
}

#[test]
fn a_redis_that_is_not_there_ends_the_run_before_it_begins() {
    let broker = Broker::shared();
    let bench = Bench::new("");
    let redis = Redis::start();
    let url = redis.url.clone();
    drop(redis);
    let arrival = format!("batch-size = 25\nqueue = \"{url}\"");
    fs::write(bench.path("p.toml"), profile(&broker, &arrival, "")).unwrap();
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(
        said.stderr
            .contains(&format!("the waiting queue {url} cannot be reached")),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("remedy:") && said.stderr.contains("queue = \"memory\""),
        "{}",
        said.stderr
    );
    assert!(!bench.run_directory().exists(), "nothing was begun");
}

#[test]
fn a_redis_that_dies_in_a_trial_fails_that_trial_with_the_cause() {
    let broker = Broker::shared();
    let bench = Bench::new("");
    let redis = Redis::start();
    let arrival = format!("batch-size = 25\nqueue = \"{}\"", redis.url);
    let text = profile(&broker, &arrival, "").replace("measure = \"2s\"", "measure = \"30s\"");
    fs::write(bench.path("p.toml"), text).unwrap();
    let running = bench.start(&[]);
    wait_until("a user in Redis", || {
        !redis.ask::<Vec<String>>(&["KEYS", "kpbench:*"]).is_empty()
    });
    send_signal(redis.id(), Signal::Kill).unwrap();
    let said = running.ended();
    assert_eq!(said.code, 4, "{}", said.stderr);
    let trial = bench.trials().remove(0);
    assert_eq!(trial["outcome"]["outcome"], "failed", "{trial}");
    let cause = trial["outcome"]["cause"].as_str().unwrap();
    assert!(cause.contains(&format!("the waiting queue {}", redis.url)), "{cause}");
}
