//! Where kpbench keeps what outlives a run: `KPBENCH_DATA_DIR`, else the user's data directory by the XDG Base Directory
//! Specification (<https://specifications.freedesktop.org/basedir-spec/latest/>).

use std::ffi::OsString;
use std::path::PathBuf;

/// The directory, which need not exist; none where neither variable nor home directory is known.
pub fn data_directory() -> Option<PathBuf> {
    from_environment(|name| std::env::var_os(name))
}

fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = path("KPBENCH_DATA_DIR") {
        return Some(own);
    }
    // The specification: a relative path is invalid and to be ignored.
    let user = path("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let user = user.or_else(|| Some(path("HOME")?.join(".local").join("share")))?;
    Some(user.join("kpbench"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Option<PathBuf> {
        from_environment(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_nearest_variable_counts() {
        let all = [("KPBENCH_DATA_DIR", "/own"), ("XDG_DATA_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(found(&all), Some("/own".into()));
        assert_eq!(found(&all[1..]), Some("/x/kpbench".into()));
        assert_eq!(found(&all[2..]), Some("/h/.local/share/kpbench".into()));
        assert_eq!(
            found(&[("XDG_DATA_HOME", "relative"), ("HOME", "/h")]),
            Some("/h/.local/share/kpbench".into())
        );
        assert_eq!(found(&[]), None);
    }
}
