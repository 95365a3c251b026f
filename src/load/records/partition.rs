//! Partitions that are assigned here rather than by the client's partitioner.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::protocol::Partitioner;

/// How the records of one producer are assigned to the partitions of one topic; shared by its sending threads.
#[derive(Debug)]
pub(super) enum Assigner {
    /// All to one.
    Fixed(i32),
    /// Each to the next, in turn.
    RoundRobin { next: u32, partitions: u32 },
    /// Those without a key to the same until enough bytes went there.
    Sticky(Sticky),
}

/// The Java client's own partitioner for records without a key (KIP-794; `BuiltInPartitioner.java`): a partition is kept
/// until `batch.size` bytes went to it, then any other is drawn, each as likely. Java may wait with the switch until the
/// batch at hand is full, and prefers brokers with shorter queues; neither is done here.
#[derive(Debug)]
pub(super) struct Sticky {
    partitions: u32,
    limit_bytes: u64,
    partition: u32,
    bytes: u64,
    random: Xoshiro256PlusPlus,
}

impl Assigner {
    /// None where the client chooses.
    pub(super) fn new(partitioner: Partitioner, partitions: u32, batch_bytes: u64, seed: u64) -> Option<Self> {
        let partitions = partitions.max(1);
        let assigner = match partitioner {
            Partitioner::Partition { partition } => Assigner::Fixed(partition as i32),
            Partitioner::RoundRobin => Assigner::RoundRobin { next: 0, partitions },
            Partitioner::JavaSticky => Assigner::Sticky(Sticky::new(partitions, batch_bytes, seed)),
            _ => return None,
        };
        Some(assigner)
    }

    /// The partition of a record; none leaves it to the client. `bytes` are those that the record takes in a batch.
    #[inline]
    pub(super) fn assign(&mut self, has_key: bool, bytes: impl FnOnce() -> u64) -> Option<i32> {
        match self {
            Assigner::Fixed(partition) => Some(*partition),
            Assigner::RoundRobin { next, partitions } => {
                let partition = *next;
                *next = if partition + 1 == *partitions { 0 } else { partition + 1 };
                Some(partition as i32)
            }
            Assigner::Sticky(_) if has_key => None,
            Assigner::Sticky(sticky) => Some(sticky.assign(bytes())),
        }
    }
}

impl Sticky {
    fn new(partitions: u32, limit_bytes: u64, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Self {
            partitions,
            limit_bytes,
            partition: random.random_range(0..partitions),
            bytes: 0,
            random,
        }
    }

    #[inline]
    fn assign(&mut self, bytes: u64) -> i32 {
        let partition = self.partition;
        self.bytes += bytes;
        if self.bytes >= self.limit_bytes {
            // As in Java, the same one may be drawn again.
            (self.partition, self.bytes) = (self.random.random_range(0..self.partitions), 0);
        }
        partition as i32
    }
}

/// Bytes that a record takes in a batch (Kafka protocol, record format version 2), its own attributes, timestamp and
/// offset deltas, and the number of headers at one byte each.
#[inline]
pub(super) fn record_bytes(key: Option<usize>, value: Option<usize>, header_bytes: usize) -> u64 {
    // A length of -1, for none, takes one byte.
    let field = |length: Option<usize>| length.map_or(1, |length| varint_bytes(length) + length);
    let body = 4 + field(key) + field(value) + header_bytes;
    (varint_bytes(body) + body) as u64
}

/// Bytes of a length as a zig-zag varint.
#[inline]
pub(super) fn varint_bytes(length: usize) -> usize {
    let bits = 64 - ((length as u64) << 1).leading_zeros() as usize;
    bits.max(1).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigner(partitioner: Partitioner, partitions: u32, batch_bytes: u64) -> Assigner {
        Assigner::new(partitioner, partitions, batch_bytes, 7).unwrap()
    }

    #[test]
    fn a_partition_is_kept_until_batch_size_bytes_went_there() {
        let mut sticky = assigner(Partitioner::JavaSticky, 50, 1_000);
        let assigned: Vec<i32> = (0..1_000).map(|_| sticky.assign(false, || 100).unwrap()).collect();
        let runs: Vec<&[i32]> = assigned.chunks(10).collect();
        assert!(runs.iter().all(|run| run.iter().all(|partition| *partition == run[0])));
        let different: std::collections::BTreeSet<i32> = runs.iter().map(|run| run[0]).collect();
        assert!(different.len() > 35, "a hundred draws of fifty: {different:?}");
        assert!(different.iter().all(|partition| (0..50).contains(partition)));
    }

    #[test]
    fn records_with_a_key_are_left_to_the_clients_hash_and_do_not_count() {
        let mut sticky = assigner(Partitioner::JavaSticky, 50, 300);
        let first = sticky.assign(false, || 100);
        assert_eq!(sticky.assign(true, || 1_000_000), None);
        assert_eq!(sticky.assign(false, || 100), first);
        assert_eq!(sticky.assign(false, || 100), first);
    }

    #[test]
    fn round_robin_visits_each_in_turn_and_a_fixed_one_stays() {
        let mut turns = assigner(Partitioner::RoundRobin, 3, 1);
        let assigned: Vec<_> = (0..7).map(|k| turns.assign(k % 2 == 0, || 1).unwrap()).collect();
        assert_eq!(assigned, [0, 1, 2, 0, 1, 2, 0]);
        let mut fixed = assigner(Partitioner::Partition { partition: 4 }, 6, 1);
        assert_eq!(fixed.assign(true, || 1), Some(4));
    }

    #[test]
    fn the_clients_own_partitioners_assign_nothing() {
        for partitioner in [Partitioner::Client, Partitioner::Murmur2, Partitioner::Random] {
            assert!(Assigner::new(partitioner, 3, 1, 1).is_none());
        }
    }

    #[test]
    fn a_records_size_is_that_of_the_format() {
        assert_eq!([0, 63, 64, 8_191, 8_192].map(varint_bytes), [1, 1, 2, 2, 3]);
        // length 2, attributes 1, deltas 2, key 1, value 2 + 100, headers 1.
        assert_eq!(record_bytes(None, Some(100), 0), 2 + 4 + 1 + 102);
        assert_eq!(record_bytes(Some(3), None, 0), 1 + 4 + 4 + 1);
    }
}
