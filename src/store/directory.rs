//! Creating, locking and appending to a run directory.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{
    CutLine, HDR_DIRECTORY, MANIFEST_FILE, Manifest, StoreError, StoredTrials, TRIALS_FILE, TrialRecord, hlog, read,
};
use crate::protocol::Interval;

/// How long a lock is waited for. A process that is being killed, and a child of it that has not come to its own program
/// yet, hold the lock a moment longer.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// What the manifest is called until it is complete.
const MANIFEST_TEMPORARY: &str = "manifest.json.tmp";

/// A directory that belongs to a run which has not begun: it exists, can be written and is locked, but has no manifest
/// yet. Taken before anything is started, so that a directory that cannot be written costs nobody a broker's start.
#[derive(Debug)]
pub struct Reservation {
    path: PathBuf,
    trials: File,
    made_directory: bool,
}

impl Reservation {
    /// Makes the directory where it is missing, locks it and tries whether it can be written.
    ///
    /// # Errors
    /// Where there is a run or anything else already, another process holds it, or it cannot be written.
    pub fn new(path: &Path) -> Result<Reservation, StoreError> {
        let made_directory = make_directory(path)?;
        let trials_path = path.join(TRIALS_FILE);
        refuse_foreign_files(path)?;
        let trials = lock(path, &trials_path)?;
        // Only now that the lock is held: another process may have begun its run in between.
        if path.join(MANIFEST_FILE).exists() || file_length(&trials, &trials_path)? > 0 {
            return Err(StoreError::AlreadyARun { path: path.to_owned() });
        }
        let hdr = path.join(HDR_DIRECTORY);
        fs::create_dir_all(&hdr).map_err(StoreError::io("create", &hdr))?;
        Ok(Reservation {
            path: path.to_owned(),
            trials,
            made_directory,
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the manifest: from here on it is a run directory.
    ///
    /// # Errors
    /// Where the manifest cannot be written.
    pub fn begin(self, manifest: &Manifest) -> Result<RunDirectory, StoreError> {
        write_manifest(&self.path, manifest)?;
        Ok(RunDirectory {
            path: self.path,
            manifest: manifest.clone(),
            trials: Some(self.trials),
        })
    }

    /// Takes back what [`Reservation::new`] made, for a run that could not begin. What cannot be removed stays.
    pub fn abandon(self) {
        // The lock is held until the end, and both directories only go when nothing else is in them.
        let _ = fs::remove_file(self.path.join(TRIALS_FILE));
        let _ = fs::remove_dir(self.path.join(HDR_DIRECTORY));
        if self.made_directory {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// A run directory.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    manifest: Manifest,
    /// Open and locked where the directory is written.
    trials: Option<File>,
}

impl RunDirectory {
    /// Makes a new run directory and locks it.
    ///
    /// # Errors
    /// As [`Reservation::new`] and [`Reservation::begin`].
    pub fn create(path: &Path, manifest: &Manifest) -> Result<RunDirectory, StoreError> {
        Reservation::new(path)?.begin(manifest)
    }

    /// Opens a run directory for reading. It may be in the middle of a run.
    ///
    /// # Errors
    /// Where it is no run directory, or its manifest is damaged or of another version.
    pub fn open(path: &Path) -> Result<RunDirectory, StoreError> {
        let manifest_path = path.join(MANIFEST_FILE);
        if !path.exists() {
            return Err(StoreError::NoSuchDirectory { path: path.to_owned() });
        }
        if !path.is_dir() {
            return Err(StoreError::NotADirectory { path: path.to_owned() });
        }
        if !manifest_path.exists() {
            return Err(StoreError::NotARun { path: path.to_owned() });
        }
        let manifest = read::manifest(&manifest_path)?;
        Ok(RunDirectory {
            path: path.to_owned(),
            manifest,
            trials: None,
        })
    }

    /// Opens a run directory to continue its run: locks it, and takes away a last line that was cut, which is returned.
    ///
    /// # Errors
    /// As [`RunDirectory::open`]; where another process holds it, or a stored trial is damaged.
    pub fn resume(path: &Path) -> Result<(RunDirectory, Option<CutLine>), StoreError> {
        let mut directory = RunDirectory::open(path)?;
        let trials_path = directory.trials_path();
        let trials = lock(path, &trials_path)?;
        let stored = read::trials(&trials_path)?;
        if let Some(cut) = stored.cut_line {
            trials
                .set_len(cut.intact_bytes)
                .map_err(StoreError::io("truncate", &trials_path))?;
            trials.sync_all().map_err(StoreError::io("sync", &trials_path))?;
        }
        let hdr = path.join(HDR_DIRECTORY);
        fs::create_dir_all(&hdr).map_err(StoreError::io("create", &hdr))?;
        directory.trials = Some(trials);
        Ok((directory, stored.cut_line))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was known before the first trial.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Replaces the manifest, for what is known only after the directory was begun.
    ///
    /// # Errors
    /// Where it cannot be written; the old one is intact then.
    pub fn set_manifest(&mut self, manifest: Manifest) -> Result<(), StoreError> {
        write_manifest(&self.path, &manifest)?;
        self.manifest = manifest;
        Ok(())
    }

    /// The finished trials in the order in which they ended. A cut last line is left out; [`RunDirectory::read_trials`]
    /// tells.
    ///
    /// # Errors
    /// Where the file cannot be read, or a complete line is damaged or of another version.
    pub fn trials(&self) -> Result<Vec<TrialRecord>, StoreError> {
        Ok(self.read_trials()?.records)
    }

    /// The finished trials, and whether the last line was cut.
    ///
    /// # Errors
    /// As [`RunDirectory::trials`].
    pub fn read_trials(&self) -> Result<StoredTrials, StoreError> {
        read::trials(&self.trials_path())
    }

    /// The same without the trials' intervals, which are most of what is stored: each trial has an empty list of them. For
    /// those who compare whole trials.
    ///
    /// # Errors
    /// As [`RunDirectory::trials`], but that what stands inside an interval is not looked at beyond being JSON.
    pub fn read_trials_without_intervals(&self) -> Result<StoredTrials, StoreError> {
        read::trials_without_intervals(&self.trials_path())
    }

    /// Adds a finished trial and waits until it is on the disk.
    ///
    /// # Errors
    /// Where it cannot be written; the trials before it are intact then.
    ///
    /// # Panics
    /// Where the directory was opened for reading only.
    pub fn append(&mut self, record: &TrialRecord) -> Result<(), StoreError> {
        let path = self.trials_path();
        // A vanished directory would swallow lines silently: the open file lives on without a name.
        if !path.exists() {
            return Err(StoreError::io("append to", &path)(io::Error::from(
                io::ErrorKind::NotFound,
            )));
        }
        let file = self
            .trials
            .as_mut()
            .expect("only a directory opened for writing is appended to");
        let length_before = file_length(file, &path)?;
        let mut line = serde_json::to_vec(record).map_err(|error| StoreError::Malformed {
            path: path.display().to_string(),
            reason: format!("trial {} cannot be written as JSON: {error}", record.planned.trial_id),
        })?;
        line.push(b'\n');
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(|error| {
            // Half a line would be taken for a cut one later; without it the file is as it was.
            let _ = file.set_len(length_before);
            StoreError::io("append to", &path)(error)
        })
    }

    /// Writes the interval histograms of a trial as `hdr/<trial_id>.hlog`. Start times in the file count from the
    /// window's start.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_hlog(
        &self,
        trial_id: &str,
        window_started_at: Timestamp,
        intervals: &[Interval],
    ) -> Result<(), StoreError> {
        let path = self.path.join(HDR_DIRECTORY).join(format!("{trial_id}.hlog"));
        let text = hlog::render(window_started_at, intervals);
        let write = || -> io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        };
        write().map_err(StoreError::io("write", &path))
    }

    fn trials_path(&self) -> PathBuf {
        self.path.join(TRIALS_FILE)
    }
}

/// True where the directory was made by this call.
fn make_directory(path: &Path) -> Result<bool, StoreError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(false),
        Ok(_) => Err(StoreError::NotADirectory { path: path.to_owned() }),
        Err(_) => fs::create_dir_all(path)
            .map(|()| true)
            .map_err(StoreError::io("create", path)),
    }
}

/// A new run goes into a directory that is empty, or was reserved by a process that came no further.
fn refuse_foreign_files(path: &Path) -> Result<(), StoreError> {
    if path.join(MANIFEST_FILE).exists() {
        return Err(StoreError::AlreadyARun { path: path.to_owned() });
    }
    for entry in fs::read_dir(path).map_err(StoreError::io("read", path))? {
        let name = entry.map_err(StoreError::io("read", path))?.file_name();
        if name != TRIALS_FILE && name != HDR_DIRECTORY && name != MANIFEST_TEMPORARY {
            return Err(StoreError::NotEmpty {
                path: path.to_owned(),
                found: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

/// Opens the file of trials and locks it. The lock goes with the process, however that ends.
fn lock(directory: &Path, trials_path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(trials_path)
        .map_err(StoreError::io("write", trials_path))?;
    let limit = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < limit => thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    path: directory.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", trials_path)(error)),
        }
    }
}

fn file_length(file: &File, path: &Path) -> Result<u64, StoreError> {
    Ok(file.metadata().map_err(StoreError::io("read", path))?.len())
}

/// Whole or not at all: to a temporary file first, then renamed, then the directory's entry synced.
fn write_manifest(directory: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let path = directory.join(MANIFEST_FILE);
    let temporary = directory.join(MANIFEST_TEMPORARY);
    let mut text = serde_json::to_string_pretty(manifest).map_err(|error| StoreError::Malformed {
        path: path.display().to_string(),
        reason: format!("cannot be written as JSON: {error}"),
    })?;
    text.push('\n');
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        StoreError::io("write", &path)(error)
    })
}
