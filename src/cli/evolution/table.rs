//! What happened to records of two versions, as tables.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use crate::run::evolution::{ChangeOutcome, Evolution};
use crate::serialize::evolution::Format;
use crate::serialize::registry::{Compatibility, Verdict};

/// No borders: a rule under the header is enough.
const RULE_UNDER_HEADER: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Two tables, the registry's verdicts and what readers made of the records; then examples, and what it comes to.
pub(super) fn text(found: &Evolution, width: usize) -> String {
    let mut text = format!(
        "{} records of each version in each format, written to a topic and read back.\n\n\
         What the Schema Registry says of the new schema after the old one, by compatibility level:\n",
        found.records
    );
    let levels = Compatibility::ALL.map(Compatibility::name);
    let mut registry = table(width, &[&["a field"][..], &levels].concat());
    for change in &found.changes {
        let words = change.registry.iter().map(|(_, verdict)| match verdict {
            Verdict::Accepted => "accepts".to_owned(),
            Verdict::Refused(_) => "refuses".to_owned(),
        });
        registry.add_row(std::iter::once(change.change.to_owned()).chain(words));
    }
    text.push_str(&format!("{registry}\n\n"));
    text.push_str("What readers make of the other version's records:\n");
    let mut heads = vec!["a field".to_owned()];
    for format in Format::ALL {
        heads.push(format!("{}: new reads old", format.name()));
        heads.push(format!("{}: old reads new", format.name()));
    }
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut readers = table(width, &heads);
    for change in &found.changes {
        let words = change.readers.iter().map(|reader| reader.tally.words());
        readers.add_row(std::iter::once(change.change.to_owned()).chain(words));
    }
    text.push_str(&format!("{readers}\n\n"));
    text.push_str(
        "reads: every field has the value that was meant. misreads: no error, but another value. fails: an error.\n\n",
    );
    text.push_str(&examples(found));
    text
}

fn table(width: usize, heads: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(RULE_UNDER_HEADER)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(heads);
    table.force_no_tty();
    table
}

/// Each misreading once, by an example, and why readers of Avro and JSON fail.
fn examples(found: &Evolution) -> String {
    let mut text = String::new();
    for change in &found.changes {
        for reader in &change.readers {
            let who = if reader.new_reads_old {
                "new reads old"
            } else {
                "old reads new"
            };
            let head = format!("  {}, {}, {who}: ", change.change, reader.format.name());
            if let Some(example) = &reader.tally.misread_as {
                text.push_str(&format!("{head}{example}\n"));
            } else if let Some(reason) = &reader.tally.failure {
                text.push_str(&format!("{head}{}\n", reason.trim()));
            }
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("For example:\n{text}\n{}", summary(found))
}

/// What the tables come to, counted.
fn summary(found: &Evolution) -> String {
    let accepted = |change: &&ChangeOutcome, level| {
        change
            .registry
            .iter()
            .any(|(own, verdict)| *own == level && matches!(verdict, Verdict::Accepted))
    };
    let reads = |change: &ChangeOutcome, format, new_reads_old| {
        change.readers.iter().any(|reader| {
            (reader.format, reader.new_reads_old) == (format, new_reads_old)
                && reader.tally.read == reader.tally.records()
        })
    };
    let mut text = String::new();
    for (level, new_reads_old, who) in [
        (Compatibility::Backward, true, "new readers read all old records"),
        (Compatibility::Forward, false, "old readers read all new records"),
    ] {
        let passed: Vec<&ChangeOutcome> = found.changes.iter().filter(|change| accepted(change, level)).collect();
        let count = |format| {
            passed
                .iter()
                .filter(|change| reads(change, format, new_reads_old))
                .count()
        };
        let [avro, json, custom] = Format::ALL.map(count);
        text.push_str(&format!(
            "Of the {} changes that {} accepts, {who} in {avro} with Avro, {json} with JSON, {custom} with the custom \
             layout.\n",
            passed.len(),
            level.name(),
        ));
    }
    text
}
