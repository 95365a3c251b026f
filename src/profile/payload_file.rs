//! The sizes of a payload file's lines: what is sent is as large as they are, whatever `record.size` says.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::source::Place;
use crate::protocol::{MAX_PAYLOAD_POOL_BYTES, Size};

/// The lines of a payload file, and where the profile names it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PayloadLines {
    /// How large they are.
    pub size: Size,
    /// Number of the largest, from 1.
    pub largest_line: u64,
    /// Where the file is named.
    pub place: Place,
}

/// What the lines of a file come to, as far as records are taken from it; none where there is no line with anything in
/// it. As in the trial's pool, a line is counted without its end, and empty ones are left out.
///
/// # Errors
/// Where the file cannot be read.
pub(super) fn measured(path: &Path, place: Place) -> io::Result<Option<PayloadLines>> {
    let mut reader = BufReader::new(File::open(path)?.take(MAX_PAYLOAD_POOL_BYTES as u64));
    let (mut lines, mut total) = (0_u64, 0_u64);
    let (mut smallest, mut largest) = (u64::MAX, 0);
    let (mut number, mut largest_line) = (0, 0);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let bytes = text.strip_suffix(b"\r").unwrap_or(text).len() as u64;
        if bytes > 0 {
            (lines, total) = (lines + 1, total + bytes);
            if bytes > largest {
                (largest, largest_line) = (bytes, number);
            }
            smallest = smallest.min(bytes);
        }
        line.clear();
    }
    // The part that is read is far shorter than what these types hold.
    Ok((lines > 0).then(|| PayloadLines {
        size: Size::Lines {
            mean_bytes: total as f64 / lines as f64,
            min_bytes: smallest as u32,
            max_bytes: largest as u32,
        },
        largest_line,
        place,
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_measured_as_they_are_sent() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"12345\r\n\n1\r\n\r\n123456789012").unwrap();
        let place = Place {
            source: 0,
            start: 0,
            end: 0,
        };
        let sizes = PayloadLines {
            size: Size::Lines {
                mean_bytes: 6.0,
                min_bytes: 1,
                max_bytes: 12,
            },
            largest_line: 5,
            place,
        };
        assert_eq!(measured(file.path(), place).unwrap(), Some(sizes));
        let mut blank = tempfile::NamedTempFile::new().unwrap();
        blank.write_all(b"\n\r\n\n").unwrap();
        assert_eq!(measured(blank.path(), place).unwrap(), None);
    }
}
