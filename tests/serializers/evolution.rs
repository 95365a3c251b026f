//! `kpbench evolution`: real records of two versions on a real topic, and a real registry's verdicts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::registry::Registry;
use crate::support::{Bench, Broker};

#[test]
fn a_table_of_what_happened_and_nothing_left_behind() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let bench = Bench::new("");
    let flags = [
        "evolution",
        "--schema-registry",
        &registry.url,
        "--bootstrap-servers",
        broker.servers(),
        "--records",
        "40",
    ];
    let said = bench.kpbench(&[&flags[..], &["--format", "json"]].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    let found: Value = serde_json::from_str(&said.stdout).unwrap();
    let mut registry_says = BTreeMap::new();
    let mut readers = BTreeMap::new();
    for change in found["changes"].as_array().unwrap() {
        let name = change["change"].as_str().unwrap().to_owned();
        let verdicts: Vec<(String, bool)> = change["registry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1] == "accepted"))
            .collect();
        registry_says.insert(name.clone(), verdicts);
        for reader in change["readers"].as_array().unwrap() {
            let tally = &reader["tally"];
            let count = |field: &str| tally[field].as_u64().unwrap();
            assert_eq!(
                count("read") + count("misread") + count("failed"),
                40,
                "{name}: {reader}"
            );
            let key = (
                name.clone(),
                reader["format"].as_str().unwrap().to_owned(),
                reader["new_reads_old"].as_bool().unwrap(),
            );
            readers.insert(key, (count("read"), count("misread"), count("failed")));
        }
    }
    let accepts = |change: &str| -> Vec<bool> { registry_says[change].iter().map(|(_, accepted)| *accepted).collect() };
    // BACKWARD, FORWARD, FULL, NONE: as the specification's rules of resolution have it.
    for (change, accepted) in [
        ("added, with a default", [true, true, true, true]),
        ("added, without a default", [false, true, false, true]),
        ("removed, it had a default", [true, true, true, true]),
        ("removed, it had no default", [true, false, false, true]),
        ("renamed", [false, false, false, true]),
        ("renamed, with an alias", [true, false, false, true]),
        ("retyped, int to long", [true, false, false, true]),
        ("retyped, int to string", [false, false, false, true]),
    ] {
        assert_eq!(accepts(change), accepted, "{change}");
        // What it accepts, Avro's readers read; what it refuses, they do not.
        let all_read = |new_reads_old| readers[&(change.to_owned(), "avro".to_owned(), new_reads_old)].0 == 40;
        assert_eq!([all_read(true), all_read(false)], accepted[..2], "{change}");
    }

    let of = |change: &str, format: &str, new_reads_old: bool| {
        readers[&(change.to_owned(), format.to_owned(), new_reads_old)]
    };
    assert_eq!(of("added, with a default", "avro", true), (40, 0, 0));
    assert_eq!(of("added, without a default", "avro", true), (0, 0, 40));
    assert_eq!(of("renamed, with an alias", "avro", true), (40, 0, 0));
    assert_eq!(of("retyped, int to long", "avro", false), (0, 0, 40));
    assert_eq!(of("removed, it had a default", "json", false), (40, 0, 0));
    assert_eq!(of("retyped, int to string", "json", true), (0, 0, 40));
    assert_eq!(of("renamed", "custom", true), (40, 0, 0));
    assert_eq!(of("added, with a default", "custom", true).0, 0);
    assert!(
        readers.values().any(|(_, misread, _)| *misread > 0),
        "the custom layout misreads somewhere"
    );

    assert!(registry.subjects().is_empty(), "{:?}", registry.subjects());
    let said = bench.kpbench(&flags);
    assert_eq!(said.code, 0, "{}", said.stderr);
    for words in [
        "BACKWARD",
        "refuses",
        "misreads",
        "fails",
        "For example:",
        "read as",
        "Of the",
    ] {
        assert!(said.stdout.contains(words), "{words:?} is not in {}", said.stdout);
    }
}

#[test]
fn without_a_registry_nothing_is_begun() {
    let bench = Bench::new("");
    let mut registry = Registry::start();
    let url = registry.url.clone();
    registry.kill();
    for (arguments, words) in [
        (&["evolution"][..], "--schema-registry"),
        (&["evolution", "--schema-registry", &url], "cannot be reached"),
        (&["evolution", "--schema-registry", "nowhere"], "http://host:port"),
    ] {
        let said = bench.kpbench(arguments);
        assert_eq!(said.code, 2, "{}", said.stderr);
        assert!(said.stderr.contains(words), "{}", said.stderr);
        assert!(!said.stderr.contains("Starting"), "{}", said.stderr);
    }
}
