//! Commands that ask make no file.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::process::Command;

#[test]
fn who_asks_a_file_that_is_not_there_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("typo.db");
    let url = format!("sqlite://{}", path.display());
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_celeriac"));
        let output = command.args(["-b", &url]).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for arguments in
        [&["status"][..], &["inspect", "ping"], &["queues"], &["purge", "-f"], &["list", "bindings"]]
    {
        let (is_success, error) = run(arguments);
        assert!(!is_success && error.contains(&format!("there is no file {}", path.display())), "{error}");
        assert!(!path.exists(), "{arguments:?}");
    }
    // Whoever sends may be the first.
    let (is_success, error) = run(&["call", "tasks.add"]);
    assert!(is_success && path.exists(), "{error}");
    let (is_success, error) = run(&["queues"]);
    assert!(is_success, "{error}");
}
