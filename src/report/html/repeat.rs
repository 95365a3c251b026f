//! Everything needed to repeat the run.

use std::collections::BTreeMap;

use crate::profile::{Defaults, Order};
use crate::report::charts::Unit;
use crate::report::format;
use crate::report::summary::Summary;
use crate::store::Manifest;

/// Facts under one heading.
pub(super) struct Facts {
    pub(super) heading: &'static str,
    pub(super) facts: Vec<(String, String)>,
}

pub(super) fn facts(manifest: &Manifest, summary: &Summary) -> Vec<Facts> {
    let mut all = vec![
        run(manifest, summary),
        versions(manifest),
        host(manifest),
        target(manifest),
    ];
    let broker = pairs(&manifest.target_settings.broker_config);
    if !broker.is_empty() {
        all.push(Facts {
            heading: "Broker settings of the profile",
            facts: broker,
        });
    }
    if let Some(local) = &manifest.target.local_brokers {
        all.push(Facts {
            heading: "kpbench's own broker settings",
            facts: pairs(&local.settings),
        });
    }
    let connection = pairs(&manifest.target_settings.connection);
    if !connection.is_empty() {
        all.push(Facts {
            heading: "Connection",
            facts: connection,
        });
    }
    all.push(topic(manifest));
    all
}

/// Producer properties, in the client's names, that are in effect in every configuration.
pub(super) fn common_properties(summary: &Summary) -> Vec<(String, String)> {
    let Some((first, rest)) = summary.configurations.split_first() else {
        return Vec::new();
    };
    first
        .effective_properties
        .iter()
        .filter(|(name, value)| rest.iter().all(|c| c.effective_properties.get(*name) == Some(value)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn pairs(map: &BTreeMap<String, String>) -> Vec<(String, String)> {
    map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn fact(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn ms(ms: u64) -> String {
    format::milliseconds(ms as f64)
}

fn run(manifest: &Manifest, summary: &Summary) -> Facts {
    let run = &manifest.run;
    let order = match run.order {
        Order::Random => "random within each block",
        Order::Matrix => "the matrix's, in each block: drift of the machine then looks like an effect of the settings",
    };
    let defaults = match manifest.defaults {
        Defaults::Java => "Kafka's Java client's, translated by meaning",
        Defaults::Librdkafka => "librdkafka's",
    };
    let mut facts = Facts {
        heading: "Run",
        facts: vec![
            fact("Began", manifest.created_at.to_string()),
            fact("Seed of order and payloads", run.seed.to_string()),
            fact("Blocks", summary.trials.blocks.to_string()),
            fact("Order", order),
            fact("Warm-up before each window", ms(run.warmup_ms)),
            fact("Window", ms(run.measure_ms)),
            fact("Longest drain", ms(run.drain_timeout_ms)),
            fact("Defaults", defaults),
        ],
    };
    facts.facts.extend(
        summary
            .repetition
            .as_ref()
            .map(|repetition| fact("Repetition", repetition)),
    );
    facts
}

fn versions(manifest: &Manifest) -> Facts {
    let mut facts = vec![
        fact("kpbench", &manifest.kpbench_version),
        fact("Client", &manifest.client_version),
    ];
    facts.push(fact("Broker", manifest.target.software.as_deref().unwrap_or("unknown")));
    if let Some(local) = &manifest.target.local_brokers {
        facts.push(fact("Java of the brokers", &local.java_version));
        facts.push(fact("Its options", local.java_options.join(" ")));
    }
    if let Some(commit) = &manifest.git_commit {
        facts.push(fact("Git commit of the directory it was run in", commit));
    }
    Facts {
        heading: "Versions",
        facts,
    }
}

fn host(manifest: &Manifest) -> Facts {
    let host = &manifest.host;
    Facts {
        heading: "Machine of the client",
        facts: vec![
            fact("Processor", &host.cpu),
            fact("Cores", host.cores.to_string()),
            fact("Memory", Unit::Bytes.bare(host.memory_bytes as f64)),
            fact("System", &host.os),
        ],
    }
}

fn target(manifest: &Manifest) -> Facts {
    let settings = &manifest.target_settings;
    let mut facts = vec![
        fact("Kind", settings.kind.to_string()),
        fact("Brokers", manifest.target.brokers.to_string()),
    ];
    if let Some(servers) = &settings.bootstrap_servers {
        facts.push(fact("bootstrap.servers", servers));
    }
    if let Some(id) = &manifest.target.cluster_id {
        facts.push(fact("Cluster id", id));
    }
    facts.push(fact(
        "Conditioning load before the first trial",
        ms(manifest.target.conditioned_ms),
    ));
    Facts {
        heading: "Target",
        facts,
    }
}

fn topic(manifest: &Manifest) -> Facts {
    let topic = &manifest.topic;
    let mut facts = vec![
        fact(
            "Topic",
            topic.existing.as_deref().unwrap_or("a fresh one for each trial"),
        ),
        fact("Replication factor", topic.replication_factor.to_string()),
    ];
    facts.extend(pairs(&topic.config));
    Facts {
        heading: "Topic",
        facts,
    }
}
