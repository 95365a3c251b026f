//! What was sent is what is read: formats, ids, subjects, figures.

use std::collections::HashSet;

use kpbench::serialize::{AvroSchema, CouponIssueMessage, Order, custom, read_header};

use crate::records::{kept, profile, result};
use crate::registry::Registry;
use crate::support::{Bench, Broker};

fn registry_section(registry: &Registry, further: &str) -> String {
    format!("[schema-registry]\nurl = \"{}\"\n{further}", registry.url)
}

#[test]
fn every_format_carries_the_same_records_and_avro_has_the_registrys_id() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let matrix = "[matrix]\nvalue.serializer = [\"json\", \"string\", \"avro\", \"custom\"]\n";
    let rest = matrix.to_owned() + &registry_section(&registry, "");
    let bench = Bench::new(&profile(&broker, "record = \"order\"", &rest));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    let kept = kept(&bench, &broker);
    let of = |label: &str| &kept[label];

    let as_text = |order: &Order| serde_json::to_string(order).unwrap();
    let json: Vec<Order> = of("json")
        .1
        .iter()
        .map(|value| serde_json::from_slice(value).unwrap())
        .collect();
    let expected: HashSet<String> = json.iter().map(as_text).collect();
    assert!(expected.len() > 200, "only {} different orders", expected.len());
    let string: HashSet<String> = of("string")
        .1
        .iter()
        .map(|value| String::from_utf8(value.clone()).unwrap())
        .collect();
    let custom: HashSet<String> = of("custom")
        .1
        .iter()
        .map(|value| as_text(&custom::read_order(value).unwrap()))
        .collect();
    let (topic, values) = of("avro");
    let version = registry.get(&format!("/subjects/{topic}-value/versions/latest"));
    let schema = apache_avro::Schema::parse_str(AvroSchema::own(kpbench::protocol::RecordKind::Order)).unwrap();
    let avro: HashSet<String> = values
        .iter()
        .map(|value| {
            let (id, mut datum) = read_header(value).unwrap();
            assert_eq!(
                serde_json::json!(id),
                version["id"],
                "the registry's id stands in each record"
            );
            let read = apache_avro::from_avro_datum(&schema, &mut datum, None).unwrap();
            as_text(&apache_avro::from_value(&read).unwrap())
        })
        .collect();
    // Trials of one block have the same seed; how many records each sent differs by a few.
    for (name, read) in [("string", &string), ("custom", &custom), ("avro", &avro)] {
        let missing = expected.symmetric_difference(read).count();
        assert!(missing < 100, "{name}: {missing} of {} differ", expected.len());
    }
    for label in ["json", "string", "avro", "custom"] {
        let cost = result(&bench, label)["serialization"].clone();
        let mean = cost["bytes"].as_f64().unwrap() / cost["records"].as_f64().unwrap();
        let values = &of(label).1;
        let read = values.iter().map(Vec::len).sum::<usize>() as f64 / values.len() as f64;
        assert!(
            (mean - read).abs() < read * 0.03,
            "{label}: {mean} B counted, {read} B read"
        );
        assert!(cost["time_ns"].as_u64().unwrap() > 0, "{cost}");
        let (cpu_ns, looked_at) = (
            cost["cpu_time_ns"].as_f64().unwrap(),
            cost["cpu_records"].as_f64().unwrap(),
        );
        assert!(cpu_ns > 0.0 && looked_at > 0.0, "{cost}");
        // Processor time of the sending thread's serializing is a part of the process's.
        let cpu = result(&bench, label)["client_cpu"].clone();
        let whole_us = cpu["user_us"].as_f64().unwrap() + cpu["system_us"].as_f64().unwrap();
        let share = cpu_ns / looked_at * cost["records"].as_f64().unwrap() / 1e3 / whole_us;
        assert!(share > 0.0 && share < 1.0, "{label}: {share} of {cpu}");
        assert_eq!(cost["schema_id"].is_u64(), label == "avro", "{cost}");
    }
}

#[test]
fn subjects_follow_the_strategy_and_go_with_their_topics() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    for (strategy, left) in [
        ("TopicNameStrategy", &[][..]),
        ("io.confluent.kafka.serializers.subject.TopicRecordNameStrategy", &[]),
        ("RecordNameStrategy", &["kpbench.CouponIssueMessage"]),
    ] {
        let section = registry_section(&registry, &format!("value.subject.name.strategy = \"{strategy}\""));
        let workload = "record = \"coupon-issue\"\nvalue-serializer = \"KafkaAvroSerializer\"";
        let bench = Bench::new(&profile(&broker, workload, &section));
        let said = bench.sweep(&["--keep-topics"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let topic = kept(&bench, &broker)["default"].0.clone();
        let subject = match strategy.rsplit('.').next().unwrap() {
            "TopicNameStrategy" => format!("{topic}-value"),
            "TopicRecordNameStrategy" => format!("{topic}-kpbench.CouponIssueMessage"),
            _ => "kpbench.CouponIssueMessage".to_owned(),
        };
        assert_eq!(registry.subjects(), std::slice::from_ref(&subject));
        registry.client(&[]).delete_subject(&subject).unwrap();

        let again = Bench::new(&profile(&broker, workload, &section));
        assert_eq!(again.sweep(&[]).code, 0);
        assert_eq!(registry.subjects(), left);
    }
}

#[test]
fn a_schema_of_ones_own_is_looked_up_and_taken() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let own = AvroSchema::own(kpbench::protocol::RecordKind::CouponIssue).replace("\"kpbench\"", "\"com.acme\"");
    // The fields in another order: the record is written as the schema says, not as the program has it.
    let own = own
        .replace("userId", "x")
        .replace("couponId", "userId")
        .replace("\"x\"", "\"couponId\"");
    let schema = AvroSchema::parse("own", &own).unwrap();
    let id = registry
        .client(&[])
        .register("com.acme.CouponIssueMessage", &schema)
        .unwrap();
    for setting in ["auto.register.schemas = false", "use.latest.version = true"] {
        let further = format!("value.subject.name.strategy = \"RecordNameStrategy\"\n{setting}");
        let section = registry_section(&registry, &further);
        let workload = "record = \"coupon-issue\"\nvalue-serializer = \"avro\"\nschema = \"own.avsc\"";
        let bench = Bench::new(&profile(&broker, workload, &section));
        std::fs::write(bench.path("own.avsc"), &own).unwrap();
        let said = bench.sweep(&["--keep-topics"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let (read_id, mut datum) = read_header(&kept(&bench, &broker)["default"].1[0])
            .map(|(id, datum)| (id, datum.to_vec()))
            .map(|(id, datum)| (id, std::io::Cursor::new(datum)))
            .unwrap();
        assert_eq!(read_id, id);
        let parsed = apache_avro::Schema::parse_str(&own).unwrap();
        let read = apache_avro::from_avro_datum(&parsed, &mut datum, None).unwrap();
        let message: CouponIssueMessage = apache_avro::from_value(&read).unwrap();
        assert_eq!(
            (message.user_id.get_version_num(), message.coupon_id.get_version_num()),
            (4, 4)
        );
    }
    assert_eq!(
        registry.subjects(),
        ["com.acme.CouponIssueMessage"],
        "nothing was registered"
    );
}

#[test]
fn without_its_cost_the_same_values_come_from_a_pool() {
    let broker = Broker::shared();
    for (further, options) in [("serialize-cost = false", &[][..]), ("", &["--no-serialize-cost"])] {
        let workload = format!("record = \"coupon-issue\"\nvalue-serializer = \"json\"\n{further}");
        let bench = Bench::new(&profile(&broker, &workload, ""));
        let said = bench.sweep(&[&["--keep-topics"], options].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
        for value in &kept(&bench, &broker)["default"].1 {
            serde_json::from_slice::<CouponIssueMessage>(value).unwrap();
        }
        assert!(result(&bench, "default").get("serialization").is_none());
    }
}

#[test]
fn every_client_and_send_mode_sends_what_was_serialized() {
    let broker = Broker::shared();
    let matrix = "[matrix]\nclient = [\"librdkafka\", \"rust-base\", \"rust-future\"]\nsend.mode = [\"async\", \"sync\", \
                  \"fire-and-forget\"]\n";
    let bench = Bench::new(&profile(
        &broker,
        "record = \"coupon-issue\"\nvalue-serializer = \"custom\"",
        matrix,
    ));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let kept = kept(&bench, &broker);
    assert_eq!(kept.len(), 9);
    for (label, (_, values)) in kept {
        assert!(!values.is_empty(), "{label}");
        for value in &values {
            let message = custom::read_coupon_issue(value).unwrap();
            assert_eq!(
                (message.user_id.get_version_num(), message.coupon_id.get_version_num()),
                (4, 4),
                "{label}"
            );
        }
    }
}
