//! The noise floor of a machine and target: its document, and where it is kept for later runs. Knows how to name, write
//! and find it; what it means is computed elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::TargetKind;

use super::{Host, SCHEMA_VERSION, StoreError, TargetDescription};

/// Name of the document within a run directory.
pub const NOISE_FILE: &str = "noise.json";

/// Where floors are kept within the user's data directory.
const DIRECTORY: &str = "noise";

/// `noise.json`: by how much identical trials differ on one machine and target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoiseFloor {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// When it was measured.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// Version of kpbench.
    pub kpbench_version: String,
    /// The client library and its version.
    pub client_version: String,
    /// The machine that the client ran on.
    pub host: Host,
    /// What was measured against.
    pub target: TargetDescription,
    /// Label of the configuration that was measured twice in each block.
    pub configuration: String,
    /// Length of the windows asked for, in ms.
    pub measure_ms: u64,
    /// Blocks in which both trials came to their end.
    pub blocks: u32,
    /// Level asked of the intervals.
    pub confidence: f64,
    /// By the metric's id: the upper limit of the ratio between identical trials, as its distance from 1 (0.013 for
    /// 1.3 %). Metrics that were not observed, or too seldom for an interval, are missing.
    pub floors: BTreeMap<String, f64>,
}

/// The floor that a run found measured when it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsedNoiseFloor {
    /// The file it was read from.
    pub from: PathBuf,
    /// What stood there.
    #[serde(flatten)]
    pub floor: NoiseFloor,
}

impl NoiseFloor {
    /// Whether it holds for runs on this machine against this target: same processor, number of cores, kind of target,
    /// number of brokers and software.
    pub fn holds_for(&self, host: &Host, target: &TargetDescription) -> bool {
        key(&self.host, &self.target) == key(host, target)
    }

    /// Writes it into a run directory.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, run_directory: &Path) -> Result<PathBuf, StoreError> {
        write(&run_directory.join(NOISE_FILE), self)
    }

    /// Keeps it in the user's data directory, where [`find_noise_floor`] finds it. It replaces an earlier one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&self, data_directory: &Path) -> Result<PathBuf, StoreError> {
        let path = place(data_directory, &self.host, &self.target);
        let directory = data_directory.join(DIRECTORY);
        fs::create_dir_all(&directory).map_err(StoreError::io("create", &directory))?;
        write(&path, self)
    }
}

/// The floor that was kept for this machine and target; none where none was, or the file is of another version or
/// damaged: that is told as an error's sentence, since a run need not fail for it.
pub fn find_noise_floor(
    data_directory: &Path,
    host: &Host,
    target: &TargetDescription,
) -> Result<Option<UsedNoiseFloor>, String> {
    let path = place(data_directory, host, target);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    let floor: NoiseFloor =
        serde_json::from_str(&text).map_err(|error| format!("{} is no noise floor: {error}", path.display()))?;
    if floor.schema_version != SCHEMA_VERSION {
        return Err(format!(
            "{} is of version {}, and this kpbench reads version {SCHEMA_VERSION}",
            path.display(),
            floor.schema_version
        ));
    }
    // Two machines and targets may share a file's name, if hardly ever.
    Ok(floor
        .holds_for(host, target)
        .then_some(UsedNoiseFloor { from: path, floor }))
}

fn place(data_directory: &Path, host: &Host, target: &TargetDescription) -> PathBuf {
    let hash = key(host, target).bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        // FNV-1a (Fowler, Noll, Vo).
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    data_directory
        .join(DIRECTORY)
        .join(format!("{}-{}-{hash:016x}.json", target.kind, target.brokers))
}

/// What must be the same for a floor to hold.
fn key(host: &Host, target: &TargetDescription) -> String {
    let Host { cores, cpu, .. } = host;
    let software = target.software.as_deref().unwrap_or("");
    // Two clusters of others may look alike in everything else.
    let cluster = match target.kind {
        TargetKind::External => target.cluster_id.as_deref().unwrap_or(""),
        TargetKind::Local | TargetKind::Mock => "",
    };
    format!(
        "{cluster}\n{cpu}\n{cores}\n{}\n{}\n{software}",
        target.kind, target.brokers
    )
}

/// Writes to a temporary file and renames: a reader sees the old or the new document, never half of one.
fn write(path: &Path, floor: &NoiseFloor) -> Result<PathBuf, StoreError> {
    let io = |action| StoreError::io(action, path);
    let text = serde_json::to_string_pretty(floor).map_err(|error| io("write")(error.into()))?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(directory).map_err(io("create"))?;
    temporary.write_all(text.as_bytes()).map_err(io("write"))?;
    temporary.write_all(b"\n").map_err(io("write"))?;
    temporary.as_file().sync_all().map_err(io("sync"))?;
    temporary.persist(path).map_err(|error| io("rename")(error.error))?;
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    fn floor() -> NoiseFloor {
        let manifest = samples::manifest();
        NoiseFloor {
            schema_version: SCHEMA_VERSION,
            created_at: manifest.created_at,
            kpbench_version: "0.1.0".to_owned(),
            client_version: "librdkafka 2.12.1".to_owned(),
            host: manifest.host,
            target: manifest.target,
            configuration: "default".to_owned(),
            measure_ms: 5_000,
            blocks: 20,
            confidence: 0.95,
            floors: BTreeMap::from([("throughput_records_per_s".to_owned(), 0.013)]),
        }
    }

    #[test]
    fn what_is_kept_is_found_by_the_same_machine_and_target_only() {
        let directory = tempfile::tempdir().unwrap();
        let floor = floor();
        assert_eq!(find_noise_floor(directory.path(), &floor.host, &floor.target), Ok(None));
        let kept = floor.keep(directory.path()).unwrap();
        let found = find_noise_floor(directory.path(), &floor.host, &floor.target)
            .unwrap()
            .unwrap();
        assert_eq!((&found.floor, &found.from), (&floor, &kept));
        let mut more_memory = floor.host.clone();
        more_memory.memory_bytes *= 2;
        assert!(
            find_noise_floor(directory.path(), &more_memory, &floor.target)
                .unwrap()
                .is_some()
        );
        let mut other_host = floor.host.clone();
        other_host.cores += 1;
        assert_eq!(find_noise_floor(directory.path(), &other_host, &floor.target), Ok(None));
        let mut other_target = floor.target.clone();
        other_target.software = Some("Apache Kafka 9".to_owned());
        assert_eq!(find_noise_floor(directory.path(), &floor.host, &other_target), Ok(None));
    }

    #[test]
    fn a_damaged_or_foreign_document_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut floor = floor();
        let kept = floor.keep(directory.path()).unwrap();
        fs::write(&kept, "{").unwrap();
        let told = find_noise_floor(directory.path(), &floor.host, &floor.target).unwrap_err();
        assert!(told.contains("is no noise floor"), "{told}");
        floor.schema_version += 1;
        floor.keep(directory.path()).unwrap();
        let told = find_noise_floor(directory.path(), &floor.host, &floor.target).unwrap_err();
        assert!(told.contains("of version"), "{told}");
    }
}
