//! What is wrong with a profile: every problem with its place, the rule it breaks and the remedy.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::source::{Place, Sources};

/// One problem as it is found: places are still those of the original texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The rule, and how it is broken.
    pub message: String,
    /// Places with what is to be said about each; the first is where the problem is.
    pub labels: Vec<(Place, String)>,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// A problem at one place.
    pub fn at(place: Place, message: impl Into<String>, label: impl Into<String>, remedy: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            labels: vec![(place, label.into())],
            remedy: remedy.into(),
        }
    }

    /// A problem that stands nowhere in a text.
    pub fn nowhere(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            labels: Vec::new(),
            remedy: remedy.into(),
        }
    }
}

/// One problem of a profile, with the text it stands in, secrets masked.
#[derive(Clone, Debug)]
pub struct ProfileProblem {
    message: String,
    remedy: String,
    labels: Vec<LabeledSpan>,
    source: Option<NamedSource<String>>,
    position: Option<(String, usize, usize)>,
}

impl ProfileProblem {
    /// The rule, and how it is broken.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// File (or option), line and column, both from 1, where it stands in a text.
    pub fn position(&self) -> Option<(&str, usize, usize)> {
        self.position
            .as_ref()
            .map(|(name, line, column)| (name.as_str(), *line, *column))
    }
}

impl fmt::Display for ProfileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ProfileProblem {}

impl Diagnostic for ProfileProblem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.remedy.is_empty()).then(|| Box::new(&self.remedy) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

/// A profile that cannot be used, with everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct ProfileError {
    profile: String,
    problems: Vec<ProfileProblem>,
}

impl ProfileError {
    /// Turns problems into an error: the texts are masked, the places moved accordingly.
    pub(crate) fn new(profile: &str, sources: &Sources, secrets: &[String], problems: &[Problem]) -> Self {
        let problems = problems
            .iter()
            .map(|problem| present(problem, sources, secrets))
            .collect();
        ProfileError {
            profile: profile.to_owned(),
            problems,
        }
    }

    /// A text that could not be parsed: it is masked by line, since nothing is known about its structure.
    pub(crate) fn unparsed(
        name: &str,
        masked: String,
        message: String,
        line: usize,
        column: usize,
        remedy: &str,
    ) -> Self {
        let offset = offset_of(&masked, line, column);
        let length = usize::from(offset < masked.len());
        let problem = ProfileProblem {
            message,
            remedy: remedy.to_owned(),
            labels: vec![LabeledSpan::new(Some("here".to_owned()), offset, length)],
            position: Some((name.to_owned(), line, column)),
            source: Some(NamedSource::new(name, masked)),
        };
        ProfileError {
            profile: name.to_owned(),
            problems: vec![problem],
        }
    }

    /// Everything that is wrong.
    pub fn problems(&self) -> &[ProfileProblem] {
        &self.problems
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "{}: 1 problem, nothing was started", self.profile),
            count => write!(f, "{}: {count} problems, nothing was started", self.profile),
        }
    }
}

impl std::error::Error for ProfileError {}

impl Diagnostic for ProfileError {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

/// Masks a problem's text and moves its labels. Labels in other texts than the first one's are told in words.
fn present(problem: &Problem, sources: &Sources, secrets: &[String]) -> ProfileProblem {
    let mut remedy = super::secrets::mask(&problem.remedy, secrets);
    let message = super::secrets::mask(&problem.message, secrets);
    let Some((first, _)) = problem.labels.first() else {
        return ProfileProblem {
            message,
            remedy,
            labels: Vec::new(),
            source: None,
            position: None,
        };
    };
    let masked = sources.masked(first.source, secrets);
    let mut labels = Vec::new();
    for (place, text) in &problem.labels {
        if place.source == first.source {
            let (start, length) = masked.span(*place);
            let text = (!text.is_empty()).then(|| super::secrets::mask(text, secrets));
            labels.push(LabeledSpan::new(text, start, length));
        } else {
            let other = sources.get(place.source);
            let (line, column) = line_and_column(&other.text, place.start);
            remedy = format!("{remedy}\nsee also {}:{line}:{column}: {text}", other.name);
        }
    }
    let name = sources.get(first.source).name.clone();
    let (line, column) = line_and_column(&sources.get(first.source).text, first.start);
    ProfileProblem {
        message,
        remedy,
        labels,
        source: Some(NamedSource::new(&name, masked.text)),
        position: Some((name, line, column)),
    }
}

/// Line and column, both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}

/// The inverse of [`line_and_column`], as far as the line reaches.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text[start..].split('\n').next().unwrap_or("");
    start
        + rest
            .char_indices()
            .nth(column - 1)
            .map_or(rest.len(), |(offset, _)| offset)
}
