//! Folders as modules: all of them, or where they are too many the heaviest, each with what is left below it.

use std::collections::BTreeMap;

use crate::domain::File;

/// Where folders are too many, those that hold less than this part of all lines stay with the folder around them.
const SMALLEST_PART: u64 = 1_000;

/// A folder with all that is below it.
#[derive(Default)]
struct Folder<'f> {
    lines: u64,
    files: Vec<&'f File>,
    folders: BTreeMap<&'f str, Folder<'f>>,
}

impl<'f> Folder<'f> {
    fn of(files: &'f [File]) -> Self {
        let mut top = Self::default();
        for file in files {
            let mut folder = &mut top;
            folder.lines += u64::from(file.lines);
            let (folders, _) = file.path.rsplit_once('/').unwrap_or_default();
            for name in folders.split('/').filter(|name| !name.is_empty()) {
                folder = folder.folders.entry(name).or_default();
                folder.lines += u64::from(file.lines);
            }
            folder.files.push(file);
        }
        top
    }

    fn all_files(self) -> Vec<&'f File> {
        let (mut open, mut all) = (vec![self], Vec::new());
        while let Some(folder) = open.pop() {
            all.extend(folder.files);
            open.extend(folder.folders.into_values());
        }
        all
    }
}

/// The files by the path of their module, in at most `most` modules.
///
/// It starts with the top folder as one module and takes the heaviest apart as long as there is room, so that a large
/// folder is told in its parts however deep it lies, and a small one as one, however many folders it has.
pub(super) fn by_folder(files: &[File], most: usize) -> BTreeMap<String, Vec<&File>> {
    let all: std::collections::BTreeSet<&str> =
        files.iter().map(|file| file.path.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
    let top = Folder::of(files);
    let smallest = if all.len() > most { top.lines / SMALLEST_PART } else { 0 };
    let (mut open, mut done) = (vec![(String::new(), top)], BTreeMap::new());
    while let Some(at) = heaviest(&open) {
        let (path, mut folder) = open.swap_remove(at);
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        // What stands alone in its folder takes the place of that.
        let room = match folder.files.is_empty() && folder.folders.len() == 1 {
            true => 1,
            false => most.saturating_sub(open.len() + done.len() + 1),
        };
        let mut parts: Vec<(&str, Folder<'_>)> = std::mem::take(&mut folder.folders).into_iter().collect();
        parts.sort_by(|a, b| b.1.lines.cmp(&a.1.lines).then_with(|| a.0.cmp(b.0)));
        for (number, (name, part)) in parts.into_iter().enumerate() {
            if number < room && part.lines >= smallest {
                open.push((below(name), part));
            } else {
                folder.files.extend(part.all_files());
            }
        }
        if !folder.files.is_empty() {
            done.insert(path, folder.files);
        }
    }
    done
}

fn heaviest(open: &[(String, Folder<'_>)]) -> Option<usize> {
    let weight = |at: &usize| open.get(*at).map(|(path, folder)| (folder.lines, std::cmp::Reverse(path)));
    (0..open.len()).max_by(|a, b| weight(a).cmp(&weight(b)))
}

#[cfg(test)]
mod tests {
    use super::{super::units::tests::file, *};

    fn modules(files: &[File], most: usize) -> Vec<String> {
        let found = by_folder(files, most);
        assert_eq!(found.values().map(Vec::len).sum::<usize>(), files.len(), "each file is in one module");
        found.into_iter().map(|(path, files)| format!("{path} {}", files.len())).collect()
    }

    #[test]
    fn few_folders_are_all_modules() {
        let files = ["a.c", "x/y/b.c", "x/y/z/c.c"].map(|path| file(path, 1));
        assert_eq!(modules(&files, 60), [" 1", "x/y 1", "x/y/z 1"]);
    }

    #[test]
    fn of_too_many_folders_the_heaviest_are_told_in_their_parts() {
        let mut files = vec![file("src/Bridge/b.php", 500), file("src/Bridge/Twig/t.php", 400)];
        for name in ["Form", "Mailer", "Yaml"] {
            files.push(file(&format!("src/Component/{name}/Main.php"), 3_000));
            files.push(file(&format!("src/Component/{name}/Deep/Part.php"), 900));
        }
        files.push(file("src/Component/Tiny/One.php", 2));
        assert_eq!(
            modules(&files, 6),
            [
                "src/Bridge 2",
                "src/Component 1",
                "src/Component/Form 1",
                "src/Component/Form/Deep 1",
                "src/Component/Mailer 2",
                "src/Component/Yaml 2"
            ]
        );
    }
}
