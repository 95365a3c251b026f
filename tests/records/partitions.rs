//! Which partition records go to.

use std::collections::{BTreeMap, BTreeSet};

use kpbench::protocol::{ClientKind, Key, KeyForm, Partitioner, Records};

use crate::java::partitions_of;
use crate::read_back::{Read, run, spec};
use crate::support::Broker;

const PARTITIONS: u32 = 7;

fn with(key: Key, partitioner: Partitioner, broker: &Broker, client: ClientKind) -> Vec<Read> {
    let records = Records {
        key,
        partitioner,
        ..Records::default()
    };
    let mut spec = spec(broker, PARTITIONS, records);
    spec.workload.client = client;
    if let Some(name) = partitioner.property() {
        spec.properties.insert("partitioner".to_owned(), name.to_owned());
    }
    run(broker, &spec).1
}

fn sequential(form: KeyForm) -> Key {
    Key::Sequential { form }
}

fn uniform(keys: u64) -> Key {
    let form = KeyForm::Text;
    Key::Uniform { keys, form }
}

fn counts(read: &[Read]) -> Vec<usize> {
    let of = |partition| read.iter().filter(|record| record.partition == partition).count();
    (0..PARTITIONS as i32).map(of).collect()
}

#[test]
fn keys_go_where_the_java_clients_own_partitioner_puts_them() {
    let broker = Broker::shared();
    for form in [KeyForm::Text, KeyForm::Binary, KeyForm::Uuid] {
        let java = [
            Partitioner::Murmur2Random,
            Partitioner::Murmur2,
            Partitioner::JavaSticky,
        ];
        for (partitioner, &client) in java.into_iter().zip(ClientKind::ALL) {
            let read = with(sequential(form), partitioner, &broker, client);
            let keys: Vec<Vec<u8>> = read.iter().map(|record| record.key.clone().unwrap()).collect();
            let found: Vec<i32> = read.iter().map(|record| record.partition).collect();
            assert_eq!(found, partitions_of(&keys, PARTITIONS), "{form:?} {partitioner:?}");
            assert!(
                counts(&read).iter().all(|count| *count > 20),
                "all partitions are in use"
            );
        }
        // Another hash is not mistaken for Java's.
        let read = with(
            sequential(form),
            Partitioner::ConsistentRandom,
            &broker,
            ClientKind::Librdkafka,
        );
        let keys: Vec<Vec<u8>> = read.iter().map(|record| record.key.clone().unwrap()).collect();
        let found: Vec<i32> = read.iter().map(|record| record.partition).collect();
        assert_ne!(found, partitions_of(&keys, PARTITIONS), "{form:?}");
    }
}

#[test]
fn hashing_partitioners_keep_a_key_in_one_partition_and_random_does_not() {
    let broker = Broker::shared();
    let spread = |partitioner| {
        let read = with(uniform(20), partitioner, &broker, ClientKind::Librdkafka);
        let mut of: BTreeMap<Vec<u8>, BTreeSet<i32>> = BTreeMap::new();
        for record in read {
            of.entry(record.key.unwrap()).or_default().insert(record.partition);
        }
        of
    };
    use Partitioner as P;
    let mut maps = BTreeSet::new();
    for partitioner in [P::Consistent, P::Fnv1a, P::Murmur2] {
        let of = spread(partitioner);
        assert!(of.values().all(|partitions| partitions.len() == 1), "{partitioner:?}");
        let with_random = match partitioner {
            P::Consistent => P::ConsistentRandom,
            P::Fnv1a => P::Fnv1aRandom,
            _ => P::Murmur2Random,
        };
        assert_eq!(spread(with_random), of, "keys hash alike");
        maps.insert(of);
    }
    assert_eq!(maps.len(), 3, "the hashes are different ones");
    assert!(spread(P::Random).values().all(|partitions| partitions.len() > 1));
}

#[test]
fn assigned_partitions_are_kept_by_every_client() {
    let broker = Broker::shared();
    for &client in ClientKind::ALL {
        for key in [Key::None, uniform(20)] {
            let fixed = with(key.clone(), Partitioner::Partition { partition: 3 }, &broker, client);
            assert_eq!(counts(&fixed)[3], 400, "{client}");
            let turns = with(key, Partitioner::RoundRobin, &broker, client);
            assert!(counts(&turns).iter().all(|count| [57, 58].contains(count)), "{client}");
        }
    }
}

/// 10 records of 200 bytes and their framing pass 2,000 bytes: every partition gets tens, but for the one at hand.
#[test]
fn without_keys_java_sticky_moves_on_after_batch_size_bytes() {
    let broker = Broker::shared();
    let records = Records {
        partitioner: Partitioner::JavaSticky,
        ..Records::default()
    };
    let mut spec = spec(&broker, PARTITIONS, records);
    spec.properties.insert("batch.size".to_owned(), "2000".to_owned());
    let (result, read) = run(&broker, &spec);
    let counts = counts(&read);
    assert!(counts.iter().all(|count| count.is_multiple_of(10)), "{counts:?}");
    assert!(counts.iter().filter(|count| **count > 0).count() >= 4, "{counts:?}");
    assert!(
        result.notes.iter().any(|note| note.starts_with("java-sticky")),
        "{:?}",
        result.notes
    );
}
