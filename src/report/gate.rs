//! What a gate found, for people and machines: the document, its text for a terminal, and the gates of an export.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exports::{ExportedGate, ExportedMetric, ExportedRun};
use super::format::{NOTHING, counted, listed};
use super::summary::summarize;
use crate::analysis::{GateRow, GateVerdict, may_be_excused};
use crate::store::{Manifest, TrialRecord};
use crate::words::{percent, ratio_with_interval};

/// Version of the document.
pub const GATE_SCHEMA_VERSION: u32 = 1;

/// Name of the document in the directory of a run that was made for a gate.
pub const GATE_FILE: &str = "gate.json";

/// Figures named in the sentence before the rest is counted.
const NAMED: usize = 4;

/// No borders: a rule under the header is enough.
const RULE_UNDER_HEADER: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Whether a regression was measured again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "repetition", rename_all = "kebab-case")]
pub enum Repetition {
    /// None was found.
    NotNeeded,
    /// One was found and measured again.
    Done {
        /// The directory of the second run.
        directory: String,
    },
    /// One was found in a finished run, which cannot be measured again.
    NotPossible,
    /// One was found, and measuring it again failed.
    Failed {
        /// Why.
        cause: String,
    },
}

/// `gate.json`: what a gate found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateDocument {
    /// [`GATE_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of kpbench that judged.
    pub kpbench_version: String,
    /// When it was judged.
    #[schemars(with = "String")]
    pub judged_at: Timestamp,
    /// Name of the profile.
    pub profile_name: String,
    /// The run that was judged.
    pub run: String,
    /// What it was held against.
    pub baseline: String,
    /// Whether both were measured interleaved in one run.
    pub interleaved: bool,
    /// Stored sessions of the baseline; 0 where both were measured interleaved.
    pub sessions: u32,
    /// The verdict over everything.
    pub verdict: GateVerdict,
    /// Whether what is inconclusive was asked to pass.
    pub lenient: bool,
    /// The process's exit code.
    pub exit_code: u8,
    /// The verdict in a sentence.
    pub sentence: String,
    /// Where the thresholds come from.
    pub thresholds_from: String,
    /// Whether a regression was measured again.
    #[serde(flatten)]
    pub repetition: Repetition,
    /// One per gated figure of each configuration.
    pub rows: Vec<GateRow>,
    /// What makes the whole not valid.
    pub invalid: Vec<String>,
    /// Compared in spite of these.
    pub forced: Vec<String>,
    /// What makes the verdicts worth less than they look.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl GateDocument {
    /// The verdict in a sentence. `excused`: whether what is inconclusive counts as passed.
    pub fn conclusion(verdict: GateVerdict, rows: &[GateRow], lenient: bool, excused: bool) -> String {
        let of = |wanted: GateVerdict| -> Vec<String> {
            let found = rows.iter().filter(|row| row.verdict == wanted);
            found
                .map(|row| format!("{} of {}", row.metric.name(), row.label))
                .collect()
        };
        let total = counted(rows.len() as u64, "gated figure", "gated figures");
        match verdict {
            GateVerdict::Pass => format!("Pass: of {total} none is worse by more than is put up with."),
            GateVerdict::Regression => {
                format!("Regression: {}.", listed(&of(GateVerdict::Regression), NAMED))
            }
            GateVerdict::Inconclusive => format!(
                "Inconclusive: of {total} it cannot be said of {}.{}",
                listed(&of(GateVerdict::Inconclusive), NAMED),
                match (lenient, excused) {
                    (_, true) => " Counted as passed, as --lenient asks.",
                    (true, false) =>
                        " Not counted as passed in spite of --lenient: too little was measured to say anything.",
                    (false, false) => "",
                }
            ),
            GateVerdict::NotValid if of(GateVerdict::NotValid).is_empty() => "Not valid: nothing was gated.".to_owned(),
            GateVerdict::NotValid => format!(
                "Not valid, so nothing is said of {}.",
                listed(&of(GateVerdict::NotValid), NAMED)
            ),
        }
    }
}

/// The text for a terminal of so many columns.
pub fn text(document: &GateDocument, width: usize) -> String {
    let mut text = format!("Gate: {} against {}.\n\n", document.run, document.baseline);
    if !document.rows.is_empty() {
        text += &table(&document.rows, width);
        text.push('\n');
    }
    // Writing to a string cannot fail.
    for row in document.rows.iter().filter(|row| row.verdict != GateVerdict::Pass) {
        let _ = writeln!(
            text,
            "{}: {}, {}: {}",
            row.verdict.name(),
            row.label,
            row.metric.name(),
            row.sentence
        );
    }
    let labelled = [
        ("Not valid: ", &document.invalid),
        ("Forced, in spite of: ", &document.forced),
        ("Warning: ", &document.warnings),
        ("Note: ", &document.notes),
    ];
    for (label, sentences) in labelled {
        for sentence in sentences {
            let _ = writeln!(text, "{label}{sentence}");
        }
    }
    match &document.repetition {
        Repetition::NotNeeded => {}
        Repetition::Done { directory } => {
            let _ = writeln!(text, "What was found was measured once more: {directory}");
        }
        Repetition::NotPossible => text.push_str(
            "A finished run cannot be measured again, so what was found was not confirmed by a repetition; kpbench gate \
             --profile does that.\n",
        ),
        Repetition::Failed { cause } => {
            let _ = writeln!(text, "What was found was to be measured once more, which failed: {cause}");
        }
    }
    let _ = writeln!(text, "{}\n\n{}", document.thresholds_from, document.sentence);
    text
}

fn table(rows: &[GateRow], width: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(RULE_UNDER_HEADER)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.force_no_tty();
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    table.set_header(
        [
            "verdict",
            "configuration",
            "figure",
            "baseline",
            "now",
            "now ÷ baseline",
            "tolerated",
        ]
        .map(Cell::new),
    );
    for row in rows {
        let figure = |value: Option<f64>| value.map_or(NOTHING.to_owned(), |value| row.metric.format(value));
        table.add_row([
            Cell::new(row.verdict.name()),
            Cell::new(&row.label),
            Cell::new(row.metric.short()),
            right(figure(row.baseline)),
            right(figure(row.value)),
            right(ratio_with_interval(row.ratio, row.low.zip(row.high))),
            right(percent(row.threshold)),
        ]);
    }
    let mut text: String = table
        .to_string()
        .replace('\u{a0}', " ")
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The run with its gates, for other tools.
pub fn exported(document: &GateDocument, manifest: &Manifest, trials: &[TrialRecord], run_name: &str) -> ExportedRun {
    let mut run = ExportedRun::of(&summarize(manifest, trials), run_name);
    run.gates = document.rows.iter().map(|row| gate(row, &run)).collect();
    run.lenient = document.lenient && may_be_excused(&document.rows);
    run.verdict = Some(document.verdict);
    let mut notes = vec![document.sentence.clone()];
    notes.extend(document.invalid.iter().map(|why| format!("Not valid: {why}")));
    notes.extend(
        document
            .forced
            .iter()
            .map(|what| format!("Forced, in spite of: {what}")),
    );
    notes.extend(document.warnings.iter().map(|what| format!("Warning: {what}")));
    if let Repetition::Failed { cause } = &document.repetition {
        notes.push(format!("What was found was not repeated: {cause}"));
    }
    notes.extend(document.notes.iter().cloned());
    notes.push(document.thresholds_from.clone());
    notes.append(&mut run.notes);
    run.notes = notes;
    run
}

fn gate(row: &GateRow, run: &ExportedRun) -> ExportedGate {
    let of_run = run
        .metrics
        .iter()
        .find(|one| one.metric == row.metric && one.configuration_id == row.configuration_id);
    let metric = ExportedMetric {
        configuration_id: row.configuration_id.clone(),
        label: of_run.map_or(&row.label, |one| &one.label).clone(),
        metric: row.metric,
        // The figure that was gated: the median of the trials.
        value: row.value.unwrap_or(f64::NAN),
        low: of_run.and_then(|one| one.low),
        high: of_run.and_then(|one| one.high),
        trials: u64::from(row.trials),
    };
    ExportedGate {
        metric,
        verdict: row.verdict,
        ratio: row.ratio,
        ratio_low: row.low,
        ratio_high: row.high,
        threshold: row.threshold,
        sentence: row.sentence.clone(),
        baseline: row.baseline,
    }
}
