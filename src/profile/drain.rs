//! `[workload.arrival] pattern = "scheduled-drain"`: waiting queues and their scheduler, and which
//! settings of it may be an axis.

use super::document::{Entry, Node, Value, normalized};
use super::error::Problem;
use super::quantity::parse_rate;
use super::read::{Context, Section};
use super::source::Place;
use super::workload::LoadKey;
use crate::protocol::{Arrival, CouponKey, DrainOrder, MAX_USERS_PER_S, ScheduledDrain, UserPattern, WaitingQueues};

/// The pattern's name.
pub(super) const PATTERN: &str = "scheduled-drain";

const DAY_MS: u64 = 86_400_000;

/// Every key of the pattern beside `pattern`, in one spelling.
pub(super) const KEYS: [&str; 9] = [
    "users.rate",
    "users.pattern",
    "coupons",
    "fixed.rate",
    "batch.size",
    "order",
    "queue",
    "key",
    "type.id",
];

/// Spring's `fixedRate` in the service that this pattern comes from.
const DEFAULT_EVERY_US: u64 = 3_000_000;

/// One setting of the pattern that may be an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DrainKey {
    /// Users per second.
    UsersRate,
    /// Coupons, each with a queue.
    Coupons,
    /// The scheduler's period.
    FixedRate,
    /// Users per coupon and run.
    BatchSize,
    /// When users leave the queue.
    Order,
    /// The records' key.
    Key,
}

/// A value of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DrainSetting {
    /// Users per second.
    UsersRate(f64),
    /// Coupons.
    Coupons(u32),
    /// The scheduler's period in µs.
    FixedRate(u64),
    /// Users per coupon and run.
    BatchSize(u32),
    /// When users leave the queue.
    Order(DrainOrder),
    /// The records' key.
    Key(CouponKey),
}

impl DrainKey {
    /// Every one.
    pub const ALL: [DrainKey; 6] = [
        DrainKey::UsersRate,
        DrainKey::Coupons,
        DrainKey::FixedRate,
        DrainKey::BatchSize,
        DrainKey::Order,
        DrainKey::Key,
    ];

    /// Its name as an axis.
    pub fn name(self) -> &'static str {
        match self {
            DrainKey::UsersRate => "arrival.users.rate",
            DrainKey::Coupons => "arrival.coupons",
            DrainKey::FixedRate => "arrival.fixed-rate",
            DrainKey::BatchSize => "arrival.batch-size",
            DrainKey::Order => "arrival.order",
            DrainKey::Key => "arrival.key",
        }
    }

    /// Its name in `[workload.arrival]`.
    fn key(self) -> &'static str {
        self.name().trim_start_matches("arrival.")
    }

    /// Reads a value.
    pub fn read(self, node: &Node, context: &mut Context) -> Option<DrainSetting> {
        let whole = |most, context: &mut Context| {
            let value = context.integer(self.key(), node, 1, most)?;
            u32::try_from(value).ok()
        };
        match self {
            DrainKey::UsersRate => users_rate(node, context).map(DrainSetting::UsersRate),
            DrainKey::Coupons => whole(1_000, context).map(DrainSetting::Coupons),
            DrainKey::BatchSize => whole(1_000_000, context).map(DrainSetting::BatchSize),
            DrainKey::FixedRate => context
                .duration_ms(self.key(), node, 10, DAY_MS)
                .map(|ms| DrainSetting::FixedRate(ms * 1_000)),
            DrainKey::Order => context.word(self.key(), node).map(DrainSetting::Order),
            DrainKey::Key => context.word(self.key(), node).map(DrainSetting::Key),
        }
    }

    /// What a drain has of it.
    pub fn of(self, drain: &ScheduledDrain) -> DrainSetting {
        match self {
            DrainKey::UsersRate => DrainSetting::UsersRate(drain.users_per_s),
            DrainKey::Coupons => DrainSetting::Coupons(drain.coupons),
            DrainKey::FixedRate => DrainSetting::FixedRate(drain.every_us),
            DrainKey::BatchSize => DrainSetting::BatchSize(drain.batch_size),
            DrainKey::Order => DrainSetting::Order(drain.order),
            DrainKey::Key => DrainSetting::Key(drain.key),
        }
    }
}

impl DrainSetting {
    /// The value in words.
    pub fn text(&self) -> String {
        match self {
            DrainSetting::UsersRate(rate) => format!("{rate}/s"),
            DrainSetting::Coupons(count) | DrainSetting::BatchSize(count) => count.to_string(),
            DrainSetting::FixedRate(every_us) => duration(*every_us),
            DrainSetting::Order(order) => order.name().to_owned(),
            DrainSetting::Key(key) => key.name().to_owned(),
        }
    }

    /// The value in its base unit, where it is a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            DrainSetting::UsersRate(rate) => Some(*rate),
            DrainSetting::Coupons(count) | DrainSetting::BatchSize(count) => Some(f64::from(*count)),
            DrainSetting::FixedRate(every_us) => Some(*every_us as f64 / 1e3),
            DrainSetting::Order(_) | DrainSetting::Key(_) => None,
        }
    }

    /// Puts it into a drain.
    pub fn apply(&self, drain: &mut ScheduledDrain) {
        match self {
            DrainSetting::UsersRate(rate) => drain.users_per_s = *rate,
            DrainSetting::Coupons(count) => drain.coupons = *count,
            DrainSetting::FixedRate(every_us) => drain.every_us = *every_us,
            DrainSetting::BatchSize(count) => drain.batch_size = *count,
            DrainSetting::Order(order) => drain.order = *order,
            DrainSetting::Key(key) => drain.key = *key,
        }
    }
}

pub(super) fn duration(us: u64) -> String {
    humantime::format_duration(std::time::Duration::from_micros(us)).to_string()
}

/// A drain without what must be said: 0 stands for that until the rules have looked.
pub(super) fn unsaid() -> ScheduledDrain {
    ScheduledDrain {
        users_per_s: 0.0,
        users_pattern: UserPattern::Constant,
        coupons: 1,
        every_us: DEFAULT_EVERY_US,
        batch_size: 0,
        order: DrainOrder::SendThenRemove,
        queue: WaitingQueues::Memory,
        key: CouponKey::None,
        type_id: None,
    }
}

/// Reads the keys of the pattern, all but `pattern` itself.
pub(super) fn read(table: &mut Section, context: &mut Context) -> Option<Arrival> {
    let mut drain = unsaid();
    let mut is_whole = true;
    for key in DrainKey::ALL {
        if let Some(entry) = table.take(key.key(), context) {
            match key.read(&entry.node, context) {
                Some(setting) => setting.apply(&mut drain),
                None => is_whole = false,
            }
        }
    }
    if let Some(entry) = table.take("users.pattern", context) {
        match context.word("users.pattern", &entry.node) {
            Some(pattern) => drain.users_pattern = pattern,
            None => is_whole = false,
        }
    }
    if let Some(entry) = table.take("queue", context) {
        match queue(&entry.node, context) {
            Some(queue) => drain.queue = queue,
            None => is_whole = false,
        }
    }
    if let Some(entry) = table.take("type-id", context) {
        match type_id(&entry.node, context) {
            Some(name) => drain.type_id = Some(name),
            None => is_whole = false,
        }
    }
    is_whole.then_some(Arrival::ScheduledDrain(drain))
}

/// Which of the pattern's settings stand in its table, and where.
pub(super) fn given(node: &Node) -> Vec<(LoadKey, Place)> {
    let Value::Table(entries) = &node.value else {
        return Vec::new();
    };
    let place = |key: DrainKey| {
        let of_key = |entry: &&Entry| normalized(&entry.path) == normalized(key.key());
        entries.iter().find(of_key).map(|entry| entry.key)
    };
    DrainKey::ALL
        .into_iter()
        .filter_map(|key| Some((LoadKey::Drain(key), place(key)?)))
        .collect()
}

fn users_rate(node: &Node, context: &mut Context) -> Option<f64> {
    let remedy = "write users per second, as in 300 or \"1k\"";
    let Some(text) = node.value.scalar().filter(|_| !matches!(node.value, Value::Boolean(_))) else {
        context.wrong_type("users.rate", node, "users per second, as in 300 or \"1k\"");
        return None;
    };
    let expected = match parse_rate(&text) {
        Ok(rate) if rate <= MAX_USERS_PER_S => return Some(rate),
        Ok(_) => format!("at most {MAX_USERS_PER_S}/s: no two users may arrive in the same µs, which tells them apart"),
        // What is left out of a paced load cannot be left out here.
        Err(_)
            if parse_rate(text.trim_start_matches('-').trim()).is_ok()
                || text.trim_start_matches(['-', '0', '.']).is_empty() =>
        {
            "a rate must be above 0".to_owned()
        }
        Err(expected) => expected,
    };
    context.problem(Problem::at(
        node.place,
        "users.rate is no rate of users",
        expected,
        remedy,
    ));
    None
}

fn queue(node: &Node, context: &mut Context) -> Option<WaitingQueues> {
    let text = context.text("queue", node)?;
    if text == "memory" {
        return Some(WaitingQueues::Memory);
    }
    let remedy = "write \"memory\", or where Redis listens, as in \"redis://127.0.0.1:6379/0\"";
    let mut refuse = |label: &str, remedy: &str| {
        context.problem(Problem::at(node.place, "queue is no waiting queue", label, remedy));
        None
    };
    let Some(address) = text.strip_prefix("redis://") else {
        return match text.to_ascii_lowercase().starts_with("rediss:") {
            true => refuse(
                "Redis over TLS is not built in",
                "write \"memory\", or redis:// and the address of a TLS tunnel on this machine, as in \
                 \"redis://127.0.0.1:6379/0\"",
            ),
            false => refuse("expected memory or redis://…", remedy),
        };
    };
    if address.contains('@') {
        context.sources.mark_secret(node.place);
        let remedy = "leave it out of the address, and give it as REDISCLI_AUTH in the environment, as for redis-cli: the \
                      address is stored with the run";
        let problem = Problem::at(
            node.place,
            "queue holds a password",
            "credentials in the address",
            remedy,
        );
        context.problem(problem);
        return None;
    }
    let host = address.split(['/', '?']).next().unwrap_or_default();
    let port = host.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    if host.is_empty() || host.starts_with(':') || matches!(port, Some(Err(_))) {
        return refuse("no host and port", remedy);
    }
    Some(WaitingQueues::Redis { url: text })
}

fn type_id(node: &Node, context: &mut Context) -> Option<String> {
    let name = context.text("type-id", node)?;
    if name.is_empty() || name.contains(char::is_whitespace) {
        let remedy = "write the class that Spring's deserializer is to make, as in \"com.example.CouponIssueMessage\"";
        context.problem(Problem::at(
            node.place,
            "type-id is no class name",
            "expected a name",
            remedy,
        ));
        return None;
    }
    Some(name)
}

/// An axis value in short, for labels.
pub(super) fn short(axis: &str, value: &str) -> Option<String> {
    let key = DrainKey::ALL.into_iter().find(|key| key.name() == axis)?;
    Some(match (key, value) {
        (DrainKey::UsersRate, value) => format!("{} users/s", value.trim_end_matches("/s")),
        (DrainKey::Coupons, value) => format!("coupons={value}"),
        (DrainKey::FixedRate, value) => format!("every {value}"),
        (DrainKey::BatchSize, value) => format!("batches of {value}"),
        (DrainKey::Order, value) => value.to_owned(),
        (DrainKey::Key, "none") => "no key".to_owned(),
        (DrainKey::Key, value) => format!("key={value}"),
    })
}
