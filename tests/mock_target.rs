//! The mock cluster as a target, in a process of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use kpbench::client::mock::{MockError, MockRequest};
use kpbench::process::{ProcessIdentity, Spawner};
use kpbench::profile::TargetSettings;
use kpbench::protocol::TargetKind;
use kpbench::target::mock::MockCommand;
use kpbench::target::{NewTopic, Patience, StartOptions, Target, TargetError};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

async fn start(brokers: u32) -> Target {
    let mut options = StartOptions::new(Spawner::new().unwrap());
    options.kpbench_binary = Some(env!("CARGO_BIN_EXE_kpbench").into());
    let settings = TargetSettings {
        kind: TargetKind::Mock,
        brokers,
        bootstrap_servers: None,
        connection: BTreeMap::new(),
        broker_config: BTreeMap::new(),
    };
    Target::start(&settings, &options).await.unwrap()
}

fn topic(name: &str, partitions: u32, replication_factor: u16) -> NewTopic {
    NewTopic {
        name: name.to_owned(),
        partitions,
        replication_factor,
        config: BTreeMap::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_is_counted_also_those_the_mock_has_dropped() {
    let target = start(1).await;
    target.create_topic(&topic("kpbench-many", 2, 1)).await.unwrap();
    assert_eq!(target.high_watermarks("kpbench-many").await.unwrap(), [0, 0]);
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", target.bootstrap_servers())
        .set("linger.ms", "0")
        .set("batch.num.messages", "100");
    let producer: ThreadedProducer<_> = config.create().unwrap();
    // 500 batches and 50 MB per partition: far more than the mock keeps of one.
    let payload = vec![b'x'; 1_000];
    for number in 0..100_000 {
        let record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to("kpbench-many")
            .payload(&payload[..])
            .partition(number % 2);
        let mut pending = Some(record);
        while let Some(record) = pending.take() {
            if let Err((error, record)) = producer.send(record) {
                assert_eq!(
                    error.rdkafka_error_code(),
                    Some(rdkafka::types::RDKafkaErrorCode::QueueFull),
                    "{error}"
                );
                producer.flush(Duration::from_millis(100)).ok();
                pending = Some(record);
            }
        }
    }
    producer.flush(Duration::from_secs(60)).unwrap();
    let settled = target
        .settled_high_watermarks(&["kpbench-many"], Patience::within(Duration::from_secs(10)))
        .await
        .unwrap();
    assert_eq!(settled, [50_000, 50_000]);
    target.delete_topic("kpbench-many").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_what_it_cannot_have_and_obeys_tests() {
    let target = start(3).await;
    assert_eq!(target.description().brokers, 3);
    assert_eq!(
        target.description().software.as_deref(),
        Some("librdkafka's mock cluster")
    );
    assert_eq!(target.broker_cpu_us(), None);
    target.probe_topic(&topic("kpbench-a", 1, 3)).await.unwrap();
    for refused in [
        target.probe_topic(&topic("kpbench-a", 1, 4)).await,
        target.create_topic(&topic("kpbench-a", 1, 4)).await,
        target.create_topic(&topic("orders", 1, 1)).await,
        target.create_topic(&topic("kpbench-a", 0, 1)).await,
    ] {
        assert!(matches!(refused, Err(TargetError::Impossible(_))), "{refused:?}");
    }
    target.create_topic(&topic("kpbench-a", 4, 3)).await.unwrap();
    assert!(matches!(
        target.create_topic(&topic("kpbench-a", 4, 3)).await,
        Err(TargetError::Impossible(_))
    ));

    let command = MockCommand::PushErrors {
        request: MockRequest::Produce,
        error: MockError::TopicAuthorizationFailed,
        count: 1,
    };
    target.mock_command(command).await.unwrap();
    target
        .mock_command(MockCommand::SetRoundTrip {
            broker: None,
            round_trip_ms: 1,
        })
        .await
        .unwrap();
    let producer: ThreadedProducer<_> = ClientConfig::new()
        .set("bootstrap.servers", target.bootstrap_servers())
        .create()
        .unwrap();
    let record: BaseRecord<'_, str, str> = BaseRecord::to("kpbench-a").payload("x").partition(0);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(
        target.high_watermarks("kpbench-a").await.unwrap(),
        [0; 4],
        "the record must have been refused"
    );

    target
        .mock_command(MockCommand::BrokerDown { broker: None })
        .await
        .unwrap();
    let error = target.wait_until_reachable(Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, TargetError::Unreachable { .. }), "{error}");
    target
        .mock_command(MockCommand::BrokerUp { broker: None })
        .await
        .unwrap();
    target.wait_until_reachable(Duration::from_secs(20)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn its_process_ends_with_the_target() {
    let target = start(1).await;
    let process = ProcessIdentity::of(target.pids()[0]).unwrap();
    target.stop().await.unwrap();
    assert!(!process.is_alive());
}
