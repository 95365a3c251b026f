//! HdrHistogram's encodings: tells them apart, and reads V2.
//!
//! Of one interval only the buckets that hold something are read: a log's thousands of intervals are added to one
//! [`Sum`](super::sum::Sum) instead of becoming a histogram each.

use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;

/// With or without padding: writers differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

// The first four bytes without the word size in the third nibble from below, as in `AbstractHistogram.java` and
// `DoubleHistogram.java` of HdrHistogram 2.2.2.
const V0: u32 = 0x1c84_9308;
const V0_COMPRESSED: u32 = 0x1c84_9309;
const V1: u32 = 0x1c84_9301;
const V1_COMPRESSED: u32 = 0x1c84_9302;
const V2: u32 = 0x1c84_9303;
const V2_COMPRESSED: u32 = 0x1c84_9304;
const WORD_SIZE: u32 = 0xf0;
const DOUBLE: u32 = 0x0c72_124e;
const DOUBLE_COMPRESSED: u32 = 0x0c72_124f;

/// Bytes before the counts of an uncompressed V2 histogram.
const HEADER: usize = 40;

/// The longest counts that any V2 histogram has: 5 significant digits over the whole range, 9 bytes each, rounded up.
const LONGEST: u64 = 64 << 20;

/// Why an encoded histogram could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// Not base64, or cut in a way that leaves none.
    #[error("its histogram is not base64, or cut off ({0})")]
    NotBase64(String),
    /// Shorter than it says.
    #[error("its histogram is cut off: {0}")]
    Cut(String),
    /// V0 or V1.
    #[error(
        "its histogram is in HdrHistogram's {0} encoding, which is older than V2 and not read here; HdrHistogram's Java \
         library reads it and writes V2"
    )]
    Old(&'static str),
    /// Values with fractions.
    #[error(
        "it holds a histogram of floating-point values (DoubleHistogram), which is not read here; only whole numbers are"
    )]
    Double,
    /// Something else.
    #[error("its histogram is of no known encoding: it begins with {0}")]
    Unknown(String),
    /// V2 with a feature that is not read.
    #[error("its histogram has {0}, which is not read here")]
    Unsupported(&'static str),
    /// Together with what it is added to, more values than can be counted.
    #[error("there are more values in all than can be counted (2^64 − 1): select fewer intervals")]
    TooMany,
    /// V2, and contradicts itself.
    #[error("its histogram is damaged: {0}")]
    Damaged(String),
}

/// What a histogram can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Lowest value that is told apart from 0.
    pub low: u64,
    /// Highest value that can be recorded.
    pub high: u64,
    /// Significant decimal digits.
    pub digits: u8,
}

/// What [`Decoder::decode`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// What it can tell apart.
    pub shape: Shape,
    /// Lowest value and count of each bucket that holds something, ascending.
    pub counts: &'a [(u64, u64)],
}

impl Decoded<'_> {
    /// Values recorded; 2^64 − 1 where there are more.
    pub fn len(&self) -> u64 {
        self.counts
            .iter()
            .fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The largest value, as [`Histogram::max`] tells it; 0 where there is none.
    pub fn max(&self) -> u64 {
        self.counts
            .last()
            .map_or(0, |(value, _)| self.highest_of_bucket(*value))
    }

    /// The value that so large a share of all values does not exceed: what [`Histogram::value_at_quantile`] says of the
    /// same histogram, to the last digit.
    pub fn value_at_quantile(&self, share: f64) -> u64 {
        let rank = ((share.min(1.0) * self.len() as f64).ceil() as u64).max(1);
        let mut so_far: u64 = 0;
        let bucket = self.counts.iter().find(|(_, count)| {
            so_far = so_far.saturating_add(*count);
            so_far >= rank
        });
        match bucket {
            Some((value, _)) if share == 0.0 => *value,
            Some((value, _)) => self.highest_of_bucket(*value),
            None => 0,
        }
    }

    /// The highest value that is counted together with the lowest one of a bucket.
    fn highest_of_bucket(&self, lowest: u64) -> u64 {
        let above = (lowest | 1).ilog2().saturating_sub(half_magnitude(self.shape.digits));
        lowest + ((1 << above.max(self.shape.low.ilog2())) - 1)
    }
}

/// Reads encoded histograms, one after the other, into the same memory.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    inflated: Vec<u8>,
    counts: Vec<(u64, u64)>,
}

impl Decoder {
    /// A decoder.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Reads a V2 histogram, compressed or not, in base64.
    ///
    /// # Errors
    /// Where the text is none.
    pub fn decode(&mut self, text: &str) -> Result<Decoded<'_>, EncodingError> {
        self.bytes.clear();
        BASE64
            .decode_vec(text, &mut self.bytes)
            .map_err(|error| EncodingError::NotBase64(error.to_string()))?;
        let plain = if cookie(&self.bytes)? == V2_COMPRESSED {
            inflate(&self.bytes, &mut self.inflated)?;
            if cookie(&self.inflated)? != V2 {
                return Err(EncodingError::Damaged("it is compressed twice".to_owned()));
            }
            &self.inflated
        } else {
            &self.bytes
        };
        let shape = shape(plain)?;
        let length = big_endian_u32(plain, 4) as usize;
        let Some(payload) = plain[HEADER..].get(..length) else {
            return Err(EncodingError::Cut(format!(
                "it announces {length} bytes of counts and has {}",
                plain.len() - HEADER
            )));
        };
        self.counts.clear();
        read_counts(payload, shape, &mut self.counts)?;
        Ok(Decoded {
            shape,
            counts: &self.counts,
        })
    }
}

/// Which encoding the bytes are in, where it is one that is read.
fn cookie(bytes: &[u8]) -> Result<u32, EncodingError> {
    if bytes.len() < 8 {
        return Err(EncodingError::Cut(format!("it has only {} bytes", bytes.len())));
    }
    let whole = big_endian_u32(bytes, 0);
    if whole == DOUBLE || whole == DOUBLE_COMPRESSED {
        return Err(EncodingError::Double);
    }
    match whole & !WORD_SIZE {
        kind @ (V2 | V2_COMPRESSED) => Ok(kind),
        V1 | V1_COMPRESSED => Err(EncodingError::Old("V1")),
        V0 | V0_COMPRESSED => Err(EncodingError::Old("V0")),
        _ => Err(EncodingError::Unknown(format!("0x{whole:08x}"))),
    }
}

fn inflate(bytes: &[u8], inflated: &mut Vec<u8>) -> Result<(), EncodingError> {
    let length = big_endian_u32(bytes, 4) as usize;
    let Some(compressed) = bytes[8..].get(..length) else {
        return Err(EncodingError::Cut(format!(
            "it announces {length} bytes and has {}",
            bytes.len() - 8
        )));
    };
    inflated.clear();
    ZlibDecoder::new(compressed)
        .take(LONGEST)
        .read_to_end(inflated)
        .map_err(|error| EncodingError::Damaged(format!("it does not inflate ({error})")))?;
    Ok(())
}

fn shape(plain: &[u8]) -> Result<Shape, EncodingError> {
    if plain.len() < HEADER {
        return Err(EncodingError::Cut(format!(
            "its header has {} of {HEADER} bytes",
            plain.len()
        )));
    }
    if big_endian_u32(plain, 8) != 0 {
        return Err(EncodingError::Unsupported(
            "a normalizing index offset (its values were shifted)",
        ));
    }
    if f64::from_bits(big_endian_u64(plain, 32)) != 1.0 {
        return Err(EncodingError::Unsupported("an integer to double conversion ratio"));
    }
    let (digits, low, high) = (
        big_endian_u32(plain, 12),
        big_endian_u64(plain, 16),
        big_endian_u64(plain, 24),
    );
    let told = || EncodingError::Damaged(format!("{digits} significant digits for values from {low} to {high}"));
    let digits = u8::try_from(digits)
        .ok()
        .filter(|&digits| digits <= 5)
        .ok_or_else(told)?;
    let shape = Shape { low, high, digits };
    // The same limits as those of the histogram that it is to become.
    if high > i64::MAX as u64 || Histogram::<u64>::new_with_bounds(low, low.saturating_mul(2), digits).is_err() {
        return Err(told());
    }
    if high < 2 * low {
        return Err(told());
    }
    Ok(shape)
}

/// Counts in ZigZag LEB128, a negative one standing for so many empty buckets.
///
/// Format: `encodeIntoByteBuffer` and `fillCountsArrayFromSourceBuffer` of `AbstractHistogram.java`, HdrHistogram 2.2.2.
fn read_counts(payload: &[u8], shape: Shape, counts: &mut Vec<(u64, u64)>) -> Result<(), EncodingError> {
    let (unit_magnitude, half_magnitude) = (shape.low.ilog2(), half_magnitude(shape.digits));
    let mut end = u128::from((2_u64 << half_magnitude) << unit_magnitude);
    while end <= u128::from(shape.high) {
        end *= 2;
    }
    let beyond = || EncodingError::Damaged(format!("a count lies beyond its highest value, {}", shape.high));
    let mut index = 0_u64;
    let mut place = 0;
    while place < payload.len() {
        let (number, length) = leb128(&payload[place..])
            .ok_or_else(|| EncodingError::Damaged("its last count is not complete".to_owned()))?;
        place += length;
        let number = ((number >> 1) as i64) ^ -((number & 1) as i64);
        if number > 0 {
            let value = lowest_of_bucket(index, half_magnitude, unit_magnitude)
                .filter(|&value| u128::from(value) < end)
                .ok_or_else(beyond)?;
            counts.push((value, number as u64));
        }
        let step = if number < 0 { number.unsigned_abs() } else { 1 };
        index = index.checked_add(step).ok_or_else(beyond)?;
    }
    Ok(())
}

/// Values up to 2 × 10^digits are told apart one by one; sub-buckets are the power of two above, and this is half of them,
/// as a power of two.
fn half_magnitude(digits: u8) -> u32 {
    (2 * 10_u64.pow(u32::from(digits))).next_power_of_two().ilog2() - 1
}

/// The lowest value that is counted at this index; none beyond 63 bits.
fn lowest_of_bucket(index: u64, half_magnitude: u32, unit_magnitude: u32) -> Option<u64> {
    let half = 1_u64 << half_magnitude;
    let (bucket, sub_bucket) = match index >> half_magnitude {
        0 => (0, index),
        above => (above - 1, (index & (half - 1)) + half),
    };
    let shift = u32::try_from(bucket).ok()?.checked_add(unit_magnitude)?;
    // 1 for the top bit itself: the whole value must stay below 2^63.
    (shift + half_magnitude < 62).then(|| sub_bucket << shift)
}

/// LEB128 of at most nine bytes, the ninth of which counts whole.
fn leb128(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (place, &byte) in bytes.iter().take(9).enumerate() {
        if place == 8 {
            return Some((number | u64::from(byte) << 56, 9));
        }
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((number, place + 1));
        }
    }
    None
}

fn big_endian_u32(bytes: &[u8], place: usize) -> u32 {
    bytes[place..place + 4]
        .iter()
        .fold(0, |number, &byte| number << 8 | u32::from(byte))
}

fn big_endian_u64(bytes: &[u8], place: usize) -> u64 {
    u64::from(big_endian_u32(bytes, place)) << 32 | u64::from(big_endian_u32(bytes, place + 4))
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer, V2Serializer};
    use proptest::prelude::*;

    use super::*;
    use crate::stats::sum::Sum;

    fn text_of(bytes: &[u8]) -> String {
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }

    fn plain(histogram: &Histogram<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        V2Serializer::new().serialize(histogram, &mut bytes).unwrap();
        bytes
    }

    fn compressed(histogram: &Histogram<u64>) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(histogram, &mut bytes).unwrap();
        text_of(&bytes)
    }

    fn filled(digits: u8, values: &[u64]) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 1 << 41, digits).unwrap();
        values.iter().for_each(|&value| histogram.record(value).unwrap());
        histogram
    }

    fn sum_of(histograms: &[Histogram<u64>]) -> Sum {
        let mut decoder = Decoder::new();
        let mut sum: Option<Sum> = None;
        for histogram in histograms {
            let text = compressed(histogram);
            let decoded = decoder.decode(&text).unwrap();
            let sum = sum.get_or_insert_with(|| Sum::new(decoded.shape).unwrap());
            sum.add(&decoded).unwrap();
        }
        sum.unwrap()
    }

    #[test]
    fn each_other_encoding_is_named() {
        let error = |first: u32| {
            let bytes = [first.to_be_bytes().as_slice(), &[0; 60]].concat();
            Decoder::new().decode(&text_of(&bytes)).unwrap_err()
        };
        assert_eq!(error(0x1c84_9381), EncodingError::Old("V1"));
        assert_eq!(error(0x1c84_9382), EncodingError::Old("V1"));
        assert_eq!(error(0x1c84_9388), EncodingError::Old("V0"));
        assert_eq!(error(0x1c84_9389), EncodingError::Old("V0"));
        assert_eq!(error(0x0c72_124f), EncodingError::Double);
        assert!(matches!(error(0x1234_5678), EncodingError::Unknown(_)));
    }

    #[test]
    fn features_that_are_not_read_are_named() {
        let with = |place: usize, value: &[u8]| {
            let mut bytes = plain(&filled(3, &[1, 1_000]));
            bytes[place..place + value.len()].copy_from_slice(value);
            Decoder::new().decode(&text_of(&bytes)).map(|_| ())
        };
        assert_eq!(with(8, &0_u32.to_be_bytes()), Ok(()));
        assert!(matches!(
            with(8, &4_u32.to_be_bytes()),
            Err(EncodingError::Unsupported(_))
        ));
        assert!(matches!(
            with(32, &0.5_f64.to_be_bytes()),
            Err(EncodingError::Unsupported(_))
        ));
        for damage in [
            with(12, &9_u32.to_be_bytes()),
            with(16, &0_u64.to_be_bytes()),
            with(24, &u64::MAX.to_be_bytes()),
        ] {
            assert!(matches!(damage, Err(EncodingError::Damaged(_))), "{damage:?}");
        }
        assert!(matches!(
            with(24, &7_u64.to_be_bytes()),
            Err(EncodingError::Damaged(_)) | Ok(())
        ));
    }

    #[test]
    fn a_count_beyond_the_highest_value_is_damage() {
        let mut bytes = plain(&filled(3, &[1, 1 << 40]));
        bytes[24..32].copy_from_slice(&1_000_u64.to_be_bytes());
        assert!(matches!(
            Decoder::new().decode(&text_of(&bytes)),
            Err(EncodingError::Damaged(_))
        ));
    }

    proptest! {
        #[test]
        fn a_sum_is_what_recording_all_values_into_one_gives(
            parts in prop::collection::vec(prop::collection::vec(0..1_u64 << 40, 0..60), 1..8),
        ) {
            let histograms: Vec<_> = parts.iter().map(|values| filled(3, values)).collect();
            let sum = sum_of(&histograms);
            prop_assert_eq!(sum.histogram(), &filled(3, &parts.concat()));
            prop_assert!(!sum.is_mixed());
        }

        #[test]
        fn of_different_precisions_the_coarsest_is_exact(
            parts in prop::collection::vec((1..5_u8, prop::collection::vec(0..1_u64 << 40, 1..40)), 2..6),
        ) {
            let histograms: Vec<_> = parts.iter().map(|(digits, values)| filled(*digits, values)).collect();
            let coarsest = parts.iter().map(|(digits, _)| *digits).min().unwrap();
            let all: Vec<u64> = parts.iter().flat_map(|(_, values)| values.clone()).collect();
            let sum = sum_of(&histograms);
            prop_assert_eq!(sum.histogram(), &filled(coarsest, &all));
        }

        #[test]
        fn reads_what_the_library_reads(
            digits in 0..=5_u8, low in 1..2_000_u64, values in prop::collection::vec(0..u64::MAX >> 8, 0..50),
        ) {
            let mut histogram = Histogram::new_with_bounds(low, (2 * low).max(u64::MAX >> 8), digits).unwrap();
            values.iter().for_each(|&value| histogram.record(value).unwrap());
            let sum = sum_of(std::slice::from_ref(&histogram));
            prop_assert_eq!(sum.histogram(), &histogram);
            let text = compressed(&histogram);
            let mut decoder = Decoder::new();
            let decoded = decoder.decode(&text).unwrap();
            prop_assert_eq!((decoded.len(), decoded.is_empty()), (histogram.len(), histogram.is_empty()));
            prop_assert_eq!(decoded.max(), histogram.max());
            for share in [0.0, 1e-9, 0.01, 1.0 / 3.0, 0.5, 0.9, 0.99, 0.999, 1.0, 1.5] {
                prop_assert_eq!(decoded.value_at_quantile(share), histogram.value_at_quantile(share), "{}", share);
            }
        }

        #[test]
        fn damage_is_an_error_and_never_a_panic(
            values in prop::collection::vec(0..1_u64 << 40, 0..50), places in prop::collection::vec((0..200_usize, 0..=255_u8), 1..6),
            cut in 0..200_usize,
        ) {
            let mut bytes = plain(&filled(3, &values));
            for (place, byte) in places {
                let length = bytes.len();
                bytes[place % length] = byte;
            }
            let mut decoder = Decoder::new();
            if let Ok(decoded) = decoder.decode(&text_of(&bytes)) {
                let _ = Sum::new(decoded.shape).and_then(|mut sum| sum.add(&decoded));
            }
            bytes.truncate(cut);
            let _ = decoder.decode(&text_of(&bytes));
        }
    }
}
