//! `--quiet`: no progress. What somebody has to see to, such as topics left on their cluster, is no progress.

use crate::cli::output::note;
use crate::run::Listener;

/// Writes notices to standard error, and nothing else.
#[derive(Debug)]
pub struct QuietProgress;

impl Listener for QuietProgress {
    fn notice(&mut self, text: &str) {
        note(text);
    }
}
