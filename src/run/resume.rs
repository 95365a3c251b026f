//! Whether a profile continues the run of a directory.
//!
//! The rule: what decides what is measured and how must be the same, or the trials would not be comparable. More
//! repetitions are welcome, and so is another precision: the plan of a longer run begins like that of a shorter one. Not so
//! for a gate: a further look at its run is one more chance to err, and it has one set of thresholds.
//! Trials that are stored as failed are finished: they are kept, and not run again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::{Mask, payload_files};
use crate::profile::{Configuration, Precision, Profile, Until, is_secret};
use crate::protocol::TargetKind;
use crate::store::Manifest;
use crate::words::percent;

/// Other programs would run the trials that are left: one configuration's would then be of two builds.
pub(super) fn other_programs(manifest: &Manifest, now: &Manifest) -> Option<String> {
    let of = |manifest: &Manifest| -> Vec<_> {
        let programs = manifest.trial_programs.iter();
        programs
            .map(|(id, program)| (id.clone(), program.path.clone(), program.version.clone()))
            .collect()
    };
    if of(manifest) != of(now) {
        return Some("the programs that run the trials are others now (--base-bin, --candidate-bin)".to_owned());
    }
    let mut pairs = manifest.trial_programs.values().zip(now.trial_programs.values());
    let rebuilt = pairs.find(|(was, is)| {
        let both = was.checksum.as_ref().zip(is.checksum.as_ref());
        both.is_some_and(|(was, is)| was != is)
    });
    rebuilt.map(|(program, _)| format!("{} has been built anew since the run began", program.path.display()))
}

/// Each difference in a sentence; empty where the run can go on.
/// `held_to`: the thresholds of the gate that asks for it, if one does.
pub(super) fn differences(
    manifest: &Manifest,
    profile: &Profile,
    held_to: Option<&BTreeMap<String, f64>>,
) -> Vec<String> {
    let mut found = configurations(manifest, profile);
    let (was, is) = (&manifest.run, &profile.run);
    let mut compare = |what: &str, was: &dyn Debug, is: &dyn Debug| {
        let (was, is) = (format!("{was:?}"), format!("{is:?}"));
        if was != is {
            found.push(format!("{what} was {was} and is {is} now"));
        }
    };
    compare("the target", &manifest.target.kind.name(), &profile.target.kind.name());
    compare(
        "the number of brokers",
        &manifest.target_settings.brokers,
        &profile.target.brokers,
    );
    compare("the warm-up in ms", &was.warmup_ms, &is.warmup_ms);
    compare("the window in ms", &was.measure_ms, &is.measure_ms);
    compare("the drain timeout in ms", &was.drain_timeout_ms, &is.drain_timeout_ms);
    compare("the order", &was.order, &is.order);
    compare("the seed", &was.seed, &is.seed);
    compare(
        "the replication factor",
        &manifest.topic.replication_factor,
        &profile.topic.replication_factor,
    );
    compare(
        "the topic's configuration",
        &manifest.topic.config,
        &profile.topic.config,
    );
    compare("the conditioning in ms", &was.conditioning_ms, &is.conditioning_ms);
    compare("run.headroom", &was.headroom, &is.headroom);
    if was.headroom && is.headroom {
        compare(
            "the headroom's window in ms",
            &was.headroom_measure_ms,
            &is.headroom_measure_ms,
        );
    }
    found.extend(settings(manifest, profile));
    found.extend(payload_files(manifest, profile));
    found.extend(other_thresholds(manifest, held_to));
    let is_gate = manifest.held_to.is_some() || held_to.is_some();
    if was.precision.is_some() && is.precision.is_none() {
        found.push("the run repeats until its intervals are narrow, and no precision is asked for now".to_owned());
    } else if let Some(difference) = gate_rule(manifest, profile) {
        found.push(difference);
    } else if is_gate && let Some(difference) = further_look(manifest, profile) {
        found.push(difference);
    } else if is.precision.is_none() && is.repetitions < was.repetitions {
        found.push(format!(
            "{} repetitions were planned and {} are asked for now",
            was.repetitions, is.repetitions
        ));
    }
    found
}

/// A gate is looked at a few times, which share its error rate: nobody may ask for more looks once some were taken.
fn gate_rule(manifest: &Manifest, profile: &Profile) -> Option<String> {
    let (was, is) = (manifest.run.precision, profile.run.precision);
    let by_gate = |rule: Option<Precision>| rule.is_some_and(|rule| rule.until == Until::Decided);
    if !by_gate(was) && !by_gate(is) {
        return None;
    }
    let limits = |rule: Option<Precision>| rule.map(|rule| (rule.until, rule.min_blocks, rule.max_blocks));
    if limits(was) != limits(is) {
        return Some(
            "the number of blocks is decided by what a gate asks, and its looks were laid out between other limits: begin \
             a new run"
                .to_owned(),
        );
    }
    (manifest.stopping.is_some() && was != is)
        .then(|| "the run has ended, and what a gate asks was looked at for the last time: begin a new run".to_owned())
}

/// A gate whose blocks are fixed is looked at once, when all of them are there; one against stored sessions that goes on
/// until its intervals are narrow, when they are. Simulated, a loss of exactly the threshold passes in 2 % of gates of ten
/// blocks, and in 4 and 6 % of those that may be continued to 20 and to 40 for another look (`docs/gate.md`).
fn further_look(manifest: &Manifest, profile: &Profile) -> Option<String> {
    let (was, is) = (&manifest.run, &profile.run);
    let so = "that would be a further look at a gate, and make it err more often than it says. Begin a new run, or one with a \
              --precision, which pays for its looks";
    match (was.precision, is.precision) {
        (None, None) if is.repetitions > was.repetitions => Some(format!(
            "{} blocks were planned and {} are asked for now: {so}",
            was.repetitions, is.repetitions
        )),
        (None, Some(_)) => Some(format!(
            "{} blocks were planned and a precision is asked for now: {so}",
            was.repetitions
        )),
        (Some(was), Some(is)) if manifest.stopping.is_some() && was != is => Some(format!(
            "the run has ended and another precision is asked for now: {so}"
        )),
        _ => None,
    }
}

/// One gate has one set of thresholds: its looks would ask for some, and its verdict for others.
fn other_thresholds(manifest: &Manifest, held_to: Option<&BTreeMap<String, f64>>) -> Vec<String> {
    let (Some(was), Some(is)) = (&manifest.held_to, held_to) else {
        return Vec::new();
    };
    let text = |share: Option<&f64>| share.map_or_else(|| "not gated".to_owned(), |share| percent(*share));
    let figures: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    figures
        .into_iter()
        .filter(|figure| was.get(*figure) != is.get(*figure))
        .map(|figure| {
            format!(
                "the gate's threshold of {figure} was {} and is {} now",
                text(was.get(figure)),
                text(is.get(figure))
            )
        })
        .collect()
}

/// What only the cluster can tell: whether it is the one that the run began with. `now` is the manifest that a new run
/// would have.
///
/// A cluster that this program started is another one in each session; one that is running has an id. Where it tells
/// none, its address stands in.
pub(super) fn cluster_differences(was: &Manifest, now: &Manifest) -> Vec<String> {
    if now.target.kind != TargetKind::External {
        return Vec::new();
    }
    match (&was.target.cluster_id, &now.target.cluster_id) {
        (Some(was), Some(is)) if was == is => Vec::new(),
        (Some(was), Some(is)) => vec![format!(
            "the cluster's id was {was} and is {is} now: it is another cluster"
        )],
        _ => {
            let servers = |manifest: &Manifest| manifest.target_settings.bootstrap_servers.clone().unwrap_or_default();
            let (was, is) = (servers(was), servers(now));
            match was == is {
                true => Vec::new(),
                false => vec![format!(
                    "the bootstrap servers were {was} and are {is} now, and no cluster id tells whether they are of one \
                     cluster"
                )],
            }
        }
    }
}

/// How brokers are started and reached. The values of secrets are not compared: only masks of them are stored.
fn settings(manifest: &Manifest, profile: &Profile) -> Vec<String> {
    let was = &manifest.target_settings;
    let mut is = profile.target.clone();
    Mask::of(profile).target_settings(&mut is);
    let mut found = differing(&was.broker_config, &is.broker_config);
    found.extend(differing(&was.connection, &is.connection));
    found
}

fn payload_files(manifest: &Manifest, profile: &Profile) -> Vec<String> {
    let is = payload_files::checksums(profile);
    let changed = manifest
        .payload_files
        .iter()
        .filter(|(name, was)| is.get(*name).is_some_and(|is| is != *was));
    changed
        .map(|(name, _)| format!("the file {name} has another content now"))
        .collect()
}

/// What differs between two sets of properties, secrets aside.
fn differing(was: &BTreeMap<String, String>, is: &BTreeMap<String, String>) -> Vec<String> {
    let text = |value: Option<&String>| value.map_or("not set", String::as_str).to_owned();
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name) && !is_secret(name))
        .map(|name| format!("{name} was {} and is {} now", text(was.get(name)), text(is.get(name))))
        .collect()
}

/// What differs between two configurations of the same label.
fn changes(was: &Configuration, is: &Configuration) -> String {
    let mut found = differing(&was.properties, &is.properties);
    if found.is_empty() {
        found = differing(&was.effective_properties, &is.effective_properties);
    }
    if was.partitions != is.partitions {
        found.push(format!(
            "partitions were {} and are {} now",
            was.partitions, is.partitions
        ));
    }
    if was.max_block_ms != is.max_block_ms {
        found.push(format!(
            "max.block.ms was {} and is {} now",
            was.max_block_ms, is.max_block_ms
        ));
    }
    if was.workload != is.workload {
        found.push("its workload is another".to_owned());
    }
    match found.is_empty() {
        true => "it is another configuration now".to_owned(),
        false => found.join(", "),
    }
}

fn configurations(manifest: &Manifest, profile: &Profile) -> Vec<String> {
    let ids = |configurations: &[crate::profile::Configuration]| -> BTreeSet<String> {
        configurations
            .iter()
            .map(|configuration| configuration.id.clone())
            .collect()
    };
    let (was, is) = (ids(&manifest.configurations), ids(&profile.configurations));
    let gone = manifest
        .configurations
        .iter()
        .filter(|configuration| !is.contains(&configuration.id));
    let new = profile
        .configurations
        .iter()
        .filter(|configuration| !was.contains(&configuration.id));
    let (mut gone, mut new): (Vec<_>, Vec<_>) = (gone.collect(), new.collect());
    let mut found = Vec::new();
    // Those that are called the same differ in what their label does not tell.
    gone.retain(|was| {
        let Some(place) = new.iter().position(|is| is.label == was.label) else {
            return true;
        };
        found.push(format!("{}: {}", was.label, changes(was, new.remove(place))));
        false
    });
    // What all have in common is said once.
    if found.len() > 1
        && let Some((_, change)) = found[0].clone().split_once(": ")
        && found.iter().all(|text| text.ends_with(&format!(": {change}")))
    {
        found = vec![format!("all configurations: {change}")];
    }
    found.extend(gone.into_iter().map(|configuration| {
        format!(
            "configuration {} ({}) is not in the profile",
            configuration.id, configuration.label
        )
    }));
    found.extend(new.into_iter().map(|configuration| {
        format!(
            "configuration {} ({}) is not in the run",
            configuration.id, configuration.label
        )
    }));
    let order = |configurations: &[crate::profile::Configuration]| -> Vec<String> {
        configurations
            .iter()
            .map(|configuration| configuration.id.clone())
            .collect()
    };
    // The plan is made from the matrix's order.
    if found.is_empty() && order(&manifest.configurations) != order(&profile.configurations) {
        found.push("the configurations are the same, but the matrix has them in another order".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{UsedTrialProgram, samples};

    #[test]
    fn a_run_is_not_continued_with_another_program() {
        let mut was = samples::manifest();
        let program = UsedTrialProgram {
            path: "kpbench-yesterday".into(),
            version: Some("kpbench 0.1.0".to_owned()),
            client_version: None,
            checksum: Some("1".to_owned()),
        };
        was.trial_programs.insert("c-1".to_owned(), program.clone());
        assert_eq!(other_programs(&was, &was), None);
        assert!(other_programs(&was, &samples::manifest()).is_some());

        let with_checksum = |checksum: Option<&str>| {
            let checksum = checksum.map(str::to_owned);
            let mut manifest = was.clone();
            let program = UsedTrialProgram {
                checksum,
                ..program.clone()
            };
            manifest.trial_programs.insert("c-1".to_owned(), program);
            manifest
        };
        assert_eq!(
            other_programs(&was, &with_checksum(Some("2"))).unwrap(),
            "kpbench-yesterday has been built anew since the run began"
        );
        assert_eq!(other_programs(&with_checksum(None), &was), None, "not known");
    }

    #[test]
    fn what_differs_behind_one_label_is_named() {
        let configuration = |linger: &str| {
            let mut configuration = samples::configuration("c-1");
            configuration
                .properties
                .insert("linger.ms".to_owned(), linger.to_owned());
            configuration
        };
        assert_eq!(
            changes(&configuration("5"), &configuration("7")),
            "linger.ms was 5 and is 7 now"
        );
        let mut more = configuration("5");
        more.partitions += 1;
        let told = changes(&configuration("5"), &more);
        assert!(told.starts_with("partitions were "), "{told}");
    }
}
