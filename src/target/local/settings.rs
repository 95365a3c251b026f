//! What a local broker's configuration has that Kafka's defaults have not, and why.

use std::collections::BTreeMap;

/// A broker setting that differs from Kafka's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSetting {
    /// Its name.
    pub key: &'static str,
    /// Its value here.
    pub value: &'static str,
    /// Kafka's default.
    pub default: &'static str,
    /// Why it differs.
    pub reason: &'static str,
    /// Set for clusters of several nodes only.
    pub several_nodes_only: bool,
}

const fn setting(key: &'static str, value: &'static str, default: &'static str, reason: &'static str) -> BrokerSetting {
    BrokerSetting {
        key,
        value,
        default,
        reason,
        several_nodes_only: false,
    }
}

const fn replica_setting(
    key: &'static str,
    value: &'static str,
    default: &'static str,
    reason: &'static str,
) -> BrokerSetting {
    BrokerSetting {
        key,
        value,
        default,
        reason,
        several_nodes_only: true,
    }
}

/// Every setting that differs from Kafka's default, but for addresses, directories, and the replication of internal topics.
pub const BROKER_SETTINGS: &[BrokerSetting] = &[
    setting(
        "auto.create.topics.enable",
        "false",
        "true",
        "a mistyped topic is an error, not a new topic",
    ),
    setting(
        "log.segment.bytes",
        "134217728",
        "1073741824",
        "short segments: a topic's retention.bytes can take effect within one trial",
    ),
    setting(
        "log.segment.delete.delay.ms",
        "500",
        "60000",
        "the disk of one trial's topic is free again before the next trial has filled its own",
    ),
    setting(
        "log.cleaner.dedupe.buffer.size",
        "2097152",
        "134217728",
        "memory: no compacted topic is large enough here to need more",
    ),
    setting(
        "group.initial.rebalance.delay.ms",
        "0",
        "3000",
        "a consumer that reads records back starts at once",
    ),
    setting(
        "offsets.topic.num.partitions",
        "1",
        "50",
        "one internal partition instead of fifty to create",
    ),
    setting(
        "transaction.state.log.num.partitions",
        "1",
        "50",
        "one internal partition instead of fifty to create",
    ),
    setting(
        "share.coordinator.state.topic.num.partitions",
        "1",
        "50",
        "one internal partition instead of fifty to create",
    ),
    replica_setting(
        "replica.fetch.wait.max.ms",
        "20",
        "500",
        "a fresh topic's first acks=all record otherwise waits for the followers' long poll",
    ),
    replica_setting(
        "replica.fetch.backoff.ms",
        "50",
        "1000",
        "followers of a fresh topic find its leader soon",
    ),
];

/// Most replicas of an internal topic; Kafka's default.
const INTERNAL_REPLICAS_MAX: u32 = 3;

/// The settings of [`BROKER_SETTINGS`] that hold for a cluster of `nodes` nodes, the replication of internal topics,
/// and `overrides` on top, which may replace any of them.
pub fn broker_settings(nodes: u32, overrides: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for setting in BROKER_SETTINGS {
        if nodes > 1 || !setting.several_nodes_only {
            all.insert(setting.key.to_owned(), setting.value.to_owned());
        }
    }
    let replicas = nodes.clamp(1, INTERNAL_REPLICAS_MAX);
    let in_sync = replicas.saturating_sub(1).max(1);
    for topic in [
        "offsets.topic",
        "transaction.state.log",
        "share.coordinator.state.topic",
    ] {
        all.insert(format!("{topic}.replication.factor"), replicas.to_string());
    }
    for topic in ["transaction.state.log", "share.coordinator.state.topic"] {
        all.insert(format!("{topic}.min.isr"), in_sync.to_string());
    }
    all.extend(overrides.clone());
    all
}

/// A `.properties` file, as Java reads it.
pub(crate) fn properties_file(properties: &BTreeMap<String, String>) -> String {
    let escape = |text: &str, key: bool| {
        let mut escaped = String::with_capacity(text.len());
        for (place, c) in text.chars().enumerate() {
            match c {
                '\\' => escaped.push_str("\\\\"),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                ' ' if key || place == 0 => escaped.push_str("\\ "),
                ':' | '=' | '#' | '!' if key => {
                    escaped.push('\\');
                    escaped.push(c);
                }
                c => escaped.push(c),
            }
        }
        escaped
    };
    properties
        .iter()
        .map(|(key, value)| format!("{}={}\n", escape(key, true), escape(value, false)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_differs_from_its_default_and_has_a_reason() {
        for setting in BROKER_SETTINGS {
            assert_ne!(setting.value, setting.default, "{}", setting.key);
            assert!(!setting.reason.is_empty());
        }
    }

    #[test]
    fn replication_follows_the_number_of_nodes_and_overrides_win() {
        let one = broker_settings(1, &BTreeMap::new());
        assert_eq!(one["offsets.topic.replication.factor"], "1");
        assert_eq!(one["transaction.state.log.min.isr"], "1");
        assert!(!one.contains_key("replica.fetch.wait.max.ms"));
        let five = broker_settings(
            5,
            &BTreeMap::from([("log.segment.bytes".to_owned(), "1048576".to_owned())]),
        );
        assert_eq!(five["offsets.topic.replication.factor"], "3");
        assert_eq!(five["transaction.state.log.min.isr"], "2");
        assert_eq!(five["replica.fetch.wait.max.ms"], "20");
        assert_eq!(five["log.segment.bytes"], "1048576");
    }

    #[test]
    fn properties_are_escaped_as_java_reads_them() {
        let properties = BTreeMap::from([
            ("a b:c".to_owned(), " x\\y\nz=1".to_owned()),
            (
                "plain.key".to_owned(),
                "PLAINTEXT://127.0.0.1:1,X://127.0.0.1:2".to_owned(),
            ),
        ]);
        assert_eq!(
            properties_file(&properties),
            "a\\ b\\:c=\\ x\\\\y\\nz=1\nplain.key=PLAINTEXT://127.0.0.1:1,X://127.0.0.1:2\n"
        );
    }
}
