//! Whose time a record carries: the application's at its send call, or the client's when it took the record.

use kpbench::protocol::{Arrival, ClientKind, Key, KeyForm, Records, Timestamps};

use crate::read_back::{Read, run, spec};
use crate::support::Broker;

/// How long the client keeps the records that fill its queue, in ms.
const LINGER_MS: i64 = 200;
/// Records of each of the two bursts; they enter their send call together.
const BURST: usize = 200;

/// Create times in ms, in the order of sending, of two bursts that each are longer than the client's queue: what did not
/// find room waits in its send call until the linger of those before it is over.
fn two_bursts(broker: &Broker, client: ClientKind, timestamps: Timestamps) -> Vec<i64> {
    let records = Records {
        key: Key::Sequential { form: KeyForm::Text },
        timestamps,
        ..Records::default()
    };
    let mut spec = spec(broker, 3, records);
    spec.workload.client = client;
    spec.workload.arrival = Arrival::Bursts {
        records: BURST as u64,
        every_us: 100_000,
    };
    let properties = [
        ("queue.buffering.max.messages", "70".to_owned()),
        ("linger.ms", LINGER_MS.to_string()),
    ];
    let owned = properties.map(|(name, value)| (name.to_owned(), value));
    spec.properties.extend(owned);
    let (result, mut read) = run(broker, &spec);
    assert!(
        result.window.back_pressure_waits > 0,
        "{client}: the queue was never full"
    );
    let number = |record: &Read| -> usize {
        let key = record.key.clone().unwrap();
        String::from_utf8(key).unwrap().parse().unwrap()
    };
    read.sort_by_key(number);
    read.iter().map(|record| record.created_ms).collect()
}

/// From the first to the last of these times, in ms.
fn span(created_ms: &[i64]) -> i64 {
    created_ms.iter().max().unwrap() - created_ms.iter().min().unwrap()
}

#[test]
fn the_send_calls_time_is_that_of_its_entry_and_the_clients_own_is_that_of_taking_the_record() {
    let broker = Broker::shared();
    for &client in ClientKind::ALL {
        let given = two_bursts(&broker, client, Timestamps::SendCall);
        let (first, second) = given.split_at(BURST);
        assert_eq!((span(first), span(second)), (0, 0), "{client}: one entry, one time");
        // The second call begins when the first is through, which waited for the queue twice.
        assert!(
            second[0] - first[0] >= LINGER_MS,
            "{client}: {} and {}",
            first[0],
            second[0]
        );

        let taken = two_bursts(&broker, client, Timestamps::Client);
        for burst in taken.chunks(BURST) {
            assert!(span(burst) >= LINGER_MS, "{client}: only {} ms", span(burst));
        }
    }
}
