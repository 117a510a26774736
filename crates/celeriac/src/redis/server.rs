//! One Redis: where it is, how to log in, how to make a connection to it.

use std::path::PathBuf;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, IntoConnectionInfo, ProtocolVersion,
    PushInfo, RedisConnectionInfo, TlsCertificates,
};

use super::error::RedisError;
use super::options::RedisOptions;

/// A peer that is silent for so long is asked for a sign of life by the system.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Where a Redis listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
    Sentinel { nodes: Vec<(String, u16)>, master: String },
}

/// Who logs in.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
}

/// How TLS checks and shows certificates, by the names of redis-py.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls {
    /// `ssl_cert_reqs=none`: any certificate will do.
    accepts_any: bool,
    /// `ssl_check_hostname=false`: the certificate may be for another host.
    accepts_any_host: bool,
    ca_certs: Option<PathBuf>,
    certfile: Option<PathBuf>,
    keyfile: Option<PathBuf>,
}

impl Tls {
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<bool, String> {
        match (name, value.to_ascii_lowercase().as_str()) {
            ("ssl_cert_reqs", "none" | "cert_none") => self.accepts_any = true,
            ("ssl_cert_reqs", "required" | "cert_required" | "optional" | "cert_optional") => {
                self.accepts_any = false
            }
            ("ssl_cert_reqs", _) => {
                return Err(format!("ssl_cert_reqs is {value:?}: required, optional or none expected"));
            }
            ("ssl_check_hostname", hostname) => {
                self.accepts_any_host = matches!(hostname, "false" | "0" | "no")
            }
            ("ssl_ca_certs", _) => self.ca_certs = Some(value.into()),
            ("ssl_certfile", _) => self.certfile = Some(value.into()),
            ("ssl_keyfile", _) => self.keyfile = Some(value.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// One Redis and how to reach it.
#[derive(Clone)]
pub(crate) struct Server {
    address: Address,
    login: Login,
    db: i64,
    tls: Option<Tls>,
    options: RedisOptions,
}

impl Server {
    pub(super) fn new(
        address: Address,
        login: Login,
        db: i64,
        tls: Option<Tls>,
        options: RedisOptions,
    ) -> Self {
        Self { address, login, db, tls, options }
    }

    pub(crate) fn db(&self) -> i64 {
        self.db
    }

    pub(crate) fn options(&self) -> &RedisOptions {
        &self.options
    }

    #[cfg(test)]
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    #[cfg(test)]
    pub(super) fn login(&self) -> &Login {
        &self.login
    }

    #[cfg(test)]
    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// For messages: where it is, without any password.
    pub(crate) fn shown(&self) -> String {
        let db = self.db;
        match &self.address {
            Address::Tcp { host, port } => {
                let scheme = if self.tls.is_some() { "rediss" } else { "redis" };
                format!("{scheme}://{host}:{port}/{db}")
            }
            Address::Unix(path) => format!("unix://{}?db={db}", path.display()),
            Address::Sentinel { nodes, master } => {
                let nodes: Vec<String> =
                    nodes.iter().map(|(host, port)| format!("sentinel://{host}:{port}")).collect();
                format!("{}/{db}?master_name={master}", nodes.join(";"))
            }
        }
    }

    /// Opens a connection for commands; with `pushed` by RESP3, so that the server can say something by itself.
    pub(super) async fn connect(
        &self,
        pushed: Option<impl Fn(PushInfo) + Send + Sync + 'static>,
    ) -> Result<MultiplexedConnection, RedisError> {
        let protocol = if pushed.is_some() { ProtocolVersion::RESP3 } else { ProtocolVersion::RESP2 };
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.socket_connect_timeout))
            .set_response_timeout(Some(self.options.socket_timeout));
        if let Some(pushed) = pushed {
            config = config.set_push_sender(move |info| {
                pushed(info);
                Ok::<(), ()>(())
            });
        }
        let client = self.client(protocol).await?;
        self.in_time(async {
            let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            // HELLO takes any password where none is set, and AUTH takes none: as the other connections would be
            // refused, and Python's clients are, this one must not be the only one that works.
            if protocol != ProtocolVersion::RESP2
                && let Login { username: None, password: Some(password) } = &self.login
            {
                redis::cmd("AUTH").arg(password).exec_async(&mut connection).await?;
            }
            Ok(connection)
        })
        .await
    }

    /// Opens a connection for commands that the server may answer as late as it likes; and what it is called there.
    pub(crate) async fn connect_to_wait(&self) -> Result<(MultiplexedConnection, i64), RedisError> {
        let client = self.client(ProtocolVersion::RESP2).await?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.socket_connect_timeout))
            .set_response_timeout(None);
        self.in_time(async {
            let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            let id = redis::cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
            Ok((connection, id))
        })
        .await
    }

    /// Opens a connection for what is published.
    pub(super) async fn connect_pubsub(&self) -> Result<PubSub, RedisError> {
        let client = self.client(ProtocolVersion::RESP2).await?;
        self.in_time(client.get_async_pubsub()).await
    }

    async fn in_time<T>(
        &self,
        connecting: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, RedisError> {
        match tokio::time::timeout(self.options.socket_connect_timeout, connecting).await {
            Ok(connected) => connected.map_err(|error| RedisError::from_driver(&self.shown(), &error)),
            Err(_) => Err(RedisError::TimedOut { server: self.shown() }),
        }
    }

    async fn client(&self, protocol: ProtocolVersion) -> Result<Client, RedisError> {
        let address = match &self.address {
            Address::Tcp { host, port } => self.tcp(host, *port),
            Address::Unix(path) => ConnectionAddr::Unix(path.clone()),
            Address::Sentinel { nodes, master } => {
                let (host, port) = self.ask_sentinels(nodes, master).await?;
                self.tcp(&host, port)
            }
        };
        let mut login = RedisConnectionInfo::default().set_db(self.db).set_protocol(protocol);
        if let Some(username) = &self.login.username {
            login = login.set_username(username);
        }
        if let Some(password) = &self.login.password {
            login = login.set_password(password);
        }
        self.client_of(address, login)
    }

    fn tcp(&self, host: &str, port: u16) -> ConnectionAddr {
        match &self.tls {
            None => ConnectionAddr::Tcp(host.to_owned(), port),
            Some(tls) => ConnectionAddr::TcpTls {
                host: host.to_owned(),
                port,
                insecure: tls.accepts_any,
                tls_params: None,
            },
        }
    }

    fn client_of(&self, address: ConnectionAddr, login: RedisConnectionInfo) -> Result<Client, RedisError> {
        let unusable =
            |error: redis::RedisError| RedisError::Url { url: self.shown(), reason: error.to_string() };
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3);
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        let info = address.into_connection_info().map_err(unusable)?;
        let info = info.set_tcp_settings(tcp).set_redis_settings(login);
        let Some(tls) = &self.tls else { return Client::open(info).map_err(unusable) };

        // The driver takes the process's provider of cryptography; if another one was installed, that is fine too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| RedisError::Url {
                url: self.shown(),
                reason: format!("{} cannot be read: {error}", path.display()),
            })
        };
        let client_tls = match (&tls.certfile, &tls.keyfile) {
            (Some(cert), key) => Some(ClientTlsConfig {
                client_cert: read(cert)?,
                client_key: read(key.as_ref().unwrap_or(cert))?,
            }),
            (None, _) => None,
        };
        let root_cert = tls.ca_certs.as_ref().map(read).transpose()?;
        let certificates = TlsCertificates { client_tls, root_cert };
        let client = Client::build_with_tls(info, certificates).map_err(unusable)?;
        if !tls.accepts_any_host {
            return Ok(client);
        }
        let info = client.get_connection_info().clone();
        let mut address = info.addr().clone();
        address.set_danger_accept_invalid_hostnames(true);
        Client::open(info.set_addr(address)).map_err(unusable)
    }

    /// Where the primary is. The first Sentinel that knows it is believed.
    async fn ask_sentinels(
        &self,
        nodes: &[(String, u16)],
        master: &str,
    ) -> Result<(String, u16), RedisError> {
        let mut last = None;
        for (host, port) in nodes {
            match self.ask_sentinel(host, *port, master).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {
                    let reason = format!("the Sentinel at {host}:{port} knows no primary named {master:?}");
                    last = Some(RedisError::Unreachable { server: self.shown(), reason });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| RedisError::Unreachable {
            server: self.shown(),
            reason: "no Sentinel".into(),
        }))
    }

    async fn ask_sentinel(
        &self,
        host: &str,
        port: u16,
        master: &str,
    ) -> Result<Option<(String, u16)>, RedisError> {
        let mut login = RedisConnectionInfo::default();
        if let Some(username) = &self.options.sentinel_username {
            login = login.set_username(username);
        }
        if let Some(password) = &self.options.sentinel_password {
            login = login.set_password(password);
        }
        let client = self.client_of(self.tcp(host, port), login)?;
        let asking = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            let mut ask = redis::cmd("SENTINEL");
            ask.arg("GET-MASTER-ADDR-BY-NAME").arg(master);
            ask.query_async::<Option<(String, u16)>>(&mut connection).await
        };
        self.in_time(asking).await
    }
}
