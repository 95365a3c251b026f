//! `docker-compose.yml` against the Compose specification's JSON schema, and what the README promises about it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The file as Compose reads it: with anchors resolved and merge keys (`<<`) applied.
fn compose() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docker-compose.yml")).unwrap();
    let mut document: Value = serde_yaml_ng::from_str(&text).unwrap();
    apply_merge_keys(&mut document);
    document
}

/// `serde_yaml_ng`'s own `apply_merge` leaves merge keys within what is merged.
fn apply_merge_keys(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(apply_merge_keys);
            if let Some(Value::Object(merged)) = object.remove("<<") {
                for (key, value) in merged {
                    object.entry(key).or_insert(value);
                }
            }
        }
        Value::Array(array) => array.iter_mut().for_each(apply_merge_keys),
        _ => {}
    }
}

fn violations(document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("data/compose-spec.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn services(document: &Value) -> Vec<(&String, &Value)> {
    document["services"].as_object().unwrap().iter().collect()
}

#[test]
fn the_file_follows_the_specification() {
    assert_eq!(violations(&compose()), Vec::<String>::new());
}

#[test]
fn the_schema_catches_mistakes() {
    for (path, wrong) in [
        ("/services/kafka/healthcheck/retries", json!({"times": 3})),
        ("/services/kafka/ports", json!("9092:9092")),
        ("/services/kafka/image", json!(42)),
        ("/services/kafka/profiles", json!({"cluster": true})),
    ] {
        let mut document = compose();
        // Insert rather than replace: not every service has every key.
        let (parent, key) = path.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = wrong;
        assert_ne!(violations(&document), Vec::<String>::new(), "{path}");
    }
    let mut document = compose();
    document["services"]["kafka"]["helthcheck"] = json!({"test": "true"});
    assert_ne!(violations(&document), Vec::<String>::new(), "a misspelt key");
}

#[test]
fn every_port_is_bound_to_loopback_and_used_once() {
    let document = compose();
    let mut hosts = BTreeSet::new();
    for (name, service) in services(&document) {
        let ports = service["ports"]
            .as_array()
            .unwrap_or_else(|| panic!("{name} publishes no port"));
        for port in ports {
            let port = port
                .as_str()
                .unwrap_or_else(|| panic!("{name}: {port} is not in the short form"));
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
            assert!(
                hosts.insert(port.rsplit_once(':').unwrap().0.to_owned()),
                "{name}: {port} is taken twice"
            );
        }
    }
}

#[test]
fn every_service_has_a_health_check_and_a_fixed_image() {
    let document = compose();
    for (name, service) in services(&document) {
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        let (_, tag) = service["image"].as_str().unwrap().rsplit_once(':').unwrap_or_default();
        assert!(tag.starts_with(|c: char| c.is_ascii_digit()), "{name}: {tag}");
    }
}

#[test]
fn one_broker_by_default_three_in_the_profile_cluster() {
    let document = compose();
    let with = |profile: Option<&str>| -> Vec<&str> {
        let found = services(&document).into_iter().filter(|(_, service)| match profile {
            None => service.get("profiles").is_none(),
            Some(profile) => service["profiles"]
                .as_array()
                .is_some_and(|all| all.contains(&json!(profile))),
        });
        found.map(|(name, _)| name.as_str()).collect()
    };
    assert_eq!(with(None), ["kafka"]);
    assert_eq!(with(Some("cluster")), ["kafka-1", "kafka-2", "kafka-3"]);
    assert_eq!(with(Some("schema-registry")), ["schema-registry"]);
}

#[test]
fn each_broker_advertises_the_port_that_it_publishes() {
    let document = compose();
    for (name, service) in services(&document)
        .into_iter()
        .filter(|(name, _)| name.starts_with("kafka"))
    {
        let environment = &service["environment"];
        let port = service["ports"][0].as_str().unwrap().split(':').nth(1).unwrap();
        let advertised = environment["KAFKA_ADVERTISED_LISTENERS"].as_str().unwrap();
        assert_eq!(advertised, format!("HOST://localhost:{port},INTERNAL://{name}:9094"));
        let voters = environment["KAFKA_CONTROLLER_QUORUM_VOTERS"].as_str().unwrap();
        let own = format!("{}@{name}:9093", environment["KAFKA_NODE_ID"].as_str().unwrap());
        assert!(
            voters.split(',').any(|voter| voter == own),
            "{name} does not vote: {voters}"
        );
        assert_eq!(environment["CLUSTER_ID"].as_str().unwrap().len(), 22, "{name}");
        assert_eq!(
            environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"], "false",
            "{name}: merge keys were not applied"
        );
    }
}

#[test]
fn brokers_have_the_settings_of_the_local_target() {
    use kpbench::target::local::BROKER_SETTINGS;
    let document = compose();
    for (service, several) in [("kafka", false), ("kafka-1", true)] {
        let environment = &document["services"][service]["environment"];
        // Fewer internal partitions only shorten the start of a cluster that lives for one run.
        let expected = BROKER_SETTINGS
            .iter()
            .filter(|setting| !setting.key.ends_with(".num.partitions") && (several || !setting.several_nodes_only));
        for setting in expected {
            let variable = format!("KAFKA_{}", setting.key.to_uppercase().replace('.', "_"));
            assert_eq!(environment[&variable], setting.value, "{service}: {variable}");
        }
    }
}
