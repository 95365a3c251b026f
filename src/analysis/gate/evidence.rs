//! What there is to decide by: which configurations are held against which, whether their trials are valid, and which
//! test the figures allow.

use std::collections::BTreeMap;

use super::decide::{Case, Evidence, Test, decide};
use super::losses::{Lost, lost};
use super::{Asked, GateRow, GateVerdict, Judged, Threshold};
use crate::analysis::session::Figures;
use crate::analysis::{Basis, Metric, Side, changed_settings, differences, incomparable};
use crate::profile::{Configuration, Order};
use crate::protocol::Acks;
use crate::stats::sessions::LEAST_SESSIONS;
use crate::stats::{self};
use crate::store::{BaselineSession, Manifest, SessionConfiguration};

/// The axis by which base and candidate of one run are told apart, and its values.
const VARIANT: &str = "variant";
const BASE: &str = "base";
const CANDIDATE: &str = "candidate";

/// Figures that hardly vary from session to session.
const STEADY: [Metric; 3] = [Metric::RecordsPerBatch, Metric::WireBytes, Metric::ClientCpu];

/// Fewest trials of a session whose median is held against other sessions'.
const LEAST_TRIALS: u32 = 3;

/// Hours over which the sessions of a baseline should be spread, to hold more than one day.
const LEAST_SPAN_H: f64 = 48.0;

/// Base and candidate of one interleaved run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Id of the base's configuration.
    pub base_id: String,
    /// Id of the candidate's.
    pub candidate_id: String,
    /// What both are called.
    pub label: String,
}

/// The pairs of a run that measured a base and a candidate interleaved; empty where it did not.
pub fn pairs_of(manifest: &Manifest) -> Vec<Pair> {
    let of = |name: &str| -> Vec<&Configuration> {
        let is_it = |one: &&Configuration| variant(one).as_deref() == Some(name);
        manifest.configurations.iter().filter(is_it).collect()
    };
    let rest = |one: &Configuration| -> Vec<(String, String)> {
        let others = one.axes.iter().filter(|setting| setting.axis != VARIANT);
        others
            .map(|setting| (setting.axis.clone(), setting.value.clone()))
            .collect()
    };
    let bases = of(BASE);
    of(CANDIDATE)
        .into_iter()
        .filter_map(|candidate| {
            let base = bases.iter().find(|base| rest(base) == rest(candidate))?;
            Some(Pair {
                base_id: base.id.clone(),
                candidate_id: candidate.id.clone(),
                label: plain_label(&candidate.label),
            })
        })
        .collect()
}

fn variant(configuration: &Configuration) -> Option<String> {
    let setting = configuration.axes.iter().find(|setting| setting.axis == VARIANT)?;
    Some(setting.value.clone())
}

fn plain_label(label: &str) -> String {
    match label.strip_prefix(CANDIDATE).map(str::trim) {
        Some("") => "default".to_owned(),
        Some(rest) => rest.to_owned(),
        None => label.to_owned(),
    }
}

/// Candidates against bases that were measured interleaved with them.
pub fn interleaved(session: &BaselineSession, pairs: &[Pair], asked: &Asked) -> Judged {
    let figures = Figures::of(session);
    let mut judged = Judged::default();
    not_ended(session, &mut judged);
    in_fixed_order(session, asked, &mut judged);
    let mut cases = Vec::new();
    for pair in pairs {
        let (Some(base), Some(candidate)) = (
            configuration(&session.manifest, &pair.base_id),
            configuration(&session.manifest, &pair.candidate_id),
        ) else {
            continue;
        };
        let broken = [(&pair.base_id, "base"), (&pair.candidate_id, "candidate")]
            .into_iter()
            .find_map(|(id, what)| broken(&figures, id, what));
        let before = [figures.configuration(&pair.base_id)];
        let broken = broken.or_else(|| {
            losses_of(
                &before,
                figures.configuration(&pair.candidate_id),
                &pair.label,
                &mut judged.notes,
            )
        });
        for threshold in gated(candidate, asked, &mut judged.notes) {
            let values = (
                figures.series(&pair.base_id, threshold.metric),
                figures.series(&pair.candidate_id, threshold.metric),
            );
            let blocks = figures.configuration(&pair.candidate_id).map_or(0, |one| one.completed);
            let row = row(candidate, &pair.label, threshold, &values.0, &values.1, blocks);
            let paired = || Evidence::Test(Basis::Interleaved, Test::Paired(log_ratios(&values.0, &values.1)));
            let evidence = match (&broken, missing_values(&values.0, &values.1, (blocks, blocks))) {
                (Some(why), _) => Evidence::Invalid(why.clone()),
                (None, Some(evidence)) => evidence,
                (None, None) => match set_by_rate(base, candidate, threshold.metric) {
                    Ok(true) => {
                        let ratios = (
                            of_intended(base, &figures, &pair.base_id, &values.0),
                            of_intended(candidate, &figures, &pair.candidate_id, &values.1),
                        );
                        match keeps(&ratios.0, threshold.share) {
                            true => kept_rate(&ratios.1),
                            false => {
                                add_new(&mut judged.notes, vec![short_of_rate(&pair.label)]);
                                paired()
                            }
                        }
                    }
                    Ok(false) => paired(),
                    Err(why) => Evidence::Nothing(format!("Cannot be said: {why}.")),
                },
            };
            cases.push(Case { row, evidence });
        }
    }
    judged.rows = decide(cases);
    if !pairs.is_empty() {
        beside_pairs(session, pairs, asked, &mut judged);
    }
    invalidated(judged)
}

/// A candidate against stored sessions: measured on other days.
pub fn against_stored(stored: &[BaselineSession], candidate: &BaselineSession, asked: &Asked) -> Judged {
    let mut judged = Judged::default();
    not_ended(candidate, &mut judged);
    judged.notes.extend(close_together(stored));
    let now = Figures::of(candidate);
    let mut cases = Vec::new();
    for configuration in &candidate.manifest.configurations {
        let matching = matching(stored, configuration, asked.force, &mut judged);
        if matching.is_empty() {
            continue;
        }
        let mut broken = broken(&now, &configuration.id, "run");
        let before: Vec<_> = matching
            .iter()
            .map(|(session, id)| session.configurations.iter().find(|one| one.configuration_id == *id))
            .collect();
        let lost = losses_of(
            &before,
            now.configuration(&configuration.id),
            &configuration.label,
            &mut judged.notes,
        );
        broken = broken.or(lost);
        let differ = all_differences(&matching, candidate, configuration);
        if asked.force {
            add_new(&mut judged.forced, differ);
        } else if !differ.is_empty() {
            broken = Some(format!("Not comparable with the baseline: {}.", differ.join("; ")));
            add_new(&mut judged.invalid, differ);
        }
        let completed = now.configuration(&configuration.id).map_or(0, |one| one.completed);
        for threshold in gated(configuration, asked, &mut judged.notes) {
            let sessions: Vec<BTreeMap<u32, f64>> = matching
                .iter()
                .map(|(session, id)| Figures::of(session).series(id, threshold.metric))
                .collect();
            // Numbered anew: blocks of different sessions have nothing in common.
            let pooled: BTreeMap<u32, f64> = (1..)
                .zip(sessions.iter().flat_map(|one| one.values().copied()))
                .collect();
            let values = now.series(&configuration.id, threshold.metric);
            let row = row(
                configuration,
                &configuration.label,
                threshold,
                &pooled,
                &values,
                completed,
            );
            let bases = matching
                .iter()
                .filter_map(|(one, id)| self::configuration(&one.manifest, id));
            let by_rate: Result<Vec<bool>, String> = bases
                .map(|base| set_by_rate(base, configuration, threshold.metric))
                .collect();
            let before = || -> Vec<f64> {
                let each = matching
                    .iter()
                    .zip(&sessions)
                    .map(|((session, id), values)| of_intended(configuration, &Figures::of(session), id, values));
                each.flatten().collect()
            };
            let trials = (pooled.len() as u32, completed);
            let stored = || stored_evidence(threshold.metric, &sessions, &pooled, &values);
            let evidence = match (&broken, missing_values(&pooled, &values, trials)) {
                (Some(why), _) => Evidence::Invalid(why.clone()),
                (None, Some(evidence)) => evidence,
                (None, None) => match by_rate.map(|by_rate| by_rate.first().copied().unwrap_or(false)) {
                    Ok(true) if keeps(&before(), threshold.share) => {
                        kept_rate(&of_intended(configuration, &now, &configuration.id, &values))
                    }
                    Ok(true) => {
                        add_new(&mut judged.notes, vec![short_of_rate(&configuration.label)]);
                        stored()
                    }
                    Ok(false) => stored(),
                    Err(why) => Evidence::Nothing(format!("Cannot be said: {why}.")),
                },
            };
            cases.push(Case { row, evidence });
        }
    }
    judged.rows = decide(cases);
    unmatched(stored, candidate, asked, &mut judged);
    invalidated(judged)
}

/// Where the whole is not valid, no row is.
fn invalidated(mut judged: Judged) -> Judged {
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

/// Six sessions, or a figure that hardly varies; else nothing.
fn stored_evidence(
    metric: Metric,
    sessions: &[BTreeMap<u32, f64>],
    pooled: &BTreeMap<u32, f64>,
    values: &BTreeMap<u32, f64>,
) -> Evidence {
    let sessions: Vec<&BTreeMap<u32, f64>> = sessions.iter().filter(|one| !one.is_empty()).collect();
    if sessions.len() >= LEAST_SESSIONS {
        let fewest = sessions.iter().map(|one| one.len()).min().unwrap_or(0) as u32;
        let needed = fewest.max(LEAST_TRIALS);
        if (values.len() as u32) < needed {
            return Evidence::Nothing(format!(
                "Too few trials: the stored sessions have {fewest} or more, this run has {}; {needed} are needed, or its \
                 median would vary more than theirs.",
                values.len()
            ));
        }
        let medians: Option<Vec<f64>> = sessions.iter().map(|one| log_median(one)).collect();
        return match (medians, log_median(values)) {
            (Some(medians), Some(now)) => Evidence::Test(Basis::Sessions, Test::Sessions(medians, now)),
            _ => Evidence::Nothing("A session has no median.".to_owned()),
        };
    }
    if STEADY.contains(&metric) {
        return Evidence::Test(Basis::Steady, Test::Unpaired(logs(pooled), logs(values)));
    }
    Evidence::Nothing(format!(
        "Needs {LEAST_SESSIONS} stored sessions and has {}: this figure varies from session to session by more than single \
         ones tell. Save more sessions, or run it interleaved: kpbench gate --profile.",
        sessions.len()
    ))
}

/// Each trial's throughput ÷ the rate that was asked of it: a constant one, or what was due in its own window.
fn of_intended(
    configuration: &Configuration,
    figures: &Figures<'_>,
    id: &str,
    values: &BTreeMap<u32, f64>,
) -> Vec<f64> {
    match configuration.workload.arrival.constant_rate_per_s() {
        Some(rate_per_s) => values.values().map(|value| value / rate_per_s).collect(),
        None => {
            let offered = figures.series(id, Metric::OfferedRate);
            let each = values
                .iter()
                .filter_map(|(block, value)| Some(value / offered.get(block)?));
            each.collect()
        }
    }
}

/// The trials of a paced load against the rate that was asked for.
fn kept_rate(ratios: &[f64]) -> Evidence {
    Evidence::Test(
        Basis::OfferedRate,
        Test::Paired(ratios.iter().map(|ratio| ratio.ln()).collect()),
    )
}

/// Whether the figure is throughput and both were asked for the same; not where it was found and not set. An error says
/// why the figures of the two may not be compared at all.
fn set_by_rate(base: &Configuration, candidate: &Configuration, metric: Metric) -> Result<bool, String> {
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

/// Whether the baseline came up to the rate, but for what is put up with. Where it did not, throughput was not set by the
/// rate but found, and is compared like any other figure.
fn keeps(ratios: &[f64], tolerated: f64) -> bool {
    stats::median(ratios).is_some_and(|median| median >= 1.0 - tolerated)
}

fn short_of_rate(label: &str) -> String {
    format!(
        "{label}: the baseline did not keep the rate asked for, so that throughput was held against the baseline's."
    )
}

/// Why a configuration does not count for the records that it lost; what else there is to say goes to the notes.
fn losses_of(
    before: &[Option<&SessionConfiguration>],
    now: Option<&SessionConfiguration>,
    label: &str,
    notes: &mut Vec<String>,
) -> Option<String> {
    let before: Vec<&SessionConfiguration> = before.iter().copied().flatten().collect();
    let Lost { invalid, notes: told } = lost(&before, now?);
    add_new(notes, told.into_iter().map(|note| format!("{label}: {note}")).collect());
    invalid
}

/// Thresholds that apply to a configuration; what is not observable there is told.
fn gated<'a>(configuration: &Configuration, asked: &'a Asked, notes: &mut Vec<String>) -> Vec<&'a Threshold> {
    let observable = |threshold: &&Threshold| configuration.acks != Acks::None || !threshold.metric.is_latency();
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
fn broken(figures: &Figures<'_>, id: &str, what: &str) -> Option<String> {
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
fn missing_values(base: &BTreeMap<u32, f64>, now: &BTreeMap<u32, f64>, trials: (u32, u32)) -> Option<Evidence> {
    let is_whole = |values: &BTreeMap<u32, f64>, trials: u32| !values.is_empty() && values.len() as u32 >= trials;
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

fn row(
    configuration: &Configuration,
    label: &str,
    threshold: &Threshold,
    base: &BTreeMap<u32, f64>,
    now: &BTreeMap<u32, f64>,
    trials: u32,
) -> GateRow {
    let median = |values: &BTreeMap<u32, f64>| stats::median(&values.values().copied().collect::<Vec<_>>());
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

/// The sessions that have the configuration, with its id there. Of the same label only where that is insisted on.
fn matching<'a>(
    stored: &'a [BaselineSession],
    configuration: &Configuration,
    force: bool,
    judged: &mut Judged,
) -> Vec<(&'a BaselineSession, &'a str)> {
    let mut found = Vec::new();
    for session in stored {
        let all = &session.manifest.configurations;
        let same_id = all.iter().find(|one| one.id == configuration.id);
        let same_label = || all.iter().find(|one| force && one.label == configuration.label);
        let Some(other) = same_id.or_else(same_label) else {
            continue;
        };
        if other.id != configuration.id {
            add_new(
                &mut judged.forced,
                vec![format!(
                    "{}: the baseline has other settings under this label",
                    configuration.label
                )],
            );
        }
        let figures = Figures::of(session);
        match figures.configuration(&other.id) {
            Some(one) if one.completed > 0 => {
                if one.completed < one.planned {
                    let note = format!(
                        "Session {} of the baseline is not complete: {} of {} trials of {} are in it.",
                        session.session_id, one.completed, one.planned, configuration.label
                    );
                    add_new(&mut judged.notes, vec![note]);
                }
                found.push((session, other.id.as_str()));
            }
            _ => add_new(
                &mut judged.notes,
                vec![format!(
                    "Session {} of the baseline has no completed trial of {}.",
                    session.session_id, configuration.label
                )],
            ),
        }
    }
    found
}

fn all_differences(
    matching: &[(&BaselineSession, &str)],
    candidate: &BaselineSession,
    now: &Configuration,
) -> Vec<String> {
    let mut found = Vec::new();
    for (session, id) in matching {
        let Some(before) = configuration(&session.manifest, id) else {
            continue;
        };
        let (was, is) = (
            Side {
                manifest: &session.manifest,
                configuration: before,
            },
            Side {
                manifest: &candidate.manifest,
                configuration: now,
            },
        );
        add_new(&mut found, differences(was, is));
    }
    found
}

/// Tells what has no counterpart, and what changed on purpose since the newest session.
fn unmatched(stored: &[BaselineSession], candidate: &BaselineSession, asked: &Asked, judged: &mut Judged) {
    let Some(newest) = stored.last() else {
        judged.invalid.push("The baseline has no session.".to_owned());
        judged.rows = without_counterpart(candidate, asked);
        return;
    };
    let gated = |id: &str| judged.rows.iter().any(|row| row.configuration_id == id);
    let labels =
        |session: &BaselineSession| -> Vec<String> { all(session).iter().map(|one| one.label.clone()).collect() };
    if judged.rows.is_empty() {
        judged.invalid.push(format!(
            "The run has no configuration in common with the baseline: it has {}; the baseline has {}. Give the profile \
             that the baseline was measured with, or save a new baseline.",
            labels(candidate).join(", "),
            labels(newest).join(", ")
        ));
        judged.rows = without_counterpart(candidate, asked);
        return;
    }
    let new: Vec<&Configuration> = all(candidate).iter().filter(|one| !gated(&one.id)).collect();
    let has_label = |label: &str| all(candidate).iter().any(|one| asked.force && one.label == label);
    let gone: Vec<&Configuration> = all(newest)
        .iter()
        .filter(|one| configuration(&candidate.manifest, &one.id).is_none() && !has_label(&one.label))
        .collect();
    let mut notes = Vec::new();
    for (which, session, what) in [
        (new, candidate, "the baseline does not have it"),
        (
            gone,
            newest,
            "this run does not have it, and the baseline's newest session does",
        ),
    ] {
        dropped(&which, session, asked, what, judged, &mut notes);
    }
    let changed: Vec<String> = candidate
        .manifest
        .configurations
        .iter()
        .filter_map(|now| {
            let before = configuration(&newest.manifest, &now.id)?;
            let (base, candidate) = (
                Side {
                    manifest: &newest.manifest,
                    configuration: before,
                },
                Side {
                    manifest: &candidate.manifest,
                    configuration: now,
                },
            );
            Some(changed_settings(base, candidate))
        })
        .fold(Vec::new(), |mut all, some| {
            add_new(&mut all, some);
            all
        });
    if !changed.is_empty() {
        notes.push(format!(
            "Changed since the baseline's newest session: {}.",
            changed.join("; ")
        ));
    }
    add_new(&mut judged.notes, notes);
}

fn all(session: &BaselineSession) -> &[Configuration] {
    &session.manifest.configurations
}

/// What is measured on one side only: not valid, so that nothing drops out of a gate unseen; a note where that is
/// insisted on.
fn dropped(
    which: &[&Configuration],
    session: &BaselineSession,
    asked: &Asked,
    why: &str,
    judged: &mut Judged,
    notes: &mut Vec<String>,
) {
    if which.is_empty() {
        return;
    }
    if asked.force {
        let labels: Vec<&str> = which.iter().map(|one| one.label.as_str()).collect();
        notes.push(format!("Not gated, since {why}: {}.", labels.join(", ")));
        return;
    }
    for configuration in which {
        let mut rows = one_sided(configuration, session, asked);
        for row in &mut rows {
            row.verdict = GateVerdict::NotValid;
            row.sentence = format!("There is nothing to compare: {why}. --force leaves it out.");
            if why.starts_with("this run") {
                (row.baseline, row.value, row.trials) = (row.value, None, 0);
            }
        }
        judged.rows.append(&mut rows);
    }
}

/// Of an interleaved run: a base or a candidate without the other is not valid; what is neither is told.
fn beside_pairs(session: &BaselineSession, pairs: &[Pair], asked: &Asked, judged: &mut Judged) {
    let paired = |id: &str| pairs.iter().any(|pair| pair.base_id == id || pair.candidate_id == id);
    let alone = all(session).iter().filter(|one| !paired(&one.id));
    let is_side = |one: &&Configuration| matches!(variant(one).as_deref(), Some(BASE | CANDIDATE));
    let (sides, others): (Vec<&Configuration>, Vec<&Configuration>) = alone.partition(is_side);
    let mut notes = Vec::new();
    let why = "there is no base and candidate of the same settings";
    dropped(&sides, session, asked, why, judged, &mut notes);
    if !others.is_empty() {
        let labels: Vec<&str> = others.iter().map(|one| one.label.as_str()).collect();
        notes.push(format!(
            "Not gated, since it is neither base nor candidate: {}.",
            labels.join(", ")
        ));
    }
    add_new(&mut judged.notes, notes);
}

/// Rows that say nothing, so that whoever reads rows alone sees that they are not valid.
fn without_counterpart(candidate: &BaselineSession, asked: &Asked) -> Vec<GateRow> {
    let configurations = all(candidate).iter();
    configurations
        .flat_map(|configuration| one_sided(configuration, candidate, asked))
        .collect()
}

fn one_sided(configuration: &Configuration, session: &BaselineSession, asked: &Asked) -> Vec<GateRow> {
    let (figures, none) = (Figures::of(session), BTreeMap::new());
    let (id, label) = (&configuration.id, &configuration.label);
    let completed = figures.configuration(id).map_or(0, |one| one.completed);
    gated(configuration, asked, &mut Vec::new())
        .into_iter()
        .map(|threshold| {
            let values = figures.series(id, threshold.metric);
            row(configuration, label, threshold, &none, &values, completed)
        })
        .collect()
}

/// A run with a precision that broke off may not have the intervals that it was to have, and its blocks are not those
/// that were planned.
fn not_ended(session: &BaselineSession, judged: &mut Judged) {
    add_new(&mut judged.notes, session.notes.clone());
    if session.manifest.awaits_more_blocks() {
        judged
            .invalid
            .push("The run broke off before its intervals were narrow enough; --resume continues it.".to_owned());
    }
}

/// In the matrix's order one side always comes after the other: drift of the machine then looks like a change.
fn in_fixed_order(session: &BaselineSession, asked: &Asked, judged: &mut Judged) {
    if session.manifest.run.order == Order::Random {
        return;
    }
    let why = "base and candidate were measured in the same order in each block (order = \"matrix\"), so that drift of \
               the machine looks like a change";
    match asked.force {
        true => judged.forced.push(why.to_owned()),
        false => judged
            .invalid
            .push(format!("Not comparable: {why}; give order = \"random\".")),
    }
}

/// Enough sessions, but all of a short time: their spread is not that of other days.
fn close_together(stored: &[BaselineSession]) -> Option<String> {
    let made = || stored.iter().map(|session| session.manifest.created_at);
    let (first, last) = (made().min()?, made().max()?);
    let hours = (last.as_second() - first.as_second()) as f64 / 3_600.0;
    (stored.len() >= LEAST_SESSIONS && hours < LEAST_SPAN_H).then(|| {
        format!(
            "{} sessions within {} h: by how much days differ is not in the interval, which is narrower than it should be.",
            stored.len(),
            hours.ceil().max(1.0)
        )
    })
}

fn configuration<'a>(manifest: &'a Manifest, id: &str) -> Option<&'a Configuration> {
    manifest.configurations.iter().find(|one| one.id == id)
}

fn add_new(all: &mut Vec<String>, some: Vec<String>) {
    for one in some {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

fn logs(values: &BTreeMap<u32, f64>) -> Vec<f64> {
    values.values().map(|value| value.ln()).collect()
}

fn log_median(values: &BTreeMap<u32, f64>) -> Option<f64> {
    stats::median(&logs(values))
}

fn log_ratios(base: &BTreeMap<u32, f64>, candidate: &BTreeMap<u32, f64>) -> Vec<f64> {
    candidate
        .iter()
        .filter_map(|(block, value)| Some((value / base.get(block)?).ln()))
        .collect()
}
