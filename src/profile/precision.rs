//! `[run]`: repetition until the intervals are narrow enough, between a least and a largest number of blocks.

use super::Profile;
use super::document::{Entry, Value};
use super::error::Problem;
use super::model::{Configuration, Precision, Until};
use super::read::{Context, Section};
use crate::protocol::Arrival;

/// Keys of this page in `[run]`.
pub(super) const KEYS: [&str; 4] = ["precision", "min-blocks", "max-blocks", "time-budget"];

/// Fewer blocks than this, looked at after each, raise the share of false alarms (docs/definitions.md).
const MIN_BLOCKS: u32 = 15;

/// Where it ends if nothing said otherwise.
const MAX_BLOCKS: u32 = 50;

/// Shortest and longest time budget, in ms.
const BUDGET_MS: (u64, u64) = (1_000, 7 * 86_400_000);

/// How the warnings begin that hold only where a precision decides.
pub(super) const WARNINGS: [&str; 3] = ["run.repetitions is not used", "min-blocks=", "run.precision is that"];

/// What `[run]` says of precision; `repetitions` is its entry of that name.
pub(super) fn read(section: &mut Section, repetitions: Option<&Entry>, context: &mut Context) -> Option<Precision> {
    let [precision, min, max, budget] = KEYS.map(|key| section.take(key, context));
    let Some(precision) = precision else {
        let idle = [(min, KEYS[1]), (max, KEYS[2]), (budget, KEYS[3])];
        for (entry, key) in idle {
            let Some(entry) = entry else { continue };
            let message = format!("{key} has no effect without a precision");
            let remedy = "give one, as in precision = \"3%\"; a fixed number of blocks is repetitions = 10";
            context.problem(Problem::at(entry.key, message, "nothing to limit", remedy));
        }
        return None;
    };
    let half_width = percent(&precision, context);
    let count = |entry: &Option<Entry>, key: &str, default: u32, context: &mut Context| {
        let entry = entry.as_ref();
        let read = entry.and_then(|entry| context.integer(key, &entry.node, 1, 10_000));
        read.map_or(default, |value| value as u32)
    };
    let min_blocks = count(&min, KEYS[1], MIN_BLOCKS, context);
    let max_blocks = count(&max, KEYS[2], MAX_BLOCKS.max(min_blocks), context);
    let time_budget_ms = budget.and_then(|entry| context.duration_ms(KEYS[3], &entry.node, BUDGET_MS.0, BUDGET_MS.1));
    if max_blocks < min_blocks {
        let place = max.as_ref().map_or(precision.node.place, |entry| entry.node.place);
        let mut problem = Problem::at(
            place,
            format!("max-blocks ({max_blocks}) is below min-blocks ({min_blocks})"),
            format!("at most {max_blocks}"),
            format!("raise max-blocks, or set min-blocks too; without it at least {MIN_BLOCKS} blocks are run"),
        );
        problem.labels.extend(
            min.as_ref()
                .map(|entry| (entry.node.place, format!("at least {min_blocks}"))),
        );
        context.problem(problem);
    }
    if min_blocks < MIN_BLOCKS {
        context.warn(format!(
            "min-blocks={min_blocks}: stopping before {MIN_BLOCKS} blocks raises the share of differences that are called \
             real and are not above 5 %"
        ));
    }
    if repetitions.is_some() {
        context.warn(format!(
            "run.repetitions is not used: run.precision decides, between {min_blocks} and {max_blocks} blocks"
        ));
    }
    Some(Precision {
        half_width: half_width?,
        min_blocks,
        max_blocks,
        time_budget_ms,
        until: Until::Narrow,
    })
}

impl Profile {
    /// The same profile, repeated until what a gate asks is decided, where it has a precision: between the same numbers
    /// of blocks, in the same time. Warnings that hold of stopping by width alone are taken out.
    #[must_use]
    pub fn until_decided(mut self) -> Profile {
        if let Some(precision) = &mut self.run.precision {
            precision.until = Until::Decided;
            self.warnings
                .retain(|warning| !WARNINGS[1..].iter().any(|begin| warning.starts_with(begin)));
        }
        self
    }
}

/// A rate sets the throughput, so its intervals are narrow from the outset.
pub(super) fn warn_where_all_are_paced(configurations: &[Configuration], context: &mut Context) {
    let mut all = configurations.iter();
    if all.all(|one| one.workload.arrival != Arrival::Unpaced) {
        context.warn(
            "run.precision is that of throughput, which rate sets: it ends at min-blocks, however wide the intervals of \
             latency are. Raise min-blocks for those",
        );
    }
}

/// `"3%"` as 0.03.
fn percent(entry: &Entry, context: &mut Context) -> Option<f64> {
    let expected = "a share with its sign, as in \"3%\"";
    let Value::Text(text) = &entry.node.value else {
        context.wrong_type(KEYS[0], &entry.node, expected);
        return None;
    };
    let number = text.trim().strip_suffix('%').map(str::trim);
    let per_cent = number.and_then(|number| number.parse::<f64>().ok());
    match per_cent {
        Some(per_cent) if (0.1..=50.0).contains(&per_cent) => Some(per_cent / 100.0),
        _ => {
            let message = format!("precision is no half-width of an interval: {text:?}");
            let remedy = "write it in per cent of the ratio, as in \"3%\"";
            context.problem(Problem::at(entry.node.place, message, "expected 0.1% to 50%", remedy));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::parse;

    #[test]
    fn a_rate_sets_the_throughput_and_that_is_said() {
        let warned = |text: &str| {
            let profile = parse("test", text, Path::new(""), &[]).unwrap();
            profile
                .warnings
                .iter()
                .any(|warning| warning.contains("which rate sets"))
        };
        let precise = "[run]\nprecision = \"3%\"\n";
        assert!(warned(&format!("{precise}[workload]\nrate = 500\n")));
        assert!(!warned(precise));
        assert!(!warned(&format!("{precise}[matrix]\nrate = [500, \"unpaced\"]\n")));
        assert!(!warned("[workload]\nrate = 500\n"));
    }

    #[test]
    fn a_gate_decides_when_to_stop_within_the_limits_of_a_precision() {
        let of = |text: &str| parse("test", text, Path::new(""), &[]).unwrap().until_decided();
        let decided = of("[run]\nrepetitions = 4\nprecision = \"3%\"\nmin-blocks = 8\n[workload]\nrate = 500\n");
        let precision = decided.run.precision.unwrap();
        assert_eq!((precision.until, precision.min_blocks), (Until::Decided, 8));
        let of_precision = |warning: &&String| WARNINGS.iter().any(|begin| warning.starts_with(begin));
        let left: Vec<&String> = decided.warnings.iter().filter(of_precision).collect();
        assert!(
            left.len() == 1 && left[0].contains("repetitions is not used"),
            "{left:?}"
        );
        assert_eq!(of("[run]\nrepetitions = 4\n").run.precision, None);
    }

    #[test]
    fn the_limits_have_defaults_and_the_largest_follows_the_least() {
        let read = |text: &str| {
            let text = format!("[run]\nprecision = \"2.5 %\"\n{text}");
            parse("test", &text, Path::new(""), &[]).unwrap().run.precision.unwrap()
        };
        let default = read("");
        assert_eq!(
            (default.half_width, default.min_blocks, default.max_blocks),
            (0.025, 15, 50)
        );
        assert_eq!(default.time_budget_ms, None);
        assert_eq!(read("min-blocks = 80\n").max_blocks, 80);
        assert_eq!(read("time-budget = \"30m\"\n").time_budget_ms, Some(1_800_000));
    }
}
