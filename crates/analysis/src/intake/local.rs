//! Folders and archives of this machine.

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};

use crate::settings::LocalPaths;
use crate::{AnalysisError, ErrorKind};

/// The folder, absolute and without links, if it may be read and holds something.
pub(crate) fn folder(path: &str, rule: &LocalPaths) -> Result<String, AnalysisError> {
    let found = resolve(path, rule)?;
    let metadata = fs::metadata(&found).map_err(|error| unreadable(path, &error))?;
    if metadata.is_file() {
        let (what, hint) = if super::archive::is_archive(&found) {
            (
                "an archive, not a folder",
                "Give it as an archive: `code-reader read FILE`, or {\"archive\": …}.",
            )
        } else {
            ("a file, not a folder", "Give the folder that it lies in.")
        };
        return Err(AnalysisError::invalid("not_a_directory", format!("{path} is {what}"), hint));
    }
    if !metadata.is_dir() {
        return Err(AnalysisError::invalid(
            "not_a_directory",
            format!("{path} is not a folder"),
            "Give a folder that holds source files.",
        ));
    }
    let mut entries = fs::read_dir(&found).map_err(|error| unreadable(path, &error))?;
    if entries.next().is_none() {
        return Err(AnalysisError::invalid(
            "empty",
            format!("the folder {path} is empty"),
            "Give a folder that holds source files.",
        ));
    }
    text(&found)
}

/// Refuses a folder that holds our own data: nothing is ever written into what is read.
pub(crate) fn check_apart(folder: &Path, data_dir: &Path) -> Result<(), AnalysisError> {
    if !fs::canonicalize(data_dir).is_ok_and(|data| data.starts_with(folder)) {
        return Ok(());
    }
    Err(AnalysisError::invalid(
        "data_inside",
        format!("the data folder {} lies inside the repository that is read", data_dir.display()),
        "Nothing is written there: give a folder without it, or choose another DATA_DIR.",
    ))
}

/// Whether the folder is what git keeps of a repository, without its files: a bare repository, or a folder `.git`.
pub(crate) fn is_bare_repository(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

/// Refuses a bare repository by which git would come to files outside of it: of another repository, perhaps.
pub(crate) fn check_inside(repository: &Path) -> Result<(), AnalysisError> {
    let outside = |what: &Path| {
        Err(AnalysisError::new(
            ErrorKind::Forbidden,
            "git_outside",
            format!("{} leads to files outside of it: {}", repository.display(), what.display()),
            "Clone it yourself with `git clone` if you trust it, and give the clone.",
        ))
    };
    for name in [".git", "commondir", "objects/info/alternates"] {
        let path = repository.join(name);
        if path.symlink_metadata().is_ok() {
            return outside(&path);
        }
    }
    // What git serves of; hooks and the like may lie where they want.
    let mut left: Vec<PathBuf> =
        ["HEAD", "packed-refs", "refs", "reftable", "objects"].map(|name| repository.join(name)).into();
    while let Some(path) = left.pop() {
        let fails = |error: &std::io::Error| unreadable(&path.to_string_lossy(), error);
        let kind = match path.symlink_metadata() {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == IoErrorKind::NotFound => continue,
            Err(error) => return Err(fails(&error)),
        };
        if kind.is_symlink() && !fs::canonicalize(&path).is_ok_and(|to| to.starts_with(repository)) {
            return outside(&path);
        }
        if kind.is_dir() {
            for entry in fs::read_dir(&path).map_err(|error| fails(&error))? {
                left.push(entry.map_err(|error| fails(&error))?.path());
            }
        }
    }
    Ok(())
}

/// The archive, absolute and without links, if it may be read and is one.
pub(crate) fn archive(path: &str, rule: &LocalPaths) -> Result<String, AnalysisError> {
    let found = resolve(path, rule)?;
    if !fs::metadata(&found).map_err(|error| unreadable(path, &error))?.is_file() {
        return Err(AnalysisError::invalid(
            "archive_format",
            format!("{path} is not a file"),
            "Give a zip, tar or tar.gz file; a folder is given as a path.",
        ));
    }
    fs::File::open(&found).map_err(|error| unreadable(path, &error))?;
    if !super::archive::is_archive(&found) {
        return Err(AnalysisError::invalid(
            "archive_format",
            format!("{path} is a file, and no archive that can be read"),
            "Give a folder, or a zip, tar or tar.gz file.",
        ));
    }
    text(&found)
}

fn resolve(path: &str, rule: &LocalPaths) -> Result<PathBuf, AnalysisError> {
    if *rule == LocalPaths::Nowhere {
        return Err(forbidden(path, "no folder of this machine may be read"));
    }
    if path.is_empty() || path.contains('\0') {
        return Err(AnalysisError::invalid(
            "path_not_found",
            "the path is empty",
            "Give the folder to read.",
        ));
    }
    // Where only some folders are open, nothing is told of the others: not even whether they are there.
    let found = fs::canonicalize(path);
    if let LocalPaths::Under(roots) = rule {
        let allowed = |found: &Path| {
            roots.iter().filter_map(|root| fs::canonicalize(root).ok()).any(|root| found.starts_with(root))
        };
        if !found.as_deref().is_ok_and(allowed) {
            return Err(forbidden(path, "it is not below the folders that may be read, or it is not there"));
        }
    }
    found.map_err(|error| unreadable(path, &error))
}

fn forbidden(path: &str, why: &str) -> AnalysisError {
    AnalysisError::new(
        ErrorKind::Forbidden,
        "path_forbidden",
        format!("{path} cannot be read: {why}"),
        "Ask on the machine itself, give a git URL or upload an archive, or have the folder added to the configured roots.",
    )
}

fn unreadable(path: &str, error: &std::io::Error) -> AnalysisError {
    match error.kind() {
        IoErrorKind::NotFound | IoErrorKind::NotADirectory => AnalysisError::invalid(
            "path_not_found",
            format!("there is no {path}"),
            "Check the spelling; a path is taken from the folder that the program runs in.",
        ),
        IoErrorKind::PermissionDenied => AnalysisError::invalid(
            "path_unreadable",
            format!("{path} may not be read by this user"),
            "Give yourself the right to read it, such as with `chmod -R u+rX`.",
        ),
        _ => AnalysisError::invalid(
            "path_unreadable",
            format!("{path} cannot be read: {error}"),
            "Check the path and its disk.",
        ),
    }
}

fn text(path: &Path) -> Result<String, AnalysisError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        AnalysisError::invalid(
            "path_not_utf8",
            format!("the path {} is not UTF-8", path.display()),
            "Rename the folder, or give it through a link with a plain name's copy.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<String, AnalysisError>) -> &'static str {
        result.unwrap_err().code
    }

    #[test]
    fn a_folder_is_told_from_all_that_is_none() {
        let folder_made = tempfile::tempdir().unwrap();
        let base = folder_made.path();
        let anywhere = LocalPaths::Anywhere;
        let at = |name: &str| base.join(name).to_str().unwrap().to_owned();
        fs::create_dir_all(base.join("empty")).unwrap();
        fs::write(base.join("file"), "x").unwrap();
        nix::unistd::mkfifo(&base.join("fifo"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        std::os::unix::fs::symlink("loop", base.join("loop")).unwrap();
        std::os::unix::fs::symlink(".", base.join("link")).unwrap();
        assert_eq!(code(folder(&at("empty"), &anywhere)), "empty");
        assert_eq!(code(folder(&at("file"), &anywhere)), "not_a_directory");
        assert_eq!(code(folder(&at("fifo"), &anywhere)), "not_a_directory");
        assert_eq!(code(folder(&at("missing"), &anywhere)), "path_not_found");
        assert_eq!(code(folder(&at("file/x"), &anywhere)), "path_not_found");
        assert_eq!(code(folder(&at("loop"), &anywhere)), "path_unreadable");
        assert_eq!(code(folder("", &anywhere)), "path_not_found");
        assert_eq!(
            folder(&at("link/empty/.."), &anywhere).unwrap(),
            fs::canonicalize(base).unwrap().to_str().unwrap()
        );
        assert_eq!(code(archive(&at("file"), &anywhere)), "archive_format");
        assert_eq!(code(archive(&at("fifo"), &anywhere)), "archive_format");
    }

    #[test]
    fn a_folder_that_holds_our_data_is_refused() {
        let made = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(made.path()).unwrap();
        fs::create_dir_all(root.join("repository/data")).unwrap();
        std::os::unix::fs::symlink(root.join("repository/data"), root.join("link")).unwrap();
        for data in ["repository/data", "link", "repository"] {
            let refused = check_apart(&root.join("repository"), &root.join(data)).unwrap_err();
            assert_eq!(refused.code, "data_inside", "{data}");
        }
        for data in ["", "repository-data", "missing"] {
            assert!(check_apart(&root.join("repository"), &root.join(data)).is_ok(), "{data}");
        }
    }

    #[test]
    fn only_what_lies_below_the_roots_is_read() {
        let made = tempfile::tempdir().unwrap();
        let base = made.path();
        for name in ["open/a", "open-too/a", "closed/a"] {
            fs::create_dir_all(base.join(name)).unwrap();
            fs::write(base.join(name).join("file"), "x").unwrap();
        }
        std::os::unix::fs::symlink(base.join("closed/a"), base.join("open/out")).unwrap();
        let rule = LocalPaths::Under(vec![base.join("open"), base.join("missing")]);
        let at = |name: &str| base.join(name).to_str().unwrap().to_owned();
        assert!(folder(&at("open/a"), &rule).is_ok());
        for name in ["open-too/a", "closed/a", "open/../closed/a", "open/out", "closed/missing"] {
            assert_eq!(code(folder(&at(name), &rule)), "path_forbidden", "{name}");
        }
        assert_eq!(code(folder(&at("open/a"), &LocalPaths::Nowhere)), "path_forbidden");
    }
}
