//! The Java producer's properties: name, type, default, and what becomes of each here.
//!
//! Source of names, types and defaults: `ProducerConfig.configDef()` of kafka-clients 4.3.0. Each translation names its
//! own source: librdkafka's `CONFIGURATION.md` (2.12.1) or the file whose code decides its meaning.

use super::{Kind, java_security};

/// What becomes of a property of the Java client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It has a counterpart.
    Translated {
        /// In librdkafka's words.
        to: &'static str,
        /// Where that is written.
        source: &'static str,
    },
    /// It is taken, and does not touch the load.
    Accepted {
        /// Why it does not.
        note: &'static str,
    },
    /// It cannot be done here.
    Impossible {
        /// Why.
        why: &'static str,
        /// What to do instead.
        remedy: &'static str,
    },
}

/// One property of the Java producer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JavaProperty {
    /// Its name.
    pub name: &'static str,
    /// Its type and range.
    pub kind: Kind,
    /// Its default; empty where it has none.
    pub default: &'static str,
    /// What becomes of it.
    pub class: Class,
}

/// The property of this name.
pub(crate) fn find(name: &str) -> Option<&'static JavaProperty> {
    all().find(|property| property.name == name)
}

/// The property that a name is, or is a slip of the pen away from.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_', '.'], "");
    let wanted = plain(name);
    let slips = |property: &JavaProperty| strsim::damerau_levenshtein(&wanted, &plain(property.name));
    // In a short name two slips make another word.
    let limit = usize::from(wanted.len() > 6) * 2;
    let nearest = all().min_by_key(|property| slips(property))?;
    (slips(nearest) <= limit).then_some(nearest.name)
}

/// Every property of the Java producer.
pub(crate) fn all() -> impl Iterator<Item = &'static JavaProperty> {
    LOAD.iter().chain(java_security::SECURITY)
}

pub(super) const fn translated(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    to: &'static str,
    source: &'static str,
) -> JavaProperty {
    JavaProperty {
        name,
        kind,
        default,
        class: Class::Translated { to, source },
    }
}

pub(super) const fn accepted(name: &'static str, kind: Kind, note: &'static str) -> JavaProperty {
    JavaProperty {
        name,
        kind,
        default: "",
        class: Class::Accepted { note },
    }
}

pub(super) const fn impossible(name: &'static str, why: &'static str, remedy: &'static str) -> JavaProperty {
    JavaProperty {
        name,
        kind: Kind::Text,
        default: "",
        class: Class::Impossible { why, remedy },
    }
}

/// Every property that does not begin with `security`, `ssl` or `sasl`.
const LOAD: &[JavaProperty] = &[
    translated(
        "acks",
        Kind::OneOf(&["all", "-1", "0", "1"]),
        "all",
        "acks",
        "CONFIGURATION.md: acks",
    ),
    translated(
        "batch.size",
        Kind::Integer(0, 2_147_483_647),
        "16384",
        "batch.size, counted before compression",
        "CONFIGURATION.md: batch.size; ProducerBatch.java",
    ),
    translated(
        "bootstrap.servers",
        Kind::Text,
        "",
        "bootstrap.servers",
        "CONFIGURATION.md: bootstrap.servers",
    ),
    translated(
        "buffer.memory",
        Kind::Integer(0, i64::MAX),
        "33554432",
        "queue.buffering.max.kbytes, with queue.buffering.max.messages=0",
        "CONFIGURATION.md: queue.buffering.max.kbytes; rd_kafka_curr_msgs_add in rdkafka_int.h",
    ),
    translated(
        "client.dns.lookup",
        Kind::OneOf(&["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]),
        "use_all_dns_ips",
        "client.dns.lookup",
        "CONFIGURATION.md: client.dns.lookup",
    ),
    translated("client.id", Kind::Text, "", "client.id", "CONFIGURATION.md: client.id"),
    translated(
        "compression.gzip.level",
        Kind::Integer(-1, 9),
        "-1",
        "compression.level where the codec is gzip",
        "CONFIGURATION.md: compression.level; GzipCompression.java",
    ),
    translated(
        "compression.lz4.level",
        Kind::Integer(1, 17),
        "9",
        "compression.level where the codec is lz4; 9 is the fast compressor, -1 there",
        "Lz4BlockOutputStream.java: the default level selects fastCompressor(); lz4frame.c",
    ),
    translated(
        "compression.type",
        Kind::OneOf(&["none", "gzip", "snappy", "lz4", "zstd"]),
        "none",
        "compression.type",
        "CONFIGURATION.md: compression.type",
    ),
    translated(
        "compression.zstd.level",
        Kind::Integer(-131_072, 22),
        "3",
        "compression.level where the codec is zstd",
        "CONFIGURATION.md: compression.level; rdkafka_topic.c",
    ),
    accepted(
        "config.providers",
        Kind::Text,
        "Java's config providers are not run; kpbench itself fills in ${env:NAME}",
    ),
    translated(
        "connections.max.idle.ms",
        Kind::Integer(i64::MIN, i64::MAX),
        "540000",
        "connections.max.idle.ms",
        "CONFIGURATION.md: connections.max.idle.ms",
    ),
    translated(
        "delivery.timeout.ms",
        Kind::Integer(0, 2_147_483_647),
        "120000",
        "delivery.timeout.ms",
        "CONFIGURATION.md: delivery.timeout.ms",
    ),
    translated(
        "enable.idempotence",
        Kind::Boolean,
        "true",
        "enable.idempotence",
        "CONFIGURATION.md: enable.idempotence; ProducerConfig.java, postProcessAndValidateIdempotenceConfigs",
    ),
    translated(
        "enable.metrics.push",
        Kind::Boolean,
        "true",
        "enable.metrics.push",
        "CONFIGURATION.md: enable.metrics.push",
    ),
    accepted(
        "interceptor.classes",
        Kind::Text,
        "interceptors are Java classes and are not run: their cost is not in these figures",
    ),
    accepted(
        "key.serializer",
        Kind::Text,
        "keys are made as workload.key says: form = \"text\" has StringSerializer's bytes, \"binary\" LongSerializer's",
    ),
    translated(
        "linger.ms",
        Kind::Integer(0, i64::MAX),
        "5",
        "linger.ms",
        "CONFIGURATION.md: linger.ms",
    ),
    translated(
        "max.block.ms",
        Kind::Integer(0, i64::MAX),
        "60000",
        "the benchmark's own wait in the send call",
        "KafkaProducer.java: maxBlockTimeMs",
    ),
    translated(
        "max.in.flight.requests.per.connection",
        Kind::Integer(1, 2_147_483_647),
        "5",
        "max.in.flight.requests.per.connection",
        "CONFIGURATION.md: max.in.flight.requests.per.connection",
    ),
    translated(
        "max.request.size",
        Kind::Integer(0, 2_147_483_647),
        "1048576",
        "message.max.bytes",
        "CONFIGURATION.md: message.max.bytes",
    ),
    translated(
        "metadata.max.age.ms",
        Kind::Integer(0, i64::MAX),
        "300000",
        "topic.metadata.refresh.interval.ms",
        "CONFIGURATION.md: topic.metadata.refresh.interval.ms",
    ),
    accepted(
        "metadata.max.idle.ms",
        Kind::Integer(5000, i64::MAX),
        "a trial never leaves its topic idle that long",
    ),
    translated(
        "metadata.recovery.rebootstrap.trigger.ms",
        Kind::Integer(0, i64::MAX),
        "300000",
        "metadata.recovery.rebootstrap.trigger.ms",
        "CONFIGURATION.md",
    ),
    translated(
        "metadata.recovery.strategy",
        Kind::OneOfAnyCase(&["rebootstrap", "none"]),
        "rebootstrap",
        "metadata.recovery.strategy",
        "CONFIGURATION.md",
    ),
    accepted(
        "metric.reporters",
        Kind::Text,
        "reporters of Java metrics do not touch the load",
    ),
    accepted(
        "metrics.num.samples",
        Kind::Integer(1, 2_147_483_647),
        "Java metrics do not touch the load",
    ),
    accepted(
        "metrics.recording.level",
        Kind::OneOf(&["INFO", "DEBUG", "TRACE"]),
        "Java metrics do not touch the load",
    ),
    accepted(
        "metrics.sample.window.ms",
        Kind::Integer(0, i64::MAX),
        "Java metrics do not touch the load",
    ),
    accepted(
        "partitioner.adaptive.partitioning.enable",
        Kind::Boolean,
        "librdkafka does not adapt to slow brokers; it spreads records without keys evenly in the mean",
    ),
    accepted(
        "partitioner.availability.timeout.ms",
        Kind::Integer(0, i64::MAX),
        "librdkafka leaves out partitions without a leader, not slow ones",
    ),
    translated(
        "partitioner.class",
        Kind::Text,
        "",
        "RoundRobinPartitioner: kpbench assigns each record to the next partition itself",
        "RoundRobinPartitioner.java",
    ),
    translated(
        "partitioner.ignore.keys",
        Kind::Boolean,
        "false",
        "partitioner=random",
        "CONFIGURATION.md: partitioner",
    ),
    translated(
        "receive.buffer.bytes",
        Kind::Integer(-1, 2_147_483_647),
        "32768",
        "socket.receive.buffer.bytes",
        "CONFIGURATION.md: socket.receive.buffer.bytes",
    ),
    translated(
        "reconnect.backoff.max.ms",
        Kind::Integer(0, i64::MAX),
        "1000",
        "reconnect.backoff.max.ms",
        "CONFIGURATION.md",
    ),
    translated(
        "reconnect.backoff.ms",
        Kind::Integer(0, i64::MAX),
        "50",
        "reconnect.backoff.ms",
        "CONFIGURATION.md",
    ),
    translated(
        "request.timeout.ms",
        Kind::Integer(0, 2_147_483_647),
        "30000",
        "socket.timeout.ms (the client's wait) and request.timeout.ms (the broker's)",
        "CONFIGURATION.md: socket.timeout.ms, request.timeout.ms",
    ),
    translated(
        "retries",
        Kind::Integer(0, 2_147_483_647),
        "2147483647",
        "retries",
        "CONFIGURATION.md: retries",
    ),
    translated(
        "retry.backoff.max.ms",
        Kind::Integer(0, i64::MAX),
        "1000",
        "retry.backoff.max.ms",
        "CONFIGURATION.md",
    ),
    translated(
        "retry.backoff.ms",
        Kind::Integer(0, i64::MAX),
        "100",
        "retry.backoff.ms",
        "CONFIGURATION.md",
    ),
    translated(
        "send.buffer.bytes",
        Kind::Integer(-1, 2_147_483_647),
        "131072",
        "socket.send.buffer.bytes",
        "CONFIGURATION.md: socket.send.buffer.bytes",
    ),
    accepted(
        "socket.connection.setup.timeout.max.ms",
        Kind::Integer(i64::MIN, i64::MAX),
        "librdkafka waits the same time at each attempt to connect",
    ),
    translated(
        "socket.connection.setup.timeout.ms",
        Kind::Integer(i64::MIN, i64::MAX),
        "10000",
        "socket.connection.setup.timeout.ms",
        "CONFIGURATION.md",
    ),
    accepted(
        "transaction.timeout.ms",
        Kind::Integer(-2_147_483_648, 2_147_483_647),
        "it has no effect without transactional.id",
    ),
    accepted(
        "transaction.two.phase.commit.enable",
        Kind::Boolean,
        "it has no effect without transactional.id",
    ),
    impossible(
        "transactional.id",
        "this version does not measure transactions",
        "leave transactional.id out",
    ),
    accepted(
        "value.serializer",
        Kind::Text,
        "values of the payload are bytes already. With record = \"order\" or \"coupon-issue\" under [workload] they are serialized",
    ),
];
