//! What a table shows, in which order, and which order its rows have: the same in the terminal, in Markdown and on
//! the page.

use super::alike::Alike;
use super::metric::Metric;
use super::summary::{ConfigurationSummary, ServiceLatencyIs, Summary};
use crate::profile::Order;

/// The figures of a table in reading order.
pub const COLUMNS: &[Metric] = &[
    Metric::Throughput,
    Metric::OfferedRate,
    Metric::ThroughputMb,
    Metric::LatencyP50,
    Metric::LatencyP99,
    Metric::LatencyP999,
    Metric::ClientCpu,
    Metric::CompressionRatio,
    Metric::RecordsPerBatch,
    Metric::PartitionImbalance,
    Metric::Failed,
];

/// What runs whose records were serialized on the sending path show besides.
const OF_SERIALIZERS: &[Metric] = &[
    Metric::SerializedBytes,
    Metric::WireBytes,
    Metric::SerializeTime,
    Metric::SerializeShare,
];

/// The figures of this run's table: those that it has, and those of serializers where they were at work.
pub fn of_table(summary: &Summary) -> Vec<Metric> {
    let serialized = |c: &ConfigurationSummary| Metric::SerializedBytes.value(c).is_some();
    let mut columns: Vec<Metric> = COLUMNS.to_vec();
    if summary.configurations.iter().any(serialized) {
        let before_counts = columns.len() - 1;
        columns.splice(before_counts..before_counts, OF_SERIALIZERS.iter().copied());
    }
    present(summary, &columns)
}

/// Those of `metrics` that at least one configuration has a value or a reason for.
pub fn present(summary: &Summary, metrics: &[Metric]) -> Vec<Metric> {
    let shows = |metric: Metric| {
        summary
            .configurations
            .iter()
            .any(|c| metric.value(c).is_some() || metric.is_at_least(c))
    };
    metrics.iter().copied().filter(|metric| shows(*metric)).collect()
}

/// In which order configurations are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowOrder {
    /// By the median of throughput, highest first; those without one last. Where all load is paced: by p99.
    #[default]
    BestFirst,
    /// As the matrix has them.
    Matrix,
}

/// The configurations in an order, as places in the summary.
pub fn ordered(summary: &Summary, order: RowOrder) -> Vec<usize> {
    let mut places: Vec<usize> = (0..summary.configurations.len()).collect();
    if order == RowOrder::Matrix {
        return places;
    }
    let metric = leading(summary);
    let key = |place: &usize| metric.value(&summary.configurations[*place]);
    places.sort_by(|a, b| match (key(a), key(b)) {
        (Some(a), Some(b)) if metric.is_better(a, b) => std::cmp::Ordering::Less,
        (Some(a), Some(b)) if metric.is_better(b, a) => std::cmp::Ordering::Greater,
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    });
    places
}

/// The metric that "best first" means: throughput, or p99 where every throughput was set by a rate.
pub fn leading(summary: &Summary) -> Metric {
    let paced = summary.configurations.iter().all(ConfigurationSummary::is_paced);
    if paced && !summary.configurations.is_empty() {
        Metric::LatencyP99
    } else {
        Metric::Throughput
    }
}

/// What stands beside a median, in a few words; none where there is nothing.
pub fn bounds_in_words(summary: &Summary) -> Option<&'static str> {
    let spreads = || {
        let all = summary.configurations.iter();
        all.filter_map(|c| c.throughput_records_per_s.as_ref())
            .filter(|spread| spread.values.len() > 1)
    };
    let with = spreads().filter(|spread| spread.interval.is_some()).count();
    match (spreads().count(), with) {
        (0, _) => None,
        (all, with) if all == with => Some("its 95 % interval"),
        (_, 0) => Some("the smallest and the largest trial: below 6 trials there is no 95 % interval"),
        _ => Some("its 95 % interval, or the smallest and the largest trial where there are fewer than 6"),
    }
}

/// The mark of the best configuration, and of those that cannot be told apart from it.
pub const BEST: char = '★';
/// See [`BEST`].
pub const NOT_TOLD_APART: char = '≈';

/// What marks a configuration in the order of [`leading`]: the best, or one that cannot be told apart from it.
pub fn mark(summary: &Summary, configuration: &ConfigurationSummary) -> Option<char> {
    use super::summary::Question;
    let question = match leading(summary) {
        Metric::LatencyP99 => Question::P99,
        _ => Question::Throughput,
    };
    let answers = || summary.answers.iter().filter(|answer| answer.question == question);
    let decidable = |answer: &&super::summary::Answer| answer.best_set.as_ref().is_some_and(|set| set.is_decidable());
    if answers().any(|answer| answer.best_set.is_some() && answer.configuration_id.as_ref() == Some(&configuration.id))
    {
        return Some(BEST);
    }
    let apart = answers()
        .filter(decidable)
        .filter_map(|answer| answer.best_set.as_ref())
        .any(|set| set.not_told_apart.contains(&configuration.id));
    apart.then_some(NOT_TOLD_APART)
}

/// In which order blocks visited the configurations, and its seed; none where there is no order to speak of.
pub fn order_text(summary: &Summary) -> Option<String> {
    match summary.order? {
        _ if summary.configurations.len() < 2 => None,
        Order::Random => Some(format!("random order in each block, seed\u{a0}{}", summary.seed)),
        Order::Matrix => Some("the matrix's order in each block".to_owned()),
    }
}

/// What the latency columns of this run are, in a sentence; none where it has none.
pub fn latency_sentence(summary: &Summary) -> Option<String> {
    let observable: Vec<_> = summary
        .configurations
        .iter()
        .filter(|c| c.latency_observable && c.trials.completed > 0)
        .collect();
    let paced = observable
        .iter()
        .filter(|c| c.service_latency_is == ServiceLatencyIs::Service)
        .count();
    let text = match (observable.len(), paced) {
        (0, _) => return None,
        (all, paced) if all == paced => {
            "p50 to p99.9 are response latency: from the intended send time to the acknowledgement."
        }
        (_, 0) => {
            "p50 to p99.9 are queueing latency, from send call to acknowledgement: the load was not paced, so they \
             measure the length of the client's queue."
        }
        _ => {
            "p50 to p99.9 are response latency where a rate was given; elsewhere queueing latency, which measures the \
             length of the client's queue: the two do not compare."
        }
    };
    Some(text.to_owned())
}

/// What the signs in cells stand for, of those that occur.
pub fn legend(summary: &Summary) -> Vec<&'static str> {
    let any = |test: &dyn Fn(&ConfigurationSummary) -> bool| summary.configurations.iter().any(test);
    let mut sentences = Vec::new();
    if any(&|c| mark(summary, c) == Some(NOT_TOLD_APART)) {
        sentences.push(match leading(summary) {
            Metric::LatencyP99 => "★: lowest p99; ≈: cannot be told apart from it. Together they hold the best one with 95 % confidence.",
            _ => "★: highest throughput; ≈: cannot be told apart from it. Together they hold the best one with 95 % confidence.",
        });
    } else if any(&|c| mark(summary, c).is_some()) {
        sentences.push(match leading(summary) {
            Metric::LatencyP99 => "★: lowest p99.",
            _ => "★: highest throughput.",
        });
    }
    if any(&|c| !c.latency_observable) {
        sentences.push(
            "n/o: not observable. With acks=0 nothing is acknowledged; throughput is then the growth of the log.",
        );
    }
    if any(&|c| COLUMNS.iter().any(|metric| metric.is_at_least(c))) {
        sentences.push("≥: failed or undecided records reach down to this percentile; the true value is this or more.");
    }
    if any(&|c| c.little_headroom().is_some()) {
        sentences.push("†: little headroom; the load generator itself may have been the bottleneck.");
    }
    if any(&|c| c.trials.saturated > 0) {
        sentences.push(
            "‡: saturated; trials fell behind their schedule, and latencies are those of a growing queue or a late client.",
        );
    }
    if any(&|c| c.trials.completed > 0 && c.latency_observable && Metric::LatencyP999.value(c).is_none()) {
        sentences.push("–: not measured; a percentile needs at least 10 records beyond it.");
    }
    sentences
}

/// Every warning of the run and its configurations once, with the configurations that it holds for. Those that differ in
/// figures only are one, with the range of the figures.
pub fn warnings(summary: &Summary) -> Vec<(String, Vec<String>)> {
    let mut alike = Alike::new();
    for text in &summary.warnings {
        alike.add(text, None);
    }
    for configuration in &summary.configurations {
        for text in &configuration.warnings {
            alike.add(text, Some(configuration.label.clone()));
        }
    }
    alike.into_sentences()
}

/// Every failed trial: configuration and cause, with equal ones counted.
pub fn failures(summary: &Summary) -> Vec<(String, String, u64)> {
    let mut all: Vec<(String, String, u64)> = Vec::new();
    for configuration in &summary.configurations {
        for failure in &configuration.trials.failures {
            match all
                .iter_mut()
                .find(|(label, cause, _)| *label == configuration.label && *cause == failure.cause)
            {
                Some((_, _, count)) => *count += 1,
                None => all.push((configuration.label.clone(), failure.cause.clone(), 1)),
            }
        }
    }
    all
}

/// The name of a question's answer, as in `Lowest queueing p99`.
pub fn answer_title(summary: &Summary, answer: &super::summary::Answer) -> String {
    use super::summary::Question;
    let winner = answer
        .configuration_id
        .as_ref()
        .and_then(|id| summary.configurations.iter().find(|c| c.id == *id));
    match (answer.question, winner) {
        (Question::Throughput, Some(_)) => "Highest throughput".to_owned(),
        (Question::Throughput, None) => "Throughput".to_owned(),
        (Question::P99, Some(winner)) => format!("Lowest {} p99", winner.headline_latency_name()),
        (Question::P99, None) => "p99".to_owned(),
        (Question::ClientCpu, _) => "Least client CPU".to_owned(),
    }
}
