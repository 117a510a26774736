//! What the end-to-end tests share: the real binary, its own data folder, real HTTP.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const BINARY: &str = env!("CARGO_BIN_EXE_code-reader");

/// A data folder and an environment of its own.
pub struct House {
    pub dir: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl House {
    pub fn new() -> House {
        House { dir: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> House {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.dir.path())
            .env("DATA_DIR", self.data())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs, expects success, returns stdout.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?} failed: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs, expects success, returns what was printed as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// Runs, expects the exit code, returns stderr.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        stderr
    }

    /// Writes a file below the house.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn serve(&self) -> Server {
        self.start("serve")
    }

    /// `serve` or `api`, on a free port.
    pub fn start(&self, command: &str) -> Server {
        let mut child = self
            .command(&[command, "--port", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = Vec::new();
        let url = loop {
            let line = lines.next().unwrap_or_else(|| panic!("serve ended: {seen:?}")).unwrap();
            if let Some(rest) = line.strip_prefix("Code Reader is at ") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
            seen.push(line);
        };
        // The pipe must be read for as long as the server lives.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, url, client: client() }
    }
}

pub fn client() -> reqwest::blocking::Client {
    // Another test of this process may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::blocking::Client::builder().timeout(Duration::from_secs(60)).build().unwrap()
}

/// A running `serve`.
pub struct Server {
    child: Child,
    pub url: String,
    pub client: reqwest::blocking::Client,
}

impl Server {
    pub fn get(&self, path: &str) -> Value {
        let response = self.client.get(format!("{}{path}", self.url)).send().unwrap();
        assert!(response.status().is_success(), "GET {path}: {}", response.text().unwrap());
        response.json().unwrap()
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.client.post(format!("{}{path}", self.url)).json(body).send().unwrap();
        (response.status().as_u16(), response.json().unwrap_or(Value::Null))
    }

    /// Waits until the analysis has ended.
    pub fn ended(&self, id: &str) -> Value {
        wait_for("the analysis to end", || {
            let analysis = self.get(&format!("/api/v1/analyses/{id}"));
            let status = analysis["status"].as_str().unwrap().to_owned();
            ["completed", "failed", "cancelled"].contains(&status.as_str()).then_some(analysis)
        })
    }

    /// Process ids of the worker below this server.
    pub fn worker_pid(&self) -> Option<u32> {
        children_of(self.child.id()).first().copied()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        kill(self.child.id(), signal);
    }

    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill(self.child.id(), nix::sys::signal::Signal::SIGTERM);
            let begun = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(30) {
                std::thread::sleep(Duration::from_millis(20));
            }
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

pub fn kill(pid: u32, signal: nix::sys::signal::Signal) {
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.try_into().unwrap()), signal);
}

pub fn children_of(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>())
        .collect()
}

/// Asks again and again until there is an answer; a minute is far beyond what anything here takes.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A small package with modules that import each other, tests, a console script and a setting.
pub fn shop(house: &House) -> PathBuf {
    let files = [
        (
            "pyproject.toml",
            "[project]\nname = \"shop\"\nversion = \"1.2.0\"\ndescription = \"Sells things over HTTP.\"\nrequires-python = \">=3.10\"\ndependencies = [\"flask>=3\"]\n\n[project.scripts]\nshop = \"shop.cli:main\"\n",
        ),
        (
            "README.md",
            "# shop\n\nShop sells things over HTTP, with a small price list in memory.\n\n## Use\n\nRun `shop`.\n",
        ),
        ("shop/__init__.py", "\"\"\"A shop with prices.\"\"\"\nfrom .prices import PriceList\n"),
        (
            "shop/prices.py",
            "\"\"\"Prices of things.\"\"\"\nimport os\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Price:\n    \"\"\"What one thing costs.\"\"\"\n    thing: str\n    cents: int\n\n\nclass PriceList:\n    \"\"\"All prices, by thing.\"\"\"\n\n    def __init__(self):\n        self.currency = os.environ.get(\"SHOP_CURRENCY\", \"EUR\")\n        self.prices = {}\n\n    def parsePriceHeader(self, text):\n        \"\"\"Reads `thing: cents`.\"\"\"\n        thing, cents = text.split(\":\")\n        return self.add(Price(thing.strip(), int(cents)))\n\n    def add(self, price):\n        \"\"\"Takes a price over.\"\"\"\n        self.prices[price.thing] = price\n        return price\n",
        ),
        (
            "shop/web.py",
            "\"\"\"The HTTP side.\"\"\"\nfrom flask import Flask\nfrom .prices import PriceList\n\napp = Flask(__name__)\nprices = PriceList()\n\n\n@app.route(\"/prices/<thing>\", methods=[\"GET\"])\ndef show_price(thing):\n    \"\"\"Shows one price.\"\"\"\n    return str(prices.prices[thing].cents)\n",
        ),
        (
            "shop/cli.py",
            "\"\"\"The command line.\"\"\"\nimport argparse\nfrom shop.web import app\n\n\ndef main():\n    \"\"\"Starts the shop.\"\"\"\n    parser = argparse.ArgumentParser()\n    parser.add_argument(\"--port\", help=\"where to listen\")\n    app.run(port=parser.parse_args().port)\n\n\nif __name__ == \"__main__\":\n    main()\n",
        ),
        (
            "tests/test_prices.py",
            "from shop.prices import PriceList\n\n\ndef test_add():\n    assert PriceList().parsePriceHeader(\"tea: 3\").cents == 3\n",
        ),
    ];
    for (path, text) in files {
        house.write(&format!("shop/{path}"), text);
    }
    house.dir.path().join("shop")
}

/// Every file below `folder` with its bytes, to see that nothing changed.
pub fn fingerprint(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                all.push((path, bytes));
            }
        }
    }
    all.sort();
    all
}
