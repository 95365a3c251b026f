//! Coupon messages in other formats: what a consumer and another library's Avro reader find, and registries that do not do.

use kpbench::protocol::RecordKind;
use kpbench::serialize::{AvroSchema, CouponIssueMessage, custom, read_header};

use crate::read_back::{all, all_as, distinct};
use crate::registry::{Door, Registry, in_front_of};
use crate::runs::{USERS, count, profile};
use crate::support::{Bench, Broker};

fn section(url: &str, further: &str) -> String {
    format!("[schema-registry]\nurl = \"{url}\"\n{further}\n")
}

fn pair(message: &CouponIssueMessage) -> (String, String) {
    (message.user_id.to_string(), message.coupon_id.to_string())
}

/// A coupon message by the schema that the registry has for the id in the value.
fn from_avro(registry: &Registry, value: &[u8]) -> (u32, (String, String)) {
    let (id, mut datum) = read_header(value).unwrap();
    let known = registry.get(&format!("/schemas/ids/{id}"));
    let schema = apache_avro::Schema::parse_str(known["schema"].as_str().unwrap()).unwrap();
    let read = apache_avro::from_avro_datum(&schema, &mut datum, None).unwrap();
    assert!(datum.is_empty());
    (id, pair(&apache_avro::from_value(&read).unwrap()))
}

#[test]
fn every_user_has_one_record_in_every_format_and_avro_is_what_the_registry_says() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let matrix = "[matrix]\nvalue.serializer = [\"json\", \"avro\", \"custom\"]\n";
    let rest = matrix.to_owned() + &section(&registry.url, "");
    let bench = Bench::new(&profile(&broker, "batch-size = 200\nkey = \"user-id\"", &rest));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    let (configurations, topics) = (bench.configurations(), broker.topics_of(&bench));
    let mut messages = Vec::new();
    for trial in bench.trials() {
        let id = trial["trial_id"].as_str().unwrap();
        let of_trial = |one: &&serde_json::Value| one["id"] == trial["configuration_id"];
        let format = configurations.iter().find(of_trial).unwrap()["label"].as_str().unwrap();
        let topic = topics.iter().find(|topic| topic.contains(id)).unwrap();
        let cost = &trial["result"]["serialization"];
        let (servers, bytes) = (broker.servers(), count(cost, "/bytes") / count(cost, "/records"));
        let records = match format {
            "json" => all(servers, topic, 6),
            "custom" => all_as(servers, topic, 6, &|value| {
                pair(&custom::read_coupon_issue(value).unwrap())
            }),
            _ => {
                let latest = registry.get(&format!("/subjects/{topic}-value/versions/latest"));
                assert_eq!(latest["id"], cost["schema_id"], "{cost}");
                all_as(servers, topic, 6, &|value| {
                    let (id, read) = from_avro(&registry, value);
                    assert_eq!(latest["id"], serde_json::json!(id));
                    read
                })
            }
        };
        assert_eq!(records.len(), USERS, "{format}");
        assert_eq!(
            distinct(&records),
            (USERS, 3, USERS),
            "{format}: users, coupons, trace ids"
        );
        for record in &records {
            assert_eq!(record.key.as_ref(), Some(&record.user), "{format}");
            let names: Vec<&str> = record.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["globalTraceId", "__TypeId__"], "{format}");
        }
        let expected = [("json", 99), ("avro", 79), ("custom", 32)];
        assert!(expected.contains(&(format, bytes)), "{format}: {bytes} B");
        assert!(count(cost, "/time_ns") > 0);
        messages.push(
            records
                .into_iter()
                .map(|one| (one.user, one.coupon))
                .collect::<Vec<_>>(),
        );
        broker.wait(broker.target().delete_topic(topic)).unwrap();
    }
    messages.iter_mut().for_each(|one| one.sort());
    assert_eq!(messages.len(), 3);
    assert!(
        messages.iter().all(|one| *one == messages[0]),
        "the same users with the same coupons"
    );
}

#[test]
fn subjects_of_the_runs_topics_go_with_them() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let text = profile(&broker, "batch-size = 200", &section(&registry.url, ""));
    let bench = Bench::new(&text.replace(
        "[workload.arrival]",
        "[workload]\nvalue-serializer = \"avro\"\n[workload.arrival]",
    ));
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(registry.subjects(), [""; 0]);
    assert_eq!(count(&bench.trials()[0], "/result/drain/removed_unacknowledged"), 0);
}

/// Avro for the only configuration, with this section.
fn avro(broker: &Broker, section: &str, workload: &str) -> Bench {
    let text = profile(broker, "batch-size = 200", section);
    let workload = format!("[workload]\nvalue-serializer = \"avro\"\n{workload}\n[workload.arrival]");
    Bench::new(&text.replace("[workload.arrival]", &workload))
}

#[test]
fn a_registry_that_does_not_do_ends_the_run_before_it_begins() {
    let (broker, mut registry) = (Broker::shared(), Registry::start());
    // `alice:right-Pa55word` in base64.
    let guarded = in_front_of(&registry, Door::Credentials("Basic YWxpY2U6cmlnaHQtUGE1NXdvcmQ="));
    let silent = in_front_of(&registry, Door::Silent);
    let own = AvroSchema::own(RecordKind::CouponIssue);
    let other = AvroSchema::parse("other", &own.replace("\"couponId\"", "\"voucherId\"")).unwrap();
    registry
        .client(&[])
        .register("kpbench.CouponIssueMessage", &other)
        .unwrap();
    let by_record = "value.subject.name.strategy = \"RecordNameStrategy\"";
    let refused = |section: &str, words: &[&str]| {
        let bench = avro(&broker, section, "");
        let said = bench.sweep(&[]);
        assert_eq!(said.code, 2, "{}", said.stderr);
        for words in words.iter().chain(&["p.toml:"]) {
            assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
        }
        assert!(!bench.run_directory().exists(), "{}", said.stderr);
    };
    refused(&section(&guarded, ""), &["HTTP 401", "basic.auth.user.info"]);
    refused(
        &section(&silent, "http.read.timeout.ms = 300"),
        &["did not answer", "300 ms"],
    );
    refused(&section(&registry.url, by_record), &["refuses the schema", "HTTP 409"]);
    refused("", &["avro needs a Schema Registry", "[schema-registry]"]);
    registry.kill();
    refused(
        &section(&registry.url, ""),
        &["cannot be reached", "schema.registry.url"],
    );
}

#[test]
fn a_schema_that_the_message_does_not_match_is_shown_where_it_stands() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let bench = avro(&broker, &section(&registry.url, ""), "schema = \"mine.avsc\"");
    let own = AvroSchema::own(RecordKind::CouponIssue);
    std::fs::write(bench.path("mine.avsc"), own.replace("\"couponId\"", "\"voucherId\"")).unwrap();
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    for words in [
        "p.toml:",
        "mine.avsc does not match the record coupon-issue",
        "couponId",
    ] {
        assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
    }
}

#[test]
fn a_registry_that_dies_fails_the_trial_that_asks_it_with_the_cause() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    // The proof before the run, then the first trial before and after its load: the second one finds nobody.
    let url = in_front_of(&registry, Door::Connections(3));
    let bench = avro(&broker, &section(&url, ""), "");
    let text = std::fs::read_to_string(bench.path("p.toml")).unwrap();
    std::fs::write(bench.path("p.toml"), text.replace("repetitions = 1", "repetitions = 2")).unwrap();
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 4, "{}", said.stderr);
    let trials = bench.trials();
    assert_eq!(trials[0]["outcome"]["outcome"], "completed", "{}", trials[0]["outcome"]);
    let cause = trials[1]["outcome"]["cause"].as_str().unwrap();
    assert!(
        cause.contains("Schema Registry") && cause.contains("cannot be reached"),
        "{cause}"
    );
}
