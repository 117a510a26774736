//! Celery and Flower from PyPI, in virtual environments that `./test` makes.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Celery of PyPI with what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Celery {
    /// Celery 5.6.3, kombu 5.6.2, redis-py 6.4.0.
    V56,
    /// Celery 5.7.0, kombu 5.7.0, redis-py 8.1.0.
    V57,
}

impl Celery {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::V56, Self::V57];

    /// The command `python SCRIPT` in this Celery's environment. Scripts are named from `tests/python`.
    pub fn python(self, script: impl AsRef<Path>) -> Command {
        let mut command = Command::new(self.program("python"));
        command.arg("-u").arg(scripts().join(script)).env("PYTHONPATH", scripts());
        command
    }

    /// The command `celery` of this Celery, with `tests/python` on its path (for `-A module`).
    pub fn celery(self) -> Command {
        let mut command = Command::new(self.program("celery"));
        command.env("PYTHONPATH", scripts()).env("PYTHONUNBUFFERED", "1").env("C_FORCE_ROOT", "1");
        command
    }

    /// The command `celery worker` for an app of `tests/python`. It says `ready.` when it is.
    pub fn worker(self, app: &str, node: &str, concurrency: u32) -> Command {
        let mut command = self.celery();
        command.args(["-A", app, "worker", "-n", node, "-c", &concurrency.to_string(), "-l", "info"]);
        command
    }

    fn program(self, name: &str) -> PathBuf {
        let environment = match self {
            Self::V56 => "celery-5.6",
            Self::V57 => "celery-5.7",
        };
        let path = environments().join(environment).join("bin").join(name);
        assert!(path.exists(), "{} is missing: run ./test, which installs it", path.display());
        path
    }
}

/// Flower 2.2.0, which lives in the environments of both Celerys.
#[derive(Debug, Clone, Copy)]
pub struct Flower;

impl Flower {
    /// `celery flower` for this broker on this port, with its API open to everyone.
    pub fn command(celery: Celery, broker: &str, port: u16) -> Command {
        let mut command = celery.celery();
        command
            .args(["--broker", broker, "flower", "--address=127.0.0.1", &format!("--port={port}")])
            .env("FLOWER_UNAUTHENTICATED_API", "true");
        command
    }
}

pub(crate) fn scripts() -> PathBuf {
    workspace().join("tests/python")
}

/// Where the virtual environments are: `TEST_PYTHON_ENVIRONMENTS`, else beside the scripts.
fn environments() -> PathBuf {
    std::env::var_os("TEST_PYTHON_ENVIRONMENTS").map_or_else(|| scripts().join("environments"), PathBuf::from)
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
