//! The tables, for the terminal and as Markdown, and what was promised beside what was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kpbench::protocol::ClientKind;

use super::combination::Combination;
use super::compare::Runs;
use super::figures::Figure;
use super::peer::Peer;
use super::session::Measurement;

/// The one that the others are compared with.
pub const OURS: Peer = Peer::Kpbench(ClientKind::Librdkafka);

type Pick = fn(&Measurement) -> f64;
const THROUGHPUT: Pick = |found| found.records_per_s;
const CPU: Pick = |found| found.cpu_us_per_record;

/// A table of text.
pub struct Table {
    /// Column heads.
    pub head: Vec<&'static str>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// With aligned columns.
    pub fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.head[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let head = self.head.iter().map(|&cell| cell.to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&head).chain(&self.rows) {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:<width$}"))
                .collect();
            let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
        }
        text
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("| {} |\n|{}\n", self.head.join(" | "), " --- |".repeat(self.head.len()));
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

fn values(runs: &Runs, pick: Pick) -> Vec<Option<f64>> {
    runs.iter().map(|run| run.as_ref().map(pick)).collect()
}

fn figure(runs: &Runs, pick: Pick) -> Option<Figure> {
    let values: Vec<f64> = values(runs, pick).into_iter().flatten().collect();
    Figure::of(&values)
}

/// The ratio ours / theirs of one figure.
pub fn ratio(runs: &BTreeMap<Peer, Runs>, peer: Peer, pick: Pick) -> Option<Figure> {
    Figure::of_ratios(&values(runs.get(&OURS)?, pick), &values(runs.get(&peer)?, pick))
}

fn ratio_cell(figure: Option<&Figure>) -> String {
    let Some(figure) = figure else {
        return "not measured".to_owned();
    };
    let interval = match figure.interval {
        Some((low, high)) => format!("{low:.2} to {high:.2}"),
        None => "none below 6 rounds".to_owned(),
    };
    format!(
        "{:.2}  [{:.2} to {:.2}]  {interval}",
        figure.median, figure.min, figure.max
    )
}

/// One combination's table.
pub fn comparison(runs: &BTreeMap<Peer, Runs>) -> Table {
    let rows = Peer::ALL.iter().map(|&peer| {
        let none = Runs::new();
        let own = runs.get(&peer).unwrap_or(&none);
        let ratio_of = |pick: Pick| match peer {
            OURS => "1".to_owned(),
            peer => ratio_cell(ratio(runs, peer, pick).as_ref()),
        };
        let failed = own.iter().filter(|run| run.is_none()).count();
        let throughput =
            figure(own, THROUGHPUT).map_or("–".to_owned(), |found| format!("{:.0} k", found.median / 1e3));
        let cpu = figure(own, CPU).map_or("–".to_owned(), |found| format!("{:.3}", found.median));
        vec![
            peer.name(),
            throughput,
            cpu,
            ratio_of(THROUGHPUT),
            ratio_of(CPU),
            format!("{} of {}", own.len() - failed, own.len()),
        ]
    });
    Table {
        head: vec![
            "",
            "records/s",
            "CPU µs/record",
            "throughput, kpbench ÷ this",
            "CPU per record, kpbench ÷ this",
            "runs",
        ],
        rows: rows.collect(),
    }
}

/// The table of what recording costs.
pub fn recording(found: &[(Combination, Runs, Runs)]) -> Table {
    let median = |runs: &Runs| figure(runs, CPU).map_or("–".to_owned(), |found| format!("{:.3}", found.median));
    let rows = found.iter().map(|(combination, with, without)| {
        let ratio = Figure::of_ratios(&values(with, CPU), &values(without, CPU));
        let pairs = ratio.as_ref().map_or(0, |ratio| ratio.rounds);
        vec![
            combination.to_string(),
            median(with),
            median(without),
            ratio.as_ref().map_or("not measured".to_owned(), |ratio| {
                let interval = ratio.interval.map_or("none below 6 rounds".to_owned(), |(low, high)| {
                    format!("{low:.3} to {high:.3}")
                });
                format!(
                    "{:.3}  [{:.3} to {:.3}]  {interval}",
                    ratio.median, ratio.min, ratio.max
                )
            }),
            kept(ratio.as_ref().map(|ratio| ratio.median <= 1.05)).to_owned(),
            format!("{pairs} of {}", with.len()),
        ]
    });
    Table {
        head: vec![
            "",
            "recorded, µs/record",
            "not recorded, µs/record",
            "ratio",
            "at most 1.05",
            "pairs",
        ],
        rows: rows.collect(),
    }
}

fn kept(kept: Option<bool>) -> &'static str {
    match kept {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "not measured",
    }
}

/// What kpbench promises of itself, combination by combination.
pub fn promises(all: &[(Combination, BTreeMap<Peer, Runs>)]) -> Table {
    let mut rows = Vec::new();
    let mut row = |combination: &Combination, promise: &str, figure: Option<Figure>, holds: fn(&Figure) -> bool| {
        rows.push(vec![
            combination.to_string(),
            promise.to_owned(),
            ratio_cell(figure.as_ref()),
            kept(figure.as_ref().map(holds)).to_owned(),
        ]);
    };
    for (combination, runs) in all {
        let of = |peer, pick| ratio(runs, peer, pick);
        if (combination.record_size, combination.batch_size) == (100, 1_000_000) {
            let cpu = of(Peer::RdkafkaPerformance, CPU);
            row(combination, "CPU ÷ rdkafka_performance at most 0.9", cpu, |found| {
                found.median <= 0.9
            });
            let cpu = of(Peer::ProducerPerformance, CPU);
            row(
                combination,
                "CPU ÷ kafka-producer-perf-test at most 0.25",
                cpu,
                |found| found.median <= 0.25,
            );
        }
        row(
            combination,
            "throughput ÷ rdkafka_performance at least 1.0, interval not wholly below 0.95",
            of(Peer::RdkafkaPerformance, THROUGHPUT),
            |found| found.median >= 1.0 && found.interval.is_none_or(|(_, high)| high >= 0.95),
        );
        let java = of(Peer::ProducerPerformance, THROUGHPUT);
        if combination.record_size == 100 {
            row(
                combination,
                "throughput ÷ kafka-producer-perf-test at least 3",
                java,
                |found| found.median >= 3.0,
            );
        } else {
            row(
                combination,
                "throughput ÷ kafka-producer-perf-test at least 1.5",
                java,
                |found| found.median >= 1.5,
            );
        }
    }
    Table {
        head: vec!["", "promise", "found", "kept"],
        rows,
    }
}
