//! Latency histograms: one precision, one encoding, and the rule of which percentiles may be printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encoded::Decoded;

/// Largest latency that is told apart, in µs: one hour. Longer ones are recorded as this.
pub const MAX_LATENCY_US: u64 = 3_600_000_000;

/// A percentile is printed only where at least this many records lie beyond it.
pub const MIN_RECORDS_BEYOND: f64 = 10.0;

/// Why an encoded histogram could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// Not base64.
    #[error("a histogram is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not an HdrHistogram in V2 encoding.
    #[error("a histogram is not an HdrHistogram in V2 encoding: {0}")]
    Encoding(String),
}

/// An empty histogram: µs, 3 significant digits, 1 µs to [`MAX_LATENCY_US`].
pub fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_LATENCY_US, 3).expect("the bounds are constants that the library accepts")
}

/// V2, deflated, base64: the encoding of `.hlog` files.
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("writing to memory cannot fail, and the counts fit the encoding");
    BASE64.encode(bytes)
}

/// The inverse of [`encode`].
///
/// # Errors
/// Where the text is no base64 or no V2 histogram.
pub fn decode(text: &str) -> Result<Histogram<u64>, HistogramError> {
    let bytes = BASE64.decode(text)?;
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| HistogramError::Encoding(error.to_string()))
}

/// One percentile of records some of which may have no latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Percentile {
    /// In µs; none where fewer than [`MIN_RECORDS_BEYOND`] records lie beyond it.
    pub us: Option<u64>,
    /// True where failed or undecided records reach down to it: the true value is this or more.
    pub at_least: bool,
}

/// The percentile of all records of a window: those with a latency, and `unresolved` ones (failed or undecided), which
/// rank above every latency.
///
/// `quantile` lies in (0, 1). With N records in all, at least 10 must lie beyond: `N × (1 − quantile) ≥ 10`. Where the
/// rank `⌈N × quantile⌉` falls among the unresolved, the largest latency seen is given as a lower bound.
pub fn percentile(histogram: &Histogram<u64>, unresolved: u64, quantile: f64) -> Percentile {
    let at = |share| histogram.value_at_quantile(share);
    percentile_of(histogram.len(), histogram.max(), at, unresolved, quantile)
}

/// [`percentile`] of a histogram of which only the buckets were read.
pub fn percentile_of_buckets(buckets: &Decoded<'_>, unresolved: u64, quantile: f64) -> Percentile {
    let at = |share| buckets.value_at_quantile(share);
    percentile_of(buckets.len(), buckets.max(), at, unresolved, quantile)
}

fn percentile_of(
    recorded: u64,
    max: u64,
    value_at_quantile: impl Fn(f64) -> u64,
    unresolved: u64,
    quantile: f64,
) -> Percentile {
    let total = recorded.saturating_add(unresolved);
    // A hair of tolerance: 1,000 × (1 − 0.99) is 10.000000000000009 or 9.99999999999999 by the way it is rounded.
    if (total as f64) * (1.0 - quantile) < MIN_RECORDS_BEYOND - 1e-6 {
        return Percentile {
            us: None,
            at_least: false,
        };
    }
    let rank = ((total as f64) * quantile - 1e-6).ceil().max(1.0) as u64;
    if rank > recorded {
        let us = (recorded > 0).then_some(max);
        return Percentile { us, at_least: true };
    }
    let within_recorded = rank as f64 / recorded as f64;
    Percentile {
        us: Some(value_at_quantile(within_recorded).min(max)),
        at_least: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut histogram = empty();
        values.into_iter().for_each(|value| histogram.saturating_record(value));
        histogram
    }

    #[test]
    fn encoding_round_trips() {
        let histogram = filled(1..=5_000);
        assert_eq!(decode(&encode(&histogram)).unwrap(), histogram);
    }

    #[test]
    fn garbage_is_an_error() {
        assert!(decode("***").is_err());
        assert!(decode("AAAA").is_err());
    }

    #[test]
    fn a_percentile_needs_ten_records_beyond_it() {
        assert_eq!(percentile(&filled(1..=999), 0, 0.99).us, None);
        assert_eq!(percentile(&filled(1..=1_000), 0, 0.99).us, Some(990));
    }

    #[test]
    fn unresolved_records_rank_above_every_latency() {
        let histogram = filled(1..=980);
        let p99 = percentile(&histogram, 20, 0.99);
        assert_eq!(
            p99,
            Percentile {
                us: Some(980),
                at_least: true
            }
        );
        let p90 = percentile(&histogram, 20, 0.90);
        assert_eq!(
            p90,
            Percentile {
                us: Some(900),
                at_least: false
            }
        );
    }

    #[test]
    fn nothing_but_unresolved_records_gives_a_bound_without_a_value() {
        assert_eq!(
            percentile(&empty(), 5_000, 0.5),
            Percentile {
                us: None,
                at_least: true
            }
        );
    }
}
