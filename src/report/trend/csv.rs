//! Series from a CSV file: columns `time` and `value`, and where wanted `label` and `commit`.

use std::collections::HashMap;
use std::io::Read;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::error::TrendError;
use super::history::{History, Observation, ObservedSeries, Provenance};
use crate::report::charts::Better;
use crate::report::format;

/// No measurement is larger; beyond, sums of squares would overflow.
const VALUE_MAX: f64 = 1e30;
/// Unix times of this size and more are in milliseconds: as seconds they would lie beyond the year 5000.
const MILLISECONDS_FROM: f64 = 1e11;

/// Where each column is.
struct Columns {
    time: usize,
    value: usize,
    label: Option<usize>,
    commit: Option<usize>,
}

/// One file while it is read.
struct File<'a> {
    name: &'a str,
}

impl History {
    /// Reads a CSV file (RFC 4180, one record per line, UTF-8) with a header row. Each label is a series of its own. Times are RFC
    /// 3339, dates, or Unix times (seconds; milliseconds from 10^11 on), ascending within each series. `name` is what
    /// errors call the file, and the label where no column has one.
    ///
    /// # Errors
    /// Where the file cannot be read, or a row is not as it should be: with its line and what to do.
    pub fn of_csv(name: &str, mut from: impl Read, better: Better) -> Result<History, TrendError> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).map_err(|source| TrendError::Read {
            name: name.to_owned(),
            source,
        })?;
        let file = File { name };
        let text = file.text(&bytes)?;
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let Some((place, header)) = lines.next() else {
            return Err(file.wrong(
                1,
                "the file is empty",
                "begin it with a row time,value or time,value,label",
            ));
        };
        let mut history = History::default();
        let columns = file.columns(place, header, &mut history.notes)?;
        let mut series: HashMap<String, (usize, Timestamp)> = HashMap::new();
        for (line, row) in lines {
            let (label, time, point) = file.row(line, row, &columns)?;
            let next = history.series.len();
            match series.get_mut(&label) {
                None => {
                    series.insert(label.clone(), (next, time));
                    history.series.push(ObservedSeries {
                        label,
                        configuration_id: None,
                        metric: None,
                        better,
                        points: vec![point],
                    });
                }
                Some((place, last)) => {
                    file.ascending(line, *last, time, &history.series[*place], &point)?;
                    *last = time;
                    history.series[*place].points.push(point);
                }
            }
        }
        Ok(history)
    }
}

impl File<'_> {
    fn wrong(&self, line: usize, problem: impl Into<String>, remedy: impl Into<String>) -> TrendError {
        TrendError::Csv {
            place: format!("{}:{line}", self.name),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    fn text<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, TrendError> {
        // A byte order mark, as some spreadsheets write.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            self.wrong(line, "not UTF-8 text", "save the file as UTF-8 (iconv -t UTF-8)")
        })
    }

    fn columns(&self, line: usize, header: &str, notes: &mut Vec<String>) -> Result<Columns, TrendError> {
        let names = self.cells(line, header)?;
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut ignored = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let known = name.to_ascii_lowercase();
            if !["time", "value", "label", "commit"].contains(&known.as_str()) {
                ignored.push(format!("'{name}'"));
            } else if places.insert(known, place).is_some() {
                return Err(self.wrong(line, format!("two columns are called '{name}'"), "rename or remove one"));
            }
        }
        let place = |name: &str| {
            places.get(name).copied().ok_or_else(|| {
                self.wrong(
                    line,
                    format!(
                        "the header row has no column '{name}' (it has {})",
                        format::listed(&names, 6)
                    ),
                    "begin the file with a row time,value or time,value,label",
                )
            })
        };
        let (time, value) = (place("time")?, place("value")?);
        if !ignored.is_empty() {
            notes.push(format!(
                "Columns of {} that are not used: {}.",
                self.name,
                format::listed(&ignored, 6)
            ));
        }
        Ok(Columns {
            time,
            value,
            label: places.get("label").copied(),
            commit: places.get("commit").copied(),
        })
    }

    fn row(&self, line: usize, row: &str, columns: &Columns) -> Result<(String, Timestamp, Observation), TrendError> {
        let cells = self.cells(line, row)?;
        let cell = |place: usize, name: &str| {
            cells
                .get(place)
                .map(String::as_str)
                .filter(|cell| !cell.is_empty())
                .ok_or_else(|| {
                    self.wrong(
                        line,
                        format!(
                            "no {name}: the row has {}",
                            format::counted(cells.len() as u64, "column", "columns")
                        ),
                        "give every row a time and a value, or remove the row",
                    )
                })
        };
        let time = cell(columns.time, "time")?;
        let value = cell(columns.value, "value")?;
        let optional = |place: Option<usize>| {
            let cell = place.and_then(|place| cells.get(place));
            cell.filter(|cell| !cell.is_empty()).cloned()
        };
        let point = Observation {
            time: time.to_owned(),
            value: self.value(line, value)?,
            from: Provenance {
                commit: optional(columns.commit),
                ..Provenance::default()
            },
        };
        let label = optional(columns.label).unwrap_or_else(|| self.name.to_owned());
        Ok((label, self.time(line, time)?, point))
    }

    fn value(&self, line: usize, text: &str) -> Result<f64, TrendError> {
        let remedy = "give a number of 0 or more, with a point before its decimals, or remove the row";
        let value: f64 = text
            .parse()
            .map_err(|_| self.wrong(line, format!("the value '{text}' is no number"), remedy))?;
        let problem = if value.is_nan() {
            "not a number"
        } else if value.is_infinite() {
            "infinite"
        } else if value < 0.0 {
            "negative: the change of such values in per cent means nothing"
        } else if value > VALUE_MAX {
            "larger than 1e30"
        } else {
            return Ok(value);
        };
        Err(self.wrong(line, format!("the value '{text}' is {problem}"), remedy))
    }

    fn time(&self, line: usize, text: &str) -> Result<Timestamp, TrendError> {
        let wrong = || {
            self.wrong(
                line,
                format!("the time '{text}' is not understood"),
                "give it as 2026-03-01T02:00:00Z, as 2026-03-01, or in seconds since 1970",
            )
        };
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(time);
        }
        // Only whole dates: what else begins like one would lose its time of day.
        if text.len() == "2026-03-01".len()
            && let Ok(date) = text.parse::<Date>()
        {
            return date
                .to_zoned(TimeZone::UTC)
                .map(|time| time.timestamp())
                .map_err(|_| wrong());
        }
        let number: f64 = text.parse().map_err(|_| wrong())?;
        let milliseconds = if number.abs() >= MILLISECONDS_FROM {
            number
        } else {
            number * 1e3
        };
        // A cast of a number that is too large, or of none, gives a time that jiff refuses or 1970.
        if !milliseconds.is_finite() {
            return Err(wrong());
        }
        Timestamp::from_microsecond((milliseconds * 1e3).round() as i64).map_err(|_| wrong())
    }

    fn ascending(
        &self,
        line: usize,
        last: Timestamp,
        time: Timestamp,
        series: &ObservedSeries,
        point: &Observation,
    ) -> Result<(), TrendError> {
        let Some(before) = series.points.last().filter(|_| time <= last) else {
            return Ok(());
        };
        let label = &series.label;
        Err(if time == last {
            self.wrong(
                line,
                format!("the time {} is there twice for '{label}'", point.time),
                "keep one row of the two, or give them two labels",
            )
        } else {
            self.wrong(
                line,
                format!(
                    "the time {} of '{label}' is before that of the row above, {}",
                    point.time, before.time
                ),
                "sort the rows by time, the oldest first",
            )
        })
    }

    /// The cells of a row, without the space around them; those in quotes may hold commas.
    fn cells(&self, line: usize, row: &str) -> Result<Vec<String>, TrendError> {
        let mut cells = Vec::new();
        let mut rest = row.trim_end_matches('\r');
        loop {
            let trimmed = rest.trim_start();
            let (cell, after) = match trimmed.strip_prefix('"') {
                Some(quoted) => self.quoted(line, quoted)?,
                None => {
                    let end = rest.find(',').unwrap_or(rest.len());
                    (rest[..end].trim().to_owned(), &rest[end..])
                }
            };
            cells.push(cell);
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => return Ok(cells),
            }
        }
    }

    fn quoted<'a>(&self, line: usize, mut rest: &'a str) -> Result<(String, &'a str), TrendError> {
        let mut cell = String::new();
        loop {
            let Some((part, after)) = rest.split_once('"') else {
                return Err(self.wrong(line, "a quotation mark is not closed", "close it in the same line"));
            };
            cell.push_str(part);
            // Two marks stand for one.
            if let Some(next) = after.strip_prefix('"') {
                cell.push('"');
                rest = next;
                continue;
            }
            let after = after.trim_start();
            if !after.is_empty() && !after.starts_with(',') {
                return Err(self.wrong(
                    line,
                    "text after a closed quotation mark",
                    "double the marks within a cell",
                ));
            }
            return Ok((cell, after));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<History, TrendError> {
        History::of_csv("file.csv", text.as_bytes(), Better::Neither)
    }

    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn times_values_and_labels_are_read() {
        let text = "\u{feff}Time, Value ,label,commit\r\n2026-03-01T02:00:00Z,5,\"a, \"\"b\"\"\",abc\r\n\r\n2026-03-02,6e1,c,\n1900000000,7,c\n1900000000500,0,c\n";
        let history = read(text).unwrap();
        assert_eq!(history.series.len(), 2);
        assert_eq!(history.series[0].label, "a, \"b\"");
        assert_eq!(history.series[0].points[0].from.commit.as_deref(), Some("abc"));
        let values: Vec<f64> = history.series[1].points.iter().map(|point| point.value).collect();
        assert_eq!(values, [60.0, 7.0, 0.0]);
        assert_eq!(history.series[1].points[0].time, "2026-03-02");
        assert_eq!(read("time,value\n1,2\n").unwrap().series[0].label, "file.csv");
        assert!(read("time,value\n").unwrap().series.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_a_remedy() {
        for (text, said) in [
            ("", "file.csv:1: the file is empty; begin it with"),
            ("\n \n", "file.csv:1: the file is empty"),
            (
                "1,2\n3,4\n",
                "file.csv:1: the header row has no column 'time' (it has 1 and 2)",
            ),
            ("time,size\n1,2\n", "file.csv:1: the header row has no column 'value'"),
            ("time,value,time\n", "file.csv:1: two columns are called 'time'"),
            ("time,value\n1\n", "file.csv:2: no value: the row has 1 column"),
            ("time,value\n1,2\n,3\n", "file.csv:3: no time"),
            ("time,value\n1,NaN\n", "file.csv:2: the value 'NaN' is not a number"),
            ("time,value\n1,-inf\n", "file.csv:2: the value '-inf' is infinite"),
            ("time,value\n1,-0.5\n", "file.csv:2: the value '-0.5' is negative"),
            ("time,value\n1,1e31\n", "file.csv:2: the value '1e31' is larger"),
            ("time,value\n1,\"1,5\"\n", "file.csv:2: the value '1,5' is no number"),
            (
                "time,value\n1,2\n1,3\n",
                "file.csv:3: the time 1 is there twice for 'file.csv'; keep one",
            ),
            (
                "time,value\n\n5,2\n4,3\n",
                "file.csv:4: the time 4 of 'file.csv' is before that of the row above, 5; sort",
            ),
            (
                "time,value\nmonday,3\n",
                "file.csv:2: the time 'monday' is not understood; give it as",
            ),
            ("time,value\nnan,3\n", "the time 'nan' is not understood"),
            ("time,value\n1e300,3\n", "the time '1e300' is not understood"),
            ("time,value\n2026-13-01,3\n", "the time '2026-13-01' is not understood"),
            ("time,value\n\"1,3\n", "file.csv:2: a quotation mark is not closed"),
            (
                "time,value\n\"1\"x,3\n",
                "file.csv:2: text after a closed quotation mark",
            ),
        ] {
            let error = error(text);
            assert!(error.contains(said), "{text:?}: {error}");
        }
        let error = History::of_csv("f", &b"time,value\n1,\xff\n"[..], Better::Neither).unwrap_err();
        assert!(error.to_string().starts_with("f:2: not UTF-8 text"), "{error}");
    }

    #[test]
    fn unused_columns_are_named() {
        let history = read("time,value,host\n1,2,h\n").unwrap();
        assert_eq!(history.notes, ["Columns of file.csv that are not used: 'host'."]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(time,value,label\n)?([-0-9.,eE\"\\pL:TZ\n]{0,60})") {
            if let Ok(history) = read(&text) {
                for series in history.series {
                    prop_assert!(series.points.iter().all(|point| point.value.is_finite() && point.value >= 0.0));
                }
            }
        }
    }
}
