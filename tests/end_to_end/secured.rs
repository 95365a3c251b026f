//! TLS and SASL, right and wrong, and nobody there.

use std::time::Duration;

use kpbench::target::local::LocalSecurity;

use crate::support::{Bench, Broker, Said};

const RIGHT: &str = "right-Pa55word";
const WRONG: &str = "wrong-Pa55word";

/// A user is told within ten seconds of trying; the rest is for the start of the program on a busy machine.
const PROMISED: Duration = Duration::from_secs(15);

fn profile(servers: &str, properties: &[(&str, &str)]) -> String {
    let properties: String = properties
        .iter()
        .map(|(key, value)| format!("{key} = \"{value}\"\n"))
        .collect();
    format!(
        r#"
        name = "secured"
        [target]
        bootstrap-servers = "{servers}"
        [target.properties]
        {properties}
        [workload]
        rate = "1k"
        [matrix]
        client = ["librdkafka", "rust-base", "rust-future"]
        [run]
        repetitions = 1
        warmup = "0ms"
        measure = "1s"
        "#
    )
}

/// Asserts that nothing was begun and that the user was told why, in time and without a password.
fn assert_told(bench: &Bench, said: &Said, words: &[&str]) {
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(said.took < PROMISED, "{:?}: {}", said.took, said.stderr);
    assert_eq!(said.stdout, "");
    for words in words {
        assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
    }
    assert!(!said.stderr.contains("Pa55word"), "{}", said.stderr);
    assert!(!bench.run_directory().exists());
}

#[test]
fn sasl_over_tls_right_and_wrong() {
    let broker = Broker::start(
        1,
        Some(LocalSecurity {
            user: "alice".to_owned(),
            password: RIGHT.to_owned(),
        }),
    );
    let listener = broker.target().local().unwrap().secured().unwrap().clone();
    let servers = listener.bootstrap_servers.as_str();
    let with = |changes: &[(&str, &str)]| -> Vec<(String, String)> {
        let mut properties = listener.connection.clone();
        properties.extend(
            changes
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        );
        properties.into_iter().collect()
    };
    let bench_with = |servers: &str, changes: &[(&str, &str)]| {
        let properties = with(changes);
        let properties: Vec<(&str, &str)> = properties
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        Bench::new(&profile(servers, &properties))
    };

    let bench = bench_with(servers, &[]);
    let said = bench.sweep(&[]);
    assert_sent(&bench, &said);

    // The profile's password is wrong, the one on the command line is right, and neither may be kept.
    let bench = bench_with(servers, &[("sasl.password", WRONG)]);
    let right = format!("target.properties.sasl.password={RIGHT}");
    let said = bench.sweep(&["--set", &right]);
    assert_sent(&bench, &said);
    bench.assert_nowhere(WRONG);

    let bench = bench_with(servers, &[("sasl.password", WRONG)]);
    assert_told(&bench, &bench.sweep(&[]), &["uthentication failed", servers]);
    let bench = bench_with(servers, &[("security.protocol", "SASL_PLAINTEXT")]);
    assert_told(&bench, &bench.sweep(&[]), &["does it want TLS", servers]);
    let bench = Bench::new(&profile(servers, &[]));
    assert_told(&bench, &bench.sweep(&[]), &["does it want TLS", servers]);
    let bench = bench_with(servers, &[("ssl.ca.location", "probe")]);
    assert_told(&bench, &bench.sweep(&[]), &["certificate", servers]);
    let bench = bench_with(broker.servers(), &[]);
    assert_told(&bench, &bench.sweep(&[]), &["SSL handshake failed", broker.servers()]);
}

fn assert_sent(bench: &Bench, said: &Said) {
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    for configuration in bench.configurations() {
        assert_eq!(configuration["failed"], 0);
        assert!(configuration["appended"].as_u64().unwrap() > 0);
        assert_eq!(configuration["acknowledged"], configuration["appended"]);
    }
    assert!(!format!("{said:?}").contains(RIGHT), "{said:?}");
    bench.assert_nowhere(RIGHT);
}

#[test]
fn nobody_at_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let bench = Bench::new(&profile(&address, &[]));
    assert_told(&bench, &bench.sweep(&[]), &["Connection refused", &address]);
}

/// A listener that takes connections and never says a word, as a firewall or a wrong service may.
#[test]
fn somebody_silent_at_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let bench = Bench::new(&profile(&address, &[]));
    assert_told(&bench, &bench.sweep(&[]), &["cannot reach", &address]);
    drop(listener);
}
