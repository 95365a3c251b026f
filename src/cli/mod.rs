//! The command line: one file per subcommand. Measures nothing and computes nothing.

mod ab;
mod arguments;
mod baseline;
pub mod broker;
mod command_line;
mod compare;
mod data_directory;
pub mod doctor;
mod evolution;
mod exit;
mod export;
mod failure;
mod free_disk;
mod gate;
mod hdr;
mod manual;
mod measuring;
pub mod mock_cluster;
mod noise;
mod options;
mod output;
pub mod profile;
mod progress;
mod report;
mod run_flags;
mod signals;
mod trend;
pub mod trial;

use std::collections::BTreeMap;
use std::io;

use crate::process::Spawner;
use crate::protocol::TargetKind;

pub use arguments::Arguments;
pub use exit::Exit;
pub use failure::Failure;

use arguments::{BrokerCommand, Command, DoctorArguments, Format, ProfileArguments, ProfileCommand};
use options::{key_value, set_overrides};

/// Does what the arguments say. `command` is the command line in words.
///
/// # Errors
/// Where it could not be done.
pub fn dispatch(arguments: Arguments, command: Vec<String>) -> Result<Exit, Failure> {
    let Arguments {
        color,
        quiet,
        command: what,
    } = arguments;
    color.apply();
    match what {
        Command::Sweep(sweep) => return measuring::sweep(&sweep, command, quiet),
        Command::Run(run) => return measuring::run(&run, command, quiet),
        Command::Ab(asked) => return ab::ab(&asked, command, quiet),
        Command::Noise(asked) => return noise::noise(&asked, command, quiet),
        Command::Compare(asked) => return compare::compare(&asked),
        Command::Gate(asked) => return gate::gate(&asked, command, quiet),
        Command::Baseline(asked) => return baseline::baseline(asked),
        Command::Report(asked) => return report::again(&asked),
        Command::Evolution(asked) => return evolution::evolution(&asked, quiet),
        Command::Hdr(asked) => hdr::show(asked)?,
        Command::Trend(asked) => return trend::trend(&asked),
        Command::Profile(ProfileCommand::Check(asked)) => show_profile(&asked, profile::check)?,
        Command::Profile(ProfileCommand::Expand(asked)) => show_profile(&asked, profile::expand)?,
        Command::Broker(asked) => return broker_command(asked),
        Command::Doctor(asked) => return examine(&asked),
        Command::Completions { shell } => completions(shell)?,
        Command::Man => manual()?,
        Command::Trial => trial::trial().map_err(Failure::failed)?,
        Command::MockCluster { brokers } => {
            mock_cluster::serve(brokers, io::stdin().lock(), io::stdout().lock()).map_err(Failure::failed)?;
        }
    }
    Ok(Exit::Fine)
}

type ProfileView = fn(
    &std::path::Path,
    &[crate::profile::Override],
    profile::ProfileFormat,
) -> Result<String, crate::profile::ProfileError>;

fn show_profile(asked: &ProfileArguments, view: ProfileView) -> Result<(), Failure> {
    let format = match asked.format {
        Format::Text => profile::ProfileFormat::Text,
        Format::Json => profile::ProfileFormat::Json,
    };
    let text = view(&asked.profile, &set_overrides(&asked.set)?, format)?;
    output::print(&text).map_err(Failure::failed)
}

/// Fails where the target asked for is not usable: an external one where one is named, else a local one.
fn examine(asked: &DoctorArguments) -> Result<Exit, Failure> {
    let mut overrides = options::external_overrides(asked.bootstrap_servers.as_deref());
    overrides.extend(set_overrides(&asked.set)?);
    let profile = match &asked.profile {
        Some(path) => Some(crate::profile::load(path, &overrides)?),
        None if overrides.is_empty() => None,
        None => Some(crate::profile::parse(
            "command line",
            "",
            std::path::Path::new(""),
            &overrides,
        )?),
    };
    let external = profile
        .as_ref()
        .map(|profile| &profile.target)
        .filter(|target| target.kind == TargetKind::External);
    let spawner = Spawner::new().map_err(Failure::failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let diagnosis = runtime.block_on(doctor::examine(external, &spawner));
    let text = match asked.format {
        Format::Text => diagnosis.text(),
        Format::Json => serde_json::to_string_pretty(&diagnosis).map_err(Failure::failed)? + "\n",
    };
    let secrets = profile.as_ref().map_or(&[][..], |profile| &profile.secrets);
    output::print(&crate::profile::mask(&text, secrets)).map_err(Failure::failed)?;
    let wanted = external.map_or(TargetKind::Local, |target| target.kind);
    Ok(if diagnosis.usable(wanted) {
        Exit::Fine
    } else {
        Exit::Failed
    })
}

fn broker_command(asked: BrokerCommand) -> Result<Exit, Failure> {
    let remarks = crate::target::local::Progress::new(output::note);
    let said = match asked {
        BrokerCommand::Up { brokers, config, name } => {
            let config: Result<BTreeMap<String, String>, Failure> = config
                .iter()
                .map(|given| key_value("--config", given).map(|(key, value)| (key.to_owned(), value.to_owned())))
                .collect();
            let config = config?;
            if let Some((message, remedy)) = config.keys().find_map(|key| crate::profile::unknown_broker_config(key)) {
                return Err(Failure::usage(format!("--config: {message}; {remedy}")));
            }
            broker::up(&name, brokers, config, remarks)?
        }
        BrokerCommand::Status { name } => broker::status(&name)?,
        BrokerCommand::Down { name } => broker::down(&name, &remarks)?,
    };
    output::print(&said.stdout).map_err(Failure::failed)?;
    if !said.stderr.is_empty() {
        output::note(said.stderr.trim_end());
    }
    Ok(if said.exit_code == 0 { Exit::Fine } else { Exit::Failed })
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut manual::visible(), "kpbench", &mut script);
    output::print(&String::from_utf8_lossy(&script)).map_err(Failure::failed)
}

fn manual() -> Result<(), Failure> {
    output::print(&manual::page().map_err(Failure::failed)?).map_err(Failure::failed)
}
