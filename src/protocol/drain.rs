//! Waiting queues that a scheduler drains: how users arrive, what the scheduler does, and what a trial found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LatencyDistribution;
use super::workload::named;

/// How users arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UserPattern {
    /// One every `1 / rate`, to each coupon in turn.
    Constant,
    /// With exponential gaps, each to a coupon drawn uniformly: every coupon's users are a Poisson process.
    Poisson,
}
named!(UserPattern, "pattern of arriving users", {
    UserPattern::Constant => "constant", UserPattern::Poisson => "poisson"
});

/// When a user leaves the waiting queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DrainOrder {
    /// A batch is read, each of its users is sent, then the batch is removed.
    SendThenRemove,
    /// A batch is taken out, then each of its users is sent.
    PopThenSend,
}
named!(DrainOrder, "order of draining", {
    DrainOrder::SendThenRemove => "send-then-remove", DrainOrder::PopThenSend => "pop-then-send"
});

/// What the key of a user's record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CouponKey {
    /// None: the client's partitioner chooses.
    None,
    /// The user's id as text.
    UserId,
}
named!(CouponKey, "key of a coupon record", { CouponKey::None => "none", CouponKey::UserId => "user-id" });

/// Where users wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WaitingQueues {
    /// In the memory of the trial process.
    Memory,
    /// In one Redis list for each coupon.
    Redis {
        /// `redis://host:port/database`, without credentials: a password comes from the environment.
        url: String,
    },
}

/// Users arrive in one waiting queue for each coupon; a scheduler takes batches of them and sends a record for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduledDrain {
    /// Users per second, over all coupons.
    pub users_per_s: f64,
    /// How they arrive.
    pub users_pattern: UserPattern,
    /// Coupons, each with a waiting queue of its own.
    pub coupons: u32,
    /// The scheduler's fixed rate: run k is due at `k × every_us` after the trial's start. A run that takes longer delays
    /// the next; they never overlap, and none is left out.
    pub every_us: u64,
    /// Most users that one run takes of each coupon.
    pub batch_size: u32,
    /// When a user leaves the queue.
    pub order: DrainOrder,
    /// Where users wait.
    pub queue: WaitingQueues,
    /// Key of each record.
    pub key: CouponKey,
    /// Spring's header `__TypeId__` with this class name; none: no such header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_id: Option<String>,
}

impl ScheduledDrain {
    /// Users per second that leave the queues at most, where every run takes full batches and none is late.
    pub fn capacity_per_s(&self) -> f64 {
        f64::from(self.batch_size) * f64::from(self.coupons) * 1e6 / self.every_us as f64
    }

    /// What cannot be done about it, and why; none where it can be.
    pub fn problem(&self) -> Option<String> {
        if !(self.users_per_s > 0.0 && self.users_per_s <= MAX_USERS_PER_S) {
            let rate = self.users_per_s;
            return Some(format!(
                "{rate} users/s cannot arrive: more than 0 and at most {MAX_USERS_PER_S}"
            ));
        }
        (self.coupons == 0 || self.batch_size == 0 || self.every_us == 0)
            .then(|| "a scheduled drain needs a coupon, a batch and a fixed rate".to_owned())
    }
}

/// In short: `300 users/s, 4 coupons, 200 each every 3s`.
impl std::fmt::Display for ScheduledDrain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let coupons = if self.coupons == 1 { "coupon" } else { "coupons" };
        let every = humantime::format_duration(std::time::Duration::from_micros(self.every_us));
        write!(
            f,
            "{} users/s ({}), {} {coupons}, {} each every {every}",
            self.users_per_s, self.users_pattern, self.coupons, self.batch_size
        )
    }
}

/// Most users per second: no two arrive in the same µs, which is what tells them apart.
pub const MAX_USERS_PER_S: f64 = 100_000.0;

/// Users waiting at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueLength {
    /// In s since the window's start.
    pub at_s: f64,
    /// Over all coupons.
    pub users: u64,
}

/// What the waiting queues and their scheduler did in one interval.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainInterval {
    /// Users who arrived.
    pub arrived: u64,
    /// Users who left the queues.
    pub removed: u64,
    /// Users waiting at the interval's end.
    pub waiting: u64,
    /// Scheduler runs that ended.
    pub runs: u64,
    /// Those of them that took longer than the fixed rate.
    pub overruns: u64,
    /// The longest of them, in µs.
    pub run_us_max: u64,
    /// Queue lengths at the start and the end of runs, as they came; of many runs only the first.
    pub lengths: Vec<QueueLength>,
}

/// What the waiting queues and their scheduler did in one trial. A user is one arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainResult {
    /// Users who arrived in the whole trial.
    pub arrived: u64,
    /// Users who arrived in the window.
    pub arrived_in_window: u64,
    /// Users for whom a record was handed to the client, however often. Everybody who arrived is one of three:
    /// `arrived = sent + removed_never_sent + waiting_never_sent`.
    #[serde(default)]
    pub sent: u64,
    /// Users who left the queues, by the trial's end.
    pub removed: u64,
    /// Those of them for whom no record was ever acknowledged: failed, undecided, or never sent. None with `acks=0`.
    pub removed_unacknowledged: Option<u64>,
    /// Those of them for whom no record was ever handed to the client: taken out behind a failed one.
    pub removed_never_sent: u64,
    /// Records handed to the client for a user for whom one had been handed over before.
    pub sent_again: u64,
    /// Acknowledged records beyond the first of a user: coupons issued twice. None with `acks=0`.
    pub acknowledged_again: Option<u64>,
    /// Batches that an exception ended: a refused send call, or, in `sync` mode, a failed record.
    pub exceptions: u64,
    /// Users waiting at the window's start.
    pub waiting_at_window_start: u64,
    /// Users waiting at the window's end.
    pub waiting_at_window_end: u64,
    /// Most users waiting at the start of a run in the window.
    pub waiting_max: u64,
    /// Users waiting when the drain was over.
    pub waiting_at_end: u64,
    /// Those of them for whom no record was ever handed to the client. The others were sent, and their removal was not
    /// reached.
    #[serde(default)]
    pub waiting_never_sent: u64,
    /// Runs that began in the window.
    pub runs: u64,
    /// Those of them that took longer than the fixed rate.
    pub overruns: u64,
    /// How long they took, in µs; `unresolved` counts those that the trial's end cut off.
    pub run_duration: LatencyDistribution,
    /// Users whom they took out of the queues.
    pub taken: u64,
    /// How late the latest of them began, in µs after it was due.
    pub late_us_max: u64,
    /// Whether the queues grew through the window; none where its runs do not show it.
    pub queue_grew: Option<bool>,
    /// By how many users the queues grew from run to run: the usual run of the window's second half against that of its
    /// first. None with fewer than two.
    pub growth_per_run: Option<f64>,
    /// From the arrival of each user of the window to the first acknowledgement of a record for that user, in µs;
    /// `unresolved` are those who have none. None with `acks=0`.
    pub user_wait: Option<LatencyDistribution>,
}
