//! Rules that no single key can break: replication against brokers, and settings that do nothing together.

use super::configuration::Draft;
use super::error::Problem;
use super::matrix::Matrix;
use super::model::{Defaults, TargetSettings, TopicSettings};
use super::properties::Translation;
use super::read::Context;
use super::sections::Places;
use super::source::Place;
use super::variants;
use super::workload::LoadKey;
use crate::protocol::{Acks, TargetKind};

/// An existing topic has the partitions that it has.
pub(crate) fn check_existing(topic: &TopicSettings, matrix: &Matrix, context: &mut Context) {
    let Some(existing) = &topic.existing else { return };
    let variants = matrix.axes.iter().flat_map(variants::parts);
    for (name, part) in variants.filter(|(_, part)| part.name == LoadKey::Partitions.name()) {
        context.problem(Problem::at(
            part.key,
            format!("partitions cannot be set by the variant {name} where topic.existing is {existing}"),
            "an existing topic keeps its partitions",
            "leave topic.existing out, so that each trial gets a topic of its own, or take the partitions out",
        ));
    }
    let Some(axis) = matrix.axes.iter().find(|axis| axis.name == LoadKey::Partitions.name()) else {
        return;
    };
    let message = format!("partitions cannot be an axis where topic.existing is {existing}");
    let remedy = "leave topic.existing out, so that each trial gets a topic of its own, or take the axis out";
    context.problem(match axis.values.iter().find_map(|value| value.place) {
        Some(place) => Problem::at(place, message, "an existing topic keeps its partitions", remedy),
        None => Problem::nowhere(message, remedy),
    });
}

/// `min.insync.replicas ≤ replication factor ≤ brokers`, and enough bootstrap servers.
pub(crate) fn check_cluster(target: &TargetSettings, topic: &TopicSettings, places: &Places, context: &mut Context) {
    if topic.existing.is_none() {
        check_replication(target, topic, places, context);
    }
    let brokers = match target.brokers {
        0 => u32::from(topic.replication_factor),
        brokers => brokers,
    };
    if let Some(warning) = one_bootstrap_server(target, brokers) {
        context.warn(placed(warning, places.get("bootstrap-servers"), context));
    }
}

/// The warning of fewer than two bootstrap servers for a cluster that has `brokers`, or is known to have as many.
pub(crate) fn one_bootstrap_server(target: &TargetSettings, brokers: u32) -> Option<&'static str> {
    let servers = target.bootstrap_servers.as_deref()?.split(',').count();
    (target.kind == TargetKind::External && servers == 1 && brokers > 1).then_some(
        "one bootstrap server for a cluster of several brokers: if that one is down, nothing starts. Name two or more in \
         bootstrap-servers",
    )
}

/// A warning with where its cause stands.
pub(super) fn placed(warning: &str, place: Option<Place>, context: &Context) -> String {
    match place {
        Some(place) => format!("{warning} ({})", context.said(place)),
        None => warning.to_owned(),
    }
}

fn check_replication(target: &TargetSettings, topic: &TopicSettings, places: &Places, context: &mut Context) {
    let factor = u32::from(topic.replication_factor);
    if target.brokers > 0 && factor > target.brokers {
        let mut labels = Vec::new();
        labels.extend(
            places
                .get("replication-factor")
                .map(|place| (place, format!("replicas: {factor}"))),
        );
        labels.extend(
            places
                .get("brokers")
                .map(|place| (place, format!("brokers: {}", target.brokers))),
        );
        context.problem(Problem {
            message: format!(
                "the replication factor ({factor}) must be at most the number of brokers ({})",
                target.brokers
            ),
            labels,
            remedy: format!(
                "set topic.replication-factor to {} or less, or target.brokers to {factor} or more",
                target.brokers
            ),
        });
    }
    let own = topic.config.get("min.insync.replicas");
    let insync = own.or_else(|| target.broker_config.get("min.insync.replicas"));
    let Some(insync) = insync.and_then(|text| text.trim().parse::<u32>().ok()) else {
        if let (Some(text), Some(place)) = (own, places.get("min.insync.replicas")) {
            let message = format!("min.insync.replicas={text} is no number of replicas");
            context.problem(Problem::at(
                place,
                message,
                "expected 1 or more",
                "write a whole number",
            ));
        }
        return;
    };
    if insync > factor || insync == 0 {
        let mut labels = Vec::new();
        labels.extend(
            places
                .get("min.insync.replicas")
                .map(|place| (place, format!("in sync at least: {insync}"))),
        );
        labels.extend(
            places
                .get("replication-factor")
                .map(|place| (place, format!("replicas: {factor}"))),
        );
        context.problem(Problem {
            message: format!(
                "min.insync.replicas ({insync}) must be at least 1 and at most the replication factor ({factor})"
            ),
            labels,
            remedy: "with more than there are replicas, no record with acks=all is ever written: lower it, or raise \
                     topic.replication-factor"
                .to_owned(),
        });
    }
}

/// Whether there are several brokers to spread the load over, and for how long a partition is kept was left to linger.ms.
fn keeps_to_a_partition(partitions: u32, translation: &Translation, target: &TargetSettings) -> bool {
    let brokers = target.brokers > 1 || target.kind == TargetKind::External;
    let by_linger = !translation.effective.contains_key("sticky.partitioning.linger.ms");
    brokers && by_linger && partitions > 1 && translation.number("linger.ms") > 0.0
}

/// Warns where a setting makes the client or the figures behave in an unexpected way.
pub(crate) fn check_behaviour(draft: &mut Draft, target: &TargetSettings, defaults: Defaults, context: &mut Context) {
    let configuration = &mut draft.configuration;
    let translation = &draft.translation;
    if configuration.acks == Acks::None {
        context.warn(
            "where acks=0: there is no acknowledgement, latency is not observable, and throughput is what the topic grew by",
        );
    }
    let records = &configuration.workload.records;
    let by_time = records.key.is_none() && !records.partitioner.is_assigned();
    if defaults == Defaults::Java
        && by_time
        && keeps_to_a_partition(records.most_partitions(configuration.partitions), translation, target)
    {
        context.warn(
            "where linger.ms > 0: librdkafka keeps to one partition for 2 × linger.ms, and so to its leader, where the \
             Java client moves on after batch.size bytes. Set sticky.partitioning.linger.ms lower to spread the load \
             over the brokers",
        );
    }
    let in_flight = match (
        translation.value("enable.idempotence"),
        translation.number("max.in.flight.requests.per.connection"),
    ) {
        ("true", in_flight) => in_flight.min(5.0),
        _ => return,
    };
    let all = configuration.workload.records.all_partitions(configuration.partitions);
    let per_broker = f64::from(all) / f64::from(target.brokers.max(1));
    if target.brokers > 0 && in_flight > 1.0 && per_broker <= in_flight {
        configuration.warnings.push(format!(
            "an idempotent producer spins where a broker leads no more partitions ({per_broker:.0}) than \
             max.in.flight.requests.per.connection ({in_flight}): its client CPU per record has been seen at three \
             times the usual and more. Take more partitions, or max.in.flight.requests.per.connection=1"
        ));
    }
}
