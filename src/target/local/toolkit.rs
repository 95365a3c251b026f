//! Java and Kafka together: the commands that run a broker and Kafka's own tools, and what is made from them once and
//! kept (the checkpoint with Kafka's feature levels, the archive of class data).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

use super::jars::{self, Installation};
use super::java::{self, Java};
use super::layout::{NodeFiles, NodePorts, ReservedPorts, server_properties};
use super::settings::properties_file;
use super::{LocalSecurity, Progress, class_data};
use crate::process::Spawner;
use crate::target::cache::{self, OwnedDirectory};
use crate::target::error::{TargetError, tail};

/// What `kafka-run-class.sh` gives a broker's JVM.
const JVM_FLAGS: &[&str] = &[
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-Djava.awt.headless=true",
];

/// Warnings and errors, for whichever of the two loggers is on the class path.
const LOG4J2: &str = "status = error
appender.console.type = Console
appender.console.name = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = CONSOLE
";

/// Heap of a single node's JVM, as in Kafka's own start script.
pub const HEAP_SINGLE: &str = "-Xmx1g";

/// Heap of each of several nodes' JVMs: together they must fit a laptop.
pub const HEAP_SEVERAL: &str = "-Xmx512m";

/// The options of a broker's JVM that bear on its speed.
pub(crate) fn jvm_options(nodes: u32, fast_start: bool) -> Vec<&'static str> {
    let mut options = JVM_FLAGS.to_vec();
    options.push(if nodes > 1 { HEAP_SEVERAL } else { HEAP_SINGLE });
    if fast_start {
        options.push("-XX:TieredStopAtLevel=1");
    }
    options
}

/// A Java and a Kafka that fit together.
#[derive(Clone, Debug)]
pub(crate) struct Toolkit {
    pub java: Java,
    pub kafka: Installation,
    /// Class data of a broker, so that its JVM need not read it from the jars; an aid to starting only.
    pub archive: Option<PathBuf>,
}

impl Toolkit {
    /// Finds Java and Kafka; downloads and makes, once, what is missing.
    pub(crate) fn prepare(
        spawner: &Spawner,
        progress: &Progress,
        cancelled: &AtomicBool,
    ) -> Result<Toolkit, TargetError> {
        let java = java::find()?;
        let kafka = jars::find_or_download(spawner, progress, cancelled)?;
        let mut toolkit = Toolkit {
            java,
            kafka,
            archive: None,
        };
        toolkit.archive = class_data::find_or_make(&toolkit, spawner, progress, cancelled)?;
        Ok(toolkit)
    }

    /// The command that runs the node whose configuration is in `files`, its output going to its log.
    pub(crate) fn broker(&self, files: &NodeFiles, nodes: u32, fast_start: bool) -> Result<Command, TargetError> {
        let mut command = Command::new(&self.java.program);
        command.args(jvm_options(nodes, fast_start));
        if let Some(archive) = &self.archive {
            let mut flag = std::ffi::OsString::from("-XX:SharedArchiveFile=");
            flag.push(archive);
            // auto: a broker whose archive does not fit starts all the same.
            command.arg(flag).arg("-Xshare:auto");
        }
        self.finish(command, files)
    }

    /// The command that runs the node in `files`, and writes its class data to `archive` when it ends.
    pub(crate) fn broker_that_archives(&self, files: &NodeFiles, archive: &Path) -> Result<Command, TargetError> {
        let mut command = Command::new(&self.java.program);
        let mut flag = std::ffi::OsString::from("-XX:ArchiveClassesAtExit=");
        flag.push(archive);
        command.args(JVM_FLAGS).arg(HEAP_SINGLE).arg(flag);
        self.finish(command, files)
    }

    fn finish(&self, mut command: Command, files: &NodeFiles) -> Result<Command, TargetError> {
        let log4j = files.properties.with_file_name("log4j2.properties");
        fs::write(&log4j, LOG4J2).map_err(TargetError::path("write", &log4j))?;
        let mut flag = std::ffi::OsString::from("-Dlog4j2.configurationFile=");
        flag.push(&log4j);
        command.arg(flag).args([
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
        ]);
        let open = || fs::OpenOptions::new().create(true).append(true).open(&files.log);
        let log = open().map_err(TargetError::path("open", &files.log))?;
        let errors = open().map_err(TargetError::path("open", &files.log))?;
        command
            .arg("-cp")
            .arg(self.kafka.class_path()?)
            .arg("kafka.Kafka")
            .arg(&files.properties);
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        Ok(command)
    }

    /// The checkpoint that a fresh node starts from: Kafka's feature levels, and the SCRAM user where there is one.
    /// It holds neither a cluster's nor a node's id, so that one serves all; made once by Kafka's StorageTool.
    pub(crate) fn checkpoint(
        &self,
        spawner: &Spawner,
        security: Option<&LocalSecurity>,
        progress: &Progress,
    ) -> Result<Vec<u8>, TargetError> {
        let kept = self.kafka.store.join("bootstrap.checkpoint");
        if security.is_none()
            && let Ok(bytes) = fs::read(&kept)
        {
            return Ok(bytes);
        }
        if security.is_none() {
            progress.say("making the checkpoint that fresh brokers start from, once");
        }
        let work = OwnedDirectory::create(&cache::data_parent()?)?;
        let files = NodeFiles::of(work.path(), 1);
        // StorageTool only looks at the form of addresses.
        let ports = ReservedPorts {
            nodes: vec![NodePorts {
                plain: 1,
                controller: 2,
                secured: None,
            }],
            ..none_held()
        };
        let properties = server_properties(1, &ports.nodes, &files.data, &BTreeMap::new());
        fs::write(&files.properties, properties_file(&properties))
            .map_err(TargetError::path("write", &files.properties))?;
        let mut command = Command::new(&self.java.program);
        command
            .arg("-XX:TieredStopAtLevel=1")
            .arg("-cp")
            .arg(self.kafka.class_path()?);
        command
            .args(["kafka.tools.StorageTool", "format", "-t", &random_id(), "-c"])
            .arg(&files.properties);
        if let Some(LocalSecurity { user, password }) = security {
            command.args([
                "--add-scram",
                &format!("SCRAM-SHA-512=[name={user},password={password}]"),
            ]);
        }
        run_tool(spawner, command, "Kafka's StorageTool")?;
        let made = files.data.join("bootstrap.checkpoint");
        let bytes = fs::read(&made).map_err(TargetError::path("read", &made))?;
        if security.is_none() {
            cache::write_atomically(&kept, &bytes)?;
        }
        Ok(bytes)
    }
}

fn none_held() -> ReservedPorts {
    ReservedPorts {
        nodes: Vec::new(),
        held: Vec::new(),
    }
}

/// Runs a tool to its end.
pub(crate) fn run_tool(spawner: &Spawner, mut command: Command, tool: &str) -> Result<(), TargetError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = spawner
        .spawn(command)
        .map_err(TargetError::io(&format!("start {tool}")))?;
    let ended = child
        .wait_with_output()
        .map_err(TargetError::io(&format!("run {tool}")))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = [ended.stdout, ended.stderr].concat();
    Err(TargetError::Tool {
        tool: tool.to_owned(),
        status: ended.status.to_string(),
        output: tail(&String::from_utf8_lossy(&said), 12),
    })
}

/// An id as Kafka makes them: 16 random bytes in url-safe base64 without padding, 22 characters, not beginning with a
/// dash, which its tools would take for a flag (`org.apache.kafka.common.Uuid`).
pub(crate) fn random_id() -> String {
    use base64::Engine;
    loop {
        let mut bytes = [0_u8; 16];
        bytes[..8].copy_from_slice(&cache::random_u64().to_ne_bytes());
        bytes[8..].copy_from_slice(&cache::random_u64().to_ne_bytes());
        // Version and variant of a random UUID (RFC 9562, 5.4).
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        if !id.starts_with('-') {
            return id;
        }
    }
}

/// Writes what a fresh node needs: configuration, `meta.properties`, and the checkpoint.
pub(crate) fn format_node(
    files: &NodeFiles,
    node: u32,
    cluster_id: &str,
    properties: &BTreeMap<String, String>,
    checkpoint: &[u8],
) -> Result<(), TargetError> {
    fs::write(&files.properties, properties_file(properties)).map_err(TargetError::path("write", &files.properties))?;
    fs::create_dir_all(&files.data).map_err(TargetError::path("create directory", &files.data))?;
    let meta = files.data.join("meta.properties");
    let text = format!(
        "version=1\ncluster.id={cluster_id}\nnode.id={node}\ndirectory.id={}\n",
        random_id()
    );
    fs::write(&meta, text).map_err(TargetError::path("write", &meta))?;
    let place = files.data.join("bootstrap.checkpoint");
    fs::write(&place, checkpoint).map_err(TargetError::path("write", &place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_kafkas_form() {
        for _ in 0..200 {
            let id = random_id();
            assert_eq!(id.len(), 22);
            assert!(!id.starts_with('-'));
        }
        assert_ne!(random_id(), random_id());
    }
}
