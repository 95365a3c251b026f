//! `gate` through the binary: finished runs that never took place against stored sessions, and what bad input gives.

mod input;
mod not_valid;
mod output;
#[path = "../synthetic/mod.rs"]
mod synthetic;
mod verdicts;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use kpbench::store::RunDirectory;
use serde_json::Value;
use synthetic::Run;
use tempfile::TempDir;

/// By how much the throughput of stored sessions differs from their common level.
const SESSIONS: [f64; 6] = [1.0, 1.01, 0.99, 1.005, 0.995, 1.0];

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    /// With a baseline `main` of so many sessions.
    fn with_sessions(count: usize) -> Place {
        let place = Place::new();
        for (day, level) in (1..).zip(&SESSIONS[..count]) {
            let run = place.store(&format!("session-{day}"), &at(run(10), *level, 1.0), day);
            assert_eq!(code(&place.kpbench(&["baseline", "save", "main", &run])), 0);
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self, name: &str, run: &Run, day: u32) -> String {
        let mut run = run.clone();
        run.manifest.created_at = format!("2026-03-{day:02}T12:00:00Z").parse().unwrap();
        let mut stored = RunDirectory::create(&self.path(name), &run.manifest).unwrap();
        run.trials.iter().for_each(|trial| stored.append(trial).unwrap());
        self.path(name).display().to_string()
    }

    fn kpbench(&self, arguments: &[&str]) -> Output {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
            .args(arguments)
            .env("KPBENCH_DATA_DIR", self.path("data"))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        eprintln!("{}\n{}", stdout(&output), stderr(&output));
        output
    }

    /// Judges a run of today against the baseline `main`.
    fn gate(&self, run: &Run, flags: &[&str]) -> Output {
        let name = format!("today-{}", fs::read_dir(self.0.path()).unwrap().count());
        let run = self.store(&name, run, 28);
        self.kpbench(&[&["gate", "--baseline", "main", &run], flags].concat())
    }
}

fn run(blocks: u32) -> Run {
    Run::of(&[vec![]], blocks)
}

/// The run with its throughput and its CPU time per record multiplied.
fn at(run: Run, throughput: f64, cpu: f64) -> Run {
    run.each_trial(|trial| {
        let Some(result) = &mut trial.result else { return };
        let scale = |count: &mut u64, factor: f64| *count = (*count as f64 * factor) as u64;
        for count in [&mut result.window.acknowledged, &mut result.window.acknowledged_bytes] {
            scale(count, throughput);
        }
        scale(&mut result.client_cpu.user_us, throughput * cpu);
        scale(&mut result.client_cpu.system_us, throughput * cpu);
    })
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What is said, whatever the terminal's width.
fn said(output: &Output) -> String {
    (stdout(output) + &stderr(output))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

const THROUGHPUT_ONLY: [&str; 6] = [
    "--threshold",
    "latency_p99_us=900%",
    "--threshold",
    "client_cpu_us_per_record=900%",
    "--threshold",
    "wire_bytes_per_record=900%",
];

/// A base and a candidate of ten blocks, measured interleaved; the candidate's throughput is lower by `loss`.
fn twins(loss: f64) -> Run {
    let mut run = Run::of(&[vec![("variant", "base")], vec![("variant", "candidate")]], 10);
    for one in &mut run.manifest.configurations {
        one.properties.clear();
        one.effective_properties.remove("variant");
        one.label = one.axes[0].value.clone();
    }
    let candidate = run.manifest.configurations[1].id.clone();
    run.each_trial(move |trial| {
        let result = trial.result.as_mut().unwrap();
        if trial.planned.configuration_id == candidate {
            result.window.acknowledged = (result.window.acknowledged as f64 * (1.0 - loss)) as u64;
        }
    })
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap()
}
