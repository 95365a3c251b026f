//! Checksums of the payload files and traces of a run: whether records are still taken from the same, and due as before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::profile::{Profile, fnv1a};
use crate::protocol::{Arrival, Content, MAX_PAYLOAD_POOL_BYTES};

/// For each payload file and trace, by its path from the profile's directory: FNV-1a of its beginning, as far as records can be
/// taken from it. A file that cannot be read is left out: the trials tell why.
pub(super) fn checksums(profile: &Profile) -> BTreeMap<String, String> {
    let directory = profile.path.as_deref().and_then(Path::parent);
    let mut checksums = BTreeMap::new();
    for configuration in &profile.configurations {
        let workload = &configuration.workload;
        let payload = match &workload.payload.content {
            Content::File { path, .. } => Some(path),
            _ => None,
        };
        let trace = match &workload.arrival {
            Arrival::Trace { path, .. } => Some(path),
            _ => None,
        };
        for path in payload.into_iter().chain(trace) {
            let relative = directory.and_then(|directory| path.strip_prefix(directory).ok());
            let name = relative.unwrap_or(path).display().to_string();
            if !checksums.contains_key(&name)
                && let Some(checksum) = checksum(path)
            {
                checksums.insert(name, checksum);
            }
        }
    }
    checksums
}

fn checksum(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(MAX_PAYLOAD_POOL_BYTES as u64).read_to_end(&mut bytes).ok()?;
    Some(format!("{:016x}", fnv1a(&bytes)))
}
