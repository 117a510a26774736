//! Making the process what the flags ask for.

use std::path::PathBuf;

use nix::sys::stat::{Mode, umask};

use super::args::WorkerArgs;
use super::error::WorkerError;
use super::node::expand;
use super::pidfile::PidFile;
use super::{detach, privileges};

/// What has become of the process.
#[derive(Debug)]
#[must_use = "the pid file is removed when this is dropped"]
pub enum Prepared {
    /// The worker runs in the background; this process is to end.
    Detached,
    /// This process is the worker.
    Here(Option<PidFile>),
}

impl WorkerArgs {
    /// Makes this process what the flags ask for: in the background, with its umask, user and folder, and a pid file.
    /// To be called before the runtime or any thread is started, and before the log is opened. `name` is the node's
    /// name before the `@`, unless `--hostname` says otherwise.
    ///
    /// A child of the prefork pool is what its parent made it, and left alone.
    ///
    /// # Errors
    /// When a file cannot be used, the user is not known, or a worker with the same pid file runs already.
    pub fn prepare(&self, name: &str) -> Result<Prepared, WorkerError> {
        if celeriac::is_prefork_child() {
            return Ok(Prepared::Here(None));
        }
        if self.detach && !self.detached {
            detach::start(self.logfile(name), self.pidfile(name))?;
            return Ok(Prepared::Detached);
        }
        if self.detached {
            detach::leave_terminal();
        }
        if let Some(text) = &self.umask {
            let bits = u32::from_str_radix(text.trim_start_matches("0o"), 8).ok().and_then(Mode::from_bits);
            umask(bits.ok_or_else(|| WorkerError::Umask(text.clone()))?);
        }
        privileges::drop_to(self.uid.as_deref(), self.gid.as_deref())?;
        if let Some(path) = &self.workdir {
            std::env::set_current_dir(path).map_err(|source| WorkerError::File {
                what: "the folder",
                path: path.clone(),
                source,
            })?;
        }
        Ok(Prepared::Here(self.pidfile(name).map(PidFile::create).transpose()?))
    }

    /// The log file, its name filled in.
    pub fn logfile(&self, name: &str) -> Option<PathBuf> {
        self.logfile.as_ref().map(|path| expand(path, &self.node_name(name)))
    }

    /// The pid file, its name filled in.
    pub fn pidfile(&self, name: &str) -> Option<PathBuf> {
        self.pidfile.as_ref().map(|path| expand(path, &self.node_name(name)))
    }
}
