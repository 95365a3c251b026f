//! `report.html`: one file without any network, made from the summary, the charts and the manifest. What is shown is
//! decided here; how it looks, in `templates/`.

mod details;
mod repeat;
mod table;

use askama::Template;

use super::charts;
use super::columns;
use super::drain;
use super::figures::{Figure, Part};
use super::format;
use super::metric::Metric;
use super::summary::{Analysis, Answer, BLOCKS_FOR_AN_INTERVAL, Summary};
use super::verdicts::{self, AxisLine};
use crate::store::{Manifest, TrialRecord};

/// Names listed with a warning before the rest is counted.
const NAMED: usize = 4;

/// Warnings on the page; the rest is counted, and stands in `summary.json`.
const WARNINGS: usize = 60;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    css: &'static str,
    chart_css: String,
    script: &'static str,
    manifest: &'a Manifest,
    summary: &'a Summary,
    created: String,
    target: String,
    mock: bool,
    extent: String,
    answers: Vec<AnswerView>,
    alarms: Vec<Alarm>,
    overview: Vec<&'a Figure>,
    settings: Vec<&'a Figure>,
    latency: Vec<&'a Figure>,
    time: Vec<&'a Figure>,
    queues: Vec<&'a Figure>,
    queue_table: Option<drain::Table>,
    axis_lines: Vec<AxisLine>,
    table: table::TableView,
    reading: Vec<String>,
    details: details::DetailsView,
    definitions: Vec<(&'static str, &'static str)>,
    not_measured: Vec<String>,
    repeat: Vec<repeat::Facts>,
    effective: Vec<(String, String)>,
}

struct AnswerView {
    title: String,
    among: Option<String>,
    number: String,
    unit: String,
    label: Option<String>,
    anchor: Option<String>,
    sentence: String,
}

/// A failed trial or a warning.
struct Alarm {
    kind: &'static str,
    text: String,
    of: String,
}

/// The page.
///
/// # Errors
/// Where the template cannot be written, which does not depend on data.
pub fn render(
    manifest: &Manifest,
    analysis: &Analysis,
    trials: &[TrialRecord],
    figures: &[Figure],
) -> askama::Result<String> {
    let summary = &analysis.summary;
    let part = |part: Part| figures.iter().filter(|figure| figure.part == part).collect();
    let mut reading: Vec<String> = vec![match columns::bounds_in_words(summary) {
        Some(beside) => format!(
            "Figures are medians of trials, percentiles come from all trials' records together; the small print under a \
             figure is {beside}."
        ),
        None => "Figures are of one trial each: nothing is known about how much they vary.".to_owned(),
    }];
    reading.extend(columns::latency_sentence(summary));
    reading.extend(columns::legend(summary).into_iter().map(str::to_owned));
    let details = details::view(analysis, trials);
    Page {
        css: include_str!("../../../templates/report.css"),
        chart_css: charts::stylesheet(),
        script: include_str!("../../../templates/report.js"),
        manifest,
        summary,
        created: summary.created_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        target: target(summary),
        mock: summary.target.kind == crate::protocol::TargetKind::Mock,
        extent: extent(summary),
        answers: summary
            .answers
            .iter()
            .map(|answer| answer_view(summary, answer, &details))
            .collect(),
        alarms: alarms(summary),
        overview: part(Part::Overview),
        settings: part(Part::Settings),
        latency: part(Part::Latency),
        time: part(Part::Time),
        queues: part(Part::Queues),
        queue_table: drain::table(summary),
        axis_lines: if summary.trials.blocks < BLOCKS_FOR_AN_INTERVAL {
            Vec::new()
        } else {
            verdicts::axis_lines(summary)
        },
        table: table::view(summary, &details),
        reading,
        details,
        definitions: definitions(summary),
        not_measured: not_measured(summary),
        repeat: repeat::facts(manifest, summary),
        effective: repeat::common_properties(summary),
    }
    .render()
}

fn target(summary: &Summary) -> String {
    let target = &summary.target;
    let software = target.software.as_deref().unwrap_or("unknown software");
    let brokers = format::counted(u64::from(target.brokers), "broker", "brokers");
    format!("{} · {software} · {brokers}", target.kind)
}

fn extent(summary: &Summary) -> String {
    let trials = &summary.trials;
    let mut text = format!(
        "{} × {}, windows of {}",
        format::counted(summary.configurations.len() as u64, "configuration", "configurations"),
        format::counted(u64::from(trials.blocks), "block", "blocks"),
        format::milliseconds(summary.measure_ms as f64)
    );
    if trials.completed < trials.planned {
        text.push_str(&format!(
            "; {} of {} trials completed",
            format::count(trials.completed),
            format::count(trials.planned)
        ));
    }
    text
}

fn answer_view(summary: &Summary, answer: &Answer, details: &details::DetailsView) -> AnswerView {
    let (number, unit) = large_and_small(answer.figure.as_deref().unwrap_or_default());
    AnswerView {
        title: columns::answer_title(summary, answer),
        among: answer.among.clone(),
        number: number.to_owned(),
        unit: unit.to_owned(),
        label: answer.label.clone(),
        anchor: answer.configuration_id.clone().filter(|id| details.holds(id)),
        sentence: answer.sentence.clone(),
    }
}

/// The number with its prefix stands large, its unit small: `750 k` and `records/s`, `287` and `ms`.
fn large_and_small(figure: &str) -> (&str, &str) {
    let mut spaces = figure.match_indices(['\u{a0}', ' ']);
    let (first, second) = (spaces.next(), spaces.next());
    let Some((at, space)) = second.or(first) else {
        return (figure, "");
    };
    (&figure[..at], &figure[at + space.len()..])
}

fn alarms(summary: &Summary) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = columns::failures(summary)
        .into_iter()
        .map(|(label, cause, count)| Alarm {
            kind: "failed",
            text: cause,
            of: format!("{} of {label}", format::counted(count, "trial", "trials")),
        })
        .collect();
    if summary.trials.missing > 0 {
        alarms.push(Alarm {
            kind: "incomplete",
            text: format!(
                "{} not run. kpbench sweep --resume with this directory continues.",
                format::counted(summary.trials.missing, "planned trial was", "planned trials were")
            ),
            of: String::new(),
        });
    }
    alarms.extend(columns::warnings(summary).into_iter().map(|(text, labels)| Alarm {
        kind: "warning",
        text,
        of: match labels.len() {
            0 => String::new(),
            count if count == summary.configurations.len() && count > 1 => "all configurations".to_owned(),
            _ => format::listed(&labels, NAMED),
        },
    }));
    let more = alarms.len().saturating_sub(WARNINGS);
    if more > 0 {
        alarms.truncate(WARNINGS);
        alarms.push(Alarm {
            kind: "warning",
            text: format!(
                "{} in summary.json",
                format::counted(more as u64, "more message", "more messages")
            ),
            of: String::new(),
        });
    }
    alarms
}

fn definitions(summary: &Summary) -> Vec<(&'static str, &'static str)> {
    let mut definitions = vec![
        (
            "Configuration",
            "One point of the matrix: a full set of producer properties and a load.",
        ),
        (
            "Trial",
            "One run of one configuration in a process of its own: warm-up, measurement window, drain.",
        ),
        (
            "Block",
            "One pass over all configurations in a fresh random order, so that a drift of the machine hits all alike.",
        ),
    ];
    let observable: Vec<_> = summary.configurations.iter().filter(|c| c.latency_observable).collect();
    if observable.iter().any(|c| c.is_paced()) {
        definitions.push((
            "Response latency",
            "Acknowledgement − intended send time. Waiting because the generator was late is part of it.",
        ));
    }
    if observable.iter().any(|c| !c.is_paced()) {
        definitions.push(("Queueing latency", "Acknowledgement − entry into the send call, where the load was not paced. It measures how long the client's queue was, and falls as soon as less is sent."));
    }
    definitions.extend(
        columns::present(summary, Metric::ALL)
            .into_iter()
            .map(|metric| (metric.name(), metric.definition())),
    );
    definitions
}

/// What a reader might take for measured, and is not.
fn not_measured(summary: &Summary) -> Vec<String> {
    let measured: Vec<_> = summary
        .configurations
        .iter()
        .filter(|c| c.trials.completed > 0)
        .collect();
    let nowhere = |metric: Metric| measured.iter().all(|c| metric.value(c).is_none());
    let mut sentences = vec![summary.verdicts.clone()];
    if measured.iter().any(|c| !c.latency_observable) {
        sentences.push("Latency with acks=0: the broker does not answer, so there is nothing to time.".to_owned());
    }
    if measured.iter().any(|c| !c.is_paced()) {
        sentences.push("Response latency where no rate was given: without an intended send time, waiting before the send call is not seen.".to_owned());
    }
    if nowhere(Metric::Headroom) {
        sentences.push("Headroom: whether the load generator itself was the bottleneck was not measured.".to_owned());
    }
    if nowhere(Metric::BrokerCpu) {
        sentences.push("Broker CPU: it is known for brokers that kpbench starts itself only.".to_owned());
    }
    sentences.push("Single records were not read back. Appended equal to acknowledged proves neither that all arrived nor that none arrived twice: a loss and a duplicate cancel out.".to_owned());
    sentences
        .push("Consumers, and records older than the run: the topics were empty and nobody read from them.".to_owned());
    sentences
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_prefix_belongs_to_the_number() {
        let parts = |text: &'static str| super::large_and_small(text);
        assert_eq!(parts("750\u{a0}k\u{a0}records/s"), ("750\u{a0}k", "records/s"));
        assert_eq!(parts("287\u{a0}ms"), ("287", "ms"));
        assert_eq!(parts(""), ("", ""));
    }
}
