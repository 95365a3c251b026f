//! The subcommand `evolution`: what a change of schema does to records in each format.

mod table;

use std::path::Path;
use std::sync::Arc;

use super::arguments::{EvolutionArguments, Format};
use super::exit::Exit;
use super::failure::Failure;
use super::options::set_overrides;
use super::{output, signals};
use crate::process::Spawner;
use crate::profile::{self, Override, Profile};
use crate::run::evolution::{Evolution, EvolutionError, evolve};
use crate::run::{CancelSource, ClusterError, ClusterStarter, Mask, Targets};
use crate::serialize::registry::{Registry, RegistryError, RegistrySettings};
use crate::target::StartOptions;
use crate::target::local::Progress;

/// Writes the records, reads them back, and tells what happened.
///
/// # Errors
/// A registry or a target that does not do its part.
pub fn evolution(arguments: &EvolutionArguments, quiet: bool) -> Result<Exit, Failure> {
    let profile = settings(arguments)?;
    let mask = Mask::of(&profile);
    if profile.registry.is_empty() {
        return Err(Failure::usage(
            "evolution needs a Schema Registry: give --schema-registry http://host:8081, or a profile with [schema-registry]",
        ));
    }
    let usage = |error: RegistryError| Failure::usage(mask.text(&error.to_string()));
    let settings = RegistrySettings::from_properties(&profile.registry).map_err(|error| usage(error.into()))?;
    let registry = Arc::new(Registry::new(settings).map_err(usage)?);
    // Asked before a broker is started: a registry that is not there is told at once.
    registry.subjects().map_err(usage)?;
    let spawner = Spawner::new().map_err(Failure::failed)?;
    let mut options = StartOptions::new(spawner);
    options.local.progress = if quiet {
        Progress::default()
    } else {
        Progress::new(output::note)
    };
    let (source, cancel) = CancelSource::new();
    options.cancel = Some(cancel.receiver());
    let starter = Targets { options };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let work = found_out(&starter, &profile, registry, arguments);
    let done = runtime
        .block_on(signals::interruptible(&source, work))
        .map_err(Failure::failed)?;
    runtime.shutdown_background();
    let Some(found) = done else {
        return Ok(Exit::Interrupted);
    };
    let found = found.map_err(|error| failure(&error, &mask))?;
    if cancel.is_cancelled() {
        return Ok(Exit::Interrupted);
    }
    let text = match arguments.format {
        Format::Json => serde_json::to_string_pretty(&found).map_err(Failure::failed)? + "\n",
        Format::Text => table::text(&found, output::stdout_width()),
    };
    output::print(&text).map_err(Failure::failed)?;
    Ok(Exit::Fine)
}

/// The target and the registry, from a profile or from flags alone.
fn settings(arguments: &EvolutionArguments) -> Result<Profile, Failure> {
    let mut overrides = Vec::new();
    let mut put = |key: &str, origin: &str, value: Option<String>| {
        if let Some(value) = value {
            overrides.push(Override {
                key: key.to_owned(),
                value,
                origin: origin.to_owned(),
            });
        }
    };
    let implied = arguments.bootstrap_servers.as_ref().map(|_| "external".to_owned());
    put("target.kind", "--bootstrap-servers", implied);
    put(
        "target.bootstrap-servers",
        "--bootstrap-servers",
        arguments.bootstrap_servers.clone(),
    );
    put(
        "schema-registry.url",
        "--schema-registry",
        arguments.schema_registry.clone(),
    );
    overrides.extend(set_overrides(&arguments.set)?);
    Ok(match &arguments.profile {
        Some(path) => profile::load(path, &overrides)?,
        None => profile::parse("command line", "", Path::new(""), &overrides)?,
    })
}

async fn found_out(
    starter: &Targets,
    profile: &Profile,
    registry: Arc<Registry>,
    arguments: &EvolutionArguments,
) -> Result<Evolution, EvolutionError> {
    let cluster = starter.start(&profile.target).await?;
    let found = evolve(cluster.as_ref(), registry, arguments.records as usize, profile.run.seed).await;
    let stopped = cluster.stop().await;
    let found = found?;
    stopped?;
    Ok(found)
}

fn failure(error: &EvolutionError, mask: &Mask) -> Failure {
    let text = mask.text(&error.to_string());
    match error {
        EvolutionError::Registry(_) | EvolutionError::Target(ClusterError { refused: true, .. }) => {
            Failure::usage(text)
        }
        _ => Failure::failed(text),
    }
}
