//! When records are due: the patterns, and what follows from each of them by arithmetic alone. Which record is due when
//! is computed by `load`.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScheduledDrain;
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

/// A part of the window in which the rate is constant or changes evenly. Rates in records per second, times in µs from the
/// window's start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateSegment {
    /// Where it begins.
    pub start_us: u64,
    /// Where it ends; the last segment's rate at its end holds on.
    pub end_us: u64,
    /// Rate at its beginning.
    pub from_per_s: f64,
    /// Rate at its end.
    pub to_per_s: f64,
}

impl RateSegment {
    /// Records due in it.
    pub fn records(&self) -> f64 {
        f64::midpoint(self.from_per_s, self.to_per_s) * (self.end_us - self.start_us) as f64 / 1e6
    }
}

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
        let segments = match self {
            Arrival::Steps { steps } => {
                let mut at_us = 0;
                let lengths = step_lengths_us(steps, window_us);
                let parts = steps.iter().zip(lengths).map(|(step, length_us)| {
                    let start_us = at_us;
                    at_us += length_us;
                    RateSegment {
                        start_us,
                        end_us: at_us,
                        from_per_s: step.rate_per_s,
                        to_per_s: step.rate_per_s,
                    }
                });
                parts.collect()
            }
            Arrival::Ramp {
                from_per_s,
                to_per_s,
                over_ms,
            } => vec![RateSegment {
                start_us: 0,
                end_us: over_ms.unwrap_or(measure_ms) * 1_000,
                from_per_s: *from_per_s,
                to_per_s: *to_per_s,
            }],
            _ => return None,
        };
        Some(filling(segments, window_us))
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

/// How long each step lasts: as it says, or an equal part of what the others leave of the window.
fn step_lengths_us(steps: &[RateStep], window_us: u64) -> Vec<u64> {
    let given_us: u64 = steps.iter().filter_map(|step| step.for_ms).map(|ms| ms * 1_000).sum();
    let open = steps.iter().filter(|step| step.for_ms.is_none()).count() as u64;
    let left_us = window_us.saturating_sub(given_us);
    let mut place = 0;
    let lengths = steps.iter().map(|step| match step.for_ms {
        Some(ms) => ms * 1_000,
        None => {
            place += 1;
            // Cut so that the parts add up.
            left_us * place / open - left_us * (place - 1) / open
        }
    });
    lengths.collect()
}

/// The segments as far as the window goes, the last one's end held to the window's.
fn filling(mut segments: Vec<RateSegment>, window_us: u64) -> Vec<RateSegment> {
    segments.retain(|part| part.start_us < part.end_us && part.start_us < window_us);
    let Some(last) = segments.last_mut() else {
        return segments;
    };
    if last.end_us > window_us {
        let share = (window_us - last.start_us) as f64 / (last.end_us - last.start_us) as f64;
        last.to_per_s = last.from_per_s + (last.to_per_s - last.from_per_s) * share;
        last.end_us = window_us;
    } else if last.end_us < window_us {
        let held = RateSegment {
            start_us: last.end_us,
            end_us: window_us,
            from_per_s: last.to_per_s,
            to_per_s: last.to_per_s,
        };
        match last.from_per_s == last.to_per_s {
            true => last.end_us = window_us,
            false => segments.push(held),
        }
    }
    segments
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
    use proptest::prelude::*;

    fn step(rate_per_s: f64, for_ms: Option<u64>) -> RateStep {
        RateStep { rate_per_s, for_ms }
    }

    #[test]
    fn steps_share_what_is_left_and_the_last_one_holds() {
        let edges = |steps: &[RateStep], measure_ms| -> Vec<(u64, u64, f64)> {
            let arrival = Arrival::Steps { steps: steps.to_vec() };
            let segments = arrival.segments(measure_ms).unwrap();
            segments
                .iter()
                .map(|part| (part.start_us, part.end_us, part.from_per_s))
                .collect()
        };
        assert_eq!(
            edges(&[step(1.0, None), step(2.0, Some(400)), step(3.0, None)], 1_000),
            [(0, 300_000, 1.0), (300_000, 700_000, 2.0), (700_000, 1_000_000, 3.0)]
        );
        assert_eq!(
            edges(&[step(1.0, Some(200)), step(2.0, Some(200))], 1_000),
            [(0, 200_000, 1.0), (200_000, 1_000_000, 2.0)]
        );
        assert_eq!(
            edges(
                &[step(1.0, Some(700)), step(2.0, Some(700)), step(3.0, Some(700))],
                1_000
            ),
            [(0, 700_000, 1.0), (700_000, 1_000_000, 2.0)]
        );
        assert_eq!(
            edges(&[step(1.0, Some(1_000)), step(2.0, None)], 1_000),
            [(0, 1_000_000, 1.0)],
            "nothing is left"
        );
    }

    #[test]
    fn a_ramp_holds_its_end_and_a_window_may_cut_it() {
        let ramp = |over_ms| Arrival::Ramp {
            from_per_s: 1_000.0,
            to_per_s: 3_000.0,
            over_ms,
        };
        assert_eq!(ramp(None).mean_rate_per_s(10_000), Some(2_000.0));
        assert_eq!(ramp(Some(5_000)).mean_rate_per_s(10_000), Some(2_500.0));
        assert_eq!(ramp(Some(20_000)).mean_rate_per_s(10_000), Some(1_500.0));
        assert_eq!(ramp(Some(5_000)).rate_range_per_s(10_000), Some((1_000.0, 3_000.0)));
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

    proptest! {
        #[test]
        fn segments_fill_the_window_without_gaps(
            steps in proptest::collection::vec((1.0f64..1e6, proptest::option::of(1u64..20_000)), 1..20),
            measure_ms in 100u64..60_000,
        ) {
            let steps: Vec<RateStep> = steps.into_iter().map(|(rate, for_ms)| step(rate, for_ms)).collect();
            let segments = Arrival::Steps { steps }.segments(measure_ms).unwrap();
            prop_assert_eq!(segments[0].start_us, 0);
            prop_assert_eq!(segments.last().unwrap().end_us, measure_ms * 1_000);
            prop_assert!(segments.windows(2).all(|pair| pair[0].end_us == pair[1].start_us));
            prop_assert!(segments.iter().all(|part| part.start_us < part.end_us));
        }
    }
}
