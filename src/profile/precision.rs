//! `[run]`: repetition until the intervals are narrow enough, between a least and a largest number of blocks.

use super::Profile;
use super::document::{Entry, Value};
use super::error::Problem;
use super::model::{Configuration, Precision, PrecisionMetric, RunSettings, Until};
use super::properties::nearest;
use super::read::{Context, Section};
use super::source::Place;
use crate::protocol::{Acks, Arrival};

/// Keys of this page in `[run]`.
pub(super) const KEYS: [&str; 5] = [
    "precision",
    "precision-metric",
    "min-blocks",
    "max-blocks",
    "time-budget",
];

/// Fewer blocks than this, looked at after each, raise the share of false alarms (docs/definitions.md).
const MIN_BLOCKS: u32 = 15;

/// Where it ends if nothing said otherwise.
const MAX_BLOCKS: u32 = 50;

/// Shortest and longest time budget, in ms.
const BUDGET_MS: (u64, u64) = (1_000, 7 * 86_400_000);

/// How the warnings begin that hold only where a precision decides.
pub(super) const WARNINGS: [&str; 3] = ["run.repetitions is not used", "min-blocks=", "run.precision is that"];

/// A percentile needs so many records beyond it (docs/definitions.md).
const RECORDS_BEYOND: f64 = 10.0;

impl PrecisionMetric {
    /// Every one, the default of unpaced load first.
    pub const ALL: [PrecisionMetric; 5] = [
        PrecisionMetric::Throughput,
        PrecisionMetric::LatencyP50,
        PrecisionMetric::LatencyP99,
        PrecisionMetric::LatencyP999,
        PrecisionMetric::ClientCpu,
    ];

    /// The figure's id, as in every document.
    pub fn id(self) -> &'static str {
        match self {
            PrecisionMetric::Throughput => "throughput_records_per_s",
            PrecisionMetric::LatencyP50 => "latency_p50_us",
            PrecisionMetric::LatencyP99 => "latency_p99_us",
            PrecisionMetric::LatencyP999 => "latency_p99_9_us",
            PrecisionMetric::ClientCpu => "client_cpu_us_per_record",
        }
    }

    /// Which percentile of the latency it is; none of other figures.
    pub fn quantile(self) -> Option<f64> {
        match self {
            PrecisionMetric::LatencyP50 => Some(0.5),
            PrecisionMetric::LatencyP99 => Some(0.99),
            PrecisionMetric::LatencyP999 => Some(0.999),
            PrecisionMetric::Throughput | PrecisionMetric::ClientCpu => None,
        }
    }
}

/// What `[run]` says of precision, and which figure it names; `repetitions` is its entry of that name. Without a name the
/// figure follows from the configurations: [`settle`].
pub(super) fn read(
    section: &mut Section,
    repetitions: Option<&Entry>,
    context: &mut Context,
) -> (Option<Precision>, Option<(Place, PrecisionMetric)>) {
    let [precision, metric, min, max, budget] = KEYS.map(|key| section.take(key, context));
    let Some(precision) = precision else {
        let idle = [(metric, KEYS[1]), (min, KEYS[2]), (max, KEYS[3]), (budget, KEYS[4])];
        for (entry, key) in idle {
            let Some(entry) = entry else { continue };
            let message = format!("{key} has no effect without a precision");
            let remedy = "give one, as in precision = \"3%\"; a fixed number of blocks is repetitions = 10";
            context.problem(Problem::at(entry.key, message, "nothing to limit", remedy));
        }
        return (None, None);
    };
    let half_width = percent(&precision, context);
    let asked = metric.and_then(|entry| Some((entry.node.place, figure(&entry, context)?)));
    let count = |entry: &Option<Entry>, key: &str, default: u32, context: &mut Context| {
        let entry = entry.as_ref();
        let read = entry.and_then(|entry| context.integer(key, &entry.node, 1, 10_000));
        read.map_or(default, |value| value as u32)
    };
    let min_blocks = count(&min, KEYS[2], MIN_BLOCKS, context);
    let max_blocks = count(&max, KEYS[3], MAX_BLOCKS.max(min_blocks), context);
    let time_budget_ms = budget.and_then(|entry| context.duration_ms(KEYS[4], &entry.node, BUDGET_MS.0, BUDGET_MS.1));
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
    let precision = half_width.map(|half_width| Precision {
        metric: PrecisionMetric::default(),
        half_width,
        min_blocks,
        max_blocks,
        time_budget_ms,
        until: Until::Narrow,
    });
    (precision, asked)
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

/// Which figure decides: the one asked for, else the one that the run is about. Where every load is paced that is p99 of
/// the response latency, since throughput is set by the rate then; else throughput.
pub(super) fn settle(
    run: &mut RunSettings,
    asked: Option<(Place, PrecisionMetric)>,
    configurations: &[Configuration],
    context: &mut Context,
) {
    let measure_ms = run.measure_ms;
    let Some(precision) = &mut run.precision else {
        return;
    };
    let all_paced = configurations
        .iter()
        .all(|one| one.workload.arrival != Arrival::Unpaced);
    let missing = |metric| unobserved(metric, measure_ms, configurations);
    let by_rate = |why: &str| {
        format!(
            "run.precision is that of throughput, which rate sets{why}: it ends at min-blocks, however wide the intervals of \
             latency are"
        )
    };
    precision.metric = match asked {
        Some((place, metric)) => {
            if let Some(reason) = missing(metric) {
                let message = format!("precision-metric is {}, and {reason}", metric.id());
                let remedy = "choose another, as in precision-metric = \"throughput_records_per_s\", or change that";
                context.problem(Problem::at(place, message, "never known here", remedy));
            }
            if metric == PrecisionMetric::Throughput && all_paced {
                context.warn(by_rate(""));
            }
            metric
        }
        None if !all_paced => PrecisionMetric::Throughput,
        None => match missing(PrecisionMetric::LatencyP99) {
            None => PrecisionMetric::LatencyP99,
            Some(reason) => {
                context.warn(by_rate(&format!(", not that of p99, since {reason}")));
                PrecisionMetric::Throughput
            }
        },
    };
}

/// Why a figure is not observed in every trial; none where it may be.
fn unobserved(metric: PrecisionMetric, measure_ms: u64, configurations: &[Configuration]) -> Option<String> {
    let beyond = 1.0 - metric.quantile()?;
    if configurations.iter().any(|one| one.acks == Acks::None) {
        return Some("with acks=0 no latency is observable".to_owned());
    }
    let needed = RECORDS_BEYOND / beyond;
    let records = |one: &Configuration| match one.workload.arrival {
        Arrival::Unpaced => f64::INFINITY,
        Arrival::Constant { rate_per_s } => rate_per_s * measure_ms as f64 / 1e3,
    };
    let fewest = configurations.iter().map(records).fold(f64::INFINITY, f64::min);
    // A hair of tolerance: 10 ÷ (1 − 0.99) is 999.999… or 1,000 by the way it is rounded.
    (fewest < needed - 1e-6)
        .then(|| format!("a window at that rate has {fewest:.0} records of the {needed:.0} that this percentile needs"))
}

/// One of the figures by its id.
fn figure(entry: &Entry, context: &mut Context) -> Option<PrecisionMetric> {
    let text = context.text(KEYS[1], &entry.node)?;
    let wanted = text.trim().replace('-', "_");
    let found = PrecisionMetric::ALL.into_iter().find(|metric| metric.id() == wanted);
    if found.is_none() {
        let known = PrecisionMetric::ALL.map(PrecisionMetric::id);
        let remedy = match nearest(&wanted, known.into_iter()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known are: {}", known.join(", ")),
        };
        let message = format!("precision-metric has no such figure: {text:?}");
        context.problem(Problem::at(entry.node.place, message, "expected a figure", remedy));
    }
    found
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

    /// The figure that decides, and the warning about it.
    fn decided(text: &str) -> (PrecisionMetric, Option<String>) {
        let text = format!("[run]\nprecision = \"3%\"\n{text}");
        let profile = parse("test", &text, Path::new(""), &[]).unwrap();
        let warning = profile
            .warnings
            .iter()
            .find(|warning| warning.starts_with(WARNINGS[2]))
            .cloned();
        (profile.run.precision.unwrap().metric, warning)
    }

    #[test]
    fn the_figure_that_the_run_is_about_decides() {
        for (text, metric) in [
            ("", PrecisionMetric::Throughput),
            ("[workload]\nrate = 500\n", PrecisionMetric::LatencyP99),
            ("[matrix]\nrate = [500, \"unpaced\"]\n", PrecisionMetric::Throughput),
            ("precision-metric = \"latency_p99_us\"\n", PrecisionMetric::LatencyP99),
            (
                "precision-metric = \"latency-p50-us\"\n[workload]\nrate = 500\n",
                PrecisionMetric::LatencyP50,
            ),
        ] {
            assert_eq!(decided(text), (metric, None), "{text}");
        }
    }

    #[test]
    fn where_only_the_rate_can_decide_that_is_said() {
        for (text, why) in [
            (
                "measure = \"1s\"\n[workload]\nrate = 500\n",
                "500 records of the 1000 that",
            ),
            ("[workload]\nrate = 500\n[producer]\nacks = 0\n", "acks=0"),
            (
                "precision-metric = \"throughput_records_per_s\"\n[workload]\nrate = 500\n",
                "which rate sets: ",
            ),
        ] {
            let (metric, warning) = decided(text);
            assert_eq!(metric, PrecisionMetric::Throughput, "{text}");
            assert!(
                warning.as_ref().is_some_and(|warning| warning.contains(why)),
                "{warning:?}"
            );
        }
    }

    #[test]
    fn a_figure_that_is_never_known_or_does_not_exist_is_refused() {
        for (text, told) in [
            (
                "precision-metric = \"latency_p99_us\"\n[producer]\nacks = 0\n",
                "no latency is observable",
            ),
            (
                "precision-metric = \"latency_p99_9_us\"\n[workload]\nrate = 1000\n",
                "5000 records of the 10000",
            ),
            ("precision-metric = \"p99\"\n", "no such figure"),
            ("precision-metric = 3\n", "precision-metric"),
        ] {
            let text = format!("[run]\nprecision = \"3%\"\n{text}");
            let error = format!("{:?}", parse("test", &text, Path::new(""), &[]).unwrap_err());
            assert!(error.contains(told), "{text}: {error}");
        }
        let error = parse(
            "test",
            "[run]\nprecision-metric = \"latency_p99_us\"\n",
            Path::new(""),
            &[],
        );
        let error = format!("{:?}", error.unwrap_err());
        assert!(error.contains("no effect without a precision"), "{error}");
    }

    #[test]
    fn ids_are_those_of_the_documents() {
        for metric in PrecisionMetric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.id());
        }
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
