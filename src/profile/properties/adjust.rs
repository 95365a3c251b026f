//! Settings that depend on each other: what the clients adjust silently (done here, and said) and what they refuse.

use super::translate::Translation;
use super::{Given, java};
use crate::profile::error::Problem;
use crate::profile::model::Defaults;

/// `enable.idempotence=true` needs `acks=all`, `retries > 0` and at most 5 requests in flight.
///
/// Java (`ProducerConfig.postProcessAndValidateIdempotenceConfigs`, 4.3.0): where idempotence is only the default, acks
/// and retries switch it off silently; more than 5 in flight are refused in any case. librdkafka
/// (`rd_kafka_conf_finalize`) refuses all three, and adjusts what is not set.
pub(super) fn idempotence(translation: &mut Translation, defaults: Defaults) {
    if translation.value("enable.idempotence") != "true" {
        return;
    }
    let explicit = translation.origins.get("enable.idempotence").cloned();
    let mut off_because = Vec::new();
    let broken = [
        ("acks", translation.value("acks") != "all", "acks=all"),
        ("retries", translation.number("retries") < 1.0, "retries > 0"),
    ];
    for (name, is_broken, needed) in broken {
        if !is_broken {
            continue;
        }
        match &explicit {
            Some(_) => refuse(translation, name, needed, explicit.as_ref()),
            None => off_because.push(format!("{name}={}", translation.value(name))),
        }
    }
    let limited = defaults == Defaults::Java
        || translation
            .origins
            .contains_key("max.in.flight.requests.per.connection");
    if limited && translation.number("max.in.flight.requests.per.connection") > 5.0 {
        refuse(
            translation,
            "max.in.flight.requests.per.connection",
            "max.in.flight.requests.per.connection ≤ 5",
            explicit.as_ref(),
        );
    }
    if defaults == Defaults::Librdkafka {
        if translation.number("queue.buffering.backpressure.threshold") > 1.0 {
            let (name, needed) = (
                "queue.buffering.backpressure.threshold",
                "queue.buffering.backpressure.threshold=1",
            );
            refuse(translation, name, needed, explicit.as_ref());
        }
        if translation.value("queuing.strategy") == "lifo" {
            refuse(
                translation,
                "queuing.strategy",
                "queuing.strategy=fifo",
                explicit.as_ref(),
            );
        }
    }
    if !off_because.is_empty() {
        translation.set("enable.idempotence", "false", None);
        translation.notes.push(format!(
            "idempotence is off because of {}: so the Java client does it where enable.idempotence is not set. Set it \
             to compare like with like",
            off_because.join(" and ")
        ));
    }
}

fn refuse(translation: &mut Translation, name: &str, needed: &str, explicit: Option<&Given>) {
    let mut labels = Vec::new();
    if let Some(given) = translation.origins.get(name) {
        labels.push((given.place, "breaks the rule".to_owned()));
    }
    let remedy = match explicit {
        Some(given) => {
            labels.push((given.place, "idempotence is asked for here".to_owned()));
            format!("set {needed}, or leave out enable.idempotence=true; in a matrix, [[exclude]] the combination")
        }
        None => format!("set {needed}, or enable.idempotence=false: the Java client refuses this as well"),
    };
    let value = translation.value(name);
    translation.problems.push(Problem {
        message: format!("enable.idempotence=true needs {needed}, but {name} is {value}"),
        labels,
        remedy,
    });
}

/// librdkafka's longest `delivery.timeout.ms`.
const LONGEST_DELIVERY_TIMEOUT_MS: &str = "2147483647";

/// `delivery.timeout.ms ≥ linger.ms + request.timeout.ms`. Java raises a default that is too low and refuses a value
/// that is (`KafkaProducer.configureDeliveryTimeout`).
///
/// librdkafka takes 0 for no limit, but computes the time that a record waited in its queue back from the record's
/// deadline: its `int_latency` would be of no use. Its longest limit, 24 days, comes to the same.
pub(super) fn delivery_timeout(translation: &mut Translation, given: &[Given], defaults: Defaults) {
    let delivery = translation.number("delivery.timeout.ms");
    let infinite = defaults == Defaults::Librdkafka && delivery == 0.0;
    let linger = as_asked(translation, given, "linger.ms", defaults);
    let request = as_asked(translation, given, "request.timeout.ms", defaults);
    let least = linger + request;
    if infinite {
        translation.set("delivery.timeout.ms", LONGEST_DELIVERY_TIMEOUT_MS, None);
        translation.notes.push(format!(
            "delivery.timeout.ms=0 (no limit): {LONGEST_DELIVERY_TIMEOUT_MS} (24 days) is used, because librdkafka \
             cannot tell the time in its queue without a limit"
        ));
        return;
    }
    if delivery >= least {
        return;
    }
    if defaults == Defaults::Java && !translation.origins.contains_key("delivery.timeout.ms") {
        translation.set("delivery.timeout.ms", &format!("{}", least.min(2_147_483_647.0)), None);
        translation.notes.push(format!(
            "delivery.timeout.ms is raised from its default, {delivery}, to linger.ms + request.timeout.ms = {least}, as \
             the Java client does it"
        ));
        return;
    }
    let names = ["delivery.timeout.ms", "linger.ms", "request.timeout.ms"];
    let labels = names.iter().filter_map(|name| {
        let origin = translation.origins.get(*name)?;
        Some((origin.place, format!("{} is {}", origin.name, origin.value)))
    });
    translation.problems.push(Problem {
        message: format!(
            "delivery.timeout.ms ({delivery}) must be at least linger.ms ({linger}) + request.timeout.ms ({request})"
        ),
        labels: labels.collect(),
        remedy: format!(
            "set delivery.timeout.ms to {least} or more, or lower one of the others{}",
            if infinite_is_possible(defaults) {
                "; 0 means no limit"
            } else {
                ""
            }
        ),
    });
}

fn infinite_is_possible(defaults: Defaults) -> bool {
    defaults == Defaults::Librdkafka
}

/// The number that was asked for, before it was fitted into librdkafka's range.
fn as_asked(translation: &Translation, given: &[Given], name: &str, defaults: Defaults) -> f64 {
    let set = translation
        .origins
        .get(name)
        .or_else(|| given.iter().find(|property| property.name == name));
    let java_default = java::find(name)
        .filter(|_| defaults == Defaults::Java)
        .map(|row| row.default);
    let text = set.map(|given| given.value.as_str()).or(java_default);
    text.and_then(|text| text.parse().ok())
        .unwrap_or_else(|| translation.number(name))
}
