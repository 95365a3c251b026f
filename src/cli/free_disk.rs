//! How much space a local Kafka's data would find.

use std::path::{Path, PathBuf};

use sysinfo::Disks;

use crate::target;

/// Free bytes on the disk that holds a local Kafka's data; none where that is not known.
pub(super) fn for_local_brokers() -> Option<u64> {
    let directory = existing(&target::data_parent().ok()?)?;
    let disks = Disks::new_with_refreshed_list().ok()?;
    let holds = disks.iter().filter(|disk| directory.starts_with(disk.mount_point()));
    let disk = holds.max_by_key(|disk| disk.mount_point().as_os_str().len())?;
    Some(disk.available_space())
}

/// The nearest directory that exists: the data's own is made when it is needed.
fn existing(path: &Path) -> Option<PathBuf> {
    path.ancestors().find_map(|directory| directory.canonicalize().ok())
}
