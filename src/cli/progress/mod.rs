//! Progress on standard error: a bar on a terminal, a line per trial elsewhere, notices only when quiet.

mod bar;
mod figures;
mod plain;
mod quiet;

pub use bar::BarProgress;
pub use plain::PlainProgress;
pub use quiet::QuietProgress;

use super::output;
use crate::run::Listener;

/// The listener that fits standard error.
pub fn listener(quiet: bool) -> Box<dyn Listener> {
    if quiet {
        Box::new(QuietProgress)
    } else if output::stderr_draws() {
        Box::new(BarProgress::new())
    } else {
        Box::new(PlainProgress)
    }
}
