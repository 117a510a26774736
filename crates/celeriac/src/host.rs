//! Facts about the machine and the process.

use std::sync::LazyLock;

use serde_json::Number;

/// The machine's name, `localhost` when it has none.
pub fn name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// The load of the last 1, 5 and 15 minutes, zeros where it is not known.
pub(crate) fn load_average() -> [f64; 3] {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap_or(0.0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0.0))
}

/// Versions and platform, as the first lines of a report.
pub(crate) fn software() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "\nsoftware -> celeriac:{}\nplatform -> system:{} arch:{}\n            kernel version:{} imp:Rust\n",
        env!("CARGO_PKG_VERSION"),
        system(),
        std::env::consts::ARCH,
        kernel.trim(),
    )
}

/// The operating system under the name that Python has for it.
pub(crate) fn system() -> &'static str {
    match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        other => other,
    }
}

/// Bytes of memory that the process has in RAM.
pub(crate) fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// How far the machine's clock is from UTC in hours, west of it positive, as Python's `time.timezone` has it.
pub(crate) fn utc_offset() -> Number {
    static SECONDS: LazyLock<i32> =
        LazyLock::new(|| -jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now()).seconds());
    match (*SECONDS / 3600, *SECONDS % 3600) {
        (hours, 0) => hours.into(),
        _ => Number::from_f64(f64::from(*SECONDS) / 3600.0).unwrap_or_else(|| 0.into()),
    }
}

/// A URL, or the several of a Redis with Sentinels, in which each password is replaced by stars.
pub fn without_password(url: &str) -> String {
    // Not at each semicolon: a password may have one.
    const BETWEEN: &str = ";sentinel://";
    let mut urls = url.split(BETWEEN);
    let first = urls.next().map(one_without_password).unwrap_or_default();
    urls.fold(first, |shown, next| format!("{shown};{}", one_without_password(&format!("sentinel://{next}"))))
}

fn one_without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let query = without_secrets(query);
    match authority.rsplit_once('@').and_then(|(login, host)| Some((login.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{scheme}://{user}:{STARS}@{host}{path}{query}"),
        None => format!("{scheme}://{rest}{query}"),
    }
}

/// A query in which the values of options that name a password are replaced.
fn without_secrets(query: &str) -> String {
    let option = |option: &str| match option.split_once('=') {
        Some((name, _)) if name.contains("password") => format!("{name}={STARS}"),
        _ => option.to_owned(),
    };
    query.split('&').map(option).collect::<Vec<_>>().join("&")
}

const STARS: &str = "********";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_this_process_is_known() {
        assert!(resident().unwrap() / 1024 > 500);
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(without_password("redis://me:pw@h:6379/0"), "redis://me:********@h:6379/0");
        assert_eq!(without_password("redis://:pw@h"), "redis://:********@h");
        assert_eq!(without_password("redis://:secret@host:6379/0"), "redis://:********@host:6379/0");
        assert_eq!(without_password("amqp://me:p@ss@host"), "amqp://me:********@host");
        assert_eq!(without_password("redis://host/a@b"), "redis://host/a@b");
        assert_eq!(without_password("redis://:p;w@h"), "redis://:********@h");
        assert_eq!(
            without_password("sentinel://:pw@a:1;sentinel://:pw@b:2/0?x=1&sentinel_password=pw&y=2"),
            "sentinel://:********@a:1;sentinel://:********@b:2/0?x=1&sentinel_password=********&y=2"
        );
        assert_eq!(
            without_password("sentinel://:a@h1:1;sentinel://:b@h2:2/0"),
            "sentinel://:********@h1:1;sentinel://:********@h2:2/0"
        );
        assert_eq!(without_password("sqlite:///a@b:c/d.db"), "sqlite:///a@b:c/d.db");
    }
}
