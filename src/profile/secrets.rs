//! Secrets: which properties hold them, how they are masked, how `${env:NAME}` is filled in, and how Java's JAAS lines
//! are read.

use super::properties::{known_names, nearest};

/// What stands in a secret's place.
pub const MASK: &str = "********";

/// Shorter secrets are masked where they stand, but not searched for in other texts: masking every `a` helps nobody.
pub(crate) const SHORTEST_SEARCHED: usize = 4;

/// Replaces every occurrence of every secret in a text, longest secret first.
///
/// Secrets of fewer than four characters are left: they are masked where their property stands, and searching for
/// them would garble every text.
pub fn mask(text: &str, secrets: &[String]) -> String {
    let mut by_length: Vec<&String> = secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST_SEARCHED)
        .collect();
    by_length.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    by_length
        .into_iter()
        .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
}

/// Whether a property of this name holds a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = [
        "password",
        "secret",
        "passphrase",
        "jaas",
        "basic.auth.user.info",
        "bearer.auth.token",
    ];
    let endings = [
        "ssl.key.pem",
        "ssl_key",
        "keystore.key",
        "private.key.pem",
        "sasl.oauthbearer.config",
    ];
    words.iter().any(|word| name.contains(word)) || endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether the text, quotes aside, is nothing but a reference to the environment.
pub(crate) fn looks_like_a_placeholder(text: &str) -> bool {
    let bare = text.trim_matches(['"', '\'']);
    bare.starts_with("${env:") && bare.find('}') == Some(bare.len() - 1)
}

/// Fills in every `${env:NAME}`. The error is the name of the variable that does not exist.
pub(crate) fn expand_environment(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${env:") {
        let after = &rest[start + "${env:".len()..];
        let Some(end) = after.find('}') else { break };
        let name = after[..end].trim();
        expanded.push_str(&rest[..start]);
        expanded.push_str(&lookup(name).ok_or_else(|| name.to_owned())?);
        rest = &after[end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// What a `sasl.jaas.config` line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Jaas {
    /// The login module's class.
    pub module: String,
    /// Its options.
    pub options: Vec<(String, String)>,
}

impl Jaas {
    /// An option's value.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads `<login module> required key="value" …;`. None where it has another form.
pub(crate) fn parse_jaas(text: &str) -> Option<Jaas> {
    let mut tokens = jaas_tokens(text.trim().strip_suffix(';').unwrap_or(text.trim()))?.into_iter();
    let module = tokens.next()?;
    let flag = tokens.next()?;
    if !["required", "requisite", "sufficient", "optional"].contains(&flag.to_ascii_lowercase().as_str()) {
        return None;
    }
    let mut options = Vec::new();
    while let Some(key) = tokens.next() {
        if tokens.next()? != "=" {
            return None;
        }
        options.push((key, tokens.next()?));
    }
    Some(Jaas { module, options })
}

/// Words, `=` signs and quoted texts of a JAAS line; none where a quote is not closed.
fn jaas_tokens(text: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if character.is_whitespace() => {}
            '=' => tokens.push("=".to_owned()),
            '"' | '\'' => {
                let mut word = String::new();
                loop {
                    match characters.next()? {
                        '\\' => word.push(characters.next()?),
                        closing if closing == character => break,
                        other => word.push(other),
                    }
                }
                tokens.push(word);
            }
            _ => {
                let mut word = String::from(character);
                while let Some(next) = characters.next_if(|next| !next.is_whitespace() && *next != '=') {
                    word.push(next);
                }
                tokens.push(word);
            }
        }
    }
    Some(tokens)
}

/// Whether an unknown name is nearest to a secret's: its value must not be shown where the name is complained about.
pub(crate) fn misspelled_secret(name: &str) -> bool {
    !known_names().any(|known| known == name) && nearest(name, known_names()).is_some_and(is_secret)
}

/// Whether a word is nearly one that secrets' names are made of, as in a table's `pasword = …`.
fn misspelled_word(word: &str) -> bool {
    let mut parts = word.split(['.', '_', '-']).map(str::to_ascii_lowercase);
    let words = ["password", "secret", "passphrase"];
    let nearly = |part: &str| {
        words
            .iter()
            .any(|word| strsim::jaro_winkler(part, word) >= NEARLY_THE_SAME)
    };
    parts.any(|part| nearly(&part))
}

/// Similarity (Jaro-Winkler) from which two words count as one and its misspelling.
const NEARLY_THE_SAME: f64 = 0.9;

/// Whether a line of a broken text seems to hold a secret: its key may stand anywhere in it, as in an inline table.
fn names_a_secret(line: &str) -> bool {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
    let mut words = words.filter(|word| !word.is_empty());
    words.any(|word| is_secret(word) || misspelled_secret(word) || misspelled_word(word))
}

/// What separates a key from its value, in TOML, in YAML and in `.properties`.
fn separates(character: char) -> bool {
    matches!(character, '=' | ':') || character.is_whitespace()
}

/// Where the value begins in a line that names a secret: behind the first separator. 0 where there is none: such a line
/// may be the key and the value in one.
fn value_start(line: &str) -> usize {
    let indent = line.len() - line.trim_start().len();
    let Some(key_end) = line[indent..].find(separates) else {
        return 0;
    };
    let rest = &line[indent + key_end..];
    indent + key_end + (rest.len() - rest.trim_start_matches(separates).len())
}

/// Whether a line begins something new: a section, or a key with its `=`. What neither does may belong to the secret
/// above it. A line of base64, which may end with `=`, does neither.
fn begins_anew(line: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let line = line.trim();
    if let Some(section) = line.strip_prefix('[') {
        let name = section.trim_matches(['[', ']']);
        return section.ends_with(']') && !name.is_empty() && name.chars().all(is_name);
    }
    let after_name = line.trim_start_matches(is_name);
    if after_name.len() == line.len() {
        return false;
    }
    let after_blanks = after_name.trim_start();
    let Some(value) = after_blanks.strip_prefix('=') else {
        return false;
    };
    after_blanks.len() < after_name.len() || !(value.is_empty() || value.starts_with('='))
}

/// How the line after a secret's is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Below {
    /// No secret reaches it.
    Nothing,
    /// It is masked unless it begins something new: a broken string may go on in it.
    Perhaps,
    /// It is masked whatever it looks like: the key stood alone.
    Certainly,
    /// It is masked up to these quotes.
    Quoted(&'static str),
}

/// Masks, line by line, what stands behind secret-looking keys of a text that cannot be parsed. Rather too much than
/// too little: what is broken may be the secret's own line. The number of lines stays.
pub(crate) fn mask_unparsed(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut below = Below::Nothing;
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let start = value_start(line);
        if let Below::Quoted(quotes) = below {
            masked.push_str(MASK);
            if line.contains(quotes) {
                below = Below::Perhaps;
            }
        } else if line.trim().is_empty() {
            masked.push_str(line);
        } else if below != Below::Certainly && names_a_secret(line) && !looks_like_a_placeholder(line[start..].trim()) {
            let value = &line[start..];
            masked.push_str(&line[..start]);
            masked.push_str(if value.is_empty() { "" } else { MASK });
            below = if start == 0 {
                Below::Certainly
            } else {
                below_secret(value)
            };
        } else if below == Below::Certainly || (below == Below::Perhaps && !begins_anew(line)) {
            masked.push_str(MASK);
            below = Below::Perhaps;
        } else {
            masked.push_str(line);
            below = Below::Nothing;
        }
        masked.push_str(end);
    }
    masked
}

/// What a secret's value says of the lines below it.
fn below_secret(value: &str) -> Below {
    let open = ["\"\"\"", "'''"]
        .into_iter()
        .find(|quotes| value.matches(quotes).count() == 1);
    match open {
        Some(quotes) => Below::Quoted(quotes),
        None if value.trim().is_empty() => Below::Certainly,
        None => Below::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_longest_first_and_leaves_short_ones() {
        let secrets = vec!["hunter2".to_owned(), "hunter2-long".to_owned(), "a".to_owned()];
        assert_eq!(mask("a hunter2-long b hunter2", &secrets), format!("a {MASK} b {MASK}"));
    }

    #[test]
    fn knows_the_secret_properties() {
        for name in [
            "sasl.password",
            "ssl.key.password",
            "ssl.key.pem",
            "sasl.jaas.config",
            "ssl.truststore.password",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "sasl.username",
            "ssl.ca.pem",
            "ssl.certificate.pem",
            "linger.ms",
            "ssl.key.location",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn the_environment_is_filled_in_or_named() {
        let lookup = |name: &str| (name == "A").then(|| "x".to_owned());
        assert_eq!(expand_environment("${env:A}-${env:A}", &lookup), Ok("x-x".to_owned()));
        assert_eq!(expand_environment("${env:B}", &lookup), Err("B".to_owned()));
        assert_eq!(expand_environment("${env:A", &lookup), Ok("${env:A".to_owned()));
    }

    #[test]
    fn jaas_lines_are_read() {
        let jaas = parse_jaas(
            r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="al\"ice" password='p=;x';"#,
        )
        .unwrap();
        assert_eq!(jaas.option("username"), Some("al\"ice"));
        assert_eq!(jaas.option("password"), Some("p=;x"));
        assert_eq!(parse_jaas("just some words"), None);
        assert_eq!(parse_jaas("Module required password=\"open;"), None);
    }

    #[test]
    fn a_text_that_cannot_be_parsed_is_masked_by_line() {
        let text = "sasl.password = \"hunter2\nlinger.ms = 5\nssl.key.pem = \"\"\"\nMIIE\n\"\"\"\nx = 1";
        let masked = mask_unparsed(text);
        assert!(!masked.contains("hunter2") && !masked.contains("MIIE"), "{masked}");
        assert!(
            masked.contains("linger.ms = 5") && masked.ends_with("x = 1"),
            "{masked}"
        );
        assert_eq!(masked.lines().count(), text.lines().count());
    }

    #[test]
    fn a_secret_is_masked_however_its_line_is_broken() {
        for text in [
            "sasl.password: hunter2",
            "  sasl.password hunter2 and more",
            "sasl.password\"hunter2\"",
            "sasl.password=hunter2",
            "password:hunter2 # x = 1",
            "\"sasl.password\" =\n\"hunter2\"\nx = 1",
            "sasl.password =\n\n  hunter2 = 3\n",
            "sasl.password = [\n  \"hunter2\",\n]\n",
            "sasl.password =\n[\"hunter2\"]\n",
            "ssl.key.pem = \"-----BEGIN\nhunter2Ab==\nhunter2=\n-----END\"\n",
            "sasl.pasword = \"hunter2\n",
            "sasl = {pasword = \"hunter2\"\n",
            "sasl_secert: hunter2\n",
            "sasl.password = '''\nhunter2''' \"hunter2\n",
            "sasl:\n  password: hunter2\n",
        ] {
            let masked = mask_unparsed(text);
            assert!(!masked.contains("hunter2"), "{text:?}: {masked}");
            assert!(masked.contains(MASK), "{text:?}: {masked}");
            assert_eq!(masked.matches('\n').count(), text.matches('\n').count(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_secret_stays_readable_in_a_broken_text() {
        let text = "[target.properties]\nsasl.password = \"${env:P}\"\nsasl.username = \"me\n\n[run]\nmeasure: 5s\n";
        assert_eq!(mask_unparsed(text), text);
        let below = mask_unparsed("sasl.password: x\n[run]\nmeasure: 5s\nlinger.ms = 3\n");
        assert_eq!(
            below,
            format!("sasl.password: {MASK}\n[run]\nmeasure: 5s\nlinger.ms = 3\n")
        );
    }
}
