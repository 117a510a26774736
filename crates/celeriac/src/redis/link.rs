//! The connection for commands.
//!
//! Everything that a process asks of a Redis goes pipelined over one connection. When it is lost, the next command
//! makes a new one; whoever cannot be answered is told at once or, for a short while, tried again.
//!
//! The server tells by itself (RESP3, client tracking) when a list that was found empty gets a message, so that an
//! idle consumer sends nothing at all and is still woken by whoever pushes, Python included. Nothing is taken by that,
//! so nothing can be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::RngExt;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, FromRedisValue, Pipeline, PushInfo, PushKind, Value};
use tokio::sync::watch;

use super::awake::Awake;
use super::error::RedisError;
use super::script::Script;
use super::server::Server;

/// For so long a command is tried again while no connection can be made.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two attempts to connect: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

/// Tells that a watched key has changed, or that the connection was lost.
pub(crate) type Wakes = watch::Receiver<u64>;

/// The connection for commands to one Redis; see the [module](self).
pub(crate) struct Link {
    server: Server,
    /// Made known to the server on each connection.
    scripts: Vec<Script>,
    current: Mutex<Option<Live>>,
    /// Held by whoever makes a new connection.
    connecting: tokio::sync::Mutex<Attempts>,
    /// Shared with what the connections say by themselves.
    said: Arc<Said>,
    generations: AtomicU64,
    /// The server does not know tracking, or the user may not use it.
    cannot_track: AtomicBool,
    awake: Awake,
}

/// What [`Link::watching`] found.
pub(crate) struct Watched {
    /// The commands' answers.
    pub(crate) answers: Vec<Value>,
    /// How many of the keys exist; nothing when the server does not tell of changes, and the caller must look again.
    pub(crate) existing: Option<i64>,
}

impl Watched {
    /// Answers of commands that nothing is watched after.
    pub(crate) fn not(answers: Vec<Value>) -> Self {
        Self { answers, existing: None }
    }
}

struct Said {
    wakes: watch::Sender<u64>,
    /// Keys whose changes are nothing new.
    hushed: Mutex<Vec<String>>,
    /// The number of the last connection that was lost.
    lost: AtomicU64,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    generation: u64,
    since: Instant,
    tracks: bool,
}

/// Attempts to connect that failed, one after the other.
#[derive(Default)]
struct Attempts {
    failed: u32,
    next: Option<Instant>,
    error: Option<RedisError>,
}

impl Link {
    pub(crate) fn new(server: Server, scripts: Vec<Script>) -> Self {
        Self {
            server,
            scripts,
            current: Mutex::new(None),
            connecting: tokio::sync::Mutex::default(),
            said: Arc::new(Said {
                wakes: watch::Sender::new(0),
                hushed: Mutex::default(),
                lost: AtomicU64::new(0),
            }),
            generations: AtomicU64::new(0),
            cannot_track: AtomicBool::new(false),
            awake: Awake::default(),
        }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Which connection it is: a server that was started anew may have forgotten what it was told over an earlier one.
    pub(crate) fn generation(&self) -> u64 {
        self.current.lock().as_ref().map_or(0, |live| live.generation)
    }

    /// Since when the connection stands, when it is not the first one; nothing otherwise.
    pub(crate) fn reconnected_at(&self) -> Option<Instant> {
        self.current.lock().as_ref().filter(|live| live.generation > 1).map(|live| live.since)
    }

    /// Changes when a list that [`watching`](Self::watching) found empty was pushed to.
    pub(crate) fn wakes(&self) -> Wakes {
        self.said.wakes.subscribe()
    }

    /// Wakes all who wait to be.
    pub(crate) fn wake(&self) {
        self.said.wakes.send_modify(|count| *count += 1);
    }

    /// Changes of these keys, and no others, wake nobody from now on.
    pub(crate) fn hush(&self, keys: Vec<String>) {
        *self.said.hushed.lock() = keys;
    }

    /// Connects, if there is no connection. Waits for a short time while none can be made.
    pub(crate) async fn connect_first(&self) -> Result<(), RedisError> {
        self.live_patiently().await.map(drop)
    }

    /// Does the commands in one round trip, once: when it fails they may have been done or not.
    pub(crate) async fn ask_all_once(&self, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        self.send_all(self.live_patiently().await?, commands).await
    }

    /// Does one command. A connection that is lost meanwhile is made again and the command repeated, so commands must
    /// bear to be done twice.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        what: &'static str,
        command: &Cmd,
    ) -> Result<T, RedisError> {
        let value = self.retried(|live| async move {
            let mut connection = live.connection.clone();
            self.checked(connection.req_packed_command(command).await, &live)
        });
        self.read(what, value.await?)
    }

    /// Does the commands in one round trip, and gives each answer. The same holds as for [`ask`](Self::ask).
    pub(crate) async fn ask_all(&self, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        self.retried(|live| self.send_all(live, commands)).await
    }

    /// The same for a caller who has nothing to do until then, and wants to go on as soon as can be.
    pub(crate) async fn ask_all_awake(&self, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        self.awake.wait(self.ask_all(commands)).await
    }

    /// Does the commands as one transaction: all or none.
    pub(crate) async fn transact<T: FromRedisValue>(
        &self,
        what: &'static str,
        commands: &mut Pipeline,
    ) -> Result<T, RedisError> {
        commands.atomic();
        let commands = &*commands;
        let value = self.retried(|live| async move {
            let mut connection = live.connection.clone();
            self.checked(commands.query_async::<Value>(&mut connection).await, &live)
        });
        self.read(what, value.await?)
    }

    /// Does the commands, once, and then looks which of the keys exist: [`wakes`](Self::wakes) changes when one of them
    /// does after that. The server forgets a key with telling of it.
    pub(crate) async fn watching(&self, keys: &[String], commands: &Pipeline) -> Result<Watched, RedisError> {
        let live = self.live_patiently().await?;
        let tracks = live.tracks;
        let mut all = redis::pipe();
        for command in commands.cmd_iter() {
            all.add_command(command.clone());
        }
        if tracks {
            all.cmd("CLIENT").arg("CACHING").arg("YES");
            all.cmd("EXISTS").arg(keys);
        }
        let mut answers = self.send_all(live, &all).await?;
        let mut existing = None;
        if tracks {
            existing = answers.pop().and_then(|count| redis::from_redis_value(count).ok());
            answers.pop();
        }
        Ok(Watched { answers, existing })
    }

    /// What a part of an answer says.
    pub(crate) fn read<T: FromRedisValue>(&self, what: &'static str, value: Value) -> Result<T, RedisError> {
        redis::from_redis_value(value).map_err(|_| RedisError::Answer { server: self.server.shown(), what })
    }

    async fn send_all(&self, live: Live, commands: &Pipeline) -> Result<Vec<Value>, RedisError> {
        let count = commands.len();
        let mut connection = live.connection.clone();
        let answers = connection.req_packed_commands(commands, 0, count).await;
        let answers = answers.and_then(|answers| {
            answers.into_iter().map(Value::extract_error).collect::<redis::RedisResult<Vec<_>>>()
        });
        match answers {
            Ok(answers) if answers.len() == count => Ok(answers),
            Ok(_) => Err(RedisError::Answer { server: self.server.shown(), what: "a pipeline" }),
            Err(error) => Err(self.failed(&error, &live)),
        }
    }

    fn checked(&self, answer: redis::RedisResult<Value>, live: &Live) -> Result<Value, RedisError> {
        answer.and_then(Value::extract_error).map_err(|error| self.failed(&error, live))
    }

    /// Makes the error ours, and lets go of a connection that is of no more use.
    fn failed(&self, error: &redis::RedisError, live: &Live) -> RedisError {
        let forgot_scripts = error.code() == Some("NOSCRIPT");
        let error = RedisError::from_driver(&self.server.shown(), error);
        if forgot_scripts || error.ends_connection() {
            self.forget(live.generation);
        }
        if forgot_scripts {
            // Nothing was done. A new connection loads the scripts again.
            return RedisError::ScriptsFlushed { server: self.server.shown() };
        }
        error
    }

    fn forget(&self, generation: u64) {
        let mut current = self.current.lock();
        if current.as_ref().is_some_and(|live| live.generation == generation) {
            *current = None;
            drop(current);
            self.said.wakes.send_modify(|count| *count += 1);
        }
    }

    /// Does something on the connection, again and again while that is lost, for a short time.
    async fn retried<T, F>(&self, act: impl Fn(Live) -> F) -> Result<T, RedisError>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let started = Instant::now();
        loop {
            let done = match self.live().await {
                Ok(live) => act(live).await,
                Err(error) => Err(error),
            };
            match done {
                Err(error) if error.is_loss() && started.elapsed() < PATIENCE => {
                    tokio::time::sleep(jittered(PAUSES.0)).await;
                }
                done => return done,
            }
        }
    }

    /// The connection; waits for a short time while none can be made.
    async fn live_patiently(&self) -> Result<Live, RedisError> {
        self.retried(|live| async move { Ok(live) }).await
    }

    /// The connection, a new one if there is none.
    async fn live(&self) -> Result<Live, RedisError> {
        if let Some(live) = self.standing() {
            return Ok(live);
        }
        let mut attempts = self.connecting.lock().await;
        if let Some(live) = self.standing() {
            return Ok(live);
        }
        // One attempt answers everybody who asks before the next one is due.
        if let (Some(next), Some(error)) = (attempts.next, &attempts.error)
            && Instant::now() < next
        {
            return Err(error.clone());
        }
        match self.connect().await {
            Ok(live) => {
                if attempts.failed > 0 {
                    tracing::info!(target: "celery.redis", "connected to {} again", self.server.shown());
                }
                *attempts = Attempts::default();
                *self.current.lock() = Some(live.clone());
                self.said.wakes.send_modify(|count| *count += 1);
                Ok(live)
            }
            Err(error) => {
                let pause = PAUSES.0.saturating_mul(1 << attempts.failed.min(10)).min(PAUSES.1);
                attempts.failed += 1;
                attempts.next = Some(Instant::now() + jittered(pause));
                attempts.error = Some(error.clone());
                Err(error)
            }
        }
    }

    fn standing(&self) -> Option<Live> {
        let mut current = self.current.lock();
        if current.as_ref().is_some_and(|live| live.generation <= self.said.lost.load(Ordering::Acquire)) {
            *current = None;
        }
        current.clone()
    }

    async fn connect(&self) -> Result<Live, RedisError> {
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        let tracks = !self.cannot_track.load(Ordering::Relaxed);
        let said = self.said.clone();
        let pushed = tracks.then_some(move |info: PushInfo| said.hear(generation, &info));
        let mut connection = match self.server.connect(pushed).await {
            Err(error) if tracks && !error.is_transient() => {
                self.give_up_tracking(&error);
                return Box::pin(self.connect()).await;
            }
            connected => connected?,
        };
        let live = |connection, tracks| Live { connection, generation, since: Instant::now(), tracks };
        if !self.scripts.is_empty() {
            let loads = Script::load_all(&self.scripts);
            self.send_all(live(connection.clone(), tracks), &loads).await?;
        }
        if tracks {
            let mut track = redis::cmd("CLIENT");
            track.arg("TRACKING").arg("ON").arg("OPTIN");
            if let Err(error) =
                self.checked(connection.req_packed_command(&track).await, &live(connection.clone(), tracks))
            {
                if error.ends_connection() {
                    return Err(error);
                }
                self.give_up_tracking(&error);
                return Ok(live(connection, false));
            }
        }
        Ok(live(connection, tracks))
    }

    fn give_up_tracking(&self, error: &RedisError) {
        tracing::warn!(target: "celery.redis", "queues are looked at again and again, for the server cannot tell of new messages: {error}");
        self.cannot_track.store(true, Ordering::Relaxed);
    }
}

/// A little less, so that not everybody comes at the same moment.
pub(super) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.0))
}

impl Said {
    /// Hears what the server says by itself. Must not wait.
    fn hear(&self, generation: u64, info: &PushInfo) {
        match info.kind {
            PushKind::Disconnection => drop(self.lost.fetch_max(generation, Ordering::AcqRel)),
            PushKind::Invalidate if self.is_hushed(&info.data) => return,
            PushKind::Invalidate => {}
            _ => return,
        }
        self.wakes.send_modify(|count| *count += 1);
    }

    /// Whether these are all keys that wake nobody. Without keys all have changed.
    fn is_hushed(&self, data: &[Value]) -> bool {
        let hushed = self.hushed.lock();
        let is_hushed = |key: &Value| match key {
            Value::BulkString(key) => hushed.iter().any(|hushed| hushed.as_bytes() == key),
            _ => false,
        };
        matches!(data, [Value::Array(keys)] if keys.iter().all(is_hushed))
    }
}
