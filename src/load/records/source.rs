//! One sending thread's records, one after the other.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::burst::{Burst, Made, Place};
use super::headers::HeaderSource;
use super::keys::KeySource;
use super::partition::{Assigner, record_bytes};
use crate::load::PayloadCursor;
use crate::measure::SendTag;

/// One sending thread's records, one after the other.
#[derive(Debug)]
pub struct RecordSource<'a> {
    values: PayloadCursor<'a>,
    /// None for records that are nothing but a value.
    extras: Option<Extras<'a>>,
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
    pub(super) assigner: Option<&'a Mutex<Assigner>>,
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
    pub(super) fn new(values: PayloadCursor<'a>, extras: Option<Extras<'a>>) -> Self {
        Self { values, extras }
    }

    /// Makes the next records at the end of `burst`, one for each tag.
    #[inline]
    pub fn fill(&mut self, burst: &mut Burst<'a>, tags: &[SendTag]) {
        match &mut self.extras {
            None => burst.made.extend(tags.iter().map(|_| Made {
                value: Place::Lasting(self.values.next_value()),
                ..Made::default()
            })),
            Some(extras) => extras.fill(&mut self.values, burst, tags.len()),
        }
    }
}

impl<'a> Extras<'a> {
    fn fill(&mut self, values: &mut PayloadCursor<'a>, burst: &mut Burst<'a>, records: usize) {
        burst.layout = self.headers.as_ref().map(|headers| headers.layout);
        // Once per burst: the records of a burst enter their send call together.
        let timestamp_ms = self.dated.then(now_ms);
        let mut assigner = self
            .assigner
            .map(|assigner| assigner.lock().unwrap_or_else(PoisonError::into_inner));
        for _ in 0..records {
            let (number, value) = values.next_numbered();
            let key = self.keys.next(number, value, &mut burst.scratch);
            let headers = match &mut self.headers {
                Some(headers) => headers.next(&mut burst.scratch),
                None => Place::Absent,
            };
            let tombstone = self.tombstones.as_mut().is_some_and(Tombstones::next);
            let value = if tombstone {
                Place::Absent
            } else {
                Place::Lasting(value)
            };
            let partition = assigner.as_mut().and_then(|assigner| {
                let bytes = || record_bytes(key.length(), value.length(), self.header_bytes);
                assigner.assign(key.length().is_some(), bytes)
            });
            burst.made.push(Made {
                value,
                key,
                headers,
                partition,
                timestamp_ms,
                topic: 0,
            });
        }
    }
}

/// Wall-clock time in ms since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
