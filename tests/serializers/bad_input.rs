//! Registries and schemas that do not do: each is told before the load starts, with place and remedy.

use kpbench::serialize::AvroSchema;

use crate::records::profile;
use crate::registry::{Door, Registry, in_front_of};
use crate::support::{Bench, Broker, Said};

const AVRO: &str = "record = \"coupon-issue\"\nvalue-serializer = \"avro\"";

/// Asserts wrong usage, told with these words, and that nothing was begun.
fn assert_refused(bench: &Bench, said: &Said, words: &[&str]) {
    assert_eq!(said.code, 2, "{}", said.stderr);
    for words in words {
        assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
    }
    assert!(!said.stderr.contains("Starting target"), "{}", said.stderr);
    assert!(!bench.run_directory().exists(), "{}", said.stderr);
}

fn refused(broker: &Broker, section: &str, words: &[&str]) {
    let bench = Bench::new(&profile(broker, AVRO, &format!("[schema-registry]\n{section}")));
    let said = bench.sweep(&[]);
    assert_refused(&bench, &said, words);
    assert!(!said.stderr.contains("Pa55word"), "{}", said.stderr);
}

#[test]
fn a_registry_that_is_down_slow_or_wants_credentials() {
    let (broker, mut registry) = (Broker::shared(), Registry::start());
    let silent = in_front_of(&registry, Door::Silent);
    refused(
        &broker,
        &format!("url = \"{silent}\"\nhttp.read.timeout.ms = 300"),
        &["p.toml:", &silent, "did not answer", "300 ms", "http.read.timeout.ms"],
    );
    // `alice:right-Pa55word` in base64.
    let guarded = in_front_of(&registry, Door::Credentials("Basic YWxpY2U6cmlnaHQtUGE1NXdvcmQ="));
    let user_info = |password: &str| {
        format!(
            "url = \"{guarded}\"\nbasic.auth.credentials.source = \"USER_INFO\"\nbasic.auth.user.info = \
             \"alice:{password}\""
        )
    };
    for section in [format!("url = \"{guarded}\""), user_info("wrong-Pa55word")] {
        refused(
            &broker,
            &section,
            &["p.toml:", &guarded, "HTTP 401", "basic.auth.user.info"],
        );
    }
    let in_url = format!(
        "url = \"{}\"",
        guarded.replace("http://", "http://alice:right-Pa55word@")
    );
    for section in [user_info("right-Pa55word"), in_url] {
        let bench = Bench::new(&profile(&broker, AVRO, &format!("[schema-registry]\n{section}")));
        let said = bench.sweep(&[]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        bench.assert_nowhere("right-Pa55word");
    }
    registry.kill();
    refused(
        &broker,
        &format!("url = \"{}\"", registry.url),
        &["p.toml:", "cannot be reached", "schema.registry.url"],
    );
}

#[test]
fn schemas_that_the_registry_refuses_or_the_record_does_not_match() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let own = AvroSchema::own(kpbench::protocol::RecordKind::CouponIssue);
    let other = own.replace("\"couponId\"", "\"voucherId\"");
    let other = AvroSchema::parse("other", &other).unwrap();
    registry
        .client(&[])
        .register("kpbench.CouponIssueMessage", &other)
        .unwrap();
    let by_record = format!(
        "url = \"{}\"\nvalue.subject.name.strategy = \"RecordNameStrategy\"",
        registry.url
    );
    refused(
        &broker,
        &by_record,
        &[
            "p.toml:",
            "refuses the schema",
            "kpbench.CouponIssueMessage",
            "HTTP 409",
            "compatib",
        ],
    );
    let looked_up = format!("{by_record}\nauto.register.schemas = false");
    refused(
        &broker,
        &looked_up,
        &["p.toml:", "no such schema", "auto.register.schemas=true"],
    );
    // The subject's latest schema is another record's.
    let latest = format!("{by_record}\nuse.latest.version = true");
    refused(
        &broker,
        &latest,
        &["p.toml:", "does not match the record coupon-issue", "couponId"],
    );

    let section = format!("[schema-registry]\nurl = \"{}\"", registry.url);
    for (schema, words) in [
        (
            own.replace("\"couponId\"", "\"voucherId\""),
            "does not match the record coupon-issue",
        ),
        (own.replace('}', ""), "is no Avro schema"),
        ("\"string\"".to_owned(), "describes no record"),
    ] {
        let bench = Bench::new(&profile(&broker, &format!("{AVRO}\nschema = \"mine.avsc\""), &section));
        std::fs::write(bench.path("mine.avsc"), schema).unwrap();
        assert_refused(&bench, &bench.sweep(&[]), &["p.toml:", "mine.avsc", words]);
    }
}

#[test]
fn a_registry_that_dies_fails_the_trial_that_asks_it_with_the_cause() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    // The proof before the run, then the first trial before and after its load: the second one finds nobody.
    let url = in_front_of(&registry, Door::Connections(3));
    let section = format!("[schema-registry]\nurl = \"{url}\"\n");
    let profile = profile(&broker, AVRO, &section).replace("repetitions = 1", "repetitions = 2");
    let bench = Bench::new(&profile);
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 4, "{}", said.stderr);
    let trials = bench.trials();
    assert_eq!(trials.len(), 2);
    assert_eq!(trials[0]["outcome"]["outcome"], "completed", "{}", trials[0]["outcome"]);
    let outcome = trials[1]["outcome"].to_string();
    assert!(
        outcome.contains("Schema Registry") && outcome.contains("cannot be reached"),
        "{outcome}"
    );
    assert!(said.stderr.contains("Schema Registry"), "{}", said.stderr);
}

#[test]
fn a_registry_that_dies_during_a_load_fails_that_trial_with_the_cause() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    for further in ["", "\nserialize-cost = false"] {
        // The proof before the run, then the trial before its load.
        let url = in_front_of(&registry, Door::Connections(2));
        let section = format!("[schema-registry]\nurl = \"{url}\"\n");
        let bench = Bench::new(&profile(&broker, &format!("{AVRO}{further}"), &section));
        let said = bench.sweep(&[]);
        assert_eq!(said.code, 4, "{}", said.stderr);
        let outcome = bench.trials()[0]["outcome"].to_string();
        for words in [
            "not to be had after it",
            "nobody can read them",
            "Schema Registry",
            "cannot be reached",
        ] {
            assert!(outcome.contains(words), "{words:?} is not in {outcome}");
        }
    }
}

#[test]
fn settings_that_are_not_used_are_told() {
    let broker = Broker::shared();
    let registry = "[schema-registry]\nurl = \"http://127.0.0.1:1\"\n";
    for (workload, rest, words) in [
        ("record = \"order\"\nschema = \"mine.avsc\"", "", "schema has no effect"),
        (
            "record = \"order\"\nrecord-size = 1000",
            "",
            "record.size has no effect",
        ),
        ("record = \"order\"\npayload = \"random\"", "", "payload has no effect"),
        ("key-serializer = \"string\"", "", "key.serializer has no effect"),
        (
            "value-serializer = \"string\"",
            "",
            "value-serializer = \"string\" has no effect",
        ),
        (
            "record = \"order\"\nvalue-serializer = \"json\"",
            "[producer]\nvalue.serializer = \"com.acme.Mine\"\n",
            "value.serializer=com.acme.Mine is not run",
        ),
        ("serialize-cost = false", "", "serialize-cost has no effect"),
    ] {
        let bench = Bench::new(&profile(&broker, workload, rest));
        std::fs::write(
            bench.path("mine.avsc"),
            AvroSchema::own(kpbench::protocol::RecordKind::Order),
        )
        .unwrap();
        let said = bench.kpbench(&["profile", "check", "p.toml"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let told = said.stderr + &said.stdout;
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    // Where one configuration does use it, nothing is to be told.
    let matrix = "[matrix]\nvalue.serializer = [\"json\", \"avro\"]\n".to_owned() + registry;
    let bench = Bench::new(&profile(&broker, "record = \"order\"\nschema = \"mine.avsc\"", &matrix));
    std::fs::write(
        bench.path("mine.avsc"),
        AvroSchema::own(kpbench::protocol::RecordKind::Order),
    )
    .unwrap();
    let said = bench.kpbench(&["profile", "check", "p.toml"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!(said.stderr + &said.stdout).contains("has no effect"));
}

#[test]
fn settings_that_do_not_go_together_are_shown_where_they_stand() {
    let broker = Broker::shared();
    for (workload, rest, words) in [
        (
            AVRO,
            "",
            &["p.toml:11:", "avro needs a Schema Registry", "[schema-registry]"][..],
        ),
        (
            "value-serializer = \"json\"",
            "",
            &["p.toml:10:", "no record to serialize", "record = \"order\""],
        ),
        (
            "record = \"order\"\nvalue-serializer = \"bytes\"",
            "",
            &["p.toml:", "cannot be serialized as bytes"],
        ),
        (
            "record = \"order\"\nvalue-serializer = \"protobuf\"",
            "",
            &["p.toml:", "no serializer that kpbench has", "KafkaAvroSerializer"],
        ),
        ("record = \"ordr\"", "", &["p.toml:10:", "coupon-issue, order"]),
        (
            "key-serializer = \"avro\"",
            "",
            &["p.toml:10:", "keys are texts or bytes", "string or bytes"],
        ),
        (
            "key-serializer = \"org.apache.kafka.common.serialization.LongSerializer\"",
            "",
            &["p.toml:10:", "form = \"binary\""],
        ),
        (
            "key-serializer = \"string\"\nkey = {kind = \"uniform\", keys = 9, form = \"binary\"}",
            "",
            &["p.toml:10:", "no strings"],
        ),
        (
            "record = \"order\"\nschema = \"nowhere.avsc\"",
            "",
            &["p.toml:11:", "the schema cannot be read", "nowhere.avsc"],
        ),
        (
            AVRO,
            "[schema-registry]\nurl = \"localhost:8081\"\n",
            &["p.toml:", "schema.registry.url cannot be used", "http://host:port"],
        ),
        (
            AVRO,
            "[schema-registry]\nurl = \"http://a:1\"\nauto.register.schema = false\n",
            &["p.toml:", "did you mean auto.register.schemas?"],
        ),
        (
            AVRO,
            "[schema-registry]\nurl = \"http://a:1\"\nauto.register.schemas = false\n",
            &["p.toml:", "a subject that cannot exist", "RecordNameStrategy"],
        ),
        (
            AVRO,
            "[schema-registry]\nurl = \"http://a:1\"\nschema.registry.ssl.truststore.location = \"trust.jks\"\n",
            &["p.toml:", "Java key store", "PEM"],
        ),
    ] {
        let bench = Bench::new(&profile(&broker, workload, rest));
        assert_refused(&bench, &bench.sweep(&[]), words);
    }
}

#[test]
fn a_properties_file_of_an_application_is_taken_as_it_is() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let properties = format!(
        "key.serializer=org.apache.kafka.common.serialization.StringSerializer\n\
         value.serializer=io.confluent.kafka.serializers.KafkaAvroSerializer\n\
         schema.registry.url={}\nvalue.subject.name.strategy=io.confluent.kafka.serializers.subject.RecordNameStrategy\n\
         avro.remove.java.properties=true\nacks=1\n",
        registry.url
    );
    let rest = "[producer]\nproperties-file = \"app.properties\"\n";
    for (workload, registers) in [("record = \"coupon-issue\"", true), ("", false)] {
        let bench = Bench::new(&profile(&broker, workload, rest));
        std::fs::write(bench.path("app.properties"), &properties).unwrap();
        let said = bench.sweep(&[]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        match registers {
            true => {
                assert_eq!(registry.subjects(), ["kpbench.CouponIssueMessage"]);
                registry
                    .client(&[])
                    .delete_subject("kpbench.CouponIssueMessage")
                    .unwrap();
            }
            // Payload values are bytes already: told, not done.
            false => {
                assert!(registry.subjects().is_empty());
                assert!(
                    said.stderr
                        .contains("value.serializer: taken, but does not touch the load"),
                    "{}",
                    said.stderr
                );
            }
        }
    }
    let own = properties.replace(
        "io.confluent.kafka.serializers.KafkaAvroSerializer",
        "com.acme.MySerializer",
    );
    let bench = Bench::new(&profile(&broker, "record = \"coupon-issue\"", rest));
    std::fs::write(bench.path("app.properties"), own).unwrap();
    assert_refused(
        &bench,
        &bench.sweep(&[]),
        &["app.properties:2:", "com.acme.MySerializer", "value-serializer"],
    );
}
