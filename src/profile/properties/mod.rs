//! Producer properties: the names and types of both worlds, `.properties` files, Spring's names, and the translation by
//! meaning. Knows no TOML and no matrix.

mod adjust;
pub(crate) mod check;
mod connection;
pub(crate) mod file;
pub(crate) mod java;
mod java_security;
pub(crate) mod librdkafka;
pub(crate) mod spring;
mod translate;

use super::quantity::parse_bytes;
use super::source::Place;

pub(crate) use connection::{Connection, translate_connection};
pub(crate) use translate::{Translation, translate};

/// Type and range of a property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A whole number between two, both included.
    Integer(i64, i64),
    /// A number between two, both included.
    Decimal(i64, i64),
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of these words, in upper or lower case; used in lower case.
    OneOfAnyCase(&'static [&'static str]),
    /// Any text.
    Text,
}

impl Kind {
    /// The value in its plain form: sizes in bytes, words in the case that librdkafka expects.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn check(self, name: &str, text: &str) -> Result<String, String> {
        let text = text.trim();
        match self {
            Kind::Integer(least, most) => {
                let value = integer(name, text).ok_or_else(|| format!("expected {}", self.expected(name)))?;
                if value < i128::from(least) || value > i128::from(most) {
                    return Err(format!("expected {}", self.expected(name)));
                }
                Ok(value.to_string())
            }
            Kind::Decimal(least, most) => match text.parse::<f64>() {
                Ok(value) if value >= least as f64 && value <= most as f64 => Ok(text.to_owned()),
                _ => Err(format!("expected {}", self.expected(name))),
            },
            Kind::Boolean => match text.to_ascii_lowercase().as_str() {
                word @ ("true" | "false") => Ok(word.to_owned()),
                _ => Err("expected true or false".to_owned()),
            },
            Kind::OneOf(words) if words.contains(&text) => Ok(text.to_owned()),
            Kind::OneOfAnyCase(words) if words.iter().any(|word| word.eq_ignore_ascii_case(text)) => {
                Ok(text.to_ascii_lowercase())
            }
            Kind::OneOf(words) | Kind::OneOfAnyCase(words) => Err(format!("expected one of {}", words.join(", "))),
            Kind::Text => Ok(text.to_owned()),
        }
    }

    /// What a value must be, in words.
    fn expected(self, name: &str) -> String {
        let unit = if is_size(name) {
            " of bytes (or a size, as in \"64 KiB\")"
        } else if name.ends_with(".ms") {
            " of milliseconds"
        } else {
            ""
        };
        match self {
            Kind::Integer(least, i64::MAX) => format!("a whole number{unit}, {least} or more"),
            Kind::Integer(least, most) => format!("a whole number{unit} from {least} to {most}"),
            Kind::Decimal(least, most) => format!("a number{unit} from {least} to {most}"),
            _ => String::new(),
        }
    }
}

/// Whether a property counts bytes, so that a size with its unit may be given.
pub(crate) fn is_size(name: &str) -> bool {
    name.ends_with(".bytes") || matches!(name, "batch.size" | "buffer.memory" | "max.request.size")
}

fn integer(name: &str, text: &str) -> Option<i128> {
    if let Ok(value) = text.parse::<i128>() {
        return Some(value);
    }
    if is_size(name) {
        return parse_bytes(text).ok().map(i128::from);
    }
    None
}

/// One property as a profile gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its name as given.
    pub name: String,
    /// Its value as given, the environment filled in.
    pub value: String,
    /// Where its name stands.
    pub key: Place,
    /// Where its value stands.
    pub place: Place,
}

/// Every known property name of both worlds, for suggestions.
pub(crate) fn known_names() -> impl Iterator<Item = &'static str> {
    let java = java::all().map(|property| property.name);
    java.chain(librdkafka::ALL.iter().map(|property| property.name))
}

/// The known name nearest to an unknown one, where one is near.
pub(crate) fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], ".");
    let unknown = plain(unknown);
    known
        .map(|name| (strsim::jaro_winkler(&unknown, &plain(name)), name))
        .filter(|(similarity, _)| *similarity >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Whether a property says how brokers are reached rather than how records are sent.
pub(crate) fn is_connection(name: &str) -> bool {
    let name = librdkafka::canonical(name);
    name.starts_with("ssl.")
        || name.starts_with("sasl.")
        || name.starts_with("https.")
        || name.starts_with("security.")
        || matches!(
            name,
            "bootstrap.servers"
                | "enable.ssl.certificate.verification"
                | "enable.sasl.oauthbearer.unsecure.jwt"
                | "client.dns.lookup"
                | "broker.address.family"
        )
}

/// Names that only a consumer has (kafka-clients 4.3.0, `ConsumerConfig`), to say so.
pub(crate) const CONSUMER_ONLY: &[&str] = &[
    "allow.auto.create.topics",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "check.crcs",
    "default.api.timeout.ms",
    "enable.auto.commit",
    "exclude.internal.topics",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "isolation.level",
    "key.deserializer",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "max.poll.records",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "value.deserializer",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_put_in_plain_form() {
        let size = Kind::Integer(1, 1_000_000);
        assert_eq!(size.check("batch.size", "16 KiB"), Ok("16384".to_owned()));
        assert_eq!(size.check("batch.size", "+5"), Ok("5".to_owned()));
        assert!(size.check("batch.size", "2 MB").is_err());
        assert!(size.check("linger.ms", "16 KiB").unwrap_err().contains("milliseconds"));
        assert_eq!(Kind::Boolean.check("enable.idempotence", "TRUE"), Ok("true".to_owned()));
        assert_eq!(
            Kind::OneOfAnyCase(&["ssl"]).check("security.protocol", "SSL"),
            Ok("ssl".to_owned())
        );
        assert!(
            Kind::OneOf(&["lz4"])
                .check("compression.type", "LZ4")
                .unwrap_err()
                .contains("lz4")
        );
        assert!(Kind::Decimal(0, 10).check("linger.ms", "0.5").is_ok());
    }

    #[test]
    fn the_nearest_name_is_found() {
        for (typed, meant) in [
            ("lingerms", "linger.ms"),
            ("batch-size", "batch.size"),
            ("compresion.type", "compression.type"),
        ] {
            assert_eq!(nearest(typed, known_names()), Some(meant));
        }
        assert_eq!(nearest("zzzzzz", known_names()), None);
    }

    #[test]
    fn every_java_property_has_one_row_and_a_valid_default() {
        for property in java::all() {
            assert_eq!(
                java::all().filter(|other| other.name == property.name).count(),
                1,
                "{}",
                property.name
            );
            if !property.default.is_empty() {
                assert!(
                    property.kind.check(property.name, property.default).is_ok(),
                    "{}",
                    property.name
                );
            }
        }
        assert_eq!(
            java::all().count(),
            113,
            "kafka-clients 4.3.0 has this many producer properties"
        );
    }
}
