//! Avro records of several topics: the schema under each topic's subject, and its id in every record.

use std::collections::BTreeSet;

use kpbench::protocol::RecordKind;
use kpbench::serialize::{AvroSchema, Order, read_header};
use serde_json::json;

use crate::read_back::all_records;
use crate::registry::Registry;
use crate::runs::profile;
use crate::support::{Bench, Broker};

/// Orders to two topics, in one trial.
fn orders(broker: &Broker, registry: &Registry, strategy: &str) -> Bench {
    let workload = "topics = [{name = \"orders\", weight = 7, partitions = 3}, {name = \"payments\", weight = 3}]\n\
                    record = \"order\"\nvalue-serializer = \"avro\"";
    let text = profile(broker, workload)
        .replace("record.size = 100\n", "")
        .replace("repetitions = 2", "repetitions = 1");
    let section = format!(
        "[schema-registry]\nurl = \"{}\"\nvalue.subject.name.strategy = \"{strategy}\"\n",
        registry.url
    );
    Bench::new(&(text + &section))
}

#[test]
fn each_topic_has_its_subject_and_every_record_the_id_of_its_schema() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let bench = orders(&broker, &registry, "TopicNameStrategy");
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    let names: BTreeSet<String> = broker.topics_of(&bench).into_iter().collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let subjects: BTreeSet<String> = registry.subjects().into_iter().collect();
    let expected: BTreeSet<String> = names.iter().map(|name| format!("{name}-value")).collect();
    assert_eq!(subjects, expected);

    let schema = apache_avro::Schema::parse_str(AvroSchema::own(RecordKind::Order)).unwrap();
    let mut seen = BTreeSet::new();
    let mut records = 0;
    for name in &names {
        let latest = registry.get(&format!("/subjects/{name}-value/versions/latest"));
        let partitions = if name.ends_with("-orders") { 3 } else { 2 };
        for record in all_records(broker.servers(), name, partitions) {
            let (id, mut datum) = read_header(record.value.as_deref().unwrap()).unwrap();
            assert_eq!(latest["id"], json!(id), "{name}");
            let read = apache_avro::from_avro_datum(&schema, &mut datum, None).unwrap();
            seen.insert(apache_avro::from_value::<Order>(&read).unwrap().order_id);
            records += 1;
        }
    }
    let sent = &bench.trials()[0]["result"]["counts"]["sent"];
    assert_eq!(sent, &json!(records));
    assert_eq!(seen.len(), records, "no order twice, in whichever topic");
}

#[test]
fn subjects_of_all_topics_go_with_them() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    for (strategy, left) in [
        ("TopicNameStrategy", &[][..]),
        ("TopicRecordNameStrategy", &[]),
        // The schema's own, not the topics'.
        ("RecordNameStrategy", &["kpbench.Order"]),
    ] {
        let bench = orders(&broker, &registry, strategy);
        let said = bench.sweep(&[]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert_eq!(registry.subjects(), left, "{strategy}");
    }
}
