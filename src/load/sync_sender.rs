//! The sending threads of `sync`: each waits for its record's acknowledgement before it sends the next.

use super::SharedSlots;
use super::records::{Burst, RecordSource};
use super::sender::SendContext;
use crate::client::{Producer, Verdict};
use crate::measure::{AckRecorder, SendRecorder, SendTag};

/// One sending thread.
pub(super) struct SyncSender<'a> {
    context: &'a SendContext<'a>,
    producer: &'a dyn Producer,
    /// Place among the producer's sending threads.
    thread: usize,
    source: RecordSource<'a>,
    burst: Burst<'a>,
    sends: SendRecorder,
    acks: AckRecorder,
}

impl<'a> SyncSender<'a> {
    pub fn new(
        context: &'a SendContext<'a>,
        producer: &'a dyn Producer,
        thread: usize,
        source: RecordSource<'a>,
    ) -> Self {
        let (sends, acks) = (context.hub.send_recorder(), context.hub.ack_recorder());
        Self {
            context,
            producer,
            thread,
            source,
            burst: Burst::with_capacity(1),
            sends,
            acks,
        }
    }

    /// One record after the other, until the window's end.
    pub fn run_unpaced(mut self) {
        let end_us = self.context.hub.timeline.window_end_us;
        loop {
            let entry_us = self.context.hub.clock.now_us();
            if entry_us >= end_us || self.context.stopped() {
                return;
            }
            self.send(SendTag::new(entry_us, entry_us));
        }
    }

    /// Takes the next slot that no thread of any producer has taken, waits until it is due, sends.
    pub fn run_paced(mut self, slots: &SharedSlots) {
        crate::measure::wake_on_time();
        let end_us = self.context.hub.timeline.window_end_us;
        loop {
            let due_us = slots.take();
            if due_us >= end_us {
                return;
            }
            let mut entry_us = self.context.hub.clock.now_us();
            while entry_us < due_us && !self.context.stopped() {
                self.sends.rotate_at(entry_us);
                self.context.hub.clock.sleep_until(due_us.min(entry_us + 100_000));
                entry_us = self.context.hub.clock.now_us();
            }
            if self.context.stopped() {
                return;
            }
            if entry_us >= self.context.give_up_us {
                self.sends.never_sent(SendTag::new(due_us, due_us));
                continue;
            }
            self.send(SendTag::new(due_us, entry_us));
        }
    }

    fn send(&mut self, tag: SendTag) {
        self.burst.clear();
        self.source.fill(&mut self.burst, &[tag]);
        let record = self.burst.record(0, tag);
        let (bytes, topic) = (record.bytes(), record.topic);
        let block_until_us = tag.entry_us().saturating_add(self.context.max_block_us());
        let give_up = self.context.hub.clock.instant(self.context.give_up_us);
        let mut waited = false;
        loop {
            let seen = self.producer.room().epoch();
            let verdict = self.producer.send_and_wait(self.thread, record, give_up);
            let exit_us = self.context.hub.clock.now_us();
            if verdict != Verdict::QueueFull {
                return self.record(tag, (bytes, topic), verdict, exit_us);
            }
            let until_us = block_until_us.min(self.context.give_up_us);
            let room = self
                .context
                .wait_for_room(self.producer, seen, until_us, 1, !waited, &mut self.sends);
            waited = true;
            if !room {
                let now_us = self.context.hub.clock.now_us();
                if now_us < block_until_us {
                    return self.sends.never_sent(tag);
                }
                self.sends.send_call(&[tag], 0, now_us);
                return self.sends.refused(SendContext::blocked_too_long());
            }
        }
    }

    fn record(&mut self, tag: SendTag, (bytes, topic): (usize, u32), verdict: Verdict, exit_us: u64) {
        match verdict {
            Verdict::Refused(failure) => {
                self.sends.send_call(&[tag], 0, exit_us);
                self.sends.refused(failure);
            }
            Verdict::Acknowledged { at_us } => {
                self.sends.send_call(&[tag], 1, exit_us);
                self.acks.begin_batch_at(at_us);
                self.acks.acknowledged(tag, bytes);
                if self.context.several_topics {
                    self.acks.of_topic(topic as usize);
                }
                self.acks.end_batch();
            }
            Verdict::Failed(failure) => {
                self.sends.send_call(&[tag], 1, exit_us);
                self.acks.begin_batch_at(exit_us);
                self.acks.failed(failure);
                self.acks.end_batch();
            }
            Verdict::Undecided | Verdict::QueueFull => self.sends.send_call(&[tag], 1, exit_us),
        }
    }
}
