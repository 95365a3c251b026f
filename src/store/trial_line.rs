//! One line of `trials.jsonl` as it is read.
//!
//! [`TrialRecord`] is written with serde's `flatten`. Reading it that way would build a tree of the whole line first, which
//! takes several times as long as the line itself; so it is read through a struct that has every field by name.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::{BrokerFigures, Headroom, PlannedTrial, TrialOutcome, TrialRecord};
use crate::protocol::{Interval, TrialResult};

/// A line, its intervals read as `I`.
#[derive(serde::Deserialize)]
pub(super) struct TrialLine<I> {
    pub(super) schema_version: u32,
    trial_id: String,
    configuration_id: String,
    block: u32,
    sequence: u32,
    started_at: Timestamp,
    elapsed_ms: f64,
    outcome: TrialOutcome,
    result: Option<TrialResult>,
    broker: BrokerFigures,
    headroom: Option<Headroom>,
    #[serde(default)]
    effective_properties: BTreeMap<String, String>,
    intervals: I,
    warnings: Vec<String>,
}

/// A list that is passed over: it must be one, and JSON; what stands in it is not looked at.
pub(super) struct PassedOver;

impl From<PassedOver> for Vec<Interval> {
    fn from(_: PassedOver) -> Vec<Interval> {
        Vec::new()
    }
}

impl<'de> Deserialize<'de> for PassedOver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PassedOver, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = PassedOver;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of intervals")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<PassedOver, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(PassedOver)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

impl<I: Into<Vec<Interval>>> From<TrialLine<I>> for TrialRecord {
    fn from(line: TrialLine<I>) -> TrialRecord {
        // Every field by name: a new one must be read here.
        let TrialLine {
            schema_version,
            trial_id,
            configuration_id,
            block,
            sequence,
            started_at,
            elapsed_ms,
            outcome,
            result,
            broker,
            headroom,
            effective_properties,
            intervals,
            warnings,
        } = line;
        TrialRecord {
            schema_version,
            planned: PlannedTrial {
                trial_id,
                configuration_id,
                block,
                sequence,
            },
            started_at,
            elapsed_ms,
            outcome,
            result,
            broker,
            headroom,
            effective_properties,
            intervals: intervals.into(),
            warnings,
        }
    }
}

impl<'de> Deserialize<'de> for TrialRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TrialRecord, D::Error> {
        TrialLine::<Vec<Interval>>::deserialize(deserializer).map(TrialRecord::from)
    }
}
