//! Sending threads that wait for the verdict of their one record in flight.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::Verdict;

#[derive(Debug, Default)]
struct Waiter {
    verdict: Mutex<Option<Verdict>>,
    arrived: Condvar,
}

/// One place per sending thread.
#[derive(Debug)]
pub(super) struct Waiters {
    places: Vec<Waiter>,
}

impl Waiters {
    pub fn new(threads: usize) -> Self {
        Self {
            places: (0..threads).map(|_| Waiter::default()).collect(),
        }
    }

    /// Forgets what an earlier record left behind. To be called before the record is offered.
    pub fn prepare(&self, thread: usize) {
        *self.places[thread]
            .verdict
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The delivery thread's part.
    pub fn complete(&self, thread: usize, verdict: Verdict) {
        // A place that does not exist would be a foreign opaque value: nothing waits for it.
        if let Some(place) = self.places.get(thread) {
            *place.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
            place.arrived.notify_one();
        }
    }

    /// The sending thread's part.
    pub fn wait(&self, thread: usize, deadline: Instant) -> Verdict {
        let place = &self.places[thread];
        let mut verdict = place.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(verdict) = verdict.take() {
                return verdict;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Verdict::Undecided;
            }
            verdict = place
                .arrived
                .wait_timeout(verdict, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
