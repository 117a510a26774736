//! docs/operations.md does what it says: every command of the page runs, in its order, on a project of its own.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::BINARY;
use test_servers::{Celery, Process, RedisOptions, RedisServer, free_port};

/// A block of commands on the page.
struct Block {
    line: usize,
    /// It goes on until its end is asked for, in a terminal of its own.
    is_terminal: bool,
    commands: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line) {
            (None, "```sh" | "```sh terminal") => {
                let is_terminal = line.ends_with("terminal");
                open = Some(Block { line: index + 1, is_terminal, commands: String::new() });
            }
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), command) => block.commands.extend([command, "\n"]),
            (None, _) => {
                assert!(!line.starts_with("```") || line == "```", "a block of another kind: {line}")
            }
        }
    }
    blocks
}

/// The page as one script. What a terminal runs is waited for by the question that shows it to be there.
fn script(blocks: &[Block]) -> String {
    let mut script = String::from("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n");
    for block in blocks {
        let Block { line, commands, .. } = block;
        writeln!(script, "echo '+ line {line}'").unwrap();
        if !block.is_terminal {
            script.push_str(commands);
            continue;
        }
        let question = match commands {
            text if text.starts_with("redis-server") => "redis-cli -p 6379 PING",
            text if text.starts_with("code-reader worker") => "code-reader inspect ping",
            text if text.starts_with("code-reader api") => {
                "curl --silent --fail http://127.0.0.1:8000/readyz"
            }
            text if text.contains(" flower ") => "curl --silent --fail http://127.0.0.1:5555/healthcheck",
            text => panic!("how is it seen that this runs? {text}"),
        };
        writeln!(script, "( {} ) >terminal-{line}.log 2>&1 &", commands.trim_end()).unwrap();
        writeln!(
            script,
            "for n in $(seq 200); do if {question} >/dev/null 2>&1; then break; fi; sleep 0.1; done\n\
             {question} >/dev/null || {{ cat terminal-{line}.log; exit 1; }}"
        )
        .unwrap();
    }
    script.push_str("echo '+ end'\n");
    script
}

/// A copy of what an operator uses, with the program already built.
struct Project {
    dir: tempfile::TempDir,
    redis: u16,
    api: u16,
    flower: u16,
}

impl Project {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["start_services.sh", "stop_services.sh", "scripts/services.sh", "scripts/install.sh"] {
            let to = dir.path().join(name);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(root().join(name), to).unwrap();
        }
        let release = dir.path().join("target/release");
        std::fs::create_dir_all(&release).unwrap();
        std::os::unix::fs::symlink(BINARY, release.join("code-reader")).unwrap();
        let project = Self { dir, redis: free_port(), api: free_port(), flower: free_port() };
        let url = format!("redis://127.0.0.1:{}/0", project.redis);
        let settings = format!(
            "CELERY_BROKER_URL={url}\nCELERY_RESULT_BACKEND={url}\nAPP_PORT={}\nDATA_DIR={}\n",
            project.api,
            project.path("data").display()
        );
        std::fs::write(project.path(".env"), settings).unwrap();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn bash(&self, script: &str) -> Command {
        let script = script
            .replace("6379", &self.redis.to_string())
            .replace("8000", &self.api.to_string())
            .replace("5555", &self.flower.to_string());
        let celery = PathBuf::from(Celery::V57.celery().get_program());
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        command
            .args(["-c", &script])
            .env_clear()
            .env("PATH", format!("{}:{path}", celery.parent().unwrap().display()))
            .env("HOME", self.dir.path())
            .env("CODE_READER", BINARY)
            .current_dir(self.dir.path());
        command
    }

    /// Runs to the end and returns what was printed.
    fn ok(&self, script: &str) -> String {
        let mut process = Process::spawn(self.bash(script), self.path("output.log"));
        // A page of commands takes its time; whoever runs the tests ends those that hang.
        let status = loop {
            match process.ended() {
                Some(status) => break status,
                None => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        };
        assert!(status.success(), "{status}: {}", process.log());
        let log = process.log();
        std::fs::remove_file(self.path("output.log")).unwrap();
        log
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // What a failed test left running.
        drop(self.bash("WORKER_GRACE=1 ./stop_services.sh").output());
    }
}

#[test]
fn every_command_of_the_page_runs() {
    let page = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let blocks = blocks(&page);
    assert!(blocks.len() > 10);
    let project = Project::new();
    let output = project.ok(&script(&blocks));
    assert!(output.contains("+ end"), "{output}");
}

#[test]
fn the_pages_of_both_languages_have_the_same_commands() {
    let commands = |name: &str| {
        let page = std::fs::read_to_string(root().join("docs").join(name)).unwrap();
        blocks(&page).into_iter().map(|block| block.commands).collect::<Vec<_>>()
    };
    assert_eq!(commands("operations.md"), commands("operations.zh-CN.md"));
}

#[test]
fn services_start_once_and_stop_leaves_a_redis_that_was_there() {
    let mut project = Project::new();
    let redis = RedisServer::start_with(RedisOptions::default());
    project.redis = redis.port();
    let url = redis.url(0);
    std::fs::write(
        project.path(".env"),
        format!("CELERY_BROKER_URL=\"{url}\"\nAPP_PORT=0\nDATA_DIR={}\n", project.path("data").display()),
    )
    .unwrap();

    let first = project.ok("./start_services.sh");
    assert!(first.contains("Redis answers") && first.contains("read at http://"), "{first}");
    let pids = |name: &str| std::fs::read_to_string(project.path(&format!("logs/{name}.pid"))).unwrap();
    let before = (pids("celery_worker"), pids("backend"));
    let second = project.ok("./start_services.sh");
    assert!(second.contains("the worker is up") && second.contains("the API is up"), "{second}");
    assert_eq!((pids("celery_worker"), pids("backend")), before);

    // A pid file of a process that has gone, whose number somebody else has now, stops nobody.
    let mine = std::process::id();
    std::fs::write(project.path("logs/redis.pid"), format!("{mine}\n1\n")).unwrap();
    project.ok("./stop_services.sh");
    assert!(redis.command(&["PING"]).contains("PONG"));
    for pid in [&before.0, &before.1] {
        let pid = pid.lines().next().unwrap();
        assert!(!Path::new("/proc").join(pid).exists(), "process {pid} still runs");
    }
    assert!(!project.path("logs/backend.pid").exists());
    assert!(project.ok("./stop_services.sh").contains("stopped"));
}

#[test]
fn a_redis_that_cannot_be_started_from_here_is_named() {
    let project = Project::new();
    let port = free_port();
    let env = format!("CELERY_BROKER_URL=redis://:secret@127.0.0.1:{port}/0\n");
    std::fs::write(project.path(".env"), env).unwrap();
    let output = project.bash("./start_services.sh").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(&format!("no Redis answers at 127.0.0.1:{port}")), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
}
