//! Reads HdrHistogram interval logs, kpbench's own and those of other tools, and merges their intervals per tag.
//!
//! Format: `HistogramLogReader` and `HistogramLogWriter` of HdrHistogram 2.2.2. What that reader ends at in silence is an
//! error here, with its line: half a log must not pass for a whole one.

use crate::stats::encoded::{Decoder, EncodingError};
use crate::stats::sum::Sum;

/// How kpbench's own logs begin: their values are in µs.
pub(super) const OWN_COMMENT: &str = "#[kpbench: latencies in us; tags service, response, schedule_lag, send_call]";

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IntervalLogError {
    /// No byte.
    #[error("{log} is empty")]
    Empty {
        /// Which log.
        log: String,
    },
    /// Gzip.
    #[error("{log} is compressed with gzip; unpack it first, as in: gunzip -c {log} | kpbench hdr -")]
    Gzip {
        /// Which log.
        log: String,
    },
    /// Text, but no interval.
    #[error("{log} holds no interval, only {comments}")]
    NoInterval {
        /// Which log.
        log: String,
        /// What it holds, in words.
        comments: String,
    },
    /// Intervals, but none of those asked for.
    #[error("{log}: none of its intervals was asked for; it has {intervals} {span} and the tags {tags}")]
    NothingSelected {
        /// Which log.
        log: String,
        /// How many.
        intervals: String,
        /// Where they lie.
        span: String,
        /// Their tags.
        tags: String,
    },
    /// A line that is no interval.
    #[error("{log}, line {line}: {reason}")]
    Line {
        /// Which log.
        log: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A histogram that cannot be read.
    #[error("{log}, line {line}: {source}")]
    Histogram {
        /// Which log.
        log: String,
        /// From 1.
        line: usize,
        /// Why.
        source: EncodingError,
    },
}

/// Beyond so many seconds (2^53 ms, some 285,000 years) a number cannot tell one millisecond from the next: no log's
/// interval lies there.
const FARTHEST_S: f64 = 9_007_199_254_740.0;

/// Which intervals to read. What is not selected is not decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Only these tags; the empty one stands for intervals without a tag. All, where it is empty.
    pub tags: Vec<String>,
    /// Only intervals that start at this many seconds after the log's start, or later.
    pub start_s: Option<f64>,
    /// Only intervals that start at this many seconds after the log's start, or earlier.
    pub end_s: Option<f64>,
}

impl Selection {
    fn takes(&self, tag: Option<&str>, offset_s: f64) -> bool {
        let named = self.tags.is_empty() || self.tags.iter().any(|asked| asked == tag.unwrap_or_default());
        named && self.start_s.is_none_or(|start| offset_s >= start) && self.end_s.is_none_or(|end| offset_s <= end)
    }
}

/// One log, its intervals merged per tag.
#[derive(Clone, Debug)]
pub struct IntervalLog {
    /// Seconds since the epoch that the log's seconds count from, where it says so.
    pub start_time_s: Option<f64>,
    /// The unit of its values, where the log says so: own logs do, the format itself has no place for it.
    pub unit: Option<&'static str>,
    /// One per tag, in the order in which tags appear.
    pub series: Vec<Series>,
    /// Intervals that lie before the log's own start.
    pub before_start: u64,
    /// How often the log starts anew: more than once where several were joined into one file.
    pub starts: u64,
    /// How many intervals it has, selected or not.
    pub intervals: u64,
    /// Start of the first and end of the last of them, in seconds after the log's start.
    pub span_s: (f64, f64),
    /// Their tags; the empty one stands for intervals without.
    pub tags: Vec<String>,
}

impl IntervalLog {
    /// That none of its intervals was selected, and what there is to select from.
    pub fn nothing_selected(&self, name: &str) -> IntervalLogError {
        let tags: Vec<&str> = self.tags.iter().map(|tag| tag_name(Some(tag))).collect();
        IntervalLogError::NothingSelected {
            log: name.to_owned(),
            intervals: match self.intervals {
                1 => "1 interval".to_owned(),
                intervals => format!("{intervals} intervals"),
            },
            span: format!("between {:.3} s and {:.3} s", self.span_s.0, self.span_s.1),
            tags: tags.join(", "),
        }
    }
}

/// The merged intervals of one tag.
#[derive(Clone, Debug)]
pub struct Series {
    /// The tag; none for intervals without.
    pub tag: Option<String>,
    /// How many.
    pub intervals: u64,
    /// Start of the first, in seconds after the log's start.
    pub from_s: f64,
    /// End of the last, in seconds after the log's start.
    pub to_s: f64,
    /// Their values.
    pub sum: Sum,
}

impl Series {
    /// Adds the intervals of another series. Their seconds stay those of each log's own start.
    ///
    /// # Errors
    /// Where the histogram cannot grow that far.
    pub fn add(&mut self, other: &Series) -> Result<(), EncodingError> {
        self.sum.add_sum(&other.sum)?;
        self.intervals += other.intervals;
        self.from_s = self.from_s.min(other.from_s);
        self.to_s = self.to_s.max(other.to_s);
        Ok(())
    }
}

/// Reads a log. `name` is what errors call it. Nothing selected is no error: among several logs one may lack a tag.
///
/// # Errors
/// Where there is no interval, a line is none, or a selected histogram cannot be read.
pub fn read(name: &str, content: &[u8], selection: &Selection) -> Result<IntervalLog, IntervalLogError> {
    let log = || name.to_owned();
    if content.iter().all(u8::is_ascii_whitespace) {
        return Err(IntervalLogError::Empty { log: log() });
    }
    if content.starts_with(&[0x1f, 0x8b]) {
        return Err(IntervalLogError::Gzip { log: log() });
    }
    let mut reader = Reader::default();
    for (line, bytes) in (1..).zip(content.split(|&byte| byte == b'\n')) {
        let at = |reason: String| IntervalLogError::Line {
            log: log(),
            line,
            reason,
        };
        let text = std::str::from_utf8(bytes).map_err(|_| at("it is not text".to_owned()))?;
        match reader.line(text.trim(), selection) {
            Ok(()) => {}
            Err(LineError::Form(reason)) => return Err(at(reason)),
            Err(LineError::Histogram(source)) => {
                return Err(IntervalLogError::Histogram {
                    log: log(),
                    line,
                    source,
                });
            }
        }
    }
    reader.finish(name)
}

enum LineError {
    Form(String),
    Histogram(EncodingError),
}

/// Where the log's clock stands.
#[derive(Clone, Copy, Default)]
struct Clock {
    start_s: Option<f64>,
    base_s: Option<f64>,
}

impl Clock {
    /// Seconds after the start. As Java's reader has it: without a start, the first interval is the start; without a
    /// base, stamps count from the epoch unless that puts them before the start.
    fn offset(&mut self, stamp_s: f64) -> f64 {
        let start_s = *self.start_s.get_or_insert(stamp_s);
        let base_s = *self.base_s.get_or_insert(if stamp_s < start_s { start_s } else { 0.0 });
        stamp_s + base_s - start_s
    }
}

#[derive(Default)]
struct Reader {
    clock: Clock,
    start_time_s: Option<f64>,
    starts: u64,
    unit: Option<&'static str>,
    second_is_end: bool,
    series: Vec<Series>,
    /// Every interval, selected or not.
    intervals: u64,
    span_s: Option<(f64, f64)>,
    tags: Vec<String>,
    lines: u64,
    before_start: u64,
    decoder: Decoder,
}

impl Reader {
    fn line(&mut self, line: &str, selection: &Selection) -> Result<(), LineError> {
        if line.is_empty() {
            return Ok(());
        }
        self.lines += 1;
        if line.starts_with('#') {
            return self.comment(line);
        }
        if line.starts_with('"') {
            // Older writers give an interval's end where others give its length, and say so in the legend.
            self.second_is_end = line.contains("\"EndTimestamp\"");
            return Ok(());
        }
        self.interval(&Fields::of(line)?, selection)
    }

    fn comment(&mut self, line: &str) -> Result<(), LineError> {
        if let Some(start_s) = seconds_after(line, "#[StartTime:")? {
            self.starts += 1;
            self.start_time_s.get_or_insert(start_s);
            self.clock = Clock {
                start_s: Some(start_s),
                base_s: None,
            };
        } else if let Some(base_s) = seconds_after(line, "#[BaseTime:")? {
            self.clock.base_s = Some(base_s);
        } else if line == OWN_COMMENT {
            self.unit = Some("µs");
        }
        Ok(())
    }

    fn interval(&mut self, fields: &Fields<'_>, selection: &Selection) -> Result<(), LineError> {
        let from_s = self.clock.offset(fields.start_s);
        let length_s = match self.second_is_end {
            true => fields.second_s - fields.start_s,
            false => fields.second_s,
        };
        if length_s < 0.0 {
            return Err(LineError::Form("its interval ends before it starts".to_owned()));
        }
        let to_s = from_s + length_s;
        if !is_a_time(from_s) || !is_a_time(to_s) {
            return Err(LineError::Form(format!(
                "its interval starts {from_s:e} s after the log's start and ends at {to_s:e} s: no time that can be told"
            )));
        }
        self.intervals += 1;
        let span_s = self.span_s.get_or_insert((from_s, to_s));
        *span_s = (span_s.0.min(from_s), span_s.1.max(to_s));
        let tag = fields.tag.unwrap_or_default();
        if !self.tags.iter().any(|known| known == tag) {
            self.tags.push(tag.to_owned());
        }
        if !selection.takes(fields.tag, from_s) {
            return Ok(());
        }
        // Stamps are written in ms, so the first interval may start that much before the log.
        self.before_start += u64::from(from_s < -0.0015);
        let decoded = self.decoder.decode(fields.histogram).map_err(LineError::Histogram)?;
        let place = self
            .series
            .iter()
            .position(|series| series.tag.as_deref() == fields.tag);
        let series = match place {
            Some(place) => &mut self.series[place],
            None => {
                self.series.push(Series {
                    tag: fields.tag.map(str::to_owned),
                    intervals: 0,
                    from_s,
                    to_s,
                    sum: Sum::new(decoded.shape).map_err(LineError::Histogram)?,
                });
                let last = self.series.len() - 1;
                &mut self.series[last]
            }
        };
        series.intervals += 1;
        series.from_s = series.from_s.min(from_s);
        series.to_s = series.to_s.max(to_s);
        series.sum.add(&decoded).map_err(LineError::Histogram)
    }

    fn finish(self, name: &str) -> Result<IntervalLog, IntervalLogError> {
        let log = name.to_owned();
        let Some(span_s) = self.span_s else {
            let comments = match self.lines {
                1 => "one line of comment".to_owned(),
                lines => format!("{lines} lines of comment"),
            };
            return Err(IntervalLogError::NoInterval { log, comments });
        };
        Ok(IntervalLog {
            start_time_s: self.start_time_s,
            unit: self.unit,
            series: self.series,
            before_start: self.before_start,
            starts: self.starts,
            intervals: self.intervals,
            span_s,
            tags: self.tags,
        })
    }
}

/// What a reader calls a tag.
pub fn tag_name(tag: Option<&str>) -> &str {
    tag.filter(|tag| !tag.is_empty()).unwrap_or("(no tag)")
}

/// None where the line does not begin so, or no number follows.
fn seconds_after(line: &str, words: &str) -> Result<Option<f64>, LineError> {
    let rest = line.strip_prefix(words).map(str::trim_start);
    let number = rest.and_then(|rest| rest.split([' ', ']', ',']).next());
    let Some(seconds) = number.and_then(|number| number.parse::<f64>().ok()) else {
        return Ok(None);
    };
    match is_a_time(seconds) {
        true => Ok(Some(seconds)),
        false => Err(LineError::Form(format!(
            "it gives the log's times as counted from {seconds:e} s: no time that can be told"
        ))),
    }
}

/// Not where it is no number either.
fn is_a_time(seconds: f64) -> bool {
    seconds.abs() <= FARTHEST_S
}

/// One line of a log, its histogram not decoded.
struct Fields<'a> {
    tag: Option<&'a str>,
    start_s: f64,
    /// Length or end, as the legend says.
    second_s: f64,
    histogram: &'a str,
}

impl<'a> Fields<'a> {
    fn of(line: &'a str) -> Result<Fields<'a>, LineError> {
        let (tag, rest) = match line.strip_prefix("Tag=") {
            Some(rest) => match rest.split_once(',') {
                Some((tag, rest)) => (Some(tag), rest),
                None => return Err(cut(1)),
            },
            None => (None, line),
        };
        let parts: Vec<&str> = rest.split(',').map(str::trim).collect();
        let [start, second, max, histogram] = parts[..] else {
            return Err(if parts.len() < 4 && number(parts[0]).is_some() {
                cut(parts.len() + usize::from(tag.is_some()))
            } else {
                no_interval(line)
            });
        };
        // The maximum is there for the eye only, and the histogram has its own.
        let (Some(start_s), Some(second_s), Some(_)) = (number(start), number(second), number(max)) else {
            return Err(no_interval(line));
        };
        if histogram.is_empty() {
            return Err(cut(3));
        }
        Ok(Fields {
            tag: tag.filter(|tag| !tag.is_empty()),
            start_s,
            second_s,
            histogram,
        })
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn cut(fields: usize) -> LineError {
    LineError::Form(format!(
        "it is cut off after {fields} of its fields: its histogram is missing"
    ))
}

fn no_interval(line: &str) -> LineError {
    let mut shown: String = line.chars().take(40).flat_map(char::escape_default).collect();
    if line.chars().nth(40).is_some() {
        shown.push('…');
    }
    LineError::Form(format!(
        "it is no interval of a histogram log, which is [Tag=…,]start,length,maximum,histogram; it reads: {shown}"
    ))
}
