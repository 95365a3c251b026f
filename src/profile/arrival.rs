//! `[workload.arrival]`: when records are due, and what the run's times make of it.

use super::configuration::Draft;
use super::document::{Entry, Node, Value};
use super::drain;
use super::error::Problem;
use super::model::RunSettings;
use super::payload::required;
use super::quantity::{format_duration, parse_rate};
use super::read::{Context, Section};
use super::trace_file::TraceFile;
use crate::protocol::{Arrival, MAX_RATE_PER_S, RateStep, TimeUnit, TraceValues};

const DAY_MS: u64 = 86_400_000;

const FORMS: &str = "a table with a pattern, as in {pattern = \"poisson\", rate = \"10k\"}; patterns are unpaced, constant, \
     poisson, bursts, steps, ramp, trace and scheduled-drain";

/// The keys of each pattern, beside `pattern`.
const KEYS: [(&str, &[&str]); 8] = [
    ("unpaced", &[]),
    ("constant", &["rate"]),
    ("poisson", &["rate"]),
    ("bursts", &["records", "every"]),
    ("steps", &["steps"]),
    ("ramp", &["from", "to", "over"]),
    ("trace", &["file", "values", "unit", "repeat"]),
    (drain::PATTERN, &drain::KEYS),
];

/// Reads `arrival`.
pub(super) fn arrival(node: &Node, context: &mut Context) -> Option<Arrival> {
    let Value::Table(entries) = &node.value else {
        context.wrong_type("arrival", node, FORMS);
        return None;
    };
    let mut table = Section::new("arrival", entries.clone());
    let Some(pattern) = table.take("pattern", context) else {
        context.wrong_type("arrival without a pattern", node, FORMS);
        return None;
    };
    let word = context.text("pattern", &pattern.node)?;
    let Some((_, keys)) = KEYS.iter().find(|(name, _)| *name == word) else {
        let names: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        let label = format!("expected {}", names.join(", "));
        let remedy = format!("write {FORMS}");
        context.problem(Problem::at(
            pattern.node.place,
            "pattern has no such value",
            label,
            remedy,
        ));
        return None;
    };
    refuse_foreign(&word, keys, entries, context);
    let arrival = match word.as_str() {
        drain::PATTERN => drain::read(&mut table, context)?,
        "unpaced" => Arrival::Unpaced,
        "constant" => Arrival::Constant {
            rate_per_s: required(&mut table, "rate", node, context, rate)?,
        },
        "poisson" => Arrival::Poisson {
            rate_per_s: required(&mut table, "rate", node, context, rate)?,
        },
        "bursts" => bursts(&mut table, node, context)?,
        "steps" => Arrival::Steps {
            steps: required(&mut table, "steps", node, context, steps)?,
        },
        "ramp" => ramp(&mut table, node, context)?,
        _ => trace(&mut table, node, context)?,
    };
    Some(arrival)
}

/// Keys of other patterns, and of none.
fn refuse_foreign(pattern: &str, keys: &[&str], entries: &[Entry], context: &mut Context) {
    for entry in entries {
        let key = super::document::normalized(&entry.path);
        if key == "pattern" || keys.contains(&key.as_str()) {
            continue;
        }
        let takes = match keys {
            [] => format!("the pattern {pattern} takes no further key"),
            keys => format!("the pattern {pattern} takes {}", keys.join(", ")),
        };
        let other = KEYS.iter().find(|(_, keys)| keys.contains(&key.as_str()));
        let remedy = match other {
            Some((other, _)) => format!("{takes}; {key} belongs to {other}"),
            None => takes,
        };
        let message = format!("arrival has no key {} where its pattern is {pattern}", entry.path);
        context.problem(Problem::at(entry.key, message, "unknown key", remedy));
    }
}

/// Reads a rate: records per second.
pub(super) fn rate(what: &str, node: &Node, context: &mut Context) -> Option<f64> {
    let remedy = "write records per second, as in 50000 or \"100k\"";
    let Some(text) = node.value.scalar().filter(|_| !matches!(node.value, Value::Boolean(_))) else {
        context.wrong_type(what, node, "records per second, as in 50000 or \"100k\"");
        return None;
    };
    match parse_rate(&text) {
        Ok(rate) => Some(rate),
        Err(expected) => {
            context.problem(Problem::at(node.place, format!("{what} is no rate"), expected, remedy));
            None
        }
    }
}

fn bursts(table: &mut Section, node: &Node, context: &mut Context) -> Option<Arrival> {
    let records = required(table, "records", node, context, |what, node, context| {
        context.integer(what, node, 1, MAX_RATE_PER_S as u64)
    });
    let every_ms = required(table, "every", node, context, |what, node, context| {
        context.duration_ms(what, node, 1, DAY_MS)
    });
    let arrival = Arrival::Bursts {
        records: records?,
        every_us: every_ms? * 1_000,
    };
    if let Some(problem) = arrival.problem() {
        let remedy = "make records smaller, or every longer";
        context.problem(Problem::at(node.place, problem, "so many on the average", remedy));
        return None;
    }
    Some(arrival)
}

const STEP_FORMS: &str = "an array of rates, as in [\"10k\", \"20k\"] or [{rate = \"10k\", for = \"5s\"}, …]";

fn steps(what: &str, node: &Node, context: &mut Context) -> Option<Vec<RateStep>> {
    let Value::Array(items) = &node.value else {
        context.wrong_type(what, node, STEP_FORMS);
        return None;
    };
    if items.is_empty() {
        let remedy = format!("give {STEP_FORMS}");
        context.problem(Problem::at(node.place, "steps is empty", "no rate", remedy));
        return None;
    }
    // All of them are read, so that every mistake is told.
    let steps: Vec<Option<RateStep>> = items.iter().map(|item| step(item, context)).collect();
    steps.into_iter().collect()
}

fn step(item: &Node, context: &mut Context) -> Option<RateStep> {
    let Value::Table(entries) = &item.value else {
        let rate_per_s = rate("a step", item, context)?;
        return Some(RateStep {
            rate_per_s,
            for_ms: None,
        });
    };
    let mut table = Section::new("a step", entries.clone());
    let rate_per_s = required(&mut table, "rate", item, context, rate);
    let for_ms = table
        .take("for", context)
        .map(|entry| context.duration_ms("for", &entry.node, 1, DAY_MS));
    table.finish(&["rate", "for"], context);
    Some(RateStep {
        rate_per_s: rate_per_s?,
        for_ms: match for_ms {
            Some(read) => Some(read?),
            None => None,
        },
    })
}

fn ramp(table: &mut Section, node: &Node, context: &mut Context) -> Option<Arrival> {
    let from = required(table, "from", node, context, rate);
    let to = required(table, "to", node, context, rate);
    let over_ms = table
        .take("over", context)
        .map(|entry| context.duration_ms("over", &entry.node, 1, DAY_MS));
    Some(Arrival::Ramp {
        from_per_s: from?,
        to_per_s: to?,
        over_ms: match over_ms {
            Some(read) => Some(read?),
            None => None,
        },
    })
}

fn trace(table: &mut Section, node: &Node, context: &mut Context) -> Option<Arrival> {
    let file = required(table, "file", node, context, |what, node, context| {
        context.text(what, node).map(|path| (path, node.place))
    });
    let values = match table.take("values", context) {
        Some(entry) => context.word("values", &entry.node),
        None => Some(TraceValues::Gaps),
    };
    let unit: Option<TimeUnit> = required(table, "unit", node, context, |what, node, context| {
        context.word(what, node)
    });
    let repeat = match table.take("repeat", context) {
        Some(entry) => context.boolean("repeat", &entry.node),
        None => Some(true),
    };
    let ((path, place), values, unit, repeat) = (file?, values?, unit?, repeat?);
    let full = context.base_dir.join(&path);
    let read = TraceFile::read(&full, values, unit);
    let found = read.map_err(|error| error.to_string()).and_then(|trace| {
        let arrival = Arrival::Trace {
            path: full.clone(),
            values,
            unit,
            repeat,
            records: trace.offsets_ns.len() as u64,
            length_us: trace.length_us(),
        };
        match arrival.problem() {
            Some(problem) => Err(format!("cannot be played: {problem}; is its unit {unit}?")),
            None => Ok(arrival),
        }
    });
    match found {
        Ok(arrival) => Some(arrival),
        Err(why) => {
            let remedy = format!(
                "a trace has a number on each line ({values} in {unit}), empty lines and those that begin with # aside; \
                 paths start at the profile's directory: {}",
                full.display()
            );
            context.problem(Problem::at(
                place,
                format!("the trace {path} {why}"),
                "this file",
                remedy,
            ));
            None
        }
    }
}

/// What the run's times make of a pattern: parts of it that are never reached, bursts that the window cuts.
pub(super) fn check(draft: &mut Draft, run: &RunSettings) {
    let configuration = &mut draft.configuration;
    let window_us = run.measure_ms * 1_000;
    let text = |us: u64| format_duration_ms(us / 1_000);
    let window = text(window_us);
    let note = match &configuration.workload.arrival {
        Arrival::Constant { rate_per_s } | Arrival::Poisson { rate_per_s } if rate_per_s * (window_us as f64) < 1e6 => {
            Some(format!(
                "at {rate_per_s} records/s less than one record is due in a window of {window}: lengthen run.measure, or \
                 raise the rate"
            ))
        }
        Arrival::Bursts { every_us, .. } if !window_us.is_multiple_of(*every_us) => Some(format!(
            "the window of {window} holds no whole number of bursts, of which there is one every {}: make run.measure a \
             multiple of it, or the last one may be cut off by the window's end",
            text(*every_us)
        )),
        Arrival::Steps { steps } => {
            let reached = configuration
                .workload
                .arrival
                .segments(run.measure_ms)
                .map_or(0, |segments| segments.len());
            let given_us: u64 = steps.iter().filter_map(|step| step.for_ms).map(|ms| ms * 1_000).sum();
            let open = steps.iter().any(|step| step.for_ms.is_none());
            (reached < steps.len() || given_us > window_us || (open && given_us >= window_us)).then(|| {
                format!(
                    "the window of {window} ends before the steps do, which take {}{}: lengthen run.measure",
                    text(given_us),
                    if open { " without those that share the rest" } else { "" }
                )
            })
        }
        Arrival::Ramp {
            to_per_s,
            over_ms: Some(over_ms),
            ..
        } if over_ms * 1_000 > window_us => Some(format!(
            "the window of {window} ends before the ramp, which takes {}: {to_per_s} records/s are never reached; lengthen \
             run.measure",
            text(over_ms * 1_000)
        )),
        Arrival::Trace {
            length_us,
            repeat: false,
            ..
        } if *length_us < window_us as f64 => Some(format!(
            "the trace ends {} after the window's start and does not repeat: nothing is due in the rest of the window of \
             {window}",
            text(*length_us as u64)
        )),
        Arrival::Trace { length_us, .. } if *length_us > window_us as f64 => Some(format!(
            "the trace lasts {}, and the window of {window} plays its beginning only: lengthen run.measure",
            text(*length_us as u64)
        )),
        _ => None,
    };
    configuration.warnings.extend(note);
}

/// To the ms below two seconds, where whole seconds would hide what differs.
fn format_duration_ms(ms: u64) -> String {
    match ms {
        0..=119_999 if !ms.is_multiple_of(1_000) => format!("{ms} ms"),
        _ => format_duration(std::time::Duration::from_millis(ms)),
    }
}
