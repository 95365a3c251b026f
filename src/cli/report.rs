//! `kpbench report RUN_DIR`, and the result at the end of every run.

use std::path::Path;

use super::arguments::Format;
use super::failure::Failure;
use super::output;
use crate::report::terminal::{self, Style};
use crate::report::{self, SUMMARY_FILE};

/// Makes the report of a run directory and puts the result on standard output.
///
/// # Errors
/// Where the run cannot be read or the report not written.
pub fn show(directory: &Path, format: Format) -> Result<(), Failure> {
    let written = report::write(directory)?;
    if let Some(cut) = written.cut_line {
        output::note(&format!(
            "The last line of trials.jsonl (line {}) was cut; that trial is not in the report.",
            cut.line
        ));
    }
    let text = match format {
        // The very bytes of the file: both are the same document.
        Format::Json => std::fs::read_to_string(directory.join(SUMMARY_FILE)).map_err(Failure::failed)?,
        Format::Text => {
            let style = Style {
                color: output::stdout_has_color(),
                width: output::stdout_width(),
                report: Some(written.html.clone()),
                ..Style::default()
            };
            terminal::render(&written.summary, &style)
        }
    };
    output::print(&text).map_err(Failure::failed)
}
