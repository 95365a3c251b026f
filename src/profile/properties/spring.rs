//! Spring Boot's names for the producer's properties (`KafkaProperties`), as they stand in `application.properties`.

/// What a name of a Spring application file stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A property of the Java producer, with the value in the producer's own form.
    Property(String, String),
    /// It belongs to Kafka but not to a producer.
    NotProducer,
    /// It has no counterpart here: why.
    Impossible(&'static str),
    /// It is not about Kafka.
    Foreign,
}

/// Spring's names below `spring.kafka.producer`, `spring.kafka` and their `ssl` and `security` parts, without hyphens.
const NAMES: &[(&str, &str)] = &[
    ("acks", "acks"),
    ("batchsize", "batch.size"),
    ("bootstrapservers", "bootstrap.servers"),
    ("buffermemory", "buffer.memory"),
    ("clientid", "client.id"),
    ("compressiontype", "compression.type"),
    ("keyserializer", "key.serializer"),
    ("valueserializer", "value.serializer"),
    ("retries", "retries"),
    ("transactionidprefix", "transactional.id"),
    ("security.protocol", "security.protocol"),
    ("ssl.keypassword", "ssl.key.password"),
    ("ssl.keystorecertificatechain", "ssl.keystore.certificate.chain"),
    ("ssl.keystorekey", "ssl.keystore.key"),
    ("ssl.keystorelocation", "ssl.keystore.location"),
    ("ssl.keystorepassword", "ssl.keystore.password"),
    ("ssl.keystoretype", "ssl.keystore.type"),
    ("ssl.protocol", "ssl.protocol"),
    ("ssl.truststorecertificates", "ssl.truststore.certificates"),
    ("ssl.truststorelocation", "ssl.truststore.location"),
    ("ssl.truststorepassword", "ssl.truststore.password"),
    ("ssl.truststoretype", "ssl.truststore.type"),
];

/// Parts of `spring.kafka` that are not a producer's.
const OTHER_PARTS: &[&str] = &[
    "consumer",
    "listener",
    "admin",
    "streams",
    "template",
    "retry",
    "listeners",
];

/// What a name means; `None` where it is none of Spring's.
pub(crate) fn meaning(key: &str, value: &str) -> Option<Meaning> {
    let rest = key.strip_prefix("spring.")?;
    let Some(rest) = rest.strip_prefix("kafka.") else {
        return Some(Meaning::Foreign);
    };
    let rest = rest.strip_prefix("producer.").unwrap_or(rest);
    if let Some(name) = rest.strip_prefix("properties.") {
        // Maps with dots in their keys are written with brackets: properties[linger.ms] or properties.[linger.ms].
        return Some(Meaning::Property(
            name.trim_matches(['[', ']']).to_owned(),
            value.to_owned(),
        ));
    }
    if let Some(name) = rest.strip_prefix("properties[") {
        return Some(Meaning::Property(
            name.trim_end_matches(']').to_owned(),
            value.to_owned(),
        ));
    }
    if OTHER_PARTS
        .iter()
        .any(|part| rest.strip_prefix(part).is_some_and(|after| after.starts_with('.')))
    {
        return Some(Meaning::NotProducer);
    }
    if rest.starts_with("ssl.bundle") {
        return Some(Meaning::Impossible(
            "an SSL bundle is defined elsewhere in the application; give the files themselves",
        ));
    }
    if rest.starts_with("jaas.") {
        return Some(Meaning::Impossible(
            "give sasl.jaas.config, or sasl.username and sasl.password, instead",
        ));
    }
    let plain = rest.to_ascii_lowercase().replace(['-', '_'], "");
    match NAMES.iter().find(|(spring, _)| *spring == plain) {
        Some((_, name)) => Some(Meaning::Property((*name).to_owned(), own_form(name, value))),
        None => Some(Meaning::Impossible("Spring Boot has no such property of a producer")),
    }
}

/// Spring's sizes count in powers of 1024 whatever the unit's spelling; its resources may begin with `file:`.
fn own_form(name: &str, value: &str) -> String {
    if super::is_size(name) {
        let upper = value.trim().to_ascii_uppercase();
        for (unit, factor) in [("KB", 1u64 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("B", 1)] {
            if let Some(number) = upper
                .strip_suffix(unit)
                .and_then(|number| number.trim().parse::<u64>().ok())
            {
                return number.saturating_mul(factor).to_string();
            }
        }
    }
    if name.ends_with(".location") {
        return value
            .strip_prefix("file:")
            .map_or(value, |path| path.strip_prefix("//").unwrap_or(path))
            .to_owned();
    }
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn springs_names_are_the_producers() {
        for (key, value, name, own) in [
            ("spring.kafka.producer.batch-size", "32KB", "batch.size", "32768"),
            ("spring.kafka.producer.batchSize", "100", "batch.size", "100"),
            (
                "spring.kafka.producer.buffer-memory",
                "64MB",
                "buffer.memory",
                "67108864",
            ),
            ("spring.kafka.producer.properties.linger.ms", "10", "linger.ms", "10"),
            ("spring.kafka.producer.properties[linger.ms]", "10", "linger.ms", "10"),
            ("spring.kafka.properties.max.block.ms", "7", "max.block.ms", "7"),
            ("spring.kafka.bootstrap-servers", "a:1", "bootstrap.servers", "a:1"),
            ("spring.kafka.security.protocol", "SSL", "security.protocol", "SSL"),
            (
                "spring.kafka.ssl.trust-store-location",
                "file:/x.pem",
                "ssl.truststore.location",
                "/x.pem",
            ),
        ] {
            assert_eq!(
                meaning(key, value),
                Some(Meaning::Property(name.to_owned(), own.to_owned())),
                "{key}"
            );
        }
        assert_eq!(
            meaning("spring.kafka.consumer.group-id", "g"),
            Some(Meaning::NotProducer)
        );
        assert_eq!(meaning("spring.datasource.url", "x"), Some(Meaning::Foreign));
        assert!(matches!(
            meaning("spring.kafka.producer.lingerms", "1"),
            Some(Meaning::Impossible(_))
        ));
        assert_eq!(meaning("linger.ms", "1"), None);
    }
}
