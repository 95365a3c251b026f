//! What makes a verdict worth less than it looks: told, and not enough to refuse one.

use super::Judged;
use super::evidence::add_new;
use crate::analysis::Floors;
use crate::stats::sessions::LEAST_SESSIONS;
use crate::store::BaselineSession;
use crate::words::percent;

/// Hours over which the sessions of a baseline should be spread, to hold more than one day.
const LEAST_SPAN_H: f64 = 48.0;

/// Thresholds that ask for more than identical trials keep to on this machine and target. Of measured floors only: the
/// assumed one says nothing of the machine.
pub(super) fn below_noise(floors: &Floors, judged: &mut Judged) {
    let found: Vec<String> = judged
        .rows
        .iter()
        .filter(|row| floors.measured.contains_key(&row.metric))
        .map(|row| (row.metric, row.threshold, floors.of(row.metric)))
        .filter(|(_, threshold, floor)| threshold < floor)
        .map(|(metric, threshold, floor)| {
            format!(
                "{}: the threshold of {} lies below the noise floor of {} that was measured on this machine and target: \
                 identical trials may differ by that much, so that a loss beyond the threshold need not be one.",
                metric.name(),
                percent(threshold),
                percent(floor)
            )
        })
        .collect();
    add_new(&mut judged.warnings, found);
}

/// Enough sessions, but all of a short time: their spread is not that of other days.
pub(super) fn close_together(stored: &[BaselineSession]) -> Option<String> {
    let made = || stored.iter().map(|session| session.manifest.created_at);
    let (first, last) = (made().min()?, made().max()?);
    let hours = (last.as_second() - first.as_second()) as f64 / 3_600.0;
    (stored.len() >= LEAST_SESSIONS && hours < LEAST_SPAN_H).then(|| {
        format!(
            "{} sessions within {} h: by how much days differ is not in the interval, which is narrower than it should be.",
            stored.len(),
            hours.ceil().max(1.0)
        )
    })
}
