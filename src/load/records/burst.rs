//! The records of one burst, before they are offered: what does not outlive the burst lies in memory that the burst owns
//! and uses again.

use crate::client::{HeaderLayout, Headers, Outgoing};
use crate::measure::SendTag;

/// Where bytes of a record are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Place<'a> {
    /// There are none: no key, or a tombstone.
    #[default]
    Absent,
    /// In memory that outlives the trial's load.
    Lasting(&'a [u8]),
    /// In the burst's own memory.
    Scratch { start: usize, end: usize },
}

impl<'a> Place<'a> {
    /// Number of bytes; none where there are none to be had.
    #[inline]
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Place::Absent => None,
            Place::Lasting(bytes) => Some(bytes.len()),
            Place::Scratch { start, end } => Some(end - start),
        }
    }

    #[inline]
    fn within<'b>(self, scratch: &'b [u8]) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        match self {
            Place::Absent => None,
            Place::Lasting(bytes) => Some(bytes),
            Place::Scratch { start, end } => Some(&scratch[start..end]),
        }
    }
}

/// One record that has been made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Made<'a> {
    pub value: Place<'a>,
    pub key: Place<'a>,
    /// Bytes of the generated headers.
    pub headers: Place<'a>,
    pub partition: Option<i32>,
    pub timestamp_ms: Option<i64>,
    pub topic: u32,
}

/// The records of one burst.
#[derive(Debug, Default)]
pub struct Burst<'a> {
    pub(super) made: Vec<Made<'a>>,
    pub(super) scratch: Vec<u8>,
    pub(super) layout: Option<&'a HeaderLayout>,
    grouping: Grouping<'a>,
}

/// Memory to put records together in.
#[derive(Debug, Default)]
struct Grouping<'a> {
    /// By topic: where its next record goes.
    next: Vec<usize>,
    made: Vec<Made<'a>>,
    tags: Vec<SendTag>,
}

impl<'a> Burst<'a> {
    /// Room for so many records.
    pub fn with_capacity(records: usize) -> Self {
        Self {
            made: Vec::with_capacity(records),
            ..Self::default()
        }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.made.len()
    }

    /// True before the first record.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// Forgets the records; the memory stays.
    pub fn clear(&mut self) {
        self.made.clear();
        self.scratch.clear();
    }

    /// Puts the records of each of so many topics together, one topic behind the other, and their tags with them; those
    /// of a topic keep their order. Takes time in proportion to the records: a counting sort.
    pub(super) fn group_by_topic(&mut self, topics: usize, tags: &mut [SendTag]) {
        let Grouping {
            next,
            made,
            tags: moved_tags,
        } = &mut self.grouping;
        next.clear();
        next.resize(topics, 0);
        self.made.iter().for_each(|made| next[made.topic as usize] += 1);
        let mut start = 0;
        for place in next.iter_mut() {
            (*place, start) = (start, start + *place);
        }
        made.clone_from(&self.made);
        moved_tags.clear();
        moved_tags.extend_from_slice(tags);
        for (record, tag) in made.iter().zip(moved_tags.iter()) {
            let place = &mut next[record.topic as usize];
            (self.made[*place], tags[*place]) = (*record, *tag);
            *place += 1;
        }
    }

    /// Appends the records as the client takes them; `tags` has one for each.
    #[inline]
    pub fn outgoing<'b>(&'b self, tags: &[SendTag], records: &mut Vec<Outgoing<'b>>) {
        records.extend(
            self.made
                .iter()
                .zip(tags)
                .map(|(made, tag)| self.as_client_takes_it(made, *tag)),
        );
    }

    /// Record `place` as the client takes it. There must be one.
    #[inline]
    pub fn record(&self, place: usize, tag: SendTag) -> Outgoing<'_> {
        self.as_client_takes_it(&self.made[place], tag)
    }

    #[inline]
    fn as_client_takes_it(&self, made: &Made<'a>, tag: SendTag) -> Outgoing<'_> {
        let scratch = self.scratch.as_slice();
        Outgoing {
            value: made.value.within(scratch),
            key: made.key.within(scratch),
            headers: self.layout.map(|layout| Headers {
                layout,
                generated: made.headers.within(scratch).unwrap_or_default(),
            }),
            partition: made.partition,
            timestamp_ms: made.timestamp_ms,
            topic: made.topic,
            tag,
        }
    }
}

/// An empty vector for other records, in the same memory.
#[inline]
pub(in crate::load) fn emptied<'b>(mut records: Vec<Outgoing<'_>>) -> Vec<Outgoing<'b>> {
    records.clear();
    // Collecting in place keeps the memory; there is nothing left to map.
    records.into_iter().map(|_| unreachable!()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_the_bursts_own_memory_stay_where_they_are_while_it_grows() {
        let lasting = b"value".to_vec();
        let mut burst = Burst::with_capacity(1);
        for key in 0..100u8 {
            let start = burst.scratch.len();
            burst.scratch.extend_from_slice(&[key; 100]);
            let end = burst.scratch.len();
            burst.made.push(Made {
                value: Place::Lasting(&lasting),
                key: Place::Scratch { start, end },
                ..Made::default()
            });
        }
        let tags = vec![SendTag::new(1, 2); 100];
        let mut records = Vec::new();
        burst.outgoing(&tags, &mut records);
        assert_eq!(records.len(), 100);
        for (place, record) in records.iter().enumerate() {
            assert_eq!(record.key, Some([place as u8; 100].as_slice()));
            assert_eq!((record.value, record.tag), (Some(b"value".as_slice()), tags[0]));
            assert!(record.headers.is_none());
        }
    }

    #[test]
    fn records_are_put_together_by_topic_in_their_order_and_keep_their_tags() {
        let mut burst = Burst::with_capacity(1);
        let topics = [2, 0, 1, 2, 0, 2, 0];
        let mut tags: Vec<SendTag> = (0..topics.len() as u64).map(|n| SendTag::new(n, n)).collect();
        for round in 0..2 {
            burst.clear();
            burst.made.extend(topics.iter().enumerate().map(|(number, topic)| Made {
                timestamp_ms: Some(number as i64),
                topic: *topic,
                ..Made::default()
            }));
            tags.sort_by_key(|tag| tag.intended_us());
            burst.group_by_topic(4, &mut tags);
            let found: Vec<(u32, i64, u64)> = burst
                .made
                .iter()
                .zip(&tags)
                .map(|(made, tag)| (made.topic, made.timestamp_ms.unwrap(), tag.intended_us()))
                .collect();
            let expected = [(0, 1), (0, 4), (0, 6), (1, 2), (2, 0), (2, 3), (2, 5)];
            assert_eq!(found, expected.map(|(topic, n)| (topic, n, n as u64)), "round {round}");
        }
    }

    #[test]
    fn a_vector_of_records_keeps_its_memory() {
        let records: Vec<Outgoing<'static>> = Vec::with_capacity(256);
        let place = records.as_ptr() as usize;
        let again = emptied(records);
        assert_eq!((again.capacity(), again.as_ptr() as usize), (256, place));
    }
}
