//! The command line as text: to be stored, and to be said again for `--resume`.

use std::path::Path;

use crate::run::Mask;

/// The command that continues a run: the same words, with `--resume DIR` for where it was stored. Secrets are masked:
/// they are not to be shown on a screen.
pub fn resume_command(command: &[String], directory: &Path, mask: &Mask) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut given = command.iter();
    while let Some(word) = given.next() {
        match word.as_str() {
            "--out" | "--resume" => drop(given.next()),
            word if word.starts_with("--out=") || word.starts_with("--resume=") => {}
            word => words.push(word.to_owned()),
        }
    }
    words.push("--resume".to_owned());
    words.push(directory.display().to_string());
    words
        .iter()
        .map(|word| quoted(&mask.word(word)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%*".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) && !word.contains('*') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        resume_command(&words, Path::new("reports/a b"), &Mask::new(&["pass".to_owned()]))
    }

    #[test]
    fn the_place_is_replaced_and_everything_else_kept() {
        let expected = "kpbench sweep p.toml -p 'x=it'\\''s' --resume 'reports/a b'";
        assert_eq!(
            command(&["kpbench", "sweep", "p.toml", "--out", "x", "-p", "x=it's"]),
            expected
        );
        assert_eq!(
            command(&["kpbench", "sweep", "p.toml", "--out=x", "--resume", "y", "-p", "x=it's"]),
            expected
        );
    }

    #[test]
    fn secrets_are_masked() {
        assert!(command(&["kpbench", "-p", "sasl.password=pass"]).contains("'sasl.password=********'"));
    }
}
