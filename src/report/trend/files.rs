//! The files of `trend --out`.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::TrendError;
use super::model::Trend;
use super::{figures, markdown};
use crate::report::ReportError;
use crate::report::files::replace;

/// Name of the document.
pub const TREND_JSON_FILE: &str = "trend.json";
/// Name of the table.
pub const TREND_MARKDOWN_FILE: &str = "trend.md";

/// Writes the document, the table and the charts into a directory, which is made where it is missing. Each file is
/// whole or not there; the same history gives the same bytes.
///
/// # Errors
/// Where a chart cannot be drawn or a file not written.
pub fn write(trend: &Trend, directory: &Path) -> Result<Vec<PathBuf>, TrendError> {
    let figures = figures::draw(trend).map_err(|source| chart_error("of the trend", source))?;
    let mut documents: Vec<(String, Vec<u8>)> = Vec::new();
    for figure in &figures {
        let failed = |source| chart_error(&figure.name, source);
        let svg = figure.chart.standalone_svg().map_err(failed)?;
        documents.push((chart_name(&figure.name, "svg"), svg.into_bytes()));
        documents.push((chart_name(&figure.name, "png"), figure.chart.png().map_err(failed)?));
    }
    let mut json = serde_json::to_vec_pretty(trend).map_err(ReportError::from)?;
    json.push(b'\n');
    documents.push((TREND_JSON_FILE.to_owned(), json));
    let charts: Vec<(String, String)> = figures
        .iter()
        .map(|figure| (figure.name.clone(), figure.chart.title.clone()))
        .collect();
    documents.push((
        TREND_MARKDOWN_FILE.to_owned(),
        markdown::render(trend, &charts).into_bytes(),
    ));
    let io = |path: &Path| {
        let path = path.to_owned();
        |source| TrendError::Write { path, source }
    };
    fs::create_dir_all(directory).map_err(io(directory))?;
    let mut paths = Vec::with_capacity(documents.len());
    for (name, content) in documents {
        let path = directory.join(name);
        replace(&path, &content).map_err(io(&path))?;
        paths.push(path);
    }
    Ok(paths)
}

/// The name of a chart's file.
pub(super) fn chart_name(figure: &str, extension: &str) -> String {
    format!("trend-{figure}.{extension}")
}

fn chart_error(name: &str, source: crate::report::charts::ChartError) -> TrendError {
    ReportError::Chart {
        name: name.to_owned(),
        source,
    }
    .into()
}
