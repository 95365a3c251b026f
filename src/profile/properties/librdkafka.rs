//! librdkafka's producer properties: name, type and range, default.
//!
//! Source: `CONFIGURATION.md` of librdkafka 2.12.1, rows for `P` and `*`, without those that only the program itself can
//! set (see [`OWNED`]).

use super::Kind;

/// One property of librdkafka.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LibrdkafkaProperty {
    /// Its name.
    pub name: &'static str,
    /// Its type and range.
    pub kind: Kind,
    /// Its default; empty where it has none.
    pub default: &'static str,
}

/// The property of this name.
pub(crate) fn find(name: &str) -> Option<&'static LibrdkafkaProperty> {
    ALL.iter().find(|property| property.name == name)
}

/// The one name used for a property that has two.
pub(crate) fn canonical(name: &str) -> &str {
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == name)
        .map_or(name, |(_, canonical)| canonical)
}

/// Second names, and the name that the rest of the program uses: the Java client's where it has the same.
const ALIASES: &[(&str, &str)] = &[
    ("metadata.broker.list", "bootstrap.servers"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("message.send.max.retries", "retries"),
    ("compression.codec", "compression.type"),
    ("request.required.acks", "acks"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("sasl.mechanisms", "sasl.mechanism"),
    (
        "sasl.oauthbearer.client.credentials.client.id",
        "sasl.oauthbearer.client.id",
    ),
    (
        "sasl.oauthbearer.client.credentials.client.secret",
        "sasl.oauthbearer.client.secret",
    ),
];

/// Properties that the benchmark itself sets, or that only a program can set.
pub(crate) const OWNED: &[&str] = &[
    "error_cb",
    "throttle_cb",
    "stats_cb",
    "log_cb",
    "background_event_cb",
    "socket_cb",
    "connect_cb",
    "closesocket_cb",
    "open_cb",
    "resolve_cb",
    "opaque",
    "default_topic_conf",
    "ssl_key",
    "ssl_certificate",
    "ssl_ca",
    "ssl_engine_callback_data",
    "ssl.certificate.verify_cb",
    "oauthbearer_token_refresh_cb",
    "interceptors",
    "dr_cb",
    "dr_msg_cb",
    "partitioner_cb",
    "msg_order_cmp",
    "builtin.features",
    "debug",
    "delivery.report.only.error",
    "enable.random.seed",
    "enabled_events",
    "internal.termination.signal",
    "log.queue",
    "log.thread.name",
    "log_level",
    "plugin.library.paths",
    "produce.offset.report",
    "statistics.interval.ms",
];

/// The built-in partitioners.
const PARTITIONERS: &[&str] = &[
    "random",
    "consistent",
    "consistent_random",
    "murmur2",
    "murmur2_random",
    "fnv1a",
    "fnv1a_random",
];

const fn row(name: &'static str, kind: Kind, default: &'static str) -> LibrdkafkaProperty {
    LibrdkafkaProperty { name, kind, default }
}

/// Every property that a profile may set.
pub(crate) const ALL: &[LibrdkafkaProperty] = &[
    row("client.id", Kind::Text, "rdkafka"),
    row("metadata.broker.list", Kind::Text, ""),
    row("bootstrap.servers", Kind::Text, ""),
    row("message.max.bytes", Kind::Integer(1000, 1_000_000_000), "1000000"),
    row("message.copy.max.bytes", Kind::Integer(0, 1_000_000_000), "65535"),
    row(
        "receive.message.max.bytes",
        Kind::Integer(1000, 2_147_483_647),
        "100000000",
    ),
    row(
        "max.in.flight.requests.per.connection",
        Kind::Integer(1, 1_000_000),
        "1000000",
    ),
    row("max.in.flight", Kind::Integer(1, 1_000_000), "1000000"),
    row(
        "metadata.recovery.strategy",
        Kind::OneOf(&["none", "rebootstrap"]),
        "rebootstrap",
    ),
    row(
        "metadata.recovery.rebootstrap.trigger.ms",
        Kind::Integer(0, 2_147_483_647),
        "300000",
    ),
    row(
        "topic.metadata.refresh.interval.ms",
        Kind::Integer(-1, 3_600_000),
        "300000",
    ),
    row("metadata.max.age.ms", Kind::Integer(1, 86_400_000), "900000"),
    row(
        "topic.metadata.refresh.fast.interval.ms",
        Kind::Integer(1, 60000),
        "100",
    ),
    row("topic.metadata.refresh.fast.cnt", Kind::Integer(0, 1000), "10"),
    row("topic.metadata.refresh.sparse", Kind::Boolean, "true"),
    row(
        "topic.metadata.propagation.max.ms",
        Kind::Integer(0, 3_600_000),
        "30000",
    ),
    row("socket.timeout.ms", Kind::Integer(10, 300000), "60000"),
    row("socket.blocking.max.ms", Kind::Integer(1, 60000), "1000"),
    row("socket.send.buffer.bytes", Kind::Integer(0, 100_000_000), "0"),
    row("socket.receive.buffer.bytes", Kind::Integer(0, 100_000_000), "0"),
    row("socket.keepalive.enable", Kind::Boolean, "false"),
    row("socket.nagle.disable", Kind::Boolean, "true"),
    row("socket.max.fails", Kind::Integer(0, 1_000_000), "1"),
    row("broker.address.ttl", Kind::Integer(0, 86_400_000), "1000"),
    row("broker.address.family", Kind::OneOf(&["any", "v4", "v6"]), "any"),
    row(
        "socket.connection.setup.timeout.ms",
        Kind::Integer(1000, 2_147_483_647),
        "30000",
    ),
    row("connections.max.idle.ms", Kind::Integer(0, 2_147_483_647), "0"),
    row("reconnect.backoff.jitter.ms", Kind::Integer(0, 3_600_000), "0"),
    row("reconnect.backoff.ms", Kind::Integer(0, 3_600_000), "100"),
    row("reconnect.backoff.max.ms", Kind::Integer(0, 3_600_000), "10000"),
    row("log.connection.close", Kind::Boolean, "true"),
    row("api.version.request", Kind::Boolean, "true"),
    row("api.version.request.timeout.ms", Kind::Integer(1, 300000), "10000"),
    row("api.version.fallback.ms", Kind::Integer(0, 604_800_000), "0"),
    row("broker.version.fallback", Kind::Text, "0.10.0"),
    row("allow.auto.create.topics", Kind::Boolean, "false"),
    row(
        "security.protocol",
        Kind::OneOf(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
        "plaintext",
    ),
    row("ssl.cipher.suites", Kind::Text, ""),
    row("ssl.curves.list", Kind::Text, ""),
    row("ssl.sigalgs.list", Kind::Text, ""),
    row("ssl.key.location", Kind::Text, ""),
    row("ssl.key.password", Kind::Text, ""),
    row("ssl.key.pem", Kind::Text, ""),
    row("ssl.certificate.location", Kind::Text, ""),
    row("ssl.certificate.pem", Kind::Text, ""),
    row("ssl.ca.location", Kind::Text, ""),
    row("https.ca.location", Kind::Text, ""),
    row("https.ca.pem", Kind::Text, ""),
    row("ssl.ca.pem", Kind::Text, ""),
    row("ssl.ca.certificate.stores", Kind::Text, "Root"),
    row("ssl.crl.location", Kind::Text, ""),
    row("ssl.keystore.location", Kind::Text, ""),
    row("ssl.keystore.password", Kind::Text, ""),
    row("ssl.providers", Kind::Text, ""),
    row("ssl.engine.location", Kind::Text, ""),
    row("ssl.engine.id", Kind::Text, "dynamic"),
    row("enable.ssl.certificate.verification", Kind::Boolean, "true"),
    row(
        "ssl.endpoint.identification.algorithm",
        Kind::OneOf(&["none", "https"]),
        "https",
    ),
    row("sasl.mechanisms", Kind::Text, "GSSAPI"),
    row("sasl.mechanism", Kind::Text, "GSSAPI"),
    row("sasl.kerberos.service.name", Kind::Text, "kafka"),
    row("sasl.kerberos.principal", Kind::Text, "kafkaclient"),
    row("sasl.kerberos.kinit.cmd", Kind::Text, ""),
    row("sasl.kerberos.keytab", Kind::Text, ""),
    row(
        "sasl.kerberos.min.time.before.relogin",
        Kind::Integer(0, 86_400_000),
        "60000",
    ),
    row("sasl.username", Kind::Text, ""),
    row("sasl.password", Kind::Text, ""),
    row("sasl.oauthbearer.config", Kind::Text, ""),
    row("enable.sasl.oauthbearer.unsecure.jwt", Kind::Boolean, "false"),
    row("sasl.oauthbearer.method", Kind::OneOf(&["default", "oidc"]), "default"),
    row("sasl.oauthbearer.client.id", Kind::Text, ""),
    row("sasl.oauthbearer.client.credentials.client.id", Kind::Text, ""),
    row("sasl.oauthbearer.client.credentials.client.secret", Kind::Text, ""),
    row("sasl.oauthbearer.client.secret", Kind::Text, ""),
    row("sasl.oauthbearer.scope", Kind::Text, ""),
    row("sasl.oauthbearer.extensions", Kind::Text, ""),
    row("sasl.oauthbearer.token.endpoint.url", Kind::Text, ""),
    row(
        "sasl.oauthbearer.grant.type",
        Kind::OneOf(&["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]),
        "client_credentials",
    ),
    row(
        "sasl.oauthbearer.assertion.algorithm",
        Kind::OneOf(&["RS256", "ES256"]),
        "RS256",
    ),
    row("sasl.oauthbearer.assertion.private.key.file", Kind::Text, ""),
    row("sasl.oauthbearer.assertion.private.key.passphrase", Kind::Text, ""),
    row("sasl.oauthbearer.assertion.private.key.pem", Kind::Text, ""),
    row("sasl.oauthbearer.assertion.file", Kind::Text, ""),
    row("sasl.oauthbearer.assertion.claim.aud", Kind::Text, ""),
    row(
        "sasl.oauthbearer.assertion.claim.exp.seconds",
        Kind::Integer(1, 2_147_483_647),
        "300",
    ),
    row("sasl.oauthbearer.assertion.claim.iss", Kind::Text, ""),
    row("sasl.oauthbearer.assertion.claim.jti.include", Kind::Boolean, "false"),
    row(
        "sasl.oauthbearer.assertion.claim.nbf.seconds",
        Kind::Integer(0, 2_147_483_647),
        "60",
    ),
    row("sasl.oauthbearer.assertion.claim.sub", Kind::Text, ""),
    row("sasl.oauthbearer.assertion.jwt.template.file", Kind::Text, ""),
    row(
        "sasl.oauthbearer.metadata.authentication.type",
        Kind::OneOf(&["none", "azure_imds"]),
        "none",
    ),
    row("client.rack", Kind::Text, ""),
    row("enable.idempotence", Kind::Boolean, "false"),
    row("enable.gapless.guarantee", Kind::Boolean, "false"),
    row(
        "queue.buffering.max.messages",
        Kind::Integer(0, 2_147_483_647),
        "100000",
    ),
    row("queue.buffering.max.kbytes", Kind::Integer(1, 2_147_483_647), "1048576"),
    row("queue.buffering.max.ms", Kind::Decimal(0, 900000), "5"),
    row("linger.ms", Kind::Decimal(0, 900000), "5"),
    row(
        "message.send.max.retries",
        Kind::Integer(0, 2_147_483_647),
        "2147483647",
    ),
    row("retries", Kind::Integer(0, 2_147_483_647), "2147483647"),
    row("retry.backoff.ms", Kind::Integer(1, 300000), "100"),
    row("retry.backoff.max.ms", Kind::Integer(1, 300000), "1000"),
    row(
        "queue.buffering.backpressure.threshold",
        Kind::Integer(1, 1_000_000),
        "1",
    ),
    row(
        "compression.codec",
        Kind::OneOf(&["none", "gzip", "snappy", "lz4", "zstd"]),
        "none",
    ),
    row(
        "compression.type",
        Kind::OneOf(&["none", "gzip", "snappy", "lz4", "zstd"]),
        "none",
    ),
    row("batch.num.messages", Kind::Integer(1, 1_000_000), "10000"),
    row("batch.size", Kind::Integer(1, 2_147_483_647), "1000000"),
    row("sticky.partitioning.linger.ms", Kind::Integer(0, 900000), "10"),
    row(
        "client.dns.lookup",
        Kind::OneOf(&["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]),
        "use_all_dns_ips",
    ),
    row("enable.metrics.push", Kind::Boolean, "true"),
    row("request.required.acks", Kind::OneOf(&["all", "-1", "0", "1"]), "all"),
    row("acks", Kind::OneOf(&["all", "-1", "0", "1"]), "all"),
    row("request.timeout.ms", Kind::Integer(1, 900000), "30000"),
    row("message.timeout.ms", Kind::Integer(0, 2_147_483_647), "300000"),
    row("delivery.timeout.ms", Kind::Integer(0, 2_147_483_647), "300000"),
    row("queuing.strategy", Kind::OneOf(&["fifo", "lifo"]), "fifo"),
    row("partitioner", Kind::OneOf(PARTITIONERS), "consistent_random"),
    row("compression.level", Kind::Integer(-1, 12), "-1"),
];
