//! The result of a run as text for a terminal of any width: a table, the answers in words, warnings, and where the
//! report is. Writes nothing itself.

mod table;
pub(super) mod text;

use std::path::PathBuf;

use super::columns::{self, RowOrder};
use super::drain;
use super::format;
use super::summary::{Answer, BLOCKS_FOR_AN_INTERVAL, Summary};
use super::topics;
use super::verdicts;

/// How to write.
#[derive(Clone, Debug)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// Columns of the terminal; lines are no longer than this, except for a path.
    pub width: usize,
    /// Order of the rows.
    pub order: RowOrder,
    /// Rows at most; a sentence says how many there are beyond.
    pub rows: usize,
    /// The report that was written, named last.
    pub report: Option<PathBuf>,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            color: false,
            width: 100,
            order: RowOrder::BestFirst,
            rows: 60,
            report: None,
        }
    }
}

/// Axis values whose verdicts are shown; the rest is counted.
const AXIS_LINES: usize = 24;

/// Configurations whose waiting queues or topics are shown; the rest is counted.
const CONFIGURATION_LINES: usize = 24;

/// Names listed with a warning before the rest is counted.
const NAMED: usize = 2;

/// Warnings shown; the rest is counted.
const WARNINGS: usize = 12;

/// The summary as text, ending in a line break.
pub fn render(summary: &Summary, style: &Style) -> String {
    let page = text::Page::new(style);
    let mut blocks = vec![heading(summary, &page), table::render(summary, style)];
    blocks.push(explanations(summary, &page));
    blocks.push(answers(summary, &page));
    blocks.push(waiting_queues(summary, &page));
    blocks.push(several_topics(summary, &page));
    blocks.push(warnings(summary, &page));
    if let Some(report) = &style.report {
        // Not wrapped: a path that is broken over lines cannot be clicked or copied.
        blocks.push(format!(
            "{} {}\n",
            page.bold("Report:"),
            text::clean(&report.display().to_string())
        ));
    }
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn heading(summary: &Summary, page: &text::Page) -> String {
    let target = &summary.target;
    let mut parts = vec![format!(
        "{} target{}",
        target.kind,
        target
            .software
            .as_ref()
            .map_or(String::new(), |software| format!(" ({software})"))
    )];
    parts.push(format::counted(
        summary.configurations.len() as u64,
        "configuration",
        "configurations",
    ));
    parts.push(format!(
        "{} of {}",
        format::count(summary.trials.completed),
        format::counted(summary.trials.planned, "trial", "trials")
    ));
    parts.push(format!(
        "windows of {}",
        format::milliseconds(summary.measure_ms as f64)
    ));
    parts.extend(columns::order_text(summary));
    page.titled(&summary.profile_name, &parts.join(" · "))
}

fn explanations(summary: &Summary, page: &text::Page) -> String {
    let mut sentences: Vec<String> = Vec::new();
    if let Some(beside) = columns::bounds_in_words(summary) {
        sentences.push(format!(
            "Medians of trials, [{beside}]; percentiles from all trials' records together."
        ));
    }
    sentences.extend(columns::latency_sentence(summary));
    sentences.extend(columns::legend(summary).into_iter().map(str::to_owned));
    page.paragraph(&sentences.join(" "))
}

fn answers(summary: &Summary, page: &text::Page) -> String {
    let mut lines = String::new();
    for answer in &summary.answers {
        lines.push_str(&page.titled(&columns::answer_title(summary, answer), &answer_text(answer)));
    }
    if let Some(repetition) = &summary.repetition {
        lines.push_str(&page.titled("Repetition", repetition));
    }
    lines.push_str(&page.titled("Verdicts", &summary.verdicts));
    lines.push_str(&axis_verdicts(summary, page));
    lines.push_str(&page.titled("Where this holds", &summary.validity.join(" ")));
    lines
}

/// Waiting queues and their scheduler, where the load has them.
fn waiting_queues(summary: &Summary, page: &text::Page) -> String {
    let answers = summary
        .drain
        .iter()
        .map(|answer| page.titled(&answer.title, &answer.sentence));
    let text: String = answers.collect();
    text + &of_configurations(&drain::lines(summary), page)
}

/// Where records went, where they are spread over several topics.
fn several_topics(summary: &Summary, page: &text::Page) -> String {
    let lines = topics::lines(summary);
    if lines.is_empty() {
        return String::new();
    }
    page.paragraph(&format!("{}:", topics::TITLE)) + &of_configurations(&lines, page)
}

/// Labels with what is said of each, as many as are shown.
fn of_configurations(lines: &[(String, String)], page: &text::Page) -> String {
    let shown = lines.iter().take(CONFIGURATION_LINES);
    let mut text: String = shown
        .map(|(label, figures)| page.titled(&format!("  {label}"), figures))
        .collect();
    if lines.len() > CONFIGURATION_LINES {
        let more = format::counted(
            (lines.len() - CONFIGURATION_LINES) as u64,
            "more configuration",
            "more configurations",
        );
        text.push_str(&page.paragraph(&format!("  {more} in the report")));
    }
    text
}

/// What each axis does, where there are enough blocks to say anything.
fn axis_verdicts(summary: &Summary, page: &text::Page) -> String {
    if summary.trials.blocks < BLOCKS_FOR_AN_INTERVAL {
        return String::new();
    }
    let lines = verdicts::axis_lines(summary);
    let mut text: String = lines
        .iter()
        .take(AXIS_LINES)
        .map(|line| page.titled(&format!("  {}", line.title), &line.sentence()))
        .collect();
    if lines.len() > AXIS_LINES {
        let more = format::counted((lines.len() - AXIS_LINES) as u64, "more setting", "more settings");
        text.push_str(&page.paragraph(&format!("  {more} in the report")));
    }
    text
}

fn answer_text(answer: &Answer) -> String {
    let among = answer
        .among
        .as_ref()
        .map_or(String::new(), |among| format!(" ({among})"));
    match (&answer.figure, &answer.label) {
        (Some(figure), Some(label)) => format!("{figure}{among} with {label}. {}", answer.sentence),
        _ => format!("{among} {}", answer.sentence).trim_start().to_owned(),
    }
}

fn warnings(summary: &Summary, page: &text::Page) -> String {
    let mut lines = String::new();
    for (label, cause, count) in columns::failures(summary) {
        let trials = format::counted(count, "trial", "trials");
        lines.push_str(&page.alarm("failed", &format!("{trials} of {label}: {cause}")));
    }
    if summary.trials.missing > 0 {
        let missing = format::counted(summary.trials.missing, "planned trial was", "planned trials were");
        lines.push_str(&page.alarm("incomplete", &format!("{missing} not run; --resume continues")));
    }
    let all = columns::warnings(summary);
    for (text, labels) in all.iter().take(WARNINGS) {
        let of = match labels.len() {
            0 => String::new(),
            count if count == summary.configurations.len() && count > 1 => " (all configurations)".to_owned(),
            _ => format!(" ({})", format::listed(labels, NAMED)),
        };
        lines.push_str(&page.alarm("warning", &format!("{text}{of}")));
    }
    if all.len() > WARNINGS {
        let more = format::counted((all.len() - WARNINGS) as u64, "more warning", "more warnings");
        lines.push_str(&page.alarm("warning", &format!("{more} in the report")));
    }
    lines
}
