//! Whether a profile continues the run of a directory.
//!
//! The rule: what decides what is measured and how must be the same, or the trials would not be comparable. More
//! repetitions are welcome: the plan of a longer run begins like that of a shorter one. Trials that are stored as
//! failed are finished: they are kept, and not run again.

use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::profile::Profile;
use crate::store::Manifest;

/// Each difference in a sentence; empty where the run can go on.
pub(super) fn differences(manifest: &Manifest, profile: &Profile) -> Vec<String> {
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
    if is.repetitions < was.repetitions {
        found.push(format!(
            "{} repetitions were planned and {} are asked for now",
            was.repetitions, is.repetitions
        ));
    }
    found
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
    let mut found: Vec<String> = gone
        .map(|configuration| {
            format!(
                "configuration {} ({}) is not in the profile",
                configuration.id, configuration.label
            )
        })
        .collect();
    found.extend(new.map(|configuration| {
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
