//! `kpbench report RUN_DIR`, and the result at the end of every run.

use std::path::Path;

use super::arguments::Format;
use super::command_line::resume_command;
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::report::format::counted;
use crate::report::terminal::{self, Style};
use crate::report::{self, RunTrials, SUMMARY_FILE};
use crate::run::Mask;
use crate::store::RunDirectory;

/// Makes the report of a run directory and puts the result on standard output.
///
/// # Errors
/// Where the run cannot be read or the report not written.
pub fn show(directory: &Path, format: Format) -> Result<RunTrials, Failure> {
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
    output::print(&text).map_err(Failure::failed)?;
    Ok(written.summary.trials)
}

/// `kpbench report`: as [`show`], and tells where the run is not complete, as the sweep itself does.
///
/// # Errors
/// As [`show`].
pub fn again(directory: &Path, format: Format) -> Result<Exit, Failure> {
    let trials = show(directory, format)?;
    if trials.failed > 0 {
        output::note(&failed(trials.failed, trials.planned));
    }
    let run = RunDirectory::open(directory)?;
    let awaits_more = run.manifest().awaits_more_blocks();
    if trials.missing > 0 || awaits_more {
        let what = match trials.missing {
            0 => "the intervals were not narrow enough when the run broke off".to_owned(),
            missing => format!(
                "{missing} of {} not run",
                counted(trials.planned, "trial was", "trials were")
            ),
        };
        // Secrets were masked when it was stored.
        let resume = resume_command(&run.manifest().command, directory, &Mask::new(&[]));
        output::note(&format!(
            "error: {what}; the result is not complete. Continue with:\n  {resume}"
        ));
    }
    Ok(if trials.failed + trials.missing > 0 || awaits_more {
        Exit::NotComplete
    } else {
        Exit::Fine
    })
}

/// That trials failed, in a sentence.
pub fn failed(failed: u64, planned: u64) -> String {
    format!(
        "error: {failed} of {} failed; the result is not complete",
        counted(planned, "trial", "trials")
    )
}
