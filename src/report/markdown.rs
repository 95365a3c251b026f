//! `summary.md`: a GitHub table, for pull requests and wikis.

use super::columns::{self, RowOrder};
use super::drain;
use super::format;
use super::metric::Metric;
use super::summary::{BLOCKS_FOR_AN_INTERVAL, Summary};
use super::topics;
use super::verdicts;

/// The document.
pub fn render(summary: &Summary) -> String {
    let mut text = format!("# {}\n\n", escaped(&summary.profile_name));
    if !summary.profile_description.is_empty() {
        text.push_str(&format!("{}\n\n", escaped(&summary.profile_description)));
    }
    for sentence in &summary.validity {
        text.push_str(&format!("> {}\n", escaped(sentence)));
    }
    text.push('\n');
    for answer in &summary.answers {
        let title = columns::answer_title(summary, answer);
        let among = answer
            .among
            .as_ref()
            .map_or(String::new(), |among| format!(" ({})", escaped(among)));
        let figure = match (&answer.figure, &answer.label) {
            (Some(figure), Some(label)) => format!("{} with {}. ", escaped(figure), escaped(label)),
            _ => String::new(),
        };
        text.push_str(&format!(
            "- **{title}**{among}: {figure}{}\n",
            escaped(&answer.sentence)
        ));
    }
    if let Some(repetition) = &summary.repetition {
        text.push_str(&format!("- **Repetition**: {}\n", escaped(repetition)));
    }
    text.push_str(&format!("- **Verdicts**: {}\n", escaped(&summary.verdicts)));
    if summary.trials.blocks >= BLOCKS_FOR_AN_INTERVAL {
        for line in verdicts::axis_lines(summary) {
            text.push_str(&format!(
                "  - {}: {}\n",
                escaped(&line.title),
                escaped(&line.sentence())
            ));
        }
    }
    text.push('\n');
    text.push_str(&table(summary));
    text.push('\n');
    let beside = columns::bounds_in_words(summary)
        .map(|beside| format!("Medians of trials, with {beside}; percentiles from all trials' records together."));
    let sentences = [beside, columns::latency_sentence(summary)];
    for sentence in sentences
        .into_iter()
        .flatten()
        .chain(columns::legend(summary).into_iter().map(str::to_owned))
    {
        text.push_str(&format!("{}\n\n", escaped(&sentence)));
    }
    text.push_str(&drain::markdown(summary, escaped));
    text.push_str(&topics::markdown(summary, escaped));
    text.push_str(&trouble(summary));
    text.push_str(&format!(
        "Measured {} with kpbench {} and {} on {}.\n",
        summary.created_at.strftime("%Y-%m-%d %H:%M UTC"),
        escaped(&summary.kpbench_version),
        escaped(&summary.client_version),
        escaped(&summary.host.cpu)
    ));
    if let Some(order) = columns::order_text(summary) {
        text.push_str(&format!("\nBlocks: {order}.\n"));
    }
    text
}

fn table(summary: &Summary) -> String {
    let metrics = columns::of_table(summary);
    let mut text = String::from("| configuration | trials |");
    metrics
        .iter()
        .for_each(|metric| text.push_str(&format!(" {} |", metric.short())));
    text.push_str("\n| :--- | ---: |");
    metrics.iter().for_each(|_| text.push_str(" ---: |"));
    text.push('\n');
    for place in columns::ordered(summary, RowOrder::BestFirst) {
        let configuration = &summary.configurations[place];
        text.push_str(&format!(
            "| {}{} | {} |",
            columns::mark(summary, configuration).map_or(String::new(), |mark| format!("{mark} ")),
            escaped(&configuration.label),
            configuration.trials.completed
        ));
        for metric in &metrics {
            let mut cell = metric.cell(configuration);
            if let (Metric::Throughput, Some(spread)) = (metric, metric.spread(configuration))
                && spread.values.len() > 1
            {
                let (low, high) = spread.bounds();
                cell.push_str(&format!(" [{}]", metric.format_range(low, high)));
            }
            text.push_str(&format!(" {} |", escaped(&cell)));
        }
        text.push('\n');
    }
    text
}

fn trouble(summary: &Summary) -> String {
    let mut text = String::new();
    for (label, cause, count) in columns::failures(summary) {
        let trials = format::counted(count, "trial", "trials");
        text.push_str(&format!(
            "- failed: {trials} of {}: {}\n",
            escaped(&label),
            escaped(&cause)
        ));
    }
    for (warning, labels) in columns::warnings(summary) {
        let of = if labels.is_empty() {
            String::new()
        } else {
            format!(" ({})", escaped(&format::listed(&labels, 3)))
        };
        text.push_str(&format!("- warning: {}{of}\n", escaped(&warning)));
    }
    if text.is_empty() {
        text
    } else {
        format!("## Warnings\n\n{text}\n")
    }
}

/// Text from profiles and brokers as text: no markup, no HTML, no line break that would end a cell.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' => safe.extend(['\\', c]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // A no-break space keeps a number and its unit together in a cell.
            '\u{a0}' => safe.push(c),
            c if c.is_whitespace() || c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escaped("a|b\n<i>_x_"), "a\\|b &lt;i&gt;\\_x\\_");
    }
}
