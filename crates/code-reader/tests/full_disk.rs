//! A disk that fills up in the middle: a real small file system below the data folder, or below the export.
//!
//! Needs the right to mount; without it the tests say so and pass, for nothing was tried.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "this is a test, and says when it cannot run")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{House, text};
use serde_json::{Value, json};

/// Far more than any test needs.
const AMPLE_KIB: u64 = 256 * 1024;

/// A tmpfs of a given size; unmounted with this value.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn of(kib: u64) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "code-reader-test"])
            .arg(folder.path())
            .output();
        match output {
            Ok(output) if output.status.success() => Some(Disk { folder }),
            Ok(output) => skipped(text(&output.stderr).trim()),
            Err(error) => skipped(&error.to_string()),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn resize(&self, kib: u64) {
        let status = Command::new("mount")
            .args(["-o", &format!("remount,size={kib}k")])
            .arg(self.path())
            .status()
            .unwrap();
        assert!(status.success(), "cannot resize {}", self.path().display());
    }

    fn used_kib(&self) -> u64 {
        let stat = nix::sys::statvfs::statvfs(self.path()).unwrap();
        (stat.blocks() - stat.blocks_free()) * stat.fragment_size() / 1024
    }

    fn house(&self) -> House {
        House::new().with("DATA_DIR", self.path().join("data").to_str().unwrap())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that is about to end may still have a file open.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn skipped(reason: &str) -> Option<Disk> {
    eprintln!("skipped: no small disk can be mounted here ({reason})");
    None
}

/// A package whose knowledge base takes more than a megabyte, and its items about as much.
fn warehouse(house: &House) -> PathBuf {
    for module in 0..60 {
        let mut source = format!("\"\"\"Shelf {module} of the warehouse.\"\"\"\n\n");
        for function in 0..40 {
            source.push_str(&format!(
                "def take_{module}_{function}(count, shelf):\n    \"\"\"Takes so many of thing {function} from the shelf {module}.\"\"\"\n    left = shelf.left({function}) - count\n    return shelf.keep({function}, left)\n\n\n"
            ));
        }
        house.write(&format!("warehouse/shelf_{module}.py"), &source);
    }
    house.dir.path().join("warehouse")
}

/// What the file system holds when all went well: before anything is read, with the knowledge base, at the end.
struct Needs {
    base: u64,
    knowledge: u64,
    all: u64,
}

fn needs() -> Option<Needs> {
    let disk = Disk::of(AMPLE_KIB)?;
    let house = disk.house();
    let folder = warehouse(&house);
    house.ok(&["list"]);
    let base = disk.used_kib();
    house.ok(&["read", folder.to_str().unwrap()]);
    let knowledge = bytes_below(&disk.path().join("data/objects")) / 1024;
    Some(Needs { base, knowledge, all: disk.used_kib() })
}

fn bytes_below(folder: &Path) -> u64 {
    common::fingerprint(folder).iter().map(|(_, bytes)| bytes.len() as u64).sum()
}

/// Reads on a disk of this size, which must not do; then makes room and goes on. Returns the step where it stood.
fn fills_up_and_goes_on(kib: u64) -> Option<Value> {
    let disk = Disk::of(kib)?;
    let house = disk.house();
    let folder = warehouse(&house);
    let said = house.fails(1, &["read", folder.to_str().unwrap()]);
    assert!(said.contains("is full"), "with {kib} KiB: {said}");
    assert!(said.contains("ree some space") && said.contains("resume"), "with {kib} KiB: {said}");
    disk.resize(AMPLE_KIB);
    let listed: Value = serde_json::from_str(&house.ok(&["list", "--json"])).unwrap();
    let stood = &listed["items"][0];
    assert_ne!(stood["status"], "completed", "{stood}");
    if stood["status"] == "failed" {
        assert_eq!(stood["error"]["code"], "disk_full", "{stood}");
    }
    let done = house.ok(&["resume", "warehouse", "--json"]);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["counts"]["analyzed"], 60, "{done}");
    assert!(house.ok(&["search", "warehouse", "shelf"]).contains("shelf_"));
    // Only what stands for a reading is left: no half knowledge base, no temporary file.
    let objects = common::fingerprint(&disk.path().join("data/objects"));
    assert_eq!(objects.len(), 1, "{:?}", objects.iter().map(|(path, _)| path).collect::<Vec<_>>());
    assert_eq!(std::fs::read_dir(disk.path().join("data/tmp")).map_or(0, |dir| dir.count()), 0);
    Some(stood["step"].clone())
}

#[test]
fn a_disk_without_room_for_the_queue_is_told_and_the_analysis_goes_on_later() {
    let Some(disk) = Disk::of(120) else { return };
    let house = disk.house();
    let folder = warehouse(&house);
    let said = house.fails(1, &["read", folder.to_str().unwrap()]);
    assert!(said.contains("full") && said.contains("ree some space"), "{said}");
    disk.resize(AMPLE_KIB);
    let read = house.ok(&["read", folder.to_str().unwrap(), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&read).unwrap()["status"], "completed");
}

#[test]
fn a_disk_that_fills_up_while_the_knowledge_base_is_built() {
    let Some(needs) = needs() else { return };
    let step = fills_up_and_goes_on(needs.base + needs.knowledge * 2 / 3);
    assert!(matches!(step, Some(Value::String(step)) if step == "scan" || step == "index"));
}

#[test]
fn a_disk_that_fills_up_while_items_and_pages_are_written() {
    let Some(needs) = needs() else { return };
    let rest = needs.all - needs.base - needs.knowledge;
    let step = fills_up_and_goes_on(needs.base + needs.knowledge + rest / 3);
    assert!(matches!(step, Some(Value::String(step)) if step != "scan"));
}

#[test]
fn under_serve_the_analysis_is_taken_up_again_when_there_is_room() {
    let Some(needs) = needs() else { return };
    let Some(disk) = Disk::of(needs.base + 300) else { return };
    let house = disk.house();
    let folder = warehouse(&house);
    let server = house.serve();
    let (status, answer) = server.post("/api/v1/analyses", &json!({"source": {"path": folder}}));
    if status != 202 {
        // There was no room for the row: nothing was begun.
        assert_eq!(status, 503, "{answer}");
        assert_eq!(answer["code"], "disk_full", "{answer}");
    }
    disk.resize(AMPLE_KIB);
    let id = match status {
        202 => answer["id"].as_str().unwrap().to_owned(),
        _ => server.post("/api/v1/analyses", &json!({"source": {"path": folder}})).1["id"]
            .as_str()
            .unwrap()
            .to_owned(),
    };
    let mut ended = server.ended(&id);
    if ended["status"] == "failed" {
        assert_eq!(ended["error"]["code"], "disk_full", "{ended}");
        let (status, answer) = server.post(&format!("/api/v1/analyses/{id}/resume"), &Value::Null);
        assert!((200..300).contains(&status), "{answer}");
        ended = server.ended(&id);
    }
    assert_eq!(ended["status"], "completed", "{ended}");
}

#[test]
fn an_export_that_finds_no_room_leaves_what_was_there() {
    let house = House::new();
    let folder = warehouse(&house);
    house.ok(&["read", folder.to_str().unwrap()]);
    let Some(disk) = Disk::of(64) else { return };
    let out = disk.path().join("docs");
    for arguments in [
        vec!["export", "warehouse", "--format", "md", "--out", out.to_str().unwrap()],
        vec!["export", "warehouse", "--format", "json", "--out", out.to_str().unwrap()],
        vec!["read", folder.to_str().unwrap(), "--out", out.to_str().unwrap()],
    ] {
        let said = house.fails(1, &arguments);
        assert!(said.contains("full") || said.contains("No space left"), "{arguments:?}: {said}");
        assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0, "{arguments:?} left something behind");
    }

    let stdout = std::fs::File::create(disk.path().join("printed.json")).unwrap();
    let output = house
        .command(&["export", "warehouse", "--format", "json"])
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("not whole"), "{}", text(&output.stderr));
    std::fs::remove_file(disk.path().join("printed.json")).unwrap();

    disk.resize(AMPLE_KIB);
    house.ok(&["export", "warehouse", "--format", "md", "--out", out.to_str().unwrap()]);
    let before = common::fingerprint(&out);
    disk.resize(disk.used_kib() + 16);
    house.fails(1, &["export", "warehouse", "--format", "md", "--out", out.to_str().unwrap()]);
    assert_eq!(common::fingerprint(&out), before, "an older export stays whole");
    disk.resize(AMPLE_KIB);
    house.ok(&["export", "warehouse", "--format", "md", "--out", out.to_str().unwrap()]);
    assert_eq!(common::fingerprint(&out), before);
}
