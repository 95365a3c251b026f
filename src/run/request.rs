//! What a run is asked to do, and how it ended.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::analysis::Question;
use crate::process::Spawner;
use crate::profile::Profile;
use crate::store::UsedTrialProgram;

/// Where a run is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutDirectory {
    /// In a new directory, which becomes exactly this one.
    Fresh(PathBuf),
    /// In the directory of a run that has not come to its end.
    Resume(PathBuf),
}

/// The program that runs one trial; it speaks [`crate::protocol`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialProgram {
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl TrialProgram {
    /// This very binary, as `kpbench trial`.
    ///
    /// # Errors
    /// Where the operating system does not tell the binary's path.
    pub fn this_binary() -> io::Result<TrialProgram> {
        Ok(TrialProgram {
            path: std::env::current_exe()?,
            arguments: vec!["trial".into()],
        })
    }
}

/// A program that runs the trials of some configurations instead of this binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherTrialProgram {
    /// The program.
    pub program: TrialProgram,
    /// What it says of its version; none where it says nothing.
    pub version: Option<String>,
    /// FNV-1a of the file: a build anew at the same place has the same version, too.
    pub checksum: Option<String>,
}

impl OtherTrialProgram {
    /// As the manifest keeps it; which client it has is known once it greets.
    pub fn used(&self) -> UsedTrialProgram {
        UsedTrialProgram {
            path: self.program.path.clone(),
            version: self.version.clone(),
            client_version: None,
            checksum: self.checksum.clone(),
        }
    }
}

/// How long the coordinator waits for others, beyond the times that the profile sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a trial process to start and make its payloads; its time for the topic's metadata comes on top.
    pub startup: Duration,
    /// Beyond warm-up, window and drain, until a trial counts as hung.
    pub grace: Duration,
    /// For a trial that was asked to stop.
    pub stop: Duration,
    /// For the watermarks to stand still.
    pub settle: Duration,
    /// For a target to answer right after a trial with failures.
    pub reachable: Duration,
    /// For a target that was lost to come back.
    pub target_return: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            startup: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            stop: Duration::from_secs(5),
            settle: Duration::from_secs(10),
            reachable: Duration::from_secs(5),
            target_return: Duration::from_secs(60),
        }
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// What to measure.
    pub profile: Profile,
    /// The command line as given; secrets of the profile are masked before it is stored.
    pub command: Vec<String>,
    /// Where to store it.
    pub out: OutDirectory,
    /// Leave the topics of the trials on the target.
    pub keep_topics: bool,
    /// What a gate asks, where it decides on the number of blocks
    /// ([`Until::Decided`](crate::profile::Until::Decided)).
    pub question: Option<Question>,
    /// By a figure's id, the thresholds of the gate that the run is made for; none where it is made for none.
    pub held_to: Option<BTreeMap<String, f64>>,
    /// What runs the trials.
    pub trial_program: TrialProgram,
    /// By configuration id: what runs its trials instead.
    pub trial_programs: BTreeMap<String, OtherTrialProgram>,
    /// Starts them.
    pub spawner: Spawner,
    /// The client library and its version.
    pub client_version: String,
    /// Where noise floors of this machine are kept; none: none is looked for.
    pub data_directory: Option<PathBuf>,
    /// How long to wait.
    pub limits: Limits,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutcome {
    /// The run directory.
    pub directory: PathBuf,
    /// Trials of the plan.
    pub planned: usize,
    /// Trials stored as completed, those of earlier sessions included.
    pub completed: usize,
    /// Trials stored as failed, those of earlier sessions included.
    pub failed: usize,
    /// Why it ended.
    pub ended: Ended,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every trial of the plan is stored.
    Complete,
    /// It was asked to stop.
    Interrupted,
    /// The target went away and did not come back.
    TargetLost {
        /// What was seen last, secrets masked.
        cause: String,
    },
}
