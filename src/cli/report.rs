//! `kpbench report RUN_DIR`, and the result at the end of every run.

use std::path::Path;

use super::arguments::{Format, ReportArguments};
use super::command_line::resume_command;
use super::exit::Exit;
use super::export;
use super::failure::Failure;
use super::output;
use crate::report::exports::ExportedRun;
use crate::report::format::counted;
use crate::report::terminal::{self, Style};
use crate::report::{self, RunTrials, SUMMARY_FILE, Written};
use crate::run::Mask;
use crate::store::RunDirectory;

/// Makes the report of a run directory and puts the result on standard output.
///
/// # Errors
/// Where the run cannot be read or the report not written.
pub fn show(directory: &Path, format: Format) -> Result<RunTrials, Failure> {
    let written = make(directory)?;
    print(&written, directory, format)?;
    Ok(written.summary.trials)
}

fn make(directory: &Path) -> Result<Written, Failure> {
    let written = report::write(directory)?;
    if let Some(cut) = written.cut_line {
        output::note(&format!(
            "The last line of trials.jsonl (line {}) was cut; that trial is not in the report.",
            cut.line
        ));
    }
    Ok(written)
}

fn print(written: &Written, directory: &Path, format: Format) -> Result<(), Failure> {
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

/// `kpbench report`: as [`show`], with exports, and tells where the run is not complete, as the sweep itself does.
///
/// # Errors
/// As [`show`], and where an export is wrong usage or cannot be written.
pub fn again(asked: &ReportArguments) -> Result<Exit, Failure> {
    let ReportArguments {
        run_directory: directory,
        format,
        export: exports,
    } = asked;
    let stdout_is_taken = export::takes_stdout(exports, *format)?;
    let written = make(directory)?;
    if !stdout_is_taken {
        print(&written, directory, *format)?;
    }
    export::write(exports, &ExportedRun::of(&written.summary, &run_name(directory)))?;
    let trials = written.summary.trials;
    if trials.failed > 0 {
        output::note(&failed(trials.failed, trials.planned));
    }
    let run = RunDirectory::open(directory)?;
    let awaits_more = run.manifest().awaits_more_blocks();
    if trials.missing > 0 || awaits_more {
        let what = match trials.missing {
            0 => "not enough was measured when the run broke off".to_owned(),
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

/// What the directory is called, however it was named: `.` too.
fn run_name(directory: &Path) -> String {
    let whole = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let name = whole.file_name().unwrap_or(whole.as_os_str());
    name.to_string_lossy().into_owned()
}

/// That trials failed, in a sentence.
pub fn failed(failed: u64, planned: u64) -> String {
    format!(
        "error: {failed} of {} failed; the result is not complete",
        counted(planned, "trial", "trials")
    )
}
