//! librdkafka's own statistics: what adds up is added up, what does not is kept per broker and period.
//!
//! Meaning of the fields: `STATISTICS.md` of librdkafka. Counters such as `tx_bytes` are cumulative; windows such as
//! `int_latency` and `batchsize` start anew at each emission, so only their counts and sums add up.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::Timeline;
use crate::protocol::{BrokerWindow, ClientInterval, ClientStatistics};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Emission {
    msg_cnt: u64,
    msg_size: u64,
    tx_bytes: u64,
    txmsg_bytes: u64,
    brokers: HashMap<String, Broker>,
    topics: HashMap<String, Topic>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Broker {
    nodeid: i32,
    txerrs: u64,
    txretries: u64,
    req_timeouts: u64,
    wakeups: u64,
    connects: u64,
    int_latency: Window,
    outbuf_latency: Window,
    rtt: Window,
    throttle: Window,
    req: BTreeMap<String, u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Topic {
    batchsize: Window,
    batchcnt: Window,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[serde(from = "SignedWindow")]
struct Window {
    max: u64,
    sum: u64,
    cnt: u64,
    p50: u64,
    p99: u64,
}

/// A window as told. Without a delivery timeout librdkafka's `int_latency` comes out negative: such a window is left
/// out, not the whole document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignedWindow {
    max: i64,
    sum: i64,
    cnt: i64,
    p50: i64,
    p99: i64,
}

impl From<SignedWindow> for Window {
    fn from(told: SignedWindow) -> Self {
        let fields = [told.max, told.sum, told.cnt, told.p50, told.p99].map(u64::try_from);
        match fields {
            [Ok(max), Ok(sum), Ok(cnt), Ok(p50), Ok(p99)] => Self {
                max,
                sum,
                cnt,
                p50,
                p99,
            },
            _ => Self::default(),
        }
    }
}

#[derive(Debug, Default)]
struct WakeUps {
    first: Option<(u64, u64)>,
    last: (u64, u64),
}

/// The last emission's cumulative counters of one producer.
#[derive(Debug, Default)]
struct Cumulative {
    tx_bytes: u64,
    txmsg_bytes: u64,
    brokers: HashMap<String, Broker>,
}

/// Adds up the statistics of all producers of a trial.
#[derive(Debug, Default)]
pub struct StatisticsAccumulator {
    seen: bool,
    sums: ClientStatistics,
    producers: HashMap<usize, Cumulative>,
    wakeups: HashMap<(usize, String), WakeUps>,
    gauges: HashMap<usize, (u64, u64)>,
    intervals: BTreeMap<u64, BTreeMap<i32, BrokerWindow>>,
    clients: BTreeMap<u64, ClientInterval>,
    /// The first interval whose growth nobody has taken yet.
    next: u64,
}

impl StatisticsAccumulator {
    /// One emission of one producer, at `at_us` of the trial's clock. Text that is no statistics document is an error.
    ///
    /// # Errors
    /// Where the text is not JSON of the known shape.
    pub fn absorb(
        &mut self,
        producer: usize,
        at_us: u64,
        json: &str,
        timeline: &Timeline,
    ) -> Result<(), serde_json::Error> {
        let emission: Emission = serde_json::from_str(json)?;
        self.seen = true;
        self.gauges.insert(producer, (emission.msg_cnt, emission.msg_size));
        let (records, bytes) = self.queue();
        self.sums.queue_records_max = self.sums.queue_records_max.max(records);
        self.sums.queue_bytes_max = self.sums.queue_bytes_max.max(bytes);
        for topic in emission.topics.values() {
            self.sums.batches += topic.batchcnt.cnt;
            self.sums.batch_records += topic.batchcnt.sum;
            self.sums.batch_bytes += topic.batchsize.sum;
        }
        for (name, broker) in &emission.brokers {
            self.add_windows(at_us, broker, timeline);
            if broker.nodeid >= 0 && timeline.in_window(at_us) {
                let wakeups = self.wakeups.entry((producer, name.clone())).or_default();
                wakeups.first.get_or_insert((at_us, broker.wakeups));
                wakeups.last = (at_us, broker.wakeups);
            }
        }
        self.add_growth(producer, at_us, &emission, timeline);
        let cumulative = self.producers.entry(producer).or_default();
        cumulative.tx_bytes = emission.tx_bytes;
        cumulative.txmsg_bytes = emission.txmsg_bytes;
        cumulative.brokers = emission.brokers;
        Ok(())
    }

    /// What the counters have grown by since the producer's emission before.
    fn add_growth(&mut self, producer: usize, at_us: u64, emission: &Emission, timeline: &Timeline) {
        let nothing = Cumulative::default();
        let before = self.producers.get(&producer).unwrap_or(&nothing);
        // The period ends now; where its interval is told already, the next one holds it, so that all of them add up.
        let interval = timeline.index(at_us.saturating_sub(1)).max(self.next);
        let growth = self.clients.entry(interval).or_default();
        growth.wire_bytes += emission.tx_bytes.saturating_sub(before.tx_bytes);
        growth.record_bytes += emission.txmsg_bytes.saturating_sub(before.txmsg_bytes);
        for topic in emission.topics.values() {
            growth.batches += topic.batchcnt.cnt;
            growth.batch_records += topic.batchcnt.sum;
            growth.batch_bytes += topic.batchsize.sum;
        }
        let new = Broker::default();
        for (name, broker) in &emission.brokers {
            let before = before.brokers.get(name).unwrap_or(&new);
            let all = |broker: &Broker| broker.req.values().sum::<u64>();
            let produce = |broker: &Broker| broker.req.get("Produce").copied().unwrap_or(0);
            growth.requests += all(broker).saturating_sub(all(before));
            growth.produce_requests += produce(broker).saturating_sub(produce(before));
            growth.retries += broker.txretries.saturating_sub(before.txretries);
            if broker.nodeid >= 0 {
                growth.wakeups += broker.wakeups.saturating_sub(before.wakeups);
            }
        }
    }

    fn add_windows(&mut self, at_us: u64, broker: &Broker, timeline: &Timeline) {
        let sums = &mut self.sums;
        sums.queue_count += broker.int_latency.cnt;
        sums.queue_sum_us += broker.int_latency.sum;
        sums.socket_count += broker.outbuf_latency.cnt;
        sums.socket_sum_us += broker.outbuf_latency.sum;
        sums.broker_count += broker.rtt.cnt;
        sums.broker_sum_us += broker.rtt.sum;
        sums.throttle_max_ms = sums.throttle_max_ms.max(broker.throttle.max);
        // Entries with a negative node id are addresses from bootstrap.servers, or logical connections.
        if broker.nodeid < 0 {
            return;
        }
        // The period ends now: it belongs to the interval that holds its last moment.
        let windows = self
            .intervals
            .entry(timeline.index(at_us.saturating_sub(1)))
            .or_default();
        let window = windows.entry(broker.nodeid).or_default();
        window.broker = broker.nodeid;
        window.at_s = timeline.seconds_from_window(at_us);
        window.queue_count += broker.int_latency.cnt;
        window.queue_sum_us += broker.int_latency.sum;
        window.socket_count += broker.outbuf_latency.cnt;
        window.socket_sum_us += broker.outbuf_latency.sum;
        window.broker_count += broker.rtt.cnt;
        window.broker_sum_us += broker.rtt.sum;
        if broker.int_latency.cnt > 0 {
            (window.queue_p50_us, window.queue_p99_us) = (broker.int_latency.p50, broker.int_latency.p99);
        }
        if broker.outbuf_latency.cnt > 0 {
            (window.socket_p50_us, window.socket_p99_us) = (broker.outbuf_latency.p50, broker.outbuf_latency.p99);
        }
        if broker.rtt.cnt > 0 {
            (window.broker_p50_us, window.broker_p99_us) = (broker.rtt.p50, broker.rtt.p99);
        }
        window.throttle_max_ms = window.throttle_max_ms.max(broker.throttle.max);
    }

    /// Records and bytes in the queues and in flight, at the last emission of each producer.
    pub fn queue(&self) -> (u64, u64) {
        self.gauges
            .values()
            .fold((0, 0), |(records, bytes), gauge| (records + gauge.0, bytes + gauge.1))
    }

    /// Takes the broker windows of one interval.
    pub fn take_interval(&mut self, interval: u64) -> Vec<BrokerWindow> {
        self.intervals
            .remove(&interval)
            .map(|windows| windows.into_values().collect())
            .unwrap_or_default()
    }

    /// Takes the growth of the client's counters in one interval; none where the client told nothing in it.
    pub fn take_client(&mut self, interval: u64) -> Option<ClientInterval> {
        self.next = interval + 1;
        self.clients.remove(&interval)
    }

    /// No interval comes after `last`: it holds what the client told later, too.
    pub fn end_with(&mut self, last: u64) {
        for (_, late) in self.clients.split_off(&(last + 1)) {
            let sum = self.clients.entry(last).or_default();
            sum.wire_bytes += late.wire_bytes;
            sum.batches += late.batches;
            sum.batch_records += late.batch_records;
            sum.batch_bytes += late.batch_bytes;
            sum.record_bytes += late.record_bytes;
            sum.produce_requests += late.produce_requests;
            sum.requests += late.requests;
            sum.retries += late.retries;
            sum.wakeups += late.wakeups;
        }
    }

    /// The totals; none where nothing was ever emitted.
    pub fn totals(&self) -> Option<ClientStatistics> {
        if !self.seen {
            return None;
        }
        let mut totals = self.sums.clone();
        for cumulative in self.producers.values() {
            totals.wire_bytes += cumulative.tx_bytes;
            totals.record_bytes += cumulative.txmsg_bytes;
            for broker in cumulative.brokers.values() {
                totals.retries += broker.txretries;
                totals.request_errors += broker.txerrs;
                totals.request_timeouts += broker.req_timeouts;
                totals.connects += broker.connects;
                for (kind, count) in broker.req.iter().filter(|(_, count)| **count > 0) {
                    *totals.requests.entry(kind.clone()).or_default() += count;
                }
            }
        }
        totals.wakeups_per_s_max = self.wakeups.values().filter_map(WakeUps::per_s).fold(0.0, f64::max);
        Some(totals)
    }
}

impl WakeUps {
    fn per_s(&self) -> Option<f64> {
        let (first_us, first) = self.first?;
        let (last_us, last) = self.last;
        (last_us > first_us).then(|| last.saturating_sub(first) as f64 * 1e6 / (last_us - first_us) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emission(tx_bytes: u64, wakeups: u64) -> String {
        format!(
            r#"{{"name":"x","msg_cnt":3,"msg_size":300,"tx_bytes":{tx_bytes},"txmsg_bytes":900,
            "brokers":{{"b/1":{{"nodeid":1,"txretries":2,"wakeups":{wakeups},"int_latency":{{"sum":50,"cnt":5,"p50":9,"p99":20}},
              "rtt":{{"sum":10,"cnt":2,"p50":5,"p99":6}},"throttle":{{"max":7}},"req":{{"Produce":4,"Fetch":0}}}},
              "boot":{{"nodeid":-1,"wakeups":99999999,"int_latency":{{"sum":0,"cnt":0}}}}}},
            "topics":{{"t":{{"batchsize":{{"sum":600,"cnt":2}},"batchcnt":{{"sum":10,"cnt":2}}}}}}}}"#
        )
    }

    #[test]
    fn counters_are_taken_from_the_last_emission_and_windows_are_added_up() {
        let timeline = Timeline::new(0, 10_000, 1_000);
        let mut statistics = StatisticsAccumulator::default();
        statistics.absorb(0, 1_000_000, &emission(100, 0), &timeline).unwrap();
        statistics.absorb(0, 2_000_000, &emission(250, 500), &timeline).unwrap();
        let totals = statistics.totals().unwrap();
        assert_eq!((totals.wire_bytes, totals.record_bytes), (250, 900));
        assert_eq!(
            (totals.batches, totals.batch_records, totals.batch_bytes),
            (4, 20, 1_200)
        );
        assert_eq!(
            (totals.queue_sum_us, totals.queue_count, totals.broker_sum_us),
            (100, 10, 20)
        );
        assert_eq!(totals.requests, BTreeMap::from([("Produce".to_owned(), 4)]));
        assert_eq!((totals.retries, totals.throttle_max_ms), (2, 7));
        assert_eq!(
            totals.wakeups_per_s_max, 500.0,
            "addresses that are no brokers do not count"
        );
        assert_eq!(statistics.take_interval(0).len(), 1);
        assert_eq!(statistics.take_interval(1)[0].queue_p99_us, 20);
    }

    #[test]
    fn counters_grow_by_intervals_which_add_up_to_the_totals() {
        let timeline = Timeline::new(0, 10_000, 1_000);
        let mut statistics = StatisticsAccumulator::default();
        statistics.absorb(0, 500_000, &emission(100, 40), &timeline).unwrap();
        statistics.absorb(0, 1_000_000, &emission(150, 50), &timeline).unwrap();
        let first = statistics.take_client(0).unwrap();
        assert_eq!((first.wire_bytes, first.record_bytes), (150, 900));
        assert_eq!((first.batches, first.batch_records, first.batch_bytes), (4, 20, 1_200));
        assert_eq!(
            (first.requests, first.produce_requests, first.retries, first.wakeups),
            (4, 4, 2, 50),
            "addresses that are no brokers do not count"
        );
        // Told late, of an interval that is gone; and after the last.
        statistics.absorb(0, 990_000, &emission(160, 50), &timeline).unwrap();
        statistics.absorb(0, 3_500_000, &emission(260, 90), &timeline).unwrap();
        statistics.end_with(1);
        let last = statistics.take_client(1).unwrap();
        assert_eq!((last.wire_bytes, last.wakeups, last.batches), (110, 40, 4));
        assert_eq!(
            first.wire_bytes + last.wire_bytes,
            statistics.totals().unwrap().wire_bytes
        );
        assert_eq!(statistics.take_client(2), None);
    }

    #[test]
    fn several_producers_add_up() {
        let timeline = Timeline::new(0, 10_000, 1_000);
        let mut statistics = StatisticsAccumulator::default();
        statistics.absorb(0, 1_000_000, &emission(100, 0), &timeline).unwrap();
        statistics.absorb(1, 1_000_000, &emission(50, 0), &timeline).unwrap();
        assert_eq!(statistics.totals().unwrap().wire_bytes, 150);
        assert_eq!(statistics.queue(), (6, 600));
    }

    #[test]
    fn a_window_with_negative_figures_is_left_out_and_the_rest_kept() {
        let timeline = Timeline::new(0, 10_000, 1_000);
        let mut statistics = StatisticsAccumulator::default();
        let json = emission(100, 0).replace(
            r#""int_latency":{"sum":50"#,
            r#""int_latency":{"sum":-9223372036854775000"#,
        );
        statistics.absorb(0, 1_000_000, &json, &timeline).unwrap();
        let totals = statistics.totals().unwrap();
        assert_eq!((totals.queue_sum_us, totals.queue_count), (0, 0));
        assert_eq!((totals.wire_bytes, totals.broker_sum_us), (100, 10));
    }

    #[test]
    fn nothing_emitted_is_nothing_known() {
        assert_eq!(StatisticsAccumulator::default().totals(), None);
        assert!(
            StatisticsAccumulator::default()
                .absorb(0, 0, "no json", &Timeline::new(0, 1, 1))
                .is_err()
        );
    }
}
