//! Lua that runs on the server, atomically.

use redis::{Cmd, Pipeline, ToRedisArgs};

/// A script, called by its hash; [`Link`](super::Link) loads all of them on each new connection.
#[derive(Debug)]
pub(crate) struct Script {
    code: &'static str,
    hash: String,
}

impl Script {
    pub(crate) fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    /// The command that makes the server know it.
    pub(crate) fn load(&self) -> Cmd {
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(self.code);
        load
    }

    /// A call; the arguments are to be added after this.
    pub(crate) fn call<K: ToRedisArgs>(&self, keys: &[K]) -> Cmd {
        let mut call = redis::cmd("EVALSHA");
        call.arg(&self.hash).arg(keys.len()).arg(keys);
        call
    }

    /// A pipeline of loads.
    pub(super) fn load_all(scripts: &[Script]) -> Pipeline {
        let mut loads = redis::pipe();
        for script in scripts {
            loads.add_command(script.load());
        }
        loads
    }
}
