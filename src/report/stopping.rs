//! How a run ended that was repeated until its intervals were narrow enough, or a gate was decided, in words.

use super::format;
use crate::profile::{Configuration, PrecisionMetric, Until};
use crate::protocol::Arrival;
use crate::store::{Imprecise, Manifest, StoppedBy, Stopping};
use crate::words::percent;

/// Configurations named before the rest is counted.
const NAMED: usize = 5;

/// How a run's repetition ended, or that it has not; none where the number of blocks was fixed.
pub(super) fn of_run(manifest: &Manifest) -> Option<String> {
    if let Some(stopping) = &manifest.stopping {
        return Some(sentence(stopping, &manifest.configurations));
    }
    let precision = manifest.run.precision.filter(|_| manifest.awaits_more_blocks())?;
    Some(match precision.until {
        Until::Narrow => format!(
            "Not ended: the intervals of {} may be wider than the ± {} asked for; --resume continues.",
            precision_figure(precision.metric, &manifest.configurations),
            percent(precision.half_width)
        ),
        Until::Decided => "Not ended: what the gate asks may not be decided yet; --resume continues.".to_owned(),
    })
}

/// What the figure is called whose intervals decide. Of latency it says which one, where all configurations have the same.
pub fn precision_figure(metric: PrecisionMetric, configurations: &[Configuration]) -> String {
    let paced = |one: &Configuration| one.workload.arrival != Arrival::Unpaced;
    let kind = match configurations {
        [] => "",
        all if all.iter().all(paced) => "response ",
        all if !all.iter().any(paced) => "queueing ",
        _ => "",
    };
    match metric {
        PrecisionMetric::Throughput => "throughput".to_owned(),
        PrecisionMetric::LatencyP50 => format!("p50 {kind}latency"),
        PrecisionMetric::LatencyP99 => format!("p99 {kind}latency"),
        PrecisionMetric::LatencyP999 => format!("p99.9 {kind}latency"),
        PrecisionMetric::ClientCpu => "client CPU per record".to_owned(),
    }
}

/// How it ended, and which configurations did not get to the precision asked for.
pub fn sentence(stopping: &Stopping, configurations: &[Configuration]) -> String {
    if stopping.rule.until == Until::Decided {
        return of_gate(stopping);
    }
    let blocks = format::counted(u64::from(stopping.blocks), "block", "blocks");
    let asked = percent(stopping.rule.half_width);
    let figure = precision_figure(stopping.rule.metric, configurations);
    let what = match configurations.len() {
        1 => format!("the 95 % interval of the median {figure}"),
        2 => format!("the 95 % interval of the {figure} ratio"),
        _ => format!("each 95 % interval of a {figure} ratio to the first configuration"),
    };
    let Some(ended) = limit(stopping) else {
        return precise(stopping, configurations, &blocks, &what, &asked);
    };
    match stopping.imprecise.len() {
        // Narrow enough, but before the least number of blocks.
        0 => format!(
            "{ended}, before the {} blocks that the error rate of 5 % needs; {what} is within ± {asked}.",
            stopping.rule.min_blocks
        ),
        _ => format!(
            "{ended}, before {what} was within ± {asked}: wider are {}.",
            listed(&stopping.imprecise, configurations)
        ),
    }
}

/// The limit that ended it; none where that was no limit.
fn limit(stopping: &Stopping) -> Option<String> {
    match stopping.ended {
        StoppedBy::Precise | StoppedBy::Decided => None,
        StoppedBy::MaxBlocks => Some(format!(
            "Ended at the largest number of blocks asked for ({})",
            stopping.rule.max_blocks
        )),
        StoppedBy::TimeBudget => {
            let blocks = format::counted(u64::from(stopping.blocks), "block", "blocks");
            Some(format!(
                "Ended after {blocks}, since another would not have fitted the time budget"
            ))
        }
    }
}

/// The verdict itself is the gate's to tell.
fn of_gate(stopping: &Stopping) -> String {
    let ended = limit(stopping).unwrap_or_else(|| {
        let blocks = format::counted(u64::from(stopping.blocks), "block", "blocks");
        format!("Ended after {blocks}, when more could not change what the gate says")
    });
    format!(
        "{ended}. The gate's intervals allow for this; all others are at a level that holds of a fixed number of blocks."
    )
}

fn precise(stopping: &Stopping, configurations: &[Configuration], blocks: &str, what: &str, asked: &str) -> String {
    let mut text = format!("Ended after {blocks}: {what} is within ± {asked}.");
    if !stopping.imprecise.is_empty() {
        // Configurations without a single completed trial are not waited for.
        text += &format!(" Not so: {}.", listed(&stopping.imprecise, configurations));
    }
    text
}

fn listed(imprecise: &[Imprecise], configurations: &[Configuration]) -> String {
    let label = |id: &str| {
        let found = configurations.iter().find(|configuration| configuration.id == id);
        found.map_or_else(|| id.to_owned(), |configuration| configuration.label.clone())
    };
    let named: Vec<String> = imprecise
        .iter()
        .map(|one| {
            let label = label(&one.configuration_id);
            match one.half_width {
                Some(half_width) => format!("{label} (± {})", percent(half_width)),
                None => format!("{label} (no interval)"),
            }
        })
        .collect();
    format::listed(&named, NAMED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Precision;
    use crate::store::samples;

    fn stopping(ended: StoppedBy, imprecise: &[(&str, Option<f64>)]) -> String {
        let configurations = ["c-1", "c-2", "c-3"].map(|id| Configuration {
            label: format!("label of {id}"),
            ..samples::configuration(id)
        });
        let stopping = Stopping {
            rule: Precision {
                metric: PrecisionMetric::Throughput,
                half_width: 0.03,
                min_blocks: 15,
                max_blocks: 50,
                time_budget_ms: None,
                until: Until::Narrow,
            },
            ended,
            blocks: 9,
            imprecise: imprecise
                .iter()
                .map(|(id, half_width)| Imprecise {
                    configuration_id: (*id).to_owned(),
                    half_width: *half_width,
                })
                .collect(),
        };
        sentence(&stopping, &configurations)
    }

    #[test]
    fn it_says_by_which_figure() {
        let mut configurations = vec![samples::configuration("c-1"), samples::configuration("c-2")];
        let p99 = PrecisionMetric::LatencyP99;
        assert_eq!(precision_figure(p99, &configurations), "p99 queueing latency");
        configurations[0].workload.arrival = Arrival::Constant { rate_per_s: 9.0 };
        assert_eq!(precision_figure(p99, &configurations), "p99 latency");
        assert_eq!(precision_figure(p99, &configurations[..1]), "p99 response latency");
        assert_eq!(
            precision_figure(PrecisionMetric::Throughput, &configurations),
            "throughput"
        );
    }

    #[test]
    fn it_says_why_it_ended_and_who_did_not_get_there() {
        assert_eq!(
            stopping(StoppedBy::Precise, &[]),
            "Ended after 9 blocks: each 95 % interval of a throughput ratio to the first configuration is within ± 3 %."
        );
        let told = stopping(StoppedBy::TimeBudget, &[("c-3", None), ("c-2", Some(0.0421))]);
        assert!(told.contains("would not have fitted the time budget"), "{told}");
        assert!(
            told.ends_with("wider are label of c-3 (no interval) and label of c-2 (± 4.21 %)."),
            "{told}"
        );
        let told = stopping(StoppedBy::MaxBlocks, &[("c-2", Some(0.2))]);
        assert!(told.contains("asked for (50)") && told.contains("(± 20 %)"), "{told}");
    }
    #[test]
    fn where_a_gate_decides_widths_are_not_spoken_of() {
        let of = |ended| {
            let mut manifest = samples::manifest();
            let rule = Precision {
                metric: PrecisionMetric::Throughput,
                half_width: 0.03,
                min_blocks: 15,
                max_blocks: 50,
                time_budget_ms: None,
                until: Until::Decided,
            };
            manifest.run.precision = Some(rule);
            manifest.stopping = Option::map(ended, |ended| Stopping {
                rule,
                ended,
                blocks: 23,
                imprecise: Vec::new(),
            });
            of_run(&manifest).unwrap()
        };
        for (ended, told) in [
            (None, "Not ended: what the gate asks"),
            (
                Some(StoppedBy::Decided),
                "Ended after 23 blocks, when more could not change",
            ),
            (
                Some(StoppedBy::MaxBlocks),
                "the largest number of blocks asked for (50). The gate's",
            ),
            (
                Some(StoppedBy::TimeBudget),
                "would not have fitted the time budget. The gate's",
            ),
        ] {
            let sentence = of(ended);
            assert!(sentence.contains(told) && !sentence.contains('±'), "{sentence}");
        }
    }
}
