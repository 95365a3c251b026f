//! From observed series to the document: change points, false alarms, and what both are worth.

use std::collections::BTreeSet;

use super::history::{History, Observation, ObservedSeries, Provenance};
use super::model::{
    Direction, Effect, Level, SimulatedNoise, TREND_SCHEMA_VERSION, Trend, TrendBetter, TrendChange, TrendMethod,
    TrendPoint, TrendSeries, TrendSettings,
};
use crate::analysis::{DEFAULT_FLOOR, Floors};
use crate::report::charts::Better;
use crate::report::format;
use crate::stats::change_points::{
    Beyond, ChangePoint, Noise, Options, POINTS_NEEDED, Permutations, Segment, e_divisive, false_alarms,
    windowed_beyond,
};
use crate::words::percent;

/// The widest window: the time that it takes grows with the window.
pub const WINDOW_MAX: usize = 1_000;

/// Plain E-divisive takes time of order n² per permutation: longer series are not analysed by it.
const PLAIN_POINTS_MAX: usize = 1_000;

/// Pairs of values that the simulation of false alarms may take in all: a quarter of a second or so.
const SIMULATED_PAIRS: usize = 200_000_000;

/// The simulation's seed: the same history has the same figures.
const SEED: u64 = 1;

/// How change points are searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// In windows, as Apache Otava does.
    Windowed(Options),
    /// The whole series at once.
    Plain(Permutations),
}

/// What a trend is made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendOptions {
    /// How change points are searched.
    pub method: Method,
    /// The smallest change that counts as one, as a share. None: each metric's noise floor, and 1 % where none is known.
    pub floor: Option<f64>,
}

impl Default for TrendOptions {
    fn default() -> Self {
        Self {
            method: Method::Windowed(Options::default()),
            floor: None,
        }
    }
}

/// The trend of a history.
pub fn analyse(history: History, options: &TrendOptions) -> Trend {
    let floor = |series: &ObservedSeries| {
        let known = history.floors.as_ref().zip(series.metric);
        let known = known.map_or(DEFAULT_FLOOR, |(floors, metric)| floors.of(metric));
        options.floor.unwrap_or(known)
    };
    let all = history.series.iter();
    let series: Vec<TrendSeries> = all.map(|series| analysed(series, floor(series), options)).collect();
    let mut trend = Trend {
        schema_version: TREND_SCHEMA_VERSION,
        kpbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        advisory: String::new(),
        settings: settings(options, history.floors.as_ref()),
        runs: history.runs,
        left_out: history.left_out,
        notes: history.notes,
        series,
        false_alarms: Vec::new(),
        false_alarms_expected: 0.0,
    };
    expect_false_alarms(&mut trend, options);
    trend.advisory = advisory(&trend);
    trend.notes.extend(short_of_the_window(&trend));
    trend
}

fn settings(asked: &TrendOptions, floors: Option<&Floors>) -> TrendSettings {
    let (method, window, max_pvalue, min_magnitude) = match asked.method {
        Method::Windowed(options) => (
            TrendMethod::WindowedEDivisive,
            Some(options.window as u32),
            options.max_pvalue,
            options.min_magnitude,
        ),
        Method::Plain(permutations) => (TrendMethod::EDivisive, None, permutations.max_pvalue, 0.0),
    };
    TrendSettings {
        method,
        window,
        max_pvalue,
        min_magnitude,
        points_needed: POINTS_NEEDED as u32,
        floor: match (asked.floor, floors) {
            (Some(floor), _) => format!("{} was asked for.", percent(floor)),
            (None, Some(floors)) => floors.origin.clone(),
            (None, None) => "1 % is assumed: what the values of a file differ by where nothing changed is not known \
                             (--floor sets it)."
                .to_owned(),
        },
    }
}

fn analysed(series: &ObservedSeries, floor: f64, options: &TrendOptions) -> TrendSeries {
    let values: Vec<f64> = series.points.iter().map(|point| point.value).collect();
    let found = match options.method {
        _ if values.len() < POINTS_NEEDED => Err(format!("fewer than the {POINTS_NEEDED} points that are needed")),
        Method::Plain(_) if values.len() > PLAIN_POINTS_MAX => Err(format!(
            "more than the {} points that E-divisive without windows can take",
            format::count(PLAIN_POINTS_MAX as u64)
        )),
        Method::Windowed(options) => windowed_beyond(&values, &options, floor).ok_or_else(not_finite),
        Method::Plain(permutations) => e_divisive(&values, &permutations)
            .map(|found| {
                let (beyond, within) = found.into_iter().partition(|point| point.magnitude() > floor);
                Beyond { beyond, within }
            })
            .ok_or_else(not_finite),
    };
    let (Beyond { beyond, within }, not_analysed) = match found {
        Ok(found) => (found, None),
        Err(reason) => (Beyond::default(), Some(reason)),
    };
    let changes = |found: &[ChangePoint]| found.iter().map(|found| change(series, found)).collect();
    let metric = series.metric;
    TrendSeries {
        label: series.label.clone(),
        configuration_id: series.configuration_id.clone(),
        metric: metric.map(|metric| metric.id().to_owned()),
        name: metric.map_or("value", |metric| metric.name()).to_owned(),
        unit: metric.map_or("", |metric| metric.unit()).to_owned(),
        better: match series.better {
            Better::Higher => TrendBetter::Higher,
            Better::Lower => TrendBetter::Lower,
            Better::Neither => TrendBetter::Neither,
        },
        points: series.points.iter().map(point).collect(),
        floor,
        change_points: changes(&beyond),
        below_floor: changes(&within),
        not_analysed,
    }
}

fn not_finite() -> String {
    "a value that is not finite".to_owned()
}

fn point(point: &Observation) -> TrendPoint {
    TrendPoint {
        time: point.time.clone(),
        value: point.value,
        commit: point.from.commit.clone(),
        run: point.from.run.clone(),
    }
}

fn change(series: &ObservedSeries, found: &ChangePoint) -> TrendChange {
    let at = &series.points[found.index];
    let before = found.index.checked_sub(1).map(|place| &series.points[place].from);
    let up = found.after.mean > found.before.mean;
    TrendChange {
        index: found.index as u64,
        time: at.time.clone(),
        commit: at.from.commit.clone(),
        commit_before: before.and_then(|before| before.commit.clone()),
        run: at.from.run.clone(),
        before: level(&found.before),
        after: level(&found.after),
        change_percent: found.relative_change().map(|change| change * 100.0),
        direction: if up { Direction::Up } else { Direction::Down },
        effect: match (series.better, up) {
            (Better::Neither, _) => Effect::Neither,
            (Better::Higher, true) | (Better::Lower, false) => Effect::Better,
            (Better::Higher, false) | (Better::Lower, true) => Effect::Worse,
        },
        p_value: found.p_value,
        changed_too: before.map_or_else(Vec::new, |before| differences(before, &at.from)),
    }
}

fn level(segment: &Segment) -> Level {
    Level {
        points: segment.points as u64,
        mean: segment.mean,
        standard_deviation: segment.standard_deviation(),
    }
}

fn differences(before: &Provenance, at: &Provenance) -> Vec<String> {
    let pairs = before.conditions.iter().zip(&at.conditions);
    pairs
        .filter(|(before, at)| before != at)
        .map(|((name, before), (_, at))| format!("{name}: {before} → {at}"))
        .collect()
}

/// Simulates each length of series once.
fn expect_false_alarms(trend: &mut Trend, options: &TrendOptions) {
    let lengths: BTreeSet<usize> = trend.analysed().map(|series| series.points.len()).collect();
    let options = match options.method {
        Method::Windowed(options) => options,
        Method::Plain(permutations) => {
            // A permutation test of independent values is exact: no more of them are flagged than its p says.
            trend.false_alarms_expected = permutations.max_pvalue * trend.analysed().count() as f64;
            return;
        }
    };
    let budget = SIMULATED_PAIRS / lengths.len().max(1);
    for points in lengths {
        let pairs = 2 * points * options.window.min(points);
        let series = (budget / pairs).clamp(20, 1_000) as u32;
        let found = false_alarms(points, &options, Noise::Normal, series, SEED);
        trend.false_alarms.push(SimulatedNoise {
            points: points as u64,
            simulated: u64::from(found.series),
            flagged: u64::from(found.flagged),
            share: found.share(),
        });
    }
    trend.false_alarms_expected = trend
        .analysed()
        .filter_map(|series| {
            let points = series.points.len() as u64;
            trend.false_alarms.iter().find(|found| found.points == points)
        })
        .map(|found| found.share)
        .sum();
}

fn advisory(trend: &Trend) -> String {
    let begin = "Advisory, never a verdict: change points are searched for, so that noise has some too.";
    let max = trend.settings.max_pvalue * 100.0;
    let (Some(first), Some(last)) = (trend.false_alarms.first(), trend.false_alarms.last()) else {
        return match trend.settings.method {
            TrendMethod::EDivisive if trend.analysed().next().is_some() => format!(
                "{begin} On pure noise at most {max:.3}\u{a0}% of series show at least one: the permutation test sees to that, \
                 for values that do not depend on one another. Nights that do (a busy machine, a warm summer) show more."
            ),
            _ => begin.to_owned(),
        };
    };
    let shares = || trend.false_alarms.iter().map(|found| found.share * 100.0);
    let (low, high) = (shares().fold(100.0, f64::min), shares().fold(0.0, f64::max));
    let noise = if trend.false_alarms.len() == 1 {
        format!(
            "pure noise of {} points {high:.1}\u{a0}% of series show",
            format::count(first.points)
        )
    } else {
        format!(
            "pure noise of {} to {} points {low:.1} to {high:.1}\u{a0}% of series show",
            format::count(first.points),
            format::count(last.points)
        )
    };
    let simulated: u64 = trend.false_alarms.iter().map(|found| found.simulated).sum();
    let expected = trend.false_alarms_expected;
    let here = match trend.analysed().count() {
        1 => String::new(),
        series => format!(
            " Of the {} series here about {expected:.1} would, had nothing changed.",
            format::count(series as u64)
        ),
    };
    format!(
        "{begin} On {noise} at least one (simulated: {} series of independent normal values, the same \
         settings, whatever the size of the change).{here} Nights that depend on one another (a busy machine, a warm summer) show more.",
        format::count(simulated)
    )
}

/// That a window was not filled.
fn short_of_the_window(trend: &Trend) -> Option<String> {
    let window = u64::from(trend.settings.window?);
    let short = trend.analysed().filter(|series| (series.points.len() as u64) < window);
    let (count, most) = short.fold((0, 0), |(count, most), series| {
        (count + 1, most.max(series.points.len()))
    });
    (count > 0).then(|| {
        format!(
            "{} fewer points (at most {most}) than the window of {window}: one shorter window; {window} points fill it.",
            format::counted(count, "series has", "series have"),
        )
    })
}
