//! Java's own classes read what kpbench wrote: keys and values by the deserializers that an application names in its
//! consumer's settings, among them Spring's and Confluent's, and headers as its consumer has them.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use kpbench::protocol::RecordKind;
use kpbench::serialize::{AvroSchema, CouponIssueMessage, Order, read_header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::consumer::{Read, all_records};
use crate::records::{kept, profile};
use crate::registry::Registry;
use crate::support::{Bench, Broker};

const POM: &str = include_str!("pom.xml");
const GOAL: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

const STRING: &str = "org.apache.kafka.common.serialization.StringDeserializer";
const LONG: &str = "org.apache.kafka.common.serialization.LongDeserializer";
const UUID: &str = "org.apache.kafka.common.serialization.UUIDDeserializer";
const CONNECT_JSON: &str = "org.apache.kafka.connect.json.JsonDeserializer";
const SPRING_JSON: &str = "org.springframework.kafka.support.serializer.JsonDeserializer";
const AVRO: &str = "io.confluent.kafka.serializers.KafkaAvroDeserializer";

fn succeeded(what: &str, output: std::io::Result<Output>) -> Output {
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{what}: {}\n{said}\n{complained}",
        output.status
    );
    output
}

/// The jars of `pom.xml`, fetched by Maven once for each target directory and each state of that file.
static JARS: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    hasher.write(POM.as_bytes());
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let place = scratch.join(format!("java-deserializers-{:x}", hasher.finish()));
    if place.exists() {
        return place;
    }
    let work = tempfile::tempdir_in(scratch).unwrap();
    let fetched = work.path().join("jars");
    let mut maven = Command::new("mvn");
    maven
        .args(["-q", "-B", "-f"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serializers/pom.xml"));
    maven.arg(GOAL).arg(format!("-DoutputDirectory={}", fetched.display()));
    succeeded(
        "Maven could not fetch the jars of tests/serializers/pom.xml",
        maven.output(),
    );
    // Whoever fetched them at the same time has the same ones.
    if let Err(error) = fs::rename(&fetched, &place) {
        assert!(place.exists(), "{}: {error}", place.display());
    }
    place
});

/// A topic, and the deserializers of its keys and values.
type Reading<'a> = (&'a str, &'a str, &'a str);

/// The records of each topic as Java reads them.
fn by_java(broker: &Broker, registry: &Registry, readings: &[Reading<'_>]) -> Vec<Vec<Value>> {
    let libs = &broker.target().local().unwrap().installation().libs;
    // Of what is there twice, Kafka's own comes first.
    let class_path = [libs, &*JARS].map(|place| format!("{}/*", place.display()));
    let mut java = Command::new("java");
    java.arg("-cp").arg(class_path.join(":"));
    java.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serializers/Read.java"));
    java.args([broker.servers(), &registry.url]);
    java.args(readings.iter().flat_map(|(topic, key, value)| [topic, key, value]));
    let output = succeeded("Java's deserializers", java.output());
    let mut read = vec![Vec::new(); readings.len()];
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        read[record["reading"].as_u64().unwrap() as usize].push(record);
    }
    read
}

/// Key, headers and value of records, in an order that is the same for the same records. Numbers of values go through the
/// record's own type, so that 1 and 1.0 are one number.
fn sorted<R: Serialize + DeserializeOwned>(records: impl Iterator<Item = (Value, Value, Value)>) -> Vec<String> {
    let line = |(key, headers, value): (Value, Value, Value)| {
        let value: R = serde_json::from_value(value).unwrap();
        json!([key, headers, value]).to_string()
    };
    let mut lines: Vec<String> = records.map(line).collect();
    lines.sort();
    lines
}

/// What Java read.
fn java_lines<R: Serialize + DeserializeOwned>(read: &[Value]) -> Vec<String> {
    let parts = |record: &Value| {
        let part = |name: &str| record[name].clone();
        (part("key"), part("headers"), part("value"))
    };
    sorted::<R>(read.iter().map(parts))
}

/// What the bytes in the topic say, read by nothing of Java's.
fn own_lines<R: Serialize + DeserializeOwned>(records: &[Read], key_class: &str, schema: &str) -> Vec<String> {
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let parts = |record: &Read| {
        let key = record.key.as_deref().unwrap();
        let key = match key_class {
            LONG => json!(i64::from_be_bytes(key.try_into().unwrap())),
            _ => json!(text(key)),
        };
        let headers = record.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), json!(text(value.as_deref().unwrap()))));
        let value = record.value.as_deref().unwrap();
        let value = match read_header(value) {
            Some((_, mut datum)) => {
                let read = apache_avro::from_avro_datum(&schema, &mut datum, None).unwrap();
                serde_json::to_value(apache_avro::from_value::<R>(&read).unwrap()).unwrap()
            }
            None => serde_json::from_slice(value).unwrap(),
        };
        (key, Value::Object(headers.collect()), value)
    };
    sorted::<R>(records.iter().map(parts))
}

/// Each serializer with another form of keys, and headers that name the class as Spring does.
fn formats(record: &str, class: &str, registry: &Registry) -> (String, String) {
    let workload = format!(
        "record = \"{record}\"\nheaders = {{globalTraceId = {{generate = \"uuid\"}}, __TypeId__ = \"{class}\"}}"
    );
    let variant = |name: &str, form: &str| {
        format!(
            "[variants.{name}]\nvalue-serializer = \"{name}\"\nkey = {{kind = \"sequential\", form = \"{form}\"}}\n"
        )
    };
    let variants = [("string", "text"), ("json", "binary"), ("avro", "uuid")].map(|(name, form)| variant(name, form));
    let section = format!("[schema-registry]\nurl = \"{}\"\n", registry.url);
    (workload, variants.concat() + &section)
}

/// Strings, JSON and Avro of one logical record with their keys and headers, through Java and past it.
fn java_reads<R: Serialize + DeserializeOwned>(kind: RecordKind, record: &str, class: &str) {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let (workload, rest) = formats(record, class, &registry);
    let bench = Bench::new(&profile(&broker, &workload, &rest));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let kept = kept(&bench, &broker);
    let topic = |label: &str| kept[label].0.as_str();
    let readings = [
        (topic("string"), STRING, STRING),
        (topic("json"), LONG, CONNECT_JSON),
        (topic("json"), LONG, SPRING_JSON),
        (topic("avro"), UUID, AVRO),
    ];
    let classes = [
        "java.lang.String",
        "com.fasterxml.jackson.databind.node.ObjectNode",
        class,
        "org.apache.avro.generic.GenericData$Record",
    ];
    let read = by_java(&broker, &registry, &readings);
    for ((read, (topic, key_class, value_class)), class) in read.iter().zip(readings).zip(classes) {
        let what = format!("{record} by {value_class}");
        let records = all_records(broker.servers(), topic, 2);
        assert!(records.len() > 200, "{what}: {}", records.len());
        let own = own_lines::<R>(&records, key_class, AvroSchema::own(kind));
        assert_eq!(java_lines::<R>(read), own, "{what}");
        for one in read {
            assert_eq!(one["class"], class, "{what}");
            let names: Vec<&String> = one["headers"].as_object().unwrap().keys().collect();
            assert_eq!(names.len(), 2, "{what}: {names:?}");
            let trace = one["headers"]["globalTraceId"].as_str().unwrap();
            assert_eq!(uuid::Uuid::parse_str(trace).unwrap().get_version_num(), 4, "{what}");
        }
    }
}

#[test]
fn java_reads_orders_with_their_keys_and_headers() {
    java_reads::<Order>(RecordKind::Order, "order", "com.example.Order");
}

#[test]
fn java_reads_coupon_messages_with_their_keys_and_headers() {
    java_reads::<CouponIssueMessage>(
        RecordKind::CouponIssue,
        "coupon-issue",
        "com.example.CouponIssueMessage",
    );
}

/// What a scheduler drains is what an application's listener gets: the class by Spring's header, the user's id as key.
#[test]
fn java_reads_the_records_of_users_who_waited() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let arrival = "[workload.arrival]\npattern = \"scheduled-drain\"\nusers.rate = 1000\nfixed-rate = \"100ms\"\n\
                   batch-size = 500\nkey = \"user-id\"\ntype-id = \"com.example.CouponIssueMessage\"\n";
    let rest = format!(
        "{arrival}[matrix]\nvalue.serializer = [\"json\", \"avro\"]\n[schema-registry]\nurl = \"{}\"\n",
        registry.url
    );
    let bench = Bench::new(&profile(&broker, "", &rest).replace("rate = \"2k\"\n", ""));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let kept = kept(&bench, &broker);
    let readings = [
        (kept["json"].0.as_str(), UUID, SPRING_JSON),
        (kept["avro"].0.as_str(), UUID, AVRO),
    ];
    let read = by_java(&broker, &registry, &readings);
    for (read, (topic, key_class, what)) in read.iter().zip(readings) {
        let records = all_records(broker.servers(), topic, 2);
        // 1,000 users/s for 700 ms.
        assert_eq!(records.len(), 700, "{what}");
        let own = own_lines::<CouponIssueMessage>(&records, key_class, AvroSchema::own(RecordKind::CouponIssue));
        assert_eq!(java_lines::<CouponIssueMessage>(read), own, "{what}");
        for one in read {
            assert_eq!(one["key"], one["value"]["userId"], "{what}");
            assert_eq!(one["headers"]["__TypeId__"], "com.example.CouponIssueMessage", "{what}");
        }
    }
    assert!(
        read[0]
            .iter()
            .all(|one| one["class"] == "com.example.CouponIssueMessage")
    );
}
