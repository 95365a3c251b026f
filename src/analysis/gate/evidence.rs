//! What one figure of one configuration may be decided by: whether its trials are valid, whether the two sides may be
//! compared at all, and which rate a paced load had to keep. Knows nothing of where the baseline comes from.

use std::collections::BTreeMap;

use super::decide::{Case, Evidence};
use super::losses::{Lost, lost};
use super::rate::AgainstRate;
use super::{Asked, GateRow, GateVerdict, Judged, Threshold};
use crate::analysis::session::Figures;
use crate::analysis::{Metric, incomparable};
use crate::profile::Configuration;
use crate::protocol::Acks;
use crate::stats;
use crate::store::{BaselineSession, Manifest, SessionConfiguration};

/// Values by block.
pub(super) type Values = BTreeMap<u32, f64>;

/// One gated figure of one configuration, on both sides.
pub(super) struct Figure<'a> {
    pub(super) configuration: &'a Configuration,
    pub(super) label: &'a str,
    pub(super) threshold: &'a Threshold,
    pub(super) base: &'a Values,
    pub(super) now: &'a Values,
    /// Completed trials of both.
    pub(super) trials: (u32, u32),
    /// Base and candidate against what was asked of them, where their load may have set the figure; or why it may not be
    /// compared: see [`set_by_rate`].
    pub(super) rate: Result<Option<AgainstRate>, String>,
}

/// The figure with what it is decided by: nothing where its trials do not count, the rate where that was kept, else what
/// `compared` makes of both sides.
pub(super) fn case(
    figure: &Figure<'_>,
    broken: Option<&str>,
    judged: &mut Judged,
    compared: impl FnOnce() -> Evidence,
) -> Case {
    let Figure {
        threshold, base, now, ..
    } = *figure;
    let row = row(
        figure.configuration,
        figure.label,
        threshold,
        base,
        now,
        figure.trials.1,
    );
    let mut remark = None;
    let evidence = if let Some(why) = broken {
        Evidence::Invalid(why.to_owned())
    } else if let Some(missing) = missing_values(base, now, figure.trials) {
        missing
    } else {
        match &figure.rate {
            Ok(Some(rate)) => {
                let evidence;
                (evidence, remark) = rate.evidence(figure.label, threshold.share, judged, compared);
                evidence
            }
            Ok(None) => compared(),
            Err(why) => Evidence::Nothing(format!("Cannot be said: {why}.")),
        }
    };
    Case { row, evidence, remark }
}

/// Whether the figure is throughput and both were asked for the same: it was set then, where it was kept, and not found. An error says why the
/// figures of the two may not be compared at all.
pub(super) fn set_by_rate(base: &Configuration, candidate: &Configuration, metric: Metric) -> Result<bool, String> {
    let (before, now) = (&base.workload.arrival, &candidate.workload.arrival);
    match metric {
        Metric::Throughput if before.is_paced() && now.is_paced() => match before == now {
            true if base.acks == candidate.acks => Ok(true),
            true => incomparable_acks(base, candidate).map(|()| true),
            false => Err("the load is another, and with it what throughput can be".to_owned()),
        },
        _ => incomparable(metric, base, candidate).map_or(Ok(false), |why| Err(why.to_owned())),
    }
}

fn incomparable_acks(base: &Configuration, candidate: &Configuration) -> Result<(), String> {
    let unpaced = |one: &Configuration| {
        let mut one = one.clone();
        one.workload.arrival = crate::protocol::Arrival::Unpaced;
        one
    };
    incomparable(Metric::Throughput, &unpaced(base), &unpaced(candidate)).map_or(Ok(()), |why| Err(why.to_owned()))
}

/// Why a configuration does not count for the records that it lost; what else there is to say is told.
pub(super) fn losses_of(
    before: &[Option<&SessionConfiguration>],
    now: Option<&SessionConfiguration>,
    (label, acks): (&str, Acks),
    judged: &mut Judged,
) -> Option<String> {
    let before: Vec<&SessionConfiguration> = before.iter().copied().flatten().collect();
    let Lost {
        invalid,
        notes,
        warnings,
    } = lost(&before, now?, acks);
    let of_it = |told: Vec<String>| told.into_iter().map(|one| format!("{label}: {one}")).collect();
    add_new(&mut judged.notes, of_it(notes));
    add_new(&mut judged.warnings, of_it(warnings));
    invalid
}

/// Thresholds that apply to a configuration; what is not observable there is told. Where one of its bases has a latency,
/// its own stays gated: a candidate must not pass because it asks for no acknowledgements any more.
pub(super) fn gated<'a>(
    configuration: &Configuration,
    bases: &[&Configuration],
    asked: &'a Asked,
    notes: &mut Vec<String>,
) -> Vec<&'a Threshold> {
    let mut sides = std::iter::once(&configuration).chain(bases);
    let acknowledged = sides.any(|one| one.acks != Acks::None);
    let observable = |threshold: &&Threshold| acknowledged || !threshold.metric.is_latency();
    let gated: Vec<&Threshold> = asked.thresholds.iter().filter(observable).collect();
    if gated.len() < asked.thresholds.len() {
        notes.push(format!(
            "{}: latency is not gated, since with acks=0 there is none.",
            configuration.label
        ));
    }
    gated
}

/// Why a configuration's trials do not count.
pub(super) fn broken(figures: &Figures<'_>, id: &str, what: &str) -> Option<String> {
    let (planned, completed) = figures
        .configuration(id)
        .map_or((0, 0), |one| (one.planned, one.completed));
    match (planned, completed) {
        (0, _) => Some(format!("The {what} has no trial of it.")),
        (planned, 0) => Some(format!("None of the {planned} trials of the {what} came to its end.")),
        (planned, completed) if completed < planned => Some(format!(
            "{} of {planned} trials of the {what} failed or are missing: what is left may be the better part.",
            planned - completed
        )),
        _ => None,
    }
}

/// A figure that not every trial has: unobserved throughout, or only a bound in some of them.
fn missing_values(base: &Values, now: &Values, trials: (u32, u32)) -> Option<Evidence> {
    let is_whole = |values: &Values, trials: u32| !values.is_empty() && values.len() as u32 >= trials;
    if base.is_empty() && now.is_empty() {
        return Some(Evidence::Nothing(
            "This figure was not observed on either side.".to_owned(),
        ));
    }
    if base.is_empty() || now.is_empty() {
        let side = if base.is_empty() { "baseline" } else { "candidate" };
        return Some(Evidence::Invalid(format!("The {side} has no value of this figure.")));
    }
    let whole = is_whole(base, trials.0) && is_whole(now, trials.1);
    (!whole).then(|| {
        Evidence::Invalid(
            "Some trials have no value of this figure, or only a bound: what is left may be the better part."
                .to_owned(),
        )
    })
}

pub(super) fn row(
    configuration: &Configuration,
    label: &str,
    threshold: &Threshold,
    base: &Values,
    now: &Values,
    trials: u32,
) -> GateRow {
    let median = |values: &Values| stats::median(&values.values().copied().collect::<Vec<_>>());
    GateRow {
        configuration_id: configuration.id.clone(),
        label: label.to_owned(),
        metric: threshold.metric,
        threshold: threshold.share,
        basis: None,
        baseline: median(base),
        value: median(now),
        trials,
        ratio: None,
        low: None,
        high: None,
        confidence: None,
        p: None,
        count: 0,
        count_needed: 0,
        verdict: GateVerdict::Inconclusive,
        sentence: String::new(),
        repeated: None,
    }
}

/// Where the whole is not valid, no row is.
pub(super) fn invalidated(mut judged: Judged) -> Judged {
    if let Some(why) = judged.invalid.first() {
        for row in judged
            .rows
            .iter_mut()
            .filter(|row| row.verdict != GateVerdict::NotValid)
        {
            row.verdict = GateVerdict::NotValid;
            row.sentence.clone_from(why);
        }
    }
    judged
}

/// A run with a precision that broke off may not have measured what it was to measure, and its blocks are not those
/// that were planned.
pub(super) fn not_ended(session: &BaselineSession, judged: &mut Judged) {
    add_new(&mut judged.notes, session.notes.clone());
    if session.manifest.awaits_more_blocks() {
        judged
            .invalid
            .push("The run broke off before enough was measured; --resume continues it.".to_owned());
    }
}

pub(super) fn configuration<'a>(manifest: &'a Manifest, id: &str) -> Option<&'a Configuration> {
    manifest.configurations.iter().find(|one| one.id == id)
}

pub(super) fn add_new(all: &mut Vec<String>, some: Vec<String>) {
    for one in some {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

pub(super) fn logs(values: &Values) -> Vec<f64> {
    values.values().map(|value| value.ln()).collect()
}

pub(super) fn log_median(values: &Values) -> Option<f64> {
    stats::median(&logs(values))
}

pub(super) fn log_ratios(base: &Values, candidate: &Values) -> Vec<f64> {
    candidate
        .iter()
        .filter_map(|(block, value)| Some((value / base.get(block)?).ln()))
        .collect()
}
