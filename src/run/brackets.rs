//! What the brokers show around and inside one trial: watermarks and processor time.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::{Cluster, WatermarkPoll};
use crate::store::BrokerFigures;

/// Longest wait for watermarks at the window's edges: a poll that takes longer says nothing about the edge.
const POLL_LIMIT: Duration = Duration::from_secs(2);

/// Takes figures at the window's edges.
pub(super) struct Brackets<'a> {
    cluster: &'a dyn Cluster,
    topics: &'a [&'a str],
    poll_watermarks: bool,
    cpu_at_start_us: Option<(Instant, u64)>,
    watermarks_at_start: Option<WatermarkPoll>,
    figures: BrokerFigures,
}

impl<'a> Brackets<'a> {
    /// `poll_watermarks`: only where there is no acknowledgement to count (`acks=0`); each poll is work for the broker.
    pub(super) fn new(cluster: &'a dyn Cluster, topics: &'a [&'a str], poll_watermarks: bool) -> Brackets<'a> {
        Brackets {
            cluster,
            topics,
            poll_watermarks,
            cpu_at_start_us: None,
            watermarks_at_start: None,
            figures: BrokerFigures::default(),
        }
    }

    pub(super) async fn window_started(&mut self) {
        self.cpu_at_start_us = self.cpu();
        self.watermarks_at_start = self.poll().await;
    }

    pub(super) async fn window_ended(&mut self) {
        if let (Some((from, start)), Some((to, end))) = (self.cpu_at_start_us, self.cpu()) {
            self.figures.cpu_us = end.checked_sub(start);
            self.figures.cpu_reading_s = Some(to.duration_since(from).as_secs_f64());
        }
        if let (Some(start), Some(end)) = (self.watermarks_at_start.take(), self.poll().await) {
            between(&start, &end, &mut self.figures);
        }
    }

    fn cpu(&self) -> Option<(Instant, u64)> {
        Some((Instant::now(), self.cluster.broker_cpu_us()?))
    }

    /// The figures.
    pub(super) fn finish(self) -> BrokerFigures {
        self.figures
    }

    async fn poll(&self) -> Option<WatermarkPoll> {
        if !self.poll_watermarks {
            return None;
        }
        timeout(POLL_LIMIT, self.cluster.poll_watermarks(self.topics))
            .await
            .ok()?
            .ok()
    }
}

/// Growth between two polls. Each is dated by the middle between asking and answering, and may be off by half of that.
fn between(start: &WatermarkPoll, end: &WatermarkPoll, figures: &mut BrokerFigures) {
    let round_trip = |poll: &WatermarkPoll| poll.answered_at.duration_since(poll.asked_at);
    let middle = |poll: &WatermarkPoll| poll.asked_at + round_trip(poll) / 2;
    figures.window_appended = end.total().checked_sub(start.total());
    figures.window_appended_s = Some(middle(end).duration_since(middle(start)).as_secs_f64());
    figures.window_uncertainty_s = Some((round_trip(start) + round_trip(end)).as_secs_f64() / 2.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_answers_make_the_length_between_two_polls_uncertain() {
        let start = Instant::now();
        let poll = |asked_ms, answered_ms, records| WatermarkPoll {
            offsets: vec![records, 1],
            asked_at: start + Duration::from_millis(asked_ms),
            answered_at: start + Duration::from_millis(answered_ms),
        };
        let mut figures = BrokerFigures::default();
        between(&poll(0, 100, 10), &poll(1_000, 1_300, 510), &mut figures);
        assert_eq!(figures.window_appended, Some(500));
        assert_eq!(figures.window_appended_s, Some(1.1));
        assert_eq!(figures.window_uncertainty_s, Some(0.2));
    }
}
