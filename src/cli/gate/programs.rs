//! Other builds of kpbench that run trials: whether they can be run, and what they say of themselves.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::failure::Failure;
use crate::process::Spawner;
use crate::profile::fnv1a;
use crate::run::{OtherTrialProgram, TrialProgram};

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program at `path`, as `PATH trial`; its version is what `PATH --version` says.
///
/// # Errors
/// Where it cannot be run.
pub(super) fn other_build(flag: &str, path: &Path) -> Result<OtherTrialProgram, Failure> {
    let refused = |why: String| Failure::usage(format!("{flag} {}: {why}", path.display()));
    // A bare name would be looked for in PATH, and not beside the profile.
    let whole = path
        .canonicalize()
        .map_err(|error| refused(format!("it cannot be run: {error}")))?;
    let mut command = Command::new(&whole);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let spawner = Spawner::new().map_err(Failure::failed)?;
    let mut child = spawner
        .spawn(command)
        .map_err(|error| refused(format!("it cannot be run: {error}")))?;
    let begin = Instant::now();
    let status = loop {
        match child.try_wait().map_err(Failure::failed)? {
            Some(status) => break status,
            None if begin.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(refused("it does not answer to --version".to_owned()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        // More than a line or two is no version.
        let _ = stdout.take(1_000).read_to_end(&mut said);
    }
    let said = String::from_utf8_lossy(&said);
    let version = said
        .lines()
        .next()
        .map(str::trim)
        .filter(|line| !line.is_empty() && status.success());
    let file = std::fs::read(&whole).map_err(|error| refused(format!("it cannot be read: {error}")))?;
    Ok(OtherTrialProgram {
        program: TrialProgram {
            path: whole,
            arguments: vec!["trial".into()],
        },
        version: version.map(str::to_owned),
        checksum: Some(format!("{:016x}", fnv1a(&file))),
    })
}
