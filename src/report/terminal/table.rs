//! One row per configuration, with as many columns as fit.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};

use super::text::clean;
use super::{Style, format};
use crate::report::columns;
use crate::report::metric::Metric;
use crate::report::summary::{ConfigurationSummary, Summary};

/// No borders: a rule under the header is enough.
const RULE_UNDER_HEADER: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// One column: a figure, with or without the range of its trials.
#[derive(Clone, Copy, PartialEq)]
struct Column {
    metric: Metric,
    range: bool,
}

/// What gives way first where not all fits.
const GIVES_WAY: &[(Metric, bool)] = &[
    // The flag: only the range goes.
    (Metric::ThroughputMb, false),
    (Metric::OfferedRate, false),
    (Metric::ClientCpu, true),
    (Metric::LatencyP99, true),
    (Metric::RecordsPerBatch, false),
    (Metric::LatencyP999, false),
    (Metric::CompressionRatio, false),
    (Metric::LatencyP50, false),
    (Metric::SerializeShare, false),
    (Metric::Failed, false),
    (Metric::WireBytes, false),
    (Metric::SerializedBytes, false),
    (Metric::Throughput, true),
    (Metric::ClientCpu, false),
];

/// A label is never squeezed below this, where the terminal has that much.
const LABEL_WIDTH: usize = 18;

pub(super) fn render(summary: &Summary, style: &Style) -> String {
    let rows = columns::ordered(summary, style.order);
    if rows.is_empty() {
        return "No configuration.\n".to_owned();
    }
    let shown: Vec<&ConfigurationSummary> = rows
        .iter()
        .take(style.rows)
        .map(|&row| &summary.configurations[row])
        .collect();
    let all: Vec<Column> = columns::of_table(summary)
        .into_iter()
        .map(|metric| Column {
            metric,
            range: ranged(metric) && shown.iter().any(|c| has_range(metric, c)),
        })
        .collect();
    let mut chosen = all.clone();
    let mut steps = GIVES_WAY.iter();
    while needed(summary, &shown, &chosen) > style.width {
        let Some((metric, only_range)) = steps.next() else {
            break;
        };
        // Failures are the last thing to hide.
        if *metric == Metric::Failed && shown.iter().any(|c| c.failed > 0) {
            continue;
        }
        match only_range {
            true => chosen
                .iter_mut()
                .filter(|column| column.metric == *metric)
                .for_each(|column| column.range = false),
            false => chosen.retain(|column| column.metric != *metric),
        }
    }
    let mut text = lay_out(summary, &shown, &chosen, style);
    text.push_str(&left_out(all.len() - chosen.len(), rows.len() - shown.len()));
    text
}

fn ranged(metric: Metric) -> bool {
    matches!(metric, Metric::Throughput | Metric::LatencyP99 | Metric::ClientCpu)
}

/// Whether what stands beside the median differs from it in what is printed.
fn has_range(metric: Metric, of: &ConfigurationSummary) -> bool {
    metric.spread(of).is_some_and(|spread| {
        let (low, high) = spread.bounds();
        metric.format(low) != metric.format(high)
    })
}

fn left_out(columns: usize, rows: usize) -> String {
    let mut parts = Vec::new();
    if columns > 0 {
        parts.push(format::counted(columns as u64, "column", "columns"));
    }
    if rows > 0 {
        parts.push(format::counted(rows as u64, "row", "rows"));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!("(not shown here: {})\n", parts.join(", "))
    }
}

fn label(summary: &Summary, of: &ConfigurationSummary) -> String {
    let mut label = clean(&of.label);
    if let Some(mark) = columns::mark(summary, of) {
        label = format!("{mark} {label}");
    }
    match (of.trials.completed, of.trials.failed) {
        (0, 0) => format!("{label} (no trial)"),
        (0, _) => format!("{label} (failed)"),
        _ => label,
    }
}

fn cell(column: Column, of: &ConfigurationSummary) -> String {
    let mut text = column.metric.cell(of);
    if column.range
        && has_range(column.metric, of)
        && let Some(spread) = column.metric.spread(of)
    {
        let (low, high) = spread.bounds();
        text = format!("{text} [{}]", column.metric.format_range(low, high));
    }
    clean(&text).replace('\u{a0}', " ")
}

fn width_of(text: &str) -> usize {
    text.chars().count()
}

/// Columns of the terminal that this choice needs with a label of the least width.
fn needed(summary: &Summary, shown: &[&ConfigurationSummary], chosen: &[Column]) -> usize {
    let label = shown
        .iter()
        .map(|c| width_of(&label(summary, c)))
        .max()
        .unwrap_or(0)
        .clamp(width_of("configuration"), 40);
    let figures: usize = chosen.iter().map(|column| figure_width(shown, *column) + 2).sum();
    // What is longer than 40 wraps; what is not is kept whole as long as other columns can give way.
    label + figures
}

fn figure_width(shown: &[&ConfigurationSummary], column: Column) -> usize {
    let cells = shown.iter().map(|c| width_of(&cell(column, c))).max().unwrap_or(0);
    cells.max(width_of(column.metric.short()))
}

fn lay_out(summary: &Summary, shown: &[&ConfigurationSummary], chosen: &[Column], style: &Style) -> String {
    let mut table = Table::new();
    table
        .load_style(RULE_UNDER_HEADER)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.force_no_tty();
    if style.color {
        table.enforce_styling();
    }
    let bold = |cell: Cell| {
        if style.color {
            cell.add_attribute(Attribute::Bold)
        } else {
            cell
        }
    };
    let mut header = vec![bold(Cell::new("configuration"))];
    header.extend(
        chosen
            .iter()
            .map(|column| bold(Cell::new(column.metric.short())).set_alignment(CellAlignment::Right)),
    );
    table.set_header(header);
    for configuration in shown {
        let mut row = vec![Cell::new(label(summary, configuration))];
        row.extend(chosen.iter().map(|column| {
            let cell = Cell::new(cell(*column, configuration)).set_alignment(CellAlignment::Right);
            let alarming = column.metric == Metric::Failed && configuration.failed > 0;
            if style.color && alarming {
                cell.fg(Color::Yellow)
            } else {
                cell
            }
        }));
        table.add_row(row);
    }
    let figures: usize = chosen.iter().map(|column| figure_width(shown, *column) + 2).sum();
    let room = style.width.saturating_sub(figures);
    let label_width = shown
        .iter()
        .map(|c| width_of(&label(summary, c)))
        .max()
        .unwrap_or(0)
        .max(width_of("configuration"));
    // Two characters between columns: one of padding, one that the library puts where a border would be.
    // Only the label may wrap: a figure that is broken over lines is misread.
    let widths = std::iter::once(label_width.min(room.max(LABEL_WIDTH.min(style.width / 2))))
        .chain(chosen.iter().map(|column| figure_width(shown, *column) + 1));
    for ((place, column), width) in table.column_iter_mut().enumerate().zip(widths) {
        column.set_padding(if place == 0 { (0, 0) } else { (1, 0) });
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width as u16)));
    }
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(style.width as u16);
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
