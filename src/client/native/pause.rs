//! How long the delivery thread may leave events lying, so that it takes several at a wake-up.
//!
//! With small batches each acknowledged batch is an event, and a wake-up for each costs more processor time than the
//! records in it, which a broker on the same machine lacks. Where records wait in the client's queue for 50 ms and more, as
//! they do while an unpaced load keeps it full, a pause of a thousandth of that is less than the histograms resolve.

use std::time::Duration;

/// A pause is at most this part of the shortest latency seen lately: the histograms keep three significant digits.
const PART: u64 = 1_000;
/// No shorter pause is worth a system call.
const SHORTEST_US: u64 = 50;
/// No longer one: room in the queue is told that late.
const LONGEST_US: u64 = 1_000;
/// Events that count as lately: more than one broker's, where they differ.
const EVENTS: usize = 16;

/// The latencies of the last events.
#[derive(Debug)]
pub(super) struct Pauses {
    /// Of the last record of each event, the youngest of its batch; 0 before there were as many events.
    latencies_us: [u64; EVENTS],
    next: usize,
}

impl Pauses {
    pub fn new() -> Self {
        Self {
            latencies_us: [0; EVENTS],
            next: 0,
        }
    }

    /// An event whose youngest record took that long from its send call.
    pub fn note(&mut self, latency_us: u64) {
        self.latencies_us[self.next] = latency_us;
        self.next = (self.next + 1) % EVENTS;
    }

    /// How long to pause now; none where each event must be seen at once.
    pub fn now(&self) -> Option<Duration> {
        let shortest_us = self.latencies_us.iter().min().copied().unwrap_or(0);
        let pause_us = (shortest_us / PART).min(LONGEST_US);
        (pause_us >= SHORTEST_US).then(|| Duration::from_micros(pause_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_a_thousandth_of_the_shortest_latency_lately() {
        let mut pauses = Pauses::new();
        (1..EVENTS as u64).for_each(|_| pauses.note(600_000));
        assert_eq!(pauses.now(), None, "too few events");
        pauses.note(600_000);
        assert_eq!(pauses.now(), Some(Duration::from_micros(600)));
        pauses.note(100_000);
        assert_eq!(pauses.now(), Some(Duration::from_micros(100)));
        pauses.note(1_000);
        assert_eq!(pauses.now(), None, "one quick broker is enough");
        (0..EVENTS).for_each(|_| pauses.note(10_000_000));
        assert_eq!(pauses.now(), Some(Duration::from_millis(1)));
    }
}
