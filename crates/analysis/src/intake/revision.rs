//! Which commit of git a folder stands at, read from its files: no program runs in a stranger's folder.

use std::fs;
use std::path::Path;

use super::local::is_bare_repository;

/// The commit that `HEAD` names; `None` when the folder is neither a work tree nor a bare repository of git.
pub(super) fn of(folder: &Path) -> Option<String> {
    let git = if is_bare_repository(folder) { folder.to_owned() } else { folder.join(".git") };
    let head = small(&git.join("HEAD"))?;
    let commit = match head.strip_prefix("ref: ") {
        None => head,
        Some(name) if is_plain(name) => small(&git.join(name)).or_else(|| packed(&git, name))?,
        Some(_) => return None,
    };
    let is_commit = matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit.then_some(commit)
}

fn small(path: &Path) -> Option<String> {
    let metadata = fs::symlink_metadata(path).ok()?;
    (metadata.is_file() && metadata.len() < 4096)
        .then(|| fs::read_to_string(path).ok())?
        .map(|text| text.trim().to_owned())
}

fn packed(git: &Path, name: &str) -> Option<String> {
    let path = git.join("packed-refs");
    let metadata = fs::symlink_metadata(&path).ok()?;
    if !metadata.is_file() || metadata.len() > 16 << 20 {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').map(str::to_owned))
}

fn is_plain(name: &str) -> bool {
    name.starts_with("refs/") && !name.split('/').any(|part| part.is_empty() || part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_found_loose_and_packed() {
        let folder = tempfile::tempdir().unwrap();
        let git = folder.path().join(".git");
        let (first, second) = ("a".repeat(40), "b".repeat(40));
        assert_eq!(of(folder.path()), None);
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(of(folder.path()), None);
        fs::write(
            git.join("packed-refs"),
            format!("# pack-refs\n{second} refs/heads/other-main\n{first} refs/heads/main\n"),
        )
        .unwrap();
        assert_eq!(of(folder.path()), Some(first));
        fs::write(git.join("refs/heads/main"), format!("{second}\n")).unwrap();
        assert_eq!(of(folder.path()), Some(second));
        fs::write(git.join("HEAD"), "ref: refs/../../../etc/passwd\n").unwrap();
        assert_eq!(of(folder.path()), None);
    }
}
