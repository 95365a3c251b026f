//! A real Apache Kafka, started and ended by the tool.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kpbench::process::{ProcessIdentity, Spawner};
use kpbench::profile::TargetSettings;
use kpbench::protocol::TargetKind;
use kpbench::target::local::LocalSecurity;
use kpbench::target::{NewTopic, Patience, StartOptions, Target, TargetError};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

fn settings(kind: TargetKind, brokers: u32) -> TargetSettings {
    TargetSettings {
        kind,
        brokers,
        bootstrap_servers: None,
        connection: BTreeMap::new(),
        broker_config: BTreeMap::new(),
    }
}

fn options() -> StartOptions {
    let mut options = StartOptions::new(Spawner::new().unwrap());
    options.local.fast_start = true;
    options
}

fn topic(name: &str, partitions: u32, replication_factor: u16) -> NewTopic {
    NewTopic {
        name: name.to_owned(),
        partitions,
        replication_factor,
        config: BTreeMap::new(),
    }
}

/// Sends `per_partition` records to each partition and waits for their acknowledgements.
fn produce(target: &Target, topic: &str, partitions: i32, per_partition: usize) {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", target.bootstrap_servers())
        .set("acks", "all")
        .set("linger.ms", "1");
    config.set("message.timeout.ms", "30000");
    let producer: ThreadedProducer<_> = config.create().unwrap();
    for partition in 0..partitions {
        for _ in 0..per_partition {
            let record: BaseRecord<'_, str, str> = BaseRecord::to(topic).payload("x").partition(partition);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
    }
    producer.flush(Duration::from_secs(30)).unwrap();
}

fn ended(process: &ProcessIdentity) -> bool {
    let start = Instant::now();
    while process.is_alive() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    !process.is_alive()
}

/// Stopped while Kafka's files are made, while Java starts, and while it is waited for: nothing may stay behind, and that
/// must be so as soon as the start has returned, since the program ends then.
#[tokio::test]
async fn a_start_that_is_stopped_takes_back_what_it_made() {
    for stopped_after_ms in [100, 300, 800, 1_300] {
        let data = tempfile::tempdir().unwrap();
        let (ask, asked) = tokio::sync::watch::channel(false);
        let mut options = options();
        options.local.data_parent = Some(data.path().to_owned());
        options.cancel = Some(asked);
        let settings = settings(TargetKind::Local, 1);
        let start = Target::start(&settings, &options);
        tokio::pin!(start);
        let stop = async {
            tokio::time::sleep(Duration::from_millis(stopped_after_ms)).await;
            ask.send_replace(true);
        };
        let target = tokio::join!(&mut start, stop).0;
        match target {
            Err(TargetError::Cancelled) => {}
            // This machine was faster.
            Ok(target) => target.stop().await.unwrap(),
            Err(other) => panic!("{other}"),
        }
        let left: Vec<_> = std::fs::read_dir(data.path()).unwrap().collect();
        assert!(left.is_empty(), "stopped after {stopped_after_ms} ms: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_counts_and_refuses() {
    let target = Target::start(&settings(TargetKind::Local, 1), &options())
        .await
        .unwrap();
    let description = target.description();
    let brokers = description.local_brokers.as_ref().unwrap();
    assert!(brokers.java_version.starts_with(|c: char| c.is_ascii_digit()));
    assert!(
        brokers.java_options.iter().any(|option| option == "-Xmx1g"),
        "{brokers:?}"
    );
    assert_eq!(brokers.settings["log.segment.delete.delay.ms"], "500");
    assert_eq!(description.brokers, 1);
    assert_eq!(description.software.as_deref(), Some("Apache Kafka 4.3.0"));
    assert_eq!(description.cluster_id.as_ref().map(String::len), Some(22));

    let name = "kpbench-count";
    target.create_topic(&topic(name, 3, 1)).await.unwrap();
    assert_eq!(target.high_watermarks(name).await.unwrap(), [0, 0, 0]);
    produce(&target, name, 3, 7);
    assert_eq!(
        target
            .settled_high_watermarks(&[name], Patience::within(Duration::from_secs(10)))
            .await
            .unwrap(),
        [7, 7, 7]
    );
    let poll = target.poll_watermarks(&[name]).await.unwrap();
    assert_eq!(poll.total(), 21);
    assert!(poll.asked_at <= poll.answered_at);
    assert_eq!(target.partitions(name).await.unwrap(), 3);
    assert!(target.broker_cpu_us().unwrap() > 0);

    let no_number = BTreeMap::from([("min.insync.replicas".to_owned(), "many".to_owned())]);
    for impossible in [
        target.probe_topic(&topic("kpbench-two", 1, 2)).await,
        target.create_topic(&topic("kpbench-two", 1, 2)).await,
        target.create_topic(&topic("orders", 1, 1)).await,
        target.delete_topic("orders").await,
        target.partitions("kpbench-two").await.map(|_| ()),
        target
            .probe_topic(&NewTopic {
                config: no_number,
                ..topic("kpbench-two", 1, 1)
            })
            .await,
    ] {
        let error = impossible.unwrap_err();
        assert!(matches!(error, TargetError::Impossible(_)), "{error}");
        assert_eq!(error.exit_code(), 2);
        eprintln!("refused: {error}");
    }
    let words = target
        .probe_topic(&topic("kpbench-two", 1, 2))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        words.contains("only 1 broker(s) are registered"),
        "not the broker's own words: {words}"
    );
    target.probe_topic(&topic("kpbench-two", 4, 1)).await.unwrap();
    assert!(
        target.partitions("kpbench-two").await.is_err(),
        "a probe must create nothing"
    );
    target.delete_topic(name).await.unwrap();
    target.delete_topic(name).await.unwrap();

    let local = target.local().unwrap();
    let directory = local.directory().to_owned();
    let broker = ProcessIdentity::of(local.pids()[0]).unwrap();
    assert!(directory.exists());
    target.stop().await.unwrap();
    assert!(!directory.exists());
    assert!(!broker.is_alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_broker_is_noticed_and_comes_back_with_its_records() {
    let target = Target::start(&settings(TargetKind::Local, 1), &options())
        .await
        .unwrap();
    let name = "kpbench-kept";
    target.create_topic(&topic(name, 3, 1)).await.unwrap();
    produce(&target, name, 3, 7);
    let local = target.local().unwrap();
    let cpu_before = target.broker_cpu_us().unwrap();
    local.kill_node(1).unwrap();
    assert!(!local.is_alive());
    let error = target.wait_until_reachable(Duration::from_secs(20)).await.unwrap_err();
    assert!(matches!(error, TargetError::Node { node: 1, .. }), "{error}");
    assert_eq!(target.revive().await.unwrap(), 1);
    target.wait_until_reachable(Duration::from_secs(60)).await.unwrap();
    assert_eq!(
        target
            .settled_high_watermarks(&[name], Patience::within(Duration::from_secs(20)))
            .await
            .unwrap(),
        [7, 7, 7]
    );
    assert!(target.broker_cpu_us().unwrap() >= cpu_before);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_replicate() {
    let target = Target::start(&settings(TargetKind::Local, 3), &options())
        .await
        .unwrap();
    assert_eq!(target.description().brokers, 3);
    assert_eq!(target.bootstrap_servers().split(',').count(), 3);
    let name = "kpbench-replicated";
    target.create_topic(&topic(name, 6, 3)).await.unwrap();
    produce(&target, name, 6, 5);
    assert_eq!(
        target
            .settled_high_watermarks(&[name], Patience::within(Duration::from_secs(10)))
            .await
            .unwrap(),
        [5; 6]
    );
    let brokers: Vec<_> = target
        .local()
        .unwrap()
        .pids()
        .into_iter()
        .map(|pid| ProcessIdentity::of(pid).unwrap())
        .collect();
    assert_eq!(brokers.len(), 3);
    drop(target);
    assert!(
        brokers.iter().all(|broker| !broker.is_alive()),
        "dropping a target must end its brokers"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secured_listener_tells_right_from_wrong() {
    let mut secured = options();
    let security = LocalSecurity {
        user: "alice".to_owned(),
        password: "right-one".to_owned(),
    };
    secured.local.security = Some(security);
    let target = Target::start(&settings(TargetKind::Local, 1), &secured).await.unwrap();
    let listener = target.local().unwrap().secured().unwrap().clone();

    let external = |servers: &str, changes: &[(&str, &str)]| {
        let mut settings = settings(TargetKind::External, 1);
        settings.bootstrap_servers = Some(servers.to_owned());
        settings.connection = listener.connection.clone();
        for (key, value) in changes {
            settings.connection.insert((*key).to_owned(), (*value).to_owned());
        }
        settings
    };
    let servers = listener.bootstrap_servers.as_str();
    let right = Target::start(&external(servers, &[]), &options()).await.unwrap();
    assert_eq!(right.description().cluster_id, target.description().cluster_id);
    right.create_topic(&topic("kpbench-secured", 1, 1)).await.unwrap();
    assert_eq!(right.high_watermarks("kpbench-secured").await.unwrap(), [0]);

    let plain = target.bootstrap_servers();
    for (servers, changes, words) in [
        (servers, &[("sasl.password", "wrong-one")][..], "uthentication failed"),
        (servers, &[("ssl.ca.location", "probe")], "certificate"),
        (servers, &[("security.protocol", "SASL_PLAINTEXT")], "does it want TLS"),
        (plain, &[], "SSL handshake failed"),
    ] {
        let start = Instant::now();
        let error = Target::start(&external(servers, changes), &options())
            .await
            .unwrap_err();
        let text = error.to_string();
        eprintln!("{:?}: {text}", start.elapsed());
        assert!(matches!(error, TargetError::Unreachable { .. }), "{text}");
        assert!(text.contains(words), "{words:?} is not in {text:?}");
        assert!(!text.contains("-one"), "{text}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_is_told_in_the_clients_words() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut external = settings(TargetKind::External, 1);
    external.bootstrap_servers = Some(address.clone());
    let start = Instant::now();
    let text = Target::start(&external, &options()).await.unwrap_err().to_string();
    assert!(text.contains(&address) && text.contains("Connection refused"), "{text}");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_kafka_refuses_is_told_with_its_words() {
    let mut broken = settings(TargetKind::Local, 1);
    broken
        .broker_config
        .insert("num.io.threads".to_owned(), "none".to_owned());
    let error = Target::start(&broken, &options()).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TargetError::Node { node: 1, .. }), "{text}");
    assert!(text.contains("num.io.threads"), "{text}");
}

/// Not a test by itself: the body of the process that the next test kills.
#[test]
fn helper_coordinator() {
    let Some(parent) = std::env::var_os("KPBENCH_TEST_COORDINATOR") else {
        return;
    };
    let mut options = options();
    options.local.data_parent = Some(parent.into());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let target = runtime
        .block_on(Target::start(&settings(TargetKind::Local, 1), &options))
        .unwrap();
    println!("\nbroker {}", target.local().unwrap().pids()[0]);
    std::thread::sleep(Duration::from_secs(120));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_coordinator_leaves_no_broker_and_its_data_goes_at_the_next_start() {
    use std::io::{BufRead, BufReader};
    let parent = tempfile::tempdir().unwrap();
    let mut coordinator = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_coordinator", "--nocapture"])
        .env("KPBENCH_TEST_COORDINATOR", parent.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(coordinator.stdout.take().unwrap()).lines();
    let pid = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("broker ")?.parse().ok());
    let broker = pid.and_then(ProcessIdentity::of).expect("the broker runs");
    coordinator.kill().unwrap();
    coordinator.wait().unwrap();
    assert!(ended(&broker), "the broker outlived its coordinator");
    let left = || std::fs::read_dir(parent.path()).unwrap().count();
    assert_eq!(left(), 2, "data and its lock file");
    let mut options = options();
    options.local.data_parent = Some(parent.path().to_owned());
    let target = Target::start(&settings(TargetKind::Local, 1), &options).await.unwrap();
    assert_eq!(left(), 2, "the new cluster's only");
    target.stop().await.unwrap();
    assert_eq!(left(), 0);
}
