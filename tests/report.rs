//! What is made of stored runs.
mod synthetic;
use kpbench::report;
use kpbench::store::RunDirectory;
use synthetic::Run;
#[test]
fn show() {
    for (name, run) in [
        (
            "grid",
            Run::grid(
                &[
                    ("batch.size", &["16384", "131072", "1000000"]),
                    ("linger.ms", &["0", "5", "50"]),
                    ("compression.type", &["none", "zstd", "lz4"]),
                ],
                3,
            )
            .fail(4, "Broker: Connection refused"),
        ),
        (
            "ofat",
            Run::of(
                &[
                    vec![],
                    vec![("batch.size", "16384")],
                    vec![("linger.ms", "50")],
                    vec![("compression.type", "gzip")],
                    vec![("compression.type", "snappy")],
                    vec![("compression.type", "lz4")],
                    vec![("compression.type", "zstd")],
                    vec![("acks", "0")],
                    vec![("acks", "1")],
                    vec![("send.mode", "sync")],
                    vec![("send.mode", "fire-and-forget")],
                ],
                3,
            ),
        ),
        (
            "paced",
            Run::grid(
                &[
                    ("rate", &["10000", "50000", "100000"]),
                    ("linger.ms", &["0", "5", "50"]),
                ],
                1,
            ),
        ),
    ] {
        let dir = std::path::PathBuf::from(format!("/tmp/report-look/{name}"));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.parent().unwrap()).unwrap();
        let mut store = RunDirectory::create(&dir, &run.manifest).unwrap();
        for t in &run.trials {
            store.append(t).unwrap();
        }
        drop(store);
        let w = report::write(&dir).unwrap();
        println!("{:?}", w.files.len());
    }
}
