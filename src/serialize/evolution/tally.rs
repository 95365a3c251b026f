//! What a reader made of records, counted.

use serde::Serialize;

use super::shape::{Cell, FieldKind, Row, Shape};

/// What a reader made of the records of the other version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Records whose every field had the value that was meant.
    pub read: u64,
    /// Records read without an error, with another value than was meant.
    pub misread: u64,
    /// Records that could not be read.
    pub failed: u64,
    /// One that was misread.
    pub misread_as: Option<String>,
    /// Why one failed.
    pub failure: Option<String>,
}

impl Tally {
    /// Counts one record. `meant` has none where no value exists for a field: then whatever is read is wrong.
    pub fn count(&mut self, shape: &Shape, meant: &[Option<Cell>], found: Result<Row, String>) {
        let row = match found {
            Ok(row) => row,
            Err(reason) => {
                self.failed += 1;
                self.failure.get_or_insert(reason);
                return;
            }
        };
        let wrong = shape
            .fields
            .iter()
            .zip(meant)
            .zip(&row)
            .find(|((_, meant), found)| meant.as_ref() != Some(*found));
        match wrong {
            None => self.read += 1,
            Some(((field, meant), found)) => {
                self.misread += 1;
                let meant = meant.as_ref().map_or_else(|| "nothing".to_owned(), Cell::to_string);
                self.misread_as
                    .get_or_insert_with(|| format!("{}: {meant} read as {found}", field.name));
            }
        }
    }

    /// Records in all.
    pub fn records(&self) -> u64 {
        self.read + self.misread + self.failed
    }

    /// In a few words: `reads`, `misreads`, `fails`, or what there is of each.
    pub fn words(&self) -> String {
        let parts = [(self.read, "reads"), (self.misread, "misreads"), (self.failed, "fails")];
        let some: Vec<_> = parts.iter().filter(|(count, _)| *count > 0).collect();
        match some.as_slice() {
            [] => "no record".to_owned(),
            [(_, word)] => (*word).to_owned(),
            several => {
                let all: Vec<String> = several.iter().map(|(count, word)| format!("{word} {count}")).collect();
                all.join(", ")
            }
        }
    }
}

/// What a reader of `to` should read of a row written as `from`: the values of fields with the same meaning, in the
/// reader's type; defaults where the writer had no such field; none where there is no default either.
pub fn expected(from: &Shape, row: &Row, to: &Shape) -> Vec<Option<Cell>> {
    let of = |meaning| {
        let place = from.fields.iter().position(|field| field.meaning == meaning)?;
        row.get(place)
    };
    to.fields
        .iter()
        .map(|field| match of(field.meaning) {
            None => field.default.clone(),
            Some(cell) => in_type(cell, field.kind),
        })
        .collect()
}

fn in_type(cell: &Cell, kind: FieldKind) -> Option<Cell> {
    match (cell, kind) {
        (Cell::Int(value), FieldKind::Long) => Some(Cell::Long(i64::from(*value))),
        (Cell::Long(value), FieldKind::Int) => i32::try_from(*value).ok().map(Cell::Int),
        (Cell::Text(text), FieldKind::Int) => text.parse().ok().map(Cell::Int),
        (Cell::Text(text), FieldKind::Long) => text.parse().ok().map(Cell::Long),
        (Cell::Int(value), FieldKind::Text) => Some(Cell::Text(value.to_string())),
        (Cell::Long(value), FieldKind::Text) => Some(Cell::Text(value.to_string())),
        (same, _) => Some(same.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serialize::evolution::{Change, Format, avro_reader, changes, read, write};

    fn outcome(change: &Change, format: Format, forward: bool) -> String {
        let (from, to) = match forward {
            false => (&change.old, &change.new),
            true => (&change.new, &change.old),
        };
        let mut tally = Tally::default();
        for row in from.rows(50, 3) {
            let bytes = write(format, from, &row).unwrap();
            let found = match format {
                Format::Avro => avro_reader(&from.avro(), to).unwrap()(&bytes),
                _ => read(format, to, &bytes),
            };
            tally.count(to, &expected(from, &row, to), found);
        }
        assert_eq!(tally.records(), 50);
        tally.words()
    }

    #[test]
    fn unchanged_records_are_read_in_every_format() {
        let same = Change {
            new: changes()[0].old.clone(),
            ..changes()[0].clone()
        };
        for format in Format::ALL {
            assert_eq!(outcome(&same, format, false), "reads", "{format:?}");
        }
    }

    #[test]
    fn avro_resolves_what_the_specification_says_it_resolves() {
        // https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
        let changes = changes();
        let words = |name: &str, forward| {
            let change = changes.iter().find(|change| change.name == name).unwrap();
            outcome(change, Format::Avro, forward)
        };
        for (name, backward, forward) in [
            ("added, with a default", "reads", "reads"),
            ("added, without a default", "fails", "reads"),
            ("removed, it had a default", "reads", "reads"),
            ("removed, it had no default", "reads", "fails"),
            ("renamed", "fails", "fails"),
            ("renamed, with an alias", "reads", "fails"),
            ("retyped, int to long", "reads", "fails"),
            ("retyped, int to string", "fails", "fails"),
        ] {
            assert_eq!(
                (words(name, false), words(name, true)),
                (backward.into(), forward.into()),
                "{name}"
            );
        }
    }

    #[test]
    fn the_custom_layout_never_reads_another_layout_right() {
        for change in changes() {
            for forward in [false, true] {
                let words = outcome(&change, Format::Custom, forward);
                let same_bytes = change.name.starts_with("renamed");
                assert_eq!(words == "reads", same_bytes, "{}: {words}", change.name);
            }
        }
    }

    #[test]
    fn what_is_misread_is_shown_and_counted() {
        let change = &changes()[2];
        let mut tally = Tally::default();
        let row = vec![
            Cell::Long(7),
            Cell::Int(5),
            Cell::Text("a".into()),
            Cell::Text("b".into()),
        ];
        let meant = expected(&change.old, &row, &change.new);
        assert_eq!(
            meant,
            [Some(Cell::Long(7)), Some(Cell::Int(5)), Some(Cell::Text("b".into()))]
        );
        tally.count(
            &change.new,
            &meant,
            Ok(vec![Cell::Long(7), Cell::Int(5), Cell::Text("x".into())]),
        );
        tally.count(&change.new, &meant, Err("short".to_owned()));
        assert_eq!(tally.words(), "misreads 1, fails 1");
        assert_eq!(tally.misread_as.as_deref(), Some("customer: \"b\" read as \"x\""));
        assert_eq!(tally.failure.as_deref(), Some("short"));
    }
}
