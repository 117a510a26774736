//! `doctor`: what a run needs, whether it is there, and what to do.

use std::net::{SocketAddr, TcpListener};

use analysis::List;
use serde::Serialize;

use crate::cli::JsonArgs;
use crate::config::Config;
use crate::error::CliError;
use crate::lock::WorkerLock;
use crate::terminal;

#[derive(Serialize)]
struct Check {
    name: &'static str,
    state: State,
    detail: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Note,
    Wrong,
}

impl Check {
    fn new(name: &'static str, outcome: Result<String, CliError>) -> Check {
        match outcome {
            Ok(detail) => Check { name, state: State::Ok, detail, hint: None },
            Err(error) => Check { name, state: State::Wrong, detail: error.message, hint: error.hint },
        }
    }

    fn note(name: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Check {
        Check { name, state: State::Note, detail: detail.into(), hint: Some(hint.into()) }
    }
}

/// Prints all checks; exit code 1 when something is wrong.
pub async fn run(config: &Config, args: &JsonArgs) -> Result<u8, CliError> {
    let mut checks = vec![data_folder(config), disk(config)];
    match super::open(config).await {
        Ok(analyses) => {
            checks.push(Check::new(
                "database",
                analyses.list(None, 1).await.map(|_| "answers".to_owned()).map_err(CliError::from),
            ));
            let queues = analyses.app().broker().queues().await;
            checks.push(Check::new(
                "broker",
                queues
                    .map(|queues| {
                        let waiting: u64 = queues.iter().map(|queue| queue.ready).sum();
                        format!("answers, {waiting} messages wait")
                    })
                    .map_err(|error| CliError::failed(error.to_string())),
            ));
        }
        Err(error) => checks.push(Check::new("database and broker", Err(error))),
    }
    checks.push(worker(config));
    checks.push(git());
    checks.push(port(config));
    checks.push(provider(config).await);
    let wrong = checks.iter().any(|check| check.state == State::Wrong);
    if args.json {
        terminal::print_json(&List::whole(checks))?;
    } else {
        for check in &checks {
            let mark = match check.state {
                State::Ok => "ok   ",
                State::Note => "note ",
                State::Wrong => "WRONG",
            };
            terminal::print(&format!("{mark} {:<20} {}\n", check.name, check.detail))?;
            if let Some(hint) = &check.hint {
                terminal::print(&format!("      {:<20} {hint}\n", ""))?;
            }
        }
    }
    Ok(u8::from(wrong))
}

fn data_folder(config: &Config) -> Check {
    let probe = config.data_dir.join(format!(".probe-{}", std::process::id()));
    let outcome = std::fs::create_dir_all(&config.data_dir)
        .and_then(|()| std::fs::write(&probe, b"x"))
        .and_then(|()| std::fs::remove_file(&probe));
    Check::new(
        "data folder",
        outcome.map(|()| config.data_dir.display().to_string()).map_err(|error| {
            CliError::failed(format!("{} cannot be written: {error}", config.data_dir.display()))
                .hint("give it to this user, or choose another with DATA_DIR")
        }),
    )
}

fn disk(config: &Config) -> Check {
    const ENOUGH: u64 = 1 << 30;
    match nix::sys::statvfs::statvfs(&config.data_dir) {
        Ok(disk) => {
            let free = disk.blocks_available() * disk.fragment_size();
            let detail = format!("{:.1} GiB free", free as f64 / (1u64 << 30) as f64);
            if free >= ENOUGH {
                Check::new("disk", Ok(detail))
            } else {
                Check::note("disk", detail, "large repositories need more: free some space or move DATA_DIR")
            }
        }
        Err(error) => Check::new("disk", Err(CliError::failed(format!("cannot look: {error}")))),
    }
}

fn worker(config: &Config) -> Check {
    match WorkerLock::is_held(&config.data_dir) {
        Ok(true) => Check::new("worker", Ok("runs".to_owned())),
        Ok(false) => Check::note(
            "worker",
            "none runs on this data folder",
            "`code-reader read` brings its own; `code-reader serve` and `code-reader worker` start one",
        ),
        Err(error) => Check::new("worker", Err(error)),
    }
}

fn git() -> Check {
    let version = std::process::Command::new("git").arg("--version").output();
    match version {
        Ok(output) if output.status.success() => {
            Check::new("git", Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
        }
        _ => Check::note(
            "git",
            "not found",
            "install git to read from git URLs; folders and archives need none",
        ),
    }
}

fn port(config: &Config) -> Check {
    let address = SocketAddr::new(config.host, config.port);
    match TcpListener::bind(address) {
        Ok(_) => Check::new("port", Ok(format!("{address} is free"))),
        Err(error) => Check::note(
            "port",
            format!("{address}: {error}"),
            "fine if that is `code-reader serve`; else set APP_PORT to another",
        ),
    }
}

async fn provider(config: &Config) -> Check {
    if let Err(error) = config.require_llm() {
        return Check::new("LLM", Err(error.into()));
    }
    let Some(settings) = &config.llm else {
        return Check::note(
            "LLM",
            "none configured: pages come from static analysis",
            "set OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY for written explanations",
        );
    };
    Check::new(
        "LLM",
        analysis::check_llm(settings)
            .await
            .map(|()| format!("{} answers for {}", settings.base_url, settings.model))
            .map_err(CliError::from),
    )
}
