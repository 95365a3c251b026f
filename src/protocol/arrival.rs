//! When records are due: the patterns, and what follows from each of them by arithmetic alone. Which record is due when
//! is computed by `load`.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScheduledDrain;
use super::rates::{RateSegment, of_ramp, of_steps};
use super::workload::named;

/// Highest rate that can be asked for, in records per second: a trial's clock counts µs, and above this more than ten
/// records would be due at each of them, several times what any client was seen to take.
pub const MAX_RATE_PER_S: f64 = 1e7;

/// When records are due. All rates are over all producers together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "pattern", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Arrival {
    /// As fast as the send mode allows: a closed loop. There is no response latency.
    Unpaced,
    /// A fixed rate: an open loop. Slot k is due at `start + k / rate`.
    Constant {
        /// Records per second over all producers together.
        rate_per_s: f64,
    },
    /// A Poisson process: exponential gaps of mean `1 / rate`, drawn from the trial's seed.
    Poisson {
        /// Mean number of records per second.
        rate_per_s: f64,
    },
    /// Several records due at the same moment, again and again; one such moment is the window's start.
    Bursts {
        /// Records of a burst.
        records: u64,
        /// From one burst to the next, in µs.
        every_us: u64,
    },
    /// One constant rate after the other, from the window's start on. The first also holds during the warm-up, the last
    /// until the window's end.
    Steps {
        /// The rates in order.
        steps: Vec<RateStep>,
    },
    /// A rate that changes evenly, from the window's start on. The first rate also holds during the warm-up, the last one
    /// from the ramp's end to the window's.
    Ramp {
        /// Records per second at the window's start.
        from_per_s: f64,
        /// Records per second at the ramp's end.
        to_per_s: f64,
        /// Length of the ramp in ms; none: the window's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over_ms: Option<u64>,
    },
    /// Arrivals from a file. The first is due at the window's start; the warm-up has those of the file's end, as if the
    /// file had been played before.
    Trace {
        /// The file: one number a line.
        path: PathBuf,
        /// What its numbers are.
        values: TraceValues,
        /// Their unit.
        unit: TimeUnit,
        /// Begin again when the file ends; else nothing more is due then.
        repeat: bool,
        /// Records in the file.
        records: u64,
        /// Length of the file in µs: from its first arrival to the first one of the next round.
        length_us: f64,
    },
    /// Users arrive in waiting queues that a scheduler drains: a record is intended for its user's arrival.
    ScheduledDrain(ScheduledDrain),
}

/// One rate of [`Arrival::Steps`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateStep {
    /// Records per second.
    pub rate_per_s: f64,
    /// For how long, in ms; none: an equal part of what the others leave of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
}

/// What the numbers of a trace are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TraceValues {
    /// Times from one record to the next; the last leads back to the first record.
    Gaps,
    /// Times at which records are due, from any origin.
    Timestamps,
}
named!(TraceValues, "kind of trace", { TraceValues::Gaps => "gaps", TraceValues::Timestamps => "timestamps" });

/// The unit of a trace's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}
named!(TimeUnit, "unit", { TimeUnit::Ns => "ns", TimeUnit::Us => "us", TimeUnit::Ms => "ms", TimeUnit::S => "s" });

impl Arrival {
    /// Whether records have an intended time: an open loop.
    pub fn is_paced(&self) -> bool {
        *self != Arrival::Unpaced
    }

    /// The one rate that a load has all the time; none where the rate varies, records come at random, or there is none.
    pub fn constant_rate_per_s(&self) -> Option<f64> {
        match self {
            Arrival::Constant { rate_per_s } => Some(*rate_per_s),
            _ => None,
        }
    }

    /// The waiting queues and their scheduler, where the load has them.
    pub fn scheduled_drain(&self) -> Option<&ScheduledDrain> {
        match self {
            Arrival::ScheduledDrain(drain) => Some(drain),
            _ => None,
        }
    }

    /// Whether the rate is another at other times, by more than chance: the course of the trial is then of interest.
    pub fn varies(&self) -> bool {
        matches!(
            self,
            Arrival::Steps { .. } | Arrival::Ramp { .. } | Arrival::Trace { .. }
        )
    }

    /// The rates over a window of this length, where the load is given by rates over time. Together they fill the window;
    /// what would begin after its end is left out.
    pub fn segments(&self, measure_ms: u64) -> Option<Vec<RateSegment>> {
        let window_us = measure_ms * 1_000;
        match self {
            Arrival::Steps { steps } => Some(of_steps(steps, window_us)),
            Arrival::Ramp {
                from_per_s,
                to_per_s,
                over_ms,
            } => {
                let over_us = over_ms.map_or(window_us, |ms| ms * 1_000);
                Some(of_ramp((*from_per_s, *to_per_s), over_us, window_us))
            }
            _ => None,
        }
    }

    /// Mean rate over a window of this length, in records per second: what is expected, where chance decides. None where
    /// the load is not paced.
    pub fn mean_rate_per_s(&self, measure_ms: u64) -> Option<f64> {
        match self {
            Arrival::Unpaced => None,
            Arrival::ScheduledDrain(drain) => Some(drain.users_per_s),
            Arrival::Constant { rate_per_s } | Arrival::Poisson { rate_per_s } => Some(*rate_per_s),
            Arrival::Bursts { records, every_us } => Some(*records as f64 * 1e6 / *every_us as f64),
            Arrival::Steps { .. } | Arrival::Ramp { .. } => {
                let records: f64 = self.segments(measure_ms)?.iter().map(RateSegment::records).sum();
                Some(records * 1e3 / measure_ms.max(1) as f64)
            }
            Arrival::Trace {
                records,
                length_us,
                repeat,
                ..
            } => {
                // Where nothing follows the file, a longer window has no more than the file.
                let over_us = if *repeat {
                    *length_us
                } else {
                    length_us.max(measure_ms as f64 * 1e3)
                };
                Some(*records as f64 * 1e6 / over_us)
            }
        }
    }

    /// Rate before the window, in records per second; none where the load is not paced.
    pub fn warmup_rate_per_s(&self) -> Option<f64> {
        match self {
            Arrival::Steps { steps } => steps.first().map(|step| step.rate_per_s),
            Arrival::Ramp { from_per_s, .. } => Some(*from_per_s),
            Arrival::Trace { records, length_us, .. } => Some(*records as f64 * 1e6 / length_us),
            other => other.mean_rate_per_s(0),
        }
    }

    /// The lowest and the highest rate that holds for a while, where the load is given by rates: those of a ramp and of
    /// steps; elsewhere both are the mean.
    pub fn rate_range_per_s(&self, measure_ms: u64) -> Option<(f64, f64)> {
        let Some(segments) = self.segments(measure_ms) else {
            return self.mean_rate_per_s(measure_ms).map(|rate| (rate, rate));
        };
        let rates = || segments.iter().flat_map(|part| [part.from_per_s, part.to_per_s]);
        Some((rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max)))
    }

    /// What cannot be paced about it, and why; none where it can be. Files are not looked into.
    pub fn problem(&self) -> Option<String> {
        let rate = |rate: f64| match rate {
            rate if !rate.is_finite() || rate <= 0.0 => Some(format!(
                "a rate of {rate} records/s cannot be paced: it must be above 0"
            )),
            rate if rate > MAX_RATE_PER_S => Some(format!(
                "a rate of {rate} records/s is beyond what the clock can pace: at most {MAX_RATE_PER_S:.0} records/s"
            )),
            _ => None,
        };
        match self {
            Arrival::Unpaced => None,
            Arrival::Constant { rate_per_s } | Arrival::Poisson { rate_per_s } => rate(*rate_per_s),
            Arrival::Bursts { records: 0, .. } => Some("a burst has no record".to_owned()),
            Arrival::Bursts { every_us: 0, .. } => Some("bursts follow each other without any time between".to_owned()),
            Arrival::Steps { steps } if steps.is_empty() => Some("there is no step".to_owned()),
            Arrival::Steps { steps } if steps.iter().any(|step| step.for_ms == Some(0)) => {
                Some("a step lasts 0 ms".to_owned())
            }
            Arrival::Steps { steps } => steps.iter().find_map(|step| rate(step.rate_per_s)),
            Arrival::Ramp { over_ms: Some(0), .. } => Some("the ramp lasts 0 ms".to_owned()),
            Arrival::Ramp {
                from_per_s, to_per_s, ..
            } => rate(*from_per_s).or_else(|| rate(*to_per_s)),
            Arrival::Bursts { .. } | Arrival::Trace { .. } => self.mean_rate_per_s(0).and_then(rate),
            Arrival::ScheduledDrain(drain) => drain.problem(),
        }
    }
}

/// In short, as labels show it: `unpaced`, `10000/s`, `poisson(10000/s)`, `bursts(1000 every 1s)`.
impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duration = |us: u64| humantime::format_duration(std::time::Duration::from_micros(us)).to_string();
        match self {
            Arrival::Unpaced => f.write_str("unpaced"),
            Arrival::ScheduledDrain(drain) => drain.fmt(f),
            Arrival::Constant { rate_per_s } => write!(f, "{rate_per_s}/s"),
            Arrival::Poisson { rate_per_s } => write!(f, "poisson({rate_per_s}/s)"),
            Arrival::Bursts { records, every_us } => write!(f, "bursts({records} every {})", duration(*every_us)),
            Arrival::Steps { steps } => {
                let each = steps.iter().map(|step| match step.for_ms {
                    Some(ms) => format!("{}/s for {}", step.rate_per_s, duration(ms * 1_000)),
                    None => format!("{}/s", step.rate_per_s),
                });
                write!(f, "steps({})", each.collect::<Vec<_>>().join(", "))
            }
            Arrival::Ramp {
                from_per_s,
                to_per_s,
                over_ms,
            } => {
                write!(f, "ramp({from_per_s}/s to {to_per_s}/s")?;
                match over_ms {
                    Some(ms) => write!(f, " over {})", duration(ms * 1_000)),
                    None => f.write_str(")"),
                }
            }
            Arrival::Trace { path, repeat, .. } => {
                let name = path
                    .file_name()
                    .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
                write!(f, "trace({name}{})", if *repeat { "" } else { " once" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rate_per_s: f64, for_ms: Option<u64>) -> RateStep {
        RateStep { rate_per_s, for_ms }
    }

    #[test]
    fn what_cannot_be_paced_is_told() {
        let told = |arrival: Arrival| arrival.problem().unwrap_or_default();
        let constant = |rate_per_s| Arrival::Constant { rate_per_s };
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(told(constant(rate)).contains("must be above 0"), "{rate}");
        }
        assert!(told(constant(1.1e7)).contains("beyond what the clock can pace"));
        assert_eq!(constant(1e7).problem(), None);
        let bursts = |records, every_us| told(Arrival::Bursts { records, every_us });
        assert!(bursts(0, 1).contains("no record") && bursts(1, 0).contains("without any time"));
        assert!(bursts(100_000, 1_000).contains("beyond"));
        assert!(told(Arrival::Steps { steps: Vec::new() }).contains("no step"));
        assert!(
            told(Arrival::Steps {
                steps: vec![step(1.0, None), step(0.0, None)]
            })
            .contains("above 0")
        );
    }

    #[test]
    fn each_has_a_form_that_is_read_back() {
        let all = [
            Arrival::Poisson { rate_per_s: 0.5 },
            Arrival::Bursts {
                records: 10,
                every_us: 1_500_000,
            },
            Arrival::Steps {
                steps: vec![step(1.0, Some(1_000)), step(2.0, None)],
            },
            Arrival::Ramp {
                from_per_s: 1.0,
                to_per_s: 2.0,
                over_ms: None,
            },
            Arrival::Trace {
                path: "a/b.csv".into(),
                values: TraceValues::Gaps,
                unit: TimeUnit::Ms,
                repeat: false,
                records: 3,
                length_us: 4.5,
            },
        ];
        for arrival in &all {
            let json = serde_json::to_string(arrival).unwrap();
            assert_eq!(serde_json::from_str::<Arrival>(&json).unwrap(), *arrival, "{json}");
        }
        let shown: Vec<String> = all.iter().map(Arrival::to_string).collect();
        assert_eq!(
            shown,
            [
                "poisson(0.5/s)",
                "bursts(10 every 1s 500ms)",
                "steps(1/s for 1s, 2/s)",
                "ramp(1/s to 2/s)",
                "trace(b.csv once)"
            ]
        );
    }
}
