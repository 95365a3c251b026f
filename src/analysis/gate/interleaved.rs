//! Base and candidate of one run, measured interleaved: compared by pairs of the same block.

use super::decide::{Evidence, Test, decide};
use super::evidence::{
    Figure, add_new, broken, case, configuration, gated, invalidated, log_ratios, losses_of, not_ended, set_by_rate,
};
use super::level::Level;
use super::rate::{Achieved, AgainstRate};
use super::unmatched::dropped;
use super::warnings::below_noise;
use super::{Asked, Judged};
use crate::analysis::session::Figures;
use crate::analysis::{Basis, Floors};
use crate::profile::{Configuration, Order};
use crate::store::{BaselineSession, Manifest};

/// The axis by which base and candidate of one run are told apart, and its values.
const VARIANT: &str = "variant";
const BASE: &str = "base";
const CANDIDATE: &str = "candidate";

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
        let of = |id: &str| configuration(&session.manifest, id);
        let (Some(base), Some(candidate)) = (of(&pair.base_id), of(&pair.candidate_id)) else {
            continue;
        };
        let (before, now) = (
            figures.configuration(&pair.base_id),
            figures.configuration(&pair.candidate_id),
        );
        let broken = [(&pair.base_id, "base"), (&pair.candidate_id, "candidate")]
            .into_iter()
            .find_map(|(id, what)| broken(&figures, id, what));
        let broken = broken.or_else(|| losses_of(&[before], now, (&pair.label, candidate.acks), &mut judged));
        let blocks = now.map_or(0, |one| one.completed);
        for threshold in gated(candidate, &[base], asked, &mut judged.notes) {
            let (before, now) = (
                figures.series(&pair.base_id, threshold.metric),
                figures.series(&pair.candidate_id, threshold.metric),
            );
            let figure = Figure {
                configuration: candidate,
                label: &pair.label,
                threshold,
                base: &before,
                now: &now,
                trials: (blocks, blocks),
                rate: set_by_rate(base, candidate, threshold.metric).map(|by_rate| {
                    let of = |one: &Configuration, values| Achieved::of(one, &figures, &one.id, values);
                    by_rate.then(|| AgainstRate {
                        base: vec![of(base, &before)],
                        now: of(candidate, &now),
                    })
                }),
            };
            let paired = || Evidence::Test(Basis::Interleaved, Test::Paired(log_ratios(&before, &now)));
            cases.push(case(&figure, broken.as_deref(), &mut judged, paired));
        }
    }
    judged.rows = decide(cases, Level::of(&session.manifest));
    if !pairs.is_empty() {
        beside_pairs(session, pairs, asked, &mut judged);
    }
    below_noise(&Floors::of_run(&session.manifest), &mut judged);
    invalidated(judged)
}

/// Of an interleaved run: a base or a candidate without the other is not valid; what is neither is told.
fn beside_pairs(session: &BaselineSession, pairs: &[Pair], asked: &Asked, judged: &mut Judged) {
    let paired = |id: &str| pairs.iter().any(|pair| pair.base_id == id || pair.candidate_id == id);
    let alone = session.manifest.configurations.iter().filter(|one| !paired(&one.id));
    let is_side = |one: &&Configuration| matches!(variant(one).as_deref(), Some(BASE | CANDIDATE));
    let (sides, others): (Vec<&Configuration>, Vec<&Configuration>) = alone.partition(is_side);
    let why = "there is no base and candidate of the same settings";
    dropped(&sides, session, asked, why, judged);
    if !others.is_empty() {
        let labels: Vec<&str> = others.iter().map(|one| one.label.as_str()).collect();
        let note = format!(
            "Not gated, since it is neither base nor candidate: {}.",
            labels.join(", ")
        );
        add_new(&mut judged.notes, vec![note]);
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
