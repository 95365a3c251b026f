//! `scripts/test` on machines that lack something: it says what, before anything is built.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A machine of programs that only pretend, and of the few real ones that the script is made of.
struct Machine {
    programs: TempDir,
}

impl Machine {
    fn new() -> Machine {
        let machine = Machine {
            programs: tempfile::tempdir().unwrap(),
        };
        for real in ["bash", "dirname", "sed", "head", "sort", "grep", "rm"] {
            let path = ["/usr/bin", "/bin"].map(|directory| Path::new(directory).join(real));
            let found = path.iter().find(|path| path.is_file()).unwrap();
            symlink(found, machine.programs.path().join(real)).unwrap();
        }
        for pretended in [
            "cc",
            "g++",
            "make",
            "cmake",
            "perl",
            "keytool",
            "javac",
            "mvn",
            "redis-server",
            "chromium",
            "chromedriver",
        ] {
            machine.program(pretended, "exit 0");
        }
        machine.program("id", "echo 1000");
        machine.java("java", "21.0.1");
        machine.program("rustc", "echo 'rustc 1.95.0 (1234 2026-01-01)'");
        machine.program("cargo", "echo \"cargo $*\"");
        machine
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.programs.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn java(&self, name: &str, version: &str) {
        self.program(name, &format!("echo 'openjdk version \"{version}\" 2020-01-01' >&2"));
    }

    fn without(&self, name: &str) {
        fs::remove_file(self.programs.path().join(name)).unwrap();
    }

    fn run(&self, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(self.programs.path().join("bash"));
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/test"))
            .env_clear()
            .env("PATH", self.programs.path());
        command.envs(variables.iter().copied()).output().unwrap()
    }

    /// What it says where it ends before anything is built.
    fn refused(&self) -> String {
        let output = self.run(&[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "",
            "nothing was begun: {said}"
        );
        said
    }
}

#[test]
fn with_everything_there_formatting_lints_and_tests_are_run() {
    let output = Machine::new().run(&[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for step in ["cargo fmt --check", "cargo clippy --locked", "cargo test --locked"] {
        assert!(said.contains(step), "{step}: {said}");
    }
}

#[test]
fn a_java_that_is_too_old_is_missing() {
    for version in ["11.0.2", "1.8.0_352"] {
        let machine = Machine::new();
        machine.java("java", version);
        assert!(
            machine.refused().contains("missing: openjdk-17-jre-headless"),
            "{version}"
        );
        // As kpbench does, the one of JAVA_HOME is taken where that is set.
        machine.java("jdk/bin/java", "17");
        let home = machine.programs.path().join("jdk");
        assert!(machine.run(&[("JAVA_HOME", home.to_str().unwrap())]).status.success());
    }
}

#[test]
fn what_is_missing_of_rust_is_named() {
    let machine = Machine::new();
    machine.program("rustc", "echo 'rustc 1.9.0 (1234 2016-01-01)'");
    let said = machine.refused();
    assert!(said.contains("Rust 1.9.0 is too old; 1.95 or later"), "{said}");

    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let machine = Machine::new();
        machine.program(
            "cargo",
            &format!("[ \"$1\" != {subcommand} ] || exit 1\necho \"cargo $*\""),
        );
        let said = machine.refused();
        assert!(said.contains(&format!("rustup component add {component}")), "{said}");
    }
    let machine = Machine::new();
    machine.without("cargo");
    assert!(machine.refused().contains("missing: cargo"));
}

#[test]
fn packages_that_are_missing_are_listed_once() {
    let machine = Machine::new();
    machine.without("java");
    machine.without("keytool");
    machine.without("cmake");
    let said = machine.refused();
    assert!(said.contains("missing: cmake openjdk-17-jre-headless\n"), "{said}");
}
