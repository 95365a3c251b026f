//! How long to wait after a trial for its watermarks to stand still. Pure.

use std::time::Duration;

use super::Patience;
use crate::protocol::{Acks, PersistenceStatus, TrialResult};

/// How long the watermarks must stand still where records have no verdict, or one that leaves open whether they were
/// written: they may be on the way to the brokers, or in their queues.
const STILL_IN_DOUBT: Duration = Duration::from_secs(1);

/// What to expect of a topic whose watermarks came to `before` in sum before the trial. Without a result the trial does
/// not count, and what was appended says nothing.
pub(super) fn patience(acks: Acks, result: Option<&TrialResult>, before: u64, timeout: Duration) -> Patience {
    let quick = Patience::within(timeout);
    let Some(result) = result else {
        return quick;
    };
    let counts = &result.counts;
    let written = match acks {
        // Nobody is told of anything: what was sent is written once the broker has read it from its sockets.
        Acks::None => counts.sent,
        Acks::Leader | Acks::All => counts.acknowledged,
    };
    let mut failed = counts.failed_by_error.iter();
    let in_doubt = counts.undecided > 0 || failed.any(|failed| failed.persistence != PersistenceStatus::NotPersisted);
    Patience {
        expected: before + written,
        still: if in_doubt { STILL_IN_DOUBT } else { quick.still },
        timeout,
    }
}
