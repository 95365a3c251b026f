//! The section `[schema-registry]`, and the same settings where they stand among the producer's properties, as in an
//! application's `.properties` file.

mod settings;

use std::collections::BTreeMap;

pub use settings::{Credentials, Pem, RegistrySettingError, RegistrySettings, strategy_of};

use super::document::Document;
use super::error::Problem;
use super::properties::{Given, nearest};
use super::read::Context;

/// Names of Confluent's serializers and registry client (kafka-avro-serializer 7.9, `AbstractKafkaSchemaSerDeConfig`,
/// `SchemaRegistryClientConfig`) that are used here. With or without the prefix `schema.registry.`.
const NAMES: &[&str] = &[
    "url",
    "basic.auth.credentials.source",
    "basic.auth.user.info",
    "bearer.auth.credentials.source",
    "bearer.auth.token",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.type",
    "auto.register.schemas",
    "use.latest.version",
    "normalize.schemas",
    "http.connect.timeout.ms",
    "http.read.timeout.ms",
    "value.subject.name.strategy",
];

/// Names that are Confluent's too and change nothing in what is measured.
const WITHOUT_EFFECT: &[&str] = &[
    "avro.reflection.allow.null",
    "avro.remove.java.properties",
    "avro.use.logical.type.converters",
    "id.compatibility.strict",
    "key.subject.name.strategy",
    "latest.compatibility.strict",
    "max.schemas.per.subject",
    "specific.avro.reader",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.password",
    "ssl.keystore.password",
    "ssl.truststore.password",
];

/// The registry's settings, and where they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct SchemaRegistry {
    /// Under Confluent's names.
    pub given: Vec<Given>,
}

/// Whether a property among the producer's belongs to the registry. Those of TLS only with their prefix: without it they
/// are the brokers'.
pub(crate) fn is_registry(name: &str) -> bool {
    match name.strip_prefix("schema.registry.") {
        Some(_) => true,
        None => !name.starts_with("ssl.") && name != "url" && (NAMES.contains(&name) || WITHOUT_EFFECT.contains(&name)),
    }
}

/// One spelling: addresses and TLS with the prefix, everything else without.
fn plain_name(name: &str) -> String {
    let bare = name.strip_prefix("schema.registry.").unwrap_or(name);
    match bare == "url" || bare.starts_with("ssl.") {
        true => format!("schema.registry.{bare}"),
        false => bare.to_owned(),
    }
}

/// `[schema-registry]` on top of what stood among the producer's properties.
pub(crate) fn schema_registry(
    document: &mut Document,
    among_producers: SchemaRegistry,
    context: &mut Context,
) -> SchemaRegistry {
    let entries = document.take_section("schema-registry.");
    let own: Vec<Given> = entries.iter().filter_map(|entry| context.given(entry)).collect();
    // What could not be read is told already; without it the others would look wrong too.
    let all_read = own.len() == entries.len();
    let mut registry = SchemaRegistry::default();
    for mut given in among_producers.given.into_iter().chain(own) {
        let bare = given
            .name
            .strip_prefix("schema.registry.")
            .unwrap_or(&given.name)
            .to_owned();
        if WITHOUT_EFFECT.contains(&bare.as_str()) {
            context.warn(format!("{}: taken, but has no effect here", given.name));
            continue;
        }
        if !NAMES.contains(&bare.as_str()) {
            context.problem(unknown(&given, &bare));
            continue;
        }
        given.name = plain_name(&given.name);
        if given.name.ends_with(".location") {
            given.value = context.base_dir.join(&given.value).display().to_string();
        }
        if given.name == "schema.registry.url" {
            hide_credentials(&given, context);
        }
        registry.given.retain(|earlier| earlier.name != given.name);
        registry.given.push(given);
    }
    if all_read {
        registry.check(context);
    }
    registry
}

fn unknown(given: &Given, bare: &str) -> Problem {
    let remedy = match nearest(bare, NAMES.iter().copied()) {
        Some(near) => format!("did you mean {}?", plain_name(near)),
        None => format!("known are: {}", NAMES.join(", ")),
    };
    let message = format!("{} is no setting of the Schema Registry", given.name);
    Problem::at(given.key, message, "unknown", remedy)
}

/// An address with `user:password@` is a secret as a whole.
fn hide_credentials(given: &Given, context: &mut Context) {
    for url in given.value.split(',') {
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or(authority);
        let Some((user_info, _)) = authority.rsplit_once('@') else {
            continue;
        };
        context.sources.mark_secret(given.place);
        context.secret(user_info);
        if let Some((_, password)) = user_info.split_once(':') {
            context.secret(password);
        }
    }
}

/// Settings that are given together with one: where it is missing, the first of these that is there is the place to look.
fn companions(name: &str) -> &'static [&'static str] {
    match name {
        "basic.auth.credentials.source" => &["basic.auth.user.info"],
        "basic.auth.user.info" => &["basic.auth.credentials.source"],
        "bearer.auth.token" => &["bearer.auth.credentials.source"],
        "schema.registry.ssl.keystore.key" => &["ssl.certificate.location", "ssl.keystore.certificate.chain"],
        "schema.registry.ssl.keystore.certificate.chain" => &["ssl.key.location", "ssl.keystore.key"],
        _ => &[],
    }
}

impl SchemaRegistry {
    /// Whether a registry is named.
    pub fn is_set(&self) -> bool {
        self.given.iter().any(|given| given.name == "schema.registry.url")
    }

    /// The properties as trial processes get them.
    pub fn properties(&self) -> BTreeMap<String, String> {
        let pairs = self.given.iter().map(|given| (given.name.clone(), given.value.clone()));
        pairs.collect()
    }

    /// The settings, where they can be used.
    pub fn settings(&self) -> Option<RegistrySettings> {
        RegistrySettings::from_properties(&self.properties()).ok()
    }

    fn check(&self, context: &mut Context) {
        let Some(first) = self.given.first() else { return };
        if let Err(error) = RegistrySettings::from_properties(&self.properties()) {
            let find = |name: &str| self.given.iter().find(|given| given.name == plain_name(name));
            context.problem(match find(&error.name) {
                Some(given) => {
                    let message = format!("{} cannot be used", error.name);
                    Problem::at(given.place, message, "this value", error.reason)
                }
                None => {
                    let near = companions(&error.name).iter().find_map(|name| find(name));
                    let message = format!("{} is missing, or not what goes with the rest", error.name);
                    Problem::at(near.unwrap_or(first).key, message, "goes with this", error.reason)
                }
            });
        }
    }
}
