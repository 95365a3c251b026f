//! `kpbench hdr FILE…`: merges and prints HdrHistogram interval logs, and writes percentile distributions.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::arguments::{Format, HdrArguments};
use super::failure::Failure;
use super::output;
use crate::report::interval_logs::{self, Values};
use crate::store::interval_log::{self, IntervalLog, Selection, Series, tag_name};

const STANDARD_INPUT: &str = "-";

/// Reads, merges, writes what `--out` asks for, and puts the result on standard output.
///
/// # Errors
/// Where a log cannot be read, or the result not written.
pub fn show(arguments: HdrArguments) -> Result<(), Failure> {
    // Every field by name: a new flag must be handled here.
    let HdrArguments {
        files,
        tag,
        start,
        end,
        unit_ratio,
        unit,
        out,
        format,
    } = arguments;
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(Failure::usage(format!("--start {start} lies after --end {end}")));
    }
    if files.iter().filter(|file| is_standard_input(file)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be read only once"));
    }
    let selection = Selection {
        tags: tag,
        start_s: start,
        end_s: end,
    };
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let logs = files
        .iter()
        .zip(&names)
        .map(|(file, name)| read(file, name, &selection))
        .collect::<Result<Vec<IntervalLog>, Failure>>()?;
    if let (true, [(log, name), ..]) = (
        logs.iter().all(|log| log.series.is_empty()),
        logs.iter().zip(&names).collect::<Vec<_>>().as_slice(),
    ) {
        return Err(Failure::usage(log.nothing_selected(name).to_string()));
    }
    let merged = interval_logs::merge(&logs).map_err(|error| Failure::usage(format!("these logs: {error}")))?;
    let values = Values { unit_ratio, unit };
    let summary = interval_logs::summarize(&names, &logs, &merged, &values);
    let text = match format {
        Format::Text => interval_logs::text(&summary),
        Format::Json => serde_json::to_string_pretty(&summary).map_err(Failure::failed)? + "\n",
    };
    if let Some(out) = &out {
        for path in write(out, &merged, &selection, unit_ratio)? {
            output::note(&format!("Percentile distribution: {}", path.display()));
        }
    }
    output::print(&text).map_err(Failure::failed)
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new(STANDARD_INPUT)
}

fn read(file: &Path, name: &str, selection: &Selection) -> Result<IntervalLog, Failure> {
    let (content, name) = if is_standard_input(file) {
        let mut content = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut content);
        (read.map(|_| content), "standard input")
    } else {
        (fs::read(file), name)
    };
    let content = content.map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    interval_log::read(name, &content, selection).map_err(|error| Failure::usage(error.to_string()))
}

/// Writes the merged series: into one file where that is what was named, else one file per tag into a directory.
fn write(out: &Path, merged: &[Series], selection: &Selection, unit_ratio: f64) -> Result<Vec<PathBuf>, Failure> {
    let is_file = out.is_file() || (!out.is_dir() && out.extension().is_some_and(|extension| extension == "hgrm"));
    let mut paths: Vec<PathBuf> = Vec::new();
    if is_file {
        if merged.len() > 1 {
            let tags: Vec<&str> = merged.iter().map(|series| tag_name(series.tag.as_deref())).collect();
            return Err(Failure::usage(format!(
                "--out {}: one file holds one distribution, and there are {}: choose one with --tag, or name a directory",
                out.display(),
                tags.join(", ")
            )));
        }
        paths.push(out.to_owned());
    } else {
        fs::create_dir_all(out).map_err(|error| cannot_write(out, &error))?;
        for series in merged {
            let name = file_name(series.tag.as_deref());
            // Two tags may be the same but for what a file name cannot hold.
            let mut path = out.join(format!("{name}.hgrm"));
            let mut number = 1;
            while paths.contains(&path) {
                number += 1;
                path = out.join(format!("{name}-{number}.hgrm"));
            }
            paths.push(path);
        }
    }
    for (path, series) in paths.iter().zip(merged) {
        let text = interval_logs::percentile_distribution(
            series.sum.histogram(),
            selection.start_s,
            selection.end_s,
            unit_ratio,
        );
        crate::report::replace(path, text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
    }
    Ok(paths)
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {error}", path.display()))
}

/// A tag as a file's name: it comes from outside, and may hold a path.
fn file_name(tag: Option<&str>) -> String {
    let safe: String = tag
        .unwrap_or("untagged")
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(100)
        .collect();
    match safe.trim_start_matches('.') {
        "" => "_".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_tag_leads_nowhere_else() {
        assert_eq!(file_name(Some("read")), "read");
        assert_eq!(file_name(Some("../../etc/passwd")), "_.._etc_passwd");
        assert_eq!(file_name(Some("..")), "_");
        assert_eq!(file_name(None), "untagged");
    }
}
