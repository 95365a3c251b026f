//! The Java client's own partitioner, asked.

use std::io::Write;
use std::process::{Command, Stdio};

use kpbench::target::local::{jars, java};

/// The partition that the Java client's own code gives each key.
pub fn partitions_of(keys: &[Vec<u8>], partitions: u32) -> Vec<i32> {
    let kafka = match jars::kafka_home() {
        Some(home) => jars::from_kafka_home(&home).unwrap(),
        None => jars::cached().unwrap().expect("a broker was started from them"),
    };
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/records/PartitionOf.java");
    let mut child = Command::new(java::find().unwrap().program)
        .arg("-cp")
        .arg(kafka.class_path().unwrap())
        .args([source, &partitions.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let hex = |key: &Vec<u8>| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let lines: String = keys.iter().map(|key| hex(key) + "\n").collect();
    let mut stdin = child.stdin.take().unwrap();
    // It prints at its end only: nothing waits for the other side here.
    stdin.write_all(lines.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it needs a JDK, not only a JRE: {said}");
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<i32> = answers.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(answers.len(), keys.len());
    answers
}
