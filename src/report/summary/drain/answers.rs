//! What a run says of its waiting queues, in sentences.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::model::{ConfigurationSummary, LatencySummary};
use super::DrainSummary;
use crate::protocol::{DrainOrder, ScheduledDrain, SendMode};
use crate::report::charts::Unit;
use crate::report::format;

/// Names listed in a sentence before the rest is counted.
const NAMED: usize = 3;

/// The axis of batch sizes.
const BATCH_AXIS: &str = "arrival.batch-size";

/// One thing to be said of a run's waiting queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrainAnswer {
    /// The question, in few words.
    pub title: String,
    /// The answer.
    pub sentence: String,
}

/// A configuration that has waiting queues and figures of them.
struct Drained<'a> {
    configuration: &'a ConfigurationSummary,
    settings: &'a ScheduledDrain,
    found: &'a DrainSummary,
}

/// What a run says of its waiting queues; nothing where it has none.
pub(in crate::report::summary) fn answers(configurations: &[ConfigurationSummary]) -> Vec<DrainAnswer> {
    let drained: Vec<Drained<'_>> = configurations
        .iter()
        .filter_map(|configuration| {
            Some(Drained {
                configuration,
                settings: configuration.workload.arrival.scheduled_drain()?,
                found: configuration.drain.as_ref()?,
            })
        })
        .collect();
    if drained.is_empty() {
        return Vec::new();
    }
    let answer = |title: &str, sentence: String| DrainAnswer {
        title: title.to_owned(),
        sentence,
    };
    vec![
        answer("How long a user waits", waits(&drained)),
        answer("How large a batch must be", batches(&drained)),
        answer("What sending costs the scheduler", scheduler(&drained)),
        answer("Users removed without an acknowledged record", losses(&drained)),
    ]
}

fn time(us: f64) -> String {
    Unit::Microseconds.format(us)
}

fn waits(drained: &[Drained<'_>]) -> String {
    let p99 = |one: &&Drained<'_>| {
        let wait = one.found.user_wait_us.as_ref()?;
        Some((wait.p99?, wait.is_at_least("p99")))
    };
    let mut known: Vec<_> = drained
        .iter()
        .filter_map(|one| Some((p99(&one)?, one.found.user_wait_us.as_ref()?, &one.configuration.label)))
        .collect();
    known.sort_by_key(|((p99, bound), ..)| (*bound, *p99));
    let said = |((p99, bound), wait, label): &((u64, bool), &LatencySummary, &String)| {
        let median = match (wait.p50, wait.is_at_least("p50")) {
            (Some(p50), false) => time(p50 as f64),
            (Some(p50), true) => format!("at least {}", time(p50 as f64)),
            (None, _) => format::NOTHING.to_owned(),
        };
        let bound = if *bound { "at least " } else { "" };
        format!(
            "{median} at the median and {bound}{} at the 99th percentile with {label}",
            time(*p99 as f64)
        )
    };
    match (known.first(), known.last()) {
        (Some(shortest), Some(longest)) if known.len() > 1 => format!(
            "From arriving in the queue to an acknowledged record: {}; {}.",
            said(shortest),
            said(longest)
        ),
        (Some(only), _) => format!("From arriving in the queue to an acknowledged record: {}.", said(only)),
        _ => {
            "No percentile can be given: with acks=0 nothing is acknowledged, and a 99th percentile needs 1,000 users."
                .to_owned()
        }
    }
}

/// Everything but the batch size, in words; configurations that differ in it alone are one sweep.
fn beside_batch(one: &Drained<'_>) -> String {
    let axes = one.configuration.axes.iter().filter(|axis| axis.axis != BATCH_AXIS);
    let words: Vec<String> = axes
        .map(|axis| match axis.axis.as_str() {
            "send.mode" => axis.value.clone(),
            name => format!("{}={}", name.trim_start_matches("arrival."), axis.value),
        })
        .collect();
    words.join(" ")
}

fn batches(drained: &[Drained<'_>]) -> String {
    let mut sweeps: BTreeMap<String, Vec<&Drained<'_>>> = BTreeMap::new();
    for one in drained {
        sweeps.entry(beside_batch(one)).or_default().push(one);
    }
    // One size alone says nothing of how large it must be, where others were swept.
    if sweeps.values().any(|sweep| sweep.len() > 1) {
        sweeps.retain(|_, sweep| sweep.len() > 1);
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, mut sweep) in sweeps {
        sweep.sort_by_key(|one| one.settings.batch_size);
        found.entry(smallest(&sweep)).or_default().push(name);
    }
    let all_alike = found.len() == 1;
    let sentences: Vec<String> = found
        .into_iter()
        .map(|(answer, names)| match all_alike {
            true => format!("{answer}."),
            false => format!("{answer} ({}).", format::listed(&names, NAMED)),
        })
        .collect();
    let needed = drained.first().map(|one| {
        let settings = one.settings;
        let needed = settings.users_per_s * settings.every_us as f64 / 1e6 / f64::from(settings.coupons);
        format!(
            " As many as arrive per coupon and period are needed at least: {}.",
            format::count(needed.ceil() as u64)
        )
    });
    let same_load = drained.windows(2).all(|pair| {
        let load = |one: &Drained<'_>| (one.settings.users_per_s, one.settings.every_us, one.settings.coupons);
        load(&pair[0]) == load(&pair[1])
    });
    format!(
        "{}{}",
        sentences.join(" "),
        needed.filter(|_| same_load).unwrap_or_default()
    )
}

impl Drained<'_> {
    /// Whether the queues grow with this batch; none where that is not known.
    fn grows(&self) -> Option<bool> {
        // Fewer places than users: no window need be long enough to show it.
        let lacks_places = self.found.capacity_per_s < self.settings.users_per_s;
        match self.found.queue_grew() {
            _ if lacks_places || self.configuration.trials.short_of_rate > 0 => Some(true),
            grew => grew,
        }
    }
}

/// The smallest batch size of a sweep whose queues did not grow, and did not with any larger one either.
fn smallest(sweep: &[&Drained<'_>]) -> String {
    let sizes: Vec<String> = sweep.iter().map(|one| one.settings.batch_size.to_string()).collect();
    let sizes = format::listed(&sizes, 8);
    let kept_up = sweep.iter().rev().take_while(|one| one.grows() == Some(false)).count();
    let (below, from) = sweep.split_at(sweep.len() - kept_up);
    let unknown = below.last().filter(|one| one.grows().is_none());
    match (from.first(), unknown) {
        (Some(one), unknown) => {
            let doubt = unknown.map_or_else(String::new, |next| {
                format!("; of {} it is not known", next.settings.batch_size)
            });
            format!(
                "{} users per coupon and run is the smallest batch of those swept ({sizes}) whose queue does not \
                 grow{doubt}",
                one.settings.batch_size
            )
        }
        (None, Some(largest)) => format!(
            "Not known of those swept ({sizes}): with {} the queue was seen neither to grow nor to be served; take longer \
             windows",
            largest.settings.batch_size
        ),
        (None, None) => format!("None of those swept ({sizes}): {}", why_none(sweep)),
    }
}

fn why_none(sweep: &[&Drained<'_>]) -> String {
    let grow = sweep.iter().filter(|one| one.grows() == Some(true));
    let grow: Vec<String> = grow.map(|one| one.settings.batch_size.to_string()).collect();
    match grow.len() == sweep.len() {
        true => "the queue grows with each".to_owned(),
        false => format!(
            "the queue grows with {}; a smaller one that drains is luck",
            format::listed(&grow, 8)
        ),
    }
}

fn scheduler(drained: &[Drained<'_>]) -> String {
    let mut modes: Vec<(SendMode, Vec<&Drained<'_>>)> = Vec::new();
    for one in drained.iter().filter(|one| one.found.run_us_mean.is_some()) {
        let mode = one.configuration.workload.send_mode;
        match modes.iter_mut().find(|(known, _)| *known == mode) {
            Some((_, members)) => members.push(one),
            None => modes.push((mode, vec![one])),
        }
    }
    let sentences: Vec<String> = modes
        .iter()
        .map(|(mode, members)| {
            let range = |of: &dyn Fn(&DrainSummary) -> Option<f64>| -> String {
                let values: Vec<f64> = members.iter().filter_map(|one| of(one.found)).collect();
                let (low, high) = (
                    values.iter().copied().fold(f64::INFINITY, f64::min),
                    values.iter().copied().fold(0.0, f64::max),
                );
                match values.len() {
                    0 => format::NOTHING.to_owned(),
                    1 => time(low),
                    _ => format!("{} to {}", time(low), time(high)),
                }
            };
            let overruns: u64 = members.iter().map(|one| one.found.overruns).sum();
            let runs: u64 = members.iter().map(|one| one.found.runs).sum();
            format!(
                "{mode}: a run takes {} on average, {} per user; {} of {} overran the fixed rate",
                range(&|found| found.run_us_mean),
                range(&|found| found.run_us_per_user),
                format::count(overruns),
                format::counted(runs, "run", "runs")
            )
        })
        .collect();
    match sentences.is_empty() {
        true => "No run of the scheduler came to its end in a window.".to_owned(),
        false => format!("{}.", sentences.join(". ")),
    }
}

/// What one order of removing and sending cost, over all configurations that have it.
#[derive(Default)]
struct Losses {
    lost: u64,
    removed: u64,
    never_sent: u64,
    again: u64,
}

fn losses(drained: &[Drained<'_>]) -> String {
    let orders = [DrainOrder::SendThenRemove, DrainOrder::PopThenSend];
    let (mut sentences, mut harm) = (Vec::new(), None);
    for order in orders {
        let members: Vec<&Drained<'_>> = drained.iter().filter(|one| one.settings.order == order).collect();
        if members.is_empty() {
            continue;
        }
        let Some(found) = losses_of(&members) else {
            sentences.push(format!("{order}: not known, since acks=0 acknowledges nothing."));
            continue;
        };
        *harm.get_or_insert(0) += found.lost + found.again;
        let never_sent = match found.lost {
            0 => String::new(),
            _ => format!(", {} of whom were never sent", format::count(found.never_sent)),
        };
        sentences.push(format!(
            "{order}: {} of {}{never_sent}; {} acknowledged for a user who had one already.",
            format::count(found.lost),
            format::counted(found.removed, "removed user", "removed users"),
            format::counted(found.again, "record was", "records were"),
        ));
    }
    if harm == Some(0) {
        sentences.push("Nobody was lost or served twice: the orders differ only where a send fails.".to_owned());
    }
    sentences.join(" ")
}

/// None where nothing is acknowledged.
fn losses_of(members: &[&Drained<'_>]) -> Option<Losses> {
    let mut sum = None;
    for found in members.iter().map(|one| one.found) {
        if let Some(lost) = found.removed_unacknowledged {
            let sum: &mut Losses = sum.get_or_insert_default();
            sum.lost += lost;
            sum.removed += found.removed;
            sum.never_sent += found.removed_never_sent;
            sum.again += found.acknowledged_again.unwrap_or(0);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::AxisSetting;
    use crate::protocol::{Arrival, CouponKey, UserPattern, WaitingQueues};
    use crate::stats::Spread;
    use crate::store::samples;

    /// A configuration of 100 users/s, two coupons and a run every second, whose queues grew or not.
    fn swept(batch_size: u32, grew: Option<bool>) -> ConfigurationSummary {
        let mut configuration = samples::configuration(&format!("c-{batch_size}"));
        configuration.label = format!("batches of {batch_size}");
        configuration.workload.arrival = Arrival::ScheduledDrain(ScheduledDrain {
            users_per_s: 100.0,
            users_pattern: UserPattern::Constant,
            coupons: 2,
            every_us: 1_000_000,
            batch_size,
            order: DrainOrder::PopThenSend,
            queue: WaitingQueues::Memory,
            key: CouponKey::None,
            type_id: None,
        });
        let mut summary = crate::report::summary::configuration::summarize(&configuration, &[], 0).summary;
        summary.drain = Some(DrainSummary {
            capacity_per_s: f64::from(batch_size) * 2.0,
            user_wait_us: None,
            judged: u64::from(grew.is_some()),
            not_judged: u64::from(grew.is_none()),
            grew: u64::from(grew == Some(true)),
            growth_per_run: None,
            waiting_at_window_end: 0.0,
            waiting_max: 0,
            waiting_at_end: 0,
            runs: 5,
            overruns: 1,
            run_us_mean: Some(2_000.0),
            run_us_max: 3_000,
            run_us_per_user: Some(20.0),
            late_us_max: 0,
            removed: 500,
            removed_unacknowledged: Some(7),
            removed_never_sent: 3,
            sent_again: 0,
            acknowledged_again: Some(2),
        });
        summary
    }

    fn sentence(configurations: &[ConfigurationSummary], title: &str) -> String {
        let all = answers(configurations);
        let found = all.into_iter().find(|answer| answer.title.contains(title));
        found.unwrap().sentence
    }

    #[test]
    fn the_smallest_batch_is_the_one_from_which_on_nothing_grows() {
        let sweep = |grew: [Option<bool>; 3]| {
            let sizes = [20, 50, 80];
            let all: Vec<_> = sizes
                .into_iter()
                .zip(grew)
                .map(|(size, grew)| swept(size, grew))
                .collect();
            sentence(&all, "How large")
        };
        let (grew, drains) = (Some(true), Some(false));
        let told = sweep([grew, drains, drains]);
        assert!(
            told.starts_with("50 users per coupon and run is the smallest"),
            "{told}"
        );
        assert!(told.ends_with("are needed at least: 50."), "{told}");
        assert!(
            sweep([drains, grew, drains]).starts_with("80 users"),
            "a size below one that grows is luck"
        );
        assert!(sweep([grew, grew, grew]).starts_with("None of those swept (20, 50 and 80)"));
        let told = sweep([drains, drains, grew]);
        assert!(
            told.ends_with(
                "the queue grows with 20 and 80; a smaller one that drains is luck. As many as arrive per coupon and \
                            period are needed at least: 50."
            ),
            "{told}"
        );
        assert!(sweep([None, None, None]).starts_with("Not known"));
        assert!(sweep([grew, drains, None]).starts_with("Not known of those swept (20, 50 and 80): with 80"));
        let told = sweep([grew, None, drains]);
        assert!(
            told.starts_with("80 users") && told.contains("of 50 it is not known"),
            "{told}"
        );
        assert!(
            sweep([drains, drains, drains]).starts_with("50 users"),
            "20 of two coupons a second are fewer than 100"
        );
    }

    #[test]
    fn whether_the_rate_was_kept_is_said_of_queues_that_show_it() {
        let told = |grew, short_of_rate, found: f64| {
            let mut one = swept(80, grew);
            one.trials.short_of_rate = short_of_rate;
            one.throughput_records_per_s = Spread::of([found]);
            crate::report::summary::answers::paced_throughput(&[&one]).sentence
        };
        let (kept, short, unknown) = (
            "every configuration kept",
            "1 configuration kept less",
            "it is not known",
        );
        for (grew, short_of_rate, found, expected) in [
            (Some(false), 0, 90.0, kept),
            (None, 0, 100.0, kept),
            (Some(true), 0, 99.5, kept),
            (Some(true), 1, 90.0, short),
            (None, 1, 30.0, short),
            // Runs that were stored before schedulers were held to a rate.
            (Some(true), 0, 60.0, short),
            (None, 0, 60.0, unknown),
        ] {
            let told = told(grew, short_of_rate, found);
            assert!(told.contains(expected), "{grew:?} {short_of_rate} {found}: {told}");
        }
    }

    #[test]
    fn a_size_that_stands_alone_is_no_sweep_of_sizes() {
        let axis = |name: &str, value: &str| AxisSetting {
            axis: name.to_owned(),
            value: value.to_owned(),
            number: None,
        };
        let mut all = vec![swept(20, Some(true)), swept(80, Some(false)), swept(20, Some(true))];
        for (one, order) in all
            .iter_mut()
            .zip(["pop-then-send", "pop-then-send", "send-then-remove"])
        {
            one.axes = vec![axis("arrival.order", order), axis(BATCH_AXIS, "n")];
        }
        let told = sentence(&all, "How large");
        assert!(
            told.starts_with("80 users per coupon and run is the smallest batch of those swept (20 and 80)"),
            "{told}"
        );
        assert!(!told.contains("None of those"), "{told}");
        let alone = sentence(&all[2..], "How large");
        assert!(alone.starts_with("None of those swept (20)"), "{alone}");
    }

    #[test]
    fn losses_are_told_by_order_and_the_schedulers_cost_by_send_mode() {
        let all = [swept(20, Some(true)), swept(80, Some(false))];
        assert_eq!(
            sentence(&all, "without an acknowledged"),
            "pop-then-send: 14 of 1,000 removed users, 6 of whom were never sent; 4 records were acknowledged for a user \
             who had one already."
        );
        let mut safe = swept(80, Some(false));
        let found = safe.drain.as_mut().unwrap();
        (
            found.removed_unacknowledged,
            found.removed_never_sent,
            found.acknowledged_again,
        ) = (Some(0), 0, Some(0));
        assert_eq!(
            sentence(&[safe], "without an acknowledged"),
            "pop-then-send: 0 of 500 removed users; 0 records were acknowledged for a user who had one already. Nobody was \
             lost or served twice: the orders differ only where a send fails."
        );
        let cost = sentence(&all, "costs the scheduler");
        assert!(cost.contains("2 of 10 runs overran the fixed rate"), "{cost}");
        assert!(sentence(&all, "How long").starts_with("No percentile can be given"));
    }

    #[test]
    fn a_run_without_waiting_queues_says_nothing_of_them() {
        let plain = crate::report::summary::configuration::summarize(&samples::configuration("c-1"), &[], 0).summary;
        assert_eq!(answers(&[plain]), []);
    }
}
