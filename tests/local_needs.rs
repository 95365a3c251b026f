//! What a local Kafka needs and this machine lacks, as a user meets it: fake `java` and `mvn` on the `PATH`, and a cache
//! with nothing in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use kpbench::process::{Signal, send_signal};

const JAVA_17: &str = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2";
const JAVA_11: &str = "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2";

struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    /// With nothing but these programs, each a shell script.
    fn with(programs: &[(&str, &str)]) -> Machine {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bin");
        fs::create_dir(&path).unwrap();
        for (name, script) in programs {
            let program = path.join(name);
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Machine { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"));
        command
            .args(["run", "--target=local", "--repetitions=1", "--out"])
            .arg(self.path().join("run"))
            .env("PATH", self.path().join("bin"))
            .env("KPBENCH_CACHE", self.path().join("cache"))
            .env("STARTED", self.path().join("started"))
            .env_remove("JAVA_HOME")
            .env_remove("KAFKA_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn assert_nothing_left(&self) {
        assert!(!self.path().join("run").exists(), "a run directory without a run");
        let left = |name: &str| self.path().join("cache").join(name).exists();
        for name in ["downloads", "data", "kafka-4.3.0"] {
            assert!(!left(name), "{name} is left in the cache");
        }
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn what_is_missing_is_told_with_the_other_two_targets_and_leaves_nothing() {
    let failing = "echo '[ERROR] Could not transfer artifact: Unknown host'; echo half > \"$PWD/half\"; exit 1";
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[], "no `java` on the PATH"),
        (&[("java", JAVA_11)], "Java 11.0.2"),
        (&[("java", JAVA_17)], "there is no `mvn` on the PATH"),
        (
            &[("java", JAVA_17), ("mvn", failing)],
            "Could not transfer artifact: Unknown host",
        ),
    ];
    for (programs, missing) in cases {
        let machine = Machine::with(programs);
        let output = machine.command().output().unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{missing}: {told}");
        for part in [missing, "--target external", "--target mock"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        machine.assert_nothing_left();
    }
}

/// A download takes minutes where the network is slow.
#[test]
fn a_download_can_be_interrupted_and_leaves_nothing() {
    let endless = "echo half > \"$PWD/half\"; echo $$ > \"$STARTED.new\"; /bin/mv \"$STARTED.new\" \"$STARTED\"; /bin/sleep 600; exit 0";
    let machine = Machine::with(&[("java", JAVA_17), ("mvn", endless)]);
    let child = machine.command().spawn().unwrap();
    let started = machine.path().join("started");
    let begun = Instant::now();
    while !started.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "Maven was not started");
        std::thread::sleep(Duration::from_millis(20));
    }
    send_signal(child.id(), Signal::Interrupt).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("nothing was stored"), "{told}");
    let pid = fs::read_to_string(&started).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "Maven runs on");
    machine.assert_nothing_left();
}
