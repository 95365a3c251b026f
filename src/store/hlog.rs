//! HdrHistogram's interval log, as its Java `HistogramLogWriter` writes it and every HdrHistogram tool reads it.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::interval_log::OWN_COMMENT;
use crate::protocol::{Interval, WindowedLatency};

/// Renders the histograms of the intervals; intervals without one leave no line.
///
/// Format: <https://hdrhistogram.github.io/HdrHistogram/JavaDoc/org/HdrHistogram/HistogramLogWriter.html>. Values are
/// in µs. The column of the maximum is for the eye only and in ms, so it is divided by 1,000. Start times are seconds
/// since `BaseTime`, the start of the window.
pub(super) fn render(window_started_at: Timestamp, intervals: &[Interval]) -> String {
    let base_s = window_started_at.as_millisecond() as f64 / 1_000.0;
    let mut text = format!(
        "{OWN_COMMENT}\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {base_s:.3} (seconds since epoch), {window_started_at}]\n\
         #[BaseTime: {base_s:.3} (seconds since epoch)]\n\
         #[MaxValueDivisor: 1000.000]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
    );
    for interval in intervals {
        let latency = &interval.latency;
        line(&mut text, "service", interval, latency.service.as_ref());
        line(&mut text, "response", interval, latency.response.as_ref());
        line(&mut text, "schedule_lag", interval, latency.schedule_lag.as_ref());
        line(&mut text, "send_call", interval, latency.send_call.as_ref());
    }
    text
}

fn line(text: &mut String, tag: &str, interval: &Interval, latency: Option<&WindowedLatency>) {
    let Some((latency, histogram)) = latency.and_then(|latency| Some((latency, latency.histogram.as_ref()?))) else {
        return;
    };
    // Records of the window are the only ones with a latency, so no start is before the window but by rounding.
    let start_s = interval.start_s.max(0.0);
    let max_ms = latency.max_us as f64 / 1_000.0;
    writeln!(
        text,
        "Tag={tag},{start_s:.3},{:.3},{max_ms:.3},{histogram}",
        interval.length_s
    )
    .expect("writing to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::protocol::{IntervalLatency, Phase};
    use crate::stats::histogram;

    fn interval(start_s: f64, values: &[u64]) -> Interval {
        let mut recorded = histogram::empty();
        values.iter().for_each(|&value| recorded.saturating_record(value));
        Interval {
            phase: Phase::Window,
            start_s,
            length_s: 1.0,
            sent: 0,
            acknowledged: 0,
            acknowledged_bytes: 0,
            failed: 0,
            back_pressure_us: 0,
            cpu_us: 0,
            queue_records: 0,
            queue_bytes: 0,
            latency: IntervalLatency {
                service: Some(WindowedLatency {
                    count: recorded.len(),
                    p50_us: recorded.value_at_quantile(0.5),
                    p99_us: recorded.value_at_quantile(0.99),
                    max_us: recorded.max(),
                    histogram: Some(histogram::encode(&recorded)),
                }),
                ..IntervalLatency::default()
            },
            brokers: Vec::new(),
            client: None,
            peak_memory_bytes: None,
            drain: None,
        }
    }

    #[test]
    fn the_hdrhistogram_library_reads_the_log_back() {
        let started: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let mut without = interval(2.0, &[7]);
        without.latency = IntervalLatency::default();
        let text = render(started, &[interval(0.0, &[100, 2_500]), interval(1.0, &[300]), without]);
        // Java's reader skips the legend as it does comments; this library knows comments only.
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with('"'))
            .map(|line| format!("{line}\n"))
            .collect();
        let mut base_s = None;
        let mut read = Vec::new();
        for entry in IntervalLogIterator::new(text.as_bytes()) {
            match entry.unwrap() {
                LogEntry::BaseTime(base) => base_s = Some(base.as_secs_f64()),
                LogEntry::Interval(line) => {
                    assert_eq!(line.tag().unwrap().as_str(), "service");
                    let decoded = histogram::decode(line.encoded_histogram()).unwrap();
                    read.push((line.start_timestamp().as_secs_f64(), line.max(), decoded.len()));
                }
                LogEntry::StartTime(_) => {}
            }
        }
        assert_eq!(base_s, Some(1_767_323_045.678));
        assert_eq!(read, [(0.0, 2.501, 2), (1.0, 0.3, 1)]);
    }
}
