//! A file of arrivals: one number a line. Read when a profile is checked, and again by the trial that plays it.

use std::path::Path;

use crate::protocol::{TimeUnit, TraceValues};

/// Most arrivals in a file: a trial keeps 8 bytes of each.
const MOST_ARRIVALS: usize = 5_000_000;
/// Largest file, in bytes.
const LARGEST_FILE: u64 = 256 << 20;
/// Longest line that can be a number, and most of one that a message shows.
const LONGEST_LINE: usize = 60;

/// The arrivals of a file in ns since the first one, which is at 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceFile {
    /// In order; never empty.
    pub offsets_ns: Vec<u64>,
    /// From the first arrival to the first of the next round, if there is one.
    pub length_ns: u64,
}

/// What is wrong with a file of arrivals.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TraceError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is a directory, say.
    #[error("is no file")]
    NoFile,
    /// There is no number in it.
    #[error("is empty: it has no arrival")]
    Empty,
    /// It has more than a trial keeps.
    #[error("is too large: at most {MOST_ARRIVALS} arrivals in {} MiB can be played", LARGEST_FILE >> 20)]
    TooLarge,
    /// A line is no number.
    #[error("has no number in line {line}: {text:?}")]
    NoNumber {
        /// Which, from 1.
        line: usize,
        /// Its text, cut.
        text: String,
    },
    /// An arrival before the one before it.
    #[error("goes backwards in line {line}: {text}{}", .after.as_ref().map_or_else(String::new, |after| format!(" after {after}")))]
    Backwards {
        /// Which, from 1.
        line: usize,
        /// Its number.
        text: String,
        /// The number before, where numbers are timestamps.
        after: Option<String>,
    },
    /// There is no time between any two arrivals.
    #[error("has all its arrivals at the same moment")]
    NoTime,
    /// One timestamp alone says nothing of a rate.
    #[error("has one timestamp only: at least two are needed")]
    OneTimestamp,
    /// Longer than a clock of 64 bits counts in ns.
    #[error("is longer than 292 years")]
    TooLong,
}

impl TraceFile {
    /// Reads a file: a number on each line, with decimals where wanted; empty lines and those that begin with `#` are
    /// skipped.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn read(path: &Path, values: TraceValues, unit: TimeUnit) -> Result<TraceFile, TraceError> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(TraceError::NoFile);
        }
        if metadata.len() > LARGEST_FILE {
            return Err(TraceError::TooLarge);
        }
        Self::parse(&std::fs::read(path)?, values, unit)
    }

    fn parse(bytes: &[u8], values: TraceValues, unit: TimeUnit) -> Result<TraceFile, TraceError> {
        let mut numbers = Numbers::new(values);
        for (place, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let shown = || String::from_utf8_lossy(&line[..line.len().min(LONGEST_LINE)]).into_owned();
            let number = std::str::from_utf8(line).ok().filter(|text| text.len() <= LONGEST_LINE);
            let Some(ns) = number.and_then(|text| nanoseconds(text, unit)) else {
                return Err(TraceError::NoNumber {
                    line: place + 1,
                    text: shown(),
                });
            };
            numbers.add(ns, place + 1, shown)?;
        }
        numbers.finish()
    }

    /// Its length in µs.
    pub fn length_us(&self) -> f64 {
        self.length_ns as f64 / 1e3
    }
}

/// The numbers read so far.
struct Numbers {
    values: TraceValues,
    offsets_ns: Vec<u64>,
    /// Where gaps lead to, or the first timestamp.
    origin_ns: i128,
    /// The number before.
    last: Option<(i128, String)>,
}

impl Numbers {
    fn new(values: TraceValues) -> Self {
        Self {
            values,
            offsets_ns: Vec::new(),
            origin_ns: 0,
            last: None,
        }
    }

    fn add(&mut self, ns: i128, line: usize, text: impl Fn() -> String) -> Result<(), TraceError> {
        if self.offsets_ns.len() == MOST_ARRIVALS {
            return Err(TraceError::TooLarge);
        }
        let offset_ns = match self.values {
            TraceValues::Gaps => {
                if ns < 0 {
                    let (text, after) = (text(), None);
                    return Err(TraceError::Backwards { line, text, after });
                }
                let at_ns = self.origin_ns;
                self.origin_ns += ns;
                at_ns
            }
            TraceValues::Timestamps => {
                match &self.last {
                    Some((last, after)) if ns < *last => {
                        let (text, after) = (text(), Some(after.clone()));
                        return Err(TraceError::Backwards { line, text, after });
                    }
                    Some(_) => {}
                    None => self.origin_ns = ns,
                }
                self.last = Some((ns, text()));
                ns - self.origin_ns
            }
        };
        self.offsets_ns
            .push(i64::try_from(offset_ns).map_err(|_| TraceError::TooLong)? as u64);
        Ok(())
    }

    fn finish(self) -> Result<TraceFile, TraceError> {
        let Some(last_ns) = self.offsets_ns.last().copied() else {
            return Err(TraceError::Empty);
        };
        let length_ns = match (self.values, self.offsets_ns.len() as u64) {
            (TraceValues::Gaps, _) => i64::try_from(self.origin_ns).map_err(|_| TraceError::TooLong)? as u64,
            (TraceValues::Timestamps, 1) => return Err(TraceError::OneTimestamp),
            // Timestamps do not say when the next arrival would be: a mean gap after the last.
            (TraceValues::Timestamps, records) => last_ns + last_ns.div_ceil(records - 1),
        };
        if length_ns == 0 {
            return Err(TraceError::NoTime);
        }
        Ok(TraceFile {
            offsets_ns: self.offsets_ns,
            length_ns,
        })
    }
}

/// A decimal number in a unit as ns, digits beyond cut off. Exact also for timestamps since 1970 in ns, which a double
/// does not hold.
fn nanoseconds(text: &str, unit: TimeUnit) -> Option<i128> {
    let digits_of_unit = match unit {
        TimeUnit::Ns => 0,
        TimeUnit::Us => 3,
        TimeUnit::Ms => 6,
        TimeUnit::S => 9,
    };
    let (sign, bare) = match text.strip_prefix('-') {
        Some(bare) => (-1, bare),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = bare.split_once('.').unwrap_or((bare, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) || whole.len() > 25 {
        return None;
    }
    let part = format!("{part:0<digits_of_unit$}");
    let all = format!("0{whole}{}", &part[..digits_of_unit]);
    all.parse::<i128>().ok().map(|ns| sign * ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, values: TraceValues, unit: TimeUnit) -> Result<(Vec<u64>, u64), String> {
        TraceFile::parse(text.as_bytes(), values, unit)
            .map(|trace| (trace.offsets_ns, trace.length_ns))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn gaps_lead_from_each_record_to_the_next_and_back_to_the_first() {
        let text = "# ms\n10\n\n0\r\n 2.5 \n";
        assert_eq!(
            read(text, TraceValues::Gaps, TimeUnit::Ms),
            Ok((vec![0, 10_000_000, 10_000_000], 12_500_000))
        );
    }

    #[test]
    fn timestamps_count_from_the_first_and_end_a_mean_gap_after_the_last() {
        let text = "1700000000.000000001\n1700000000.000000011\n1700000000.000000021\n";
        assert_eq!(
            read(text, TraceValues::Timestamps, TimeUnit::S),
            Ok((vec![0, 10, 20], 30))
        );
    }

    #[test]
    fn what_is_no_trace_is_told_with_its_line() {
        let (gaps, times) = (TraceValues::Gaps, TraceValues::Timestamps);
        for (text, values, told) in [
            ("", gaps, "is empty"),
            ("# nothing\n\n", gaps, "is empty"),
            ("1\nx\n", gaps, "no number in line 2: \"x\""),
            ("1,2\n", gaps, "no number in line 1: \"1,2\""),
            ("1e3\n", gaps, "has no number"),
            (".\n", gaps, "has no number"),
            ("\u{fe}\n", gaps, "has no number"),
            ("1\n-0.5\n", gaps, "goes backwards in line 2: -0.5"),
            ("5\n7\n6.9\n", times, "goes backwards in line 3: 6.9 after 7"),
            ("0\n0\n", gaps, "at the same moment"),
            ("5\n5\n5\n", times, "at the same moment"),
            ("5\n", times, "one timestamp only"),
            ("9999999999999\n", gaps, "longer than 292 years"),
        ] {
            let error = read(text, values, TimeUnit::S).unwrap_err();
            assert!(error.contains(told), "{text:?}: {error}");
        }
        let long = "7".repeat(5_000);
        assert!(read(&long, gaps, TimeUnit::S).unwrap_err().len() < 200);
    }

    proptest! {
        #[test]
        fn a_written_number_is_read_to_the_ns(ns in -1_000_000_000_000_000_000i64..1_000_000_000_000_000_000) {
            let sign = if ns < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:09}", ns.unsigned_abs() / 1_000_000_000, ns.unsigned_abs() % 1_000_000_000);
            prop_assert_eq!(nanoseconds(&text, TimeUnit::S), Some(i128::from(ns)));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = TraceFile::parse(&bytes, TraceValues::Gaps, TimeUnit::Us);
        }

        #[test]
        fn what_is_read_is_in_order(gaps in proptest::collection::vec(0u32..5_000_000, 1..100)) {
            let text: String = gaps.iter().map(|gap| format!("{gap}\n")).collect();
            if let Ok(trace) = TraceFile::parse(text.as_bytes(), TraceValues::Gaps, TimeUnit::Us) {
                prop_assert!(trace.offsets_ns.is_sorted());
                prop_assert!(trace.offsets_ns.last().unwrap() <= &trace.length_ns);
                prop_assert_eq!(trace.length_ns, gaps.iter().map(|gap| u64::from(*gap) * 1_000).sum::<u64>());
            }
        }
    }
}
