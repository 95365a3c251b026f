//! A small checker: is this text one well-formed XML element, and which tags and attributes has it?

/// One start tag.
#[derive(Debug, Clone)]
pub struct Tag {
    /// Element name.
    pub name: String,
    /// Attributes as they stand, values unescaped.
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    /// An attribute's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Start tags and the text between tags, in order; or what is wrong.
pub fn parse(xml: &str) -> Result<(Vec<Tag>, Vec<String>), String> {
    let (mut tags, mut texts, mut open) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = xml.trim_end();
    while !rest.is_empty() {
        let at = rest
            .find('<')
            .ok_or_else(|| format!("text after the root: {rest:.40}"))?;
        let text = unescape(&rest[..at])?;
        if !text.trim().is_empty() {
            if open.is_empty() {
                return Err(format!("text outside the root: {text:.40}"));
            }
            texts.push(text);
        }
        let end = rest.find('>').ok_or("a tag is not closed")?;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            if open.is_empty() && !rest.is_empty() {
                return Err("more than one root".into());
            }
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let tag = start_tag(tag)?;
        if !empty {
            open.push(tag.name.clone());
        }
        tags.push(tag);
    }
    if open.is_empty() {
        Ok((tags, texts))
    } else {
        Err(format!("not closed: {open:?}"))
    }
}

fn start_tag(tag: &str) -> Result<Tag, String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("bad name in <{tag:.40}>"));
    }
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.trim().is_empty() {
        let (key, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("bad attribute in <{tag:.80}>"))?;
        let (value, next) = after
            .split_once('"')
            .ok_or_else(|| format!("open value in <{tag:.80}>"))?;
        let key = key.trim().to_owned();
        if attributes.iter().any(|(known, _)| *known == key)
            || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            return Err(format!("attribute {key:?} in <{tag:.80}>"));
        }
        attributes.push((key, unescape(value)?));
        rest = next;
    }
    Ok(Tag {
        name: name.to_owned(),
        attributes,
    })
}

fn unescape(text: &str) -> Result<String, String> {
    if text.chars().any(|c| c == '<' || (c.is_control() && c != '\n')) {
        return Err(format!("raw character in {text:.60}"));
    }
    let mut out = String::new();
    let mut parts = text.split('&');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (entity, after) = part.split_once(';').ok_or_else(|| format!("raw & before {part:.20}"))?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" | "#39" => '\'',
            "#10" => '\n',
            other => return Err(format!("entity {other}")),
        });
        out.push_str(after);
    }
    Ok(out)
}
