//! Progress on standard error: a bar on a terminal, a line per trial elsewhere.

mod bar;
mod figures;
mod plain;

pub use bar::BarProgress;
pub use plain::PlainProgress;

use super::output;
use crate::run::Listener;

/// The listener that fits standard error.
pub fn listener(quiet: bool) -> Box<dyn Listener> {
    if quiet {
        Box::new(())
    } else if output::stderr_draws() {
        Box::new(BarProgress::new())
    } else {
        Box::new(PlainProgress)
    }
}
