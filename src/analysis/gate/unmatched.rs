//! Configurations that are on one side only: never gated, and never dropped unseen.

use super::evidence::{Values, add_new, configuration, gated, row};
use super::{Asked, GateRow, GateVerdict, Judged};
use crate::analysis::session::Figures;
use crate::analysis::{Side, changed_settings};
use crate::profile::Configuration;
use crate::store::BaselineSession;

/// Which side of a gate a configuration was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Baseline,
    Run,
}

/// Tells what has no counterpart, and what changed on purpose since the newest session. `matched`: the ids that have one.
pub(super) fn unmatched(
    stored: &[BaselineSession],
    candidate: &BaselineSession,
    matched: &[&str],
    asked: &Asked,
    judged: &mut Judged,
) {
    let Some(newest) = stored.last() else {
        judged.invalid.push("The baseline has no session.".to_owned());
        judged.rows = without_counterpart(candidate, asked);
        return;
    };
    if matched.is_empty() {
        let labels = |session: &BaselineSession| -> String {
            let labels: Vec<&str> = all(session).iter().map(|one| one.label.as_str()).collect();
            labels.join(", ")
        };
        judged.invalid.push(format!(
            "The run has no configuration in common with the baseline: it has {}; the baseline has {}. Give the profile \
             that the baseline was measured with, or save a new baseline.",
            labels(candidate),
            labels(newest)
        ));
        judged.rows = without_counterpart(candidate, asked);
        return;
    }
    let is_matched = |one: &&Configuration| matched.contains(&one.id.as_str());
    let new: Vec<&Configuration> = all(candidate).iter().filter(|one| !is_matched(one)).collect();
    let has_label = |label: &str| all(candidate).iter().any(|one| asked.force && one.label == label);
    let gone: Vec<&Configuration> = all(newest)
        .iter()
        .filter(|one| configuration(&candidate.manifest, &one.id).is_none() && !has_label(&one.label))
        .collect();
    let why = "the baseline does not have it";
    dropped_from(Only::Run, &new, candidate, asked, why, judged);
    let why = "this run does not have it, and the baseline's newest session does";
    dropped_from(Only::Baseline, &gone, newest, asked, why, judged);
    let changed = changed(newest, candidate);
    if !changed.is_empty() {
        let note = format!("Changed since the baseline's newest session: {}.", changed.join("; "));
        add_new(&mut judged.notes, vec![note]);
    }
}

/// Of all configurations that both have.
fn changed(newest: &BaselineSession, candidate: &BaselineSession) -> Vec<String> {
    let mut changed = Vec::new();
    for now in all(candidate) {
        let Some(before) = configuration(&newest.manifest, &now.id) else {
            continue;
        };
        let was = Side {
            manifest: &newest.manifest,
            configuration: before,
        };
        let is = Side {
            manifest: &candidate.manifest,
            configuration: now,
        };
        add_new(&mut changed, changed_settings(was, is));
    }
    changed
}

fn all(session: &BaselineSession) -> &[Configuration] {
    &session.manifest.configurations
}

/// What was measured in this session without a counterpart in it: not valid, so that nothing drops out of a gate unseen;
/// a note where that is insisted on.
pub(super) fn dropped(
    which: &[&Configuration],
    session: &BaselineSession,
    asked: &Asked,
    why: &str,
    judged: &mut Judged,
) {
    dropped_from(Only::Run, which, session, asked, why, judged);
}

fn dropped_from(
    side: Only,
    which: &[&Configuration],
    session: &BaselineSession,
    asked: &Asked,
    why: &str,
    judged: &mut Judged,
) {
    if which.is_empty() {
        return;
    }
    if asked.force {
        let labels: Vec<&str> = which.iter().map(|one| one.label.as_str()).collect();
        let note = format!("Not gated, since {why}: {}.", labels.join(", "));
        add_new(&mut judged.notes, vec![note]);
        return;
    }
    for configuration in which {
        let mut rows = one_sided(configuration, session, asked);
        for row in &mut rows {
            row.verdict = GateVerdict::NotValid;
            row.sentence = format!("There is nothing to compare: {why}. --force leaves it out.");
            if side == Only::Baseline {
                (row.baseline, row.value, row.trials) = (row.value, None, 0);
            }
        }
        judged.rows.append(&mut rows);
    }
}

/// Rows that say nothing, so that whoever reads rows alone sees that they are not valid.
fn without_counterpart(candidate: &BaselineSession, asked: &Asked) -> Vec<GateRow> {
    let configurations = all(candidate).iter();
    configurations
        .flat_map(|configuration| one_sided(configuration, candidate, asked))
        .collect()
}

fn one_sided(configuration: &Configuration, session: &BaselineSession, asked: &Asked) -> Vec<GateRow> {
    let (figures, none) = (Figures::of(session), Values::new());
    let (id, label) = (&configuration.id, &configuration.label);
    let completed = figures.configuration(id).map_or(0, |one| one.completed);
    gated(configuration, &[], asked, &mut Vec::new())
        .into_iter()
        .map(|threshold| {
            let values = figures.series(id, threshold.metric);
            row(configuration, label, threshold, &none, &values, completed)
        })
        .collect()
}
