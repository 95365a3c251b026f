//! The pure parts of the comparison with peers: what their summaries mean, and the arithmetic. A benchmark has no tests of
//! its own.

#[allow(dead_code)]
#[path = "../benches/peers/bare.rs"]
mod bare;
#[allow(dead_code)]
#[path = "../benches/peers/combination.rs"]
mod combination;
#[allow(dead_code)]
#[path = "../benches/peers/figures.rs"]
mod figures;
#[allow(dead_code)]
#[path = "../benches/peers/peer.rs"]
mod peer;

mod peer_tests {
    use std::process::Command;

    use kpbench::protocol::ClientKind;

    use crate::peer::*;

    #[test]
    fn the_last_summary_of_rdkafka_performance_counts() {
        let stdout = "% Sending 4000000 messages of size 100 bytes\n\
            % 2195 backpressures for 4000000 produce calls: 0.055% backpressure rate\n\
            % 4000000 messages produced (400000000 bytes), 3999999 delivered (offset 655341, 1 failed) in 1739ms: \
            2299123 msgs/s and 229.91 MB/s, 2195 produce failures, 0 in queue, no compression\n";
        let told = told(Peer::RdkafkaPerformance, stdout).unwrap();
        assert_eq!((told.acknowledged, told.seconds), (3_999_999, 1.739));
        assert!(crate::peer::told(Peer::RdkafkaPerformance, "% Failed").is_err());
    }

    #[test]
    fn the_last_summary_of_the_java_tool_counts() {
        let stdout = "1000001 records sent, 200000.2 records/sec (19.07 MB/sec), 1 ms avg latency, 2 ms max latency.\n\
            2000000 records sent, 400000.000000 records/sec (38.15 MB/sec), 11.20 ms avg latency, 120.00 ms max latency, \
            9 ms 50th, 20 ms 95th, 40 ms 99th, 60 ms 99.9th.\n";
        let told = told(Peer::ProducerPerformance, stdout).unwrap();
        assert_eq!((told.acknowledged, told.seconds), (2_000_000, 5.0));
    }

    #[test]
    fn a_trial_that_failed_says_why() {
        let error = told(
            Peer::Kpbench(ClientKind::RustBase),
            "{\"event\":\"failed\",\"cause\":\"no broker\"}\n",
        );
        assert!(error.unwrap_err().to_string().contains("no broker"));
    }

    #[test]
    fn words_with_blanks_or_stars_are_quoted() {
        let mut command = Command::new("java");
        command.args(["-cp", "/a/*", "x=1"]);
        assert_eq!(
            shown(&command, "{\"a\": 1}\n"),
            r#"(echo '{"a": 1}'; cat) | java -cp '/a/*' x=1"#
        );
    }
}

mod combination_tests {
    use crate::combination::*;

    #[test]
    fn there_are_eight_and_each_can_be_picked() {
        let all = Combination::all();
        assert_eq!(all.len(), 8);
        let picked = |filters: &[&str]| {
            let filters: Vec<String> = filters.iter().map(|&filter| filter.to_owned()).collect();
            all.iter().filter(|one| one.matches(&filters)).count()
        };
        assert_eq!(picked(&[]), 8);
        assert_eq!(picked(&["acks=1"]), 4);
        assert_eq!(picked(&["record=100 acks=all batch.size=16384"]), 1);
        assert_eq!(picked(&["record=100", "record=1000 acks=1"]), 6);
        // No word is taken for the beginning of a longer one.
        assert_eq!(picked(&["record=10"]), 0);
    }

    #[test]
    fn the_java_client_has_room_for_as_many_records() {
        let buffers: Vec<u64> = Combination::all().iter().map(Combination::buffer_memory).collect();
        assert_eq!((buffers[0], buffers[7]), (33_554_432, 100_000_000));
    }
}

mod figures_tests {
    use crate::figures::*;

    fn interval_of(n: u32) -> Option<(f64, f64)> {
        let values: Vec<f64> = (1..=n).map(f64::from).collect();
        Figure::of(&values).and_then(|figure| figure.interval)
    }

    #[test]
    fn intervals_agree_with_the_tables() {
        // Conover, table A3, p = 1/2; also R: qbinom(0.025, n, 0.5).
        assert_eq!(interval_of(5), None);
        assert_eq!(interval_of(6), Some((1.0, 6.0)));
        assert_eq!(interval_of(8), Some((1.0, 8.0)));
        assert_eq!(interval_of(9), Some((2.0, 8.0)));
        assert_eq!(interval_of(10), Some((2.0, 9.0)));
        assert_eq!(interval_of(15), Some((4.0, 12.0)));
        assert_eq!(interval_of(20), Some((6.0, 15.0)));
    }

    #[test]
    fn ratios_are_made_within_a_round() {
        let figure = Figure::of_ratios(
            &[Some(2.0), Some(9.0), None, Some(4.0)],
            &[Some(1.0), None, Some(3.0), Some(8.0)],
        )
        .unwrap();
        assert_eq!(
            (figure.rounds, figure.min, figure.max, figure.median),
            (2, 0.5, 2.0, 1.25)
        );
        assert_eq!(figure.interval, None);
        assert_eq!(Figure::of_ratios(&[None], &[Some(1.0)]), None);
    }
}

mod bare_tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use crate::bare::*;
    use crate::combination::Combination;

    #[test]
    fn the_checksum_is_the_one_of_rfc_3720() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
    }

    #[test]
    fn varints_are_zigzag() {
        let varint = |value| {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            bytes
        };
        assert_eq!(varint(-1), [1]);
        assert_eq!(varint(63), [126]);
        assert_eq!(varint(64), [128, 1]);
        assert_eq!(varint(1_000), [208, 15]);
    }

    #[test]
    fn a_batch_is_as_full_as_batch_size_allows() {
        let combination = Combination {
            record_size: 1_000,
            acks: kpbench::protocol::Acks::Leader,
            batch_size: 16_384,
        };
        let (bytes, records) = batch(combination, &mut StdRng::seed_from_u64(1));
        assert_eq!(records, 16);
        assert!(bytes.len() <= 16_384 && bytes.len() + 1_007 > 16_384, "{}", bytes.len());
        assert_eq!(
            i32::from_be_bytes(bytes[8..12].try_into().unwrap()) as usize,
            bytes.len() - 12
        );
    }
}
