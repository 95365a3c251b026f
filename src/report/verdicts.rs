//! Effects and verdicts in words: the same in the terminal, in Markdown and on the page.

use super::format;
use super::metric::Metric;
use super::summary::Summary;
use crate::analysis::{AxisVerdict, Disagreement, Effect};
use crate::stats::Verdict;
use crate::words;

/// A ratio as a change, its number and its sign tied together.
pub fn change(ratio: f64) -> String {
    words::unbroken(&words::change(ratio))
}

/// `+31 % [+24, +38]`, with the verdict where it is not plain from that.
pub fn effect(effect: &Effect) -> String {
    let Some(ratio) = effect.ratio else {
        return "not measured".to_owned();
    };
    match effect.interval() {
        Some(interval) => words::unbroken(&words::change_with_interval(ratio, Some(interval))),
        None => format!(
            "{} (no interval: {} needed, {} measured)",
            change(ratio),
            format::counted(u64::from(effect.blocks_needed), "block", "blocks"),
            effect.blocks
        ),
    }
}

/// The verdict as a word or two; how many blocks are needed where there is none.
pub fn verdict(effect: &Effect) -> String {
    match (effect.verdict, effect.has_interval()) {
        (Some(Verdict::Better), _) => "better".to_owned(),
        (Some(Verdict::Worse), _) => "worse".to_owned(),
        (Some(Verdict::Equivalent), _) => format!("equivalent (within {})", floor(effect.noise_floor)),
        (Some(Verdict::Inconclusive), _) => "inconclusive".to_owned(),
        (None, true) => "no verdict: neither way is better".to_owned(),
        (None, false) => format!(
            "{} needed",
            format::counted(u64::from(effect.blocks_needed), "block", "blocks")
        ),
    }
}

/// A noise floor: `1 %`, `0.4 %`.
pub fn floor(floor: f64) -> String {
    words::unbroken(&words::percent(floor))
}

/// What a figure is called in a sentence about verdicts.
pub fn figure_name(metric: Metric, paced: bool) -> &'static str {
    match (metric, paced) {
        (Metric::Throughput, _) => "throughput",
        (Metric::LatencyP50, true) => "response p50",
        (Metric::LatencyP50, false) => "queueing p50",
        (Metric::LatencyP99, true) => "response p99",
        (Metric::LatencyP99, false) => "queueing p99",
        (Metric::LatencyP999, true) => "response p99.9",
        (Metric::LatencyP999, false) => "queueing p99.9",
        (Metric::ClientCpu, _) => "client CPU per record",
        (other, _) => other.name(),
    }
}

/// One axis value against its axis's first, over all figures.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisLine {
    /// `lz4 against none`.
    pub title: String,
    /// The axis.
    pub axis: String,
    /// One per figure: its name, the effect, the verdict.
    pub effects: Vec<EffectLine>,
    /// Where pairs disagree, in a sentence each.
    pub warnings: Vec<String>,
    /// Over how many pairs of configurations.
    pub pairs: u32,
}

/// One effect in words.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectLine {
    /// What the figure is called.
    pub name: &'static str,
    /// `+31 % [+24, +38]`.
    pub effect: String,
    /// `better`.
    pub verdict: String,
    /// The verdict itself.
    pub kind: Option<Verdict>,
}

impl AxisLine {
    /// In one sentence: `lz4 against none: +31 % [+24, +38] throughput; queueing p99 inconclusive (+2 % [−5, +9])`.
    pub fn sentence(&self) -> String {
        let parts: Vec<String> = self.effects.iter().map(EffectLine::text).collect();
        let mut text = parts.join("; ");
        for warning in &self.warnings {
            text.push_str(". ");
            text.push_str(warning);
        }
        text
    }
}

impl EffectLine {
    /// The class of its cell on the page.
    pub fn class(&self) -> &'static str {
        match self.kind {
            Some(Verdict::Better) => "better",
            Some(Verdict::Worse) => "worse",
            _ => "unsaid",
        }
    }

    /// In words.
    pub fn text(&self) -> String {
        match self.kind {
            Some(Verdict::Better | Verdict::Worse) => format!("{} {} ({})", self.name, self.effect, self.verdict),
            Some(Verdict::Equivalent) => format!("{} {}", self.name, self.verdict),
            Some(Verdict::Inconclusive) => format!("{} inconclusive: {}", self.name, self.effect),
            None => format!("{} {}", self.name, self.effect),
        }
    }
}

/// Every axis value that was compared, in the matrix's order.
pub fn axis_lines(summary: &Summary) -> Vec<AxisLine> {
    let paced = summary.configurations.iter().all(|c| c.is_paced());
    let mut lines: Vec<AxisLine> = Vec::new();
    // The verdicts come by figure, each with the axes in the matrix's order: the first figure may lack some axes.
    for found in &summary.axis_verdicts {
        let title = title(found);
        let place = lines.iter().position(|line| line.title == title);
        let line = match place {
            Some(place) => &mut lines[place],
            None => {
                lines.push(AxisLine {
                    title,
                    axis: found.axis.clone(),
                    effects: Vec::new(),
                    warnings: Vec::new(),
                    pairs: found.pairs,
                });
                let last = lines.len() - 1;
                &mut lines[last]
            }
        };
        let name = figure_name(found.effect.metric, paced);
        line.effects.push(EffectLine {
            name,
            effect: effect(&found.effect),
            verdict: verdict(&found.effect),
            kind: found.effect.verdict,
        });
        line.warnings.extend(
            found
                .disagreement
                .as_ref()
                .map(|disagreement| disagreement_sentence(name, disagreement)),
        );
        if found.effect.incomplete > 0 && found.effect.has_interval() {
            let blocks = format::counted(u64::from(found.effect.incomplete), "block is", "blocks are");
            line.warnings.push(format!(
                "{blocks} left out of {name}, where a trial failed or has no such figure"
            ));
        }
    }
    let order = axes_in_order(summary);
    lines.sort_by_key(|line| order.iter().position(|axis| *axis == line.axis));
    lines
}

fn axes_in_order(summary: &Summary) -> Vec<String> {
    let first = summary.configurations.first();
    first.map_or_else(Vec::new, |c| {
        c.axes.iter().map(|setting| setting.axis.clone()).collect()
    })
}

fn title(found: &AxisVerdict) -> String {
    match found.axis.as_str() {
        "compression.type" | "compression.codec" | "send.mode" | "client" | "variant" => {
            format!("{} against {}", found.value, found.base)
        }
        axis => format!("{axis} {} against {}", found.value, found.base),
    }
}

fn disagreement_sentence(name: &str, disagreement: &Disagreement) -> String {
    format!(
        "Not the same everywhere: {name} {} with {}, but {} with {}",
        change(disagreement.highest),
        disagreement.highest_label,
        change(disagreement.lowest),
        disagreement.lowest_label
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Design;

    fn effect_of(ratio: f64, low: f64, high: f64) -> Effect {
        Effect {
            metric: Metric::Throughput,
            design: Design::Paired,
            ratio: Some(ratio),
            low: Some(low),
            high: Some(high),
            confidence: Some(0.95),
            p: None,
            p_adjusted: None,
            blocks: 10,
            blocks_needed: 6,
            incomplete: 0,
            noise_floor: 0.01,
            lost_by_candidate: 0,
            verdict: Some(Verdict::Equivalent),
        }
    }

    #[test]
    fn numbers_and_their_signs_are_not_torn_apart() {
        assert_eq!(change(0.958), "−4.2\u{a0}%");
        assert_eq!(floor(0.004), "0.4\u{a0}%");
        let mut found = effect_of(1.31, 1.24, 1.38);
        assert_eq!(effect(&found), "+31\u{a0}% [+24, +38]");
        assert_eq!(verdict(&found), "equivalent (within 1\u{a0}%)");
        (found.low, found.high, found.verdict) = (None, None, None);
        assert_eq!(effect(&found), "+31\u{a0}% (no interval: 6 blocks needed, 10 measured)");
        assert_eq!(verdict(&found), "6 blocks needed");
    }
}
