//! The trend as text for a terminal of any width.

use super::model::{Trend, TrendChange, TrendSeries};
use super::words;
use crate::report::format;
use crate::report::terminal::Style;
use crate::report::terminal::text::{Page, clean};

/// Runs that were left out are named up to this many; the rest is counted.
const LEFT_OUT: usize = 12;

/// The trend as text, ending in a line break. Nothing is coloured by direction: no change here is known to be real.
pub fn render(trend: &Trend, style: &Style) -> String {
    let page = Page::new(style);
    let mut blocks = vec![page.titled("Trend", &words::overview(trend))];
    blocks.push(changes(trend, style, &page));
    blocks.push(remarks(trend, &page));
    let mut end = page.titled("Method", &words::method(trend));
    end.push_str(&page.titled("Floor", &words::floor(trend)));
    end.push_str(&page.titled("What it is worth", &trend.advisory));
    blocks.push(end);
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn changes(trend: &Trend, style: &Style, page: &Page) -> String {
    let groups = words::by_time(trend);
    let rows: Vec<Vec<[String; 6]>> = groups
        .iter()
        .map(|(_, group)| group.iter().map(|(series, change)| row(series, change)).collect())
        .collect();
    let widths = widths(rows.iter().flatten());
    let mut text = String::new();
    for ((_, group), rows) in groups.iter().zip(&rows) {
        let change = group[0].1;
        let heading: Vec<String> = [
            Some(words::time(&change.time)),
            words::commits(change),
            change.run.clone(),
        ]
        .into_iter()
        .flatten()
        .map(|part| clean(&part))
        .collect();
        text.push_str(&format!("{}\n", page.bold(&heading.join("  "))));
        rows.iter()
            .for_each(|row| text.push_str(&lines(row, &widths, style.width, page)));
        for changed in &change.changed_too {
            text.push_str(&format!("  {}", page.titled("changed too", changed)));
        }
        text.push('\n');
    }
    text.pop();
    text
}

fn row(series: &TrendSeries, change: &TrendChange) -> [String; 6] {
    let cells = [
        series.name.clone(),
        series.label.clone(),
        series.before_and_after(change),
        words::percent(change),
        words::effect(change.effect).to_owned(),
        words::p_value(change.p_value),
    ];
    cells.map(|cell| clean(&cell).replace('\u{a0}', " "))
}

fn widths<'a>(rows: impl Iterator<Item = &'a [String; 6]>) -> [usize; 6] {
    rows.fold([0; 6], |mut widths, row| {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
        widths
    })
}

/// One line where the terminal is wide enough, else the figures below what they are of.
fn lines(row: &[String; 6], widths: &[usize; 6], width: usize, page: &Page) -> String {
    let padded = |cells: std::ops::Range<usize>, indent: usize| {
        let mut line = " ".repeat(indent);
        for place in cells {
            let room = widths[place] - row[place].chars().count();
            // Percentages stand below one another by their ends.
            let (before, after) = if place == 3 { (room, 0) } else { (0, room) };
            line.push_str(&" ".repeat(before));
            line.push_str(&row[place]);
            // A column that is empty in every row takes no room.
            line.push_str(&" ".repeat(if widths[place] > 0 { after + 2 } else { 0 }));
        }
        format!("{}\n", line.trim_end())
    };
    let needed = 2 + widths.iter().map(|width| width + 2).sum::<usize>() - 2;
    if needed <= width {
        return padded(0..6, 2);
    }
    let of = page.titled(&format!("  {}", row[0]), &row[1]);
    let figures = padded(2..6, 4);
    if figures.chars().count() <= width + 1 {
        return of + &figures;
    }
    // Widths are those of the widest row; this one may fit by itself.
    format!(
        "{of}{}",
        page.paragraph(&format!("{} ({})", row[2], row[3..].join(", ")))
    )
}

fn remarks(trend: &Trend, page: &Page) -> String {
    let mut text = String::new();
    if let Some(below) = words::below_floor(trend) {
        text.push_str(&page.titled("below the floor", &below));
    }
    for reason in words::not_analysed(trend) {
        text.push_str(&page.alarm("not analysed", &reason));
    }
    for left_out in trend.left_out.iter().take(LEFT_OUT) {
        text.push_str(&page.alarm("left out", &format!("{}: {}", left_out.run, left_out.reason)));
    }
    if trend.left_out.len() > LEFT_OUT {
        let more = (trend.left_out.len() - LEFT_OUT) as u64;
        text.push_str(&page.alarm("left out", &format::counted(more, "more run", "more runs")));
    }
    for note in &trend.notes {
        text.push_str(&page.titled("note", note));
    }
    text
}
