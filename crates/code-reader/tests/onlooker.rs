//! A data folder that may not be written: another user's, or one on a disk that is mounted read-only.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{BINARY, House, fingerprint, kill, shop, text, wait_for};
use nix::sys::signal::Signal;
use serde_json::Value;

#[test]
fn what_another_user_read_is_looked_at_without_writing() {
    let house = House::new();
    house.ok(&["read", shop(&house).to_str().unwrap()]);
    let onlooker = Onlooker::of(&house);
    // Closed cleanly or not: what a killed process leaves is a log beside the database.
    for leaves_a_log in [false, true] {
        if leaves_a_log {
            let mut server = house.serve();
            let (status, _) = server.post("/api/v1/analyses/shop/cancel", &Value::Null);
            assert_eq!(status, 409);
            house.write("two/a.py", "def f():\n    return 1\n");
            let folder = house.dir.path().join("two");
            let (_, accepted) =
                server.post("/api/v1/analyses", &serde_json::json!({"source": {"path": folder}}));
            server.ended(accepted["id"].as_str().unwrap());
            // Both at once: the worker ends in order when its supervisor is gone, and is started anew when it is gone
            // itself.
            let worker = server.worker_pid().unwrap();
            server.signal(Signal::SIGSTOP);
            kill(worker, Signal::SIGKILL);
            wait_for("the worker to be dead", || {
                let stat = fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
                (stat.is_empty() || stat.contains(") Z ")).then_some(())
            });
            server.signal(Signal::SIGKILL);
            server.wait();
            assert!(house.data().join("analyses.db-wal").metadata().unwrap().len() > 0);
        }
        let before = fingerprint(&house.data());
        onlooker.may_not_write();
        assert!(onlooker.ok(&["list"]).contains("shop"));
        assert_eq!(onlooker.ok(&["list"]).contains("two"), leaves_a_log);
        assert!(onlooker.ok(&["show", "shop"]).contains("Shop sells things over HTTP"));
        assert!(onlooker.ok(&["show", "shop", "--file", "shop/prices.py"]).contains("parsePriceHeader"));
        assert!(onlooker.ok(&["search", "shop", "header"]).contains("shop/prices.py"));
        assert!(onlooker.ok(&["export", "shop", "--format", "json"]).contains("\"pages\""));
        let refused = onlooker.run(&["rm", "shop"]);
        assert!(!refused.status.success());
        onlooker.may_write_again();
        assert_eq!(fingerprint(&house.data()), before);
    }
    // Without its index the log cannot be read.
    fs::remove_file(house.data().join("analyses.db-shm")).unwrap();
    onlooker.may_not_write();
    let told = onlooker.run(&["list"]);
    onlooker.may_write_again();
    let told = text(&told.stderr);
    assert!(told.contains("analyses.db-wal") && told.contains("open it once"), "{told}");
}

/// A user to whom the data folder does not belong; where the tests run as root another one, since to root nothing
/// is forbidden.
struct Onlooker<'h> {
    house: &'h House,
    binary: PathBuf,
}

const NOBODY: u32 = 65_534;

impl<'h> Onlooker<'h> {
    fn of(house: &'h House) -> Self {
        let onlooker = Self { house, binary: BINARY.into() };
        if !nix::unistd::geteuid().is_root() {
            return onlooker;
        }
        let open = Permissions::from_mode(0o755);
        fs::set_permissions(house.dir.path(), open).unwrap();
        if onlooker.command(&["--version"]).output().is_ok_and(|output| output.status.success()) {
            return onlooker;
        }
        // The program lies where only root may look.
        let binary = house.dir.path().join("code-reader");
        fs::copy(BINARY, &binary).unwrap();
        Self { house, binary }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("DATA_DIR", self.house.data())
            .current_dir("/")
            .stdin(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn may_not_write(&self) {
        self.set_mode(0o555, 0o444);
    }

    fn may_write_again(&self) {
        self.set_mode(0o755, 0o644);
    }

    fn set_mode(&self, folder: u32, file: u32) {
        let data = self.house.data();
        let permit = |path: &Path, mode| {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        // Whoever may not write a folder may not open it up below either.
        for entry in fs::read_dir(&data).unwrap().flatten() {
            permit(&entry.path(), if entry.path().is_dir() { folder } else { file });
        }
        permit(&data, folder);
    }
}
