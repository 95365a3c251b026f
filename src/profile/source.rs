//! The texts that a profile is made of (its file, `.properties` files, command-line overrides), places in them, and
//! the masking of secrets in what is shown of them. Knows no TOML and no Kafka.

use std::ops::Range;

use super::secrets::{MASK, looks_like_a_placeholder};

/// A range of bytes in one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Which text, by its number in [`Sources`].
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Place {
    /// A place from a range.
    pub fn new(source: usize, range: Range<usize>) -> Self {
        Place {
            source,
            start: range.start,
            end: range.end,
        }
    }
}

/// One text.
#[derive(Debug)]
pub(crate) struct SourceText {
    /// What to call it in messages: a path, or the option it came from.
    pub name: String,
    /// The text itself. May hold secrets.
    pub text: String,
    /// Where secrets stand in it.
    secrets: Vec<Range<usize>>,
}

/// Every text of one profile.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<SourceText>,
}

/// A text with its secrets taken out, and how its offsets moved by that.
pub(crate) struct Masked {
    /// The text.
    pub text: String,
    /// Ranges of the original that were replaced by the mask, in order.
    replaced: Vec<Range<usize>>,
}

impl Sources {
    /// Adds a text and gives its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        self.list.push(SourceText {
            name: name.into(),
            text: text.into(),
            secrets: Vec::new(),
        });
        self.list.len() - 1
    }

    /// The text with this number.
    pub fn get(&self, source: usize) -> &SourceText {
        &self.list[source]
    }

    /// What stands at a place.
    pub fn at(&self, place: Place) -> &str {
        self.list[place.source].text.get(place.start..place.end).unwrap_or("")
    }

    /// Remembers that a secret stands at a place, unless a placeholder such as `${env:NAME}` stands there.
    pub fn mark_secret(&mut self, place: Place) {
        if !looks_like_a_placeholder(self.at(place)) {
            self.list[place.source].secrets.push(place.start..place.end);
        }
    }

    /// The text with every marked place, and every other occurrence of a secret's value, masked.
    pub fn masked(&self, source: usize, values: &[String]) -> Masked {
        let SourceText { text, secrets, .. } = &self.list[source];
        let mut ranges = secrets.clone();
        for value in values
            .iter()
            .filter(|value| value.len() >= super::secrets::SHORTEST_SEARCHED)
        {
            ranges.extend(
                text.match_indices(value.as_str())
                    .map(|(start, found)| start..start + found.len()),
            );
        }
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut replaced: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match replaced.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => replaced.push(range),
            }
        }
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for range in &replaced {
            masked.push_str(&text[from..range.start]);
            masked.push_str(MASK);
            from = range.end;
        }
        masked.push_str(&text[from..]);
        Masked { text: masked, replaced }
    }
}

impl Masked {
    /// Where an offset of the original text lies in the masked one.
    pub fn offset(&self, original: usize) -> usize {
        let mut moved = original as isize;
        for range in &self.replaced {
            if original >= range.end {
                moved += MASK.len() as isize - range.len() as isize;
            } else if original > range.start {
                moved -= (original - range.start) as isize;
                break;
            }
        }
        moved.max(0) as usize
    }

    /// Where a place of the original text lies in the masked one: offset and length.
    pub fn span(&self, place: Place) -> (usize, usize) {
        let start = self.offset(place.start);
        let covers_a_secret_to_its_end = self
            .replaced
            .iter()
            .any(|range| range.end >= place.end && range.start < place.end);
        let mut end = self.offset(place.end);
        if covers_a_secret_to_its_end && end < start + MASK.len() {
            end = start + MASK.len();
        }
        (
            start,
            end.saturating_sub(start).min(self.text.len().saturating_sub(start)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_secret_is_masked_and_later_places_move_with_it() {
        let mut sources = Sources::default();
        let text = "password = \"hunter2-is-long\"\nlinger = 5\n";
        let source = sources.add("x", text);
        sources.mark_secret(Place::new(source, 11..28));
        let masked = sources.masked(source, &[]);
        assert_eq!(masked.text, format!("password = {MASK}\nlinger = 5\n"));
        let five = text.find('5').unwrap();
        let (start, length) = masked.span(Place::new(source, five..five + 1));
        assert_eq!(&masked.text[start..start + length], "5");
        let (start, length) = masked.span(Place::new(source, 11..28));
        assert_eq!(&masked.text[start..start + length], MASK);
    }

    #[test]
    fn a_secret_is_masked_wherever_else_it_stands() {
        let mut sources = Sources::default();
        let source = sources.add("x", "# hunter2 was the password\na = 1");
        assert!(!sources.masked(source, &["hunter2".into()]).text.contains("hunter2"));
    }

    #[test]
    fn a_placeholder_stays_readable() {
        let mut sources = Sources::default();
        let source = sources.add("x", "p = \"${env:KAFKA_PASSWORD}\"");
        sources.mark_secret(Place::new(source, 4..27));
        assert!(sources.masked(source, &[]).text.contains("${env:KAFKA_PASSWORD}"));
    }
}
