//! Records by topic, of loads that spread them over several: the same figures for the terminal, Markdown and the page.

use super::columns::{self, RowOrder};
use super::format;
use super::summary::{ConfigurationSummary, Summary};
use crate::store::AppendedToTopic;

/// Topics of a configuration that are shown; the rest is counted. `summary.json` has all of them.
const TOPICS: usize = 12;

/// What was appended to a topic, and its share beside what its weight says.
fn figures(appended: u64, appended_share: Option<f64>, weight_share: f64) -> String {
    let share = appended_share.map_or_else(|| format::NOTHING.to_owned(), percent);
    format!(
        "{} ({share}, by weight {})",
        format::count(appended),
        percent(weight_share)
    )
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Each topic of a configuration with its figures; empty where there is one topic for all records.
pub(super) fn by_topic(of: &ConfigurationSummary) -> Vec<(String, String)> {
    let topics = &of.appended_by_topic;
    let shown = topics.iter().take(TOPICS).map(|topic| {
        let text = figures(topic.appended, topic.appended_share, topic.weight_share);
        (topic.topic.clone(), text)
    });
    let left = topics.get(TOPICS..).filter(|left| !left.is_empty()).map(|left| {
        let sum = |of: fn(&AppendedToTopic) -> Option<f64>| left.iter().map(of).sum::<Option<f64>>();
        let text = figures(
            left.iter().map(|topic| topic.appended).sum(),
            sum(|topic| topic.appended_share),
            sum(|topic| Some(topic.weight_share)).unwrap_or_default(),
        );
        (format!("the other {}", format::count(left.len() as u64)), text)
    });
    shown.chain(left).collect()
}

/// Each configuration whose records are spread over several topics, in a line of words.
pub(super) fn lines(summary: &Summary) -> Vec<(String, String)> {
    let ordered = columns::ordered(summary, RowOrder::Matrix).into_iter();
    let configurations = ordered.map(|place| &summary.configurations[place]);
    configurations
        .filter(|of| !of.appended_by_topic.is_empty())
        .map(|of| {
            let topics = by_topic(of).into_iter();
            let words: Vec<String> = topics.map(|(topic, figures)| format!("{topic} {figures}")).collect();
            (of.label.clone(), words.join(", "))
        })
        .collect()
}

/// Heading and lines as Markdown; empty where there is one topic for all records.
pub(super) fn markdown(summary: &Summary, escape: fn(&str) -> String) -> String {
    let lines = lines(summary);
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("## {TITLE}\n\n");
    for (label, words) in lines {
        text.push_str(&format!("- {}: {}\n", escape(&label), escape(&words)));
    }
    text.push('\n');
    text
}

/// What the figures are.
pub(super) const TITLE: &str = "Records appended, by topic";
