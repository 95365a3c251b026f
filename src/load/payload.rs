//! The values that records carry: a seeded pool made before the trial, several times larger than any batch or codec
//! window, so that no codec finds the same record twice in its reach and nothing is made while the trial measures.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::LoadError;
use super::content::{draw, fill};
use crate::profile::format_bytes_roughly;
use crate::protocol::{Content, FileSplit, MAX_PAYLOAD_POOL_BYTES, Payload, Size};

/// Smallest pool in bytes. A codec sees one batch at a time: several batches of the usual largest size.
const MIN_POOL_BYTES: usize = 8 << 20;
/// Most records in a pool: tiny records need no millions of copies.
const MAX_RECORDS: usize = 1 << 18;
/// So many full batches of different records a pool must hold, or a codec may find one of them twice in a batch: those of
/// several partitions fill at the same time.
const FEWEST_BATCHES: f64 = 2.0;

/// The pool.
#[derive(Debug)]
pub struct PayloadPool {
    bytes: Arc<[u8]>,
    spans: Vec<(usize, usize)>,
    /// Bytes read of a payload file, and bytes that it has; none where it was read whole, or where there is none.
    cut: Option<(u64, u64)>,
    /// Partitions whose batches fill at the same time.
    partitions: u32,
}

impl PayloadPool {
    /// Makes the pool. `batch_bytes` is the largest batch that the client may make.
    ///
    /// Lines of a payload file are taken as they are, however long: the payload's size does not limit them.
    ///
    /// # Errors
    /// A payload file that cannot be read or holds no record.
    pub fn new(payload: &Payload, batch_bytes: usize, seed: u64) -> Result<Self, LoadError> {
        Self::for_partitions(payload, batch_bytes, 1, seed)
    }

    /// [`Self::new`] for records of which so many partitions' batches fill at the same time: those of one batch then lie
    /// that far apart in the pool, which is larger accordingly, within its limit.
    ///
    /// # Errors
    /// A payload file that cannot be read or holds no record.
    pub fn for_partitions(
        payload: &Payload,
        batch_bytes: usize,
        partitions: u32,
        seed: u64,
    ) -> Result<Self, LoadError> {
        let partitions = partitions.max(1);
        // A few more than must be, where it costs little: reading each value from far away costs the client time, which
        // an application's values, just made, do not.
        let batches = if partitions == 1 {
            4
        } else {
            FEWEST_BATCHES as usize * partitions as usize
        };
        let batches = batch_bytes.saturating_mul(batches);
        let wanted = batches.clamp(MIN_POOL_BYTES, MAX_PAYLOAD_POOL_BYTES);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let pool = match &payload.content {
            Content::File { path, split } => Self::from_file(path, *split, &payload.size, wanted, &mut random)?,
            content => Self::generated(content, &payload.size, wanted, &mut random),
        };
        Ok(Self { partitions, ..pool })
    }

    /// A pool of these values, which lie one behind the other in `bytes` and have these ends, for records
    /// of which so many partitions' batches fill at the same time.
    pub(super) fn of_values(bytes: Vec<u8>, ends: &[usize], partitions: u32) -> Self {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        Self {
            spans: starts.zip(ends.iter().copied()).collect(),
            bytes: bytes.into(),
            cut: None,
            partitions: partitions.max(1),
        }
    }

    fn generated(content: &Content, size: &Size, wanted: usize, random: &mut Xoshiro256PlusPlus) -> Self {
        let (mut bytes, mut spans) = (Vec::with_capacity(wanted), Vec::new());
        while (bytes.len() < wanted || spans.len() < 2) && spans.len() < MAX_RECORDS {
            let start = bytes.len();
            fill(&mut bytes, content, draw(size, random), random);
            spans.push((start, bytes.len()));
        }
        Self {
            bytes: bytes.into(),
            spans,
            cut: None,
            partitions: 1,
        }
    }

    fn from_file(
        path: &Path,
        split: FileSplit,
        size: &Size,
        wanted: usize,
        random: &mut Xoshiro256PlusPlus,
    ) -> Result<Self, LoadError> {
        let fail = |reason: String| LoadError::PayloadFile {
            path: path.to_owned(),
            reason,
        };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(|error| fail(error.to_string()))?;
        let whole = file.metadata().map_err(|error| fail(error.to_string()))?.len();
        // A file larger than the pool is read from its beginning as far as the pool reaches.
        std::io::Read::read_to_end(&mut std::io::Read::take(file, wanted as u64), &mut bytes)
            .map_err(|error| fail(error.to_string()))?;
        let cut_off = bytes.len() == wanted;
        let spans = match split {
            FileSplit::Lines => lines(&bytes, cut_off),
            FileSplit::Size => pieces(bytes.len(), size, random),
        };
        if spans.is_empty() {
            return Err(fail("holds no record".to_owned()));
        }
        let read = bytes.len() as u64;
        Ok(Self {
            bytes: bytes.into(),
            spans,
            cut: (whole > read).then_some((read, whole)),
            partitions: 1,
        })
    }

    /// What a reader of the figures must know of the pool, in sentences: a file of which only a part is used, and fewer
    /// different records than keep a codec from finding the same one twice in a batch. `properties` are the client's, in
    /// librdkafka's names.
    pub fn notes(&self, properties: &BTreeMap<String, String>) -> Vec<String> {
        let mut notes = Vec::new();
        let bytes = |bytes: f64| format_bytes_roughly(bytes as u64);
        if let Some((read, whole)) = self.cut {
            notes.push(format!(
                "Records were taken from the first {} of the payload file's {}.",
                bytes(read as f64),
                bytes(whole as f64)
            ));
        }
        let codec = ["compression.type", "compression.codec"]
            .iter()
            .find_map(|name| properties.get(*name))
            .map_or("none", String::as_str);
        let (held, batch) = (self.total_bytes() as f64, self.full_batch(properties));
        let filling = batch * f64::from(self.partitions);
        if codec != "none" && held < FEWEST_BATCHES * filling {
            let full = match self.partitions {
                1 => format!("a full batch to {}", bytes(batch)),
                partitions => format!(
                    "full batches of {partitions} partitions, which fill at the same time, to {}",
                    bytes(filling)
                ),
            };
            notes.push(format!(
                "The different records come to {} only, and {full}: a batch may hold the same record more than once, \
                 which {codec} shrinks further than it would shrink different ones. Take a larger payload file, larger \
                 records or smaller batches.",
                bytes(held),
            ));
        }
        notes
    }

    /// Bytes of values in the largest batch that the client can make of these records; librdkafka's own defaults stand
    /// in for limits that are not set.
    fn full_batch(&self, properties: &BTreeMap<String, String>) -> f64 {
        let limit = |name: &str, default: f64| {
            let given = properties.get(name).and_then(|value| value.parse::<f64>().ok());
            given.unwrap_or(default)
        };
        let mean = self.total_bytes() as f64 / self.len().max(1) as f64;
        limit("batch.size", 1e6)
            .min(limit("message.max.bytes", 1e6))
            .min(limit("batch.num.messages", 1e4) * mean)
    }

    /// The memory that all values lie in.
    pub fn memory(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }

    /// Bytes of the largest record.
    pub fn largest_bytes(&self) -> usize {
        self.spans.iter().map(|(start, end)| end - start).max().unwrap_or(0)
    }

    /// Number of different records.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Never true: a pool without records is an error.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Bytes of all records together.
    pub fn total_bytes(&self) -> usize {
        self.spans.iter().map(|(start, end)| end - start).sum()
    }

    /// The value of this number, from 0.
    pub fn value(&self, number: usize) -> &[u8] {
        let (start, end) = self.spans[number];
        &self.bytes[start..end]
    }

    /// Walks the pool from a place of its own for each of `of` senders.
    pub fn cursor(&self, sender: usize, of: usize) -> PayloadCursor<'_> {
        PayloadCursor {
            pool: self,
            next: sender * self.spans.len() / of.max(1),
        }
    }
}

/// One sender's walk around the pool.
#[derive(Clone, Debug)]
pub struct PayloadCursor<'a> {
    pool: &'a PayloadPool,
    next: usize,
}

impl<'a> PayloadCursor<'a> {
    /// The next value; after the last comes the first.
    #[inline]
    pub fn next_value(&mut self) -> &'a [u8] {
        self.next_numbered().1
    }

    /// The next value with its number in the pool.
    #[inline]
    pub fn next_numbered(&mut self) -> (usize, &'a [u8]) {
        let number = self.next;
        let (start, end) = self.pool.spans[number];
        self.next += 1;
        if self.next == self.pool.spans.len() {
            self.next = 0;
        }
        (number, &self.pool.bytes[start..end])
    }
}

fn lines(bytes: &[u8], cut_off: bool) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.ends_with(b"\n");
        let end = start + line.len();
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        // The last line of a part of a file is no whole line, unless it is all there is.
        if !text.is_empty() && (whole || !cut_off || spans.is_empty()) {
            spans.push((start, start + text.len()));
        }
        start = end;
    }
    spans
}

fn pieces(length: usize, size: &Size, random: &mut Xoshiro256PlusPlus) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut start = 0;
    while start < length {
        let end = start + draw(size, random).max(1);
        if end > length {
            if spans.is_empty() {
                spans.push((0, length));
            }
            break;
        }
        spans.push((start, end));
        start = end;
    }
    spans
}

#[cfg(test)]
mod tests;
