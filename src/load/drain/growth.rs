//! Whether waiting queues grow, of what the scheduler's runs left behind. Pure.
//!
//! What cannot be shown is not known: a queue that is not seen to grow need not drain.

use super::log::Run;
use crate::protocol::{ScheduledDrain, UserPattern};

/// Growth from run to run that counts, as a part of the users who arrive in a period, or of the period.
const SHARE: f64 = 0.01;
/// So many standard deviations of the number of users who arrive meanwhile may a queue become longer by chance.
const CHANCE: f64 = 3.0;
/// So many runs show that a queue which is never empty keeps its length.
const RUNS_FOR_A_REST: usize = 6;

/// What runs show of their queues.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Growth {
    /// Whether the queues grew; none where that cannot be told.
    pub grew: Option<bool>,
    /// By how many users from run to run, as seen when runs begin; none with fewer than two.
    pub per_run: Option<f64>,
}

/// Growth through these runs.
pub(super) fn growth(runs: &[&Run], settings: &ScheduledDrain) -> Growth {
    let whole: Vec<&Run> = runs.iter().copied().filter(|run| !run.is_cut_off).collect();
    if whole.len() < 2 {
        return Growth::default();
    }
    let waiting = Halves::of(&whole, |run| run.waiting);
    Growth {
        grew: grew(&whole, settings, &waiting),
        per_run: Some(waiting.per_run()),
    }
}

fn grew(runs: &[&Run], settings: &ScheduledDrain, waiting: &Halves) -> Option<bool> {
    let every_us = settings.every_us;
    let per_period = settings.users_per_s * every_us as f64 / 1e6;
    let (left, late) = (Halves::of(runs, Run::left_behind), Halves::of(runs, Run::late_us));
    let usual_duration_us = Halves::of(runs, Run::duration_us).second;
    let suffices = settings.capacity_per_s() >= settings.users_per_s;
    let by_chance = match settings.users_pattern {
        UserPattern::Poisson if suffices => CHANCE * (per_period * left.apart).sqrt(),
        _ => 0.0,
    };
    // Where full batches take fewer than arrive, the least rise is the one that arithmetic foretells.
    let least_per_run = if suffices { SHARE * per_period } else { 0.0 };
    let longer = left.rise() >= by_chance.max(1.0) && left.per_run() >= least_per_run;
    let overruns = usual_duration_us > every_us;
    let later = late.per_run() >= SHARE * every_us as f64 && (late.second >= every_us || overruns);
    if (longer || later) && waiting.rise() > 0.0 {
        return Some(true);
    }
    let served = |run: &&Run| run.left_behind() == 0 && run.duration_us() <= every_us && run.late_us() < every_us;
    let emptied = runs[runs.len() / 2..].iter().any(served);
    let keeps_up = suffices && !overruns && late.second < every_us;
    (keeps_up && (emptied || runs.len() >= RUNS_FOR_A_REST)).then_some(false)
}

/// A figure of the usual run of the first half and of the second. Of two in the middle it is the one that makes the least of
/// a rise: a single burst of users, or a pause, is none.
struct Halves {
    first: u64,
    second: u64,
    /// Runs between the one and the other, where each has more than the one before it.
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
        let (earlier, later) = (first.len() / 2, (second.len() - 1) / 2);
        Self {
            first: first[earlier],
            second: second[later],
            apart: (first.len() + later - earlier) as f64,
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
    use rand::SeedableRng;
    use rand_distr::{Distribution, Poisson};
    use rand_xoshiro::Xoshiro256PlusPlus;

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

    fn of(runs: &[Run], settings: &ScheduledDrain) -> Growth {
        growth(&runs.iter().collect::<Vec<_>>(), settings)
    }

    fn judged(runs: &[Run]) -> Option<bool> {
        of(runs, &settings(60)).grew
    }

    #[test]
    fn a_queue_that_leaves_more_and_more_behind_grows() {
        let steady: Vec<Run> = (0..6).map(|k| run(k, 100 + 20 * k, 100, 0)).collect();
        assert_eq!(judged(&steady), Some(true));
        for count in 2..=6 {
            assert_eq!(of(&steady[..count], &settings(60)).per_run, Some(20.0), "{count} runs");
        }
        let saw = [0, 30, 20, 60, 50, 90, 40, 120, 70, 150].map(|rest| run(0, 100 + rest, 100, 0));
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
        let behind: Vec<Run> = (0..6)
            .map(|k| run(k, 100 + 10 * k, 100 + 10 * k, k * 500_000))
            .collect();
        assert_eq!(judged(&behind), Some(true));
        let no_more_wait: Vec<Run> = (0..6).map(|k| run(k, 150, 150, k * 500_000)).collect();
        assert_eq!(
            judged(&no_more_wait),
            None,
            "later and later, and yet no one waits longer"
        );
        let slow = |number, late_us| Run {
            end_us: number * PERIOD_US + late_us + 1_100_000,
            ..run(number, 100 + 10 * number, 100 + 10 * number, late_us)
        };
        let slow: Vec<Run> = (0..6).map(|k| slow(k, k * 100_000)).collect();
        assert_eq!(
            judged(&slow),
            Some(true),
            "not a period late yet, and each takes longer than one"
        );
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
        assert_eq!(of(&lucky, &settings(49)).grew, None, "98 places for 100 users");
        assert_eq!(of(&lucky, &settings(50)).grew, Some(false));
    }

    #[test]
    fn chance_does_not_make_a_queue_grow_whose_batches_suffice() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        for (users, batch) in [(10.0, 11), (10.0, 12), (100.0, 105), (300.0, 330)] {
            let settings = ScheduledDrain {
                users_per_s: users,
                users_pattern: UserPattern::Poisson,
                coupons: 1,
                ..settings(batch)
            };
            let arriving = Poisson::new(users).unwrap();
            for count in [2, 5, 10, 40] {
                let grown = (0..1_000).filter(|_| {
                    let mut waiting = 0;
                    let runs: Vec<Run> = (0..count + 20)
                        .map(|k| {
                            waiting += arriving.sample(&mut random) as u64;
                            let taken = waiting.min(u64::from(batch));
                            waiting -= taken;
                            run(k, waiting + taken, taken, 0)
                        })
                        .collect();
                    of(&runs[20..], &settings).grew == Some(true)
                });
                let grown = grown.count();
                assert!(
                    grown <= 10,
                    "{grown} of 1,000 with batches of {batch} for {users} users, {count} runs"
                );
            }
        }
    }

    #[test]
    fn a_lack_of_places_is_seen_in_ten_runs() {
        for (batch, runs) in [(45, 10), (49, 10), (49, 4)] {
            let mut waiting = 0;
            let runs: Vec<Run> = (0..runs)
                .map(|k| {
                    waiting += 100;
                    let taken = waiting.min(2 * u64::from(batch));
                    waiting -= taken;
                    run(k, waiting + taken, taken, 0)
                })
                .collect();
            assert_eq!(of(&runs, &settings(batch)).grew, Some(true), "{batch}");
        }
    }
}
