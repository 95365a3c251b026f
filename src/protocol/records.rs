//! The words of a workload's records beyond their values: keys, partitions, headers, times, tombstones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What records consist of beside their values. Plain records, the default, have nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Their keys.
    #[serde(default, skip_serializing_if = "Key::is_none")]
    pub key: Key,
    /// What chooses their partitions.
    #[serde(default, skip_serializing_if = "Partitioner::is_default")]
    pub partitioner: Partitioner,
    /// Their headers, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Who gives their create time.
    #[serde(default, skip_serializing_if = "Timestamps::is_default")]
    pub timestamps: Timestamps,
    /// Share of records without a value, 0 to 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tombstones: f64,
    /// The topics that they are spread over by weight; empty: all go to the trial's one topic. In a trial's spec the names
    /// are those on the cluster, and the first is the spec's own topic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<WeightedTopic>,
}

/// One of the topics that records are spread over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedTopic {
    /// Its name: in a configuration what the profile calls it, which the name on the cluster ends in.
    pub name: String,
    /// How likely a record goes there, in relation to the other topics' weights: finite and above 0.
    pub weight: f64,
    /// Its partitions.
    pub partitions: u32,
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl Records {
    /// True for records that nothing was said of: values alone, to the trial's one topic, whose partitions are left to the
    /// client.
    pub fn are_plain(&self) -> bool {
        *self == Records::default()
    }

    /// True where there is nothing to make or to choose beside a value.
    pub fn are_values_alone(&self) -> bool {
        let Records {
            key,
            partitioner,
            headers,
            timestamps,
            tombstones,
            topics,
        } = self;
        let nothing_made = key.is_none() && headers.is_empty() && timestamps.is_default();
        let nothing_chosen = partitioner.is_default() && topics.len() < 2 && is_zero(tombstones);
        nothing_made && nothing_chosen
    }

    /// Partitions of all topics together, where the trial's one topic has `of_one`.
    pub fn all_partitions(&self, of_one: u32) -> u32 {
        match &self.topics[..] {
            [] => of_one,
            topics => topics.iter().map(|topic| topic.partitions).sum(),
        }
    }

    /// The most partitions that a topic has, where the trial's one topic has `of_one`.
    pub fn most_partitions(&self, of_one: u32) -> u32 {
        let of_topics = self.topics.iter().map(|topic| topic.partitions);
        of_topics.max().unwrap_or(of_one)
    }

    /// Share of the records that goes to each topic by its weight: 0 to 1, in their order.
    pub fn topic_shares(&self) -> Vec<f64> {
        let total: f64 = self.topics.iter().map(|topic| topic.weight).sum();
        self.topics.iter().map(|topic| topic.weight / total).collect()
    }

    /// True where it is of interest how records spread over partitions: they have keys, or the profile names what chooses.
    pub fn spread_matters(&self) -> bool {
        !self.key.is_none() || !self.partitioner.is_default()
    }

    /// True where records of many partitions wait in the client at the same time: those with keys, and those of which
    /// each goes to another partition. Without keys the client keeps to one partition for a while.
    pub fn fill_all_partitions(&self) -> bool {
        use Partitioner as P;
        match self.partitioner {
            P::Partition { .. } => false,
            P::RoundRobin | P::Random => true,
            _ => !self.key.is_none(),
        }
    }

    /// True where a record carries what a batched produce call cannot: headers, or a create time of the application's.
    pub fn go_one_by_one(&self) -> bool {
        !self.headers.is_empty() || self.timestamps != Timestamps::Client
    }

    /// Bytes of the largest key.
    pub fn largest_key_bytes(&self) -> u32 {
        match &self.key {
            Key::None => 0,
            Key::Sequential { form } => form.largest_bytes(u64::MAX),
            Key::Uniform { keys, form } | Key::Zipf { keys, form, .. } => form.largest_bytes(*keys),
            Key::Payload { part } => match part {
                PayloadPart::Bytes { bytes } => *bytes,
                // As large as the payload makes it: not known here.
                PayloadPart::Field { .. } => 0,
            },
        }
    }

    /// Bytes of the names and values of all headers.
    pub fn header_bytes(&self) -> u32 {
        let of = |header: &Header| header.name.len() + header.value.bytes();
        self.headers.iter().map(of).sum::<usize>() as u32
    }
}

/// A record's key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Key {
    /// No key.
    #[default]
    None,
    /// 0, 1, 2, … over all sending threads of a trial: no key twice.
    Sequential {
        /// How a key is written.
        form: KeyForm,
    },
    /// Each of `keys` keys is as likely as any other.
    Uniform {
        /// Number of different keys.
        keys: u64,
        /// How a key is written.
        form: KeyForm,
    },
    /// Zipf's law over `keys` keys: key k, from 0, is as likely as `1 / (k + 1)^skew`.
    Zipf {
        /// Number of different keys.
        keys: u64,
        /// The exponent, above 0.
        skew: f64,
        /// How a key is written.
        form: KeyForm,
    },
    /// A part of the record's value.
    Payload {
        /// Which part.
        part: PayloadPart,
    },
}

impl Key {
    /// True for no key.
    pub fn is_none(&self) -> bool {
        *self == Key::None
    }
}

/// How the number of a key is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyForm {
    /// In decimal digits without leading zeros: `0`, `17`.
    #[default]
    Text,
    /// 8 bytes, big-endian, as Java's `LongSerializer` writes a number.
    Binary,
    /// A UUID in its text form of 36 characters, made of the number: the same number gives the same UUID.
    Uuid,
}

impl KeyForm {
    /// Bytes of the largest of so many keys.
    pub fn largest_bytes(self, keys: u64) -> u32 {
        match self {
            KeyForm::Text => keys.saturating_sub(1).max(1).ilog10() + 1,
            KeyForm::Binary => 8,
            KeyForm::Uuid => 36,
        }
    }
}

/// A part of a record's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "part", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PayloadPart {
    /// A field of the JSON object that the value is. A string is its text, a number or boolean as JSON writes it; null is
    /// no key.
    Field {
        /// Name of the field, at the top of the object.
        name: String,
    },
    /// The first bytes; a shorter value is a key as a whole.
    Bytes {
        /// How many.
        bytes: u32,
    },
}

/// What chooses a record's partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields)]
pub enum Partitioner {
    /// The client, as its properties say.
    #[default]
    #[serde(rename = "client")]
    Client,
    /// librdkafka's `random`: any partition for each record with a key.
    #[serde(rename = "random")]
    Random,
    /// librdkafka's `consistent`: CRC32 of the key, also of the empty one and of none.
    #[serde(rename = "consistent")]
    Consistent,
    /// librdkafka's `consistent_random`, its default: CRC32 of the key; stickiness in time where it is empty or absent.
    #[serde(rename = "consistent_random")]
    ConsistentRandom,
    /// librdkafka's `murmur2`: murmur2 of the key as in Java, also of none.
    #[serde(rename = "murmur2")]
    Murmur2,
    /// librdkafka's `murmur2_random`: murmur2 of the key as in Java; stickiness in time where it is absent.
    #[serde(rename = "murmur2_random")]
    Murmur2Random,
    /// librdkafka's `fnv1a`: FNV-1a of the key, also of none.
    #[serde(rename = "fnv1a")]
    Fnv1a,
    /// librdkafka's `fnv1a_random`: FNV-1a of the key; stickiness in time where it is absent.
    #[serde(rename = "fnv1a_random")]
    Fnv1aRandom,
    /// The Java client's own (KIP-794): murmur2 of the key; without a key a partition is kept until `batch.size` bytes went
    /// there. Its adaptive part, which prefers brokers with shorter queues, is left out.
    #[serde(rename = "java-sticky")]
    JavaSticky,
    /// Each record to the next partition, keys or not, as Java's `RoundRobinPartitioner`.
    #[serde(rename = "round-robin")]
    RoundRobin,
    /// Every record to one partition.
    #[serde(rename = "partition")]
    Partition {
        /// Which, from 0.
        partition: u32,
    },
}

impl Partitioner {
    /// Every one that has a name of its own, in documentation order.
    pub const NAMED: [Partitioner; 10] = [
        Partitioner::Client,
        Partitioner::Murmur2Random,
        Partitioner::Murmur2,
        Partitioner::ConsistentRandom,
        Partitioner::Consistent,
        Partitioner::Fnv1aRandom,
        Partitioner::Fnv1a,
        Partitioner::Random,
        Partitioner::JavaSticky,
        Partitioner::RoundRobin,
    ];

    /// True where the choice is left as the client's properties say.
    pub fn is_default(&self) -> bool {
        *self == Partitioner::Client
    }

    /// True where partitions, at least of records without keys, are assigned before the client sees the record.
    pub fn is_assigned(self) -> bool {
        use Partitioner as P;
        matches!(self, P::Partition { .. } | P::RoundRobin | P::JavaSticky)
    }

    /// Its name in profiles and reports; that of a fixed partition is followed by which.
    pub fn name(self) -> &'static str {
        match self {
            Partitioner::Client => "client",
            Partitioner::Random => "random",
            Partitioner::Consistent => "consistent",
            Partitioner::ConsistentRandom => "consistent_random",
            Partitioner::Murmur2 => "murmur2",
            Partitioner::Murmur2Random => "murmur2_random",
            Partitioner::Fnv1a => "fnv1a",
            Partitioner::Fnv1aRandom => "fnv1a_random",
            Partitioner::JavaSticky => "java-sticky",
            Partitioner::RoundRobin => "round-robin",
            Partitioner::Partition { .. } => "partition",
        }
    }

    /// The value of librdkafka's `partitioner` property that it stands for; none where the property stays as it is.
    pub fn property(self) -> Option<&'static str> {
        match self {
            // Records without a key have their partition assigned; the client hashes the others as Java does.
            Partitioner::JavaSticky => Some("murmur2_random"),
            Partitioner::Client | Partitioner::RoundRobin | Partitioner::Partition { .. } => None,
            other => Some(other.name()),
        }
    }
}

/// One header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: HeaderContent,
}

/// What a header's value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum HeaderContent {
    /// The same text in every record.
    Fixed {
        /// The text.
        text: String,
    },
    /// A fresh random UUID (version 4) for each record, in its text form of 36 characters.
    Uuid,
}

impl HeaderContent {
    /// Bytes of the value.
    pub fn bytes(&self) -> usize {
        match self {
            HeaderContent::Fixed { text } => text.len(),
            HeaderContent::Uuid => 36,
        }
    }
}

/// Who gives records their create time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Timestamps {
    /// The client, when it takes the record.
    #[default]
    Client,
    /// The application: the time of its send call's entry, given with each record.
    SendCall,
}
super::workload::named!(Timestamps, "timestamps setting", {
    Timestamps::Client => "client", Timestamps::SendCall => "send-call"
});

impl Timestamps {
    fn is_default(&self) -> bool {
        *self == Timestamps::Client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_records_leave_no_trace() {
        assert_eq!(serde_json::to_string(&Records::default()).unwrap(), "{}");
        assert!(Records::default().are_plain());
        let topic = WeightedTopic {
            name: "orders".to_owned(),
            weight: 1.0,
            partitions: 6,
        };
        let of_one_topic = Records {
            topics: vec![topic],
            ..Records::default()
        };
        assert!(!of_one_topic.are_plain(), "its topic has a name");
        assert!(of_one_topic.are_values_alone());
    }

    #[test]
    fn a_partitioners_name_is_its_form() {
        for partitioner in Partitioner::NAMED {
            let form = serde_json::to_value(partitioner).unwrap();
            assert_eq!(form["kind"], partitioner.name());
        }
    }

    #[test]
    fn the_largest_key_is_known() {
        assert_eq!(KeyForm::Text.largest_bytes(1), 1);
        assert_eq!(KeyForm::Text.largest_bytes(10), 1);
        assert_eq!(KeyForm::Text.largest_bytes(11), 2);
        assert_eq!(KeyForm::Text.largest_bytes(1_000_000), 6);
        assert_eq!(KeyForm::Text.largest_bytes(u64::MAX), 20);
    }
}
