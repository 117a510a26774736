//! Redis URLs in all the forms that Celery takes.

use std::path::PathBuf;

use ::url::Url;

use super::error::RedisError;
use super::options::RedisOptions;
use super::server::{Address, Login, Server, Tls};

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Whether a URL is one of those that [`parse`] reads.
pub(crate) fn is_redis(url: &str) -> bool {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    matches!(scheme, "redis" | "rediss" | "unix" | "redis+socket" | "valkey" | "valkeys" | "sentinel")
}

/// Reads `redis://[USER[:PASSWORD]@]HOST[:PORT][/DB]`, `rediss://…`, `unix://PATH`, `redis+socket://PATH` or
/// `sentinel://HOST:PORT[;sentinel://HOST:PORT…]/DB`. The query overrides `options`.
pub(crate) fn parse(url: &str, options: &RedisOptions) -> Result<Server, RedisError> {
    read(url, options).map_err(|reason| RedisError::Url { url: shown(url), reason })
}

fn shown(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    crate::host::without_password(url)
}

fn read(url: &str, options: &RedisOptions) -> Result<Server, String> {
    // Several Sentinels: only the last one has path and query.
    let mut parts: Vec<&str> =
        if url.starts_with("sentinel://") { url.split(';').collect() } else { vec![url] };
    let last = parts.pop().unwrap_or_default();
    let parsed = Url::parse(last).map_err(|error| error.to_string())?;
    let mut options = options.clone();
    let mut tls = Tls::default();
    let mut db = None;
    for (name, value) in parsed.query_pairs() {
        match name.as_ref() {
            "db" | "virtual_host" => db = Some(database(&value)?),
            _ if tls.set(&name, &value)? || options.set(&name, &value)? => {}
            other => {
                tracing::warn!(target: "celery.redis", "the option {other} in the Redis URL is not known and ignored")
            }
        }
    }
    let decode = |text: &str| {
        let pair = format!("v={}", text.replace('+', "%2B").replace('&', "%26"));
        ::url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let login = Login {
        username: Some(parsed.username()).filter(|name| !name.is_empty()).and_then(decode),
        password: parsed.password().and_then(decode),
    };
    let scheme = parsed.scheme();
    let address = match scheme {
        "unix" | "redis+socket" => {
            let path = format!("{}{}", parsed.host_str().unwrap_or_default(), parsed.path());
            if !path.starts_with('/') {
                return Err(format!("{path:?} is no absolute path of a socket"));
            }
            Address::Unix(PathBuf::from(decode(&path).unwrap_or(path)))
        }
        "sentinel" => {
            let mut nodes = parts.iter().map(|part| sentinel(part)).collect::<Result<Vec<_>, _>>()?;
            nodes.push(sentinel(last)?);
            let master = options.master_name.clone();
            let master =
                master.ok_or("a Sentinel URL needs the option master_name, as in ?master_name=mymaster")?;
            Address::Sentinel { nodes, master }
        }
        _ => Address::Tcp {
            host: parsed
                .host_str()
                .filter(|host| !host.is_empty())
                .unwrap_or("localhost")
                .trim_matches(['[', ']'])
                .to_owned(),
            port: parsed.port().unwrap_or(PORT),
        },
    };
    if db.is_none() && !matches!(address, Address::Unix(_)) {
        db = Some(parsed.path().trim_matches('/')).filter(|db| !db.is_empty()).map(database).transpose()?;
    }
    let tls = matches!(scheme, "rediss" | "valkeys").then_some(tls);
    Ok(Server::new(address, login, db.unwrap_or(0), tls, options))
}

fn database(text: &str) -> Result<i64, String> {
    let number = text.trim_matches('/').parse::<u32>();
    number.map(i64::from).map_err(|_| format!("{text:?} is no database number"))
}

fn sentinel(part: &str) -> Result<(String, u16), String> {
    let url = Url::parse(part).map_err(|error| error.to_string())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("a Sentinel's address has no host")?;
    Ok((host.trim_matches(['[', ']']).to_owned(), url.port().unwrap_or(SENTINEL_PORT)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn server(url: &str) -> Server {
        parse(url, &RedisOptions::default()).unwrap()
    }

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.to_owned(), port }
    }

    #[test]
    fn all_forms_are_read() {
        let plain = server("redis://h");
        assert_eq!((plain.address(), plain.db()), (&tcp("h", 6379), 0));
        let full = server("redis://me:p%40ss@h:7000/3?visibility_timeout=8&global_keyprefix=x-");
        assert_eq!((full.address(), full.db()), (&tcp("h", 7000), 3));
        assert_eq!(full.login().password.as_deref(), Some("p@ss"));
        assert_eq!(server("redis://:a&b+c%26@h").login().password.as_deref(), Some("a&b+c&"));
        assert_eq!(full.options().visibility_timeout, Duration::from_secs(8));
        assert_eq!(full.options().global_keyprefix, "x-");
        assert!(server("rediss://h/0?ssl_cert_reqs=none").is_tls());
        let socket = server("unix:///run/redis.sock?db=2");
        assert_eq!((socket.address(), socket.db()), (&Address::Unix("/run/redis.sock".into()), 2));
        assert_eq!(server("redis+socket:///a.sock?virtual_host=1").db(), 1);
        assert_eq!(server("unix:///a%20b+c.sock").address(), &Address::Unix("/a b+c.sock".into()));
        let nodes = server("sentinel://a:1;sentinel://b/4?master_name=m");
        let expected =
            Address::Sentinel { nodes: vec![("a".into(), 1), ("b".into(), 26379)], master: "m".into() };
        assert_eq!((nodes.address(), nodes.db()), (&expected, 4));
        assert_eq!(server("redis://[::1]:1/").address(), &tcp("::1", 1));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, said) in [
            ("redis://:secret@h/x", "database"),
            ("redis://:secret@h/0?visibility_timeout=-1", "visibility_timeout"),
            ("redis://:secret@h/0?priority_steps=3,6", "priority_steps"),
            ("sentinel://:secret@a:1/0", "master_name"),
            ("unix://relative", "absolute"),
        ] {
            let error = parse(url, &RedisOptions::default()).err().unwrap().to_string();
            assert!(error.contains(said) && !error.contains("secret"), "{error}");
        }
    }
}
