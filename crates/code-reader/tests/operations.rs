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

/// Where a program lies.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|place| place.is_file()).unwrap_or_else(|| panic!("{name} is missing: ./test installs it"))
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
    /// The programs that there are.
    programs: std::ffi::OsString,
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
        let celery = PathBuf::from(Celery::V57.celery().get_program());
        let mut programs = celery.parent().unwrap().as_os_str().to_owned();
        programs.push(":");
        programs.push(std::env::var_os("PATH").unwrap());
        let project = Self { dir, redis: free_port(), api: free_port(), flower: free_port(), programs };
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
        let mut command = Command::new("bash");
        command
            .args(["-c", &script])
            .env_clear()
            .env("PATH", &self.programs)
            .env("HOME", self.dir.path())
            .env("CODE_READER", BINARY)
            .current_dir(self.dir.path());
        command
    }

    /// A machine without these programs: all others are linked to from a folder of its own.
    fn leave_out(&mut self, names: &[&str]) {
        let bin = self.path("bin");
        std::fs::create_dir(&bin).unwrap();
        for folder in std::env::split_paths(&self.programs) {
            for program in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = program.file_name();
                if !names.iter().any(|left_out| name == *left_out) {
                    // As in PATH, the first of a name counts.
                    drop(std::os::unix::fs::symlink(program.path(), bin.join(name)));
                }
            }
        }
        self.programs = bin.into_os_string();
    }

    /// One more program, after [`leave_out`](Self::leave_out).
    fn add_program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path("bin").join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What `./start_services.sh` says when it cannot go on with these settings.
    fn refused(&self, settings: &str) -> String {
        std::fs::write(self.path(".env"), settings).unwrap();
        let output = self.bash("./start_services.sh").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        said
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

/// A `docker` that writes down how it is called, and whose containers are processes.
const DOCKER: &str = r#"#!/usr/bin/env bash
set -eu
here=$(dirname "$0")/docker-state
mkdir -p "$here"
echo "$*" >>"$here/calls"
[ ! -e "$here/refuses" ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }
redis() {
  # A container has no files of its starter's open, such as the lock of ./start_services.sh.
  REDIS_SERVER --bind 127.0.0.1 --port "$(cat "$here/port")" --dir "$here" --pidfile "$here/pid" --daemonize yes \
    >/dev/null 9>&-
}
case $1 in
  info) ;;
  ps) [ ! -e "$here/port" ] || echo 0123456789ab ;;
  inspect) cat "$here/port" ;;
  run)
    published=$(sed 's/.*--publish 127\.0\.0\.1:\([0-9]*\):6379 redis:7-alpine redis-server .*/\1/' <<<"$*")
    echo "$published" >"$here/port"
    redis
    echo 0123456789abcdef
    ;;
  start) redis; echo "$2" ;;
  stop)
    pid=$(cat "$here/pid")
    kill "$pid"
    while [ -e "/proc/$pid" ]; do sleep 0.05; done
    echo "$2"
    ;;
  *) echo "what is docker $1?" >&2; exit 1 ;;
esac
"#;

#[test]
fn without_redis_server_the_services_start_redis_in_a_container() {
    let mut project = Project::new();
    project.leave_out(&["redis-server", "docker"]);
    let docker = DOCKER.replace("REDIS_SERVER", &program("redis-server").display().to_string());
    project.add_program("docker", &docker);
    let calls = || std::fs::read_to_string(project.path("bin/docker-state/calls")).unwrap();

    let first = project.ok("./start_services.sh");
    assert!(first.contains("Redis started in the container code-reader-redis"), "{first}");
    assert!(first.contains("worker started") && first.contains("read at http://"), "{first}");
    let run = format!(
        "run --detach --name code-reader-redis --publish 127.0.0.1:{}:6379 redis:7-alpine redis-server \
        --appendonly yes",
        project.redis
    );
    assert!(calls().lines().any(|call| call == run), "{}", calls());
    let second = project.ok("./start_services.sh");
    assert!(second.contains("Redis answers"), "{second}");

    let stopped = project.ok("./stop_services.sh");
    assert!(stopped.contains("stopping the container code-reader-redis"), "{stopped}");
    assert!(calls().ends_with("stop code-reader-redis\n"), "{}", calls());

    // The container is still there, for this port.
    project.ok("./start_services.sh");
    assert!(calls().ends_with("start code-reader-redis\n"), "{}", calls());
    assert_eq!(calls().matches("run --detach").count(), 1, "{}", calls());
    project.ok("./stop_services.sh");

    project.redis = free_port();
    let said = project.refused(&format!("CELERY_BROKER_URL=redis://localhost:{}/0\n", project.redis));
    assert!(said.contains("docker rm --volumes code-reader-redis"), "{said}");
}

#[test]
fn where_redis_cannot_be_started_it_is_said_what_to_install() {
    let mut project = Project::new();
    project.leave_out(&["redis-server", "docker"]);
    let settings = format!("CELERY_BROKER_URL=redis://localhost:{}/0\n", project.redis);
    let neither = project.refused(&settings);
    assert!(neither.contains("apt-get install redis-server") && neither.contains("./start"), "{neither}");

    project.add_program("docker", &DOCKER.replace("REDIS_SERVER", "false"));
    std::fs::create_dir(project.path("bin/docker-state")).unwrap();
    std::fs::write(project.path("bin/docker-state/refuses"), "").unwrap();
    let no_engine = project.refused(&settings);
    assert!(no_engine.contains("'docker info' says why"), "{no_engine}");
}

#[test]
fn a_redis_that_cannot_be_started_from_here_is_named() {
    let project = Project::new();
    let port = free_port();
    let stderr = project.refused(&format!("CELERY_BROKER_URL=redis://:secret@127.0.0.1:{port}/0\n"));
    assert!(stderr.contains(&format!("no Redis answers at 127.0.0.1:{port}")), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
}
