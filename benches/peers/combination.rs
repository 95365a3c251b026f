//! What is compared: record size, acks and batch.size; and the settings that are the same everywhere.

use std::fmt;

use kpbench::protocol::Acks;

/// Partitions of every topic.
pub const PARTITIONS: u32 = 6;
/// `linger.ms`.
pub const LINGER_MS: u32 = 5;
/// Most records in a client's queue.
pub const QUEUE_RECORDS: u64 = 100_000;
/// Smallest `buffer.memory` for the Java client in bytes, its default: it takes `batch.size` for every batch that it begins.
const MIN_BUFFER_MEMORY: u64 = 32 << 20;

/// One point of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    /// Bytes of every record's value.
    pub record_size: u32,
    /// `acks`.
    pub acks: Acks,
    /// `batch.size` in bytes.
    pub batch_size: u32,
}

impl Combination {
    /// Every combination, the one that most is promised for first.
    pub fn all() -> Vec<Combination> {
        let mut all = Vec::new();
        for record_size in [100, 1_000] {
            for batch_size in [1_000_000, 16_384] {
                for acks in [Acks::Leader, Acks::All] {
                    all.push(Combination {
                        record_size,
                        acks,
                        batch_size,
                    });
                }
            }
        }
        all
    }

    /// The one of this label.
    pub fn of_label(label: &str) -> Option<Combination> {
        Self::all().into_iter().find(|one| one.to_string() == label)
    }

    /// `buffer.memory` of the Java client in bytes: room for [`QUEUE_RECORDS`], its default at least.
    pub fn buffer_memory(&self) -> u64 {
        (QUEUE_RECORDS * u64::from(self.record_size)).max(MIN_BUFFER_MEMORY)
    }

    /// True where the label has every word of one of the filters; without filters always.
    pub fn matches(&self, filters: &[String]) -> bool {
        let label = self.to_string();
        let words: Vec<&str> = label.split(' ').collect();
        let has = |filter: &String| filter.split_whitespace().all(|word| words.contains(&word));
        filters.is_empty() || filters.iter().any(has)
    }
}

impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Combination {
            record_size,
            acks,
            batch_size,
        } = self;
        write!(f, "record={record_size} acks={acks} batch.size={batch_size}")
    }
}
