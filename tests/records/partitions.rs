//! Which partition records go to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kpbench::load::records::{Burst, RecordStock};
use kpbench::measure::SendTag;
use kpbench::protocol::{Arrival, ClientKind, Key, KeyForm, Partitioner, Records};

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

/// Records of each burst of [`in_bursts`].
const BURST: usize = 50;

/// The partitions of 8 bursts of records without a key, one every 300 ms, in the order of sending.
fn in_bursts(broker: &Broker, partitioner: Partitioner, properties: &[(&str, &str)]) -> Vec<i32> {
    let records = Records {
        partitioner,
        ..Records::default()
    };
    let mut spec = spec(broker, PARTITIONS, records);
    spec.workload.arrival = Arrival::Bursts {
        records: BURST as u64,
        every_us: 300_000,
    };
    spec.measure_ms = 8 * 300;
    let named = partitioner.property().map(|name| ("partitioner", name));
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    spec.properties.extend(named.iter().chain(properties).map(owned));
    let (_, read) = run(broker, &spec);
    let of: HashMap<Vec<u8>, i32> = read
        .into_iter()
        .map(|record| (record.value.unwrap(), record.partition))
        .collect();
    // The same seed makes the same values: so their order is known, and no two of them are alike.
    let stock = RecordStock::new(&spec).unwrap();
    let tags = vec![SendTag::new(0, 0); 8 * BURST];
    let mut burst = Burst::with_capacity(tags.len());
    stock.source(0, 0, 1).fill(&mut burst, &tags);
    let value = |place| burst.record(place, tags[place]).value.unwrap();
    (0..tags.len()).map(|place| of[value(place)]).collect()
}

/// Whether all of every so many records that follow each other, counted from the first, are in one partition.
fn in_runs_of(length: usize, partitions: &[i32]) -> bool {
    partitions
        .chunks(length)
        .all(|run| run.iter().all(|one| *one == run[0]))
}

/// A burst takes no time worth a name, and the pause behind it is longer than the stickiness: partitions that are kept for a
/// time change between two bursts only, however many bytes they have; those that are kept for bytes change within a burst.
#[test]
fn without_keys_a_partition_is_kept_for_a_time_or_for_so_many_bytes() {
    let broker = Broker::shared();
    let by_time = |properties: &[(&str, &str)]| in_bursts(&broker, Partitioner::Murmur2Random, properties);
    let bytes = ("batch.size", "2600");
    // The second is the default: twice linger.ms.
    for time in [("sticky.partitioning.linger.ms", "200"), ("linger.ms", "100")] {
        let partitions = by_time(&[time, bytes]);
        assert!(in_runs_of(BURST, &partitions), "{time:?}: {partitions:?}");
        let used: BTreeSet<&i32> = partitions.iter().collect();
        assert!(used.len() > 1, "{time:?}: {partitions:?}");
    }
    // 13 records of 200 bytes and their framing pass 2,600 bytes.
    let time = ("sticky.partitioning.linger.ms", "200");
    let partitions = in_bursts(&broker, Partitioner::JavaSticky, &[time, bytes]);
    assert!(in_runs_of(13, &partitions), "{partitions:?}");
    assert!(!in_runs_of(BURST, &partitions), "{partitions:?}");

    let for_ever = by_time(&[("sticky.partitioning.linger.ms", "600000")]);
    assert!(in_runs_of(8 * BURST, &for_ever), "{for_ever:?}");
    let for_no_time = by_time(&[("sticky.partitioning.linger.ms", "0")]);
    let is_spread = |burst: &[i32]| !in_runs_of(BURST, burst);
    assert!(for_no_time.chunks(BURST).all(is_spread), "{for_no_time:?}");
}
