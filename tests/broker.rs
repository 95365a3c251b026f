//! `kpbench broker`: a local Kafka that stays, by name.

use std::collections::BTreeMap;

use kpbench::cli::broker;
use kpbench::target::local::Progress;

#[test]
fn a_named_broker_comes_stays_and_goes() {
    let name = format!("test-{}", std::process::id());
    assert_eq!(broker::status(&name).unwrap().exit_code, 1);

    let up = broker::up(&name, 1, BTreeMap::new(), Progress::default()).unwrap();
    assert!(up.stdout.starts_with("127.0.0.1:"), "{up:?}");
    let status = broker::status(&name).unwrap();
    let again = broker::up(&name, 1, BTreeMap::new(), Progress::default()).unwrap();
    let down = broker::down(&name, &Progress::default()).unwrap();

    assert_eq!((status.exit_code, &status.stdout), (0, &up.stdout));
    assert_eq!(again.stdout, up.stdout);
    assert!(again.stderr.contains("already"), "{again:?}");
    assert_eq!(down.exit_code, 0);
    assert_eq!(broker::status(&name).unwrap().exit_code, 1);
    assert!(
        broker::down(&name, &Progress::default())
            .unwrap()
            .stderr
            .contains("nothing to end")
    );
    let directory = kpbench::target::cache_directory().unwrap().join("broker").join(&name);
    assert!(!directory.exists());
}
