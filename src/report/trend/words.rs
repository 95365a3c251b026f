//! Values, times and commits of a trend as people read them: the same in text, Markdown and charts.

use super::model::{Direction, Effect, Trend, TrendBetter, TrendChange, TrendMethod, TrendSeries};
use crate::report::charts::{Better, Measure, Unit};
use crate::report::{Metric, format};
use crate::words;

/// So many characters of a commit tell it from others.
const COMMIT: usize = 9;

impl TrendSeries {
    /// The metric; none of a CSV file.
    pub(super) fn known_metric(&self) -> Option<Metric> {
        let id = self.metric.as_deref()?;
        Metric::ALL.iter().copied().find(|metric| metric.id() == id)
    }

    /// What an axis says.
    pub(super) fn measure(&self) -> Measure {
        self.known_metric().map_or_else(
            || {
                let better = match self.better {
                    TrendBetter::Higher => Better::Higher,
                    TrendBetter::Lower => Better::Lower,
                    TrendBetter::Neither => Better::Neither,
                };
                Measure::new(&self.name, Unit::Plain(self.unit.clone()), better)
            },
            Metric::measure,
        )
    }

    /// A value in the unit that charts draw it in.
    pub(super) fn drawn(&self, value: f64) -> f64 {
        self.known_metric().map_or(value, |metric| metric.drawn(value))
    }

    /// `412 k → 365 k records/s`.
    pub(super) fn before_and_after(&self, change: &TrendChange) -> String {
        let unit = self.measure().unit;
        let [before, after] = [&change.before, &change.after].map(|level| self.drawn(level.mean));
        format!("{} → {}", unit.bare(before), unit.format(after))
    }
}

/// `−11.4 %`; from nothing, where there was nothing.
pub(super) fn percent(change: &TrendChange) -> String {
    let Some(percent) = change.change_percent else {
        return "from 0".to_owned();
    };
    let sign = match change.direction {
        Direction::Up => "+",
        Direction::Down => "−",
    };
    // One digit after the point, more where that would say 0.
    let size = percent.abs();
    let digits = if size >= 100.0 || size == 0.0 {
        0
    } else if size >= 0.05 {
        1
    } else {
        self::digits(size)
    };
    format!("{sign}{size:.digits$}\u{a0}%")
}

/// As printed; nothing where neither way is better.
pub(super) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Better => "better",
        Effect::Worse => "worse",
        Effect::Neither => "",
    }
}

/// `p 2e-6`.
pub(super) fn p_value(p_value: f64) -> String {
    if p_value < 1e-15 {
        "p < 1e-15".to_owned()
    } else if p_value < 0.001 {
        format!("p {p_value:.0e}")
    } else {
        format!("p {p_value:.3}")
    }
}

/// The day and the minute of a stored run; other times as they are.
pub(super) fn time(time: &str) -> String {
    match time.parse::<jiff::Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => time.to_owned(),
    }
}

/// A commit in short.
pub(super) fn commit(commit: &str) -> String {
    commit.chars().take(COMMIT).collect()
}

/// What `git log` takes: from the commit before to that of the change; one commit where they are the same.
pub(super) fn commits(change: &TrendChange) -> Option<String> {
    let at = commit(change.commit.as_deref()?);
    Some(match change.commit_before.as_deref().map(commit) {
        Some(before) if before == at => format!("{at} (as before)"),
        Some(before) => format!("{before}..{at}"),
        None => at,
    })
}

/// What was looked at, in a sentence.
pub(super) fn overview(trend: &Trend) -> String {
    let analysed = trend.analysed().count() as u64;
    let changed = trend
        .series
        .iter()
        .filter(|series| !series.change_points.is_empty())
        .count() as u64;
    let series = format::counted(analysed, "series", "series");
    let times = || {
        trend
            .analysed()
            .flat_map(|series| &series.points)
            .map(|point| point.time.as_str())
    };
    let runs = match trend.runs {
        0 => String::new(),
        runs => match (times().min(), times().max()) {
            (Some(first), Some(last)) => format!(
                " of {} from {} to {}",
                format::counted(runs, "run", "runs"),
                time(first),
                time(last)
            ),
            _ => format!(" of {}", format::counted(runs, "run", "runs")),
        },
    };
    format!(
        "{series}{runs}; {}",
        match changed {
            0 => "none has a change point.".to_owned(),
            1 => "1 has a change point.".to_owned(),
            more => format!("{} have change points.", format::count(more)),
        }
    )
}

/// How small a change does not count, in a sentence.
pub(super) fn floor(trend: &Trend) -> String {
    let floors = || trend.analysed().map(|series| series.floor);
    let (least, most) = (floors().fold(f64::INFINITY, f64::min), floors().fold(0.0, f64::max));
    let origin = &trend.settings.floor;
    if least > most {
        return origin.clone();
    }
    let size = match least == most {
        true => share(most),
        false => format!("{} to {}, by figure,", share(least), share(most)),
    };
    format!("Changes of up to {size} are no changes that matter. {origin}")
}

/// A share in per cent; where it is small, with a digit that says something.
fn share(share: f64) -> String {
    match share * 100.0 {
        per_cent if per_cent > 0.0 && per_cent < 0.1 => {
            format!("{per_cent:.digits$}\u{a0}%", digits = digits(per_cent))
        }
        _ => words::percent(share),
    }
}

/// So many digits after the point make the first one that is not 0 show.
fn digits(size: f64) -> usize {
    ((-size.log10()).ceil() as usize).min(9)
}

/// What was found but is no change that matters, in a sentence; none where there is nothing.
pub(super) fn below_floor(trend: &Trend) -> Option<String> {
    let mut found: Vec<(&TrendSeries, &TrendChange)> = trend
        .series
        .iter()
        .flat_map(|series| series.below_floor.iter().map(move |change| (series, change)))
        .collect();
    if found.is_empty() {
        return None;
    }
    let size = |change: &TrendChange| change.change_percent.map_or(f64::INFINITY, f64::abs);
    found.sort_by(|one, other| size(other.1).total_cmp(&size(one.1)));
    let named: Vec<String> = found
        .iter()
        .map(|(series, change)| {
            let (change, at) = (percent(change), time(&change.time));
            format!("{} of {} {change} on {at}", series.name, series.label)
        })
        .collect();
    Some(format!(
        "{} too small to count: {}",
        format::counted(found.len() as u64, "change is", "changes are"),
        format::listed(&named, 3)
    ))
}

/// How it was searched, in a sentence.
pub(super) fn method(trend: &Trend) -> String {
    let settings = &trend.settings;
    let magnitude = if settings.min_magnitude > 0.0 {
        format!(", changes beyond {:.3} %", settings.min_magnitude * 100.0)
    } else {
        String::new()
    };
    let max = settings.max_pvalue;
    match (settings.method, settings.window) {
        (TrendMethod::WindowedEDivisive, Some(window)) => {
            format!("E-divisive in windows of {window} points, t-test with p < {max}{magnitude}.")
        }
        _ => format!("E-divisive, permutation test with p ≤ {max}{magnitude}."),
    }
}

/// Series that were not analysed, by reason.
pub(super) fn not_analysed(trend: &Trend) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for series in &trend.series {
        let Some(reason) = series.not_analysed.as_deref() else {
            continue;
        };
        let name = format!("{} of {}", series.name, series.label);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((reason, vec![name])),
        }
    }
    let sentence = |(reason, names): (&str, Vec<String>)| format!("{reason}: {}", format::listed(&names, 3));
    reasons.into_iter().map(sentence).collect()
}

/// Change points by the time at which they happened, the newest first.
pub(super) fn by_time(trend: &Trend) -> Vec<(String, Vec<(&TrendSeries, &TrendChange)>)> {
    let mut groups: Vec<(String, Vec<(&TrendSeries, &TrendChange)>)> = Vec::new();
    for (series, change) in trend.changes() {
        // Two runs may begin in the same second.
        let key = |change: &TrendChange| (change.time.clone(), change.run.clone());
        let found = groups.iter_mut().find(|(_, group)| key(group[0].1) == key(change));
        match found {
            Some((_, group)) => group.push((series, change)),
            None => groups.push((change.time.clone(), vec![(series, change)])),
        }
    }
    // Not by the text of the time, which in a file may be a number: by place, where there is but one series.
    let position = |group: &[(&TrendSeries, &TrendChange)]| group.iter().map(|(_, change)| change.index).max();
    if trend.runs > 0 {
        groups.sort_by(|one, other| other.0.cmp(&one.0));
    } else {
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(position(group)));
    }
    groups
}
