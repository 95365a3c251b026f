//! Parses the command line, dispatches, and turns the outcome into the exit code; nothing else.

use std::process::ExitCode;

use clap::Parser;
use kpbench::cli::{Arguments, dispatch};

fn main() -> ExitCode {
    let command = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    // Wrong usage ends here, with exit code 2.
    let arguments = Arguments::parse();
    match dispatch(arguments, command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.show();
            failure.exit().into()
        }
    }
}
