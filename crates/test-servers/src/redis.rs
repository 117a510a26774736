//! A Redis of one's own.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Process, until};

/// How a Redis is set up.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    /// Keep everything in an append-only file, so that a restart loses nothing.
    pub is_durable: bool,
    /// The password that clients must give.
    pub password: Option<String>,
    /// More arguments of the command line, such as `["--maxmemory", "8mb"]`.
    pub arguments: Vec<String>,
}

/// A Redis on a free port, ended when it is dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: Option<Process>,
    port: u16,
    options: RedisOptions,
    dir: TempDir,
}

impl RedisServer {
    /// A Redis that keeps nothing on the disk.
    pub fn start() -> Self {
        Self::start_with(RedisOptions::default())
    }

    /// A Redis as wished.
    pub fn start_with(options: RedisOptions) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let mut server = Self { process: None, port: 0, options, dir };
        // Between the choice of a free port and its use somebody else may take it: then another one is tried.
        for _ in 0..20 {
            server.port = free_port();
            if server.launch() {
                return server;
            }
        }
        panic!("redis-server does not start: is it installed? ./test does that")
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database of it.
    pub fn url(&self, database: u32) -> String {
        let password = self.options.password.as_ref().map(|text| format!(":{text}@")).unwrap_or_default();
        format!("redis://{password}127.0.0.1:{}/{database}", self.port)
    }

    /// Tells a program of Celery's that this is its broker, and its result backend.
    pub fn tell(&self, command: &mut Command) {
        command.env("CELERY_BROKER_URL", self.url(0)).env("CELERY_RESULT_BACKEND", self.url(1));
    }

    /// The Unix socket that it listens on as well.
    pub fn socket(&self) -> std::path::PathBuf {
        self.dir.path().join("redis.sock")
    }

    /// Signals it, for instance SIGSTOP to stall it.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }

    /// Kills it.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, on the same port and files.
    pub fn start_again(&mut self) {
        self.stop();
        until("Redis is up again", || self.launch());
    }

    /// Runs one command, and returns the raw answer.
    pub fn command(&self, words: &[&str]) -> String {
        self.try_command(words).expect("Redis answers")
    }

    fn try_command(&self, words: &[&str]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        if let Some(password) = &self.options.password {
            stream.write_all(&request(&["AUTH", password]))?;
            stream.read_exact(&mut [0; 5])?;
        }
        stream.write_all(&request(words))?;
        let mut answer = vec![0; 1 << 16];
        let length = stream.read(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    fn launch(&mut self) -> bool {
        let mut command = Command::new(program());
        command
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--dir"])
            .arg(self.dir.path())
            .arg("--unixsocket")
            .arg(self.socket())
            .args(["--appendonly", if self.options.is_durable { "yes" } else { "no" }])
            .args(["--appendfsync", "always"]);
        if let Some(password) = &self.options.password {
            command.args(["--requirepass", password]);
        }
        command.args(&self.options.arguments);
        let mut process = Process::spawn(command, self.dir.path().join("redis.log"));
        let expected = format!("process_id:{}\r\n", process.id());
        // The answer must come from this very process: another one may have been given the same port.
        loop {
            if process.ended().is_some() {
                return false;
            }
            if self.try_command(&["INFO", "server"]).is_ok_and(|answer| answer.contains(&expected)) {
                self.process = Some(process);
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The server to start: `redis-server`, or what `TEST_REDIS_SERVER` names, such as a Valkey.
fn program() -> OsString {
    std::env::var_os("TEST_REDIS_SERVER").unwrap_or_else(|| "redis-server".into())
}

/// A port of 127.0.0.1 that nobody uses at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn request(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
    }
    bytes
}
