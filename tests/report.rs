//! What is made of stored runs.
mod synthetic;
use kpbench::report::{summarize, terminal};
use synthetic::Run;
#[test]
fn show() {
    let run = Run::grid(
        &[
            ("batch.size", &["16384", "131072", "1000000"]),
            ("linger.ms", &["0", "5", "50"]),
            ("compression.type", &["none", "zstd"]),
        ],
        3,
    );
    let summary = summarize(&run.manifest, &run.trials);
    for width in [60, 80, 120, 200] {
        println!(
            "{}",
            terminal::render(
                &summary,
                &terminal::Style {
                    width,
                    rows: 5,
                    ..Default::default()
                }
            )
        );
    }
}
