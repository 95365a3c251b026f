//! Sentences that say the same with other figures, said once with the figures' range.
//!
//! A warning of every trial would bury the rest: "…18 % slower…" and "…12 % slower…" become "…12–18 % slower…".

use std::collections::HashMap;

/// One or two numbers of a sentence, as written and as values.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    low: (String, f64),
    high: (String, f64),
}

/// A sentence cut at its figures: the words between them, and the figures.
fn cut(sentence: &str) -> (Vec<&str>, Vec<Figure>) {
    let (mut words, mut figures) = (Vec::new(), Vec::new());
    let (mut from, mut at) = (0, 0);
    while let Some(character) = sentence[at..].chars().next() {
        let before = sentence[..at].chars().next_back();
        if character.is_ascii_digit() && !before.is_some_and(is_part_of_a_name) {
            let (figure, length) = figure(&sentence[at..]);
            let after = sentence[at + length..].chars().next();
            let named = after.is_some_and(|after| after.is_alphanumeric() || matches!(after, '_' | '-'));
            if !named && figure.low.1.is_finite() && figure.high.1.is_finite() {
                words.push(&sentence[from..at]);
                figures.push(figure);
                from = at + length;
            }
            at += length;
        } else {
            at += character.len_utf8();
        }
    }
    words.push(&sentence[from..]);
    (words, figures)
}

/// What stands before the digits of a name: those of `lz4`, `acks=0` or `b01-t03` are no figures.
fn is_part_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '=' | '_' | '-' | '.' | ':' | '/')
}

fn number(text: &str) -> (&str, f64) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
        .unwrap_or(text.len());
    let token = text[..end].trim_end_matches(['.', ',']);
    (token, token.replace(',', "").parse().unwrap_or(f64::NAN))
}

/// The figure at the text's start, `3` or `3–7`, and its length in bytes.
fn figure(text: &str) -> (Figure, usize) {
    let (low, low_value) = number(text);
    let rest = &text[low.len()..];
    let low_figure = (low.to_owned(), low_value);
    if let Some(rest) = rest.strip_prefix('–')
        && rest.starts_with(|c: char| c.is_ascii_digit())
    {
        let (high, high_value) = number(rest);
        let length = low.len() + '–'.len_utf8() + high.len();
        return (
            Figure {
                low: low_figure,
                high: (high.to_owned(), high_value),
            },
            length,
        );
    }
    (
        Figure {
            low: low_figure.clone(),
            high: low_figure,
        },
        low.len(),
    )
}

impl Figure {
    fn widen(&mut self, other: &Figure) {
        if other.low.1 < self.low.1 {
            self.low = other.low.clone();
        }
        if other.high.1 > self.high.1 {
            self.high = other.high.clone();
        }
    }

    fn text(&self) -> String {
        if self.low.1 == self.high.1 {
            self.low.0.clone()
        } else {
            format!("{}–{}", self.low.0, self.high.0)
        }
    }
}

/// Collects sentences, each with something that it was said of.
#[derive(Debug)]
pub(super) struct Alike<T> {
    sentences: Vec<(Vec<String>, Vec<Figure>, Vec<T>)>,
    places: HashMap<Vec<String>, usize>,
}

impl<T: PartialEq> Alike<T> {
    pub fn new() -> Self {
        Self {
            sentences: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// One more sentence, said of `of`.
    pub fn add(&mut self, sentence: &str, of: Option<T>) {
        let (words, figures) = cut(sentence);
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let place = *self.places.entry(words.clone()).or_insert_with(|| {
            self.sentences.push((words, figures.clone(), Vec::new()));
            self.sentences.len() - 1
        });
        let (_, known, all) = &mut self.sentences[place];
        known
            .iter_mut()
            .zip(&figures)
            .for_each(|(known, figure)| known.widen(figure));
        all.extend(of.filter(|of| !all.contains(of)));
    }

    /// The sentences, in the order in which they first came.
    pub fn into_sentences(self) -> Vec<(String, Vec<T>)> {
        let joined = |words: &[String], figures: &[Figure]| {
            let mut text = words.first().cloned().unwrap_or_default();
            for (figure, words) in figures.iter().zip(words.iter().skip(1)) {
                text.push_str(&figure.text());
                text.push_str(words);
            }
            text
        };
        self.sentences
            .into_iter()
            .map(|(words, figures, of)| (joined(&words, &figures), of))
            .collect()
    }
}

/// Sentences with those alike said once.
pub(super) fn once_each(sentences: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut alike = Alike::<()>::new();
    sentences.into_iter().for_each(|sentence| alike.add(&sentence, None));
    alike
        .into_sentences()
        .into_iter()
        .map(|(sentence, _)| sentence)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(sentences: &[&str]) -> Vec<String> {
        once_each(sentences.iter().map(|sentence| (*sentence).to_owned()))
    }

    #[test]
    fn sentences_that_differ_in_figures_only_become_one_with_their_range() {
        let all = [
            "18 % slower than 1,500.",
            "9 % slower than 900.",
            "12 % slower than 1,000.",
        ];
        assert_eq!(merged(&all), ["9–18 % slower than 900–1,500."]);
    }

    #[test]
    fn ranges_merge_again() {
        assert_eq!(merged(&["took 3–7 ms", "took 5 ms", "took 6–9 ms"]), ["took 3–9 ms"]);
    }

    #[test]
    fn digits_in_names_are_no_figures() {
        let all = [
            "batch.size=16384 with lz4",
            "batch.size=131072 with lz4",
            "trial b01-t02 failed",
            "trial b01-t03 failed",
        ];
        assert_eq!(merged(&all), all);
    }

    #[test]
    fn other_words_are_another_sentence_and_equal_ones_are_said_once() {
        assert_eq!(
            merged(&["5 % faster", "5 % slower", "5 % faster"]),
            ["5 % faster", "5 % slower"]
        );
    }

    #[test]
    fn what_a_sentence_was_said_of_is_kept_once_each() {
        let mut alike = Alike::new();
        alike.add("1 retry", Some("a"));
        alike.add("2 retry", Some("b"));
        alike.add("3 retry", Some("a"));
        assert_eq!(alike.into_sentences(), [("1–3 retry".to_owned(), vec!["a", "b"])]);
    }

    #[test]
    fn a_sentence_without_figures_stays_as_it_is() {
        assert_eq!(merged(&["", "żółw ≥ 3 µs…"]), ["", "żółw ≥ 3 µs…"]);
    }
}
