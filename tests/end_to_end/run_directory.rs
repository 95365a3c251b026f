//! Where the run is stored: impossible, vanished, read-only, full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Bench, Said};

const PROFILE: &str = r#"
    name = "stored"
    target.kind = "mock"
    [workload]
    rate = "1k"
    [matrix]
    linger.ms = [0, 1, 5]
    [run]
    repetitions = 1
    warmup = "0ms"
    measure = "1s"
"#;

fn assert_failed(said: &Said, words: &[&str]) {
    assert_eq!(said.code, 1, "{}", said.stderr);
    for words in words {
        assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
    }
}

#[test]
fn a_place_that_cannot_be() {
    let bench = Bench::new(PROFILE);
    fs::write(bench.path("file"), "").unwrap();
    // What cannot be a run directory is wrong usage; what the system refuses is a failure.
    for (place, code, words) in [
        ("file/run", 1, "Not a directory"),
        ("file", 2, "is not a directory"),
        ("/proc/nowhere/run", 1, "/proc/nowhere"),
    ] {
        let said = bench.kpbench(&["sweep", "p.toml", "--out", place]);
        assert_eq!(said.code, code, "{}", said.stderr);
        assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
        assert!(!said.stderr.contains("Starting target"), "{}", said.stderr);
    }
    bench.assert_no_orphans(std::time::Duration::ZERO);
}

#[test]
fn a_place_that_is_taken() {
    let bench = Bench::new(PROFILE);
    fs::create_dir(bench.run_directory()).unwrap();
    fs::write(bench.run_directory().join("thesis.txt"), "mine").unwrap();
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("thesis.txt"), "{}", said.stderr);
    assert_eq!(fs::read_dir(bench.run_directory()).unwrap().count(), 1);

    let missing = bench.kpbench(&["sweep", "p.toml", "--resume", "nowhere"]);
    assert_ne!(missing.code, 0);
    assert!(missing.stderr.contains("nowhere"), "{}", missing.stderr);
}

#[test]
fn two_at_the_same_place() {
    let bench = Bench::new(PROFILE);
    let running = bench.start(&[]);
    running.wait_for("[1/3]");
    let second = bench.resume(&[]);
    assert_failed(&second, &["being written by another kpbench"]);
    let said = running.ended();
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
}

#[test]
fn it_vanishes() {
    let bench = Bench::new(PROFILE);
    let running = bench.start(&[]);
    running.wait_for("[1/3]");
    bench.wait_for_trial();
    fs::remove_dir_all(bench.run_directory()).unwrap();
    let said = running.ended();
    assert_failed(&said, &["No such file or directory", "run/"]);
    assert!(
        !said.stderr.contains("intact"),
        "nothing is intact there: {}",
        said.stderr
    );
    bench.assert_no_orphans(std::time::Duration::ZERO);
}

/// A file system in memory; none where the system does not let this user mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<SmallDisk> {
        fs::create_dir(at).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=2m", "kpbench-test"]).arg(at);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("NOT TESTED: this user may not mount a file system");
        }
        mounted.then(|| SmallDisk(at.to_owned()))
    }

    fn make_read_only(&self) {
        let mut command = Command::new("mount");
        command.args(["-o", "remount,ro"]).arg(&self.0);
        assert!(command.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn the_disk_is_full() {
    let bench = Bench::new(PROFILE);
    // The run directory is the disk itself.
    let Some(_disk) = SmallDisk::mount(&bench.run_directory()) else {
        return;
    };
    let running = bench.start(&[]);
    running.wait_for("[1/3]");
    bench.wait_for_trial();
    let stored = bench.trial_lines();
    assert_eq!(stored.len(), 1);
    // Until nothing fits any more: the error is what is wanted.
    let filler = bench.run_directory().join("filler");
    let _ = fs::write(&filler, vec![0; 4 << 20]);
    let said = running.ended();
    assert_failed(&said, &["No space left on device", "free some space", "--resume run"]);
    assert_eq!(bench.trial_lines(), stored, "earlier trials are intact");
    bench.assert_no_orphans(std::time::Duration::ZERO);

    fs::remove_file(filler).unwrap();
    let said = bench.resume(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    assert_eq!(bench.trial_lines()[0], stored[0]);
}

#[test]
fn it_is_read_only_from_the_start() {
    let bench = Bench::new(PROFILE);
    let Some(disk) = SmallDisk::mount(&bench.path("disk")) else {
        return;
    };
    disk.make_read_only();
    let said = bench.kpbench(&["sweep", "p.toml", "--out", "disk/run"]);
    assert_failed(&said, &["Read-only file system", "--out"]);
    assert!(!said.stderr.contains("Starting target"), "{}", said.stderr);
}
