//! `kpbench trend`.

use std::fs::File;
use std::io;
use std::path::Path;

use super::arguments::{Format, TrendArguments, Way};
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::report::charts::Better;
use crate::report::terminal::Style;
use crate::report::trend::{self, DEFAULT_METRICS, History, Method, Trend, TrendError, TrendOptions};
use crate::stats::change_points::{Options, POINTS_NEEDED, Permutations};

/// A smaller p would take too many permutations.
const PLAIN_PVALUE_MIN: f64 = 1e-5;

/// Analyses and prints. Change points are no failure; a history in which nothing can be analysed is one.
///
/// # Errors
/// Where a path is no directory, a file is not as it should be, or something cannot be written.
pub fn trend(asked: &TrendArguments) -> Result<Exit, Failure> {
    if asked.orig_edivisive && asked.max_pvalue < PLAIN_PVALUE_MIN {
        return Err(Failure::usage(format!(
            "--max-pvalue {}: with --orig-edivisive at least {PLAIN_PVALUE_MIN}, since each p takes more than 1 ÷ p \
             permutations",
            asked.max_pvalue
        )));
    }
    let trend = trend::analyse(history(asked)?, &options(asked));
    if let Some(directory) = &asked.out {
        trend::write(&trend, directory)?;
        output::note(&format!(
            "Charts, trend.md and trend.json are in {}",
            directory.display()
        ));
    }
    let text = match asked.format {
        Format::Json => serde_json::to_string_pretty(&trend).map_err(Failure::failed)? + "\n",
        Format::Text => trend::render(
            &trend,
            &Style {
                color: output::stdout_has_color(),
                width: output::stdout_width(),
                ..Style::default()
            },
        ),
    };
    output::print(&text).map_err(Failure::failed)?;
    if trend.analysed().next().is_none() {
        output::note(&format!("error: cannot be answered: {}", unanswered(&trend)));
        return Ok(Exit::NotComplete);
    }
    Ok(Exit::Fine)
}

fn history(asked: &TrendArguments) -> Result<History, TrendError> {
    let Some(csv) = &asked.csv else {
        let metrics = if asked.metric.is_empty() {
            DEFAULT_METRICS
        } else {
            &asked.metric
        };
        return History::of_runs(&asked.directories, metrics);
    };
    let better = match asked.better {
        Some(Way::Higher) => Better::Higher,
        Some(Way::Lower) => Better::Lower,
        None => Better::Neither,
    };
    if csv == Path::new("-") {
        return History::of_csv("standard input", io::stdin().lock(), better);
    }
    let name = csv.display().to_string();
    let file = File::open(csv).map_err(|source| TrendError::Read {
        name: name.clone(),
        source,
    })?;
    History::of_csv(&name, file, better)
}

fn options(asked: &TrendArguments) -> TrendOptions {
    let method = if asked.orig_edivisive {
        Method::Plain(Permutations {
            // No p smaller than 1 ÷ (count + 1) can be reached.
            count: (1.0 / asked.max_pvalue).ceil().max(100.0) as u32 - 1,
            max_pvalue: asked.max_pvalue,
            ..Permutations::default()
        })
    } else {
        Method::Windowed(Options {
            window: usize::from(asked.window),
            max_pvalue: asked.max_pvalue,
            min_magnitude: asked.min_magnitude,
        })
    };
    TrendOptions {
        method,
        floor: asked.floor,
    }
}

/// What is missing, and how much of it.
fn unanswered(trend: &Trend) -> String {
    let most = trend.series.iter().map(|series| series.points.len()).max();
    match most {
        None if trend.left_out.is_empty() => {
            format!("the history is empty; a series needs at least {POINTS_NEEDED} points")
        }
        None => format!("no run could be used; a series needs at least {POINTS_NEEDED} runs"),
        Some(most) if most < POINTS_NEEDED => {
            format!("a series needs at least {POINTS_NEEDED} points, and the longest here has {most}")
        }
        Some(_) => "no series could be analysed".to_owned(),
    }
}
