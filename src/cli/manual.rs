//! The manual page and the completion scripts, made from the command line's own definition.

use std::io;

use clap::{Command, CommandFactory};

use super::arguments::{Arguments, EXIT_CODES};

/// The command line as a person meets it: without the subcommands that the program calls itself.
pub fn visible() -> Command {
    let full = Arguments::command();
    let mut shown = Command::new("kpbench")
        .subcommand_required(true)
        .arg_required_else_help(true);
    shown = shown.args(full.get_arguments().cloned());
    if let Some(version) = full.get_version() {
        shown = shown.version(version.to_owned());
    }
    if let Some(about) = full.get_about() {
        shown = shown.about(about.clone());
    }
    if let Some(about) = full.get_long_about() {
        shown = shown.long_about(about.clone());
    }
    shown.subcommands(full.get_subcommands().filter(|command| !command.is_hide_set()).cloned())
}

/// One page with every subcommand's options.
///
/// # Errors
/// None that memory does not have.
pub fn page() -> io::Result<String> {
    let mut command = visible();
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let (description, begin) = long.split_once("\n\nBegin with:\n").unwrap_or((&long, ""));
    command = command.long_about(description.to_owned());
    command.build();
    let man = clap_mangen::Man::new(command.clone());
    let mut roff = Vec::new();
    man.render_title(&mut roff)?;
    man.render_name_section(&mut roff)?;
    man.render_synopsis_section(&mut roff)?;
    man.render_description_section(&mut roff)?;
    man.render_options_section(&mut roff)?;
    let mut page = String::from_utf8_lossy(&roff).into_owned();
    for subcommand in command.get_subcommands() {
        section(subcommand, "kpbench", &mut page)?;
    }
    if !begin.is_empty() {
        page.push_str(&format!(".SH EXAMPLES\n{}", as_is(begin)));
    }
    page.push_str(&exit_status());
    Ok(page)
}

/// A subcommand and those below it: each a section, its parts one level below.
fn section(command: &Command, parent: &str, page: &mut String) -> io::Result<()> {
    if command.get_name() == "help" {
        return Ok(());
    }
    let name = format!("{parent} {}", command.get_name());
    if command.has_subcommands() {
        return command
            .get_subcommands()
            .try_for_each(|below| section(below, &name, page));
    }
    // Those of every command stand once, with the program itself.
    let own = command.clone().mut_args(|argument| {
        let common = argument.is_global_set() || matches!(argument.get_id().as_str(), "help" | "version");
        argument.hide(common)
    });
    let examples = own.get_after_help().map(ToString::to_string);
    let man = clap_mangen::Man::new(own);
    let mut roff = Vec::new();
    man.render_synopsis_section(&mut roff)?;
    man.render_description_section(&mut roff)?;
    man.render_options_section(&mut roff)?;
    page.push_str(&format!(".SH \"{}\"\n", name.to_uppercase()));
    page.push_str(&String::from_utf8_lossy(&roff).replace(".SH ", ".SS "));
    if let Some(examples) = examples {
        let lines = examples.strip_prefix("Examples:\n").unwrap_or(&examples);
        page.push_str(&format!(".SS EXAMPLES\n{}", as_is(lines)));
    }
    Ok(())
}

fn exit_status() -> String {
    let codes = EXIT_CODES.strip_prefix("Exit codes: ").unwrap_or(EXIT_CODES);
    let mut text = ".SH \"EXIT STATUS\"\n".to_owned();
    for entry in codes.trim_end_matches('.').split(", ") {
        if let Some((code, meaning)) = entry.split_once(' ') {
            text.push_str(&format!(".TP\n\\fB{code}\\fR\n{}\n", escaped(meaning)));
        }
    }
    text
}

/// Lines that are not to be filled.
fn as_is(lines: &str) -> String {
    let lines: Vec<String> = lines.lines().map(escaped).collect();
    format!(".nf\n{}\n.fi\n", lines.join("\n"))
}

/// A line of text: no request, no escape, and hyphens that can be copied.
fn escaped(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_subcommands_options_and_no_hidden_ones() {
        let page = page().unwrap();
        for part in [
            ".TH kpbench",
            ".SH \"KPBENCH SWEEP\"",
            ".SH \"KPBENCH BROKER UP\"",
            "\\-\\-existing\\-topic",
            "\\-\\-send\\-mode",
            "\\-\\-config",
            ".SH \"EXIT STATUS\"",
            "\\fB130\\fR\ninterrupted",
            ".nf\n  kpbench sweep profiles/quickstart.toml",
        ] {
            assert!(page.contains(part), "{part}:\n{page}");
        }
        assert!(
            !page.contains("MOCK\\-CLUSTER") && !page.contains("KPBENCH TRIAL"),
            "{page}"
        );
        // Once for the program, and not again with each subcommand.
        assert_eq!(page.matches("\\-\\-color").count(), 2, "synopsis and options:\n{page}");
    }
}
