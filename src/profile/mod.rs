//! Profiles: TOML with source spans to a validated [`Profile`]; property names of the Java client and of librdkafka;
//! quantities; the expansion of the matrix. Starts nothing and connects to nothing.

mod alike;
mod arrival;
mod configuration;
mod document;
mod drain;
mod drain_rules;
mod error;
mod estimate;
mod exclude;
mod gate;
mod interleaved;
mod json_field;
mod limits;
mod matrix;
mod model;
mod payload;
mod payload_file;
mod precision;
mod producer;
mod properties;
mod quantity;
mod read;
mod record_rules;
mod records;
mod rules;
mod schema_registry;
mod secrets;
mod sections;
mod serialization;
mod setting;
mod source;
mod target;
mod topics;
mod trace_file;
mod twins;
mod variants;
mod workload;

use std::collections::BTreeMap;
use std::path::Path;

use alike::Alike;
use configuration::{Draft, draft};
use document::{Document, Entry};
use error::Problem;
use matrix::Matrix;
use producer::Fixed;
use read::{Context, Section};
use schema_registry::SchemaRegistry;
use sections::Places;
use source::Sources;
use workload::{LoadKey, LoadSettings};

use crate::protocol::SendMode;

pub(crate) use configuration::fnv1a;
pub use error::{ProfileError, ProfileProblem};
pub use estimate::{BudgetError, Estimate, Least, check_budget, estimate};
pub use gate::{DEFAULT_THRESHOLDS, GATE_METRICS, parse_threshold};
pub use interleaved::counterparts;
pub(crate) use json_field::json_field;
pub use model::{
    AxisSetting, Configuration, Defaults, GateSettings, Order, Precision, PrecisionMetric, Profile, RunSettings,
    TargetSettings, TopicSettings, Until,
};
pub use quantity::{format_bytes, format_bytes_roughly, format_duration, parse_bytes, parse_duration_ms, parse_rate};
pub(crate) use records::{headers_text, key_text, partitioner_text};
pub(crate) use rules::one_bootstrap_server;
pub use schema_registry::{Credentials, Pem, RegistrySettingError, RegistrySettings, strategy_of};
pub use secrets::{MASK, is_secret, mask};
pub(crate) use target::unknown_broker_config;
#[cfg(test)]
pub(crate) use topics::LONGEST_NAME as LONGEST_TOPIC_NAME;
pub(crate) use topics::topics_text;
pub(crate) use trace_file::TraceFile;

/// One field set on the command line, on top of the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The field's dotted path, as in `run.repetitions` or `producer.linger.ms`.
    pub key: String,
    /// A TOML value, or a bare string.
    pub value: String,
    /// The option it came from, for messages, as in `--repetitions`.
    pub origin: String,
}

/// Reads a profile's file and puts overrides on top.
///
/// # Errors
/// Everything that is wrong with it, several problems at once.
pub fn load(path: &Path, overrides: &[Override]) -> Result<Profile, ProfileError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let problem = Problem::nowhere(
            format!("the profile {name} cannot be read: {error}"),
            "give the path of a TOML file, as in profiles/quickstart.toml",
        );
        ProfileError::new(&name, &Sources::default(), &[], &[problem])
    })?;
    let base_dir = path.parent().unwrap_or(Path::new(""));
    let mut profile = parse(&name, &text, base_dir, overrides)?;
    profile.path = Some(path.to_owned());
    Ok(profile)
}

/// Reads a profile from a text. `source_name` stands in messages; relative paths start at `base_dir`.
///
/// # Errors
/// Everything that is wrong with it, several problems at once.
pub fn parse(source_name: &str, text: &str, base_dir: &Path, overrides: &[Override]) -> Result<Profile, ProfileError> {
    let mut context = Context {
        sources: Sources::default(),
        problems: Vec::new(),
        warnings: Vec::new(),
        secrets: Vec::new(),
        payload_lines: BTreeMap::new(),
        fields_missing: BTreeMap::new(),
        base_dir: base_dir.to_owned(),
        environment: |name| std::env::var(name).ok(),
    };
    let source = context.sources.add(source_name, text);
    let mut document = Document::parse(&context.sources, source)?;
    // Before anything is replaced: a secret that another one overrides still stands in the text.
    document.mark_secrets(&mut context.sources);
    for given in overrides {
        document.apply(&mut context.sources, given, &mut context.problems);
    }
    document.mark_secrets(&mut context.sources);
    let profile = read_profile(source_name, document, &mut context);
    if !context.problems.is_empty() {
        context
            .problems
            .sort_by_key(|problem| problem.labels.first().map(|(place, _)| *place));
        return Err(ProfileError::new(
            source_name,
            &context.sources,
            &context.secrets,
            &context.problems,
        ));
    }
    let source_masked = context.sources.masked(source, &context.secrets).text;
    Ok(Profile {
        source_masked,
        warnings: context.warnings,
        secrets: context.secrets,
        ..profile
    })
}

/// Reads every section, expands the matrix, checks the rules; problems are left in the context.
fn read_profile(source_name: &str, mut document: Document, context: &mut Context) -> Profile {
    let mut places = Places::default();
    let mut fixed = producer::producer(&mut document, context);
    let target = target::target(&mut document, &fixed.connection, fixed.defaults, &mut places, context);
    let (topic, partitions) = sections::topic(&mut document, &target, &mut places, context);
    let (load, load_keys) = read_load(&mut document, partitions, context);
    fixed.registry = schema_registry::schema_registry(&mut document, fixed.registry, context);
    let (mut run, precision_metric) = sections::run(&mut document, context);
    let gate = gate::gate(&mut document, context);
    let matrix = matrix::read(
        &mut document,
        &fixed.properties,
        &load,
        &load_keys,
        fixed.defaults,
        context,
    );
    let mut top = Section::new("", std::mem::take(&mut document.entries));
    let name = top
        .take("name", context)
        .and_then(|entry| context.text("name", &entry.node));
    let description = top
        .take("description", context)
        .and_then(|entry| context.text("description", &entry.node));
    top.finish_top_level(context);

    rules::check_existing(&topic, &matrix, context);
    rules::check_cluster(&target, &topic, &places, context);
    let mut drafts = expand(&matrix, &fixed, &load, (&target, &topic, &places), &load_keys, context);
    drafts.iter_mut().for_each(|draft| arrival::check(draft, &run));
    topics::check_partitions(&drafts, &matrix, context);
    let rules = drain_rules::Rules {
        run: &run,
        matrix: &matrix,
        load_keys: &load_keys,
    };
    // Where a setting could not be read, the rules would only repeat the complaint.
    if context.problems.is_empty() {
        drafts.iter().for_each(|draft| rules.check(draft, context));
    }
    warn_without_effect(&drafts, &load_keys, context);
    let serializations = drafts
        .iter()
        .map(|draft| draft.configuration.workload.serialization.as_ref());
    serialization::warn_without_effect(serializations, &load_keys, &matrix, context);
    let configurations = collect(drafts, context);
    precision::settle(&mut run, precision_metric, &configurations, context);
    let stem = Path::new(source_name)
        .file_stem()
        .map_or(source_name.into(), |stem| stem.to_string_lossy());
    Profile {
        name: name.unwrap_or_else(|| stem.into_owned()),
        description: description.unwrap_or_default().trim().to_owned(),
        path: None,
        source_masked: String::new(),
        defaults: fixed.defaults,
        target,
        topic,
        registry: fixed.registry.properties(),
        places: registry_places(&fixed.registry, &load_keys, context),
        run,
        gate,
        configurations,
        warnings: Vec::new(),
        secrets: Vec::new(),
    }
}

/// Settings that no configuration heeds.
fn warn_without_effect(drafts: &[Draft], load_keys: &[(LoadKey, source::Place)], context: &mut Context) {
    let is_given = |wanted: LoadKey| load_keys.iter().any(|(key, _)| *key == wanted);
    let is_sync = |draft: &Draft| draft.configuration.workload.send_mode == SendMode::Sync;
    if is_given(LoadKey::SendConcurrency) && !drafts.iter().any(is_sync) {
        context.warn(
            "send.concurrency has no effect: it counts sending threads in sync mode, and no configuration is sync",
        );
    }
    let by_lines = |draft: &Draft| draft.configuration.is_cut_by_lines();
    if is_given(LoadKey::RecordSize) && !drafts.is_empty() && drafts.iter().all(by_lines) {
        context.warn("record.size has no effect: records are the lines of the payload file, and as large as these");
    }
}

/// Where the settings stand that only a registry can find wrong, as `file:line:column`.
fn registry_places(
    registry: &SchemaRegistry,
    load_keys: &[(LoadKey, source::Place)],
    context: &Context,
) -> BTreeMap<String, String> {
    let of_registry = registry
        .given
        .iter()
        .map(|given| (given.name.clone(), context.said(given.key)));
    let of_load = load_keys
        .iter()
        .map(|(key, place)| (key.name().to_owned(), context.said(*place)));
    of_registry.chain(of_load).collect()
}

/// `[workload]`, and the topic's partitions.
fn read_load(
    document: &mut Document,
    partitions: Option<Entry>,
    context: &mut Context,
) -> (LoadSettings, Vec<(LoadKey, source::Place)>) {
    let mut load = LoadSettings::defaults();
    let mut keys = Vec::new();
    let mut section = Section::new("[workload]", document.take_section("workload."));
    for key in LoadKey::ALL {
        let entry = match key {
            LoadKey::Partitions => partitions.clone(),
            _ => section.take(key.name(), context),
        };
        let Some(entry) = entry else { continue };
        refuse_both(key, &entry, &keys, context);
        keys.push((key, entry.key));
        if key == LoadKey::Arrival {
            keys.extend(drain::given(&entry.node));
        }
        if let Some(setting) = key.read(&entry.node, context) {
            load.set(key, setting);
        }
    }
    let known: Vec<&str> = LoadKey::ALL
        .into_iter()
        .filter(|key| *key != LoadKey::Partitions)
        .map(LoadKey::name)
        .collect();
    section.finish(&known, context);
    (load, keys)
}

/// Two keys that say the same thing in different ways.
fn refuse_both(key: LoadKey, entry: &Entry, before: &[(LoadKey, source::Place)], context: &mut Context) {
    if let Some((other, place)) = before.iter().find(|(other, _)| key.is_same_as(*other)) {
        context.problem(Problem {
            message: format!("[workload] has both {} and {}", other.name(), key.name()),
            labels: vec![
                (entry.key, "one says".to_owned()),
                (*place, "the other says".to_owned()),
            ],
            remedy: "keep one: rate is the short form of arrival = {pattern = \"constant\", rate = …}".to_owned(),
        });
    }
}

/// The configurations of all points, with what the rules say about each.
fn expand(
    matrix: &Matrix,
    fixed: &Fixed,
    load: &LoadSettings,
    (target, topic, places): (&TargetSettings, &TopicSettings, &Places),
    load_keys: &[(LoadKey, source::Place)],
    context: &mut Context,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut any_sendable = false;
    let mut refused = None;
    for point in &matrix.points {
        let mut draft = draft(matrix, point, fixed, (load, load_keys), topic, context);
        for problem in std::mem::take(&mut draft.translation.problems) {
            context.problem(problem);
        }
        let sendable = limits::check_limits(&mut draft, (target, topic, places), context);
        limits::check_payload_lines(&draft, &sendable, context);
        any_sendable |= sendable.any;
        refused = refused.or(sendable.refused);
        rules::check_behaviour(&mut draft, target, fixed.defaults, context);
        let settings = record_rules::Settings {
            matrix,
            point,
            fixed: load_keys,
            properties: &fixed.properties,
        };
        record_rules::check(&mut draft, &settings, context);
        topics::check(&draft, topic, &settings, context);
        std::mem::take(&mut draft.translation.general)
            .into_iter()
            .for_each(|note| context.warn(note));
        drafts.push(draft);
    }
    if let Some(first) = drafts.first().filter(|_| !any_sendable) {
        let (why, limit) = refused.unwrap_or_default();
        let message = format!("no configuration can send a record: {why}");
        // What makes records large, as far as it was said, and what limits them.
        let fixed = [LoadKey::RecordSize, LoadKey::Headers, LoadKey::Key, LoadKey::Payload];
        let fixed = fixed.iter().find_map(|wanted| {
            let found = load_keys.iter().find(|(key, _)| key == wanted);
            found.map(|(_, place)| *place)
        });
        let large = first.record_size.or(fixed).map(|place| (place, "too large".to_owned()));
        let limit = limit.map(|place| (place, "the limit".to_owned()));
        context.problem(Problem {
            message,
            labels: large.into_iter().chain(limit).collect(),
            remedy: "take smaller records, or raise the limit".to_owned(),
        });
    }
    drafts
}

/// Takes out points that come to the same, and moves what concerns all configurations to the run's warnings.
fn collect(drafts: Vec<Draft>, context: &mut Context) -> Vec<Configuration> {
    let mut configurations: Vec<Configuration> = Vec::new();
    let mut alike = Alike::default();
    for Draft { mut configuration, .. } in drafts {
        let mut seen: Vec<String> = Vec::new();
        configuration.warnings.retain(|warning| {
            let is_new = !seen.contains(warning);
            seen.push(warning.clone());
            is_new
        });
        match configurations.iter().find(|other| other.id == configuration.id) {
            Some(same) => alike.add(&configuration, same),
            None => configurations.push(configuration),
        }
    }
    alike.sentences().for_each(|sentence| context.warn(sentence));
    let common: Vec<String> = configurations.first().map_or_else(Vec::new, |first| {
        let in_all = |warning: &&String| configurations.iter().all(|other| other.warnings.contains(warning));
        first.warnings.iter().filter(in_all).cloned().collect()
    });
    for configuration in &mut configurations {
        configuration.warnings.retain(|warning| !common.contains(warning));
    }
    common.into_iter().for_each(|warning| context.warn(warning));
    configurations
}
