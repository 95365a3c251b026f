//! Arrivals from a file, round after round; the first of the file is due at the window's start.

use super::NEVER;
use crate::profile::TraceFile;

/// A file's arrivals around the window's start.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    file: TraceFile,
    /// Nothing is due after the round that begins with the window.
    once: bool,
    window_ns: u64,
    /// Rounds that begin before the window, of which the first may have begun before the trial.
    rounds_before: u64,
    /// Arrivals of the first round that were due before the trial's start.
    pub(super) skipped: u64,
}

impl Trace {
    pub fn new(file: TraceFile, repeat: bool, warmup_us: u64) -> Self {
        let window_ns = warmup_us * 1_000;
        let rounds_before = window_ns.div_ceil(file.length_ns);
        let early_ns = rounds_before * file.length_ns - window_ns;
        let skipped = file.offsets_ns.partition_point(|offset_ns| *offset_ns < early_ns) as u64;
        Self {
            file,
            once: !repeat,
            window_ns,
            rounds_before,
            skipped,
        }
    }

    #[inline]
    pub fn due_us(&self, k: u64) -> u64 {
        let records = self.file.offsets_ns.len() as u64;
        let arrival = k + self.skipped;
        let (round, place) = (arrival / records, arrival % records);
        if self.once && round > self.rounds_before {
            return NEVER;
        }
        let from_first_ns = round
            .saturating_mul(self.file.length_ns)
            .saturating_add(self.file.offsets_ns[place as usize]);
        // Rounds before the window began so long before it.
        let before_trial_ns = self.rounds_before * self.file.length_ns - self.window_ns;
        (from_first_ns - before_trial_ns) / 1_000
    }
}
