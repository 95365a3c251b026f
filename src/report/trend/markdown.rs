//! `trend.md`: a table for a job's summary or a wiki.

use super::files::chart_name;
use super::model::{Trend, TrendChange, TrendSeries};
use super::words;
use crate::report::markdown::escaped;

/// The document. `charts` are the names of the charts beside it, with what each shows.
pub(super) fn render(trend: &Trend, charts: &[(String, String)]) -> String {
    let mut text = format!("# Trend\n\n{}\n\n", escaped(&words::overview(trend)));
    if trend.changes().next().is_some() {
        text.push_str(&table(trend));
    }
    text.push_str(&format!("> {}\n\n", escaped(&trend.advisory)));
    text.push_str(&format!(
        "{} {}\n\n",
        escaped(&words::method(trend)),
        escaped(&words::floor(trend))
    ));
    text.push_str(&remarks(trend));
    for (name, of) in charts {
        text.push_str(&format!("![{}]({})\n\n", escaped(of), chart_name(name, "svg")));
    }
    while text.ends_with("\n\n") {
        text.pop();
    }
    text
}

fn table(trend: &Trend) -> String {
    let mut text = String::from("| since | commits | metric | configuration | level | change | | p |\n");
    text.push_str("| :--- | :--- | :--- | :--- | :--- | ---: | :--- | :--- |\n");
    let mut changed_too = String::new();
    for (_, group) in words::by_time(trend) {
        for (series, change) in &group {
            text.push_str(&row(series, change));
        }
        let change = group[0].1;
        for changed in &change.changed_too {
            let time = words::time(&change.time);
            changed_too.push_str(&format!("- changed too on {}: {}\n", escaped(&time), escaped(changed)));
        }
    }
    text.push('\n');
    if !changed_too.is_empty() {
        text.push_str(&format!("{changed_too}\n"));
    }
    text
}

fn row(series: &TrendSeries, change: &TrendChange) -> String {
    let cells = [
        words::time(&change.time),
        words::commits(change).unwrap_or_default(),
        series.name.clone(),
        series.label.clone(),
        series.before_and_after(change),
        words::percent(change),
        words::effect(change.effect).to_owned(),
        words::p_value(change.p_value),
    ];
    format!("| {} |\n", cells.map(|cell| escaped(&cell)).join(" | "))
}

fn remarks(trend: &Trend) -> String {
    let mut lines = String::new();
    if let Some(below) = words::below_floor(trend) {
        lines.push_str(&format!("- below the floor: {}\n", escaped(&below)));
    }
    for reason in words::not_analysed(trend) {
        lines.push_str(&format!("- not analysed: {}\n", escaped(&reason)));
    }
    for left_out in &trend.left_out {
        lines.push_str(&format!(
            "- left out: {}: {}\n",
            escaped(&left_out.run),
            escaped(&left_out.reason)
        ));
    }
    for note in &trend.notes {
        lines.push_str(&format!("- {}\n", escaped(note)));
    }
    if lines.is_empty() { lines } else { format!("{lines}\n") }
}
