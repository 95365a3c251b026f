//! Writing the report beside the stored run: each file whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::charts::ChartError;
use super::figures::{self, Figure};
use super::summary::{self, Summary};
use super::{csv, html, markdown};
use crate::store::{CutLine, Manifest, RunDirectory, StoreError, TrialRecord};

/// Name of the summary within a run directory.
pub const SUMMARY_FILE: &str = "summary.json";
/// Name of the Markdown table.
pub const MARKDOWN_FILE: &str = "summary.md";
/// Name of the table of trials.
pub const CSV_FILE: &str = "trials.csv";
/// Name of the page.
pub const HTML_FILE: &str = "report.html";
/// Name of the directory of charts.
pub const CHARTS_DIRECTORY: &str = "charts";

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The stored run could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A chart could not be drawn.
    #[error("the chart {name} could not be drawn: {source}")]
    Chart {
        /// The chart's name.
        name: String,
        /// Why.
        source: ChartError,
    },
    /// The page could not be put together.
    #[error("report.html could not be made: {0}")]
    Page(#[from] askama::Error),
    /// The summary could not be written as JSON.
    #[error("summary.json could not be made: {0}")]
    Json(#[from] serde_json::Error),
    /// The operating system refused.
    #[error("cannot write {path}: {source}; the stored trials are intact, and `kpbench report` makes the report again")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// What [`write`] has written.
#[derive(Debug)]
pub struct Written {
    /// What the files were made from.
    pub summary: Summary,
    /// The page, the file to open.
    pub html: PathBuf,
    /// Every file, the page included.
    pub files: Vec<PathBuf>,
    /// Set where the last line of the trials was cut and is not in the report.
    pub cut_line: Option<CutLine>,
}

/// One file of a report, before it is written.
struct Document {
    name: String,
    content: Vec<u8>,
}

/// Makes the report of a stored run anew and writes it into its directory. The same run gives the same bytes.
///
/// # Errors
/// Where the run cannot be read, or a file cannot be written. Files written before stay.
pub fn write(run_dir: &Path) -> Result<Written, ReportError> {
    let directory = RunDirectory::open(run_dir)?;
    let stored = directory.read_trials()?;
    let (summary, documents) = make(directory.manifest(), &stored.records)?;
    let charts = run_dir.join(CHARTS_DIRECTORY);
    fs::create_dir_all(&charts).map_err(|source| ReportError::Io {
        path: charts.clone(),
        source,
    })?;
    let mut files = Vec::with_capacity(documents.len());
    for document in documents {
        let path = run_dir.join(&document.name);
        replace(&path, &document.content).map_err(|source| ReportError::Io {
            path: path.clone(),
            source,
        })?;
        files.push(path);
    }
    remove_old_charts(&charts, &files).map_err(|source| ReportError::Io { path: charts, source })?;
    Ok(Written {
        summary,
        html: run_dir.join(HTML_FILE),
        files,
        cut_line: stored.cut_line,
    })
}

/// The page of a run, as text.
///
/// # Errors
/// Where a chart or the page cannot be made.
pub fn page(manifest: &Manifest, trials: &[TrialRecord]) -> Result<String, ReportError> {
    let analysis = summary::analyze(manifest, trials);
    let figures = figures::draw(manifest, &analysis, trials).map_err(|source| ReportError::Chart {
        name: "of the page".to_owned(),
        source,
    })?;
    Ok(html::render(manifest, &analysis, trials, &figures)?)
}

/// The table of trials of a run, as `trials.csv` holds it.
pub fn trials_csv(manifest: &Manifest, trials: &[TrialRecord]) -> String {
    csv::render(manifest, trials)
}

/// The summary as Markdown, as `summary.md` holds it.
pub fn summary_markdown(summary: &Summary) -> String {
    markdown::render(summary)
}

fn make(manifest: &Manifest, trials: &[TrialRecord]) -> Result<(Summary, Vec<Document>), ReportError> {
    let analysis = summary::analyze(manifest, trials);
    let figures = figures::draw(manifest, &analysis, trials).map_err(|source| ReportError::Chart {
        name: "of the page".to_owned(),
        source,
    })?;
    let mut documents = Vec::new();
    let mut add = |name: &str, content: Vec<u8>| {
        documents.push(Document {
            name: name.to_owned(),
            content,
        })
    };
    for (figure, drawn) in figures.iter().zip(drawn_in_parallel(&figures)) {
        let (svg, png) = drawn.map_err(|source| ReportError::Chart {
            name: figure.name.clone(),
            source,
        })?;
        add(&format!("{CHARTS_DIRECTORY}/{}.svg", figure.name), svg);
        add(&format!("{CHARTS_DIRECTORY}/{}.png", figure.name), png);
    }
    let mut json = serde_json::to_vec_pretty(&analysis.summary)?;
    json.push(b'\n');
    add(SUMMARY_FILE, json);
    add(MARKDOWN_FILE, markdown::render(&analysis.summary).into_bytes());
    add(CSV_FILE, csv::render(manifest, trials).into_bytes());
    // Last: where it stands, everything that it links to stands too.
    add(
        HTML_FILE,
        html::render(manifest, &analysis, trials, &figures)?.into_bytes(),
    );
    Ok((analysis.summary, documents))
}

type Drawn = Result<(Vec<u8>, Vec<u8>), ChartError>;

/// Compressing the PNGs is a good part of a report's time.
fn drawn_in_parallel(figures: &[Figure]) -> Vec<Drawn> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = figures.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = figures
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(drawn).collect::<Vec<Drawn>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn drawn(figure: &Figure) -> Drawn {
    Ok((figure.chart.standalone_svg()?.into_bytes(), figure.chart.png()?))
}

/// A chart that this run no longer gives must not stay beside those that it does.
fn remove_old_charts(directory: &Path, written: &[PathBuf]) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_chart = path
            .extension()
            .is_some_and(|extension| extension == "svg" || extension == "png");
        if is_chart && !written.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Writes beside the file and renames: a reader never sees half of it. Not synced: what a power cut takes can be made
/// again from the trials.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    fs::write(&temporary, content)
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })
}
