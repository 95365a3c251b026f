//! How brokers are reached: security, TLS and SASL properties of both worlds, translated into librdkafka's.

use std::collections::BTreeMap;

use super::check::{Meaning, meaning};
use super::java::Class;
use super::{Given, librdkafka};
use crate::profile::error::Problem;
use crate::profile::model::Defaults;
use crate::profile::secrets::{Jaas, is_secret, parse_jaas};

/// Connection properties in librdkafka's names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    /// `bootstrap.servers`, where it was among them.
    pub bootstrap_servers: Option<Given>,
    /// The rest.
    pub properties: BTreeMap<String, String>,
    /// Secrets that only came to light in the translation.
    pub secrets: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// What cannot be done.
    pub problems: Vec<Problem>,
}

const TRUST_STORE_REMEDY: &str = "export the certificates as PEM, as in `keytool -list -rfc -keystore truststore.jks > \
     ca.pem`, and set ssl.truststore.type=PEM with ssl.truststore.location=ca.pem (or ssl.ca.location=ca.pem)";
const KEY_STORE_REMEDY: &str = "convert it, as in `keytool -importkeystore -srckeystore keystore.jks -destkeystore \
     keystore.p12 -deststoretype PKCS12`, and set ssl.keystore.type=PKCS12";

/// Translates checked connection properties.
pub(crate) fn translate_connection(given: &[Given], defaults: Defaults) -> Connection {
    let mut connection = Connection::default();
    for property in given {
        match meaning(&property.name, defaults) {
            Some(Meaning::Java(row)) => match row.class {
                Class::Accepted { note } => {
                    connection
                        .notes
                        .push(format!("{}: taken, but does not touch the load: {note}", property.name));
                }
                _ => connection.apply_java(property, given),
            },
            Some(Meaning::Librdkafka(_)) => connection.apply_librdkafka(property),
            None => {}
        }
    }
    connection.finish(given);
    connection
}

impl Connection {
    fn set(&mut self, name: &str, value: &str) {
        self.properties.insert(name.to_owned(), value.to_owned());
    }

    fn impossible(&mut self, given: &Given, why: &str, remedy: &str) {
        self.problems.push(Problem::at(
            given.place,
            format!("{} cannot be done here: {why}", given.name),
            "impossible with librdkafka",
            remedy,
        ));
    }

    fn apply_librdkafka(&mut self, given: &Given) {
        match librdkafka::canonical(&given.name) {
            "bootstrap.servers" => self.bootstrap_servers = Some(given.clone()),
            "sasl.mechanism" => self.mechanism(given),
            "sasl.oauthbearer.method" if given.value == "oidc" => {
                self.impossible(given, "OIDC is not compiled in", "use PLAIN or SCRAM");
            }
            name => self.set(name, &given.value),
        }
    }

    fn apply_java(&mut self, given: &Given, all: &[Given]) {
        let kind_of = |name: &str| {
            let kind = all.iter().find(|property| property.name == name);
            kind.map_or_else(|| "JKS".to_owned(), |kind| kind.value.to_ascii_uppercase())
        };
        let value = given.value.as_str();
        match given.name.as_str() {
            "bootstrap.servers" => self.bootstrap_servers = Some(given.clone()),
            "sasl.mechanism" => self.mechanism(given),
            "sasl.jaas.config" => self.jaas(given, all),
            "ssl.truststore.type" | "ssl.keystore.type" => {}
            "ssl.truststore.location" if kind_of("ssl.truststore.type") == "PEM" => self.set("ssl.ca.location", value),
            "ssl.truststore.location" => {
                let why = format!(
                    "trust stores of type {} are the JVM's own",
                    kind_of("ssl.truststore.type")
                );
                self.impossible(given, &why, TRUST_STORE_REMEDY);
            }
            "ssl.truststore.certificates" => self.set("ssl.ca.pem", value),
            "ssl.keystore.key" => self.set("ssl.key.pem", value),
            "ssl.keystore.certificate.chain" => self.set("ssl.certificate.pem", value),
            "ssl.keystore.location" => match kind_of("ssl.keystore.type").as_str() {
                "PKCS12" => self.set("ssl.keystore.location", value),
                "PEM" => {
                    self.set("ssl.key.location", value);
                    self.set("ssl.certificate.location", value);
                }
                other => {
                    let why = format!("key stores of type {other} are the JVM's own");
                    self.impossible(given, &why, KEY_STORE_REMEDY);
                }
            },
            "ssl.endpoint.identification.algorithm" => {
                self.set(&given.name, if value.is_empty() { "none" } else { value });
            }
            "ssl.cipher.suites" if value.contains("_WITH_") => {
                let remedy = "give OpenSSL's names, as in ECDHE-RSA-AES256-GCM-SHA384, or leave it out";
                self.impossible(given, "these are the JVM's names of cipher suites", remedy);
            }
            name => self.set(name, value),
        }
    }

    fn mechanism(&mut self, given: &Given) {
        let mechanism = given.value.to_ascii_uppercase();
        match mechanism.as_str() {
            "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER" => self.set("sasl.mechanism", &mechanism),
            "GSSAPI" => self.impossible(
                given,
                "Kerberos is not compiled in",
                "use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
            ),
            _ => self.impossible(
                given,
                "there is no such mechanism",
                "use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
            ),
        }
    }

    /// Java's login line for PLAIN and SCRAM, as user name and password.
    fn jaas(&mut self, given: &Given, all: &[Given]) {
        let Some(jaas) = parse_jaas(&given.value) else {
            self.problems.push(Problem::at(
                given.place,
                "sasl.jaas.config is not understood",
                "expected: <login module> required username=\"…\" password=\"…\";",
                "set sasl.username and sasl.password instead",
            ));
            return;
        };
        let secrets = jaas.options.iter().filter(|(name, _)| is_secret(name));
        self.secrets.extend(secrets.map(|(_, value)| value.clone()));
        let class = jaas.module.rsplit('.').next().unwrap_or("").to_owned();
        let Some((user, password)) =
            credentials(&jaas).filter(|_| class == "PlainLoginModule" || class == "ScramLoginModule")
        else {
            let why = format!("{class} is a Java class that is not one of PLAIN or SCRAM with user name and password");
            self.impossible(given, &why, "use PLAIN or SCRAM with sasl.username and sasl.password");
            return;
        };
        self.set("sasl.username", user);
        self.set("sasl.password", password);
        let mechanism = all
            .iter()
            .find(|property| librdkafka::canonical(&property.name) == "sasl.mechanism");
        let fits = mechanism
            .is_some_and(|mechanism| (class == "PlainLoginModule") == mechanism.value.eq_ignore_ascii_case("PLAIN"));
        if !fits {
            let mut problem = Problem::at(
                given.place,
                format!(
                    "{class} does not fit sasl.mechanism={}",
                    mechanism.map_or("GSSAPI (the default)", |m| &m.value)
                ),
                "login module",
                "set sasl.mechanism to PLAIN for PlainLoginModule, to SCRAM-SHA-256 or SCRAM-SHA-512 for ScramLoginModule",
            );
            problem
                .labels
                .extend(mechanism.map(|mechanism| (mechanism.place, "mechanism".to_owned())));
            self.problems.push(problem);
        }
    }

    /// What the combination needs.
    fn finish(&mut self, given: &[Given]) {
        let protocol = self
            .properties
            .get("security.protocol")
            .map_or("plaintext", String::as_str)
            .to_owned();
        let tls = protocol.ends_with("ssl");
        let has_ca = ["ssl.ca.location", "ssl.ca.pem", "ssl.ca.certificate.stores"]
            .iter()
            .any(|name| self.properties.contains_key(*name));
        if tls && !has_ca {
            // OpenSSL is compiled in and would look for certificates under the prefix of the build machine.
            self.set("ssl.ca.location", "probe");
        }
        let sasl_given = given.iter().find(|property| property.name.starts_with("sasl."));
        if let Some(sasl) = sasl_given.filter(|_| !protocol.starts_with("sasl")) {
            self.notes.push(format!(
                "{} has no effect with security.protocol={protocol}: set SASL_SSL or SASL_PLAINTEXT to log in",
                sasl.name
            ));
        }
        if protocol.starts_with("sasl") && !self.properties.contains_key("sasl.mechanism") {
            let place = given
                .iter()
                .find(|property| property.name == "security.protocol")
                .map(|given| given.place);
            if !given
                .iter()
                .any(|property| librdkafka::canonical(&property.name) == "sasl.mechanism")
            {
                self.problems.push(Problem {
                    message: format!("security.protocol={protocol} needs a sasl.mechanism"),
                    labels: place
                        .map(|place| (place, "no mechanism is set".to_owned()))
                        .into_iter()
                        .collect(),
                    remedy: "set sasl.mechanism to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512: the default, GSSAPI, is not \
                             compiled in"
                        .to_owned(),
                });
            }
        }
    }
}

fn credentials(jaas: &Jaas) -> Option<(&str, &str)> {
    Some((jaas.option("username")?, jaas.option("password")?))
}
