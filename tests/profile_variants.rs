//! `[variants.NAME]`: named sets of settings as one axis, what they replace, and what is refused.

use std::collections::HashSet;
use std::path::Path;

use kpbench::profile::{self, Configuration, Override, Profile, ProfileError};
use kpbench::protocol::{Arrival, SendMode, Size};

fn parse(text: &str) -> Result<Profile, ProfileError> {
    profile::parse("test.toml", text, Path::new(""), &[])
}

fn render(error: &ProfileError) -> String {
    let mut text = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .with_width(120)
        .render_report(&mut text, error)
        .unwrap();
    text
}

fn valid(text: &str) -> Profile {
    parse(text).unwrap_or_else(|error| panic!("{}", render(&error)))
}

fn message(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("this profile must be refused:\n{text}"),
        Err(error) => render(&error),
    }
}

fn labels(profile: &Profile) -> Vec<&str> {
    let configurations = profile.configurations.iter();
    configurations
        .map(|configuration| configuration.label.as_str())
        .collect()
}

fn find<'a>(profile: &'a Profile, label: &str) -> &'a Configuration {
    let mut configurations = profile.configurations.iter();
    configurations
        .find(|configuration| configuration.label == label)
        .unwrap()
}

#[test]
fn variants_are_an_axis_in_the_files_order_and_vary_slowest() {
    let profile = valid(
        "[variants.small]\nbatch.size = 1024\n[variants.large]\n\"batch.size\" = \"1 MiB\"\n[variants.as-it-is]\n\
         [matrix]\nlinger.ms = [0, 5]\n",
    );
    assert_eq!(
        labels(&profile),
        [
            "small linger.ms=0",
            "small linger.ms=5",
            "large linger.ms=0",
            "large linger.ms=5",
            "as-it-is linger.ms=0",
            "as-it-is linger.ms=5",
        ]
    );
    let large = find(&profile, "large linger.ms=5");
    assert_eq!(
        (large.axes[0].axis.as_str(), large.axes[0].value.as_str()),
        ("variant", "large")
    );
    assert_eq!(large.effective_properties["batch.size"], "1048576");
    assert_eq!(large.effective_properties["linger.ms"], "5");
    assert_eq!(
        find(&profile, "small linger.ms=0").effective_properties["batch.size"],
        "1024"
    );
}

#[test]
fn a_variant_sets_whatever_an_axis_may_and_replaces_what_is_fixed() {
    let profile = valid(
        "[producer]\nlinger.ms = 100\nacks = \"all\"\n[workload]\nrecord-size = 100\nrate = \"1k\"\n[topic]\npartitions = 1\n\
         [variants.\"with.dots\"]\nlinger.ms = 7\nsend-mode = \"sync\"\nsend.concurrency = 4\nclient = \"rust-base\"\n\
         producers = 2\npartitions = 12\nrate = \"2k\"\n\
         record_size = {distribution = \"uniform\", min = \"1 KB\", max = \"2 KB\"}\n[variants.fixed]\n",
    );
    assert_eq!(labels(&profile), ["with.dots", "fixed"]);
    let varied = find(&profile, "with.dots");
    assert_eq!(varied.effective_properties["linger.ms"], "7");
    assert_eq!(varied.properties["acks"], "all", "what it does not name stays");
    assert_eq!((varied.partitions, varied.workload.producers), (12, 2));
    assert_eq!(
        (varied.workload.send_mode, varied.workload.send_concurrency),
        (SendMode::Sync, 4)
    );
    assert_eq!(varied.workload.arrival, Arrival::Constant { rate_per_s: 2_000.0 });
    let size = Size::Uniform {
        min_bytes: 1_000,
        max_bytes: 2_000,
    };
    assert_eq!(varied.workload.payload.size, size);
    let fixed = find(&profile, "fixed");
    assert_eq!(fixed.effective_properties["linger.ms"], "100");
    assert_eq!(
        (fixed.partitions, fixed.workload.arrival.clone()),
        (1, Arrival::Constant { rate_per_s: 1_000.0 })
    );
}

#[test]
fn equal_variants_are_two_configurations() {
    for body in ["", "linger.ms = 5\n"] {
        let profile = valid(&format!("[variants.a]\n{body}[variants.b]\n{body}"));
        assert_eq!(labels(&profile), ["a", "b"]);
        let [a, b] = &profile.configurations[..] else { panic!() };
        assert_ne!(a.id, b.id);
        assert_eq!(a.effective_properties, b.effective_properties);
        assert_eq!((&a.workload, a.partitions), (&b.workload, b.partitions));
        assert!(
            profile
                .warnings
                .iter()
                .all(|warning| !warning.contains("comes to the same"))
        );
    }
}

#[test]
fn ids_are_stable_and_those_without_variants_are_what_they_were() {
    // From the version before variants: an id that changed would end every comparison with stored runs.
    let plain = valid("[matrix]\nlinger.ms = [5]\n");
    assert_eq!(plain.configurations[0].id, PLAIN_ID);
    let ids = |text: &str| -> Vec<String> {
        valid(text)
            .configurations
            .into_iter()
            .map(|configuration| configuration.id)
            .collect()
    };
    let one = ids("[variants.a]\nlinger.ms = 5\n[variants.b]\n");
    assert_eq!(
        one[0],
        ids("[variants.c]\n[variants.a]\nlinger.ms = 5\n")[1],
        "neighbours are no part of it"
    );
    let all: HashSet<&str> = one.iter().map(String::as_str).chain([PLAIN_ID]).collect();
    assert_eq!(all.len(), 3);
}

const PLAIN_ID: &str = "c-ff6d21de";

#[test]
fn one_at_a_time_has_the_first_variant_as_its_base() {
    let profile = valid(
        "[producer]\nlinger.ms = 5\n[variants.usual]\n[variants.squeezed]\ncompression.type = \"lz4\"\n\
         [matrix]\nmode = \"one-at-a-time\"\nlinger.ms = [0, 5, 20]\n",
    );
    assert_eq!(
        labels(&profile),
        ["usual", "squeezed", "usual linger.ms=0", "usual linger.ms=20"]
    );
}

#[test]
fn an_exclusion_may_name_a_variant() {
    let profile = valid(
        "[variants.a]\n[variants.b]\n[matrix]\nacks = [\"1\", \"all\"]\n[[exclude]]\nvariant = \"b\"\nacks = \"all\"\n",
    );
    assert_eq!(labels(&profile), ["a acks=1", "a acks=all", "b acks=1"]);
}

#[test]
fn overrides_reach_into_variants() {
    let given = |key: &str, value: &str| Override {
        key: key.to_owned(),
        value: value.to_owned(),
        origin: format!("--set {key}"),
    };
    let overrides = [
        given("variants.a.linger.ms", "9"),
        given("variants.a.record-size", "200"),
        given("variants.c.linger.ms", "1"),
    ];
    let text = "[variants.a]\nlinger.ms = 5\nbatch.size = 1000\nrecord.size = 100\n[variants.b]\n";
    let profile = profile::parse("test.toml", text, Path::new(""), &overrides).unwrap();
    assert_eq!(labels(&profile), ["a", "b", "c"]);
    let a = find(&profile, "a");
    assert_eq!(a.effective_properties["linger.ms"], "9");
    assert_eq!(a.effective_properties["batch.size"], "1000", "what is not named stays");
    assert_eq!(a.workload.payload.size, Size::Fixed { bytes: 200 });
    assert_eq!(find(&profile, "c").effective_properties["linger.ms"], "1");
}

#[test]
fn what_a_variant_cannot_have_is_told_with_its_place() {
    insta::assert_snapshot!(message(
        "[variants.a]\nlinger.msx = 5\n[variants.b]\nbatch.size = \"huge\"\nrate = [1, 2]\n[variants]\nc = 3\n\
         [variants.\"\"]\n"
    ));
}

#[test]
fn a_key_of_a_variant_and_of_the_matrix_is_refused_at_both_places() {
    insta::assert_snapshot!(message(
        "[variants.a]\ncompression.codec = \"lz4\"\nrecord-size = 5\n\n[matrix]\ncompression.type = [\"none\", \"zstd\"]\n\
         record.size = [1, 2]\n"
    ));
}

#[test]
fn a_key_twice_in_a_variant_is_refused() {
    insta::assert_snapshot!(message("[variants.a]\nrecord-size = 5\nrecord.size = 6\n"));
}

#[test]
fn an_existing_topic_keeps_its_partitions() {
    insta::assert_snapshot!(message(
        "[topic]\nexisting = \"orders\"\n[variants.a]\npartitions = 5\n"
    ));
}

#[test]
fn connection_properties_are_refused_and_their_secrets_masked() {
    let told = message("[variants.a]\nsasl.password = \"hunter2\"\nbootstrap.servers = \"h:1\"\n");
    assert!(!told.contains("hunter2"), "{told}");
    assert!(told.contains("sasl.password cannot be set by a variant"), "{told}");
    assert!(told.contains("[target.properties]"), "{told}");
}

#[test]
fn an_axis_called_variant_is_sent_to_where_variants_stand() {
    let told = message("[matrix]\nvariant = [\"a\", \"b\"]\n");
    assert!(told.contains("[variants.NAME]"), "{told}");
}
