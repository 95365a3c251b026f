//! What a delivery thread does with each verdict: record it, or wake the thread that waits for it.

use std::sync::Arc;

use super::waiters::Waiters;
use super::{Reports, Verdict};
use crate::measure::{AckRecorder, Failure, Hub, SendTag};

/// Where verdicts go.
pub(super) enum Deliver {
    /// Into the calling thread's recorder.
    Record(AckRecorder),
    /// To the sending thread that the opaque value names.
    Wake {
        hub: Arc<Hub>,
        waiters: Arc<Waiters>,
        now_us: u64,
    },
}

impl Deliver {
    /// For the calling thread.
    pub fn new(reports: Reports, hub: &Arc<Hub>, waiters: &Arc<Waiters>) -> Self {
        match reports {
            Reports::Awaited { .. } => Self::Wake {
                hub: Arc::clone(hub),
                waiters: Arc::clone(waiters),
                now_us: 0,
            },
            Reports::Callback | Reports::Ignored => Self::Record(hub.ack_recorder()),
        }
    }

    #[inline]
    pub fn begin(&mut self) {
        match self {
            Self::Record(recorder) => recorder.begin_batch(),
            Self::Wake { hub, now_us, .. } => *now_us = hub.clock.now_us(),
        }
    }

    #[inline]
    pub fn acknowledged(&mut self, opaque: u64, bytes: usize) {
        match self {
            Self::Record(recorder) => recorder.acknowledged(SendTag::from_bits(opaque), bytes),
            Self::Wake { waiters, now_us, .. } => {
                waiters.complete(opaque as usize, Verdict::Acknowledged { at_us: *now_us });
            }
        }
    }

    /// Where the records go to several topics: the record that was acknowledged last is of this one. Who waits for a record
    /// knows it.
    #[inline]
    pub fn of_topic(&mut self, topic: usize) {
        if let Self::Record(recorder) = self {
            recorder.of_topic(topic);
        }
    }

    pub fn failed(&mut self, opaque: u64, failure: Failure) {
        match self {
            Self::Record(recorder) => recorder.failed(failure),
            Self::Wake { waiters, .. } => waiters.complete(opaque as usize, Verdict::Failed(failure)),
        }
    }

    #[inline]
    pub fn end(&mut self) {
        if let Self::Record(recorder) = self {
            recorder.end_batch();
        }
    }
}
