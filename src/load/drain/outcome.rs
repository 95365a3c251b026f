//! From what was logged and acknowledged to the figures of a trial. Pure.

use std::collections::{HashMap, HashSet};

use super::Arrivals;
use super::growth::growth;
use super::log::{Logged, Run};
use super::scheduler::Counter;
use crate::measure::Timeline;
use crate::protocol::{DrainResult, LatencyDistribution, ScheduledDrain};
use crate::stats::histogram;

/// Everything that a trial's drain left behind.
pub(in crate::load) struct Outcome {
    /// What the scheduler did.
    pub logged: Logged,
    /// Arrival times of users for whom a record was offered to the client.
    pub offered: HashSet<u64>,
    /// Records offered again.
    pub sent_again: u64,
    /// Nobody arrived from then on, in µs since the trial's start.
    pub arrivals_end_us: u64,
}

impl Outcome {
    /// The figures. `acknowledged` has the arrival time of a user and the time of an acknowledgement for each
    /// acknowledged record; none where there is no acknowledgement (`acks=0`).
    pub fn result(
        self,
        arrivals: &Arrivals,
        timeline: &Timeline,
        settings: &ScheduledDrain,
        acknowledged: Option<&[(u64, u64)]>,
    ) -> DrainResult {
        let first = acknowledged.map(first_acknowledgements);
        let Logged {
            runs,
            removed,
            removals,
        } = &self.logged;
        let counted =
            |end_us: u64| Counter::new(arrivals.clone(), self.arrivals_end_us).until(end_us.saturating_sub(1));
        let removed_before = |end_us: u64| -> u64 {
            let before = removals.iter().take_while(|(at_us, _)| *at_us < end_us);
            before.map(|(_, users)| users).sum()
        };
        let waiting = |at_us: u64| counted(at_us).saturating_sub(removed_before(at_us));
        let window_end_us = timeline.window_end_us.min(self.arrivals_end_us);
        let in_window: Vec<&Run> = runs
            .iter()
            .filter(|run| timeline.in_window(run.start_us) && run.start_us < window_end_us)
            .collect();
        let arrived = counted(u64::MAX);
        let growth = growth(&in_window, settings);
        DrainResult {
            arrived,
            arrived_in_window: counted(window_end_us) - counted(timeline.window_start_us),
            sent: self.offered.len() as u64,
            removed: removed.len() as u64,
            removed_unacknowledged: first
                .as_ref()
                .map(|first| removed.iter().filter(|at_us| !first.contains_key(at_us)).count() as u64),
            removed_never_sent: removed.iter().filter(|at_us| !self.offered.contains(at_us)).count() as u64,
            sent_again: self.sent_again,
            acknowledged_again: first
                .as_ref()
                .zip(acknowledged)
                .map(|(first, all)| (all.len() - first.len()) as u64),
            exceptions: runs.iter().map(|run| run.exceptions).sum(),
            waiting_at_window_start: waiting(timeline.window_start_us),
            waiting_at_window_end: waiting(window_end_us),
            waiting_max: in_window.iter().map(|run| run.waiting).max().unwrap_or(0),
            waiting_at_end: arrived - removed.len() as u64,
            waiting_never_sent: self.waiting_never_sent(arrivals),
            runs: in_window.len() as u64,
            overruns: in_window
                .iter()
                .filter(|run| run.duration_us() > settings.every_us)
                .count() as u64,
            run_duration: durations(&in_window),
            taken: in_window.iter().map(|run| run.removed).sum(),
            late_us_max: in_window.iter().map(|run| run.late_us()).max().unwrap_or(0),
            queue_grew: growth.grew,
            growth_per_run: growth.per_run,
            user_wait: first.map(|first| {
                let users = arrivals.clone().take_while(|user| user.at_us < window_end_us);
                let users = users.filter(|user| timeline.in_window(user.at_us));
                waits(users.map(|user| (user.at_us, first.get(&user.at_us).copied())))
            }),
        }
    }
}

impl Outcome {
    /// Users who arrived, were not removed, and were never offered to the client.
    fn waiting_never_sent(&self, arrivals: &Arrivals) -> u64 {
        let removed: HashSet<u64> = self.logged.removed.iter().copied().collect();
        let arrived = arrivals.clone().take_while(|user| user.at_us < self.arrivals_end_us);
        let untouched = |at_us: &u64| !removed.contains(at_us) && !self.offered.contains(at_us);
        arrived.map(|user| user.at_us).filter(untouched).count() as u64
    }
}

/// The first acknowledgement of each user who has one.
fn first_acknowledgements(acknowledged: &[(u64, u64)]) -> HashMap<u64, u64> {
    let mut first: HashMap<u64, u64> = HashMap::with_capacity(acknowledged.len());
    for (user, at_us) in acknowledged {
        first
            .entry(*user)
            .and_modify(|known| *known = (*known).min(*at_us))
            .or_insert(*at_us);
    }
    first
}

fn waits(users: impl Iterator<Item = (u64, Option<u64>)>) -> LatencyDistribution {
    let (mut histogram, mut unresolved) = (histogram::empty(), 0);
    for (arrived_us, safe_us) in users {
        match safe_us {
            Some(safe_us) => histogram.saturating_record(safe_us.saturating_sub(arrived_us)),
            None => unresolved += 1,
        }
    }
    LatencyDistribution {
        count: histogram.len(),
        unresolved,
        max_us: histogram.max(),
        histogram: histogram::encode(&histogram),
    }
}

fn durations(runs: &[&Run]) -> LatencyDistribution {
    let mut histogram = histogram::empty();
    let whole = runs.iter().filter(|run| !run.is_cut_off);
    whole.for_each(|run| histogram.saturating_record(run.duration_us()));
    LatencyDistribution {
        count: histogram.len(),
        unresolved: runs.len() as u64 - histogram.len(),
        max_us: histogram.max(),
        histogram: histogram::encode(&histogram),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_acknowledgement_makes_a_user_safe() {
        let first = first_acknowledgements(&[(10, 50), (20, 30), (10, 40)]);
        assert_eq!((first[&10], first[&20]), (40, 30));
    }
}
