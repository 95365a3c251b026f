//! What the process's exit code says: one meaning each.

use std::process::ExitCode;

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Fine,
    /// It could not be done.
    Failed,
    /// Wrong usage, or a profile that cannot be measured: nothing was started.
    Usage,
    /// A regression was found.
    Regression,
    /// The measurement is not valid or not complete.
    NotComplete,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl Exit {
    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Regression => 3,
            Exit::NotComplete => 4,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
