//! Whole runs of the binary: what a profile says of topics reaches the broker, and what went where is reported.

use serde_json::Value;

use crate::read_back::all_records;
use crate::support::{Bench, Broker};

const TOPICS: &str = r#"[{name = "orders", weight = 7, partitions = 4}, {name = "payments", weight = 3}]"#;

const RUN: &str = r#"
[run]
repetitions = 2
warmup = "300ms"
measure = "600ms"
conditioning = "0ms"
headroom = false
"#;

pub fn profile(broker: &Broker, more: &str) -> String {
    format!(
        "name = \"shop\"\n[target]\nkind = \"external\"\nbootstrap-servers = \"{}\"\n[topic]\npartitions = 2\n[workload]\n\
         record.size = 100\nrate = \"2k\"\n{more}\n[producer]\ndefaults = \"java\"\n{RUN}",
        broker.servers()
    )
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no count: {value}"))
}

/// 1,800 records by weights 7 and 3: six standard deviations of a binomial count around 1,260 either way.
fn assert_by_weight(topics: &[Value], records: u64) {
    let names: Vec<&str> = topics.iter().map(|topic| topic["topic"].as_str().unwrap()).collect();
    assert_eq!(names, ["orders", "payments"]);
    let counts: Vec<u64> = topics.iter().map(|topic| number(&topic["appended"])).collect();
    assert_eq!(counts.iter().sum::<u64>(), records);
    let limit = 6.0 * (records as f64 * 0.7 * 0.3).sqrt();
    assert!((counts[0] as f64 - 0.7 * records as f64).abs() < limit, "{counts:?}");
    for (topic, weight_share) in topics.iter().zip([0.7, 0.3]) {
        assert!((topic["weight_share"].as_f64().unwrap() - weight_share).abs() < 1e-12);
        let share = number(&topic["appended"]) as f64 / records as f64;
        assert!((topic["appended_share"].as_f64().unwrap() - share).abs() < 1e-12);
    }
}

#[test]
fn records_are_appended_by_weight_and_counted_by_topic() {
    let broker = Broker::shared();
    let key = "key = {kind = \"zipf\", keys = 1000, skew = 1.2}";
    let bench = Bench::new(&profile(&broker, &format!("topics = {TOPICS}\n{key}")));
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();

    let trials = bench.trials();
    for trial in &trials {
        let (counts, broker) = (&trial["result"]["counts"], &trial["broker"]);
        assert_eq!(number(&counts["sent"]), 1_800);
        assert_eq!(
            (&counts["acknowledged"], &broker["appended"]),
            (&counts["sent"], &counts["sent"])
        );
        let topics = broker["appended_by_topic"].as_array().unwrap();
        assert_by_weight(topics, 1_800);
        for (topic, partitions) in topics.iter().zip([4, 2]) {
            assert_eq!(topic["acknowledged"], topic["appended"]);
            let by_partition = topic["by_partition"].as_array().unwrap();
            assert_eq!(by_partition.len(), partitions);
            assert_eq!(by_partition.iter().map(number).sum::<u64>(), number(&topic["appended"]));
        }
        assert!(broker.get("appended_by_partition").is_none());
    }

    // What consumers find is what was counted.
    let names = broker.topics_of(&bench);
    assert_eq!(names.len(), 4, "{names:?}");
    for trial in &trials {
        let id = trial["trial_id"]
            .as_str()
            .or(trial["planned"]["trial_id"].as_str())
            .unwrap();
        for topic in trial["broker"]["appended_by_topic"].as_array().unwrap() {
            let ending = format!("-{id}-{}", topic["topic"].as_str().unwrap());
            let own = |name: &&String| name.starts_with("kpbench-") && name.ends_with(&ending);
            let name = names.iter().find(own).unwrap_or_else(|| panic!("{ending}: {names:?}"));
            let partitions = topic["by_partition"].as_array().unwrap().len() as u32;
            let read = all_records(broker.servers(), name, partitions);
            assert_eq!(read.len() as u64, number(&topic["appended"]), "{name}");
        }
    }
    for name in &names {
        broker.wait(broker.target().delete_topic(name)).unwrap();
    }

    let configuration = &bench.configurations()[0];
    assert_by_weight(configuration["appended_by_topic"].as_array().unwrap(), 3_600);
    assert_eq!(number(&configuration["deficit"]), 0);
    let uneven = configuration["partition_max_over_mean"].as_f64().unwrap();
    assert!(uneven > 1.05 && uneven < 4.0, "of one topic: {uneven}");
    assert!(said.stdout.contains("Records appended, by topic"), "{}", said.stdout);
    assert!(said.stdout.contains("by weight 70.00 %"), "{}", said.stdout);
    let page = std::fs::read_to_string(bench.run_directory().join("report.html")).unwrap();
    assert!(page.contains("Records appended, by topic") && page.contains("by weight 30.00"));
    assert!(page.contains("6 partitions of 2 topics"));
    let markdown = std::fs::read_to_string(bench.run_directory().join("summary.md")).unwrap();
    assert!(markdown.contains("Records appended, by topic"));
}

/// `acks=0` counts by watermarks alone, at the window's edges too; topics are an axis here.
#[test]
fn topics_are_an_axis_are_deleted_and_are_watched_without_acknowledgements() {
    let broker = Broker::shared();
    let text = profile(&broker, "").replace(
        "[producer]\n",
        "[producer]\nacks = 0\nenable.idempotence = false\n[matrix]\ntopics = [\"none\", [\"orders\"], [\"orders\", {name = \"payments\", weight = 2}]]\n",
    );
    let text = text
        .replace("defaults = \"java\"\n", "")
        .replace("[producer]\n", "[producer]\ndefaults = \"java\"\n");
    let bench = Bench::new(&text);
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    assert_eq!(broker.topics_of(&bench), Vec::<String>::new(), "all are deleted again");
    let labels: Vec<String> = bench
        .configurations()
        .iter()
        .map(|configuration| configuration["label"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        labels,
        ["topics=none", "topics=orders 1", "topics=orders 1, payments 2"]
    );
    for trial in bench.trials() {
        let broker = &trial["broker"];
        assert_eq!(broker["appended"], trial["result"]["counts"]["sent"]);
        // 600 ms at 2,000/s.
        let window = number(&broker["window_appended"]);
        assert!((900..=1_500).contains(&window), "{window}");
    }
}

#[test]
fn a_run_goes_on_with_the_same_topics_only() {
    let broker = Broker::shared();
    let bench = Bench::new(&profile(&broker, &format!("topics = {TOPICS}")));
    let said = bench.sweep(&["--repetitions", "1"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let other = "workload.topics=[{name = \"orders\", weight = 6, partitions = 4}, {name = \"payments\", weight = 3}]";
    let refused = bench.resume(&["--set", other]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("its workload is another"), "{}", refused.stderr);
    let said = bench.resume(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(bench.trials().len(), 2);
}
