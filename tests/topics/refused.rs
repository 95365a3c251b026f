//! What is refused before anything starts: by the binary, with place, remedy and exit code 2.

use crate::support::{Bench, Said};

fn refused(workload: &str, flags: &[&str]) -> Said {
    let profile = format!("[target]\nbrokers = 1\n[workload]\n{workload}\n[producer]\ndefaults = \"java\"\n");
    let bench = Bench::new(&profile);
    let said = bench.sweep(flags);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(!bench.run_directory().exists(), "nothing was begun");
    said
}

#[test]
fn a_weight_of_nothing_is_refused_with_its_place() {
    let said = refused("topics = [{name = \"orders\"}, {name = \"payments\", weight = 0}]", &[]);
    assert!(said.stderr.contains("p.toml:4:"), "{}", said.stderr);
    assert!(said.stderr.contains("weight is out of range"), "{}", said.stderr);
}

#[test]
fn a_name_that_is_too_long_on_the_cluster_is_refused_with_its_place() {
    let said = refused(&format!("topics = [\"orders\", \"{}\"]", "o".repeat(181)), &[]);
    assert!(said.stderr.contains("p.toml:4:"), "{}", said.stderr);
    assert!(said.stderr.contains("too long: 181 characters"), "{}", said.stderr);
}

#[test]
fn an_existing_topic_is_one() {
    let said = refused("topics = [\"orders\", \"payments\"]", &["--existing-topic", "shop"]);
    assert!(said.stderr.contains("topic.existing is shop"), "{}", said.stderr);
    assert!(said.stderr.contains("p.toml:4:"), "{}", said.stderr);
}

#[test]
fn a_key_out_of_values_that_are_serialized_while_sending_is_refused_with_its_place() {
    for part in ["field = \"orderId\"", "bytes = 8"] {
        let said = refused(
            &format!("record = \"order\"\nkey = {{kind = \"payload\", {part}}}"),
            &[],
        );
        assert!(said.stderr.contains("p.toml:5:"), "{}", said.stderr);
        let words = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("serialize-cost = false"), "{}", said.stderr);
    }
}
