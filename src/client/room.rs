//! Where a sending thread waits while the client's queue is full.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most records that a waiter waits for room for: waking it for each batch of a few records would cost more processor
/// time than sending them.
const MOST_WANTED: usize = 256;
/// A queue's room that may stay unused while a waiter waits for more: an eighth.
const WANTED_SHARE: usize = 8;

/// Signals that records have left the queue. A waiter reads [`Room::epoch`] before it offers its records, so that room
/// made in between is never missed.
#[derive(Debug)]
pub struct Room {
    epoch: AtomicU64,
    waiting: AtomicUsize,
    /// Records that must leave the queue before a waiter is woken.
    wanted: AtomicUsize,
    /// Records that have left it since one was.
    freed: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
    /// Some clients say that a record is done shortly before its room is free: look again after so long.
    recheck: Option<Duration>,
    most_wanted: usize,
}

impl Room {
    /// A room in a queue of so many records; `recheck` for clients that signal before the room is really free.
    pub fn new(recheck: Option<Duration>, queue_records: usize) -> Self {
        Self {
            epoch: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            wanted: AtomicUsize::new(1),
            freed: AtomicUsize::new(0),
            lock: Mutex::new(()),
            changed: Condvar::new(),
            recheck,
            most_wanted: (queue_records / WANTED_SHARE).clamp(1, MOST_WANTED),
        }
    }

    /// How often room was made so far.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// So many records have left the queue: wakes whoever waits, once enough have. True where some more are needed, so
    /// that [`Room::signal`] must follow soon, whether they come or not.
    #[inline]
    pub fn freed(&self, records: usize) -> bool {
        let freed = self.freed.fetch_add(records, Ordering::SeqCst) + records;
        if freed == 0 {
            return false;
        }
        if freed >= self.wanted.load(Ordering::SeqCst) {
            self.signal();
            return false;
        }
        true
    }

    /// Wakes whoever waits.
    #[inline]
    pub fn signal(&self) {
        self.freed.store(0, Ordering::SeqCst);
        self.epoch.fetch_add(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.changed.notify_all();
        }
    }

    /// Waits until room was made after `seen`, until the moment to look again, or until `deadline`. False at the
    /// deadline. `records` is for how many room is wanted; a burst of them at most is waited for.
    pub fn wait(&self, seen: u64, deadline: Instant, records: usize) -> bool {
        self.wanted.store(records.clamp(1, self.most_wanted), Ordering::SeqCst);
        let until = self
            .recheck
            .map_or(deadline, |recheck| deadline.min(Instant::now() + recheck));
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while self.epoch() == seen {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            guard = self
                .changed
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(guard);
        if self.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.wanted.store(1, Ordering::SeqCst);
        }
        self.epoch() != seen || Instant::now() < deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn room_made_before_the_wait_is_not_missed() {
        let room = Room::new(None, 100_000);
        let seen = room.epoch();
        room.signal();
        assert!(room.wait(seen, Instant::now() + Duration::from_secs(60), 1));
    }

    #[test]
    fn a_waiter_is_woken() {
        let room = Arc::new(Room::new(None, 100_000));
        let waiter = Arc::clone(&room);
        let seen = room.epoch();
        let thread = std::thread::spawn(move || waiter.wait(seen, Instant::now() + Duration::from_secs(60), 1));
        while room.waiting.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        room.signal();
        assert!(thread.join().unwrap());
    }

    #[test]
    fn a_waiter_for_many_is_not_woken_for_each() {
        let room = Arc::new(Room::new(None, 100_000));
        let waiter = Arc::clone(&room);
        let seen = room.epoch();
        let thread = std::thread::spawn(move || waiter.wait(seen, Instant::now() + Duration::from_secs(60), 10));
        while room.waiting.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        assert!(room.freed(4), "more are needed, or a signal");
        assert_eq!(room.epoch(), seen);
        assert!(!room.freed(6));
        assert!(thread.join().unwrap());
    }

    #[test]
    fn a_waiter_in_a_small_queue_does_not_wait_for_most_of_it() {
        let room = Room::new(None, 16);
        let seen = room.epoch();
        room.wanted.store(64usize.clamp(1, room.most_wanted), Ordering::SeqCst);
        assert!(room.freed(1));
        assert!(!room.freed(1), "two of sixteen are an eighth");
        assert_ne!(room.epoch(), seen);
    }

    #[test]
    fn room_made_while_nobody_waits_counts_at_once() {
        let room = Room::new(None, 100_000);
        let seen = room.epoch();
        assert!(!room.freed(1));
        assert!(room.wait(seen, Instant::now() + Duration::from_secs(60), 10));
    }

    #[test]
    fn nobody_waits_longer_than_allowed() {
        let room = Room::new(None, 100_000);
        assert!(!room.wait(room.epoch(), Instant::now() + Duration::from_millis(5), 1));
    }
}
