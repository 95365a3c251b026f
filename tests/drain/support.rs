//! A scripted twin of a client that remembers every record it was offered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use kpbench::client::{ClientError, Enqueued, Outgoing, Producer, ProducerSettings, Room, StatisticsEvent, Verdict};
use kpbench::load::{LoadError, StopFlag, run_trial_with};
use kpbench::measure::{AckRecorder, Failure, Hub};
use kpbench::protocol::{
    Acks, Arrival, ClientKind, Content, CouponKey, DrainOrder, DrainResult, Interval, METADATA_TIMEOUT_MS,
    PROTOCOL_VERSION, Payload, PersistenceStatus, Records, ScheduledDrain, SendMode, Size, TrialEvent, TrialResult,
    TrialSpec, UserPattern, WaitingQueues, Workload,
};

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Acknowledged,
    Failed,
    /// The send call itself refuses it.
    Refused,
    /// No verdict ever.
    Silent,
}

/// A record as the client was given it, with its fate.
#[derive(Clone, Debug)]
pub struct Offered {
    pub user: String,
    pub coupon: String,
    pub key: Option<String>,
    pub headers: Vec<(String, String)>,
    /// Arrival of the user, in µs since the trial's start.
    pub arrived_us: u64,
    pub offered_us: u64,
    pub fate: Fate,
}

/// Decides on the fate of the n-th record, from 1.
pub type Script = fn(n: u64) -> Fate;

struct Twin {
    script: Script,
    /// The record at which somebody stops the trial, from 1; 0: nobody does.
    stop_at: u64,
    stop: StopFlag,
    offered: Arc<Mutex<Vec<Offered>>>,
    room: Room,
    hub: Mutex<Option<(Arc<Hub>, AckRecorder)>>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

impl Twin {
    fn take(&self, record: &Outgoing<'_>) -> Fate {
        let mut offered = self.offered.lock().unwrap();
        let number = offered.len() as u64 + 1;
        let fate = (self.script)(number);
        if number == self.stop_at {
            self.stop.store(true, Ordering::Relaxed);
        }
        let value: serde_json::Value = serde_json::from_slice(record.value.unwrap()).unwrap();
        offered.push(Offered {
            user: value["userId"].as_str().unwrap().to_owned(),
            coupon: value["couponId"].as_str().unwrap().to_owned(),
            key: record.key.map(text),
            headers: record
                .headers
                .unwrap()
                .iter()
                .map(|(name, value)| (name.to_str().unwrap().to_owned(), text(value.unwrap())))
                .collect(),
            arrived_us: record.tag.intended_us(),
            offered_us: record.tag.entry_us(),
            fate,
        });
        fate
    }
}

fn failure() -> Failure {
    Failure {
        error: "NOT_ENOUGH_REPLICAS".to_owned(),
        persistence: PersistenceStatus::NotPersisted,
    }
}

impl Producer for Twin {
    fn start(&self, hub: &Arc<Hub>, _statistics: Sender<StatisticsEvent>) {
        *self.hub.lock().unwrap() = Some((Arc::clone(hub), hub.ack_recorder()));
    }

    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued {
        let mut refused = Vec::new();
        let mut hub = self.hub.lock().unwrap();
        let recorder = &mut hub.as_mut().unwrap().1;
        recorder.begin_batch();
        for (place, record) in records.iter().enumerate() {
            match self.take(record) {
                Fate::Acknowledged => recorder.acknowledged(record.tag, record.bytes()),
                Fate::Failed => recorder.failed(failure()),
                Fate::Refused => refused.push((place, failure())),
                Fate::Silent => {}
            }
        }
        recorder.end_batch();
        Enqueued {
            done: records.len(),
            refused,
        }
    }

    fn send_and_wait(&self, _thread: usize, record: Outgoing<'_>, deadline: Instant) -> Verdict {
        match self.take(&record) {
            Fate::Acknowledged => Verdict::Acknowledged {
                at_us: self.hub.lock().unwrap().as_ref().unwrap().0.clock.now_us(),
            },
            Fate::Failed => Verdict::Failed(failure()),
            Fate::Refused => Verdict::Refused(failure()),
            Fate::Silent => {
                std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
                Verdict::Undecided
            }
        }
    }

    fn room(&self) -> &Room {
        &self.room
    }
    fn effective_properties(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
    fn reported_errors(&self) -> Vec<String> {
        Vec::new()
    }
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// 1,000 users/s for 1.2 s to two coupons, and a run every 200 ms that can take all of them.
pub fn drain() -> ScheduledDrain {
    ScheduledDrain {
        users_per_s: 1_000.0,
        users_pattern: UserPattern::Constant,
        coupons: 2,
        every_us: 200_000,
        batch_size: 1_000,
        order: DrainOrder::SendThenRemove,
        queue: WaitingQueues::Memory,
        key: CouponKey::UserId,
        type_id: None,
    }
}

pub fn spec(send_mode: SendMode, drain: ScheduledDrain) -> TrialSpec {
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic: "t".to_owned(),
        partitions: 1,
        properties: BTreeMap::new(),
        acks: Acks::All,
        workload: Workload {
            send_mode,
            send_concurrency: 1,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival: Arrival::ScheduledDrain(drain),
            payload: Payload {
                size: Size::Fixed { bytes: 99 },
                content: Content::Json,
            },
            records: Records::default(),
            serialization: None,
        },
        registry: Default::default(),
        max_block_ms: 100,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 200,
        measure_ms: 1_000,
        drain_timeout_ms: 20_000,
        interval_ms: 250,
        statistics_interval_ms: 0,
        seed: 1,
        record_latencies: true,
    }
}

/// Users who arrive in a trial of [`spec`], and of them those in its window.
pub const USERS: u64 = 1_200;
pub const USERS_OF_WINDOW: u64 = 1_000;

/// A trial that came to its end.
pub struct Ran {
    pub result: TrialResult,
    pub drain: DrainResult,
    pub intervals: Vec<Interval>,
    pub offered: Vec<Offered>,
}

impl Ran {
    /// Asserts that no user is missing from the account, and that it agrees with what the client was offered.
    pub fn assert_account(&self, what: &str) {
        let drain = &self.drain;
        let sent: BTreeSet<u64> = self.offered.iter().map(|one| one.arrived_us).collect();
        assert_eq!(drain.sent, sent.len() as u64, "{what}");
        assert_eq!(
            drain.arrived,
            drain.sent + drain.removed_never_sent + drain.waiting_never_sent,
            "{what}: {drain:?}"
        );
        assert_eq!(drain.arrived, drain.removed + drain.waiting_at_end, "{what}: {drain:?}");
        let counts = &self.result.counts;
        assert_eq!(counts.attempted, drain.arrived + drain.sent_again, "{what}: {counts:?}");
        let decided = counts.acknowledged + counts.failed + counts.undecided;
        assert_eq!(counts.attempted, decided, "{what}: {counts:?}");
        let told: u64 = self
            .intervals
            .iter()
            .map(|one| one.drain.as_ref().unwrap().arrived)
            .sum();
        assert_eq!(told, drain.arrived, "{what}: by intervals");
    }

    /// Users for whom some record was acknowledged.
    pub fn acknowledged(&self) -> BTreeSet<u64> {
        let acknowledged = self.offered.iter().filter(|one| one.fate == Fate::Acknowledged);
        acknowledged.map(|one| one.arrived_us).collect()
    }
}

/// Runs a trial whose records have the fates of the script.
pub fn try_run(spec: &TrialSpec, script: Script) -> Result<Ran, LoadError> {
    stopped_at(spec, script, 0)
}

/// The same, stopped by somebody while the record of this number is sent, from 1.
pub fn stopped_at(spec: &TrialSpec, script: Script, stop_at: u64) -> Result<Ran, LoadError> {
    let stop = StopFlag::default();
    let offered: Arc<Mutex<Vec<Offered>>> = Arc::default();
    let connect = |_: ClientKind, _: &ProducerSettings| -> Result<Arc<dyn Producer>, ClientError> {
        Ok(Arc::new(Twin {
            script,
            stop_at,
            stop: Arc::clone(&stop),
            offered: Arc::clone(&offered),
            room: Room::new(None, 100_000),
            hub: Mutex::default(),
        }))
    };
    let mut events = Vec::new();
    run_trial_with(spec, &stop, &connect, &mut |event| events.push(event))?;
    let Some(TrialEvent::Result(result)) = events.pop() else {
        panic!("the last event is no result")
    };
    let intervals = events.into_iter().filter_map(|event| match event {
        TrialEvent::Interval(interval) => Some(*interval),
        _ => None,
    });
    let offered = std::mem::take(&mut *offered.lock().unwrap());
    Ok(Ran {
        drain: result.drain.clone().expect("a drain's result has its figures"),
        result: *result,
        intervals: intervals.collect(),
        offered,
    })
}

pub fn run(spec: &TrialSpec, script: Script) -> Ran {
    try_run(spec, script).unwrap()
}
