//! The collector: takes what the recorders hand over, on the trial's control thread, and makes intervals and totals.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use hdrhistogram::Histogram;

use super::levels::{LevelSeen, Levels, SeenByLevel};
use super::recorder::Hub;
use super::shard::{AckShard, Failures, SendShard, Shard, growing};
use super::{StatisticsAccumulator, Timeline, TrialClock};
use crate::protocol::{
    Counts, FailedCount, Interval, IntervalLatency, Latencies, LatencyDistribution, WindowCounts, WindowedLatency,
};
use crate::stats::histogram;

/// Which latencies a trial can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyKinds {
    /// The load has intended send times: there are response latency and schedule lag.
    pub paced: bool,
    /// Latencies are recorded at all.
    pub recorded: bool,
    /// There is an acknowledgement whose time means something: not with `acks=0`.
    pub acknowledged: bool,
    /// Every acknowledgement is listed, with the intended time of its record: where a load must know whose record it was.
    pub listed: bool,
}

/// Four histograms that always travel together.
#[derive(Debug)]
struct Histograms {
    service: Histogram<u64>,
    response: Histogram<u64>,
    schedule_lag: Histogram<u64>,
    send_call: Histogram<u64>,
}

impl Histograms {
    fn new(make: fn() -> Histogram<u64>) -> Self {
        Self {
            service: make(),
            response: make(),
            schedule_lag: make(),
            send_call: make(),
        }
    }

    fn add_ack(&mut self, shard: &AckShard) {
        add(&mut self.service, &shard.service);
        add(&mut self.response, &shard.response);
    }

    fn add_send(&mut self, shard: &SendShard) {
        add(&mut self.send_call, &shard.send_call);
        add(&mut self.schedule_lag, &shard.schedule_lag);
    }
}

fn add(sum: &mut Histogram<u64>, part: &Histogram<u64>) {
    if !part.is_empty() && sum.add(part).is_err() {
        // Only a value beyond the sum's range is refused: keep it as the largest that is told apart.
        for value in part.iter_recorded() {
            sum.saturating_record_n(value.value_iterated_to(), value.count_since_last_iteration());
        }
    }
}

/// What happened in one interval that is not over for the reader yet.
#[derive(Debug)]
struct Open {
    sent: u64,
    acknowledged: u64,
    acknowledged_bytes: u64,
    failed: u64,
    back_pressure_us: u64,
    cpu_us: u64,
    queue_records: u64,
    peak_memory_bytes: Option<u64>,
    histograms: Histograms,
}

impl Open {
    fn new() -> Self {
        Self {
            sent: 0,
            acknowledged: 0,
            acknowledged_bytes: 0,
            failed: 0,
            back_pressure_us: 0,
            cpu_us: 0,
            queue_records: 0,
            peak_memory_bytes: None,
            histograms: Histograms::new(growing),
        }
    }
}

/// Makes intervals and totals of what the recorders saw.
#[derive(Debug)]
pub struct Collector {
    hub: Arc<Hub>,
    shards: Receiver<Shard>,
    kinds: LatencyKinds,
    timeline: Timeline,
    levels: (usize, SeenByLevel),
    open: BTreeMap<u64, Open>,
    next: u64,
    totals: Histograms,
    counts: Counts,
    window: WindowCounts,
    failures: Failures,
    cohort: u64,
    listed: Vec<(u64, u64)>,
    /// The client's own statistics.
    pub statistics: StatisticsAccumulator,
}

impl Collector {
    /// A collector with a fresh hub.
    pub fn new(clock: TrialClock, timeline: Timeline, kinds: LatencyKinds) -> Self {
        Self::with_levels(clock, timeline, kinds, Levels::default())
    }

    /// A collector that also tells what was seen in parts of the window.
    pub fn with_levels(clock: TrialClock, timeline: Timeline, kinds: LatencyKinds, levels: Levels) -> Self {
        let parts = levels.bounds().count();
        let (hub, shards) = Hub::new(clock, (timeline, levels), kinds);
        Self {
            hub,
            shards,
            kinds,
            timeline,
            levels: (parts, SeenByLevel::default()),
            open: BTreeMap::new(),
            next: 0,
            totals: Histograms::new(histogram::empty),
            counts: Counts::default(),
            window: WindowCounts::default(),
            failures: Failures::new(),
            cohort: 0,
            listed: Vec::new(),
            statistics: StatisticsAccumulator::default(),
        }
    }

    /// Where recorders come from.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Takes everything handed over so far.
    pub fn absorb(&mut self) {
        while let Ok(shard) = self.shards.try_recv() {
            match &shard {
                Shard::Ack(shard) => self.absorb_ack(shard),
                Shard::Send(shard) => self.absorb_send(shard),
            }
            self.hub.recycle(shard);
        }
    }

    /// The interval to add to: its own, or the first that is still open where its own was reported already.
    fn open(&mut self, interval: u64) -> &mut Open {
        self.open.entry(interval.max(self.next)).or_insert_with(Open::new)
    }

    fn in_window(&self, interval: u64) -> bool {
        self.timeline.phase(interval) == crate::protocol::Phase::Window
    }

    fn absorb_ack(&mut self, shard: &AckShard) {
        let failed = shard.failures.values().sum::<u64>();
        self.counts.acknowledged += shard.acknowledged;
        self.counts.acknowledged_bytes += shard.acknowledged_bytes;
        self.counts.failed += failed;
        let by_topic = &mut self.counts.acknowledged_by_topic;
        by_topic.resize(by_topic.len().max(shard.by_topic.len()), 0);
        by_topic
            .iter_mut()
            .zip(&shard.by_topic)
            .for_each(|(sum, count)| *sum += count);
        if self.in_window(shard.interval) {
            self.window.acknowledged += shard.acknowledged;
            self.window.acknowledged_bytes += shard.acknowledged_bytes;
            self.window.acknowledged_second_half += shard.acknowledged_second_half;
            self.window.acknowledged_first_half += shard.acknowledged - shard.acknowledged_second_half;
            self.window.failed += failed;
        }
        self.add_failures(&shard.failures);
        self.listed.extend_from_slice(&shard.listed);
        self.totals.add_ack(shard);
        self.levels.1.add(&shard.levels);
        let open = self.open(shard.interval);
        open.acknowledged += shard.acknowledged;
        open.acknowledged_bytes += shard.acknowledged_bytes;
        open.failed += failed;
        open.histograms.add_ack(shard);
    }

    fn absorb_send(&mut self, shard: &SendShard) {
        let refused = shard.refused.values().sum::<u64>();
        self.counts.attempted += shard.attempted;
        self.counts.sent += shard.sent;
        self.counts.failed += refused;
        self.cohort += shard.cohort;
        self.window.attempted += shard.cohort;
        if self.in_window(shard.interval) {
            self.window.sent += shard.sent;
            self.window.failed += refused;
            self.window.back_pressure_us += shard.back_pressure_us;
            self.window.back_pressure_waits += shard.back_pressure_waits;
        }
        self.add_failures(&shard.refused);
        self.totals.add_send(shard);
        let open = self.open(shard.interval);
        open.sent += shard.sent;
        open.failed += refused;
        open.back_pressure_us += shard.back_pressure_us;
        open.histograms.add_send(shard);
    }

    fn add_failures(&mut self, failures: &Failures) {
        for (failure, count) in failures {
            *self.failures.entry(failure.clone()).or_default() += count;
        }
    }

    /// Notes processor time spent in an interval, and the queue's length and the process's peak memory at its end.
    pub fn note(&mut self, interval: u64, cpu_us: u64, queue_records: u64, peak_memory_bytes: u64) {
        let open = self.open(interval);
        open.cpu_us += cpu_us;
        open.queue_records = queue_records;
        open.peak_memory_bytes = Some(peak_memory_bytes);
    }

    /// Every interval before `interval` with its number, in order, each exactly once.
    pub fn report_before(&mut self, interval: u64) -> Vec<(u64, Interval)> {
        let mut intervals = Vec::new();
        while self.next < interval {
            let index = self.next;
            let open = self.open.remove(&index).unwrap_or_else(Open::new);
            self.next += 1;
            intervals.push((index, self.interval(index, &open)));
        }
        intervals
    }

    /// The last interval that anything is known of, plus one.
    pub fn end(&self) -> u64 {
        self.open.last_key_value().map_or(self.next, |(last, _)| last + 1)
    }

    fn interval(&mut self, index: u64, open: &Open) -> Interval {
        let (begin, end) = self.timeline.bounds(index);
        Interval {
            phase: self.timeline.phase(index),
            start_s: self.timeline.seconds_from_window(begin),
            length_s: (end - begin) as f64 / 1e6,
            sent: open.sent,
            acknowledged: open.acknowledged,
            acknowledged_bytes: open.acknowledged_bytes,
            failed: open.failed,
            back_pressure_us: open.back_pressure_us,
            cpu_us: open.cpu_us,
            queue_records: open.queue_records,
            queue_bytes: self.statistics.queue().1,
            latency: IntervalLatency {
                service: windowed(&open.histograms.service),
                response: windowed(&open.histograms.response),
                schedule_lag: windowed(&open.histograms.schedule_lag),
                send_call: windowed(&open.histograms.send_call),
            },
            brokers: self.statistics.take_interval(index),
            client: self.statistics.take_client(index),
            peak_memory_bytes: open.peak_memory_bytes,
            drain: None,
        }
    }

    /// Intended time of each acknowledged record and time of its acknowledgement, in µs since the trial's start, in no
    /// order; empty where they are not listed.
    pub fn listed(&self) -> &[(u64, u64)] {
        &self.listed
    }

    /// Counts over the whole trial.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts.clone();
        counts.undecided = counts.attempted.saturating_sub(counts.acknowledged + counts.failed);
        counts.failed_by_error = self
            .failures
            .iter()
            .map(|(failure, count)| FailedCount {
                error: failure.error.clone(),
                persistence: failure.persistence,
                count: *count,
            })
            .collect();
        counts
            .failed_by_error
            .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.error.cmp(&b.error)));
        counts
    }

    /// Counts in the window.
    pub fn window(&self) -> WindowCounts {
        self.window.clone()
    }

    /// Response latencies of the window's records.
    pub fn response(&self) -> &Histogram<u64> {
        &self.totals.response
    }

    /// What was seen of each part of the window.
    pub fn levels(&self) -> Vec<LevelSeen> {
        self.levels.1.all(self.levels.0)
    }

    /// The latency distributions of the window's records.
    pub fn latencies(&self) -> Latencies {
        let LatencyKinds {
            paced,
            recorded,
            acknowledged,
            ..
        } = self.kinds;
        let of = |histogram: &Histogram<u64>, wanted: bool| {
            (wanted && recorded).then(|| LatencyDistribution {
                count: histogram.len(),
                unresolved: self.cohort.saturating_sub(histogram.len()),
                max_us: histogram.max(),
                histogram: histogram::encode(histogram),
            })
        };
        Latencies {
            service: of(&self.totals.service, acknowledged),
            response: of(&self.totals.response, acknowledged && paced),
            schedule_lag: of(&self.totals.schedule_lag, paced),
            send_call: of(&self.totals.send_call, true),
        }
    }
}

fn windowed(histogram: &Histogram<u64>) -> Option<WindowedLatency> {
    (!histogram.is_empty()).then(|| WindowedLatency {
        count: histogram.len(),
        p50_us: histogram.value_at_quantile(0.5),
        p99_us: histogram.value_at_quantile(0.99),
        max_us: histogram.max(),
        histogram: Some(histogram::encode(histogram)),
    })
}
