//! The short answers: which configuration came out first, among which, and how sure that is.

use std::collections::BTreeMap;

use super::model::{Answer, ConfigurationSummary, Question};
use crate::analysis::{BestSet, Floors, Observations, best_set};
use crate::protocol::{Acks, SendMode};
use crate::report::format;
use crate::report::metric::Metric;

/// Names listed in a sentence before the rest is counted.
const NAMED: usize = 2;

/// Loads for which an answer of its own is given; latency can only be compared under the same load.
const LOADS: usize = 4;

/// What tells configurations apart.
pub(super) struct Evidence<'a> {
    observations: &'a Observations,
    floors: &'a Floors,
}

impl<'a> Evidence<'a> {
    pub(super) fn new(observations: &'a Observations, floors: &'a Floors) -> Evidence<'a> {
        Evidence { observations, floors }
    }
}

/// All answers, the most asked for first.
pub(super) fn answers(configurations: &[ConfigurationSummary], evidence: &Evidence<'_>) -> Vec<Answer> {
    let measured: Vec<&ConfigurationSummary> = configurations.iter().filter(|c| c.trials.completed > 0).collect();
    if measured.is_empty() {
        return Vec::new();
    }
    let mut answers = throughput(&measured, evidence);
    answers.extend(p99(&measured, evidence));
    answers.extend(client_cpu(&measured, evidence));
    answers
}

fn throughput(measured: &[&ConfigurationSummary], evidence: &Evidence<'_>) -> Vec<Answer> {
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
        answers.extend(best(Question::Throughput, metric, &with, among, &notes, evidence));
    }
    if !without.is_empty() {
        let mut notes = notes.clone();
        notes.push(
            "With acks=0 nothing is acknowledged: this is the growth of the log, without a latency and without \
             knowing of losses; it does not compare with acknowledged throughput."
                .to_owned(),
        );
        let among = (!with.is_empty()).then(|| "acks=0".to_owned());
        answers.extend(best(Question::Throughput, metric, &without, among, &notes, evidence));
    }
    answers
}

/// Where all load is paced there is no best throughput, only rates that were kept or not.
pub(super) fn paced_throughput(measured: &[&ConfigurationSummary]) -> Answer {
    let below = |c: &ConfigurationSummary, rate_per_s: f64| {
        Metric::Throughput
            .value(c)
            .is_none_or(|found| found < 0.99 * rate_per_s)
    };
    // Whether a scheduler kept up with its users, or its runs only lie so in the window, is told by its queues.
    let users = |c: &ConfigurationSummary| c.workload.arrival.scheduled_drain().map(|drain| drain.users_per_s);
    let grew = |c: &ConfigurationSummary| c.drain.as_ref().and_then(|drain| drain.queue_grew());
    let is_short = |c: &ConfigurationSummary| match (c.workload.arrival.constant_rate_per_s(), users(c)) {
        (Some(rate_per_s), _) => below(c, rate_per_s),
        (None, Some(users_per_s)) => c.trials.short_of_rate > 0 || grew(c) == Some(true) && below(c, users_per_s),
        (None, None) => c.trials.short_of_rate > 0,
    };
    let not_known =
        |c: &ConfigurationSummary| grew(c) != Some(false) && users(c).is_some_and(|users_per_s| below(c, users_per_s));
    let labels = |of: &dyn Fn(&ConfigurationSummary) -> bool| -> Vec<String> {
        let found = measured.iter().filter(|c| of(c));
        found.map(|c| c.label.clone()).collect()
    };
    let (missed, unknown) = (labels(&is_short), labels(&|c| !is_short(c) && not_known(c)));
    let counted = |labels: &[String]| {
        let count = format::counted(labels.len() as u64, "configuration", "configurations");
        (count, format::listed(labels, NAMED))
    };
    let mut found = Vec::new();
    if !missed.is_empty() {
        let (count, names) = counted(&missed);
        found.push(format!("{count} kept less than 99 % of the rate ({names})"));
    }
    if !unknown.is_empty() {
        let (count, names) = counted(&unknown);
        found.push(format!("of {count} it is not known ({names})"));
    }
    if found.is_empty() {
        found.push("every configuration kept at least 99 % of its rate".to_owned());
    }
    let sentence = format!(
        "The load was paced, so throughput was set, not found: {}.",
        found.join("; ")
    );
    Answer {
        question: Question::Throughput,
        configuration_id: None,
        label: None,
        figure: None,
        among: None,
        sentence,
        not_told_apart: Vec::new(),
        best_set: None,
    }
}

fn p99(measured: &[&ConfigurationSummary], evidence: &Evidence<'_>) -> Vec<Answer> {
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
    if several && alone == groups.len() {
        let sentence = format!(
            "Each of the {alone} configurations has a load of its own, and latency compares only under the same load: \
             the table has them side by side."
        );
        return vec![no_answer(Question::P99, &sentence)];
    }
    let alone = if several { alone } else { 0 };
    groups.truncate(groups.len() - alone);
    let left_out = groups.len().saturating_sub(LOADS);
    let mut answers: Vec<Answer> = groups
        .iter()
        .take(LOADS)
        .map(|(load, members)| p99_under(load, members, several, evidence))
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

fn p99_under(load: &str, members: &[&ConfigurationSummary], several: bool, evidence: &Evidence<'_>) -> Answer {
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
    best(
        Question::P99,
        Metric::LatencyP99,
        &eligible,
        among.clone(),
        &notes,
        evidence,
    )
    .unwrap_or_else(|| {
        let mut answer = no_answer(
            Question::P99,
            "No 99th percentile can be given: it needs 1,000 records, all but 1 % with a latency.",
        );
        answer.among = among;
        answer
    })
}

fn client_cpu(measured: &[&ConfigurationSummary], evidence: &Evidence<'_>) -> Vec<Answer> {
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
    best(Question::ClientCpu, metric, measured, None, &notes, evidence)
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
        not_told_apart: Vec::new(),
        best_set: None,
    }
}

/// The best of some configurations by one metric, with what limits the claim.
fn best(
    question: Question,
    metric: Metric,
    among: &[&ConfigurationSummary],
    load: Option<String>,
    notes: &[String],
    evidence: &Evidence<'_>,
) -> Option<Answer> {
    let (winner, value) = among
        .iter()
        .filter_map(|c| Some((*c, metric.value(c)?)))
        .reduce(|best, next| if metric.is_better(next.1, best.1) { next } else { best })?;
    let others: Vec<&ConfigurationSummary> = among
        .iter()
        .copied()
        .filter(|c| c.id != winner.id && metric.value(c).is_some())
        .collect();
    let ids: Vec<&str> = others.iter().map(|c| c.id.as_str()).collect();
    let set = best_set(&winner.id, &ids, metric, evidence.observations, evidence.floors);
    let not_told_apart: Vec<String> = others
        .iter()
        .filter(|c| set.as_ref().is_some_and(|set| set.not_told_apart.contains(&c.id)))
        .map(|c| c.label.clone())
        .collect();
    let mut sentences = vec![claim(metric, winner, set.as_ref(), &not_told_apart)];
    sentences.extend(notes.iter().cloned());
    sentences.extend(caveats(winner));
    Some(Answer {
        question,
        configuration_id: Some(winner.id.clone()),
        label: Some(winner.label.clone()),
        figure: Some(metric.format_with_unit(value)),
        among: load,
        sentence: sentences.join(" "),
        not_told_apart: match &set {
            Some(set) if set.is_decidable() => not_told_apart,
            _ => Vec::new(),
        },
        best_set: set,
    })
}

fn claim(metric: Metric, winner: &ConfigurationSummary, set: Option<&BestSet>, not_told_apart: &[String]) -> String {
    let Some(set) = set else {
        return "The only configuration measured here: there is nothing to compare it with.".to_owned();
    };
    let extreme = if metric.is_better(2.0, 1.0) {
        "Highest"
    } else {
        "Lowest"
    };
    let trials = format::counted(winner.trials.completed, "trial", "trials");
    // Percentiles are read from merged histograms: their figure is no median of trials.
    let what = match (metric, winner.trials.completed) {
        (Metric::LatencyP99, 1) => "p99 of 1 trial".to_owned(),
        (Metric::LatencyP99, _) => format!("p99 over {trials} together"),
        (_, 1) => "value of 1 trial".to_owned(),
        _ => format!("median of {trials}"),
    };
    let compared = set.not_told_apart.len() + set.worse.len() + 1;
    let of = format!(
        "{extreme} {what} among {}",
        format::counted(compared as u64, "configuration", "configurations")
    );
    if !set.is_decidable() {
        let blocks = match set.blocks {
            0 => "no block has the figure of all".to_owned(),
            blocks => format!("there {} {blocks}", if blocks == 1 { "is" } else { "are" }),
        };
        return format!(
            "{of}. To tell them apart takes {} blocks with every figure; {blocks}: whether it is really ahead is not known.",
            set.blocks_needed
        );
    }
    match not_told_apart.len() {
        0 => format!("{of}; every other is worse, with 95 % confidence."),
        all if all + 1 == compared => format!("{of}, but none of the others can be told apart from it."),
        _ => format!(
            "{of}. Cannot be told apart from it: {}. The rest is worse, with 95 % confidence.",
            format::listed(not_told_apart, NAMED)
        ),
    }
}

fn caveats(winner: &ConfigurationSummary) -> Vec<String> {
    let mut caveats = Vec::new();
    let outcomes = [(winner.failed, "failed"), (winner.undecided, "had no verdict")];
    let without: Vec<String> = outcomes
        .iter()
        .filter(|(records, _)| *records > 0)
        .map(|(records, what)| format!("{} {what}", format::count(*records)))
        .collect();
    if !without.is_empty() {
        caveats.push(format!("Of its records {}.", without.join(" and ")));
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
        .all(|pair| pair[0].workload.carries_the_same(&pair[1].workload))
}

/// Infinite where no rate was given.
fn rate_per_s(configuration: &ConfigurationSummary) -> f64 {
    let arrival = &configuration.workload.arrival;
    // Over any second: it only puts loads in order.
    arrival.mean_rate_per_s(1_000).unwrap_or(f64::INFINITY)
}

fn rate(configuration: &ConfigurationSummary) -> String {
    let arrival = &configuration.workload.arrival;
    if let Some(drain) = arrival.scheduled_drain() {
        let every = format::milliseconds(drain.every_us as f64 / 1e3);
        let users = format::count(drain.users_per_s.round() as u64);
        return format!("{users} users/s drained every {every}");
    }
    match arrival.constant_rate_per_s() {
        Some(rate_per_s) => format!("{} records/s", format::count(rate_per_s.round() as u64)),
        None => arrival.to_string(),
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
    if let Some(serialization) = &configuration.workload.serialization {
        return format!("the record {}", serialization.record);
    }
    match &configuration.workload.payload.size {
        Size::Fixed { bytes } => format!("{} B records", format::count(u64::from(*bytes))),
        other => format!("records up to {} B", format::count(u64::from(other.max_bytes()))),
    }
}
