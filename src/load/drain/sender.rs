//! Sends the record of a waiting user through a producer, in the way of the send mode.

use std::collections::HashSet;

use super::arrivals::{Arrivals, User};
use super::message::Messages;
use super::scheduler::{Issue, Issued};
use crate::client::{Producer, Verdict};
use crate::load::sender::SendContext;
use crate::measure::{AckRecorder, Failure, SendRecorder, SendTag};
use crate::protocol::SendMode;

/// The scheduler's thread as a sender.
pub(in crate::load) struct CouponSender<'a> {
    context: &'a SendContext<'a>,
    producer: &'a dyn Producer,
    send_mode: SendMode,
    messages: Messages<'a>,
    sends: SendRecorder,
    acks: AckRecorder,
    failed: &'a dyn Fn() -> bool,
    /// Arrival times of users for whom a record was handed to the client.
    handed_over: HashSet<u64>,
    sent_again: u64,
}

/// What became of one offer to the client.
enum Offer {
    /// The client has it; the verdict will come.
    Taken,
    /// Waited for.
    Verdict(Verdict),
    /// Refused for good.
    Refused(Failure),
    /// The trial was over before there was room.
    NoRoom,
}

impl<'a> CouponSender<'a> {
    /// `failed` says that the trial cannot go on.
    pub fn new(
        context: &'a SendContext<'a>,
        producer: &'a dyn Producer,
        send_mode: SendMode,
        messages: Messages<'a>,
        failed: &'a dyn Fn() -> bool,
    ) -> Self {
        Self {
            context,
            producer,
            send_mode,
            messages,
            sends: context.hub.send_recorder(),
            acks: context.hub.ack_recorder(),
            failed,
            handed_over: HashSet::new(),
            sent_again: 0,
        }
    }

    /// Users who arrived before `end_us` and for whom nothing was ever offered count all the same. Gives the arrival
    /// times of those for whom something was, and how many records were sent again.
    pub fn finish(mut self, arrivals: Arrivals, end_us: u64) -> (HashSet<u64>, u64) {
        for user in arrivals.take_while(|user| user.at_us < end_us) {
            if !self.handed_over.contains(&user.at_us) {
                self.sends.never_sent(SendTag::new(user.at_us, user.at_us));
            }
        }
        (self.handed_over, self.sent_again)
    }

    /// Offers the current record until the client takes or refuses it.
    fn offer(&mut self, tag: SendTag) -> Offer {
        let record = self.messages.record(tag);
        let block_until_us = tag.entry_us().saturating_add(self.context.max_block_us());
        let give_up = self.context.hub.clock.instant(self.context.give_up_us);
        let mut waited = false;
        loop {
            let seen = self.producer.room().epoch();
            if self.send_mode == SendMode::Sync {
                match self.producer.send_and_wait(0, record, give_up) {
                    Verdict::QueueFull => {}
                    Verdict::Refused(failure) => return Offer::Refused(failure),
                    verdict => return Offer::Verdict(verdict),
                }
            } else {
                let mut enqueued = self.producer.enqueue(&[record]);
                if let Some((_, failure)) = enqueued.refused.pop() {
                    return Offer::Refused(failure);
                }
                if enqueued.done > 0 {
                    return Offer::Taken;
                }
            }
            let until_us = block_until_us.min(self.context.give_up_us);
            let room = self
                .context
                .wait_for_room(self.producer, seen, until_us, 1, !waited, &mut self.sends);
            waited = true;
            if !room {
                return match self.context.hub.clock.now_us() < block_until_us {
                    true => Offer::NoRoom,
                    false => Offer::Refused(SendContext::blocked_too_long()),
                };
            }
        }
    }

    fn hand_over(&mut self, user: &User) {
        if !self.handed_over.insert(user.at_us) {
            self.sent_again += 1;
        }
    }

    fn verdict(&mut self, tag: SendTag, verdict: Verdict, exit_us: u64) -> Issued {
        self.sends.send_call(&[tag], 1, exit_us);
        match verdict {
            Verdict::Acknowledged { at_us } => {
                self.acks.begin_batch_at(at_us);
                self.acks.acknowledged(tag, self.messages.record(tag).bytes());
                self.acks.end_batch();
                Issued::Sent
            }
            Verdict::Failed(failure) => {
                self.acks.begin_batch_at(exit_us);
                self.acks.failed(failure);
                self.acks.end_batch();
                Issued::Exception
            }
            // `send().get()` would wait on.
            Verdict::Undecided | Verdict::QueueFull | Verdict::Refused(_) => Issued::Interrupted,
        }
    }
}

impl Issue for CouponSender<'_> {
    fn issue(&mut self, user: &User) -> Issued {
        let entry_us = self.context.hub.clock.now_us();
        if self.is_over(entry_us) {
            return Issued::Interrupted;
        }
        self.messages.make(user, entry_us);
        let tag = SendTag::new(user.at_us, entry_us);
        let offer = self.offer(tag);
        let exit_us = self.context.hub.clock.now_us();
        match offer {
            Offer::Taken => {
                self.hand_over(user);
                self.sends.send_call(&[tag], 1, exit_us);
                Issued::Sent
            }
            Offer::Verdict(verdict) => {
                self.hand_over(user);
                self.verdict(tag, verdict, exit_us)
            }
            Offer::Refused(failure) => {
                self.hand_over(user);
                self.sends.send_call(&[tag], 0, exit_us);
                self.sends.refused(failure);
                Issued::Exception
            }
            Offer::NoRoom => Issued::Interrupted,
        }
    }

    fn idle(&mut self, now_us: u64) {
        self.sends.rotate_at(now_us);
        if self.send_mode == SendMode::Sync {
            self.acks.begin_batch_at(now_us);
            self.acks.end_batch();
        }
    }

    fn is_over(&self, now_us: u64) -> bool {
        now_us >= self.context.give_up_us || self.context.stopped() || (self.failed)()
    }
}
