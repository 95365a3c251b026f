//! One trial from its first connection to its result, on the calling thread and the threads it starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::drain::Driver;
use super::offered::{levels, offered};
use super::records::RecordStock;
use super::sender::{BurstSender, SendContext};
use super::sync_sender::SyncSender;
use super::{LoadError, Schedule, SharedSlots, Slots, Times};
use crate::client::{self, ClientError, Producer, ProducerSettings, Reports, StatisticsEvent};
use crate::measure::{Collector, LatencyKinds, SendTag, Timeline, TrialClock, cpu_time, peak_memory_bytes};
use crate::protocol::{
    Acks, CLIENT_REPORTED, ClientKind, CpuTime, PROTOCOL_VERSION, Phase, SendMode, SerializationCost, TrialEvent,
    TrialResult, TrialSpec,
};

/// Told to stop: no more records are sent, what is in flight is awaited.
pub type StopFlag = Arc<AtomicBool>;

/// How producers are made: [`client::connect`], or a scripted twin in a test.
pub type Connect<'a> = &'a dyn Fn(ClientKind, &ProducerSettings) -> Result<Arc<dyn Producer>, ClientError>;

/// The control thread looks after its trial this often.
const TICK_US: u64 = 50_000;
/// An interval is reported so long after its end, when every recorder has handed over what it saw of it.
const REPORT_DELAY_US: u64 = 150_000;

/// Runs one trial and tells `sink` what happens. The last event is the result, or why there is none.
pub fn run_trial(spec: &TrialSpec, stop: &StopFlag, sink: &mut dyn FnMut(TrialEvent)) -> Result<(), LoadError> {
    run_trial_with(spec, stop, &client::connect, sink)
}

/// [`run_trial`] with other producers.
///
/// # Errors
/// What keeps a trial from starting; also told to `sink`.
pub fn run_trial_with(
    spec: &TrialSpec,
    stop: &StopFlag,
    connect: Connect<'_>,
    sink: &mut dyn FnMut(TrialEvent),
) -> Result<(), LoadError> {
    let hello = TrialEvent::Hello {
        protocol_version: PROTOCOL_VERSION,
        client_version: client::library_version(),
    };
    sink(hello);
    let outcome = check(spec)
        .and_then(|()| Trial::prepare(spec, connect, sink))
        .and_then(|trial| trial.run(stop, sink));
    match outcome {
        Ok(result) => {
            sink(TrialEvent::Result(Box::new(result)));
            Ok(())
        }
        Err(error) => {
            sink(TrialEvent::Failed {
                cause: error.to_string(),
            });
            Err(error)
        }
    }
}

fn check(spec: &TrialSpec) -> Result<(), LoadError> {
    if spec.protocol_version != PROTOCOL_VERSION {
        return Err(LoadError::ProtocolVersion {
            expected: PROTOCOL_VERSION,
            found: spec.protocol_version,
        });
    }
    if spec.measure_ms == 0 || spec.workload.producers == 0 || spec.workload.send_concurrency == 0 {
        return Err(LoadError::Spec(
            "a trial needs a window, a producer and a sending thread".to_owned(),
        ));
    }
    let longest_ms = SendTag::MAX_TIME_US / 1_000;
    if spec.warmup_ms + spec.measure_ms + spec.drain_timeout_ms > longest_ms {
        return Err(LoadError::Spec(format!("a trial may last {longest_ms} ms at most")));
    }
    Ok(())
}

/// A trial whose clients are connected.
struct Trial<'a> {
    spec: &'a TrialSpec,
    stock: RecordStock,
    /// None where the load is not paced.
    schedule: Option<Schedule>,
    producers: Vec<Arc<dyn Producer>>,
    /// Waiting queues and their scheduler, where the load has them.
    drain: Option<Driver>,
}

impl<'a> Trial<'a> {
    fn prepare(spec: &'a TrialSpec, connect: Connect<'_>, sink: &mut dyn FnMut(TrialEvent)) -> Result<Self, LoadError> {
        let drain = Driver::new(spec)?;
        let stock = RecordStock::new(spec)?;
        let times = Times {
            warmup_ms: spec.warmup_ms,
            measure_ms: spec.measure_ms,
            seed: spec.seed,
        };
        let schedule = Schedule::new(&spec.workload.arrival, times).map_err(LoadError::Spec)?;
        let mut properties = spec.properties.clone();
        properties.insert(
            "statistics.interval.ms".to_owned(),
            spec.statistics_interval_ms.to_string(),
        );
        let started = Instant::now();
        let producers = (0..spec.workload.producers as usize)
            .map(|index| {
                let settings = ProducerSettings {
                    index,
                    properties: properties.clone(),
                    topics: spec.topic_names(),
                    reports: reports(spec),
                    payloads: stock.memory(),
                    record_bytes: stock.largest_bytes(),
                    metadata_timeout: Duration::from_millis(spec.metadata_timeout_ms),
                };
                connect(spec.workload.client, &settings)
            })
            .collect::<Result<Vec<_>, _>>()?;
        sink(TrialEvent::Ready {
            effective_properties: producers
                .first()
                .map(|producer| producer.effective_properties())
                .unwrap_or_default(),
            metadata_wait_ms: started.elapsed().as_secs_f64() * 1e3,
        });
        Ok(Self {
            spec,
            stock,
            schedule,
            producers,
            drain,
        })
    }

    fn run(self, stop: &StopFlag, sink: &mut dyn FnMut(TrialEvent)) -> Result<TrialResult, LoadError> {
        let spec = self.spec;
        let timeline = Timeline::new(spec.warmup_ms, spec.measure_ms, spec.interval_ms);
        let kinds = LatencyKinds {
            paced: spec.workload.arrival.is_paced(),
            recorded: spec.record_latencies,
            acknowledged: spec.acks != Acks::None,
            listed: self.drain.is_some(),
        };
        let clock = TrialClock::starting_at(Instant::now());
        let (statistics_sender, statistics) = channel();
        let mut control = Control::new(spec, clock, timeline, kinds, statistics, self.drain.as_ref());
        for producer in &self.producers {
            producer.start(control.collector.hub(), statistics_sender.clone());
        }
        let context = SendContext {
            hub: &Arc::clone(control.collector.hub()),
            stop,
            max_block: Duration::from_millis(spec.max_block_ms),
            give_up_us: timeline.window_end_us + spec.drain_timeout_ms * 1_000,
            several_topics: spec.workload.records.topics.len() > 1,
        };
        let (sending, shared) = (AtomicUsize::new(0), self.schedule.as_ref().map(Schedule::shared));
        std::thread::scope(|scope| -> Result<(), LoadError> {
            self.start_senders(scope, &context, &sending, shared.as_ref())?;
            control.attend(stop, &sending, sink);
            Ok(())
        })?;
        if let Some(error) = self.drain.as_ref().and_then(Driver::failure) {
            return Err(error.into());
        }
        control.await_last_statistics(self.producers.len());
        self.stock.confirm_schema()?;
        let mut notes = notes(spec, &self.producers);
        notes.extend(self.stock.notes(&spec.properties));
        notes.extend(self.drain.as_ref().and_then(Driver::notes));
        control.collector.hub().close();
        // Taking the clients down ends their threads, which hand over the last of what they recorded.
        drop(self.producers);
        notes.extend(control.problems());
        let cost = self.stock.serialization_cost();
        Ok(control.result(self.schedule.as_ref(), notes, cost, sink))
    }

    fn start_senders<'scope, 'env>(
        &'env self,
        scope: &'scope std::thread::Scope<'scope, 'env>,
        context: &'env SendContext<'env>,
        sending: &'env AtomicUsize,
        shared: Option<&'env SharedSlots>,
    ) -> Result<(), LoadError> {
        if let (Some(drain), Some(producer)) = (&self.drain, self.producers.first()) {
            return drain.start(scope, context, producer.as_ref(), (self.spec, &self.stock), sending);
        }
        let threads = if self.spec.workload.send_mode == SendMode::Sync {
            self.spec.workload.send_concurrency
        } else {
            1
        };
        let (threads, producers) = (threads as usize, self.producers.len());
        sending.store(threads * producers, Ordering::Release);
        for (index, producer) in self.producers.iter().enumerate() {
            for thread in 0..threads {
                let source = self.stock.source(index, index * threads + thread, threads * producers);
                let sync = self.spec.workload.send_mode == SendMode::Sync;
                let due = match (&self.schedule, shared.filter(|_| sync)) {
                    (None, _) => Due::AtOnce,
                    (Some(_), Some(shared)) => Due::Shared(shared),
                    (Some(schedule), None) => Due::Own(schedule.sender(index as u64, producers as u64)),
                };
                let producer = producer.as_ref();
                std::thread::Builder::new()
                    .name(format!("sender-{index}-{thread}"))
                    .spawn_scoped(scope, move || {
                        match due {
                            Due::AtOnce if sync => SyncSender::new(context, producer, thread, source).run_unpaced(),
                            Due::AtOnce => BurstSender::new(context, producer, source).run_unpaced(),
                            Due::Shared(slots) => SyncSender::new(context, producer, thread, source).run_paced(slots),
                            Due::Own(slots) => BurstSender::new(context, producer, source).run_paced(slots),
                        }
                        sending.fetch_sub(1, Ordering::Release);
                    })?;
            }
        }
        Ok(())
    }
}

/// When a sending thread's records are due.
enum Due<'a> {
    /// Always: the load is not paced.
    AtOnce,
    /// Whoever is free takes the next slot.
    Shared(&'a SharedSlots),
    /// The sender's own slots.
    Own(Slots),
}

fn reports(spec: &TrialSpec) -> Reports {
    match spec.workload.send_mode {
        SendMode::FireAndForget => Reports::Ignored,
        SendMode::Sync => Reports::Awaited {
            threads: spec.workload.send_concurrency as usize,
        },
        SendMode::Async => Reports::Callback,
    }
}

fn notes(spec: &TrialSpec, producers: &[Arc<dyn Producer>]) -> Vec<String> {
    let mut notes: Vec<String> = producers.first().map(|producer| producer.notes()).unwrap_or_default();
    if spec.acks == Acks::None {
        notes.push(
            "acks=0: there is no acknowledgement; records count as acknowledged when written to the socket".to_owned(),
        );
    }
    for error in producers.iter().flat_map(|producer| producer.reported_errors()) {
        let note = format!("{CLIENT_REPORTED}{error}");
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The control thread's part: looks after the time while others send.
struct Control<'a> {
    spec: &'a TrialSpec,
    drain: Option<&'a Driver>,
    clock: TrialClock,
    timeline: Timeline,
    collector: Collector,
    statistics: Receiver<StatisticsEvent>,
    statistics_seen: Vec<usize>,
    statistics_problem: Option<String>,
    interval: u64,
    interval_cpu: CpuTime,
    window_cpu_start: CpuTime,
    window_cpu: CpuTime,
    window_end_us: u64,
    drain_ended_us: u64,
    window: Phase,
    stopped_early: bool,
}

impl<'a> Control<'a> {
    fn new(
        spec: &'a TrialSpec,
        clock: TrialClock,
        timeline: Timeline,
        kinds: LatencyKinds,
        statistics: Receiver<StatisticsEvent>,
        drain: Option<&'a Driver>,
    ) -> Self {
        let cpu = cpu_time();
        Self {
            spec,
            drain,
            clock,
            timeline,
            collector: Collector::with_levels(clock, timeline, kinds, levels(spec, &timeline)),
            statistics,
            statistics_seen: vec![0; spec.workload.producers as usize],
            statistics_problem: None,
            interval: 0,
            interval_cpu: cpu,
            window_cpu_start: cpu,
            window_cpu: CpuTime::default(),
            window_end_us: timeline.window_end_us,
            drain_ended_us: 0,
            window: Phase::Warmup,
            stopped_early: false,
        }
    }

    /// Until every sender is through and every record has its verdict, or the drain's time is over.
    fn attend(&mut self, stop: &AtomicBool, sending: &AtomicUsize, sink: &mut dyn FnMut(TrialEvent)) {
        let give_up_us = self.timeline.window_end_us + self.spec.drain_timeout_ms * 1_000;
        loop {
            let now_us = self.clock.now_us();
            self.pass_edges(now_us, sink);
            self.take(now_us, sink);
            if self.window != Phase::Drain && stop.load(Ordering::Relaxed) {
                self.stopped_early = true;
                self.end_window(now_us, sink);
            }
            if self.drain.is_some_and(Driver::has_failed) {
                return;
            }
            let drained = sending.load(Ordering::Acquire) == 0 && {
                let hub = self.collector.hub();
                hub.verdicts() >= hub.sent()
            };
            if self.window == Phase::Drain && (drained || now_us >= give_up_us) {
                self.drain_ended_us = now_us;
                return;
            }
            let edge_us = self.next_edge_us();
            // The drain's end is looked for more closely: it is waited for.
            let tick_us = if self.window == Phase::Drain { 1_000 } else { TICK_US };
            self.clock.sleep_until(edge_us.min(now_us + tick_us).max(now_us + 1));
        }
    }

    fn next_edge_us(&self) -> u64 {
        let interval_end = self.timeline.bounds(self.interval).1;
        match self.window {
            Phase::Warmup => interval_end.min(self.timeline.window_start_us),
            Phase::Window => interval_end.min(self.timeline.window_end_us),
            Phase::Drain => interval_end,
        }
    }

    fn pass_edges(&mut self, now_us: u64, sink: &mut dyn FnMut(TrialEvent)) {
        while now_us >= self.timeline.bounds(self.interval).1 {
            self.close_interval();
        }
        if self.window == Phase::Warmup && now_us >= self.timeline.window_start_us {
            self.window = Phase::Window;
            self.window_cpu_start = cpu_time();
            sink(TrialEvent::WindowStarted);
        }
        if self.window == Phase::Window && now_us >= self.timeline.window_end_us {
            self.end_window(self.timeline.window_end_us, sink);
        }
    }

    fn end_window(&mut self, at_us: u64, sink: &mut dyn FnMut(TrialEvent)) {
        if self.window == Phase::Window {
            self.window_cpu = difference(cpu_time(), self.window_cpu_start);
            sink(TrialEvent::WindowEnded);
        }
        self.window = Phase::Drain;
        self.window_end_us = at_us;
    }

    fn close_interval(&mut self) {
        let cpu = cpu_time();
        let spent = difference(cpu, self.interval_cpu);
        let hub = self.collector.hub();
        let queued = hub.sent().saturating_sub(hub.verdicts());
        self.collector.note(
            self.interval,
            spent.user_us + spent.system_us,
            queued,
            peak_memory_bytes(),
        );
        self.interval_cpu = cpu;
        self.interval += 1;
    }

    fn take(&mut self, now_us: u64, sink: &mut dyn FnMut(TrialEvent)) {
        // A thread that has had nothing to record for a while still holds its last interval: nothing is told of it yet.
        let settled = self
            .timeline
            .index(now_us.saturating_sub(REPORT_DELAY_US))
            .min(self.collector.hub().oldest_held());
        self.collector.absorb();
        while let Ok(event) = self.statistics.try_recv() {
            self.take_statistics(&event);
        }
        self.report_before(settled.min(self.interval), sink);
    }

    fn report_before(&mut self, end: u64, sink: &mut dyn FnMut(TrialEvent)) {
        for (index, mut interval) in self.collector.report_before(end) {
            interval.drain = self.drain.map(|drain| drain.interval(index));
            sink(TrialEvent::Interval(Box::new(interval)));
        }
    }

    fn take_statistics(&mut self, event: &StatisticsEvent) {
        match self
            .collector
            .statistics
            .absorb(event.producer, event.at_us, &event.json, &self.timeline)
        {
            Ok(()) => self.statistics_seen[event.producer] += 1,
            Err(error) => self.statistics_problem = Some(error.to_string()),
        }
    }

    /// The last periods of the client's statistics end after the last verdict: each producer's next emission holds them.
    fn await_last_statistics(&mut self, producers: usize) {
        if self.spec.statistics_interval_ms == 0 {
            return;
        }
        let before = self.statistics_seen.clone();
        let deadline = Instant::now() + Duration::from_millis(self.spec.statistics_interval_ms + 50);
        while (0..producers).any(|producer| self.statistics_seen[producer] == before[producer]) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.statistics.recv_timeout(left) {
                Ok(event) => self.take_statistics(&event),
                Err(_) => return,
            }
        }
    }

    fn problems(&self) -> Option<String> {
        let problem = self.statistics_problem.as_ref()?;
        Some(format!(
            "some of the client's statistics could not be read ({problem}): their totals are too low"
        ))
    }

    fn result(
        mut self,
        schedule: Option<&Schedule>,
        notes: Vec<String>,
        serialization: Option<SerializationCost>,
        sink: &mut dyn FnMut(TrialEvent),
    ) -> TrialResult {
        self.close_interval();
        self.collector.absorb();
        while let Ok(event) = self.statistics.try_recv() {
            self.take_statistics(&event);
        }
        let end = self.collector.end();
        self.collector.statistics.end_with(end.saturating_sub(1));
        self.report_before(end, sink);
        let hub = self.collector.hub();
        let mut counts = self.collector.counts();
        if let topics @ 2.. = self.spec.workload.records.topics.len() {
            counts.acknowledged_by_topic.resize(topics, 0);
        }
        // A drain that was given up lasted until then, whatever came before.
        let drained_us = if counts.undecided > 0 {
            self.drain_ended_us
        } else {
            hub.last_verdict_us()
        };
        TrialResult {
            window_s: self.window_end_us.saturating_sub(self.timeline.window_start_us) as f64 / 1e6,
            stopped_early: self.stopped_early,
            counts,
            window: self.collector.window(),
            latencies: self.collector.latencies(),
            drain_ms: drained_us.saturating_sub(hub.last_send_us()) as f64 / 1e3,
            client_cpu: self.window_cpu,
            peak_memory_bytes: peak_memory_bytes(),
            serialization,
            statistics: self.collector.statistics.totals(),
            drain: self.drain.and_then(|drain| {
                let acknowledged = (self.spec.acks != Acks::None).then(|| self.collector.listed());
                drain.result(acknowledged)
            }),
            offered: schedule.and_then(|schedule| offered(self.spec, schedule, &self.collector, &self.timeline)),
            notes,
        }
    }
}

fn difference(after: CpuTime, before: CpuTime) -> CpuTime {
    CpuTime {
        user_us: after.user_us - before.user_us,
        system_us: after.system_us - before.system_us,
    }
}
