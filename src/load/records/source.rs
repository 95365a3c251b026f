//! One sending thread's records, one after the other.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::burst::{Burst, Made, Place};
use super::headers::HeaderSource;
use super::keys::KeySource;
use super::partition::{Assigner, record_bytes};
use super::topics::TopicSource;
use super::values::ValueSource;
use crate::measure::SendTag;

/// One sending thread's records, one after the other.
#[derive(Debug)]
pub struct RecordSource<'a> {
    values: ValueSource<'a>,
    /// None for records that are nothing but a value.
    extras: Option<Extras<'a>>,
    /// Number of topics that a burst is put together by; none where it stays as it is made.
    grouped_by: Option<usize>,
}

/// What records have beside a value.
#[derive(Debug)]
pub(super) struct Extras<'a> {
    pub(super) keys: KeySource<'a>,
    pub(super) headers: Option<HeaderSource<'a>>,
    /// Bytes that the headers take in a record.
    pub(super) header_bytes: usize,
    pub(super) tombstones: Option<Tombstones>,
    /// Whether the application gives the create time.
    pub(super) dated: bool,
    /// None where all records go to one topic.
    pub(super) topics: Option<TopicSource>,
    /// One for each topic.
    pub(super) assigner: Option<&'a Mutex<Vec<Assigner>>>,
}

/// Which records are tombstones.
#[derive(Debug)]
pub(super) struct Tombstones {
    share: f64,
    random: Xoshiro256PlusPlus,
}

impl Tombstones {
    /// None for a share of 0.
    pub(super) fn new(share: f64, seed: u64) -> Option<Self> {
        (share > 0.0).then(|| Self {
            share,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
        })
    }

    fn next(&mut self) -> bool {
        self.random.random::<f64>() < self.share
    }
}

impl<'a> RecordSource<'a> {
    pub(super) fn new(values: ValueSource<'a>, extras: Option<Extras<'a>>, grouped_by: Option<usize>) -> Self {
        Self {
            values,
            extras,
            grouped_by,
        }
    }

    /// Makes the next records in `burst`, which is empty, one for each tag. Where the client takes those of one topic in
    /// one call, they are put together topic by topic, and their tags with them.
    #[inline]
    pub fn fill_for_client(&mut self, burst: &mut Burst<'a>, tags: &mut [SendTag]) {
        self.fill(burst, tags);
        if let Some(topics) = self.grouped_by {
            burst.group_by_topic(topics, tags);
        }
    }

    /// Makes the next records at the end of `burst`, one for each tag.
    #[inline]
    pub fn fill(&mut self, burst: &mut Burst<'a>, tags: &[SendTag]) {
        match (&mut self.values, &mut self.extras) {
            (values, None) => values.fill(burst, tags),
            (ValueSource::Pool(cursor), Some(extras)) => {
                let first = burst.made.len();
                extras.fill(burst, first..first + tags.len(), |burst| {
                    let (number, value) = cursor.next_numbered();
                    burst.made.push(Made {
                        value: Place::Lasting(value),
                        ..Made::default()
                    });
                    (number, value)
                });
            }
            (ValueSource::Serializer(source), Some(extras)) => {
                let first = burst.made.len();
                source.fill(burst, tags);
                // No key is a part of a value that is made just now: `RecordStock::new` saw to that.
                extras.fill(burst, first..first + tags.len(), |_| (0, &[]));
            }
        }
    }
}

impl<'a> Extras<'a> {
    /// Gives the records at these places of the burst what they have beside a value. `value` makes sure that the record
    /// whose turn it is has its value, and gives that with its number in the pool.
    #[inline]
    fn fill(
        &mut self,
        burst: &mut Burst<'a>,
        places: Range<usize>,
        mut value: impl FnMut(&mut Burst<'a>) -> (usize, &'a [u8]),
    ) {
        burst.layout = self.headers.as_ref().map(|headers| headers.layout);
        // Once per burst: the records of a burst enter their send call together.
        let timestamp_ms = self.dated.then(now_ms);
        let mut assigner = self
            .assigner
            .map(|assigner| assigner.lock().unwrap_or_else(PoisonError::into_inner));
        for place in places {
            let (number, bytes) = value(burst);
            let key = self.keys.next(number, bytes, &mut burst.scratch);
            let headers = match &mut self.headers {
                Some(headers) => headers.next(&mut burst.scratch),
                None => Place::Absent,
            };
            let topic = self.topics.as_mut().map_or(0, TopicSource::next);
            let made = &mut burst.made[place];
            if self.tombstones.as_mut().is_some_and(Tombstones::next) {
                made.value = Place::Absent;
            }
            let (key_length, value_length) = (key.length(), made.value.length());
            made.partition = assigner.as_mut().and_then(|assigners| {
                let bytes = || record_bytes(key_length, value_length, self.header_bytes);
                assigners[topic as usize].assign(key_length.is_some(), bytes)
            });
            made.topic = topic;
            (made.key, made.headers, made.timestamp_ms) = (key, headers, timestamp_ms);
        }
    }
}

/// Wall-clock time in ms since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
