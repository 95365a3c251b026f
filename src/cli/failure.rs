//! Errors on their way to a person: what happened, what caused it, and the exit code.

use std::error::Error;
use std::fmt::Write as _;

use super::exit::Exit;
use super::output;
use crate::profile::{BudgetError, ProfileError};
use crate::report::ReportError;
use crate::report::trend::TrendError;
use crate::run::RunError;
use crate::store::StoreError;
use crate::target::TargetError;

/// Why an invocation failed.
#[derive(Debug)]
pub enum Failure {
    /// A profile that cannot be measured; shown with its source.
    Profile(Box<ProfileError>),
    /// Anything else, with what it means for the exit code.
    Other {
        /// The error.
        error: Box<dyn Error + Send + Sync>,
        /// What to do about it, where the error's own words do not say.
        remedy: Option<String>,
        /// The exit code.
        exit: Exit,
    },
}

impl Failure {
    /// Wrong usage of the command line.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::Other {
            error: message.into().into(),
            remedy: None,
            exit: Exit::Usage,
        }
    }

    /// Something that failed.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        Failure::Other {
            error: error.into(),
            remedy: None,
            exit: Exit::Failed,
        }
    }

    /// Its exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Profile(_) => Exit::Usage,
            Failure::Other { exit, .. } => *exit,
        }
    }

    /// What happened and why, in one line, without its remedy.
    pub fn sentence(&self) -> String {
        let text = match self {
            Failure::Profile(error) => text(error.as_ref()),
            Failure::Other { error, .. } => text(error.as_ref()),
        };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.join("; ").trim_start_matches("error: ").to_owned()
    }

    /// Tells a person.
    pub fn show(&self) {
        match self {
            Failure::Profile(error) => output::note(&rendered(error)),
            Failure::Other { error, remedy, .. } => {
                let remedy = remedy
                    .as_ref()
                    .map_or_else(String::new, |remedy| format!("  remedy: {remedy}"));
                output::note(format!("{}{remedy}", text(error.as_ref())).trim_end());
            }
        }
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Failure {
        Failure::Profile(Box::new(error))
    }
}

impl From<BudgetError> for Failure {
    fn from(error: BudgetError) -> Failure {
        let remedy = miette::Diagnostic::help(&error).map(|help| help.to_string());
        let exit = match error {
            BudgetError::TooLong { .. } => Exit::Usage,
            BudgetError::DiskTooSmall { .. } => Exit::Failed,
        };
        Failure::Other {
            error: error.into(),
            remedy,
            exit,
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Failure {
        let exit = if error.exit_code() == Exit::Usage.code() {
            Exit::Usage
        } else {
            Exit::Failed
        };
        Failure::Other {
            error: error.into(),
            remedy: None,
            exit,
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Failure {
        match error {
            ReportError::Store(error) => error.into(),
            other => Failure::failed(other),
        }
    }
}

impl From<TrendError> for Failure {
    fn from(error: TrendError) -> Failure {
        let exit = if error.is_bad_input() {
            Exit::Usage
        } else {
            Exit::Failed
        };
        Failure::Other {
            error: error.into(),
            remedy: None,
            exit,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let exit = match &error {
            StoreError::AlreadyARun { .. }
            | StoreError::NotEmpty { .. }
            | StoreError::NotARun { .. }
            | StoreError::NotADirectory { .. }
            | StoreError::NoSuchDirectory { .. } => Exit::Usage,
            _ => Exit::Failed,
        };
        Failure::Other {
            error: error.into(),
            remedy: None,
            exit,
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        let mut remedy = None;
        let exit = match error {
            RunError::Store(error) => return error.into(),
            RunError::Topic { .. } | RunError::Registry { .. } | RunError::ResumeMismatch { .. } => Exit::Usage,
            RunError::WaitingQueue { .. } => {
                remedy = Some(
                    "start the Redis server of workload.arrival.queue (redis-server --port 6379), correct its address, or \
                     set queue = \"memory\"; a password comes from REDISCLI_AUTH"
                        .to_owned(),
                );
                Exit::Usage
            }
            RunError::Target(ref cause) if cause.refused => Exit::Usage,
            RunError::Target(_) | RunError::TrialProgram { .. } => Exit::Failed,
        };
        Failure::Other {
            error: error.into(),
            remedy,
            exit,
        }
    }
}

fn rendered(error: &ProfileError) -> String {
    let theme = if output::stderr_has_color() {
        miette::GraphicalTheme::unicode()
    } else {
        miette::GraphicalTheme::unicode_nocolor()
    };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(output::stdout_width());
    let mut text = format!("error: {error}\n");
    // One by one: as parts of one report, each would get a line that says no more than `Error:`.
    for problem in error.problems() {
        text.push('\n');
        if handler.render_report(&mut text, problem).is_err() {
            text.push_str(problem.message());
        }
    }
    text
}

/// The error and its causes, a line each. A cause whose words the line before has already is left out.
fn text(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut text = format!("error: {said}\n");
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !said.contains(&words) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  caused by: {words}");
        }
        said = words;
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct Layer {
        message: &'static str,
        source: io::Error,
    }

    #[test]
    fn causes_are_told_once() {
        let cause = || io::Error::other("disk full");
        let silent = Layer {
            message: "cannot write",
            source: cause(),
        };
        assert_eq!(text(&silent), "error: cannot write\n  caused by: disk full\n");
        assert_eq!(Failure::failed(silent).sentence(), "cannot write; caused by: disk full");
        let outspoken = Layer {
            message: "cannot write: disk full",
            source: cause(),
        };
        assert_eq!(text(&outspoken), "error: cannot write: disk full\n");
    }
}
