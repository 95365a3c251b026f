//! What the brokers show around and inside one trial: watermarks and processor time.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::Cluster;
use crate::store::BrokerFigures;

/// Longest wait for watermarks at the window's edges: a poll that takes longer says nothing about the edge.
const POLL_LIMIT: Duration = Duration::from_secs(2);

/// Takes figures at the window's edges.
pub(super) struct Brackets<'a> {
    cluster: &'a dyn Cluster,
    topic: &'a str,
    poll_watermarks: bool,
    cpu_at_start_us: Option<u64>,
    watermarks_at_start: Option<(Instant, u64)>,
    figures: BrokerFigures,
}

impl<'a> Brackets<'a> {
    /// `poll_watermarks`: only where there is no acknowledgement to count (`acks=0`); each poll is work for the broker.
    pub(super) fn new(cluster: &'a dyn Cluster, topic: &'a str, poll_watermarks: bool) -> Brackets<'a> {
        Brackets {
            cluster,
            topic,
            poll_watermarks,
            cpu_at_start_us: None,
            watermarks_at_start: None,
            figures: BrokerFigures::default(),
        }
    }

    pub(super) async fn window_started(&mut self) {
        self.cpu_at_start_us = self.cluster.broker_cpu_us();
        self.watermarks_at_start = self.poll().await;
    }

    pub(super) async fn window_ended(&mut self) {
        if let (Some(start), Some(end)) = (self.cpu_at_start_us, self.cluster.broker_cpu_us()) {
            self.figures.cpu_us = end.checked_sub(start);
        }
        if let (Some((from, start)), Some((to, end))) = (self.watermarks_at_start, self.poll().await) {
            self.figures.window_appended = end.checked_sub(start);
            self.figures.window_appended_s = Some(to.duration_since(from).as_secs_f64());
        }
    }

    /// The figures.
    pub(super) fn finish(self) -> BrokerFigures {
        self.figures
    }

    async fn poll(&self) -> Option<(Instant, u64)> {
        if !self.poll_watermarks {
            return None;
        }
        timeout(POLL_LIMIT, self.cluster.timed_watermarks(self.topic))
            .await
            .ok()?
            .ok()
    }
}
