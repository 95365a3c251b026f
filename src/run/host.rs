//! The machine and the repository that a run was made on.

use std::process::{Command, Stdio};

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::store::Host;

/// The machine.
pub(super) fn host() -> Host {
    let system = System::new_with_specifics(
        RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram()),
    );
    let brand = system
        .as_ref()
        .ok()
        .and_then(|system| system.cpus().first())
        .map(|cpu| cpu.brand().trim().to_owned())
        .unwrap_or_default();
    let os = [
        System::long_os_version(),
        System::kernel_version().map(|version| format!("kernel {version}")),
    ];
    Host {
        cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
        cpu: if brand.is_empty() { System::cpu_arch() } else { brand },
        memory_bytes: system.as_ref().map_or(0, System::total_memory),
        os: os.into_iter().flatten().collect::<Vec<_>>().join(", "),
    }
}

/// The commit that is checked out here; none outside a repository or without git.
pub(super) fn git_commit() -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}
