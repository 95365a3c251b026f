//! The short answers: which configuration came out first, among which, and how sure that is.

use std::collections::BTreeMap;

use super::model::{Answer, ConfigurationSummary, Question};
use crate::protocol::{Acks, Arrival, SendMode};
use crate::report::format;
use crate::report::metric::Metric;
use crate::stats::Spread;

/// Names listed in a sentence before the rest is counted.
const NAMED: usize = 2;

/// Loads for which an answer of its own is given; latency can only be compared under the same load.
const LOADS: usize = 4;

/// All answers, the most asked for first.
pub(super) fn answers(configurations: &[ConfigurationSummary]) -> Vec<Answer> {
    let measured: Vec<&ConfigurationSummary> = configurations.iter().filter(|c| c.trials.completed > 0).collect();
    if measured.is_empty() {
        return Vec::new();
    }
    let mut answers = throughput(&measured);
    answers.extend(p99(&measured));
    answers.extend(client_cpu(&measured));
    answers
}

fn throughput(measured: &[&ConfigurationSummary]) -> Vec<Answer> {
    let unpaced: Vec<&ConfigurationSummary> = measured.iter().copied().filter(|c| !c.is_paced()).collect();
    if unpaced.is_empty() {
        return vec![paced_throughput(measured)];
    }
    // Records of different sizes are compared by their bytes.
    let (metric, note) = if same_payload(&unpaced) {
        (Metric::Throughput, None)
    } else {
        (
            Metric::ThroughputMb,
            Some("Record payloads differ, so the comparison is by bytes."),
        )
    };
    let mut notes: Vec<String> = note.map(str::to_owned).into_iter().collect();
    if unpaced.len() < measured.len() {
        notes.push("Configurations at a given rate are left out: their throughput was set, not found.".to_owned());
    }
    let (without, with): (Vec<_>, Vec<_>) = unpaced.into_iter().partition(|c| c.acks == Acks::None);
    let mut answers = Vec::new();
    if !with.is_empty() {
        let among = (!without.is_empty()).then(|| "acknowledged, acks=1 or all".to_owned());
        answers.extend(best(Question::Throughput, metric, &with, among, &notes));
    }
    if !without.is_empty() {
        let mut notes = notes.clone();
        notes.push(
            "With acks=0 nothing is acknowledged: this is the growth of the log, without a latency and without \
             knowing of losses; it does not compare with acknowledged throughput."
                .to_owned(),
        );
        let among = (!with.is_empty()).then(|| "acks=0".to_owned());
        answers.extend(best(Question::Throughput, metric, &without, among, &notes));
    }
    answers
}

/// Where all load is paced there is no best throughput, only rates that were kept or not.
fn paced_throughput(measured: &[&ConfigurationSummary]) -> Answer {
    let missed: Vec<String> = measured
        .iter()
        .filter(|c| match c.workload.arrival {
            Arrival::Constant { rate_per_s } => Metric::Throughput
                .value(c)
                .is_none_or(|found| found < 0.99 * rate_per_s),
            Arrival::Unpaced => false,
        })
        .map(|c| c.label.clone())
        .collect();
    let sentence = if missed.is_empty() {
        "The load was paced, so throughput was set, not found: every configuration kept at least 99 % of its rate."
            .to_owned()
    } else {
        format!(
            "The load was paced, so throughput was set, not found: {} kept less than 99 % of the rate ({}).",
            format::counted(missed.len() as u64, "configuration", "configurations"),
            format::listed(&missed, NAMED)
        )
    };
    Answer {
        question: Question::Throughput,
        configuration_id: None,
        label: None,
        figure: None,
        among: None,
        sentence,
        overlaps_with: Vec::new(),
    }
}

fn p99(measured: &[&ConfigurationSummary]) -> Vec<Answer> {
    let mut loads: BTreeMap<String, Vec<&ConfigurationSummary>> = BTreeMap::new();
    for configuration in measured.iter().filter(|c| c.latency_observable) {
        loads.entry(load(configuration)).or_default().push(configuration);
    }
    if loads.is_empty() {
        return vec![no_answer(
            Question::P99,
            "Latency is not observable: with acks=0 there is no acknowledgement to time.",
        )];
    }
    let several = loads.len() > 1;
    let mut groups: Vec<(String, Vec<&ConfigurationSummary>)> = loads.into_iter().collect();
    groups.sort_by(|(_, a), (_, b)| {
        b.len()
            .cmp(&a.len())
            .then(rate_per_s(a[0]).total_cmp(&rate_per_s(b[0])))
    });
    // A configuration that is alone under its load beats nobody, unless there is nothing else to show.
    let alone = groups.iter().filter(|(_, members)| members.len() == 1).count();
    let alone = if alone == groups.len() { 0 } else { alone };
    groups.truncate(groups.len() - alone);
    let left_out = groups.len().saturating_sub(LOADS);
    let mut answers: Vec<Answer> = groups
        .iter()
        .take(LOADS)
        .map(|(load, members)| p99_under(load, members, several))
        .collect();
    if let Some(last) = answers.last_mut() {
        last.sentence.push_str(&not_compared(left_out, alone));
    }
    answers
}

/// What is said of loads that have no answer of their own.
fn not_compared(loads: usize, alone: usize) -> String {
    let mut text = String::new();
    if loads > 0 {
        let loads = format::counted(loads as u64, "more load is", "more loads are");
        text.push_str(&format!(
            " {loads} in the table only: latency compares only under the same load."
        ));
    }
    if alone > 0 {
        let alone = format::counted(alone as u64, "configuration is", "configurations are");
        text.push_str(&format!(" {alone} alone under another load, and compared with none."));
    }
    text
}

fn p99_under(load: &str, members: &[&ConfigurationSummary], several: bool) -> Answer {
    let mut notes = Vec::new();
    if members[0].is_paced() {
        notes.push("Response latency: from the intended send time to the acknowledgement.".to_owned());
    } else if members[0].workload.send_mode != SendMode::Sync {
        notes.push(
            "Queueing latency: the load was not paced, so it measures the length of the client's queue; at a given \
             rate the order may differ."
                .to_owned(),
        );
    } else {
        notes.push(
            "Called queueing latency, since the load was not paced: each thread waits for its record.".to_owned(),
        );
    }
    let bounded: Vec<String> = members
        .iter()
        .filter(|c| Metric::LatencyP99.is_at_least(c))
        .map(|c| c.label.clone())
        .collect();
    if !bounded.is_empty() {
        notes.push(format!(
            "Left out, since so many of their records have no latency that their p99 is only a lower bound: {}.",
            format::listed(&bounded, NAMED)
        ));
    }
    let eligible: Vec<&ConfigurationSummary> = members
        .iter()
        .copied()
        .filter(|c| !Metric::LatencyP99.is_at_least(c))
        .collect();
    let among = several.then(|| load.to_owned());
    best(Question::P99, Metric::LatencyP99, &eligible, among.clone(), &notes).unwrap_or_else(|| {
        let mut answer = no_answer(
            Question::P99,
            "No 99th percentile can be given: it needs 1,000 records, all but 1 % with a latency.",
        );
        answer.among = among;
        answer
    })
}

fn client_cpu(measured: &[&ConfigurationSummary]) -> Vec<Answer> {
    let (metric, mut notes) = if same_payload(measured) {
        (Metric::ClientCpu, Vec::new())
    } else {
        (
            Metric::ClientCpuPerGb,
            vec!["Record payloads differ, so the comparison is per GB.".to_owned()],
        )
    };
    let rates: std::collections::BTreeSet<String> = measured.iter().map(|c| rate(c)).collect();
    if rates.len() > 1 {
        notes.push("Rates differ between configurations: CPU per record falls as batches fill.".to_owned());
    }
    best(Question::ClientCpu, metric, measured, None, &notes)
        .into_iter()
        .collect()
}

fn no_answer(question: Question, sentence: &str) -> Answer {
    Answer {
        question,
        configuration_id: None,
        label: None,
        figure: None,
        among: None,
        sentence: sentence.to_owned(),
        overlaps_with: Vec::new(),
    }
}

/// The best of some configurations by one metric, with what limits the claim.
fn best(
    question: Question,
    metric: Metric,
    among: &[&ConfigurationSummary],
    load: Option<String>,
    notes: &[String],
) -> Option<Answer> {
    let (winner, value) = among
        .iter()
        .filter_map(|c| Some((*c, metric.value(c)?)))
        .reduce(|best, next| if metric.is_better(next.1, best.1) { next } else { best })?;
    let compared = among.iter().filter(|c| metric.value(c).is_some()).count();
    let overlaps: Vec<String> = among
        .iter()
        .filter(|c| c.id != winner.id)
        .filter(|c| ranges_overlap(metric.spread(winner), metric.spread(c)))
        .map(|c| c.label.clone())
        .collect();
    let unvaried: Vec<String> = among
        .iter()
        .filter(|c| metric.value(c).is_some() && values_of_trials(metric, c) < 2)
        .map(|c| c.label.clone())
        .collect();
    let mut sentences = vec![claim(metric, winner, compared, (&overlaps, &unvaried))];
    sentences.extend(notes.iter().cloned());
    sentences.extend(caveats(winner));
    Some(Answer {
        question,
        configuration_id: Some(winner.id.clone()),
        label: Some(winner.label.clone()),
        figure: Some(metric.format_with_unit(value)),
        among: load,
        sentence: sentences.join(" "),
        overlaps_with: overlaps,
    })
}

fn ranges_overlap(a: Option<&Spread>, b: Option<&Spread>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.overlaps(b))
}

/// Trials that have this figure each by itself: a p99 takes 1,000 records in one trial.
fn values_of_trials(metric: Metric, of: &ConfigurationSummary) -> usize {
    metric.spread(of).map_or(0, |spread| spread.values.len())
}

/// `unvaried` have fewer than two trials with a figure of their own: of them nothing is known about chance.
fn claim(
    metric: Metric,
    winner: &ConfigurationSummary,
    compared: usize,
    (overlaps, unvaried): (&[String], &[String]),
) -> String {
    if compared == 1 {
        return "The only configuration measured here: there is nothing to compare it with.".to_owned();
    }
    let extreme = if metric.is_better(2.0, 1.0) {
        "Highest"
    } else {
        "Lowest"
    };
    let trials = format::counted(winner.trials.completed, "trial", "trials");
    // Percentiles are read from merged histograms: their figure is no median of trials.
    let what = if metric == Metric::LatencyP99 {
        format!("p99 over {trials} together")
    } else {
        format!("median of {trials}")
    };
    let what = if winner.trials.completed == 1 && metric != Metric::LatencyP99 {
        "value of 1 trial".to_owned()
    } else {
        what
    };
    let of = format!(
        "{extreme} {what} among {}",
        format::counted(compared as u64, "configuration", "configurations")
    );
    if winner.trials.completed == 1 {
        return format!("{of}; with one trial nothing is known about chance.");
    }
    if values_of_trials(metric, winner) < 2 {
        return format!(
            "{of}; fewer than two of its trials have this figure by themselves, so nothing is known about chance."
        );
    }
    if !overlaps.is_empty() {
        return format!(
            "{of}; its trials overlap with those of {}: they are not told apart here.",
            format::listed(overlaps, NAMED)
        );
    }
    if !unvaried.is_empty() {
        return format!(
            "{of}; nothing is known about chance, since fewer than two trials have this figure by themselves in {}.",
            format::listed(unvaried, NAMED)
        );
    }
    format!("{of}; no other configuration's trials overlap with its own.")
}

fn caveats(winner: &ConfigurationSummary) -> Vec<String> {
    let mut caveats = Vec::new();
    if winner.failed > 0 || winner.undecided > 0 {
        caveats.push(format!(
            "{} of its records failed and {} had no verdict.",
            format::count(winner.failed),
            format::count(winner.undecided)
        ));
    }
    if winner.trials.failed > 0 {
        let (number, verb) = (
            winner.trials.failed,
            if winner.trials.failed == 1 { "does" } else { "do" },
        );
        caveats.push(format!("{number} of its trials failed and {verb} not count."));
    }
    if let Some(headroom) = winner.little_headroom() {
        caveats.push(format!(
            "Its headroom is {}: the load generator itself may have been the bottleneck.",
            Metric::Headroom.format(headroom)
        ));
    }
    caveats
}

fn same_payload(configurations: &[&ConfigurationSummary]) -> bool {
    configurations
        .windows(2)
        .all(|pair| pair[0].workload.payload == pair[1].workload.payload)
}

/// Infinite where no rate was given.
fn rate_per_s(configuration: &ConfigurationSummary) -> f64 {
    match configuration.workload.arrival {
        Arrival::Unpaced => f64::INFINITY,
        Arrival::Constant { rate_per_s } => rate_per_s,
    }
}

fn rate(configuration: &ConfigurationSummary) -> String {
    match configuration.workload.arrival {
        Arrival::Unpaced => "unpaced".to_owned(),
        Arrival::Constant { rate_per_s } => format!("{} records/s", format::count(rate_per_s.round() as u64)),
    }
}

/// The load that latencies were measured under, in words: they compare only where it is the same.
pub(in crate::report) fn load(configuration: &ConfigurationSummary) -> String {
    let workload = &configuration.workload;
    let mut words = vec![rate(configuration), workload.send_mode.to_string()];
    if workload.send_mode == SendMode::Sync {
        words.push(format::counted(
            u64::from(workload.send_concurrency),
            "thread",
            "threads",
        ));
    }
    if workload.producers != 1 {
        words.push(format::counted(u64::from(workload.producers), "producer", "producers"));
    }
    words.push(size_in_words(configuration));
    words.join(", ")
}

fn size_in_words(configuration: &ConfigurationSummary) -> String {
    use crate::protocol::Size;
    match &configuration.workload.payload.size {
        Size::Fixed { bytes } => format!("{} B records", format::count(u64::from(*bytes))),
        other => format!("records up to {} B", format::count(u64::from(other.max_bytes()))),
    }
}
