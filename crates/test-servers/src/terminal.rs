//! A terminal of one's own.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::python::scripts;

/// Runs a program in a terminal, as a person would, and returns how it went as JSON. `tests/python/in_terminal.py`
/// tells what `steps`, JSON as well, may be. The program is named by its whole path.
pub fn in_terminal(program: &Command, steps: &str) -> String {
    let mut command = Command::new("python3");
    command.arg(scripts().join("in_terminal.py")).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("there is a python3");
    // Dropped at once, so that the script sees the end of its input.
    child.stdin.take().expect("it is piped").write_all(steps.as_bytes()).expect("the script reads its steps");
    let output = child.wait_with_output().expect("the child is ours");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
