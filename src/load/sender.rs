//! The sending thread of `async` and `fire-and-forget`: bursts of records, back-pressure when the queue is full.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Slots;
use super::records::{Burst, RecordSource, emptied};
use crate::client::{Outgoing, Producer};
use crate::measure::{Failure, Hub, SendRecorder, SendTag};
use crate::protocol::PersistenceStatus;

/// Most records in one call of the client.
const BURST: usize = 256;
/// Shortest sleep between two bursts: at high rates the records due in between are sent together. A wake-up per record
/// would cost a whole core from 100,000 records/s on, and take it from the client; so it costs at most this much
/// schedule lag, which is recorded like any other.
const MIN_SLEEP_US: u64 = 100;
/// A wait for room is told in parts of this length, so that it shows in the intervals that it fell into.
const WAIT_PART: Duration = Duration::from_millis(50);

/// What a sending thread needs besides its producer.
pub(super) struct SendContext<'a> {
    pub hub: &'a std::sync::Arc<Hub>,
    pub stop: &'a AtomicBool,
    pub max_block: Duration,
    /// When even records that are due are given up, in µs since the trial's start.
    pub give_up_us: u64,
    /// Whether records go to several topics.
    pub several_topics: bool,
}

impl SendContext<'_> {
    /// `max.block.ms` in µs; Java's `Long.MAX_VALUE` ms stays "for ever".
    pub fn max_block_us(&self) -> u64 {
        u64::try_from(self.max_block.as_micros()).unwrap_or(u64::MAX)
    }

    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The failure of a send call that found no room in time.
    pub fn blocked_too_long() -> Failure {
        Failure {
            error: "MAX_BLOCK_MS".to_owned(),
            persistence: PersistenceStatus::NotPersisted,
        }
    }

    /// Waits for room for `records` after `seen`, at most until `deadline_us`, telling the recorder; `first_part` for a record that has
    /// not waited yet. False at the deadline or on stop.
    pub fn wait_for_room(
        &self,
        producer: &dyn Producer,
        seen: u64,
        deadline_us: u64,
        records: usize,
        mut first_part: bool,
        recorder: &mut SendRecorder,
    ) -> bool {
        let mut from_us = self.hub.clock.now_us();
        loop {
            let deadline = self.hub.clock.instant(deadline_us);
            let part = deadline.min(Instant::now() + WAIT_PART);
            let room = producer.room().wait(seen, part, records);
            let now_us = self.hub.clock.now_us();
            recorder.back_pressure(now_us - from_us, now_us, first_part);
            if room {
                return true;
            }
            if now_us >= deadline_us || self.stopped() {
                return false;
            }
            (from_us, first_part) = (now_us, false);
        }
    }
}

/// One sending thread with its burst.
pub(super) struct BurstSender<'a> {
    context: &'a SendContext<'a>,
    producer: &'a dyn Producer,
    source: RecordSource<'a>,
    recorder: SendRecorder,
    tags: Vec<SendTag>,
    burst: Burst<'a>,
    /// Memory for the records as the client takes them, empty between two bursts.
    spare: Vec<Outgoing<'static>>,
}

impl<'a> BurstSender<'a> {
    pub fn new(context: &'a SendContext<'a>, producer: &'a dyn Producer, source: RecordSource<'a>) -> Self {
        Self {
            context,
            producer,
            source,
            recorder: context.hub.send_recorder(),
            tags: Vec::with_capacity(BURST),
            burst: Burst::with_capacity(BURST),
            spare: Vec::with_capacity(BURST),
        }
    }

    /// As fast as the queue takes them, until the window's end.
    pub fn run_unpaced(mut self) {
        let end_us = self.context.hub.timeline.window_end_us;
        loop {
            let entry_us = self.context.hub.clock.now_us();
            if entry_us >= end_us || self.context.stopped() {
                return;
            }
            self.tags.resize(BURST, SendTag::new(entry_us, entry_us));
            self.send(entry_us, |_, now_us| SendTag::new(now_us, now_us));
        }
    }

    /// Slot after slot until the last one due before the window's end, however late it is sent.
    pub fn run_paced(mut self, mut slots: Slots) {
        crate::measure::wake_on_time();
        let end_us = self.context.hub.timeline.window_end_us;
        loop {
            let due_us = slots.due_us();
            if due_us >= end_us || self.context.stopped() {
                return;
            }
            let entry_us = self.context.hub.clock.now_us();
            if entry_us < due_us {
                self.recorder.rotate_at(entry_us);
                // Long gaps are slept in parts, so that a stop is noticed.
                self.context
                    .hub
                    .clock
                    .sleep_until(due_us.clamp(entry_us + MIN_SLEEP_US, entry_us + 100_000));
                continue;
            }
            if entry_us >= self.context.give_up_us {
                return self.give_up(slots);
            }
            while self.tags.len() < BURST {
                let due_us = slots.due_us();
                if due_us > entry_us || due_us >= end_us {
                    break;
                }
                self.tags.push(SendTag::new(due_us, entry_us));
                slots.advance();
            }
            self.send(entry_us, |tag, now_us| SendTag::new(tag.intended_us(), now_us));
        }
    }

    /// Slots that were due and never offered still count, as undecided.
    fn give_up(mut self, mut slots: Slots) {
        while slots.due_us() < self.context.hub.timeline.window_end_us {
            self.recorder.never_sent(SendTag::new(slots.due_us(), slots.due_us()));
            slots.advance();
        }
    }

    /// Makes a record for each tag and hands the burst over. When the queue is full the first record that found no room waits, as in an application's
    /// send call; those behind it enter theirs (`restamp`) only when it is through.
    fn send(&mut self, mut entry_us: u64, restamp: impl Fn(SendTag, u64) -> SendTag) {
        self.source.fill_for_client(&mut self.burst, &mut self.tags);
        let mut records = std::mem::take(&mut self.spare);
        self.burst.outgoing(&self.tags, &mut records);
        let mut from = 0;
        let mut waited = false;
        while from < records.len() {
            let seen = self.producer.room().epoch();
            let enqueued = self.producer.enqueue(&records[from..]);
            let exit_us = self.context.hub.clock.now_us();
            if enqueued.done > 0 {
                let taken = (enqueued.done - enqueued.refused.len()) as u64;
                self.recorder
                    .send_call(&self.tags[from..from + enqueued.done], taken, exit_us);
                enqueued
                    .refused
                    .into_iter()
                    .for_each(|(_, failure)| self.recorder.refused(failure));
                from += enqueued.done;
                if from == records.len() {
                    break;
                }
                (entry_us, waited) = (exit_us, false);
                restamp_from(from, exit_us, &mut records, &mut self.tags, &restamp);
            }
            let deadline_us = entry_us.saturating_add(self.context.max_block_us());
            let until_us = deadline_us.min(self.context.give_up_us);
            let room = self.context.wait_for_room(
                self.producer,
                seen,
                until_us,
                records.len() - from,
                !waited,
                &mut self.recorder,
            );
            waited = true;
            if !room {
                let now_us = self.context.hub.clock.now_us();
                if now_us < deadline_us {
                    self.tags[from..].iter().for_each(|tag| self.recorder.never_sent(*tag));
                    break;
                }
                self.recorder.send_call(&self.tags[from..=from], 0, now_us);
                self.recorder.refused(SendContext::blocked_too_long());
                from += 1;
                (entry_us, waited) = (now_us, false);
                restamp_from(from, now_us, &mut records, &mut self.tags, &restamp);
            } else {
                let now_us = self.context.hub.clock.now_us();
                restamp_from(from + 1, now_us, &mut records, &mut self.tags, &restamp);
            }
        }
        self.spare = emptied(records);
        self.burst.clear();
        self.tags.clear();
    }
}

/// Records from `from` on enter their send call at `now_us` only.
fn restamp_from(
    from: usize,
    now_us: u64,
    records: &mut [Outgoing<'_>],
    tags: &mut [SendTag],
    restamp: &impl Fn(SendTag, u64) -> SendTag,
) {
    for (record, tag) in records.iter_mut().zip(tags).skip(from) {
        *tag = restamp(*tag, now_us);
        record.tag = *tag;
    }
}
