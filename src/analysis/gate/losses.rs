//! Records that a candidate lost: what is fast because it loses records is no candidate at all.

use crate::protocol::Acks;
use crate::store::{Losses, SessionConfiguration};

/// What the records of a configuration say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    /// Why its trials do not count.
    pub(super) invalid: Option<String>,
    /// What a reader must know.
    pub(super) notes: Vec<String>,
    /// What makes the verdict worth less.
    pub(super) warnings: Vec<String>,
}

/// Of the candidate's records. A deficit is never put up with; records that failed or stayed undecided only as far as
/// the baseline had them too, trial for trial.
pub(super) fn lost(before: &[&SessionConfiguration], now: &SessionConfiguration, acks: Acks) -> Lost {
    let mut found = Lost {
        warnings: unknown(now, acks).into_iter().collect(),
        ..Lost::default()
    };
    let trials = now.losses.len();
    let deficit = sum(now, |one| one.deficit.unwrap_or(0));
    let with_deficit = now.losses.values().filter(|one| one.deficit > Some(0)).count();
    if deficit > 0 {
        found.invalid = Some(format!(
            "Records are lost: {deficit} were acknowledged and not appended, in {with_deficit} of {trials} trials."
        ));
    }
    for (what, of) in [
        ("failed", (|one: &Losses| one.failed) as fn(&Losses) -> u64),
        ("stayed undecided", |one| one.undecided),
    ] {
        let per_trial = |one: &SessionConfiguration| sum(one, of) as f64 / one.losses.len().max(1) as f64;
        let most = before.iter().map(|one| per_trial(one)).fold(0.0, f64::max);
        if per_trial(now) > most && found.invalid.is_none() {
            let total = sum(now, of);
            found.invalid = Some(format!(
                "{total} records {what} in {trials} trials ({:.1} per trial), and {most:.1} per trial of the baseline: \
                 what was left out may be what is slow.",
                per_trial(now)
            ));
        }
    }
    let surplus = sum(now, |one| one.surplus.unwrap_or(0));
    if surplus > 0 {
        found
            .notes
            .push(format!("{surplus} records were appended beyond those acknowledged."));
    }
    let of_base: u64 = before.iter().map(|one| sum(one, |one| one.deficit.unwrap_or(0))).sum();
    if of_base > 0 {
        found.notes.push(format!(
            "the baseline lost {of_base} records that were acknowledged: its figures may be better than they should be."
        ));
    }
    found
}

/// Trials of which nobody can tell whether they lost records. With `acks=0` nothing was promised.
fn unknown(now: &SessionConfiguration, acks: Acks) -> Option<String> {
    let trials = now.completed;
    let known = now.losses.values().filter(|one| one.deficit.is_some()).count() as u32;
    (acks != Acks::None && known < trials).then(|| {
        format!(
            "whether records were lost is not known of {} of {trials} trials, since what they appended could not be \
             counted.",
            trials - known
        )
    })
}

fn sum(of: &SessionConfiguration, figure: impl Fn(&Losses) -> u64) -> u64 {
    of.losses.values().map(figure).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn with(losses: Losses) -> SessionConfiguration {
        SessionConfiguration {
            configuration_id: "c".to_owned(),
            planned: 2,
            completed: 2,
            trials: BTreeMap::new(),
            losses: BTreeMap::from([(1, NONE), (2, losses)]),
        }
    }

    fn judged(before: Losses, now: Losses) -> Lost {
        lost(&[&with(before)], &with(now), Acks::All)
    }

    /// Nothing was lost, and that is known.
    const NONE: Losses = Losses {
        deficit: Some(0),
        surplus: Some(0),
        failed: 0,
        undecided: 0,
    };

    #[test]
    fn lost_records_do_not_count_and_a_surplus_is_told() {
        let deficit = Losses {
            deficit: Some(7),
            ..NONE
        };
        let surplus = Losses {
            surplus: Some(3),
            ..NONE
        };
        let failed = Losses { failed: 5, ..NONE };
        let undecided = Losses { undecided: 4, ..NONE };
        assert_eq!(judged(NONE, NONE), Lost::default());
        for (before, now, told) in [
            (NONE, deficit, "7 were acknowledged and not appended, in 1 of 2 trials"),
            (deficit, deficit, "7 were acknowledged"),
            (NONE, failed, "5 records failed in 2 trials (2.5 per trial), and 0.0"),
            (NONE, undecided, "4 records stayed undecided"),
        ] {
            let invalid = judged(before, now).invalid.unwrap();
            assert!(invalid.contains(told), "{invalid}");
        }
        for same in [failed, undecided] {
            assert_eq!(judged(same, same).invalid, None);
        }
        let told = judged(NONE, surplus);
        assert_eq!((told.invalid, told.notes.len()), (None, 1));
        assert!(judged(deficit, NONE).notes[0].contains("the baseline lost 7"));
    }

    #[test]
    fn an_unknown_deficit_is_told_where_one_could_be_known() {
        let unknown = Losses {
            deficit: None,
            surplus: None,
            ..NONE
        };
        let told = judged(NONE, unknown);
        assert_eq!((told.invalid, told.notes), (None, Vec::new()));
        assert!(
            told.warnings[0].contains("not known of 1 of 2 trials"),
            "{:?}",
            told.warnings
        );
        assert_eq!(judged(unknown, NONE), Lost::default(), "the baseline's do not matter");
        let without_acks = lost(&[&with(NONE)], &with(unknown), Acks::None);
        assert_eq!(without_acks, Lost::default());
    }
}
