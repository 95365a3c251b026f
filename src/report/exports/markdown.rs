//! Markdown for a comment on a pull request or a job's summary: verdicts first, figures folded away.

use super::{ExportedGate, ExportedMetric, ExportedRun, GateVerdict};
use crate::report::columns::COLUMNS;
use crate::report::format;
use crate::report::markdown::escaped as without_markup;
use crate::report::metric::Metric;
use crate::words::{percent, ratio_with_interval};

/// GitHub refuses a comment of more than 65,536 characters; the rest of a job's comment needs room too.
const MOST_CHARACTERS: usize = 60_000;

/// What is kept free in each part for its end and the line that says what was left out.
const RESERVED: usize = 200;

/// The document. Its first line is a comment by which a script finds its own earlier comment.
pub fn render(run: &ExportedRun) -> String {
    let marker: String = run.profile_name.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut text = format!("<!-- kpbench {marker} -->\n## {}\n\n", escaped(&headline(run)));
    gates(run, &mut text);
    for note in &run.notes {
        text.push_str(&format!("> {}  \n", escaped(note)));
    }
    text.push('\n');
    text.push_str(&figures(run, room(&text)));
    text.push_str(&warnings(run, room(&text)));
    text.push_str(&format!(
        "Run {} of {}, kpbench {}, {}, target {}, on {}.\n",
        escaped(&run.run_name),
        run.created_at.strftime("%Y-%m-%d %H:%M UTC"),
        escaped(&run.kpbench_version),
        escaped(&run.client_version),
        run.target.name(),
        escaped(&run.host)
    ));
    text
}

fn headline(run: &ExportedRun) -> String {
    if run.gates.is_empty() {
        return format!("kpbench {}", run.profile_name);
    }
    let counts: Vec<String> = GateVerdict::ALL
        .iter()
        .map(|&verdict| (run.gates_with(verdict).count(), verdict.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{} {name}", format::count(count as u64)))
        .collect();
    let gates = format::counted(run.gates.len() as u64, "gate", "gates");
    format!("kpbench {}: {gates}: {}", run.profile_name, counts.join(", "))
}

fn gates(run: &ExportedRun, text: &mut String) {
    if run.gates.is_empty() {
        return;
    }
    text.push_str(
        "| verdict | configuration | metric | baseline | now | now ÷ baseline | tolerated loss |\n\
         | :--- | :--- | :--- | ---: | ---: | ---: | ---: |\n",
    );
    // Half of the room: sentences and figures need the rest.
    let gates = || GateVerdict::ALL.iter().flat_map(|&verdict| run.gates_with(verdict));
    if let Some(left_out) = capped(text, gates().map(row), MOST_CHARACTERS / 2, ("gate", "gates")) {
        text.push_str(&format!("\n{left_out}\n"));
    }
    text.push('\n');
    for gate in gates() {
        let sentence = format!(
            "- **{}** {}, {}: {}\n",
            gate.verdict.name(),
            escaped(&gate.metric.label),
            gate.metric.metric.name(),
            escaped(&gate.sentence)
        );
        if gate.verdict != GateVerdict::Pass
            && text.chars().count() + sentence.chars().count() < MOST_CHARACTERS * 3 / 4
        {
            text.push_str(&sentence);
        }
    }
    if run.lenient && run.gates_with(GateVerdict::Inconclusive).next().is_some() {
        text.push_str("- Inconclusive gates were asked to pass (lenient).\n");
    }
    text.push('\n');
}

fn row(gate: &ExportedGate) -> String {
    let metric = gate.metric.metric;
    let mark = match gate.verdict {
        GateVerdict::Pass => "✅ pass",
        GateVerdict::Regression => "❌ **regression**",
        GateVerdict::Inconclusive => "❔ inconclusive",
        GateVerdict::NotValid => "⚠️ not valid",
    };
    let ratio = ratio_with_interval(gate.ratio, gate.ratio_low.zip(gate.ratio_high));
    format!(
        "| {mark} | {} | {} | {} | {} | {} | {} |\n",
        escaped(&gate.metric.label),
        metric.name(),
        gate.baseline.map_or(format::NOTHING.to_owned(), |value| escaped(
            &metric.format_with_unit(value)
        )),
        escaped(&metric.format_with_unit(gate.metric.value)),
        escaped(&ratio),
        percent(gate.threshold)
    )
}

/// A table of the figures that a reader looks for first, in at most so many characters.
fn figures(run: &ExportedRun, room: usize) -> String {
    let has = |metric: &&Metric| run.metrics.iter().any(|one| one.metric == **metric);
    let shown: Vec<Metric> = COLUMNS.iter().filter(has).copied().collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut text = String::from("<details><summary>Figures</summary>\n\n| configuration | trials |");
    shown
        .iter()
        .for_each(|metric| text.push_str(&format!(" {} |", metric.short())));
    text.push_str("\n| :--- | ---: |");
    shown.iter().for_each(|_| text.push_str(" ---: |"));
    text.push('\n');
    let mut rows = Vec::new();
    for (id, label) in run.configurations() {
        let of_it = || run.metrics.iter().filter(move |one| one.configuration_id == id);
        let trials = of_it().map(|one| one.trials).max().unwrap_or(0);
        let mut row = format!("| {} | {trials} |", escaped(label));
        for &metric in &shown {
            let cell = of_it()
                .find(|one| one.metric == metric)
                .map_or(format::NOTHING.to_owned(), cell);
            row.push_str(&format!(" {} |", escaped(&cell)));
        }
        row.push('\n');
        rows.push(row);
    }
    if let Some(left_out) = capped(
        &mut text,
        rows,
        room.saturating_sub(RESERVED),
        ("configuration", "configurations"),
    ) {
        text.push_str(&format!("\n{left_out}\n"));
    }
    text.push_str("\n</details>\n\n");
    text
}

/// Adds as many lines as fit so many characters in all, each whole or not at all; says how many are left out, if any.
fn capped(
    text: &mut String,
    lines: impl IntoIterator<Item = String>,
    most: usize,
    called: (&str, &str),
) -> Option<String> {
    let mut used = text.chars().count();
    let mut left_out = 0;
    for line in lines {
        let length = line.chars().count();
        if used + length > most {
            left_out += 1;
        } else {
            text.push_str(&line);
            used += length;
        }
    }
    (left_out > 0).then(|| format!("{} not shown here.", format::counted(left_out, called.0, called.1)))
}

fn room(text: &str) -> usize {
    MOST_CHARACTERS.saturating_sub(text.chars().count())
}

/// In at most so many characters.
fn warnings(run: &ExportedRun, room: usize) -> String {
    if run.warnings.is_empty() {
        return String::new();
    }
    let mut text = String::from("<details><summary>Warnings</summary>\n\n");
    let lines = run.warnings.iter().map(|warning| format!("- {}\n", escaped(warning)));
    if let Some(left_out) = capped(&mut text, lines, room.saturating_sub(RESERVED), ("warning", "warnings")) {
        text.push_str(&format!("- {left_out}\n"));
    }
    text.push_str("\n</details>\n\n");
    text
}

fn cell(of: &ExportedMetric) -> String {
    let value = of.metric.format(of.value);
    match of.low.zip(of.high) {
        Some((low, high)) => format!("{value} [{}]", of.metric.format_range(low, high)),
        None => value,
    }
}

/// No markup, and no mention of a person who happens to be called like a label: GitHub looks for mentions in what was
/// rendered, where an entity is a plain @ again, so something without width stands behind it.
fn escaped(text: &str) -> String {
    without_markup(text).replace('@', "@\u{200b}")
}
