//! `rdkafka_performance`, built from the C sources that the crate `rdkafka-sys` ships, with the optimisation that the
//! crate itself is built with, and kept between runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::child::Runner;

/// What librdkafka is configured with: none of it is on the path of an uncompressed record on a plain connection.
const CONFIGURE: &[&str] = &[
    "--disable-ssl",
    "--disable-gssapi",
    "--disable-curl",
    "--disable-zstd",
    "--disable-zlib",
    "--disable-lz4-ext",
];

const LIMIT: std::time::Duration = std::time::Duration::from_secs(1_200);

/// Where things of this build are.
pub struct Places {
    /// `target/peers`.
    pub work: PathBuf,
    rdkafka_sys: PathBuf,
    rdkafka_sys_version: String,
}

impl Places {
    /// Asks cargo.
    pub fn find() -> anyhow::Result<Places> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform"])
            .arg(host()?)
            .arg("--manifest-path")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let output = command.output().context("run cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let package = packages.iter().find(|package| package["name"] == "rdkafka-sys");
        let package = package.context("cargo metadata names no rdkafka-sys")?;
        let manifest = text(&package["manifest_path"]).context("rdkafka-sys has no manifest path")?;
        let target = text(&metadata["target_directory"]).context("cargo metadata names no target directory")?;
        Ok(Places {
            work: Path::new(&target).join("peers"),
            rdkafka_sys: Path::new(&manifest).with_file_name("librdkafka"),
            rdkafka_sys_version: text(&package["version"]).context("rdkafka-sys has no version")?,
        })
    }

    /// The program; builds it where that was not done before.
    pub fn rdkafka_performance(&self, runner: &Runner) -> anyhow::Result<PathBuf> {
        let version = &self.rdkafka_sys_version;
        let finished = self.work.join(format!("rdkafka_performance-{version}"));
        if finished.is_file() {
            return Ok(finished);
        }
        eprintln!("building rdkafka_performance from the sources of rdkafka-sys {version}, once");
        let sources = self.work.join("librdkafka");
        if sources.exists() {
            fs::remove_dir_all(&sources).with_context(|| format!("remove {}", sources.display()))?;
        }
        copy(&self.rdkafka_sys, &sources)?;
        let jobs = std::thread::available_parallelism().map_or(1, usize::from).to_string();
        let step = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).current_dir(&sources);
            runner.run(command, "", LIMIT)
        };
        step("./configure", CONFIGURE)?;
        step("make", &["-j", &jobs, "-C", "src", "librdkafka.a"])?;
        step("make", &["-C", "examples", "rdkafka_performance"])?;
        // In one step, so that an interrupted build is never taken for a finished one.
        fs::rename(sources.join("examples/rdkafka_performance"), &finished).context("keep rdkafka_performance")?;
        fs::remove_dir_all(&sources).with_context(|| format!("remove {}", sources.display()))?;
        Ok(finished)
    }

    /// How it was built, in words.
    pub fn rdkafka_performance_build(&self) -> String {
        format!(
            "librdkafka of rdkafka-sys {}, ./configure {}, its own -O2",
            self.rdkafka_sys_version,
            CONFIGURE.join(" ")
        )
    }
}

fn host() -> anyhow::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().context("run rustc -vV")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("copy to {}", target.display()))?;
        }
    }
    Ok(())
}
