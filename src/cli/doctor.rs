//! `kpbench doctor`: what each target needs, and whether it is there. Changes nothing and downloads nothing.

use std::path::{Path, PathBuf};

use rdkafka::config::ClientConfig;
use serde::Serialize;

use crate::client::mock::MockCluster;
use crate::process::Spawner;
use crate::profile::TargetSettings;
use crate::protocol::TargetKind;
use crate::report::format::counted;
use crate::target::local::{jars, java};
use crate::target::{StartOptions, Target, TargetError, cache_directory, data_parent};

/// Less free disk than this deserves a remark: a saturated broker writes that much in seconds.
const FREE_DISK_MIN_BYTES: u64 = 5_000_000_000;

/// Fewer cores than this, and client and broker visibly take time from each other.
const CORES_MIN: usize = 4;

/// What the client must have been built with.
const FEATURES: &[(&str, &str)] = &[
    ("gzip", "compression.type=gzip"),
    ("snappy", "compression.type=snappy"),
    ("lz4", "compression.type=lz4"),
    ("zstd", "compression.type=zstd"),
    ("ssl", "TLS"),
    ("sasl_plain", "SASL PLAIN"),
    ("sasl_scram", "SASL SCRAM"),
];

/// How one need is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is there.
    Ok,
    /// It is there, and a reader of results should know something about it.
    Remark,
    /// It is not there.
    Missing,
    /// It was not looked at.
    NotChecked,
}

/// One thing that a target needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The target; none where every target needs it.
    pub target: Option<TargetKind>,
    /// What is needed.
    pub need: &'static str,
    /// Whether it is there.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
}

/// Everything that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Version of kpbench.
    pub kpbench_version: String,
    /// Version of librdkafka.
    pub client_version: String,
    /// The needs, in the order in which they are printed.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// Whether nothing that this target needs is missing, and all of it was looked at.
    pub fn usable(&self, target: TargetKind) -> bool {
        let concerns = |check: &&Check| check.target.is_none_or(|of| of == target);
        self.checks
            .iter()
            .filter(concerns)
            .all(|check| matches!(check.verdict, Verdict::Ok | Verdict::Remark))
    }

    /// As text: a line for each need, with its remedy below it.
    pub fn text(&self) -> String {
        let mut text = format!("kpbench {}, librdkafka {}\n", self.kpbench_version, self.client_version);
        let groups = [
            None,
            Some(TargetKind::Local),
            Some(TargetKind::External),
            Some(TargetKind::Mock),
        ];
        for group in groups {
            let title = match group {
                None => "every target".to_owned(),
                Some(kind) if self.usable(kind) => format!("--target {kind}: ready"),
                Some(kind) => format!("--target {kind}: not ready"),
            };
            text.push_str(&format!("\n{title}\n"));
            for check in self.checks.iter().filter(|check| check.target == group) {
                let mark = match check.verdict {
                    Verdict::Ok => "ok     ",
                    Verdict::Remark => "remark ",
                    Verdict::Missing => "MISSING",
                    Verdict::NotChecked => "-      ",
                };
                text.push_str(&format!("  {mark}  {}: {}\n", check.need, check.found));
                if let Some(remedy) = &check.remedy {
                    text.push_str(&format!("             {remedy}\n"));
                }
            }
        }
        text
    }
}

/// Looks at what each target needs. `external` is reached where it names bootstrap servers.
pub async fn examine(external: Option<&TargetSettings>, spawner: &Spawner) -> Diagnosis {
    let (_, client_version) = rdkafka::util::get_rdkafka_version();
    let mut checks = vec![client_features()];
    // Starts `java -version`: tens of milliseconds, and nothing else happens meanwhile.
    checks.extend(local());
    checks.push(reach(external, spawner).await);
    checks.push(mock());
    Diagnosis {
        kpbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        client_version,
        checks,
    }
}

fn check(target: Option<TargetKind>, need: &'static str, found: impl Into<String>) -> Check {
    Check {
        target,
        need,
        verdict: Verdict::Ok,
        found: found.into(),
        remedy: None,
    }
}

impl Check {
    fn with(self, verdict: Verdict, remedy: impl Into<String>) -> Check {
        Check {
            verdict,
            remedy: Some(remedy.into()),
            ..self
        }
    }

    /// A need whose absence is told by an error.
    fn failed(target: Option<TargetKind>, need: &'static str, error: TargetError) -> Check {
        match error {
            TargetError::Missing { missing, remedy } => check(target, need, missing).with(Verdict::Missing, remedy),
            error => Check {
                verdict: Verdict::Missing,
                ..check(target, need, error.to_string())
            },
        }
    }
}

fn client_features() -> Check {
    let built = ClientConfig::new()
        .create_native_config()
        .and_then(|config| config.get("builtin.features"));
    let built = built.unwrap_or_default();
    let missing = missing_features(&built);
    let need = "codecs, TLS and SASL";
    if missing.is_empty() {
        return check(None, need, built);
    }
    // A build without TLS is a choice; a codec that is missing is not.
    check(None, need, format!("not in this build: {}", missing.join(", "))).with(
        Verdict::Remark,
        "build with the default features (`cargo build --release`)",
    )
}

fn missing_features(built: &str) -> Vec<&'static str> {
    let built: Vec<&str> = built.trim_matches('\0').split(',').map(str::trim).collect();
    FEATURES
        .iter()
        .filter(|(feature, _)| !built.contains(feature))
        .map(|(_, name)| *name)
        .collect()
}

fn local() -> Vec<Check> {
    let target = Some(TargetKind::Local);
    let java = match java::find() {
        Ok(java) => check(
            target,
            "Java 17 or later",
            format!("{} ({})", java.version, java.program.display()),
        ),
        Err(error) => Check::failed(target, "Java 17 or later", error),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut shared = check(target, "cores", format!("{cores}, shared by client and broker"));
    if cores < CORES_MIN {
        shared = shared.with(
            Verdict::Remark,
            "the broker takes time from the client: compare settings, not machines",
        );
    }
    vec![java, kafka_jars(), cache(), disk(), shared]
}

fn kafka_jars() -> Check {
    let (target, need) = (Some(TargetKind::Local), "Kafka's jars");
    let described = |kafka: &jars::Installation, from: &str| {
        check(
            target,
            need,
            format!("Apache Kafka {} {from} {}", kafka.version, kafka.libs.display()),
        )
    };
    if let Some(home) = jars::kafka_home() {
        return match jars::from_kafka_home(&home) {
            Ok(kafka) => described(&kafka, "from KAFKA_HOME:"),
            Err(error) => Check::failed(target, need, error),
        };
    }
    match (jars::cached(), java::on_path("mvn")) {
        (Ok(Some(kafka)), _) => described(&kafka, "in"),
        (Ok(None), Some(maven)) => check(
            target,
            need,
            format!("not here yet; the first start gets Apache Kafka {} through {}", jars::KAFKA_VERSION, maven.display()),
        ),
        (Ok(None), None) => check(target, need, "not here, and there is no `mvn` on the PATH to get them").with(
            Verdict::Missing,
            "install Maven (Debian, Ubuntu: `apt-get install maven`; macOS: `brew install maven`), or unpack Apache Kafka \
             and point KAFKA_HOME at it",
        ),
        (Err(error), _) => Check::failed(target, need, error),
    }
}

fn cache() -> Check {
    let (target, need) = (Some(TargetKind::Local), "a directory for jars and data");
    let path = match cache_directory() {
        Ok(path) => path,
        Err(error) => return Check::failed(target, need, error),
    };
    let place = existing(&path);
    match tempfile::tempfile_in(&place) {
        Ok(_) => check(target, need, path.display().to_string()),
        Err(error) => check(
            target,
            need,
            format!("nothing can be written to {}: {error}", place.display()),
        )
        .with(Verdict::Missing, "set KPBENCH_CACHE to a directory of yours"),
    }
}

fn disk() -> Check {
    let (target, need) = (Some(TargetKind::Local), "free disk");
    let Ok(parent) = data_parent() else {
        return Check {
            verdict: Verdict::NotChecked,
            ..check(target, need, "no directory to look at")
        };
    };
    match free_bytes(&existing(&parent)) {
        None => Check {
            verdict: Verdict::NotChecked,
            ..check(target, need, "the system does not say")
        },
        Some(free) => {
            let found = check(
                target,
                need,
                format!("{} at {}", bytesize::ByteSize(free).display().si(), parent.display()),
            );
            if free >= FREE_DISK_MIN_BYTES {
                return found;
            }
            found.with(
                Verdict::Remark,
                "a saturated broker fills this in seconds: set KPBENCH_CACHE to a larger disk",
            )
        }
    }
}

/// The path itself, or the nearest directory above it that exists.
fn existing(path: &Path) -> PathBuf {
    path.ancestors()
        .find(|ancestor| ancestor.is_dir())
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Free bytes of the file system that a directory lies on: that of the longest mount point above it.
fn free_bytes(path: &Path) -> Option<u64> {
    let path = std::fs::canonicalize(path).ok()?;
    let disks = sysinfo::Disks::new_with_refreshed_list().ok()?;
    let above = disks.iter().filter(|disk| path.starts_with(disk.mount_point()));
    above
        .max_by_key(|disk| disk.mount_point().as_os_str().len())
        .map(sysinfo::Disk::available_space)
}

async fn reach(external: Option<&TargetSettings>, spawner: &Spawner) -> Check {
    let (target, need) = (Some(TargetKind::External), "a cluster that answers");
    let Some(settings) = external.filter(|settings| settings.bootstrap_servers.is_some()) else {
        return check(target, need, "no bootstrap servers given").with(
            Verdict::NotChecked,
            "`kpbench doctor --bootstrap-servers HOST:PORT` tries to reach it",
        );
    };
    let settings = TargetSettings {
        kind: TargetKind::External,
        ..settings.clone()
    };
    match Target::start(&settings, &StartOptions::new(spawner.clone())).await {
        Err(error) => Check::failed(target, need, error),
        Ok(reached) => {
            let description = reached.description();
            let id = description.cluster_id.unwrap_or_else(|| "unknown".to_owned());
            let found = format!(
                "{} at {}, cluster id {id}",
                counted(u64::from(description.brokers), "broker", "brokers"),
                reached.bootstrap_servers()
            );
            // Nothing was started; what can fail is only the end of a thread.
            let _ = reached.stop().await;
            check(target, need, found)
        }
    }
}

fn mock() -> Check {
    let (target, need) = (Some(TargetKind::Mock), "loopback ports");
    match MockCluster::new(1) {
        Ok(cluster) => check(
            target,
            need,
            format!("a mock broker listened at {}", cluster.bootstrap_servers()),
        ),
        Err(error) => Check {
            verdict: Verdict::Missing,
            ..check(target, need, error.to_string())
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_features_are_named_as_users_know_them() {
        assert!(missing_features("gzip,snappy,ssl,lz4,zstd,sasl_plain,sasl_scram").is_empty());
        assert_eq!(
            missing_features("gzip,snappy,lz4,sasl_plain\0"),
            ["compression.type=zstd", "TLS", "SASL SCRAM"]
        );
    }

    #[test]
    fn a_target_is_usable_when_nothing_it_needs_is_missing() {
        let missing = check(Some(TargetKind::Local), "x", "y").with(Verdict::Missing, "do z");
        let remark = check(Some(TargetKind::Mock), "m", "n").with(Verdict::Remark, "mind it");
        let unknown = check(Some(TargetKind::External), "e", "f").with(Verdict::NotChecked, "give it");
        let mut diagnosis = Diagnosis {
            kpbench_version: "1".into(),
            client_version: "2".into(),
            checks: vec![check(None, "all", "fine"), missing, remark, unknown],
        };
        let usable = |diagnosis: &Diagnosis| {
            TargetKind::ALL
                .iter()
                .map(|kind| diagnosis.usable(*kind))
                .collect::<Vec<_>>()
        };
        assert_eq!(usable(&diagnosis), [false, false, true]);
        let text = diagnosis.text();
        for part in [
            "--target local: not ready",
            "MISSING  x: y",
            "do z",
            "--target mock: ready",
        ] {
            assert!(text.contains(part), "{text}");
        }
        diagnosis.checks[0].verdict = Verdict::Missing;
        assert_eq!(usable(&diagnosis), [false, false, false]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn this_machine_is_examined_without_an_external_cluster() {
        let diagnosis = examine(None, &Spawner::new().unwrap()).await;
        assert!(diagnosis.usable(TargetKind::Mock), "{}", diagnosis.text());
        assert!(!diagnosis.usable(TargetKind::External));
        let json = serde_json::to_value(&diagnosis).unwrap();
        let needs: Vec<_> = json["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|check| check["need"].clone())
            .collect();
        for need in ["Java 17 or later", "Kafka's jars", "free disk", "cores"] {
            assert!(needs.contains(&need.into()), "{json}");
        }
    }
}
