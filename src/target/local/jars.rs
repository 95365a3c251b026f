//! Kafka's jars: from `KAFKA_HOME`, from the cache, or downloaded into it once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Progress;
use super::java;
use crate::process::{Signal, Spawner, send_signal_to_group};
use crate::profile::fnv1a;
use crate::target::cache::{self, OwnedDirectory};
use crate::target::error::{TargetError, tail};

/// The Kafka that is downloaded where `KAFKA_HOME` names no other.
pub const KAFKA_VERSION: &str = "4.3.0";

/// What Maven is asked for.
const POM: &str = include_str!("pom.xml");

/// Maven's goal, with the plugin's version fixed: its default changes with Maven's.
const MAVEN_GOAL: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// A Kafka that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Its version, from the name of the `kafka-clients` jar.
    pub version: String,
    /// Its jars, sorted by name: an archive of class data holds for one order only.
    pub jars: Vec<PathBuf>,
    /// Where they are.
    pub libs: PathBuf,
    /// Where files made from this installation are kept.
    pub store: PathBuf,
}

impl Installation {
    /// Reads the directory `libs`. None where Kafka's jars are not in it.
    pub fn read(libs: &Path, store: &Path) -> Option<Installation> {
        let mut jars: Vec<PathBuf> = fs::read_dir(libs).ok()?.flatten().map(|entry| entry.path()).collect();
        jars.retain(|path| path.extension().is_some_and(|extension| extension == "jar"));
        jars.sort();
        let names = || jars.iter().filter_map(|path| path.file_name()?.to_str());
        names().find(|name| name.starts_with("kafka_2."))?;
        let version = names().find_map(|name| version_in(name, "kafka-clients-"))?;
        Some(Installation {
            version,
            jars,
            libs: libs.to_owned(),
            store: store.to_owned(),
        })
    }

    /// The class path.
    pub fn class_path(&self) -> Result<std::ffi::OsString, TargetError> {
        std::env::join_paths(&self.jars).map_err(|error| TargetError::Io {
            what: format!("make a class path from {}", self.libs.display()),
            source: std::io::Error::other(error),
        })
    }
}

fn version_in(name: &str, prefix: &str) -> Option<String> {
    let version = name.strip_prefix(prefix)?.strip_suffix(".jar")?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| version.to_owned())
}

/// `KAFKA_HOME`, where set.
pub fn kafka_home() -> Option<PathBuf> {
    std::env::var_os("KAFKA_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
}

/// The installation of `KAFKA_HOME`.
///
/// # Errors
/// `Missing` where its `libs` holds no Kafka, or one before 4.0.
pub fn from_kafka_home(home: &Path) -> Result<Installation, TargetError> {
    let libs = home.join("libs");
    let remedy =
        || format!("point KAFKA_HOME at an unpacked Apache Kafka 4, or unset it to get {KAFKA_VERSION} through Maven");
    // One store per directory: what is made from jars holds for these jars only.
    let key = fnv1a(libs.as_os_str().as_encoded_bytes());
    let store = cache::cache_directory()?.join(format!("kafka-home-{key:016x}"));
    let installation = Installation::read(&libs, &store).ok_or_else(|| TargetError::Missing {
        missing: format!(
            "KAFKA_HOME is {}, but {} holds no Kafka jars",
            home.display(),
            libs.display()
        ),
        remedy: remedy(),
    })?;
    let major = installation
        .version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < 4) {
        let missing = format!(
            "KAFKA_HOME holds Kafka {}; 4.0 or later is needed",
            installation.version
        );
        return Err(TargetError::Missing {
            missing,
            remedy: remedy(),
        });
    }
    Ok(Installation {
        store: store.join(&installation.version),
        ..installation
    })
}

/// The cached installation; none where nothing is cached yet.
///
/// # Errors
/// `Missing` where there is no place for a cache.
pub fn cached() -> Result<Option<Installation>, TargetError> {
    let store = cache::cache_directory()?.join(format!("kafka-{KAFKA_VERSION}"));
    Ok(Installation::read(&store.join("libs"), &store))
}

/// The installation to use; downloads it where there is none.
///
/// # Errors
/// `Missing` where the jars are not here and cannot be got; `Cancelled` where the download was.
pub(crate) fn find_or_download(
    spawner: &Spawner,
    progress: &Progress,
    cancelled: &AtomicBool,
) -> Result<Installation, TargetError> {
    if let Some(home) = kafka_home() {
        return from_kafka_home(&home);
    }
    if let Some(installation) = cached()? {
        return Ok(installation);
    }
    let cache = cache::cache_directory()?;
    let _lock = cache::exclusive(&cache.join("download.lock"), || {
        progress.say("waiting for another kpbench that is downloading Kafka's jars");
    })?;
    // Another process may have done it while this one waited.
    if let Some(installation) = cached()? {
        return Ok(installation);
    }
    let maven = java::on_path("mvn").ok_or_else(|| TargetError::Missing {
        missing: format!(
            "Kafka's jars are not in {}, and there is no `mvn` on the PATH to get them",
            cache.display()
        ),
        remedy:
            "install Maven (Debian, Ubuntu: `apt-get install maven`; macOS: `brew install maven`), or unpack Apache \
                 Kafka and point KAFKA_HOME at it"
                .to_owned(),
    })?;
    progress.say(&format!(
        "getting Apache Kafka {KAFKA_VERSION} through Maven, once, into {}",
        cache.display()
    ));
    download(spawner, &maven, &cache, cancelled)?;
    cached()?.ok_or_else(|| TargetError::Missing {
        missing: format!("Maven ended well, but Kafka's jars are not in {}", cache.display()),
        remedy: "remove that directory and try again, or point KAFKA_HOME at an unpacked Apache Kafka".to_owned(),
    })
}

/// Downloads beside the place where the jars belong, then moves them there in one step. Leaves nothing else, however it
/// ends.
fn download(spawner: &Spawner, maven: &Path, cache: &Path, cancelled: &AtomicBool) -> Result<(), TargetError> {
    let parent = cache.join("downloads");
    let work = OwnedDirectory::create(&parent)?;
    let downloaded = download_in(&work, spawner, maven, cache, cancelled);
    drop(work);
    // Where it is not empty, it holds what another process is downloading.
    let _ = fs::remove_dir(&parent);
    downloaded
}

fn download_in(
    work: &OwnedDirectory,
    spawner: &Spawner,
    maven: &Path,
    cache: &Path,
    cancelled: &AtomicBool,
) -> Result<(), TargetError> {
    let pom = work.path().join("pom.xml");
    fs::write(&pom, POM).map_err(TargetError::path("write", &pom))?;
    let store = work.path().join("store");
    let mut output = std::ffi::OsString::from("-DoutputDirectory=");
    output.push(store.join("libs"));
    let mut command = Command::new(maven);
    command
        .args(["-q", "-B", "-f"])
        .arg(&pom)
        .arg(MAVEN_GOAL)
        .arg(output)
        .current_dir(work.path());
    // A file: a pipe that nobody reads while the end is waited for would stop it.
    let log = work.path().join("maven.log");
    let output = fs::File::create(&log).map_err(TargetError::path("create", &log))?;
    let errors = output.try_clone().map_err(TargetError::path("create", &log))?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    let child = spawner.spawn(command).map_err(TargetError::path("start", maven))?;
    let status = ended(child, maven, cancelled)?;
    if !status.success() {
        let said = fs::read(&log).unwrap_or_default();
        return Err(TargetError::Missing {
            missing: format!(
                "Kafka's jars could not be downloaded ({status}); Maven says:\n{}",
                tail(&String::from_utf8_lossy(&said), 12)
            ),
            remedy: "check the network and Maven's settings (~/.m2/settings.xml), or unpack Apache Kafka and point \
                     KAFKA_HOME at it"
                .to_owned(),
        });
    }
    let place = cache.join(format!("kafka-{KAFKA_VERSION}"));
    // What is in the way is not a whole installation: `cached` has just looked.
    let in_the_way = place.join("libs");
    if in_the_way.exists() {
        fs::remove_dir_all(&in_the_way).map_err(TargetError::path("remove directory", &in_the_way))?;
    }
    fs::create_dir_all(&place).map_err(TargetError::path("create directory", &place))?;
    fs::rename(store.join("libs"), &in_the_way).map_err(TargetError::path("fill", &in_the_way))
}

/// How the child ended; killed with everything that it started where that is asked for meanwhile.
fn ended(mut child: Child, program: &Path, cancelled: &AtomicBool) -> Result<ExitStatus, TargetError> {
    loop {
        if let Some(status) = child.try_wait().map_err(TargetError::path("run", program))? {
            return Ok(status);
        }
        if cancelled.load(Ordering::Relaxed) {
            // The group's id is the child's, which is not reaped yet and so belongs to nobody else.
            if send_signal_to_group(child.id(), Signal::Kill).is_err() {
                let _ = child.kill();
            }
            let _ = child.wait();
            return Err(TargetError::Cancelled);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn libs(names: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("libs")).unwrap();
        for name in names {
            fs::write(home.path().join("libs").join(name), "").unwrap();
        }
        home
    }

    #[test]
    fn the_pom_asks_for_the_version_that_is_looked_for() {
        assert_eq!(POM.matches(&format!("<version>{KAFKA_VERSION}</version>")).count(), 2);
    }

    #[test]
    fn an_installation_is_read_from_its_jars() {
        let home = libs(&["kafka_2.13-4.1.0.jar", "kafka-clients-4.1.0.jar", "a.jar", "README"]);
        let read = Installation::read(&home.path().join("libs"), home.path()).unwrap();
        assert_eq!(read.version, "4.1.0");
        assert_eq!(read.jars.len(), 3);
        assert!(read.jars.is_sorted());
        assert_eq!(Installation::read(home.path(), home.path()), None);
    }

    #[test]
    fn a_home_without_kafka_or_with_an_old_one_is_refused() {
        let text = from_kafka_home(libs(&["x.jar"]).path()).unwrap_err().to_string();
        assert!(text.contains("holds no Kafka jars"), "{text}");
        let old = libs(&["kafka_2.13-3.6.0.jar", "kafka-clients-3.6.0.jar"]);
        let text = from_kafka_home(old.path()).unwrap_err().to_string();
        assert!(text.contains("3.6.0") && text.contains("--target external"), "{text}");
    }
}
