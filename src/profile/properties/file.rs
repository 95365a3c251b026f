//! Java `.properties` files: comments, escapes, continuation lines, as `java.util.Properties.load` reads them.

use std::ops::Range;

/// One `key=value` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The key, escapes resolved.
    pub key: String,
    /// The value, escapes resolved.
    pub value: String,
    /// Bytes of the key in the text.
    pub key_range: Range<usize>,
    /// Bytes of the value in the text, continuation lines included.
    pub value_range: Range<usize>,
}

/// Reads a `.properties` text. Every text is one: lines without a separator are keys with an empty value.
pub(crate) fn parse(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (logical, next) = logical_line(text, at);
        if let Some(line) = split(&logical) {
            lines.push(line);
        }
        at = next;
    }
    lines
}

/// The characters of a line and of its continuation lines, each with its offset; and where the next line begins.
fn logical_line(text: &str, start: usize) -> (Vec<(usize, char)>, usize) {
    let mut characters: Vec<(usize, char)> = Vec::new();
    let mut skipping_blanks = true;
    let mut escaped = false;
    let mut iterator = text[start..]
        .char_indices()
        .map(|(offset, c)| (start + offset, c))
        .peekable();
    while let Some((offset, character)) = iterator.next() {
        if character == '\n' || character == '\r' {
            if character == '\r' {
                iterator.next_if(|(_, next)| *next == '\n');
            }
            let next = iterator.peek().map_or(text.len(), |(next, _)| *next);
            if !escaped {
                return (characters, next);
            }
            // The backslash before the line's end joins the lines; blanks that begin the next one are not part of it.
            characters.pop();
            escaped = false;
            skipping_blanks = true;
            continue;
        }
        if skipping_blanks && is_blank(character) {
            continue;
        }
        skipping_blanks = false;
        let is_comment = characters.is_empty() && matches!(character, '#' | '!');
        if is_comment {
            for (_, rest) in iterator.by_ref() {
                if rest == '\n' || rest == '\r' {
                    break;
                }
            }
            let next = iterator.peek().map_or(text.len(), |(next, _)| *next);
            return (Vec::new(), next);
        }
        escaped = character == '\\' && !escaped;
        characters.push((offset, character));
    }
    if escaped {
        characters.pop();
    }
    (characters, text.len())
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{c}')
}

/// Key and value of a logical line.
fn split(characters: &[(usize, char)]) -> Option<Line> {
    let (first, _) = *characters.first()?;
    let mut escaped = false;
    let mut key_end = characters.len();
    for (index, (_, character)) in characters.iter().enumerate() {
        if !escaped && (matches!(character, '=' | ':') || is_blank(*character)) {
            key_end = index;
            break;
        }
        escaped = *character == '\\' && !escaped;
    }
    let mut value_start = key_end;
    let mut separator_seen = false;
    while let Some((_, character)) = characters.get(value_start) {
        match character {
            '=' | ':' if !separator_seen => separator_seen = true,
            blank if is_blank(*blank) => {}
            _ => break,
        }
        value_start += 1;
    }
    let end_of = |slice: &[(usize, char)], otherwise| slice.last().map_or(otherwise, |(at, c)| at + c.len_utf8());
    let (key, value) = (&characters[..key_end], &characters[value_start..]);
    let key_range = first..end_of(key, first);
    let value_from = value.first().map_or_else(|| end_of(characters, first), |(at, _)| *at);
    Some(Line {
        key: unescape(key),
        value: unescape(value),
        key_range,
        value_range: value_from..end_of(value, value_from),
    })
}

/// Resolves `\t \n \r \f \uXXXX`; before any other character the backslash is dropped.
fn unescape(characters: &[(usize, char)]) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut text = String::new();
    let mut iterator = characters.iter().map(|(_, character)| *character).peekable();
    let flush = |units: &mut Vec<u16>, text: &mut String| {
        text.push_str(&String::from_utf16_lossy(units));
        units.clear();
    };
    while let Some(character) = iterator.next() {
        let plain = match (character, iterator.peek()) {
            ('\\', Some('u')) => {
                iterator.next();
                let digits: String = std::iter::from_fn(|| iterator.next_if(char::is_ascii_hexdigit))
                    .take(4)
                    .collect();
                match u16::from_str_radix(&digits, 16) {
                    Ok(unit) if digits.len() == 4 => {
                        units.push(unit);
                        continue;
                    }
                    _ => {
                        flush(&mut units, &mut text);
                        text.push_str("\\u");
                        text.push_str(&digits);
                        continue;
                    }
                }
            }
            ('\\', Some(_)) => match iterator.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => break,
            },
            (other, _) => other,
        };
        flush(&mut units, &mut text);
        text.push(plain);
    }
    flush(&mut units, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).into_iter().map(|line| (line.key, line.value)).collect()
    }

    fn one(text: &str) -> (String, String) {
        let mut all = pairs(text);
        assert_eq!(all.len(), 1, "{text:?} gave {all:?}");
        all.remove(0)
    }

    #[test]
    fn reads_what_java_reads() {
        for (text, key, value) in [
            ("linger.ms=5", "linger.ms", "5"),
            ("linger.ms = 5 ", "linger.ms", "5 "),
            ("linger.ms: 5", "linger.ms", "5"),
            ("linger.ms 5", "linger.ms", "5"),
            ("  linger.ms\t=\t5\r\n", "linger.ms", "5"),
            ("a=b=c", "a", "b=c"),
            ("a\\=b=c", "a=b", "c"),
            ("a==c", "a", "=c"),
            ("empty", "empty", ""),
            ("empty=", "empty", ""),
            ("a=one\\\n    two", "a", "onetwo"),
            ("a=one\\\\\n", "a", "one\\"),
            ("a=\\u0041\\t\\q", "a", "A\tq"),
            ("a=\\ud83d\\ude00", "a", "😀"),
            ("a=end\\", "a", "end"),
        ] {
            assert_eq!(one(text), (key.to_owned(), value.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn comments_and_blank_lines_are_left_out() {
        assert_eq!(pairs("# a=1\n! b=2\n\n   # c=3\nd=4#not\n").len(), 1);
        assert_eq!(pairs("# a \\\nb=1"), [("b".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn ranges_point_into_the_text() {
        let text = "# x\nlinger.ms = 5\nacks=\\\n  all\n";
        let lines = parse(text);
        assert_eq!(&text[lines[0].key_range.clone()], "linger.ms");
        assert_eq!(&text[lines[0].value_range.clone()], "5");
        assert_eq!(&text[lines[1].value_range.clone()], "all");
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back(key in "\\PC{1,12}", value in "\\PC{0,12}") {
            let escape = |text: &str| text.chars().map(|c| match c {
                ' ' | '=' | ':' | '#' | '!' | '\\' => format!("\\{c}"),
                c if (c as u32) > 0x7e && (c as u32) < 0x10000 => format!("\\u{:04x}", c as u32),
                c => c.to_string(),
            }).collect::<String>();
            prop_assert_eq!(one(&format!("{}={}", escape(&key), escape(&value))), (key, value));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[a\\\\=: \n\r#u0é]{0,40}") {
            for line in parse(&text) {
                prop_assert!(text.get(line.key_range).is_some() && text.get(line.value_range).is_some());
            }
        }
    }
}
