//! Recorders: each belongs to one thread, writes into its own shard, and hands the shard over when its interval ends.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::levels::Levels;
use super::shard::{AckShard, Failure, SendShard, Shard, record};
use super::{LatencyKinds, SendTag, Timeline, TrialClock};

/// How far one recorder has come: alone on its cache line, written by one thread only.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Progress {
    records: AtomicU64,
    last_us: AtomicU64,
    /// The interval of what was recorded and not handed over yet, plus one; 0 where there is nothing.
    held: AtomicU64,
}

impl Progress {
    /// Adds without a locked instruction: only the owning thread writes.
    #[inline]
    fn advance(&self, records: u64, now_us: u64, interval: u64) {
        self.held.store(interval + 1, Ordering::Release);
        self.records
            .store(self.records.load(Ordering::Relaxed) + records, Ordering::Release);
        self.last_us.store(now_us, Ordering::Relaxed);
    }
}

/// Shards to be used again, so that the steady state allocates nothing.
#[derive(Debug, Default)]
// Boxed, since they travel boxed: only a pointer moves.
#[allow(clippy::vec_box)]
struct Recycled {
    ack: Vec<Box<AckShard>>,
    send: Vec<Box<SendShard>>,
}

/// Where the recorders of one trial meet.
#[derive(Debug)]
pub struct Hub {
    /// The trial's time.
    pub clock: TrialClock,
    /// Its intervals.
    pub timeline: Timeline,
    /// The parts of its window, where its rate varies.
    levels: Levels,
    /// Whether records are due at times of their own.
    pub paced: bool,
    record_latencies: bool,
    record_acknowledgements: bool,
    listed: bool,
    closed: AtomicBool,
    acks: Mutex<Vec<Arc<Progress>>>,
    sends: Mutex<Vec<Arc<Progress>>>,
    recycled: Mutex<Recycled>,
    shards: Sender<Shard>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What these mutexes guard is valid at every moment, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A hub, and the end at which the collector takes what was recorded.
    pub(super) fn new(
        clock: TrialClock,
        (timeline, levels): (Timeline, Levels),
        kinds: LatencyKinds,
    ) -> (Arc<Self>, Receiver<Shard>) {
        let (shards, receiver) = channel();
        let hub = Self {
            clock,
            timeline,
            levels,
            paced: kinds.paced,
            record_latencies: kinds.recorded,
            // With acks=0 an acknowledgement's time means nothing.
            record_acknowledgements: kinds.recorded && kinds.acknowledged,
            listed: kinds.listed,
            closed: AtomicBool::new(false),
            acks: Mutex::default(),
            sends: Mutex::default(),
            recycled: Mutex::default(),
            shards,
        };
        (Arc::new(hub), receiver)
    }

    /// Verdicts seen so far, by all recorders.
    pub fn verdicts(&self) -> u64 {
        locked(&self.acks)
            .iter()
            .map(|progress| progress.records.load(Ordering::Acquire))
            .sum()
    }

    /// Records that clients took so far.
    pub fn sent(&self) -> u64 {
        locked(&self.sends)
            .iter()
            .map(|progress| progress.records.load(Ordering::Acquire))
            .sum()
    }

    /// Time of the last verdict, in µs since the trial's start.
    pub fn last_verdict_us(&self) -> u64 {
        locked(&self.acks)
            .iter()
            .map(|progress| progress.last_us.load(Ordering::Acquire))
            .max()
            .unwrap_or(0)
    }

    /// Time of the last send, in µs since the trial's start.
    pub fn last_send_us(&self) -> u64 {
        locked(&self.sends)
            .iter()
            .map(|progress| progress.last_us.load(Ordering::Acquire))
            .max()
            .unwrap_or(0)
    }

    /// The oldest interval of which some thread still holds what it recorded: only those before it are complete.
    pub fn oldest_held(&self) -> u64 {
        let held = |progress: &Arc<Progress>| progress.held.load(Ordering::Acquire).checked_sub(1);
        let acks = locked(&self.acks).iter().filter_map(held).min();
        let sends = locked(&self.sends).iter().filter_map(held).min();
        acks.into_iter().chain(sends).min().unwrap_or(u64::MAX)
    }

    /// From now on verdicts are ignored: the drain is over, and what a client says while it is taken down (purged
    /// records, say) is no verdict.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn recycle(&self, shard: Shard) {
        let mut recycled = locked(&self.recycled);
        match shard {
            Shard::Ack(mut shard) => {
                shard.clear();
                recycled.ack.push(shard);
            }
            Shard::Send(mut shard) => {
                shard.clear();
                recycled.send.push(shard);
            }
        }
    }

    /// A recorder of verdicts for the calling thread.
    pub fn ack_recorder(self: &Arc<Self>) -> AckRecorder {
        let progress = Arc::new(Progress::default());
        locked(&self.acks).push(Arc::clone(&progress));
        AckRecorder {
            hub: Arc::clone(self),
            progress,
            shard: Box::new(AckShard::new()),
            shards: self.shards.clone(),
            until_us: self.timeline.bounds(0).1,
            now_us: 0,
            batch: 0,
            acknowledged_before: 0,
            run: Run::none(),
            second_half: false,
            closed: false,
        }
    }

    /// A recorder of send calls for the calling thread.
    pub fn send_recorder(self: &Arc<Self>) -> SendRecorder {
        let progress = Arc::new(Progress::default());
        locked(&self.sends).push(Arc::clone(&progress));
        SendRecorder {
            hub: Arc::clone(self),
            progress,
            shard: Box::new(SendShard::new()),
            shards: self.shards.clone(),
            until_us: self.timeline.bounds(0).1,
        }
    }
}

/// Records verdicts, batch by batch: `begin_batch`, then one call per record, then `end_batch`.
#[derive(Debug)]
pub struct AckRecorder {
    hub: Arc<Hub>,
    progress: Arc<Progress>,
    shard: Box<AckShard>,
    shards: Sender<Shard>,
    until_us: u64,
    now_us: u64,
    batch: u64,
    /// Acknowledged records of the shard when the batch began.
    acknowledged_before: u64,
    /// Acknowledged records of the batch that share one tag and follow each other: they have the same latencies.
    run: Run,
    second_half: bool,
    closed: bool,
}

/// Records of one tag that were acknowledged together. Those of an unpaced burst share theirs, and librdkafka reports them
/// one after the other: their latency is put into the histogram once, with their number.
#[derive(Clone, Copy, Debug)]
struct Run {
    tag: SendTag,
    records: u64,
}

impl Run {
    fn begun_by(tag: SendTag) -> Self {
        Self { tag, records: 1 }
    }

    fn none() -> Self {
        Self {
            tag: SendTag::new(0, 0),
            records: 0,
        }
    }
}

impl AckRecorder {
    /// Reads the clock, once for the whole batch. Also to be called now and then without a batch, so that an idle
    /// thread hands over what it has.
    #[inline]
    pub fn begin_batch(&mut self) {
        let now_us = self.hub.clock.now_us();
        self.begin_batch_at(now_us);
    }

    /// [`AckRecorder::begin_batch`] at a time already read.
    #[inline]
    pub fn begin_batch_at(&mut self, now_us: u64) {
        self.closed = self.hub.closed.load(Ordering::Acquire);
        self.now_us = now_us;
        self.batch = 0;
        if now_us >= self.until_us {
            self.rotate(now_us);
        }
        self.acknowledged_before = self.shard.acknowledged;
        self.second_half = now_us >= self.hub.timeline.window_middle_us();
    }

    /// One acknowledged record of `bytes` key and value bytes.
    #[inline]
    pub fn acknowledged(&mut self, tag: SendTag, bytes: usize) {
        if self.closed {
            return;
        }
        self.batch += 1;
        self.shard.acknowledged += 1;
        self.shard.acknowledged_bytes += bytes as u64;
        self.shard.acknowledged_second_half += u64::from(self.second_half);
        if self.hub.listed {
            self.shard.listed.push((tag.intended_us(), self.now_us));
        }
        if self.run.tag == tag && self.run.records > 0 {
            self.run.records += 1;
        } else {
            self.end_run();
            self.run = Run::begun_by(tag);
        }
    }

    /// Puts the latencies of the records at hand into the histograms.
    #[inline]
    fn end_run(&mut self) {
        let Run { tag, records } = std::mem::replace(&mut self.run, Run::none());
        let hub = &self.hub;
        if records == 0 || !hub.record_acknowledgements || !hub.timeline.in_window(tag.intended_us()) {
            return;
        }
        let service_us = self.now_us.saturating_sub(tag.entry_us());
        record(&mut self.shard.service, service_us, records);
        if hub.paced {
            let response_us = self.now_us.saturating_sub(tag.intended_us());
            record(&mut self.shard.response, response_us, records);
            if let Some(level) = hub.levels.index(tag.intended_us()) {
                self.shard.levels.responded(level, response_us, records);
            }
        }
    }

    /// Where the records go to several topics: the record that was acknowledged last is of this one.
    #[inline]
    pub fn of_topic(&mut self, topic: usize) {
        if self.closed {
            return;
        }
        if self.shard.by_topic.len() <= topic {
            self.shard.by_topic.resize(topic + 1, 0);
        }
        self.shard.by_topic[topic] += 1;
    }

    /// One failed record.
    pub fn failed(&mut self, failure: Failure) {
        if self.closed {
            return;
        }
        self.batch += 1;
        *self.shard.failures.entry(failure).or_default() += 1;
    }

    /// Publishes the batch's verdicts.
    #[inline]
    pub fn end_batch(&mut self) {
        if self.batch > 0 {
            self.end_run();
            if let Some(level) = self.hub.levels.index(self.now_us) {
                let arrived = self.shard.acknowledged - self.acknowledged_before;
                self.shard.levels.arrived(level, arrived);
                self.acknowledged_before = self.shard.acknowledged;
            }
            self.progress.advance(self.batch, self.now_us, self.shard.interval);
            self.batch = 0;
        }
    }

    fn rotate(&mut self, now_us: u64) {
        self.hand_over();
        let index = self.hub.timeline.index(now_us);
        self.shard.interval = index;
        self.until_us = self.hub.timeline.bounds(index).1;
    }

    fn hand_over(&mut self) {
        if self.shard.is_empty() {
            return;
        }
        let fresh = locked(&self.hub.recycled)
            .ack
            .pop()
            .unwrap_or_else(|| Box::new(AckShard::new()));
        // A collector that is gone needs nothing more.
        let _ = self.shards.send(Shard::Ack(std::mem::replace(&mut self.shard, fresh)));
        self.progress.held.store(0, Ordering::Release);
    }
}

impl Drop for AckRecorder {
    fn drop(&mut self) {
        self.hand_over();
    }
}

/// Records send calls.
#[derive(Debug)]
pub struct SendRecorder {
    hub: Arc<Hub>,
    progress: Arc<Progress>,
    shard: Box<SendShard>,
    shards: Sender<Shard>,
    until_us: u64,
}

impl SendRecorder {
    /// The send call that carried the records of `tags` was left at `exit_us`; `taken` of them were accepted by the
    /// client. Every record is charged with the time from its entry to the end of the call that carried it.
    #[inline]
    pub fn send_call(&mut self, tags: &[SendTag], taken: u64, exit_us: u64) {
        self.rotate_at(exit_us);
        self.shard.attempted += tags.len() as u64;
        self.shard.sent += taken;
        self.progress.advance(taken, exit_us, self.shard.interval);
        let (Some(first), Some(last)) = (tags.first(), tags.last()) else {
            return;
        };
        let timeline = &self.hub.timeline;
        let all_in = timeline.in_window(first.intended_us()) && timeline.in_window(last.intended_us());
        let cohort = if all_in {
            tags.len() as u64
        } else {
            tags.iter().filter(|tag| timeline.in_window(tag.intended_us())).count() as u64
        };
        if cohort == 0 {
            return;
        }
        self.shard.cohort += cohort;
        if !self.hub.record_latencies {
            return;
        }
        if all_in && first.entry_us() == last.entry_us() {
            record(
                &mut self.shard.send_call,
                exit_us.saturating_sub(last.entry_us()),
                cohort,
            );
        } else {
            for tag in tags.iter().filter(|tag| timeline.in_window(tag.intended_us())) {
                record(&mut self.shard.send_call, exit_us.saturating_sub(tag.entry_us()), 1);
            }
        }
        if self.hub.paced {
            for tag in tags.iter().filter(|tag| timeline.in_window(tag.intended_us())) {
                record(&mut self.shard.schedule_lag, tag.entry_us() - tag.intended_us(), 1);
            }
        }
    }

    /// A record that was due but never offered to the client, because the trial's time was over.
    pub fn never_sent(&mut self, tag: SendTag) {
        self.shard.attempted += 1;
        self.shard.cohort += u64::from(self.hub.timeline.in_window(tag.intended_us()));
    }

    /// A record that the client refused.
    pub fn refused(&mut self, failure: Failure) {
        *self.shard.refused.entry(failure).or_default() += 1;
    }

    /// The calling thread waited for room for so long, until `now_us`. A long wait is told in several parts, of which
    /// only the first counts as a wait.
    pub fn back_pressure(&mut self, waited_us: u64, now_us: u64, first_part: bool) {
        self.rotate_at(now_us);
        self.shard.back_pressure_us += waited_us;
        self.shard.back_pressure_waits += u64::from(first_part);
    }

    /// Hands over what belongs to an interval that has ended. Also to be called while waiting.
    #[inline]
    pub fn rotate_at(&mut self, now_us: u64) {
        if now_us >= self.until_us {
            self.hand_over();
            let index = self.hub.timeline.index(now_us);
            self.shard.interval = index;
            self.until_us = self.hub.timeline.bounds(index).1;
        }
    }

    fn hand_over(&mut self) {
        if self.shard.is_empty() {
            return;
        }
        let fresh = locked(&self.hub.recycled)
            .send
            .pop()
            .unwrap_or_else(|| Box::new(SendShard::new()));
        let _ = self.shards.send(Shard::Send(std::mem::replace(&mut self.shard, fresh)));
        self.progress.held.store(0, Ordering::Release);
    }
}

impl Drop for SendRecorder {
    fn drop(&mut self) {
        self.hand_over();
    }
}

#[cfg(test)]
mod tests;
