//! Clusters that are already running.

use std::collections::BTreeMap;

/// The connection properties with what this build needs on top. The compiled-in OpenSSL looks for certificate
/// authorities in its own prefix, where none are: `probe` makes librdkafka look where the system keeps them.
pub(crate) fn connection(given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut connection = given.clone();
    let tls = given
        .get("security.protocol")
        .is_some_and(|protocol| protocol.to_lowercase().contains("ssl"));
    let chosen = ["ssl.ca.location", "ssl.ca.pem", "ssl.ca.certificate.stores"];
    if tls && !chosen.iter().any(|key| given.contains_key(*key)) {
        connection.insert("ssl.ca.location".to_owned(), "probe".to_owned());
    }
    connection
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        connection(
            &pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn tls_without_authorities_probes_for_them() {
        assert_eq!(with(&[("security.protocol", "SASL_SSL")])["ssl.ca.location"], "probe");
        assert_eq!(
            with(&[("security.protocol", "ssl"), ("ssl.ca.location", "x.pem")])["ssl.ca.location"],
            "x.pem"
        );
        assert!(!with(&[("security.protocol", "ssl"), ("ssl.ca.pem", "-")]).contains_key("ssl.ca.location"));
        assert!(!with(&[("security.protocol", "SASL_PLAINTEXT")]).contains_key("ssl.ca.location"));
    }
}
