//! The flags of `kpbench run` as fields of a profile, so that what is wrong with one is shown where it was given.

use super::arguments::{ConfigurationArguments, RunArguments};
use super::failure::Failure;
use super::options::{key_value, quoted, value_text};
use crate::profile::Override;

/// The flags that [`super::options::run_profile`] makes a profile of, each as a field that is set on top of
/// [`super::options::run_head`]. The profile is a text that nobody has seen: a place in it helps nobody.
///
/// # Errors
/// A `--producer` without `=`.
pub fn run_overrides(arguments: &RunArguments) -> Result<Vec<Override>, Failure> {
    let ConfigurationArguments {
        producer,
        defaults,
        record_size,
        partitions,
        send_mode,
        client,
        rate,
    } = &arguments.configuration;
    let mut overrides = Vec::new();
    let mut put = |key: &str, origin: &str, value: String| {
        overrides.push(Override {
            key: key.to_owned(),
            value: value_text(&value),
            origin: origin.to_owned(),
        });
    };
    if let Some(defaults) = defaults {
        put("producer.defaults", "--defaults", defaults.clone());
    }
    for given in producer {
        let (key, value) = key_value("--producer", given)?;
        let is_bare = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        let name = match key.split('.').all(is_bare) {
            true => key.to_owned(),
            false => quoted(key),
        };
        put(
            &format!("producer.{name}"),
            &format!("--producer {key}"),
            value.to_owned(),
        );
    }
    let fields = [
        ("workload.record-size", "--record-size", record_size.clone()),
        (
            "workload.send-mode",
            "--send-mode",
            send_mode.map(|mode| mode.to_string()),
        ),
        ("workload.client", "--client", client.map(|client| client.to_string())),
        ("workload.rate", "--rate", rate.clone()),
        (
            "topic.partitions",
            "--partitions",
            partitions.map(|count| count.to_string()),
        ),
    ];
    for (key, flag, value) in fields {
        if let Some(value) = value {
            put(key, flag, value);
        }
    }
    Ok(overrides)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::cli::options::{run_head, run_profile};

    #[test]
    fn a_run_is_the_same_by_its_text_and_by_its_flags() {
        let flags = [
            "kpbench",
            "run",
            "-p",
            "linger.ms=5",
            "-p",
            "client.id=a \"quoted\" = value\\",
            "--defaults",
            "librdkafka",
            "--rate",
            "5k",
            "--partitions",
            "3",
            "--send-mode",
            "sync",
            "--record-size",
            "1KB",
            "--client",
            "rust-base",
        ];
        let Command::Run(arguments) = Arguments::try_parse_from(flags).unwrap().command else {
            panic!()
        };
        let parse = |text: &str, overrides: &[Override]| {
            crate::profile::parse("command line", text, std::path::Path::new(""), overrides).unwrap()
        };
        let by_text = parse(&run_profile(&arguments).unwrap(), &[]);
        let by_flags = parse(&run_head(&arguments.measuring), &run_overrides(&arguments).unwrap());
        assert_eq!(by_text.configurations, by_flags.configurations);
        assert_eq!((by_text.run, by_text.topic), (by_flags.run, by_flags.topic));
    }
}
