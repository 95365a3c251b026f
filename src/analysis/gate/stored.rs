//! A run against stored sessions, which were measured on other days: by the spread of six of them, or, of figures that
//! hardly vary, by their trials.

use super::decide::{Case, Evidence, Test, decide};
use super::evidence::{
    Figure, Values, add_new, broken, case, configuration, gated, invalidated, log_median, logs, losses_of, not_ended,
    set_by_rate,
};
use super::level::Level;
use super::rate::{Achieved, AgainstRate};
use super::sentence::INTERLEAVED;
use super::unmatched::unmatched;
use super::warnings::{below_noise, close_together};
use super::{Asked, Judged};
use crate::analysis::session::Figures;
use crate::analysis::{Basis, Floors, Metric, Side, differences};
use crate::profile::Configuration;
use crate::stats::sessions::LEAST_SESSIONS;
use crate::store::BaselineSession;

/// Figures that hardly vary from session to session. Client CPU per record is none of them: the machine's state is in it,
/// and sessions deviated by 10 and 25 % (`docs/simulations.md` has what that does to a gate).
const STEADY: [Metric; 2] = [Metric::RecordsPerBatch, Metric::WireBytes];

/// Fewest trials of a session whose median is held against other sessions'.
const LEAST_TRIALS: u32 = 3;

/// A session that has a configuration, with its id there.
type Before<'a> = (&'a BaselineSession, &'a str);

/// A candidate against stored sessions: measured on other days.
pub fn against_stored(stored: &[BaselineSession], candidate: &BaselineSession, asked: &Asked) -> Judged {
    let mut judged = Judged::default();
    not_ended(candidate, &mut judged);
    judged.warnings.extend(close_together(stored));
    let (mut cases, mut matched) = (Vec::new(), Vec::new());
    for configuration in &candidate.manifest.configurations {
        let before = matching(stored, configuration, asked.force, &mut judged);
        if !before.is_empty() {
            matched.push(configuration.id.as_str());
            cases.extend(cases_of(&before, candidate, configuration, asked, &mut judged));
        }
    }
    // How many blocks were run is not decided by what a gate asks of stored sessions.
    judged.rows = decide(cases, Level::FIXED);
    unmatched(stored, candidate, &matched, asked, &mut judged);
    let own = Floors::of_run(&candidate.manifest);
    let floors = stored
        .iter()
        .fold(own, |floors, session| floors.larger(&Floors::of_run(&session.manifest)));
    below_noise(&floors, &mut judged);
    invalidated(judged)
}

/// The gated figures of one configuration.
fn cases_of(
    before: &[Before<'_>],
    candidate: &BaselineSession,
    now: &Configuration,
    asked: &Asked,
    judged: &mut Judged,
) -> Vec<Case> {
    let figures = Figures::of(candidate);
    let own = figures.configuration(&now.id);
    let lost: Vec<_> = before
        .iter()
        .map(|(session, id)| session.configurations.iter().find(|one| one.configuration_id == *id))
        .collect();
    let lost = losses_of(&lost, own, (&now.label, now.acks), judged);
    // What a session was saved in spite of is put up with: somebody has seen it.
    let seen = |session: &BaselineSession| asked.force || !session.forced.is_empty();
    let of_base = || {
        let mut unseen = before.iter().filter(|(session, _)| !seen(session));
        unseen.find_map(|(session, id)| broken(&Figures::of(session), id, "baseline"))
    };
    let mut broken = broken(&figures, &now.id, "run").or_else(of_base).or(lost);
    let differ = all_differences(before, candidate, now);
    if asked.force {
        add_new(&mut judged.forced, differ);
    } else if !differ.is_empty() {
        broken = Some(format!("Not comparable with the baseline: {}.", differ.join("; ")));
        add_new(&mut judged.invalid, differ);
    }
    let completed = own.map_or(0, |one| one.completed);
    let bases: Vec<&Configuration> = before
        .iter()
        .filter_map(|(session, id)| configuration(&session.manifest, id))
        .collect();
    let mut cases = Vec::new();
    for threshold in gated(now, &bases, asked, &mut judged.notes) {
        let sessions: Vec<Values> = before
            .iter()
            .map(|(session, id)| Figures::of(session).series(id, threshold.metric))
            .collect();
        // Numbered anew: blocks of different sessions have nothing in common.
        let pooled: Values = (1..)
            .zip(sessions.iter().flat_map(|one| one.values().copied()))
            .collect();
        let values = figures.series(&now.id, threshold.metric);
        let by_rate: Result<Vec<bool>, String> = bases
            .iter()
            .map(|base| set_by_rate(base, now, threshold.metric))
            .collect();
        let against_rate = || {
            let each = before.iter().zip(&sessions);
            let of_base = each.map(|((one, id), values)| Achieved::of(now, &Figures::of(one), id, values));
            AgainstRate {
                base: of_base.collect(),
                now: Achieved::of(now, &figures, &now.id, &values),
            }
        };
        let figure = Figure {
            configuration: now,
            label: &now.label,
            threshold,
            base: &pooled,
            now: &values,
            trials: (pooled.len() as u32, completed),
            rate: by_rate.map(|by_rate| by_rate.first().is_some_and(|by_rate| *by_rate).then(against_rate)),
        };
        let compared = || evidence(threshold.metric, &sessions, &pooled, &values);
        cases.push(case(&figure, broken.as_deref(), judged, compared));
    }
    cases
}

/// Six sessions, or a figure that hardly varies; else nothing.
fn evidence(metric: Metric, sessions: &[Values], pooled: &Values, values: &Values) -> Evidence {
    let sessions: Vec<&Values> = sessions.iter().filter(|one| !one.is_empty()).collect();
    if sessions.len() >= LEAST_SESSIONS {
        let most = sessions.iter().map(|one| one.len()).max().unwrap_or(0) as u32;
        let needed = most.max(LEAST_TRIALS);
        if (values.len() as u32) < needed {
            return Evidence::Nothing(format!(
                "Too few trials: the stored sessions have up to {most}, this run has {}; {needed} are needed, or its \
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
         ones tell. Save more sessions, or run it interleaved: {INTERLEAVED}.",
        sessions.len()
    ))
}

/// The sessions that have the configuration, with its id there. Of the same label only where that is insisted on.
fn matching<'a>(
    stored: &'a [BaselineSession],
    configuration: &Configuration,
    force: bool,
    judged: &mut Judged,
) -> Vec<Before<'a>> {
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

fn all_differences(before: &[Before<'_>], candidate: &BaselineSession, now: &Configuration) -> Vec<String> {
    let mut found = Vec::new();
    for (session, id) in before {
        let Some(configuration) = configuration(&session.manifest, id) else {
            continue;
        };
        let was = Side {
            manifest: &session.manifest,
            configuration,
        };
        let is = Side {
            manifest: &candidate.manifest,
            configuration: now,
        };
        add_new(&mut found, differences(was, is));
    }
    found
}
