//! Where a load that varies over time breaks: what was due, what was achieved, and the response latency, part by part of
//! the window.

use super::{Drawn, Part, Source};
use crate::protocol::Arrival;
use crate::report::charts::{self, Category, ChartError, Mark, TimeLine, TimeSeries};
use crate::report::columns::{self, RowOrder};
use crate::report::format;
use crate::report::metric::Metric;
use crate::report::summary::{ConfigurationSummary, LevelSummary};

/// Schedules drawn, each with the configurations that had it.
const SCHEDULES: usize = 3;

/// Configurations drawn of each.
const CONFIGURATIONS: usize = 6;

/// Two charts for each schedule whose rate varies; none where there is no such schedule.
pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let schedules = schedules(source);
    let several = schedules.len() > 1;
    let mut drawn = Vec::new();
    for (number, places) in schedules.iter().take(SCHEDULES).enumerate() {
        let part = OfSchedule {
            source,
            places,
            // One schedule needs no name to be told from others.
            suffix: if several {
                format!("-{}", number + 1)
            } else {
                String::new()
            },
            title: match several {
                true => format!(
                    ": {}",
                    shortened(&source.configurations()[places[0]].workload.arrival.to_string())
                ),
                false => String::new(),
            },
            left_out: schedules.len().saturating_sub(SCHEDULES),
        };
        drawn.push(part.rates()?);
        drawn.extend(part.p99()?);
    }
    Ok(drawn)
}

/// Long lists of steps are cut.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(44) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The places of configurations with levels, by their schedule, the best first.
fn schedules(source: &Source<'_>) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    for place in columns::ordered(&source.analysis.summary, RowOrder::BestFirst) {
        let configuration = &source.configurations()[place];
        if configuration.levels.is_empty() {
            continue;
        }
        let same = |places: &&mut Vec<usize>| {
            let other = &source.configurations()[places[0]];
            other.workload.arrival == configuration.workload.arrival
        };
        match all.iter_mut().find(same) {
            Some(places) => places.push(place),
            None => all.push(vec![place]),
        }
    }
    all
}

/// The charts of one schedule.
struct OfSchedule<'a, 'b> {
    source: &'a Source<'b>,
    places: &'a [usize],
    suffix: String,
    title: String,
    left_out: usize,
}

impl OfSchedule<'_, '_> {
    fn rates(&self) -> Result<Drawn, ChartError> {
        let first = self.configuration(self.places[0]);
        let offered = TimeLine {
            category: Category {
                name: "offered".to_owned(),
                mark: self.unused_mark(),
            },
            name: String::new(),
            points: points(first, |level| Some(level.offered_records_per_s)),
        };
        let achieved = self.drawn().map(|place| {
            let value = |level: &LevelSummary| Some(level.achieved_records_per_s.as_ref()?.median);
            let mut line = self.line(place, "achieved", value);
            // Beside what was offered, a line that is alone is best told by what it is.
            if self.places.len() == 1 {
                line.category.name = "achieved".to_owned();
            }
            line
        });
        let mut frame = self.source.frame(
            &format!("offered-over-time{}", self.suffix),
            format!("Offered and achieved rate over time{}", self.title),
            "Records due per second by the schedule, and acknowledgements per second, the median of the trials. Where the lines part, the target or the client no longer keeps up.",
        );
        for note in self.notes() {
            frame = frame.note(note);
        }
        self.chart(
            "offered-over-time",
            frame,
            Metric::Throughput,
            std::iter::once(offered).chain(achieved).collect(),
        )
    }

    fn p99(&self) -> Result<Option<Drawn>, ChartError> {
        let value = |level: &LevelSummary| {
            let latency = level.response_latency_us.as_ref()?;
            latency.p99.filter(|_| !latency.is_at_least("p99")).map(|us| us as f64)
        };
        let lines: Vec<TimeLine> = self.drawn().map(|place| self.line(place, "p99", value)).collect();
        let has_points = |line: &TimeLine| line.points.iter().any(|(_, value)| value.is_finite());
        if !lines.iter().any(has_points) {
            return Ok(None);
        }
        let frame = self.source.frame(
            &format!("response-over-time{}", self.suffix),
            format!("Response p99 over time{}", self.title),
            "99th percentile of response latency of the records that were due in each part of the window, all trials together. Parts with too few records for it, or in which so many have no latency that it is a bound only, break the line.",
        );
        self.chart("response-over-time", frame, Metric::LatencyP99, lines)
            .map(Some)
    }

    fn chart(
        &self,
        name: &str,
        frame: charts::Frame,
        metric: Metric,
        lines: Vec<TimeLine>,
    ) -> Result<Drawn, ChartError> {
        let mut measure = metric.measure();
        measure.name = match metric {
            Metric::LatencyP99 => "Response latency p99".to_owned(),
            _ => "Rate".to_owned(),
        };
        let chart = charts::time_series(&TimeSeries {
            frame,
            measure,
            window_s: Some((0.0, self.source.manifest.run.measure_ms as f64 / 1e3)),
            lines,
        })?;
        Ok(Drawn {
            name: format!("{name}{}", self.suffix),
            part: Part::Time,
            chart,
        })
    }

    fn drawn(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.iter().take(CONFIGURATIONS).copied()
    }

    fn configuration(&self, place: usize) -> &ConfigurationSummary {
        &self.source.configurations()[place]
    }

    fn line(&self, place: usize, name: &str, value: impl Fn(&LevelSummary) -> Option<f64>) -> TimeLine {
        TimeLine {
            category: Category {
                name: self.source.labels[place].clone(),
                mark: self.mark(place),
            },
            name: name.to_owned(),
            points: points(self.configuration(place), value),
        }
    }

    fn mark(&self, place: usize) -> Mark {
        self.source.palette.mark(&self.configuration(place).id)
    }

    /// What was asked for has a colour of its own, and rather not one of the two blues.
    fn unused_mark(&self) -> Mark {
        let used: Vec<u8> = self.drawn().map(|place| self.mark(place).colour()).collect();
        let free = (1..8)
            .chain([0])
            .map(Mark::new)
            .find(|mark| !used.contains(&mark.colour()));
        free.unwrap_or_else(|| Mark::new(0))
    }

    /// Where each configuration fell behind, and what is left out.
    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .drawn()
            .map(|place| {
                let label = &self.source.labels[place];
                format!("{label}: {}.", self::breaks(self.configuration(place)))
            })
            .collect();
        let more = self.places.len().saturating_sub(CONFIGURATIONS);
        if more > 0 {
            notes.push(format!(
                "{} in summary.json only.",
                format::counted(more as u64, "further configuration is", "further configurations are")
            ));
        }
        if self.left_out > 0 && self.suffix == format!("-{SCHEDULES}") {
            notes.push(format!(
                "{} in summary.json only.",
                format::counted(self.left_out as u64, "further schedule is", "further schedules are")
            ));
        }
        notes
    }
}

/// Where a configuration stopped keeping up, in words.
pub(in crate::report) fn breaks(configuration: &ConfigurationSummary) -> String {
    let levels = &configuration.levels;
    let rate = |level: &LevelSummary| Metric::OfferedRate.format_with_unit(level.offered_records_per_s);
    if levels.iter().all(|level| level.achieved_records_per_s.is_none()) {
        return "what was achieved in each part is not observable".to_owned();
    }
    // In most trials: one pause of the machine is no limit of the target.
    let most = configuration.trials.completed / 2 + 1;
    let Some(place) = levels.iter().position(|level| level.behind >= most) else {
        let highest = levels
            .iter()
            .map(|level| level.offered_records_per_s)
            .fold(0.0, f64::max);
        let highest = Metric::OfferedRate.format_with_unit(highest);
        return format!("kept up all the time, {highest} at most");
    };
    let level = &levels[place];
    let at = format!("fell behind at {}, {:.1} s into the window", rate(level), level.start_s);
    let kept = levels[..place].iter().map(|level| level.offered_records_per_s);
    match kept.reduce(f64::max) {
        Some(kept) => format!("kept up with {}; {at}", Metric::OfferedRate.format_with_unit(kept)),
        None => at,
    }
}

/// A step from its beginning to its end; the middle of a part in which the rate changes.
fn points(of: &ConfigurationSummary, value: impl Fn(&LevelSummary) -> Option<f64>) -> Vec<(f64, f64)> {
    let steps = matches!(of.workload.arrival, Arrival::Steps { .. });
    let each = of.levels.iter().flat_map(|level| {
        let value = value(level).unwrap_or(f64::NAN);
        let end_s = level.start_s + level.length_s;
        match steps {
            // A hair before the next one begins: the line then rises, and what is told of a moment is unambiguous.
            true => vec![(level.start_s, value), (end_s - level.length_s * 1e-3, value)],
            false => vec![(f64::midpoint(level.start_s, end_s), value)],
        }
    });
    each.collect()
}
