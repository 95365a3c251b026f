//! Profiles as a user meets them: the shipped ones load and mean what they say, every rule's message, translations.

use std::collections::BTreeMap;
use std::path::Path;

use kpbench::profile::{self, Configuration, Override, Profile, ProfileError};
use kpbench::protocol::{Acks, Arrival, Content, SendMode, Size, TargetKind};

fn parse(text: &str) -> Result<Profile, ProfileError> {
    profile::parse("test.toml", text, Path::new("tests/fixtures/profiles"), &[])
}

fn valid(text: &str) -> Profile {
    parse(text).unwrap_or_else(|error| panic!("{}", render(&error)))
}

fn set(text: &str, overrides: &[(&str, &str, &str)]) -> Result<Profile, ProfileError> {
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|(key, value, origin)| Override {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            origin: (*origin).to_owned(),
        })
        .collect();
    profile::parse("test.toml", text, Path::new(""), &overrides)
}

/// The error as a terminal without colours shows it.
fn render(error: &ProfileError) -> String {
    let mut text = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .with_width(120)
        .render_report(&mut text, error)
        .unwrap();
    text
}

/// What a user sees of a profile that is refused.
fn message(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("this profile must be refused:\n{text}"),
        Err(error) => render(&error),
    }
}

fn only(profile: &Profile) -> &Configuration {
    assert_eq!(profile.configurations.len(), 1);
    &profile.configurations[0]
}

fn shipped() -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir("profiles")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // Beside them lie what they read.
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    paths
}

mod shipped_profiles {
    use super::*;

    #[test]
    fn every_one_loads_and_says_what_it_asks() {
        let mut names = Vec::new();
        for path in shipped() {
            let profile = profile::load(&path, &[]).unwrap_or_else(|error| panic!("{}", render(&error)));
            assert_eq!(path.file_stem().unwrap().to_str(), Some(profile.name.as_str()));
            assert!(
                profile.description.ends_with('?'),
                "{}: a description is a question",
                profile.name
            );
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.contains("defaults ="),
                "{} must say whose defaults it uses",
                profile.name
            );
            assert_eq!(profile.source_masked, text, "nothing in {} is secret", profile.name);
            names.push(profile.name);
        }
        assert_eq!(
            names,
            [
                "acks",
                "arrival",
                "batching",
                "codecs",
                "coupon",
                "full-grid",
                "keys",
                "nightly",
                "quickstart",
                "send-modes",
                "serializers",
                "topics"
            ]
        );
    }

    #[test]
    fn what_each_of_them_comes_to() {
        let mut all = String::new();
        for path in shipped() {
            let profile = profile::load(&path, &[]).unwrap();
            all += &format!("{}: {}\n", profile.name, profile::estimate(&profile).sentence());
            profile
                .warnings
                .iter()
                .for_each(|warning| all += &format!("  warning: {warning}\n"));
            for configuration in &profile.configurations {
                all += &format!("  {}\n", configuration.label);
                configuration
                    .warnings
                    .iter()
                    .for_each(|warning| all += &format!("    warning: {warning}\n"));
            }
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn quickstart_touches_every_axis_within_three_minutes() {
        let profile = profile::load(Path::new("profiles/quickstart.toml"), &[]).unwrap();
        assert!(profile::estimate(&profile).duration.as_secs() <= 180);
        assert!(profile.run.measure_ms >= 1_000);
        let values = |of: &dyn Fn(&Configuration) -> String| {
            let mut values: Vec<String> = profile.configurations.iter().map(of).collect();
            values.sort();
            values.dedup();
            values
        };
        let property = |name: &'static str| values(&move |c: &Configuration| c.effective_properties[name].clone());
        assert_eq!(property("compression.type"), ["gzip", "lz4", "none", "snappy", "zstd"]);
        assert_eq!(property("acks"), ["0", "1", "all"]);
        assert_eq!(
            values(&|c| c.workload.send_mode.to_string()),
            ["async", "fire-and-forget", "sync"]
        );
        assert!(property("batch.size").len() >= 3 && property("linger.ms").len() >= 3);
        assert_eq!(profile.target.kind, TargetKind::Local);
    }

    #[test]
    fn librdkafka_takes_every_effective_property() {
        for path in shipped() {
            for configuration in profile::load(&path, &[]).unwrap().configurations {
                let mut client = rdkafka::ClientConfig::new();
                for (name, value) in &configuration.effective_properties {
                    client.set(name, value);
                }
                let made: Result<rdkafka::producer::BaseProducer, _> = client.create();
                assert!(
                    made.is_ok(),
                    "{} {}: {:?}",
                    path.display(),
                    configuration.label,
                    made.err()
                );
            }
        }
    }

    #[test]
    fn full_grid_needs_a_yes() {
        let profile = profile::load(Path::new("profiles/full-grid.toml"), &[]).unwrap();
        let estimate = profile::estimate(&profile);
        assert!(profile::check_budget(&estimate, false, None).is_err());
        assert!(profile::check_budget(&estimate, true, None).is_ok());
    }

    #[test]
    fn ids_are_stable_over_the_place_in_the_matrix() {
        let ids = |text: &str| {
            let profile = valid(text);
            profile
                .configurations
                .into_iter()
                .map(|c| (c.label, c.id))
                .collect::<BTreeMap<_, _>>()
        };
        let forward = ids("[matrix]\nlinger.ms = [0, 5]\n");
        assert_eq!(forward, ids("[matrix]\nlinger.ms = [5, 0]\n"));
        assert_ne!(forward["linger.ms=0"], forward["linger.ms=5"]);
        let more = ids("[topic]\npartitions = 12\n[matrix]\nlinger.ms = [0, 5]\n");
        assert_ne!(
            forward["linger.ms=5"], more["linger.ms=5"],
            "another topic is another configuration"
        );
        assert_eq!(
            only(&valid("")).id,
            ids("[producer]\nlinger.ms = 5\n")["default"],
            "a default that is written out"
        );
    }
}

mod messages {
    use super::*;

    macro_rules! refused {
        ($($name:ident: $text:expr;)+) => {
            $(#[test] fn $name() { insta::assert_snapshot!(message($text)); })+
        };
    }

    refused! {
        broken_toml: "[producer]\nlinger.ms = \nsasl.password = \"hunter2\"\n";
        unknown_section: "[producr]\n";
        unknown_key: "[run]\nrepetition = 3\n";
        unknown_property: "[producer]\nlingerms = 5\nlinger.sm = 1\n";
        consumer_property: "[producer]\ngroup.id = \"g\"\n";
        unknown_axis: "[matrix]\nbatchsize = [1]\n";
        topic_config_in_the_wrong_section: "[topic]\nmin.insync.replicas = 1\n";
        unknown_topic_config: "[topic.config]\nmin.insync.replica = 1\n";
        unknown_broker_config: "[target.broker]\nnum.io.thread = 1\n";
        wrong_types: "[run]\nmeasure = 5\nheadroom = \"yes\"\n[workload]\nproducers = \"two\"\n[matrix]\nacks = \"all\"\n";
        wrong_values: "[producer]\nacks = 2\ncompression.type = \"LZ4\"\nlinger.ms = \"5ms\"\nbatch.size = -1\n";
        wrong_words: "[workload]\nsend.mode = \"asnyc\"\nclient = \"java\"\n[run]\norder = \"any\"\n";
        absurd_quantities: "[workload]\nrecord.size = 0\nrate = -5\nproducers = 0\n[run]\nmeasure = \"0s\"\nrepetitions = 0\n[topic]\npartitions = 0\n";
        empty_axis: "[matrix]\nacks = []\n";
        same_value_twice: "[matrix]\nbatch.size = [16384, \"16 KiB\"]\n";
        fixed_and_swept: "[producer]\nacks = \"all\"\n[matrix]\nacks = [\"1\", \"all\"]\n";
        everything_excluded: "[matrix]\nacks = [\"1\"]\n[[exclude]]\nacks = \"1\"\n";
        exclusion_of_nothing_known: "[matrix]\nacks = [\"1\", \"0\"]\n[[exclude]]\nlinger.ms = 5\n[[exclude]]\nacks = \"all\"\n";
        connection_axis: "[matrix]\nsecurity.protocol = [\"SSL\", \"PLAINTEXT\"]\n";
        owned_by_the_benchmark: "[producer]\nstatistics.interval.ms = 100\n";
        delivery_timeout: "[producer]\ndelivery.timeout.ms = 20000\nlinger.ms = 50\n";
        delivery_timeout_of_librdkafka: "[producer]\ndefaults = \"librdkafka\"\nmessage.timeout.ms = 1000\n";
        delivery_timeout_in_a_matrix: "[producer]\ndelivery.timeout.ms = 30005\n[matrix]\nlinger.ms = [0, 5, 50]\n";
        idempotence: "[producer]\nenable.idempotence = true\nretries = 0\nmax.in.flight.requests.per.connection = 6\n[matrix]\nacks = [\"1\", \"all\"]\n";
        idempotence_by_default: "[producer]\nmax.in.flight.requests.per.connection = 6\n";
        idempotence_of_librdkafka: "[producer]\ndefaults = \"librdkafka\"\nenable.idempotence = true\nacks = 1\n";
        replication_above_brokers: "[target]\nbrokers = 1\n[topic]\nreplication-factor = 3\n";
        insync_above_replication: "[topic]\nreplication-factor = 1\n[topic.config]\nmin.insync.replicas = 2\n";
        records_too_large: "[workload]\nrecord.size = \"2 MB\"\n";
        records_larger_than_the_topic_takes: "[topic.config]\nmax.message.bytes = 1000\n[matrix]\nbatch.size = [1000, 1000000]\n";
        records_larger_than_a_limit_that_was_set: "[producer]\nmax.request.size = 1000\n[workload]\nrecord.size = 2000\n";
        external_without_servers: "[target]\nkind = \"external\"\n";
        bad_bootstrap_server: "[target]\nbootstrap-servers = \"broker:port\"\n";
        bootstrap_server_without_port: "[target]\nbootstrap-servers = \"a:9092,broker\"\n";
        java_trust_store: "[producer]\nssl.truststore.location = \"/etc/kafka/truststore.jks\"\nssl.truststore.password = \"changeit\"\n";
        java_key_store: "[producer]\nssl.keystore.location = \"/etc/kafka/keystore.jks\"\n";
        kerberos: "[producer]\nsecurity.protocol = \"SASL_SSL\"\nsasl.mechanism = \"GSSAPI\"\n";
        sasl_without_mechanism: "[target.properties]\nsecurity.protocol = \"SASL_SSL\"\n";
        jaas_and_mechanism: "[producer]\nsasl.mechanism = \"SCRAM-SHA-256\"\nsasl.jaas.config = 'org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"hunter2\";'\n";
        jaas_not_understood: "[producer]\nsasl.jaas.config = \"hunter2\"\n";
        transactions: "[producer]\ntransactional.id = \"t\"\n";
        zipf_skew_out_of_range: "[workload]\nkey = {kind = \"zipf\", keys = 1000, skew = -0.5}\n[matrix]\nacks = [\"1\", \"all\"]\n";
        zipf_skew_of_nothing: "[matrix]\nkey = [\"none\", {kind = \"zipf\", keys = 1000, skew = 0}, {kind = \"zipf\", keys = 10, skew = 11.5}]\n";
        keys_of_no_kind: "[workload]\nkey = \"gaussian\"\n";
        keys_without_what_they_need: "[workload]\nkey = {kind = \"uniform\", key = 10}\n";
        no_keys_at_all: "[workload]\nkey = {kind = \"uniform\", keys = 0, form = \"hex\"}\n";
        key_of_no_part: "[workload]\nkey = {kind = \"payload\"}\n";
        key_of_an_unknown_field: "[workload]\nkey = {kind = \"payload\", field = \"customer\"}\n";
        key_of_records_too_small: "[workload]\nrecord.size = 100\nkey = {kind = \"payload\", field = \"customer_id\"}\n";
        key_of_more_bytes_than_there_are: "[workload]\nrecord.size = 200\nkey = {kind = \"payload\", bytes = 500}\n";
        key_of_random_bytes: "[workload]\npayload = \"random\"\nkey = {kind = \"payload\", field = \"customer_id\"}\n";
        tombstones_without_keys: "[workload]\ntombstones = \"10%\"\n";
        tombstones_beyond_all: "[workload]\nkey = \"sequential\"\ntombstones = 1.5\n";
        topics_of_no_weight: "[workload]\ntopics = [{name = \"a\", weight = 0}, {name = \"b\", weight = -2.5}, {name = \"c\", weight = nan}, {name = \"d\", weight = inf}, {name = \"e\", weight = \"heavy\"}]\n";
        topics_without_any: "[workload]\ntopics = []\n";
        topics_of_another_type: "[workload]\ntopics = \"orders\"\n";
        topics_of_lists: "[workload]\ntopics = [[\"orders\"], 3]\n";
        topics_in_a_matrix_that_are_no_lists: "[matrix]\ntopics = [\"orders\", \"payments\"]\n";
        topics_with_partitions_of_their_own_and_an_axis_of_them: "[workload]\ntopics = [{name = \"a\", partitions = 2}]\n[matrix]\npartitions = [2, 4]\n";
        topics_twice: "[workload]\ntopics = [\"orders\", {name = \"pay.ments\"}, \"orders\", {name = \"pay_ments\", weight = 2}]\n";
        topics_without_a_name: "[workload]\ntopics = [{weight = 1}, {name = \"\"}, {name = \"or ders\"}, \"..\", {name = \"a\", weigth = 1}]\n";
        topics_with_settings_of_all_topics: "[workload]\ntopics = [{name = \"orders\", replication-factor = 3, partitions = 0}]\n";
        topics_and_an_existing_topic: "[topic]\nexisting = \"orders\"\npartitions = 6\n[variants.one]\n[variants.two]\ntopics = [\"a\", \"b\"]\n";
        topics_with_too_few_partitions: "[topic]\npartitions = 12\n[workload]\npartitioner = {partition = 3}\ntopics = [{name = \"orders\"}, {name = \"payments\", partitions = 3}]\n";
        topics_of_a_coupon_service: "[workload]\ntopics = [\"a\", \"b\"]\n[workload.arrival]\npattern = \"scheduled-drain\"\nusers.rate = 100\n[run]\nmeasure = \"20s\"\n";
        key_of_a_record_serialized_while_sending: "[workload]\nrecord = \"order\"\nkey = {kind = \"payload\", field = \"orderId\"}\n";
        key_of_no_field_of_a_record: "[workload]\nrecord = \"order\"\nserialize.cost = false\nkey = {kind = \"payload\", field = \"order_id\"}\n";
        key_of_a_record_that_is_no_json: "[workload]\nrecord = \"order\"\nvalue-serializer = \"custom\"\nserialize.cost = false\nkey = {kind = \"payload\", field = \"orderId\"}\n";
        unknown_partitioner: "[workload]\npartitioner = \"murmur3\"\n";
        partition_beyond_the_last: "[topic]\npartitions = 3\n[matrix]\npartitioner = [\"round-robin\", {partition = 3}]\n";
        partitioner_named_twice: "[workload]\npartitioner = \"java-sticky\"\n[producer]\npartitioner.ignore.keys = true\n";
        headers_of_no_kind: "[workload.headers]\ntraceId = {generate = \"ulid\"}\nversion = 3\n";
        unknown_timestamps: "[workload]\ntimestamps = \"broker\"\n";
        custom_partitioner: "[producer]\npartitioner.class = \"com.example.Mine\"\n";
        zstd_level_out_of_reach: "[producer]\ncompression.type = \"zstd\"\ncompression.zstd.level = 19\n";
        set_twice_through_an_alias: "[producer]\nbuffer.memory = 1000000\nqueue.buffering.max.kbytes = 100\n";
        given_twice_in_two_spellings: "[workload]\nrecord.size = 1\nrecord-size = 2\n";
        missing_environment: "[target.properties]\nsasl.password = \"${env:KPBENCH_TEST_NO_SUCH_VARIABLE}\"\n";
        size_without_its_parts: "[workload]\nrecord.size = {distribution = \"uniform\", min = 10}\n";
        partitions_of_an_existing_topic: "[topic]\nexisting = \"orders\"\n[matrix]\npartitions = [1, 2]\n";
        payload_without_its_file: "[workload]\npayload = {kind = \"file\", path = \"no-such-file.txt\"}\n";
        properties_file_and_librdkafka: "[producer]\ndefaults = \"librdkafka\"\nproperties-file = \"producer.properties\"\n";
        problem_in_a_properties_file: "[producer]\nproperties-file = \"broken.properties\"\n";
        a_matrix_without_end: "[matrix]\nlinger.ms = [1,2,3,4,5,6,7,8,9,10]\nbatch.size = [1,2,3,4,5,6,7,8,9,10]\nretries = [1,2,3,4,5,6,7,8,9,10]\nrecord.size = [1,2,3,4,5,6,7,8,9,10]\npartitions = [1,2,3,4,5,6,7,8,9,10]\nproducers = [1,2]\n";
    }

    #[test]
    fn an_override_is_pointed_at_where_it_was_given() {
        let error = set(
            "[run]\nrepetitions = 3\n",
            &[("run.repetitions", "many", "--repetitions")],
        )
        .unwrap_err();
        insta::assert_snapshot!(render(&error));
        let position = error.problems()[0].position().unwrap();
        assert_eq!((position.0, position.1), ("--repetitions", 1));
    }

    #[test]
    fn a_file_that_is_not_there() {
        let error = profile::load(Path::new("profiles/no-such.toml"), &[]).unwrap_err();
        assert!(
            render(&error).contains("profiles/no-such.toml cannot be read"),
            "{}",
            render(&error)
        );
    }

    #[test]
    fn no_secret_is_shown_in_any_message() {
        for text in [
            "[target.properties]\nsasl.password = \"hunter2\" \nnonsense = 1\n",
            "[producer]\nssl.truststore.password = \"hunter2\"\nssl.truststore.location = \"x.jks\"\n",
            "[target.properties]\nsasl.password = \"hunter2\nlinger = 5\n",
            "[target.properties]\nssl.key.pem = '''\nhunter2\n''' = \n",
            "[producer]\nsasl.jaas.config = 'org.X required password=\"hunter2\";'\n# hunter2\nlingerms = 1\n",
            "[producer]\nsasl.pasword = \"hunter2\"\n",
            "[targt.properties]\nsasl.password = \"hunter2\"\nssl.key.pem = \"hunter2\"\n",
            "[producer]\nproperties-file = \"foreign.properties\"\n",
            "[target.properties]\nsasl = {password = [[\"hunter2\"]]}\n",
            "[target.properties]\nsasl.password: hunter2\n",
            "[target.properties]\nsasl.username = \"me\"\n\"sasl.password\" =\n\"hunter2\"\nlinger = 5\n",
            "[producer]\nsasl.pasword = \"hunter2\nlinger.ms = 5\n",
        ] {
            let shown = message(text);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        for key in [
            "producer.sasl.pasword",
            "no such.password",
            "target.properties.sasl.password.x",
            "producr.sasl.password",
        ] {
            let shown = render(&set("", &[(key, "hunter2", "--set"), ("nonsense", "1", "--set")]).unwrap_err());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

mod translations {
    use super::*;

    /// The effective properties of `[producer]` with these lines.
    fn effective(lines: &str) -> BTreeMap<String, String> {
        only(&valid(&format!("[producer]\n{lines}\n")))
            .effective_properties
            .clone()
    }

    #[test]
    fn javas_defaults_are_applied_by_meaning() {
        let configuration = only(&valid("")).clone();
        insta::assert_debug_snapshot!(configuration.effective_properties);
        assert_eq!(configuration.max_block_ms, 60_000);
        assert_eq!(configuration.acks, Acks::All);
        assert!(configuration.properties.is_empty(), "nothing was set");
    }

    #[test]
    fn librdkafkas_defaults_are_left_to_it() {
        assert_eq!(effective("defaults = \"librdkafka\""), BTreeMap::new());
        let set = effective("defaults = \"librdkafka\"\nqueue.buffering.max.ms = 0.5\nrequest.timeout.ms = 7000\n");
        assert_eq!(set["linger.ms"], "0.5", "an alias has one name");
        assert_eq!(set["request.timeout.ms"], "7000");
        assert!(
            !set.contains_key("socket.timeout.ms"),
            "under librdkafka, request.timeout.ms is the broker's wait alone"
        );
    }

    #[test]
    fn names_are_translated_by_meaning() {
        for (given, name, value) in [
            ("buffer.memory = 67108864", "queue.buffering.max.kbytes", "65536"),
            ("buffer.memory = \"64 MiB\"", "queue.buffering.max.kbytes", "65536"),
            ("buffer.memory = 100", "queue.buffering.max.kbytes", "1"),
            ("max.request.size = 2000000", "message.max.bytes", "2000000"),
            ("request.timeout.ms = 7000", "socket.timeout.ms", "7000"),
            ("request.timeout.ms = 7000", "request.timeout.ms", "7000"),
            (
                "metadata.max.age.ms = 1000",
                "topic.metadata.refresh.interval.ms",
                "1000",
            ),
            ("send.buffer.bytes = -1", "socket.send.buffer.bytes", "0"),
            ("receive.buffer.bytes = 70000", "socket.receive.buffer.bytes", "70000"),
            ("connections.max.idle.ms = -1", "connections.max.idle.ms", "0"),
            ("acks = -1", "acks", "all"),
            ("batch.size = 0", "batch.size", "1"),
            ("partitioner.ignore.keys = true", "partitioner", "random"),
            ("linger.ms = 0", "sticky.partitioning.linger.ms", "1"),
            ("linger = {ms = 9}", "linger.ms", "9"),
            ("\"linger.ms\" = \"9\"", "linger.ms", "9"),
            ("compression.type = \"lz4\"", "compression.level", "-1"),
            (
                "compression.type = \"lz4\"\ncompression.lz4.level = 9",
                "compression.level",
                "-1",
            ),
            (
                "compression.type = \"lz4\"\ncompression.lz4.level = 8",
                "compression.level",
                "8",
            ),
            (
                "compression.type = \"lz4\"\ncompression.lz4.level = 17",
                "compression.level",
                "12",
            ),
            (
                "compression.type = \"gzip\"\ncompression.gzip.level = 4",
                "compression.level",
                "4",
            ),
            ("compression.type = \"zstd\"", "compression.level", "3"),
            ("queue.buffering.max.messages = 7", "queue.buffering.max.messages", "7"),
            ("batch.num.messages = 7", "batch.num.messages", "7"),
            (
                "defaults = \"librdkafka\"\nbuffer.memory = 1048576",
                "queue.buffering.max.messages",
                "0",
            ),
            (
                "defaults = \"librdkafka\"\nmax.request.size = 5000",
                "message.max.bytes",
                "5000",
            ),
            (
                "defaults = \"librdkafka\"\ncompression.type = \"gzip\"\ncompression.level = 12",
                "compression.level",
                "9",
            ),
            (
                "defaults = \"librdkafka\"\ndelivery.timeout.ms = 0",
                "delivery.timeout.ms",
                "2147483647",
            ),
            (
                "defaults = \"librdkafka\"\nmessage.timeout.ms = 0",
                "delivery.timeout.ms",
                "2147483647",
            ),
        ] {
            assert_eq!(effective(given).get(name).map(String::as_str), Some(value), "{given}");
        }
        assert!(!effective("compression.type = \"none\"").contains_key("compression.level"));
        assert_eq!(only(&valid("[producer]\nmax.block.ms = 5\n")).max_block_ms, 5);
        let for_ever = valid("[producer]\nmax.block.ms = 9223372036854775807\n");
        assert_eq!(only(&for_ever).max_block_ms, 2_147_483_647);
    }

    #[test]
    fn what_is_not_the_same_is_said() {
        for (given, said) in [
            (
                "metric.reporters = \"com.example.Mine\"",
                "metric.reporters: taken, but does not touch the load",
            ),
            ("key.serializer = \"x\"", "key.serializer: taken"),
            ("compression.type = \"zstd\"", "counted before compression"),
            (
                "compression.lz4.level = 3",
                "compression.lz4.level is a no-op with compression.type=none",
            ),
            (
                "compression.level = 3",
                "compression.level is a no-op with compression.type=none",
            ),
            (
                "request.timeout.ms = 400000\ndelivery.timeout.ms = 500000",
                "socket.timeout.ms=300000 is used",
            ),
            (
                "defaults = \"librdkafka\"\ndelivery.timeout.ms = 0",
                "delivery.timeout.ms=0 (no limit): 2147483647",
            ),
            ("max.block.ms = 9223372036854775807", "2147483647 (24 days) is used"),
            ("retry.backoff.ms = 0", "retry.backoff.ms=1 is used"),
            ("request.timeout.ms = 200000", "delivery.timeout.ms is raised"),
            ("acks = 1", "idempotence is off because of acks=1"),
            ("acks = 0", "there is no acknowledgement"),
            ("batch.size = 2000000", "batch.size=2000000 is a no-op"),
            (
                "batch.num.messages = 10\nbatch.size = 100000",
                "batch.num.messages=10 records",
            ),
            (
                "max.request.size = 5000000\nbatch.size = 5000000",
                "the topic takes 1048588 at most",
            ),
            (
                "ssl.truststore.password = \"changeit\"",
                "ssl.truststore.password: taken",
            ),
            (
                "sasl.username = \"u\"",
                "has no effect with security.protocol=plaintext",
            ),
            ("bootstrap.servers = \"a:1\"", "bootstrap.servers is not used"),
            ("security.protocol = \"SSL\"", "are not used: target local"),
        ] {
            let profile = valid(&format!("[producer]\n{given}\n"));
            let all: Vec<&String> = profile.warnings.iter().chain(&only(&profile).warnings).collect();
            assert!(all.iter().any(|warning| warning.contains(said)), "{given}: {all:#?}");
        }
    }

    #[test]
    fn what_somebody_elses_cluster_takes_is_not_decided_by_kafkas_default() {
        let large = "[workload]\nrecord.size = \"2 MB\"\n[producer]\nmax.request.size = 10485760\n";
        let external = "[target]\nbootstrap-servers = \"c:9092\"\n";
        let existing = "[topic]\nexisting = \"orders\"\n";
        for somebody_elses in [external, existing] {
            let profile = valid(&format!("{somebody_elses}{large}"));
            let told = |part: &str| profile.warnings.iter().any(|warning| warning.contains(part));
            assert!(
                told("Kafka's default (max.message.bytes=1048588) would refuse"),
                "{:?}",
                profile.warnings
            );
            assert!(!told("the broker refuses them"), "{:?}", profile.warnings);
        }
        let batches = valid(&format!(
            "{external}[producer]\nmax.request.size = 5000000\nbatch.size = 5000000\n"
        ));
        let full = batches
            .warnings
            .iter()
            .find(|warning| warning.contains("batches may grow"));
        assert!(full.unwrap().contains("would refuse full ones"), "{full:?}");
        // Where it is known, it is refused as before: by the topic's own limit, and on a cluster of kpbench's own.
        for known in [
            format!("{external}[topic]\nconfig.max.message.bytes = 1048588\n"),
            String::new(),
        ] {
            let shown = message(&format!("{known}{large}"));
            assert!(shown.contains("no configuration can send a record"), "{shown}");
        }
        let raised = valid(&format!(
            "{external}[topic]\nconfig.max.message.bytes = 10000000\n{large}"
        ));
        assert!(
            !raised
                .warnings
                .iter()
                .any(|warning| warning.contains("max.message.bytes"))
        );
    }

    #[test]
    fn where_there_are_several_brokers_it_is_said_for_how_long_a_partition_is_kept() {
        let said = |text: &str| {
            let profile = valid(text);
            profile.warnings.iter().any(|warning| warning.contains("2 × linger.ms"))
        };
        let (three, six) = ("[target]\nbrokers = 3\n", "[topic]\npartitions = 6\n");
        let external = "[target]\nkind = \"external\"\nbootstrap-servers = \"a:1\"\n";
        assert!(said(&format!("{three}{six}")));
        assert!(said(&format!("{external}{six}")));
        assert!(!said(six), "one broker");
        assert!(!said(&format!("{three}[topic]\npartitions = 1\n")));
        for property in ["sticky.partitioning.linger.ms = 1", "defaults = \"librdkafka\""] {
            assert!(!said(&format!("{three}{six}[producer]\n{property}\n")), "{property}");
        }
    }

    #[test]
    fn acks_and_retries_switch_idempotence_off_as_in_java() {
        for (given, idempotent) in [
            ("", "true"),
            ("acks = 1", "false"),
            ("retries = 0", "false"),
            ("acks = \"all\"", "true"),
            (
                "enable.idempotence = false\nmax.in.flight.requests.per.connection = 100",
                "false",
            ),
        ] {
            assert_eq!(effective(given)["enable.idempotence"], idempotent, "{given}");
        }
    }

    #[test]
    fn a_properties_file_is_java() {
        let profile = valid(
            "[target]\nkind = \"external\"\n[producer]\nproperties-file = \"producer.properties\"\nlinger.ms = 30\n",
        );
        let effective = &only(&profile).effective_properties;
        assert_eq!(effective["linger.ms"], "30", "the profile comes before its file");
        assert_eq!(
            (effective["batch.size"].as_str(), effective["compression.type"].as_str()),
            ("32768", "lz4")
        );
        assert_eq!(
            profile.target.bootstrap_servers.as_deref(),
            Some("kafka-1:9092,kafka-2:9092")
        );
        assert!(
            profile
                .warnings
                .iter()
                .any(|warning| warning.contains("linger.ms of the profile is used"))
        );
    }

    #[test]
    fn a_producers_own_name_in_a_spring_file_is_refused_where_it_stands() {
        let error = profile::parse(
            "test.toml",
            "[producer]\nproperties-file = \"mixed.properties\"\n",
            Path::new("tests/fixtures/profiles"),
            &[],
        )
        .unwrap_err();
        let shown = render(&error);
        for part in [
            "mixed.properties:3:1",
            "Spring does not bind linger.ms here",
            "write spring.kafka.producer.properties.linger.ms, or take",
            "Spring does not bind batchsize here",
            "spring.kafka.producer.properties.batch.size",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(error.problems().len(), 2, "the others are really foreign: {shown}");
    }

    #[test]
    fn a_spring_application_file_is_understood() {
        let profile =
            valid("[target]\nkind = \"external\"\n[producer]\nproperties-file = \"application.properties\"\n");
        let effective = &only(&profile).effective_properties;
        assert_eq!(
            (effective["batch.size"].as_str(), effective["linger.ms"].as_str()),
            ("65536", "7")
        );
        assert_eq!(effective["acks"], "1");
        let connection = &profile.target.connection;
        assert_eq!(connection["security.protocol"], "sasl_ssl");
        assert_eq!(
            (
                connection["sasl.username"].as_str(),
                connection["sasl.password"].as_str()
            ),
            ("alice", "hunter2")
        );
        assert_eq!(
            connection["ssl.ca.location"], "probe",
            "compiled-in OpenSSL must be told to look for certificates"
        );
        assert!(profile.secrets.iter().any(|secret| secret == "hunter2"));
        let left_out = profile
            .warnings
            .iter()
            .find(|warning| warning.contains("left out"))
            .unwrap();
        assert!(
            left_out.contains("server.port") && left_out.contains("spring.kafka.consumer.group-id"),
            "{left_out}"
        );
    }

    #[test]
    fn pem_stores_are_passed_on() {
        let profile = valid(
            "[target]\nbootstrap-servers = \"a:1\"\n[topic]\nreplication-factor = 1\n[producer]\n\
             security.protocol = \"SSL\"\nssl.truststore.type = \"PEM\"\nssl.truststore.location = \"ca.pem\"\n\
             ssl.keystore.type = \"PEM\"\nssl.keystore.location = \"me.pem\"\nssl.key.password = \"hunter2\"\n",
        );
        let connection = &profile.target.connection;
        assert_eq!(connection["ssl.ca.location"], "ca.pem");
        assert_eq!(
            (
                connection["ssl.key.location"].as_str(),
                connection["ssl.certificate.location"].as_str()
            ),
            ("me.pem", "me.pem")
        );
        assert!(!profile.source_masked.contains("hunter2"), "{}", profile.source_masked);
    }
}

mod fields {
    use super::*;

    #[test]
    fn a_profile_that_says_nothing_has_sensible_defaults() {
        let profile = valid("");
        assert_eq!((profile.name.as_str(), profile.path.as_deref()), ("test", None));
        assert_eq!((profile.target.kind, profile.target.brokers), (TargetKind::Local, 1));
        assert_eq!(
            (profile.run.repetitions, profile.run.warmup_ms, profile.run.measure_ms),
            (10, 2_000, 5_000)
        );
        let configuration = only(&profile);
        assert_eq!((configuration.partitions, configuration.label.as_str()), (6, "default"));
        assert_eq!(configuration.workload.payload.size, Size::Fixed { bytes: 1000 });
        assert_eq!(configuration.workload.arrival, Arrival::Unpaced);
    }

    #[test]
    fn every_field_is_read() {
        let profile = valid(
            r#"
            name = "all"
            [target]
            kind = "local"
            brokers = 3
            [target.broker]
            num.io.threads = 4
            [topic]
            partitions = 12
            replication-factor = 3
            existing = "orders"
            config.retention.ms = 60000
            [workload]
            record-size = {distribution = "normal", mean = "1 KB", deviation = 100, min = 10, max = "2 KB"}
            payload = {kind = "file", path = "records.txt", split = "size"}
            send-mode = "sync"
            send.concurrency = 4
            client = "rust-base"
            producers = 2
            rate = "100k"
            [run]
            repetitions = 3
            warmup = "1s"
            measure = "1m 30s"
            drain-timeout = "5s"
            conditioning = "0s"
            headroom = false
            headroom-measure = "2s"
            order = "matrix"
            seed = 7
            "#,
        );
        insta::assert_debug_snapshot!((&profile.target, &profile.topic, &profile.run, &only(&profile).workload));
    }

    #[test]
    fn record_sizes_and_payloads_have_their_forms() {
        let size = |text: &str| {
            only(&valid(&format!("[workload]\nrecord.size = {text}\n")))
                .workload
                .payload
                .size
                .clone()
        };
        assert_eq!(size("\"1 KiB\""), Size::Fixed { bytes: 1024 });
        assert_eq!(size("{distribution = \"fixed\", size = 5}"), Size::Fixed { bytes: 5 });
        assert_eq!(
            size("{distribution = \"uniform\", min = 1, max = \"1 KB\"}"),
            Size::Uniform {
                min_bytes: 1,
                max_bytes: 1000
            }
        );
        let choice =
            size("{distribution = \"choice\", choices = [{size = 1, weight = 2}, {size = \"3 KB\", weight = 0.5}]}");
        assert_eq!(choice.max_bytes(), 3000);
        let content = |text: &str| {
            only(&valid(&format!("[workload]\npayload = {text}\n")))
                .workload
                .payload
                .content
                .clone()
        };
        assert_eq!(content("\"random\""), Content::Random);
        assert_eq!(content("{kind = \"text\"}"), Content::Text);
        assert_eq!(content("{kind = \"ratio\", ratio = 4}"), Content::Ratio { ratio: 4.0 });
    }

    /// A profile whose records are the lines of a file with this content.
    fn of_lines(content: &str, profile: &str) -> Result<Profile, ProfileError> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("lines.txt"), content).unwrap();
        let payload = "payload = {kind = \"file\", path = \"lines.txt\"}";
        profile::parse(
            "test.toml",
            &format!("[workload]\n{payload}\n{profile}"),
            directory.path(),
            &[],
        )
    }

    #[test]
    fn a_payload_files_lines_are_measured_and_the_limits_and_the_estimate_know() {
        let short = of_lines("12345\n\n123\n", "rate = 1000\n").unwrap();
        let size = &only(&short).workload.payload.size;
        assert_eq!(
            *size,
            Size::Lines {
                mean_bytes: 4.0,
                min_bytes: 3,
                max_bytes: 5
            }
        );
        let made = valid("[workload]\nrecord.size = 4\nrate = 1000\n");
        assert_eq!(
            profile::estimate(&short).bytes_written,
            profile::estimate(&made).bytes_written
        );
        let told = |profile: &Profile, part: &str| profile.warnings.iter().any(|warning| warning.contains(part));
        assert!(!told(&short, "record.size has no effect"), "nobody gave one");
        assert!(told(
            &of_lines("1\n", "record.size = 5\n").unwrap(),
            "record.size has no effect"
        ));
        let mixed = format!("short\n{}\n", "x".repeat(2_000_000));
        let refused = render(&of_lines(&mixed, "").unwrap_err());
        for words in [
            "line 2 of the payload file",
            "2000000 bytes",
            "1048576",
            "[test.toml:2:",
        ] {
            assert!(refused.contains(words), "{words:?} is not in {refused}");
        }
        let raised = "[topic]\nconfig.max.message.bytes = 3000000\n[producer]\nmax.request.size = 3000000\n";
        assert!(of_lines(&mixed, raised).is_ok());
        let below_the_topic = "[producer]\nmax.request.size = 3000000\n";
        let refused = render(&of_lines(&mixed, below_the_topic).unwrap_err());
        assert!(refused.contains("max.message.bytes=1048588"), "{refused}");
        let long = of_lines(&"x".repeat(2_000_000), "").unwrap_err();
        assert!(
            render(&long).contains("no configuration can send a record"),
            "{}",
            render(&long)
        );
        let empty = of_lines("\n\n", "").unwrap_err();
        assert!(
            render(&empty).contains("has nothing but empty lines"),
            "{}",
            render(&empty)
        );
    }

    #[test]
    fn overrides_replace_whatever_the_spelling() {
        let text = "[workload]\nrecord-size = 1\n[producer]\nlinger.ms = 1\n[matrix]\nacks = [\"1\", \"all\"]\n";
        let profile = set(
            text,
            &[
                ("workload.record.size", "2 KB", "--record-size"),
                ("producer.linger.ms", "7", "--set"),
                ("matrix.acks", "[\"0\"]", "--set"),
                ("run.measure", "9s", "--measure"),
                ("target.kind", "mock", "--target"),
            ],
        )
        .unwrap_or_else(|error| panic!("{}", render(&error)));
        let configuration = only(&profile);
        assert_eq!(configuration.workload.payload.size, Size::Fixed { bytes: 2000 });
        assert_eq!(configuration.effective_properties["linger.ms"], "7");
        assert_eq!((configuration.acks, profile.run.measure_ms), (Acks::None, 9_000));
        assert_eq!(profile.target.kind, TargetKind::Mock);
        assert!(set("", &[("no such", "1", "--set")]).is_err());
    }

    #[test]
    fn secrets_are_collected_and_masked() {
        let profile = set(
            "# the password is hunter2-and-more\n[target]\nbootstrap-servers = [\"a:1\", \"b:1\"]\n[topic]\nreplication-factor = 1\n\
             [target.properties]\nsecurity.protocol = \"SASL_SSL\"\nsasl.mechanism = \"PLAIN\"\nsasl.username = \"me\"\n\
             sasl.password = \"hunter2-and-more\"\nssl.key.password = \"${env:PATH}\"\n",
            &[],
        )
        .unwrap();
        assert!(!profile.source_masked.contains("hunter2"), "{}", profile.source_masked);
        assert!(
            profile.source_masked.contains("${env:PATH}"),
            "a placeholder is no secret"
        );
        assert!(profile.secrets.contains(&std::env::var("PATH").unwrap()));
        assert_eq!(
            profile::mask("it said hunter2-and-more!", &profile.secrets),
            "it said ********!"
        );
        assert_eq!(profile.target.bootstrap_servers.as_deref(), Some("a:1,b:1"));
    }

    #[test]
    fn a_secret_that_an_override_replaces_is_masked_in_the_stored_text() {
        let text = "[target]\nbootstrap-servers = \"a:1\"\n[target.properties]\nsecurity.protocol = \"SASL_SSL\"\n\
                    sasl.mechanism = \"PLAIN\"\nsasl.username = \"me\"\nsasl.password = \"first-one\"\n";
        let profile = set(text, &[("target.properties.sasl.password", "second-one", "--set")]).unwrap();
        assert_eq!(profile.target.connection["sasl.password"], "second-one");
        assert!(
            !profile.source_masked.contains("first-one"),
            "{}",
            profile.source_masked
        );
    }

    #[test]
    fn a_warning_of_a_rule_says_where_its_cause_stands() {
        let all = |text: &str| {
            let profile = valid(text);
            let of_each = profile.configurations.iter().flat_map(|c| c.warnings.clone());
            profile.warnings.iter().cloned().chain(of_each).collect::<Vec<_>>()
        };
        let servers = "[target]\nbootstrap-servers = \"a:1\"\n[topic]\nreplication-factor = 3\n";
        let swept = "[producer]\nbatch.num.messages = 10\n[matrix]\nbatch.size = [1000, 1000000]\n";
        let of_the_limit = "[producer]\nbatch.num.messages = 2\n";
        let of_the_topic = "[topic.config]\nmax.message.bytes = 10000\n";
        for (text, begin, place) in [
            (servers, "one bootstrap server", "(test.toml:2:21)"),
            (swept, "batch.size=1000000 is a no-op", "(test.toml:4:21)"),
            (of_the_limit, "batch.size=16384 is a no-op", "(test.toml:2:22)"),
            (of_the_topic, "batches may grow to 16384 bytes", "(test.toml:2:21)"),
        ] {
            let warnings = all(text);
            assert!(
                warnings
                    .iter()
                    .any(|warning| warning.starts_with(begin) && warning.ends_with(place)),
                "{text}: {warnings:#?}"
            );
        }
    }

    #[test]
    fn one_bootstrap_server_for_several_brokers_is_a_warning() {
        let warns = |text: &str| {
            valid(text)
                .warnings
                .iter()
                .any(|warning| warning.contains("one bootstrap server"))
        };
        assert!(warns(
            "[target]\nbrokers = 3\nbootstrap-servers = \"a:1\"\n[topic]\nreplication-factor = 3\n"
        ));
        assert!(warns(
            "[target]\nbootstrap-servers = \"a:1\"\n[topic]\nreplication-factor = 3\n"
        ));
        assert!(!warns(
            "[target]\nbrokers = 3\nbootstrap-servers = \"a:1,b:1\"\n[topic]\nreplication-factor = 3\n"
        ));
        assert!(!warns(
            "[target]\nbootstrap-servers = \"a:1\"\n[topic]\nreplication-factor = 1\n"
        ));
    }
}

mod matrices {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        valid(text)
            .configurations
            .into_iter()
            .map(|configuration| configuration.label)
            .collect()
    }

    #[test]
    fn a_cross_visits_every_combination_the_last_axis_fastest() {
        assert_eq!(
            labels("[matrix]\nlinger.ms = [0, 5]\ncompression.type = [\"none\", \"lz4\"]\nsend.mode = [\"sync\"]\n"),
            [
                "linger.ms=0 uncompressed sync",
                "linger.ms=0 lz4 sync",
                "linger.ms=5 uncompressed sync",
                "linger.ms=5 lz4 sync"
            ]
        );
    }

    #[test]
    fn one_at_a_time_varies_each_axis_around_the_base() {
        let text = "[producer]\nlinger.ms = 5\n[matrix]\nmode = \"one-at-a-time\"\nlinger.ms = [0, 5]\nacks = [\"1\", \"0\"]\n";
        assert_eq!(labels(text), ["base", "linger.ms=0", "acks=1", "acks=0"]);
        let base = &valid(text).configurations[0];
        let axes: Vec<_> = base
            .axes
            .iter()
            .map(|axis| (axis.axis.as_str(), axis.value.as_str(), axis.number))
            .collect();
        assert_eq!(
            axes,
            [("linger.ms", "5", Some(5.0)), ("acks", "all", None)],
            "a base that is not listed is the default"
        );
    }

    #[test]
    fn exclusions_take_out_what_matches_all_their_conditions() {
        let text =
            "[matrix]\nlinger.ms = [0, 5, 50]\nacks = [\"0\", \"1\"]\n[[exclude]]\nlinger.ms = [5, 50]\nacks = \"0\"\n";
        assert_eq!(
            labels(text),
            [
                "linger.ms=0 acks=0",
                "linger.ms=0 acks=1",
                "linger.ms=5 acks=1",
                "linger.ms=50 acks=1"
            ]
        );
    }

    #[test]
    fn an_exclusion_of_nothing_is_said() {
        let text = "[matrix]\nacks = [\"0\", \"1\"]\nlinger.ms = [1, 2]\n[[exclude]]\nacks = \"0\"\nlinger.ms = 1\n[[exclude]]\nacks = \"0\"\nlinger.ms = 1\n";
        assert_eq!(labels(text).len(), 3);
        let text = "[matrix]\nmode = \"one-at-a-time\"\nacks = [\"0\", \"1\"]\nlinger.ms = [1, 2]\n[[exclude]]\nacks = \"0\"\nlinger.ms = 1\n";
        assert!(
            valid(text)
                .warnings
                .iter()
                .any(|warning| warning.contains("takes nothing out"))
        );
    }

    #[test]
    fn points_that_come_to_the_same_are_measured_once() {
        let text = "[matrix]\ncompression.type = [\"none\", \"zstd\"]\ncompression.zstd.level = [1, 3]\n";
        let profile = valid(text);
        assert_eq!(profile.configurations.len(), 3);
        assert!(
            profile
                .warnings
                .iter()
                .any(|warning| warning.contains("comes to the same")),
            "{:?}",
            profile.warnings
        );
    }

    #[test]
    fn points_that_come_to_the_same_are_told_by_what_differs_and_once() {
        let text = "[matrix]\nlinger.ms = [0, 5, 10]\nsend.mode = [\"sync\", \"async\"]\nsend.concurrency = [1, 2]\n";
        let profile = valid(text);
        assert_eq!(profile.configurations.len(), 9);
        let told = profile
            .warnings
            .iter()
            .filter(|warning| warning.contains("comes to the same"));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                "send.concurrency=2 comes to the same as send.concurrency=1 in \"linger.ms=0 async\" and in 2 other cases, and is \
              measured once; [[exclude]] one of them to make that plain"
            ]
        );
    }

    #[test]
    fn axes_of_the_load_are_read_like_its_fields() {
        let profile = valid(
            "[matrix]\nrecord.size = [\"1 KB\", {distribution = \"uniform\", min = 1, max = 10}]\nrate = [\"unpaced\", \"10k\"]\n\
             payload = [\"json\", {kind = \"ratio\", ratio = 2}]\npartitions = [1, 2]\nclient = [\"rust-base\"]\nproducers = [3]\n",
        );
        assert_eq!(profile.configurations.len(), 16);
        assert_eq!(
            profile.configurations[0].label,
            "1 KB unpaced payload=json partitions=1 rust-base producers=3"
        );
        assert!(profile.configurations.iter().any(|configuration| {
            configuration.partitions == 2
                && configuration.workload.arrival == (Arrival::Constant { rate_per_s: 10_000.0 })
        }));
    }

    #[test]
    fn threads_count_in_sync_mode_only() {
        let profile = valid("[matrix]\nsend.mode = [\"async\", \"sync\"]\nsend.concurrency = [1, 8]\n");
        let modes: Vec<_> = profile
            .configurations
            .iter()
            .map(|configuration| {
                (
                    configuration.workload.send_mode,
                    configuration.workload.send_concurrency,
                )
            })
            .collect();
        assert_eq!(modes, [(SendMode::Async, 1), (SendMode::Sync, 1), (SendMode::Sync, 8)]);
    }

    #[test]
    fn a_record_that_is_too_large_in_some_configurations_is_marked_in_those() {
        let profile = valid("[matrix]\nrecord.size = [\"1 KB\", \"2 MB\"]\n");
        assert!(profile.configurations[0].warnings.is_empty());
        assert!(
            profile.configurations[1]
                .warnings
                .iter()
                .any(|warning| warning.contains("the client refuses them"))
        );
    }
}

mod commands {
    use kpbench::cli::profile::{ProfileFormat, check, expand};

    use super::*;

    #[test]
    fn check_says_ok_and_what_it_costs() {
        insta::assert_snapshot!(check(Path::new("profiles/quickstart.toml"), &[], ProfileFormat::Text).unwrap());
        let text = check(Path::new("profiles/full-grid.toml"), &[], ProfileFormat::Text).unwrap();
        assert!(text.contains("--yes"), "{text}");
        let json: serde_json::Value =
            serde_json::from_str(&check(Path::new("profiles/acks.toml"), &[], ProfileFormat::Json).unwrap()).unwrap();
        assert_eq!((&json["configurations"], &json["trials"]), (&4.into(), &40.into()));
    }

    #[test]
    fn expand_shows_every_configuration() {
        let path = Path::new("profiles/acks.toml");
        insta::assert_snapshot!(expand(path, &[], ProfileFormat::Text).unwrap());
        let json: serde_json::Value = serde_json::from_str(&expand(path, &[], ProfileFormat::Json).unwrap()).unwrap();
        let configurations = json["configurations"].as_array().unwrap();
        assert_eq!(configurations.len(), 4);
        assert_eq!(configurations[3]["effective_properties"]["enable.idempotence"], "true");
    }
}
