//! The rules of the arrival pattern `scheduled-drain` that no single key can break.

use super::configuration::Draft;
use super::drain::{DrainKey, PATTERN, duration};
use super::error::Problem;
use super::matrix::Matrix;
use super::model::RunSettings;
use super::read::Context;
use super::source::Place;
use super::workload::LoadKey;
use crate::protocol::{ScheduledDrain, SendMode, Workload};

/// What the rules need to know.
pub(super) struct Rules<'a> {
    pub run: &'a RunSettings,
    pub matrix: &'a Matrix,
    pub load_keys: &'a [(LoadKey, Place)],
}

impl Rules<'_> {
    /// Where a setting stands: fixed, or the first value of its axis.
    fn place(&self, key: LoadKey) -> Option<Place> {
        let fixed = self
            .load_keys
            .iter()
            .find(|(own, _)| *own == key)
            .map(|(_, place)| *place);
        let of_axis = |name: &str| LoadKey::find(name) == Some(key);
        fixed.or_else(|| {
            let axis = self.matrix.axes.iter().find(|axis| of_axis(&axis.name))?;
            axis.values.iter().find_map(|value| value.place)
        })
    }

    fn refuse(&self, key: LoadKey, message: String, label: &str, remedy: &str, context: &mut Context) {
        let place = self.place(key).or_else(|| self.place(LoadKey::Arrival));
        context.problem(match place {
            Some(place) => Problem::at(place, message, label, remedy),
            None => Problem::nowhere(message, remedy),
        });
    }

    /// Checks one configuration.
    pub fn check(&self, draft: &Draft, context: &mut Context) {
        let workload = &draft.configuration.workload;
        match workload.arrival.scheduled_drain() {
            Some(drain) => self.check_drain(drain, workload, context),
            None => self.refuse_axes(context),
        }
    }

    fn check_drain(&self, drain: &ScheduledDrain, workload: &Workload, context: &mut Context) {
        if drain.users_per_s <= 0.0 {
            let remedy = "write users.rate = 300, say: so many arrive per second, over all coupons";
            let message = format!("{PATTERN} needs users.rate");
            self.refuse(LoadKey::Arrival, message, "nobody arrives", remedy, context);
        }
        if drain.batch_size == 0 {
            let remedy = "write batch-size = 500, say, or sweep it: arrival.batch-size = [100, 500] under [matrix]";
            let message = format!("{PATTERN} needs batch-size");
            self.refuse(
                LoadKey::Arrival,
                message,
                "how many users of a coupon does a run take?",
                remedy,
                context,
            );
        }
        let (every, window) = (duration(drain.every_us), duration(self.run.measure_ms * 1_000));
        let fixed_rate = LoadKey::Drain(DrainKey::FixedRate);
        if drain.every_us > self.run.measure_ms * 1_000 {
            let message = format!("the fixed rate ({every}) is longer than the window ({window})");
            let remedy = "lengthen run.measure to four periods or more, or shorten fixed-rate";
            self.refuse(fixed_rate, message, "a window may hold no run at all", remedy, context);
        } else if 4 * drain.every_us > self.run.measure_ms * 1_000 {
            context.warn(format!(
                "a window of {window} holds fewer than four runs of the scheduler ({every} apart): whether the queue grows \
                 is hard to see. Lengthen run.measure"
            ));
        }
        if !(self.run.measure_ms * 1_000).is_multiple_of(drain.every_us.max(1)) {
            context.warn(format!(
                "a window of {window} holds no whole number of the scheduler's periods ({every}): users of a part of one are \
                 sent in the window, or behind it, as it happens, and records/s say little. Make run.measure a multiple of \
                 fixed-rate"
            ));
        }
        let why = "one scheduler sends through one producer, on one thread";
        if workload.producers != 1 {
            let message = format!("{PATTERN} with {} producers", workload.producers);
            self.refuse(LoadKey::Producers, message, why, "leave producers out", context);
        }
        if workload.send_mode == SendMode::Sync && workload.send_concurrency != 1 {
            let message = format!("{PATTERN} with {} sending threads", workload.send_concurrency);
            self.refuse(
                LoadKey::SendConcurrency,
                message,
                why,
                "leave send.concurrency out",
                context,
            );
        }
        let of_records = [
            LoadKey::Key,
            LoadKey::Partitioner,
            LoadKey::Headers,
            LoadKey::Timestamps,
            LoadKey::Tombstones,
            LoadKey::Topics,
        ];
        for key in of_records.into_iter().filter(|key| self.place(*key).is_some()) {
            let message = format!("{} with the arrival pattern {PATTERN}", key.name());
            let remedy = "leave it out; arrival.key and arrival.type-id are the pattern's own";
            self.refuse(key, message, "the records are the coupon service's", remedy, context);
        }
        for key in [LoadKey::RecordSize, LoadKey::Payload] {
            if self.place(key).is_some() {
                context.warn(format!(
                    "{} has no effect: with {PATTERN} a record's value is the coupon message",
                    key.name()
                ));
            }
        }
    }

    /// Axes of the pattern where another pattern is at work.
    fn refuse_axes(&self, context: &mut Context) {
        for key in DrainKey::ALL {
            if self.matrix.axes.iter().any(|axis| axis.name == key.name()) {
                let message = format!("the axis {} belongs to the arrival pattern {PATTERN}", key.name());
                let remedy = "give [workload.arrival] with pattern = \"scheduled-drain\"";
                self.refuse(
                    LoadKey::Drain(key),
                    message,
                    "without it, it has no effect",
                    remedy,
                    context,
                );
            }
        }
    }
}
