//! The Java that runs a local Kafka: found, and its version checked.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::target::error::TargetError;

/// The oldest Java that Kafka's brokers run on since 4.0.
pub const JAVA_MAJOR_MIN: u32 = 17;

const REMEDY: &str = "install a Java 17 or later runtime (Debian, Ubuntu: `apt-get install openjdk-17-jre-headless`; macOS: \
    `brew install openjdk@17`), or point JAVA_HOME at one";

/// A Java that is new enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Java {
    /// The `java` program.
    pub program: PathBuf,
    /// As it words it, as in `17.0.15`.
    pub version: String,
    /// Everything that `java -version` says: tells builds apart.
    pub description: String,
}

/// Finds `java`: in `JAVA_HOME`, else on the `PATH`.
///
/// # Errors
/// `Missing` where there is none or it is too old.
pub fn find() -> Result<Java, TargetError> {
    let home = std::env::var_os("JAVA_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from);
    let program = match home {
        Some(home) => {
            let program = home.join("bin/java");
            if !program.is_file() {
                return Err(missing(format!(
                    "JAVA_HOME is {}, but there is no bin/java in it",
                    home.display()
                )));
            }
            program
        }
        None => on_path("java").ok_or_else(|| missing("no `java` on the PATH, and JAVA_HOME is not set".to_owned()))?,
    };
    check(&program)
}

/// The sibling `keytool` of a Java, or the one on the `PATH`.
pub(crate) fn keytool(java: &Java) -> Option<PathBuf> {
    let real = std::fs::canonicalize(&java.program).unwrap_or_else(|_| java.program.clone());
    let sibling = real.with_file_name("keytool");
    if sibling.is_file() {
        Some(sibling)
    } else {
        on_path("keytool")
    }
}

/// The first file of that name in a directory of the `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    in_directories(program, &std::env::var_os("PATH")?)
}

fn in_directories(program: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

fn check(program: &Path) -> Result<Java, TargetError> {
    let shown = program.display();
    let output = Command::new(program)
        .arg("-version")
        .output()
        .map_err(|error| missing(format!("{shown} cannot be run: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let version = version_in(&said).map(str::to_owned);
    let major = version.as_deref().and_then(major_of);
    match (version, major) {
        (Some(version), Some(major)) if major >= JAVA_MAJOR_MIN => Ok(Java {
            program: program.to_owned(),
            version,
            description: said,
        }),
        (Some(version), _) => Err(missing(format!(
            "{shown} is Java {version}; Kafka's brokers need Java {JAVA_MAJOR_MIN} or later"
        ))),
        (None, _) => Err(missing(format!(
            "{shown} -version did not tell a version ({}): {said:?}",
            output.status
        ))),
    }
}

/// The quoted version in the line `openjdk version "17.0.15" 2025-04-15`; other lines may come before it.
fn version_in(said: &str) -> Option<&str> {
    let line = said.lines().find(|line| line.contains(" version \""))?;
    line.split('"').nth(1)
}

/// 8 for `1.8.0_402`, 17 for `17.0.15`, 25 for `25-ea`.
fn major_of(version: &str) -> Option<u32> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match numbers.next()?.ok()? {
        1 => numbers.next()?.ok(),
        major => Some(major),
    }
}

fn missing(missing: String) -> TargetError {
    TargetError::Missing {
        missing,
        remedy: REMEDY.to_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn versions_are_read_in_every_form() {
        assert_eq!(
            version_in("Picked up X\nopenjdk version \"17.0.15\" 2025-04-15\nmore"),
            Some("17.0.15")
        );
        assert_eq!(version_in("nothing"), None);
        assert_eq!(major_of("1.8.0_402"), Some(8));
        assert_eq!(major_of("17.0.15"), Some(17));
        assert_eq!(major_of("25-ea"), Some(25));
        assert_eq!(major_of("x"), None);
    }

    fn script(directory: &Path, text: &str) -> PathBuf {
        let path = directory.join("java");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn an_old_java_is_named_with_its_version() {
        let directory = tempfile::tempdir().unwrap();
        let program = script(directory.path(), "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");
        let text = check(&program).unwrap_err().to_string();
        assert!(
            text.contains("Java 11.0.2") && text.contains("17 or later") && text.contains("--target mock"),
            "{text}"
        );
        let program = script(directory.path(), "echo 'openjdk version \"21\" 2023-09-19' >&2");
        assert_eq!(check(&program).unwrap().version, "21");
    }

    #[test]
    fn programs_are_found_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let program = script(directory.path(), "true");
        let path = std::env::join_paths([Path::new("/nonexistent"), directory.path()]).unwrap();
        assert_eq!(in_directories("java", &path), Some(program));
        assert_eq!(in_directories("no-such-program", &path), None);
    }
}
