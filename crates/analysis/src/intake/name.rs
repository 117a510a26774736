//! What people call an analysis.

use crate::AnalysisError;

const MAX_CHARS: usize = 100;

/// The last folder of a path, without git's ending; for a folder `.git` the one that it lies in.
pub(super) fn of_path(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix("/.git").unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    cleaned(name.strip_suffix(".git").unwrap_or(name))
}

/// The name of an archive without its endings.
pub(crate) fn of_archive(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let ending = [".tar.gz", ".tgz", ".tar", ".zip", ".crate", ".gz"]
        .into_iter()
        .find(|ending| lower.ends_with(ending));
    cleaned(&name[..name.len() - ending.map_or(0, str::len)])
}

/// The name that a user gave.
pub(super) fn checked(name: &str) -> Result<String, AnalysisError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_CHARS || name.chars().any(char::is_control) {
        return Err(AnalysisError::invalid(
            "name_invalid",
            format!("the name {:?} cannot be used", name.chars().take(MAX_CHARS).collect::<String>()),
            format!("Give a name of 1 to {MAX_CHARS} characters on one line."),
        ));
    }
    Ok(name.to_owned())
}

fn cleaned(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(MAX_CHARS).collect();
    if name.trim().is_empty() { "repository".to_owned() } else { name.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_folders_and_archives() {
        assert_eq!(of_path("/src/attrs"), "attrs");
        assert_eq!(of_path("/"), "repository");
        assert_eq!(
            (of_path("/srv/attrs.git/"), of_path("/src/attrs/.git")),
            ("attrs".into(), "attrs".into())
        );
        assert_eq!(of_archive("/tmp/attrs-25.1.0.tar.gz"), "attrs-25.1.0");
        assert_eq!(of_archive("C:\\x\\my project.ZIP"), "my project");
        assert_eq!(of_archive(".zip"), "repository");
        assert!(checked("a\nb").is_err());
        assert!(checked("  ").is_err());
        assert_eq!(checked(" two words ").unwrap(), "two words");
    }
}
