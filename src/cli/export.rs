//! `--export FORMAT[=FILE]`: a result in the formats of other tools.

use std::path::PathBuf;
use std::str::FromStr;

use super::arguments::Format;
use super::failure::Failure;
use super::output;
use crate::report::exports::{self, ExportFormat, ExportedRun};

/// One `--export`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// For which tool.
    pub format: ExportFormat,
    /// Where to; standard output where none is named.
    pub file: Option<PathBuf>,
}

impl FromStr for Export {
    type Err = String;

    fn from_str(text: &str) -> Result<Export, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("expected a file after =".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = ExportFormat::ALL.iter().copied().find(|format| format.name() == name);
        let format = format.ok_or_else(|| {
            let names: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.name()).collect();
            format!(
                "expected FORMAT or FORMAT=FILE, with one of the formats {}",
                names.join(", ")
            )
        })?;
        if file.is_none() && !format.is_one_document() {
            return Err(format!("{name} makes two files: name them, as in {name}=bench.json"));
        }
        Ok(Export { format, file })
    }
}

/// Whether one of the exports takes standard output, so that nothing else may go there.
///
/// # Errors
/// Where standard output is wanted twice, or a file is.
pub fn takes_stdout(exports: &[Export], format: Format) -> Result<bool, Failure> {
    let to_stdout = exports.iter().filter(|export| export.file.is_none()).count();
    if to_stdout > 1 {
        return Err(Failure::usage(
            "only one --export can go to standard output; give the others a file, as in --export junit=gate.xml",
        ));
    }
    if to_stdout == 1 && format == Format::Json {
        return Err(Failure::usage(
            "--format json and an --export without a file both want standard output; give the export a file",
        ));
    }
    for (place, export) in exports.iter().enumerate() {
        if export.file.is_some() && exports[..place].iter().any(|other| other.file == export.file) {
            return Err(Failure::usage("two --export name the same file"));
        }
    }
    Ok(to_stdout == 1)
}

/// Writes every export.
///
/// # Errors
/// Where one cannot be made or written.
pub fn write(exports: &[Export], run: &ExportedRun) -> Result<(), Failure> {
    for export in exports {
        for document in exports::render(export.format, run).map_err(Failure::failed)? {
            match &export.file {
                None => output::print(&document.text).map_err(Failure::failed)?,
                Some(file) => {
                    let path = document.path(file);
                    crate::report::replace(&path, document.text.as_bytes())
                        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_with_or_without_a_file() {
        let parsed: Export = "junit=a=b.xml".parse().unwrap();
        assert_eq!(parsed.format, ExportFormat::Junit);
        assert_eq!(parsed.file, Some(PathBuf::from("a=b.xml")));
        assert_eq!("csv".parse::<Export>().unwrap().file, None);
        for wrong in ["", "xml", "junit=", "=file", "github-action-benchmark"] {
            assert!(wrong.parse::<Export>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn standard_output_is_taken_once() {
        let exports = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Export>>();
        assert!(!takes_stdout(&exports(&["junit=a", "csv=b"]), Format::Json).unwrap());
        assert!(takes_stdout(&exports(&["junit", "csv=b"]), Format::Text).unwrap());
        assert!(takes_stdout(&exports(&["junit", "csv"]), Format::Text).is_err());
        assert!(takes_stdout(&exports(&["junit"]), Format::Json).is_err());
        assert!(takes_stdout(&exports(&["junit=a", "csv=a"]), Format::Text).is_err());
    }
}
