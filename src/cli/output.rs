//! Standard output and standard error: colours, widths, and readers that go away.

use std::io::{self, IsTerminal, Write};

/// Columns where no terminal says how many it has.
const DEFAULT_WIDTH: usize = 100;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal that can show them, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes this the choice for everything that is printed.
    pub fn apply(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Whether standard output gets colours: by `--color`, NO_COLOR and TERM.
pub fn stdout_has_color() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Whether standard error gets colours.
pub fn stderr_has_color() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Whether a progress bar can be drawn: a terminal that moves its cursor.
pub fn stderr_draws() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Columns of the terminal that standard output is.
pub fn stdout_width() -> usize {
    let terminal = comfy_table::Table::new().width().map(usize::from);
    terminal.filter(|&width| width > 0).unwrap_or(DEFAULT_WIDTH)
}

/// Writes to standard output. A reader that has gone away, as `head` does, is no error.
///
/// # Errors
/// Where standard output cannot be written for another reason.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line to standard error. Where that is impossible there is nobody to tell.
pub fn note(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}
