//! The hidden subcommand `trial`: one trial in a process of its own, speaking the trial protocol.

use std::io::{BufRead, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::load::{StopFlag, run_trial};
use crate::protocol::{TrialEvent, TrialSpec};

/// Reads a spec line from standard input, runs the trial, writes events to standard output. When standard input ends
/// the trial stops sending, drains and reports what it has.
///
/// # Errors
/// A spec that cannot be read, or what keeps the trial from starting; the latter is also written as an event.
pub fn trial() -> anyhow::Result<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let spec: TrialSpec = serde_json::from_str(&line)?;
    let stop: StopFlag = Arc::new(AtomicBool::new(false));
    let stop_at_end = Arc::clone(&stop);
    std::thread::Builder::new().name("stop".to_owned()).spawn(move || {
        // Nothing more is expected: whatever comes, the end of input is what counts.
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        stop_at_end.store(true, Ordering::Relaxed);
    })?;
    let mut output = std::io::stdout().lock();
    run_trial(&spec, &stop, &mut |event| write_event(&mut output, &event))?;
    Ok(())
}

fn write_event(output: &mut impl Write, event: &TrialEvent) {
    // A coordinator that no longer listens ends this process: there is nobody to report to.
    let written = serde_json::to_writer(&mut *output, event)
        .map_err(std::io::Error::from)
        .and_then(|()| output.write_all(b"\n"))
        .and_then(|()| output.flush());
    if let Err(error) = written {
        eprintln!("cannot write an event: {error}");
    }
}
