//! Lines of text: wrapped, cleaned of what a terminal would obey, and coloured where asked.

use anstyle::{AnsiColor, Style as Ansi};

use super::Style;

/// Width and colour of what is written.
pub(in crate::report) struct Page {
    width: usize,
    color: bool,
}

impl Page {
    pub(in crate::report) fn new(style: &Style) -> Page {
        Page {
            width: style.width.max(20),
            color: style.color,
        }
    }

    pub(in crate::report) fn bold(&self, text: &str) -> String {
        self.painted(Ansi::new().bold(), text)
    }

    /// `title: text`, wrapped, the title in bold.
    pub(in crate::report) fn titled(&self, title: &str, text: &str) -> String {
        self.led(Ansi::new().bold(), title, text)
    }

    /// Like [`Self::titled`], in the colour of warnings.
    pub(in crate::report) fn alarm(&self, title: &str, text: &str) -> String {
        self.led(Ansi::new().bold().fg_color(Some(AnsiColor::Yellow.into())), title, text)
    }

    pub(in crate::report) fn paragraph(&self, text: &str) -> String {
        wrapped(&clean(text), self.width, 0)
    }

    fn led(&self, ansi: Ansi, title: &str, text: &str) -> String {
        let title = clean(title);
        let lines = wrapped(&format!("{title}: {}", clean(text)), self.width, 2);
        // The title is painted after wrapping, so that no escape sequence is counted as text.
        match lines.strip_prefix(&title) {
            Some(rest) => format!("{}{rest}", self.painted(ansi, &title)),
            None => lines,
        }
    }

    fn painted(&self, ansi: Ansi, text: &str) -> String {
        if self.color {
            format!("{ansi}{text}{ansi:#}")
        } else {
            text.to_owned()
        }
    }
}

/// Text from profiles and brokers without control characters: a terminal would obey them. Line breaks become spaces;
/// no-break spaces stay, so that wrapping keeps a number and its unit together.
pub(in crate::report) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() && c != '\u{a0}' { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_bidirectional_control(*c))
        .collect()
}

/// Characters that reorder the text around them.
fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Words over as many lines as it takes, further lines indented. A word longer than a line is broken.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let gap = usize::from(used > indent || (lines.is_empty() && used > 0));
            if used + gap + word.len() <= width {
                line.push_str(if gap == 1 { " " } else { "" });
                line.extend(&word);
                used += gap + word.len();
                break;
            }
            if gap == 0 {
                let rest = word.split_off(width - used);
                line.extend(&word);
                word = rest;
            }
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            used = indent;
        }
    }
    if !line.trim().is_empty() {
        lines.push(line);
    }
    lines
        .iter()
        .map(|line| format!("{}\n", line.replace('\u{a0}', " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_the_width_and_no_character_is_lost() {
        let text = "one two three aVeryLongWordThatFitsOnNoLineAtAll four";
        let lines = wrapped(text, 12, 2);
        assert!(lines.lines().all(|line| line.chars().count() <= 12), "{lines}");
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(letters(&lines), letters(text));
        assert_eq!(wrapped("", 12, 0), "");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{a0}d\u{202e}"), "a[31mb c\u{a0}d");
    }
}
