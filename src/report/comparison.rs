//! Two or more runs side by side, in words: for a terminal, and as one document.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::format;
use super::metric::Metric;
use super::terminal::Style;
use super::terminal::text::{Page, clean};
use super::verdicts;
use crate::analysis::{Comparison, Contrast, Design, Effect};
use crate::stats::Verdict;

/// Version of the document.
pub const COMPARISON_SCHEMA_VERSION: u32 = 1;

/// What `kpbench compare --format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonDocument {
    /// Version of this document; raised when a field changes its meaning or goes away.
    pub schema_version: u32,
    /// Version of kpbench that compared.
    pub kpbench_version: String,
    /// When it was compared.
    #[schemars(with = "String")]
    pub compared_at: Timestamp,
    /// One per candidate.
    pub comparisons: Vec<Comparison>,
    /// What is not comparable, and was compared all the same because that was insisted on. Empty where nothing is.
    pub forced: Vec<String>,
    /// What a reader must know: trials that are missing, and the like.
    pub notes: Vec<String>,
}

impl ComparisonDocument {
    /// Whether there is an interval for anything.
    pub fn is_answered(&self) -> bool {
        let contrasts = self.comparisons.iter().flat_map(|comparison| &comparison.contrasts);
        contrasts
            .flat_map(|contrast| &contrast.effects)
            .any(Effect::has_interval)
    }
}

/// The document as text for a terminal.
pub fn render(document: &ComparisonDocument, style: &Style) -> String {
    let page = Page::new(style);
    let mut blocks: Vec<String> = Vec::new();
    if !document.forced.is_empty() {
        blocks.push(page.alarm("NOT COMPARABLE, forced", &document.forced.join("; ")));
    }
    for comparison in &document.comparisons {
        blocks.push(one(comparison, &page));
    }
    for note in &document.notes {
        blocks.push(page.alarm("note", note));
    }
    blocks.join("\n")
}

fn one(comparison: &Comparison, page: &Page) -> String {
    let how = match comparison.design {
        Design::Paired => "measured interleaved: pairs of the same block",
        Design::Unpaired => "measured one after the other: a weaker comparison",
    };
    let title = format!("{} → {}", comparison.base, comparison.candidate);
    let mut text = page.titled(&title, how);
    for contrast in &comparison.contrasts {
        text.push('\n');
        text.push_str(&contrast_text(contrast, page));
    }
    if comparison.contrasts.is_empty() {
        text.push_str(&page.paragraph("No configuration of the one has a counterpart in the other."));
    }
    text.push('\n');
    for (what, labels) in [
        ("Only in the base", &comparison.only_in_base),
        ("Only in the candidate", &comparison.only_in_candidate),
    ] {
        if !labels.is_empty() {
            text.push_str(&page.titled(what, &format::listed(labels, 6)));
        }
    }
    text.push_str(&page.paragraph(
        "Changes are candidate against base; in brackets the interval of the ratio, at 95 % for all configurations of one \
         figure together. Better or worse is said only where all of it lies beyond the noise floor; inconclusive is not \
         the same as no difference.",
    ));
    text.push_str(&page.paragraph(&comparison.floors.origin));
    if let Some(weaker) = &comparison.weaker {
        text.push_str(&page.alarm("weaker", weaker));
    }
    text
}

fn contrast_text(contrast: &Contrast, page: &Page) -> String {
    let title = if contrast.base_label == contrast.candidate_label {
        contrast.base_label.clone()
    } else {
        format!("{} against {}", contrast.candidate_label, contrast.base_label)
    };
    let changed = match contrast.changed.as_slice() {
        [] => "the same settings".to_owned(),
        changed => format::listed(changed, 8),
    };
    let mut text = page.titled(&title, &changed);
    if contrast.effects.is_empty() {
        text.push_str(&page.paragraph("  no figure that both have"));
    }
    for reason in &contrast.left_out {
        text.push_str(&page.paragraph(&format!("  not compared: {reason}")));
    }
    let names: Vec<&str> = contrast.effects.iter().map(|effect| name(effect.metric)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (effect, name) in contrast.effects.iter().zip(names) {
        let change = match (effect.has_interval(), effect.ratio) {
            (false, Some(ratio)) => verdicts::change(ratio),
            _ => verdicts::effect(effect),
        };
        let change = change.replace('\u{a0}', " ");
        let verdict = verdicts::verdict(effect).replace('\u{a0}', " ");
        let left_out = match (effect.incomplete, effect.lost_by_candidate) {
            (0, _) => String::new(),
            (incomplete, 0) => format!("; {incomplete} left out"),
            (incomplete, lost) => {
                format!("; {incomplete} left out, {lost} of them lost by the candidate: nothing good is said of it")
            }
        };
        let said = match effect.has_interval() {
            true if effect.design == Design::Unpaired => {
                format!("{verdict} ({} trials each at least{left_out})", effect.blocks)
            }
            true => format!("{verdict} ({} blocks{left_out})", effect.blocks),
            false => format!("no interval: {verdict}, {} measured{left_out}", effect.blocks),
        };
        let line = format!("  {}  {change:<26}  {said}", format_args!("{name:<width$}"));
        text.push_str(&clean(line.trim_end()));
        text.push('\n');
    }
    text
}

fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::LatencyP50 => "latency p50",
        Metric::LatencyP99 => "latency p99",
        other => verdicts::figure_name(other, false),
    }
}

/// Whether a candidate helps, as `kpbench ab` ends: the verdict on throughput in a sentence (on latency, where the load
/// was paced and throughput was set), then every figure.
pub fn answer(comparison: &Comparison, style: &Style) -> String {
    let page = Page::new(style);
    let Some(contrast) = comparison.contrasts.first() else {
        return String::new();
    };
    let leading = [Metric::Throughput, Metric::LatencyP99];
    let effects = || contrast.effects.iter();
    let told = leading
        .iter()
        .filter_map(|metric| effects().find(|effect| effect.metric == *metric))
        .next()
        .or_else(|| effects().next());
    let mut text = told.map_or_else(String::new, |effect| {
        page.titled("Does the candidate help?", &sentence(effect))
    });
    text.push_str(&contrast_text(contrast, &page));
    text
}

/// The verdict of one effect in a sentence.
fn sentence(effect: &Effect) -> String {
    let what = name(effect.metric);
    let change = verdicts::effect(effect).replace('\u{a0}', " ");
    match effect.verdict {
        Some(Verdict::Better) => format!("Yes: {what} {change}, better."),
        Some(Verdict::Worse) => format!("No: {what} {change}, worse."),
        Some(Verdict::Equivalent) => format!(
            "No difference that matters: {what} {change}, within the noise floor of {}.",
            verdicts::floor(effect.noise_floor).replace('\u{a0}', " ")
        ),
        Some(Verdict::Inconclusive) => format!("Cannot be said: {what} {change} is inconclusive."),
        None => format!("Cannot be said: {what} {change}."),
    }
}
