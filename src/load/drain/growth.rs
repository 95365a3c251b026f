//! Whether waiting queues grow, of what the scheduler's runs left behind. Pure.
//!
//! What cannot be shown is not known: a queue that is not seen to grow need not drain.

use super::log::Run;
use crate::protocol::ScheduledDrain;

/// Growth from run to run that counts, as a part of the users who arrive in a period, or of the period.
const SHARE: f64 = 0.01;
/// So many runs show that a queue which is never empty keeps its length.
const RUNS_FOR_A_REST: usize = 6;

/// Whether the queues grew through these runs; none where that cannot be told.
pub(super) fn grew(runs: &[&Run], settings: &ScheduledDrain) -> Option<bool> {
    let whole: Vec<&Run> = runs.iter().copied().filter(|run| !run.is_cut_off).collect();
    if whole.len() < 2 {
        return None;
    }
    let every_us = settings.every_us;
    let per_period = settings.users_per_s * every_us as f64 / 1e6;
    let (left, late) = (Halves::of(&whole, Run::left_behind), Halves::of(&whole, Run::late_us));
    let longer = left.rise() >= 1.0 && left.per_run() >= SHARE * per_period;
    let later = late.second >= every_us && late.per_run() >= SHARE * every_us as f64;
    if longer || later {
        return Some(true);
    }
    let served = |run: &&Run| run.left_behind() == 0 && run.duration_us() <= every_us && run.late_us() < every_us;
    let emptied = whole[whole.len() / 2..].iter().any(served);
    let keeps_its_length = whole.len() >= RUNS_FOR_A_REST && late.second < every_us;
    // Full batches that take fewer than arrive can only have been lucky.
    let suffices = settings.capacity_per_s() >= settings.users_per_s;
    (suffices && (emptied || keeps_its_length)).then_some(false)
}

/// A figure of the usual run of the first half and of the second. Of two in the middle it is the one that makes the least of
/// a rise: a single burst of users, or a pause, is none.
struct Halves {
    first: u64,
    second: u64,
    /// Runs between the middle of the one and the middle of the other.
    apart: f64,
}

impl Halves {
    fn of(runs: &[&Run], of: fn(&Run) -> u64) -> Self {
        let sorted = |runs: &[&Run]| {
            let mut values: Vec<u64> = runs.iter().map(|run| of(run)).collect();
            values.sort_unstable();
            values
        };
        let (first, second) = runs.split_at(runs.len() / 2);
        let (first, second) = (sorted(first), sorted(second));
        Self {
            first: first[first.len() / 2],
            second: second[(second.len() - 1) / 2],
            apart: runs.len() as f64 / 2.0,
        }
    }

    fn rise(&self) -> f64 {
        self.second as f64 - self.first as f64
    }

    fn per_run(&self) -> f64 {
        self.rise() / self.apart
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    const PERIOD_US: u64 = 1_000_000;

    fn run(number: u64, waiting: u64, removed: u64, late_us: u64) -> Run {
        let due_us = number * PERIOD_US;
        Run {
            due_us,
            start_us: due_us + late_us,
            end_us: due_us + late_us + 100_000,
            waiting,
            removed,
            exceptions: 0,
            is_cut_off: false,
        }
    }

    /// 100 users a second, a run every second, two coupons.
    fn settings(batch_size: u32) -> ScheduledDrain {
        ScheduledDrain {
            users_per_s: 100.0,
            every_us: PERIOD_US,
            coupons: 2,
            batch_size,
            ..samples::drain()
        }
    }

    fn judged(runs: &[Run]) -> Option<bool> {
        grew(&runs.iter().collect::<Vec<_>>(), &settings(60))
    }

    #[test]
    fn a_queue_that_leaves_more_and_more_behind_grows() {
        let steady: Vec<Run> = (0..6).map(|k| run(k, 100 + 20 * k, 100, 0)).collect();
        assert_eq!(judged(&steady), Some(true));
        let saw = [0, 30, 20, 60, 50, 90, 40, 120, 70, 150].map(|rest| run(rest, 100 + rest, 100, 0));
        assert_eq!(judged(&saw), Some(true), "not each run above each before it");
        assert_eq!(judged(&[run(0, 100, 100, 0), run(1, 130, 100, 0)]), Some(true));
    }

    #[test]
    fn a_constant_rest_or_a_single_burst_does_not() {
        let constant: Vec<Run> = (0..6).map(|k| run(k, 120, 100, 0)).collect();
        assert_eq!(judged(&constant), Some(false));
        for at in 0..6 {
            let burst: Vec<Run> = (0..6).map(|k| run(k, if k == at { 500 } else { 90 }, 90, 0)).collect();
            assert_eq!(judged(&burst), Some(false), "{at}");
        }
        let four: Vec<Run> = (0..4).map(|k| run(k, if k == 3 { 500 } else { 90 }, 90, 0)).collect();
        assert_eq!(judged(&four), Some(false));
    }

    #[test]
    fn a_scheduler_that_falls_behind_by_whole_periods_grows_although_it_takes_all() {
        let behind: Vec<Run> = (0..6).map(|k| run(k, 100, 100, k * 500_000)).collect();
        assert_eq!(judged(&behind), Some(true));
        let jitter: Vec<Run> = (0..6).map(|k| run(k, 100, 100, k * 500)).collect();
        assert_eq!(judged(&jitter), Some(false));
    }

    #[test]
    fn what_cannot_be_shown_is_not_known() {
        assert_eq!(judged(&[run(0, 5, 5, 0)]), None, "one run");
        let rest: Vec<Run> = (0..4).map(|k| run(k, 120, 100, 0)).collect();
        assert_eq!(judged(&rest), None, "too few runs to see that a rest stays as it is");
        let overrun = |number| Run {
            end_us: number * PERIOD_US + 1_900_000,
            ..run(number, 100, 100, 0)
        };
        assert_eq!(judged(&[overrun(0), overrun(1)]), None, "each takes nearly two periods");
        let lucky: Vec<Run> = (0..8).map(|k| run(k, 90, 90, 0)).collect();
        let lucky: Vec<&Run> = lucky.iter().collect();
        assert_eq!(grew(&lucky, &settings(49)), None, "98 places for 100 users");
        assert_eq!(grew(&lucky, &settings(50)), Some(false));
    }
}
