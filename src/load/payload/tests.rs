//! Tests of the pool of payloads.

use super::*;
use crate::protocol::{GENERATED_JSON_BYTES, GENERATED_JSON_FIELDS, WeightedSize};
use std::io::Write;

fn pool(size: Size, content: Content) -> PayloadPool {
    PayloadPool::new(&Payload { size, content }, 1 << 20, 7).unwrap()
}

fn fixed(bytes: u32) -> Size {
    Size::Fixed { bytes }
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let make = |seed| {
        PayloadPool::new(
            &Payload {
                size: fixed(100),
                content: Content::Random,
            },
            1 << 20,
            seed,
        )
        .unwrap()
        .bytes
    };
    assert!(make(1) == make(1));
    assert!(make(1) != make(2));
}

#[test]
fn a_pool_is_larger_than_any_batch_or_codec_window() {
    assert!(pool(fixed(1_000), Content::Json).total_bytes() >= 8_000_000);
    assert!(pool(fixed(100), Content::Json).total_bytes() >= 8_000_000);
}

#[test]
fn every_content_has_exactly_the_size_asked_for() {
    for content in [
        Content::Random,
        Content::Text,
        Content::Json,
        Content::Ratio { ratio: 3.0 },
    ] {
        for bytes in [0, 1, 37, 100, 1_000] {
            let pool = pool(fixed(bytes), content.clone());
            assert!(
                pool.spans
                    .iter()
                    .take(100)
                    .all(|(start, end)| end - start == bytes as usize),
                "{content:?} {bytes}"
            );
        }
    }
}

#[test]
fn json_records_are_json() {
    let pool = pool(fixed(300), Content::Json);
    let value: serde_json::Value = serde_json::from_slice(pool.cursor(0, 1).next_value()).unwrap();
    assert!(value["order_id"].is_u64());
}

#[test]
fn the_smallest_whole_objects_are_as_small_as_profiles_are_told() {
    let whole = |bytes: u32| {
        let pool = pool(fixed(bytes), Content::Json);
        (0..20_000.min(pool.len())).all(|number| {
            let read = serde_json::from_slice::<serde_json::Value>(pool.value(number));
            read.is_ok_and(|value| GENERATED_JSON_FIELDS.iter().all(|field| !value[field].is_null()))
        })
    };
    assert!(whole(GENERATED_JSON_BYTES));
    assert!(!whole(GENERATED_JSON_BYTES - 1), "the longest objects are cut");
}

#[test]
fn sizes_follow_their_distribution() {
    let uniform = pool(
        Size::Uniform {
            min_bytes: 10,
            max_bytes: 20,
        },
        Content::Random,
    );
    let sizes: Vec<_> = uniform.spans.iter().map(|(start, end)| end - start).collect();
    assert!(sizes.contains(&10) && sizes.contains(&20) && sizes.iter().all(|size| (10..=20).contains(size)));
    let choices = vec![
        WeightedSize { bytes: 1, weight: 3.0 },
        WeightedSize { bytes: 9, weight: 1.0 },
    ];
    let choice = pool(Size::Choice { choices }, Content::Random);
    let small = choice.spans.iter().filter(|(start, end)| end - start == 1).count() as f64;
    assert!((small / choice.len() as f64 - 0.75).abs() < 0.01);
}

#[test]
fn a_file_is_cut_by_lines_or_by_size() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"one\r\ntwo\n\nthree").unwrap();
    let by = |split, size| {
        pool(
            fixed(size),
            Content::File {
                path: file.path().to_owned(),
                split,
            },
        )
        .spans
    };
    assert_eq!(by(FileSplit::Lines, 100), [(0, 3), (5, 8), (10, 15)]);
    assert_eq!(by(FileSplit::Size, 5), [(0, 5), (5, 10), (10, 15)]);
}

#[test]
fn a_file_that_is_missing_or_empty_is_an_error_that_names_it() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for path in [empty.path(), Path::new("/nonexistent/records")] {
        let content = Content::File {
            path: path.to_owned(),
            split: FileSplit::Lines,
        };
        let error = PayloadPool::new(
            &Payload {
                size: fixed(1),
                content,
            },
            1,
            1,
        )
        .unwrap_err()
        .to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn where_all_partitions_fill_at_once_the_pool_holds_several_batches_of_each() {
    let payload = Payload {
        size: fixed(1_000),
        content: Content::Random,
    };
    let pool = PayloadPool::for_partitions(&payload, 1 << 20, 6, 7).unwrap();
    assert!((12 << 20..14 << 20).contains(&pool.total_bytes()));
    let many = PayloadPool::for_partitions(&payload, 1 << 20, 100, 7).unwrap();
    assert!(many.total_bytes() <= MAX_PAYLOAD_POOL_BYTES + 1_000);
    let zstd = properties(&[("compression.type", "zstd"), ("batch.num.messages", "1000000")]);
    assert_eq!(pool.notes(&zstd), Vec::<String>::new());
    let told = many.notes(&zstd).concat();
    assert!(
        told.contains("full batches of 100 partitions, which fill at the same time"),
        "{told}"
    );
}

fn properties(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    given.iter().map(owned).collect()
}

#[test]
fn a_batch_that_may_hold_a_record_twice_is_told_where_a_codec_would_find_it() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[b'x'; 50_000]).unwrap();
    let content = Content::File {
        path: file.path().to_owned(),
        split: FileSplit::Size,
    };
    let small = pool(fixed(100), content);
    let told = |given: &[(&str, &str)]| small.notes(&properties(given)).concat();
    let (zstd, none) = (("compression.type", "zstd"), ("compression.type", "none"));
    let note = told(&[zstd]);
    assert!(
        note.contains("come to 50.0 KB only, and a full batch to 1.0 MB"),
        "{note}"
    );
    assert!(note.contains("zstd shrinks"), "{note}");
    assert_eq!(told(&[none]), "");
    for small_batch in [
        ("batch.size", "16384"),
        ("message.max.bytes", "20000"),
        ("batch.num.messages", "200"),
    ] {
        assert_eq!(told(&[zstd, small_batch]), "", "{small_batch:?}");
    }
    // So many tiny records that their number is limited, and batches larger than they come to.
    let large = [
        zstd,
        ("batch.size", "16000000"),
        ("message.max.bytes", "100000000"),
        ("batch.num.messages", "1000000"),
    ];
    let tiny = pool(fixed(10), Content::Random).notes(&properties(&large)).concat();
    assert!(
        tiny.contains("come to 2.6 MB only, and a full batch to 10.0 MB"),
        "{tiny}"
    );
    let usual = pool(fixed(1_000), Content::Json);
    assert_eq!(usual.notes(&properties(&[zstd])), Vec::<String>::new());
}

#[test]
fn a_file_that_is_used_in_part_is_told() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for _ in 0..10 {
        file.write_all(&[b'x'; 1_000_000]).unwrap();
    }
    let content = Content::File {
        path: file.path().to_owned(),
        split: FileSplit::Size,
    };
    let notes = pool(fixed(1_000), content).notes(&BTreeMap::new());
    assert!(
        notes
            .concat()
            .contains("the first 8.4 MB of the payload file's 10.0 MB"),
        "{notes:?}"
    );
}

#[test]
fn a_line_longer_than_the_payloads_size_is_a_record() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[b'x'; 5_000]).unwrap();
    let content = Content::File {
        path: file.path().to_owned(),
        split: FileSplit::Lines,
    };
    assert_eq!(pool(fixed(1), content).largest_bytes(), 5_000);
}

#[test]
fn cursors_start_apart_and_go_round() {
    let pool = PayloadPool {
        bytes: b"abcd".to_vec().into(),
        spans: vec![(0, 1), (1, 2), (2, 3), (3, 4)],
        cut: None,
        partitions: 1,
    };
    let mut second = pool.cursor(1, 2);
    let walked: Vec<_> = (0..5).map(|_| second.next_value()[0]).collect();
    assert_eq!(walked, b"cdabc");
}
