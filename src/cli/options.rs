//! Raw arguments become validated options, in one place: explicit struct literals, so that a new field breaks the build
//! until it is handled.

use std::path::PathBuf;

use super::arguments::{ConfigurationArguments, Format, MeasuringArguments, RunArguments};
use super::failure::Failure;
use crate::profile::Override;
use crate::protocol::TargetKind;

/// What all that measure are asked to do, beyond the profile itself.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuringOptions {
    /// Fields of the profile that flags replace.
    pub overrides: Vec<Override>,
    /// Where to store the run.
    pub place: PlaceOption,
    /// The topic that may be written although it exists.
    pub existing_topic: Option<String>,
    /// Leave topics.
    pub keep_topics: bool,
    /// Whatever the estimate says.
    pub yes: bool,
    /// What goes to standard output.
    pub format: Format,
}

/// Where a run is stored, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceOption {
    /// In a new directory under `reports/`.
    Default,
    /// In exactly this new one.
    Out(PathBuf),
    /// Where it began.
    Resume(PathBuf),
}

impl MeasuringOptions {
    /// Validates.
    ///
    /// # Errors
    /// Wrong usage.
    pub fn from_arguments(arguments: &MeasuringArguments) -> Result<MeasuringOptions, Failure> {
        // Every field by name: a new flag must be handled here.
        let MeasuringArguments {
            target,
            bootstrap_servers,
            brokers,
            existing_topic,
            keep_topics,
            set,
            repetitions,
            precision,
            precision_metric,
            min_blocks,
            max_blocks,
            budget,
            warmup,
            measure,
            seed,
            no_serialize_cost,
            yes,
            out,
            resume,
            format,
        } = arguments;
        if let Some(kind) = target.filter(|kind| *kind != TargetKind::External)
            && bootstrap_servers.is_some()
        {
            return Err(Failure::usage(format!(
                "--target {kind} and --bootstrap-servers contradict each other: target {kind} is started by kpbench itself; \
                 leave one of them out"
            )));
        }
        let mut overrides = Vec::new();
        let mut put = |key: &str, origin: &str, value: Option<String>| {
            let Some(value) = value else { return };
            overrides.push(Override {
                key: key.to_owned(),
                value,
                origin: origin.to_owned(),
            });
        };
        // A cluster's address only makes sense for a cluster that is running.
        let implied = bootstrap_servers
            .as_ref()
            .filter(|_| target.is_none())
            .map(|_| "external".to_owned());
        put("target.kind", "--bootstrap-servers", implied);
        put("target.kind", "--target", target.map(|kind| kind.to_string()));
        put(
            "target.bootstrap-servers",
            "--bootstrap-servers",
            bootstrap_servers.clone(),
        );
        put("target.brokers", "--brokers", brokers.map(|count| count.to_string()));
        put("topic.existing", "--existing-topic", existing_topic.clone());
        put(
            "run.repetitions",
            "--repetitions",
            repetitions.map(|count| count.to_string()),
        );
        put("run.precision", "--precision", precision.as_deref().map(with_sign));
        put("run.precision-metric", "--precision-metric", precision_metric.clone());
        put(
            "run.min-blocks",
            "--min-blocks",
            min_blocks.map(|count| count.to_string()),
        );
        put(
            "run.max-blocks",
            "--max-blocks",
            max_blocks.map(|count| count.to_string()),
        );
        put("run.time-budget", "--budget", budget.clone());
        put("run.warmup", "--warmup", warmup.as_deref().map(with_unit));
        put("run.measure", "--measure", measure.as_deref().map(with_unit));
        put("run.seed", "--seed", seed.map(|seed| seed.to_string()));
        put(
            "workload.serialize-cost",
            "--no-serialize-cost",
            no_serialize_cost.then(|| "false".to_owned()),
        );
        overrides.extend(set_overrides(set)?);
        Ok(MeasuringOptions {
            overrides,
            place: match (out, resume) {
                (Some(out), _) => PlaceOption::Out(out.clone()),
                (None, Some(resume)) => PlaceOption::Resume(resume.clone()),
                (None, None) => PlaceOption::Default,
            },
            existing_topic: existing_topic.clone(),
            keep_topics: *keep_topics,
            yes: *yes,
            format: *format,
        })
    }
}

/// Nothing needs no unit.
fn with_unit(duration: &str) -> String {
    if duration.trim() == "0" {
        "0s".to_owned()
    } else {
        duration.to_owned()
    }
}

/// A bare number counts per cent.
fn with_sign(precision: &str) -> String {
    match precision.trim().parse::<f64>() {
        Ok(_) => format!("{}%", precision.trim()),
        Err(_) => precision.to_owned(),
    }
}

/// `--bootstrap-servers` of a command that knows no `--target`.
pub fn external_overrides(bootstrap_servers: Option<&str>) -> Vec<Override> {
    let put = |key: &str, value: &str| Override {
        key: key.to_owned(),
        value: value.to_owned(),
        origin: "--bootstrap-servers".to_owned(),
    };
    bootstrap_servers.map_or_else(Vec::new, |servers| {
        vec![put("target.kind", "external"), put("target.bootstrap-servers", servers)]
    })
}

/// `--set KEY=VALUE`, as often as given.
///
/// # Errors
/// One without `=`.
pub fn set_overrides(set: &[String]) -> Result<Vec<Override>, Failure> {
    set.iter()
        .map(|text| {
            let (key, value) = key_value("--set", text)?;
            Ok(Override {
                key: key.to_owned(),
                value: value.to_owned(),
                origin: format!("--set {key}"),
            })
        })
        .collect()
}

/// Splits `KEY=VALUE` as given to `flag`.
pub(super) fn key_value<'a>(flag: &str, text: &'a str) -> Result<(&'a str, &'a str), Failure> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim(), value)),
        // The text itself may be a secret that was given without its key.
        _ => Err(Failure::usage(format!(
            "{flag} takes KEY=VALUE, as in {flag} {}",
            example(flag)
        ))),
    }
}

fn example(flag: &str) -> &'static str {
    match flag {
        "--set" => "run.warmup=5s",
        "--config" => "num.io.threads=4",
        "--threshold" => "latency_p99_us=10%",
        _ => "linger.ms=5",
    }
}

/// What every profile of `kpbench run` begins with: three repetitions, unless a precision decides.
pub(super) fn run_head(measuring: &MeasuringArguments) -> String {
    let mut text = String::from("name = \"run\"\ndescription = \"One configuration, given on the command line.\"\n");
    if measuring.precision.is_none() {
        text.push_str("\n[run]\nrepetitions = 3\n");
    }
    text
}

/// The profile that `kpbench run` measures, as TOML.
///
/// # Errors
/// A `--producer` without `=`, or a word that is no flag.
pub fn run_profile(arguments: &RunArguments) -> Result<String, Failure> {
    let RunArguments {
        misplaced,
        configuration,
        measuring,
    } = arguments;
    if let Some(word) = misplaced {
        return Err(Failure::usage(match word.contains('=') {
            // The value may be a secret.
            true => "a property is given as --producer KEY=VALUE, as in --producer linger.ms=5".to_owned(),
            false => format!(
                "run measures one configuration that is given by flags; a profile is measured by `kpbench sweep {word}`"
            ),
        }));
    }
    Ok(run_head(measuring) + &configuration_text(configuration)?)
}

/// The sections of a profile that hold what flags say of a configuration.
///
/// # Errors
/// A `--producer` without `=`.
pub(super) fn configuration_text(arguments: &ConfigurationArguments) -> Result<String, Failure> {
    let ConfigurationArguments {
        producer,
        defaults,
        record_size,
        partitions,
        send_mode,
        client,
        rate,
    } = arguments;
    let mut text = String::from("\n[producer]\n");
    if let Some(defaults) = defaults {
        text += &format!("defaults = {}\n", quoted(defaults));
    }
    text += &assignments("--producer", producer)?;
    text.push_str("\n[workload]\n");
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            text += &format!("{key} = {}\n", value_text(&value));
        }
    };
    put("record-size", record_size.clone());
    put("send-mode", send_mode.map(|mode| mode.to_string()));
    put("client", client.map(|client| client.to_string()));
    put("rate", rate.clone());
    if let Some(partitions) = partitions {
        text += &format!("\n[topic]\npartitions = {partitions}\n");
    }
    Ok(text)
}

/// `KEY=VALUE`, as often as given to `flag`, as lines of a profile.
///
/// # Errors
/// One without `=`, or the same key twice.
pub(super) fn assignments(flag: &str, given: &[String]) -> Result<String, Failure> {
    let (mut text, mut keys) = (String::new(), Vec::new());
    for given in given {
        let (key, value) = key_value(flag, given)?;
        if keys.contains(&key) {
            return Err(Failure::usage(format!("{flag} {key} is given twice; keep one of them")));
        }
        keys.push(key);
        text += &format!("{} = {}\n", quoted(key), value_text(value));
    }
    Ok(text)
}

/// `KEY=VALUE`, as often as given to `flag`, as an inline table of a profile.
///
/// # Errors
/// One without `=`.
pub(super) fn inline_table(flag: &str, given: &[String]) -> Result<String, Failure> {
    let lines = assignments(flag, given)?;
    Ok(format!("{{ {} }}", lines.lines().collect::<Vec<_>>().join(", ")))
}

/// Numbers and booleans as they are, everything else as a string.
pub(super) fn value_text(value: &str) -> String {
    let is_plain = value == "true" || value == "false" || value.parse::<i64>().is_ok();
    if is_plain { value.to_owned() } else { quoted(value) }
}

pub(super) fn quoted(text: &str) -> String {
    // TOML's basic strings are JSON's but for DEL, which needs an escape.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::cli::exit::Exit;

    fn sweep(flags: &[&str]) -> Result<MeasuringOptions, Failure> {
        let line = ["kpbench", "sweep", "p.toml"].into_iter().chain(flags.iter().copied());
        let Command::Sweep(arguments) = Arguments::try_parse_from(line).unwrap().command else {
            panic!()
        };
        MeasuringOptions::from_arguments(&arguments.measuring)
    }

    fn run(flags: &[&str]) -> Result<String, Failure> {
        let line = ["kpbench", "run"].into_iter().chain(flags.iter().copied());
        let Command::Run(arguments) = Arguments::try_parse_from(line).unwrap().command else {
            panic!()
        };
        run_profile(&arguments)
    }

    fn overrides(options: &MeasuringOptions) -> Vec<String> {
        options
            .overrides
            .iter()
            .map(|given| format!("{}={} ({})", given.key, given.value, given.origin))
            .collect()
    }

    #[test]
    fn flags_become_overrides_and_set_comes_last() {
        let flags = [
            "--set",
            "run.seed=9",
            "--seed",
            "7",
            "--warmup",
            "0",
            "--brokers",
            "3",
            "--target",
            "mock",
        ];
        let expected = [
            "target.kind=mock (--target)",
            "target.brokers=3 (--brokers)",
            "run.warmup=0s (--warmup)",
            "run.seed=7 (--seed)",
            "run.seed=9 (--set run.seed)",
        ];
        assert_eq!(overrides(&sweep(&flags).unwrap()), expected);
    }

    #[test]
    fn an_address_means_a_cluster_that_is_running() {
        let implied = sweep(&["--bootstrap-servers", "h:1"]).unwrap();
        assert_eq!(overrides(&implied)[0], "target.kind=external (--bootstrap-servers)");
        let said = sweep(&["--bootstrap-servers", "h:1", "--target", "external"]).unwrap();
        assert_eq!(overrides(&said)[0], "target.kind=external (--target)");
        for kind in ["local", "mock"] {
            let failure = sweep(&["--bootstrap-servers", "h:1", "--target", kind]).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage, "{kind}");
        }
    }

    #[test]
    fn a_set_without_a_value_is_wrong_usage() {
        assert!(sweep(&["--set", "run.seed"]).is_err());
        assert!(run(&["--producer", "=5"]).is_err());
    }

    #[test]
    fn a_profile_given_to_run_is_sent_to_sweep() {
        let told = |word| match run(&[word]).unwrap_err() {
            Failure::Other { error, exit, .. } => (error.to_string(), exit),
            Failure::Profile(error) => panic!("{error}"),
        };
        let (text, exit) = told("profiles/quickstart.toml");
        assert!(text.contains("`kpbench sweep profiles/quickstart.toml`"), "{text}");
        assert_eq!(exit, Exit::Usage);
        assert!(told("linger.ms=5").0.contains("--producer"));
    }

    #[test]
    fn a_property_given_twice_is_wrong_usage() {
        let Err(Failure::Other { error, exit, .. }) = run(&["-p", "linger.ms=5", "-p", "linger.ms=6"]) else {
            panic!()
        };
        assert_eq!(exit, Exit::Usage);
        assert_eq!(
            error.to_string(),
            "--producer linger.ms is given twice; keep one of them"
        );
    }

    #[test]
    fn a_run_is_a_profile() {
        let flags = [
            "-p",
            "linger.ms=5",
            "-p",
            "sasl.jaas.config=a \"quoted\" = value\\",
            "--rate",
            "5000",
            "--partitions",
            "3",
            "--send-mode",
            "sync",
            "--record-size",
            "1KB",
        ];
        let text = run(&flags).unwrap();
        let parsed: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(parsed["producer"]["linger.ms"].as_integer(), Some(5));
        assert_eq!(
            parsed["producer"]["sasl.jaas.config"].as_str(),
            Some("a \"quoted\" = value\\")
        );
        assert_eq!(parsed["workload"]["rate"].as_integer(), Some(5000));
        assert_eq!(parsed["workload"]["record-size"].as_str(), Some("1KB"));
        assert_eq!(parsed["workload"]["send-mode"].as_str(), Some("sync"));
        assert_eq!(parsed["topic"]["partitions"].as_integer(), Some(3));
    }

    #[test]
    fn yes_promises_the_hour_and_nothing_of_the_disk() {
        use clap::CommandFactory;
        for name in ["sweep", "run"] {
            let command = Arguments::command();
            let command = command.find_subcommand(name).unwrap();
            let yes = command
                .get_arguments()
                .find(|argument| argument.get_id() == "yes")
                .unwrap();
            let help = yes.get_help().unwrap().to_string();
            assert!(help.contains("over an hour"), "{name}: {help}");
            // `profile::check_budget` refuses a sweep that may fill the disk with and without it.
            assert!(help.contains("a disk that is too small stops it"), "{name}: {help}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
