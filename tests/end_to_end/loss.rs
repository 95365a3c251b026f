//! Records that vanish behind the tool's back.

use std::collections::BTreeMap;

use kpbench::target::NewTopic;

use crate::support::{Bench, Broker, wait_until};

/// `DeleteRecords` would show nothing: it moves the log's start, and what is counted is its end. A topic that is made
/// anew begins at 0 again.
#[test]
fn records_deleted_behind_the_tools_back_are_a_deficit() {
    let broker = Broker::shared();
    let bench = Bench::new(&format!(
        r#"
        [target]
        bootstrap-servers = "{}"
        [topic]
        partitions = 2
        [workload]
        rate = "1k"
        [producer]
        defaults = "librdkafka"
        acks = "1"
        linger.ms = 5
        [run]
        repetitions = 1
        warmup = "0ms"
        measure = "4s"
        headroom = false
        "#,
        broker.servers()
    ));
    let running = bench.start(&[]);
    let topic = broker.wait_for_records(&bench, 500);
    broker.wait(broker.target().delete_topic(&topic)).unwrap();
    let anew = NewTopic {
        name: topic,
        partitions: 2,
        replication_factor: 1,
        config: BTreeMap::new(),
    };
    wait_until("the topic made anew", || {
        broker.wait(broker.target().create_topic(&anew)).is_ok()
    });
    let said = running.ended();
    assert_eq!(said.code, 0, "{}", said.stderr);
    let found = &bench.configurations()[0];
    let (acknowledged, appended) = (
        found["acknowledged"].as_u64().unwrap(),
        found["appended"].as_u64().unwrap(),
    );
    let deficit = found["deficit"].as_u64().unwrap();
    assert!(deficit > 500, "{found}");
    assert_eq!(acknowledged - appended, deficit);
    assert!(appended > 0, "the trial went on: {found}");
    let warning = format!("Deficit: {deficit} acknowledged records were not appended: loss");
    let stored = bench.trials()[0]["warnings"].to_string();
    assert!(stored.contains(&warning), "{stored}");
    let shown = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(&warning), "{}", said.stdout);
}
