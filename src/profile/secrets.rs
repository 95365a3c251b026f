//! Secrets: which properties hold them, how they are masked, how `${env:NAME}` is filled in, and how Java's JAAS lines
//! are read.

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
    let words = ["password", "secret", "passphrase", "jaas", "basic.auth.user.info"];
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

/// Whether a line of a broken text seems to hold a secret: its key may stand anywhere in it, as in an inline table.
fn names_a_secret(line: &str) -> bool {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
    words.into_iter().any(is_secret)
}

/// Masks, line by line, what stands behind secret-looking keys of a text that cannot be parsed.
pub(crate) fn mask_unparsed(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut inside: Option<&'static str> = None;
    for line in text.split_inclusive('\n') {
        let end = if line.ends_with('\n') { "\n" } else { "" };
        if let Some(quotes) = inside {
            masked.push_str(MASK);
            masked.push_str(end);
            if line.contains(quotes) {
                inside = None;
            }
            continue;
        }
        match line.split_once('=') {
            Some((key, value)) if names_a_secret(line) && !looks_like_a_placeholder(value.trim()) => {
                masked.push_str(key);
                masked.push_str("= ");
                masked.push_str(MASK);
                masked.push_str(end);
                inside = ["\"\"\"", "'''"]
                    .into_iter()
                    .find(|quotes| value.matches(quotes).count() == 1);
            }
            _ => masked.push_str(line),
        }
    }
    masked
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
}
