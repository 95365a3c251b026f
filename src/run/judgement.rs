//! Why a trial that came to its end measured nothing that counts. Pure.

use crate::protocol::{Acks, Counts, TrialResult};

/// Errors of records that a target which is away gives rise to: nobody refused them.
const ABSENCE: [&str; 6] = [
    "MSG_TIMED_OUT",
    "TIMED_OUT",
    "TRANSPORT",
    "REQUEST_TIMED_OUT",
    "NETWORK_EXCEPTION",
    "MAX_BLOCK_MS",
];

/// Where all brokers were lost during the load and records were lost with them: however soon the target was back, the
/// trial measured its absence.
pub(super) fn lost_for_a_while(result: &TrialResult) -> Option<String> {
    let down = result.all_brokers_down()?;
    let counts = &result.counts;
    let mut absent: Vec<String> = counts
        .failed_by_error
        .iter()
        .filter(|failed| ABSENCE.contains(&failed.error.as_str()))
        .map(|failed| format!("{} × {}", failed.count, failed.error))
        .collect();
    if counts.undecided > 0 {
        absent.push(format!("{} undecided", counts.undecided));
    }
    (!absent.is_empty()).then(|| {
        format!(
            "the target was lost during the trial, and came back: {down}; {}",
            absent.join(", ")
        )
    })
}

/// Why a trial measured nothing at all, where every record failed.
pub(super) fn nothing_arrived(counts: &Counts) -> Option<String> {
    let causes = counts
        .failed_by_error
        .iter()
        .map(|failed| format!("{} × {}", failed.count, failed.error));
    (counts.acknowledged == 0 && counts.failed > 0)
        .then(|| format!("no record was acknowledged: {}", causes.collect::<Vec<_>>().join(", ")))
}

/// Where nothing was acknowledged in the window, nothing was measured: a throughput of 0 would be a figure. With `acks=0`
/// the log's growth counts instead; a window that was cut short says nothing either way.
pub(super) fn nothing_in_window(acks: Acks, result: &TrialResult) -> Option<String> {
    (acks != Acks::None && result.window.acknowledged == 0 && !result.stopped_early)
        .then(|| "no record was acknowledged within the window: lengthen run.measure".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{FailedCount, PersistenceStatus};

    #[test]
    fn a_window_without_acknowledgements_measured_nothing() {
        let mut result = crate::run::warnings::tests::result();
        assert_eq!(nothing_in_window(Acks::All, &result), None);
        result.window.acknowledged = 0;
        for acks in [Acks::All, Acks::Leader] {
            assert!(nothing_in_window(acks, &result).is_some_and(|cause| cause.contains("run.measure")));
        }
        assert_eq!(nothing_in_window(Acks::None, &result), None, "the log's growth counts");
        result.stopped_early = true;
        assert_eq!(nothing_in_window(Acks::All, &result), None, "it was stopped");
    }

    #[test]
    fn records_that_were_refused_while_brokers_were_down_do_not_tell_of_a_loss() {
        let mut result = crate::run::warnings::tests::result();
        result.notes = vec!["the client reported: 1/1 brokers are down".to_owned()];
        assert_eq!(lost_for_a_while(&result), None, "every record found its way");
        result.counts.failed = 2;
        result.counts.failed_by_error = vec![FailedCount {
            error: "MSG_SIZE_TOO_LARGE".to_owned(),
            persistence: PersistenceStatus::NotPersisted,
            count: 2,
        }];
        assert_eq!(lost_for_a_while(&result), None, "refused");
        result.counts.undecided = 3;
        assert!(lost_for_a_while(&result).is_some_and(|cause| cause.ends_with("down; 3 undecided")));
        result.notes.clear();
        assert_eq!(lost_for_a_while(&result), None, "a drain that was too short");
    }
}
