//! `completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::CliError;
use crate::terminal;

/// Prints the completions of `shell`.
pub fn run(shell: Shell) -> Result<u8, CliError> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "code-reader", &mut out);
    terminal::print(&String::from_utf8_lossy(&out))?;
    Ok(0)
}
