//! Java's own classes read what kpbench wrote: `StringDeserializer` of kafka-clients, `JsonDeserializer` of Kafka Connect
//! (Jackson), and Avro's `GenericDatumReader` with the schema that the registry has for each record's id.

use std::path::{Path, PathBuf};
use std::process::Command;

use kpbench::serialize::{AvroSchema, Order, read_header};
use serde_json::Value;

use crate::records::{kept, profile};
use crate::registry::Registry;
use crate::support::{Bench, Broker};

const AVRO: &str = "org.apache.avro:avro:1.12.0";
const PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/// Avro's jar, fetched by Maven once.
fn avro_jar() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("avro-java");
    let jar = directory.join("avro-1.12.0.jar");
    if !jar.exists() {
        let output = Command::new("mvn")
            .args(["-q", "-B", PLUGIN, &format!("-Dartifact={AVRO}")])
            .arg(format!("-DoutputDirectory={}", directory.display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    jar
}

/// The values of a topic as Java reads them.
fn read(broker: &Broker, topic: &str, format: &str, registry: &Registry) -> Vec<Value> {
    let libs = &broker.target().local().unwrap().installation().libs;
    let output = Command::new("java")
        .arg("-cp")
        .arg(format!("{}:{}/*", avro_jar().display(), libs.display()))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serializers/Read.java"))
        .args([broker.servers(), topic, format, &registry.url])
        .output()
        .unwrap();
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{format}: {complained}");
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<String> {
    let mut texts: Vec<String> = values
        .map(|value| serde_json::from_value::<Order>(value).unwrap())
        .map(|order| serde_json::to_string(&order).unwrap())
        .collect();
    texts.sort();
    texts
}

#[test]
fn java_reads_strings_json_and_avro() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let rest = format!(
        "[matrix]\nvalue.serializer = [\"string\", \"json\", \"avro\"]\n[schema-registry]\nurl = \"{}\"\n",
        registry.url
    );
    let bench = Bench::new(&profile(&broker, "record = \"order\"", &rest));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let own = apache_avro::Schema::parse_str(AvroSchema::own(kpbench::protocol::RecordKind::Order)).unwrap();
    for (format, (topic, values)) in kept(&bench, &broker) {
        let by_java = sorted(read(&broker, &topic, &format, &registry).into_iter());
        let here = values.iter().map(|value| match format.as_str() {
            "avro" => {
                let (_, mut datum) = read_header(value).unwrap();
                let read = apache_avro::from_avro_datum(&own, &mut datum, None).unwrap();
                serde_json::to_value(apache_avro::from_value::<Order>(&read).unwrap()).unwrap()
            }
            _ => serde_json::from_slice(value).unwrap(),
        });
        assert!(values.len() > 200, "{format}: {}", values.len());
        assert_eq!(by_java, sorted(here), "{format}");
    }
}
