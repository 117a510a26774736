//! The newest state of one branch, tag or commit, and nothing else.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tokio::process::Command;
use tokio::time::Instant;

use super::address;
use super::process::{Bounds, Ended, run};
use super::url::{GitUrl, Scheme, check_reference};
use crate::settings::GitRules;
use crate::{AnalysisError, ErrorKind};

/// A server may send us on to another path of itself so often.
const MAX_REDIRECTS: usize = 3;

/// A repository that was fetched.
pub(crate) struct Cloned {
    pub(crate) folder: PathBuf,
    pub(crate) commit: String,
}

/// Fetches the repository below `into`, which is empty.
pub(crate) async fn clone(
    url: &str,
    reference: Option<&str>,
    into: &Path,
    rules: &GitRules,
    cancelled: &AtomicBool,
) -> Result<Cloned, AnalysisError> {
    let mut url = GitUrl::parse(url, rules)?;
    if let Some(reference) = reference {
        check_reference(reference)?;
    }
    let folder = into.join("work");
    let bounds =
        Bounds { until: Instant::now() + rules.timeout, folder: into, max_bytes: rules.max_bytes, cancelled };
    for _ in 0..=MAX_REDIRECTS {
        let addresses = address::resolve(url.endpoint(), rules).await?;
        let git = Git { url: &url, addresses: &addresses, folder: &folder, home: into, rules };
        let _ = tokio::fs::remove_dir_all(&folder).await;
        git.expect(git.init(), &bounds).await?;
        let trace = into.join("trace");
        match git.end(git.fetch(reference, &trace), &bounds).await? {
            Ended::Well { .. } => {
                git.expect(git.checkout(), &bounds).await?;
                let commit = git.expect(git.head(), &bounds).await?.trim().to_owned();
                return Ok(Cloned { folder, commit });
            }
            Ended::Badly { message } => match redirect(&url, &message, &trace, rules).await? {
                Some(next) => url = next,
                None => return Err(explained(&url, reference, &message)),
            },
            ended => return Err(ended_early(&url, rules, &ended)),
        }
    }
    Err(AnalysisError::new(
        ErrorKind::Upstream,
        "git_failed",
        format!("{url} leads in circles"),
        "Give the address that it leads to in a browser.",
    ))
}

/// The runs of git for one repository.
struct Git<'a> {
    url: &'a GitUrl,
    addresses: &'a [IpAddr],
    folder: &'a Path,
    /// Where git finds nothing of ours.
    home: &'a Path,
    rules: &'a GitRules,
}

impl Git<'_> {
    fn init(&self) -> Command {
        let mut git = self.command();
        git.args(["init", "--quiet", "--template=", "--"]).arg(self.folder);
        git
    }

    fn fetch(&self, reference: Option<&str>, trace: &Path) -> Command {
        let mut git = self.command();
        if matches!(self.url.scheme(), Scheme::Http | Scheme::Https) {
            // The only way to hear where a redirect leads. Credentials are redacted by git.
            git.env("GIT_TRACE_CURL", trace).env("GIT_TRACE_CURL_NO_DATA", "1").env("GIT_TRACE_REDACT", "1");
        }
        git.arg("-C").arg(self.folder);
        git.args([
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-commit-graph",
            "--",
        ]);
        git.arg(self.url.to_string()).arg(reference.unwrap_or("HEAD"));
        git
    }

    fn checkout(&self) -> Command {
        let mut git = self.command();
        git.arg("-C").arg(self.folder).args(["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
        git
    }

    fn head(&self) -> Command {
        let mut git = self.command();
        git.arg("-C").arg(self.folder).args(["rev-parse", "HEAD"]);
        git
    }

    /// The user's git with the user's credentials, and nothing of the repository that could run.
    fn command(&self) -> Command {
        let mut git = Command::new("git");
        for name in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_TEMPLATE_DIR",
            "GIT_EXTERNAL_DIFF",
            "GIT_TRACE",
            "GIT_CURL_VERBOSE",
            "GIT_PROXY_COMMAND",
        ] {
            git.env_remove(name);
        }
        // A repository of this machine may name others to fetch what it lacks from, and programs that do it.
        let protocols = if self.url.scheme() == Scheme::File { "file" } else { "https:http:ssh:git" };
        git.env("LC_ALL", "C")
            .env("GIT_ALLOW_PROTOCOL", protocols)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS", "")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GCM_INTERACTIVE", "never")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("GIT_CEILING_DIRECTORIES", self.home);
        if std::env::var_os("GIT_SSH_COMMAND").is_none() && std::env::var_os("GIT_SSH").is_none() {
            git.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ForwardAgent=no");
        }
        for setting in [
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.askPass=",
            "http.followRedirects=false",
            "http.lowSpeedLimit=1000",
            "http.lowSpeedTime=60",
            "submodule.recurse=false",
            "fetch.recurseSubmodules=false",
            "gc.auto=0",
            "maintenance.auto=false",
            "advice.detachedHead=false",
            "init.defaultBranch=main",
        ] {
            git.args(["-c", setting]);
        }
        if let Some((host, port)) = self.url.endpoint()
            && !self.addresses.is_empty()
        {
            // The addresses that were checked are the ones that are used: the name cannot change in between.
            let addresses = self.addresses.iter().map(|address| match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            });
            let addresses = addresses.collect::<Vec<_>>().join(",");
            git.args(["-c", &format!("http.curloptResolve={host}:{port}:{addresses}")]);
        }
        git.current_dir(self.home);
        git
    }

    async fn end(&self, command: Command, bounds: &Bounds<'_>) -> Result<Ended, AnalysisError> {
        run(command, bounds).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => AnalysisError::new(
                ErrorKind::Unavailable,
                "git_missing",
                "the program `git` is not installed, which fetches repositories",
                "Install it (`apt-get install git`), then resume.",
            ),
            _ => AnalysisError::io("run git", &error),
        })
    }

    async fn expect(&self, command: Command, bounds: &Bounds<'_>) -> Result<String, AnalysisError> {
        match self.end(command, bounds).await? {
            Ended::Well { output } => Ok(output),
            Ended::Badly { message } => Err(explained(self.url, None, &message)),
            ended => Err(ended_early(self.url, self.rules, &ended)),
        }
    }
}

/// Where the server sends us, if that is on the same host.
async fn redirect(
    url: &GitUrl,
    message: &str,
    trace: &Path,
    rules: &GitRules,
) -> Result<Option<GitUrl>, AnalysisError> {
    if !message.contains("error: 30") {
        return Ok(None);
    }
    let trace = tokio::fs::read(trace).await.unwrap_or_default();
    let trace = String::from_utf8_lossy(&trace);
    let header = "<= Recv header: ";
    let target = trace.lines().rev().find_map(|line| {
        let line = &line[line.find(header)? + header.len()..];
        let (name, target) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| target.trim().to_owned())
    });
    let Some(target) = target else { return Ok(None) };
    let base = target.split("/info/refs").next().unwrap_or_default();
    let absolute = match url::Url::parse(&url.to_string()).and_then(|from| from.join(base)) {
        Ok(absolute) => absolute.to_string(),
        Err(_) => return Ok(None),
    };
    let next = GitUrl::parse(&absolute, rules)?;
    let is_same_host = next.endpoint().map(|(host, _)| host) == url.endpoint().map(|(host, _)| host);
    let is_no_step_back = next.scheme() == url.scheme() || next.scheme() == Scheme::Https;
    if !is_same_host || !is_no_step_back {
        return Err(AnalysisError::new(
            ErrorKind::Upstream,
            "git_redirect",
            format!("{url} sends on to {next}, which is not followed"),
            "Give that address itself if you trust it.",
        ));
    }
    Ok((next != *url).then_some(next))
}

/// What git's words mean to the user.
fn explained(url: &GitUrl, reference: Option<&str>, message: &str) -> AnalysisError {
    let lower = message.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    let said = last_words(message);
    let reference = reference.unwrap_or("HEAD");
    let (code, text, hint) = if says(&[
        "couldn't find remote ref",
        "not our ref",
        "unadvertised object",
        "no such remote ref",
    ]) {
        (
            "git_ref_not_found",
            format!("{url} has no {reference}"),
            "Give a branch, a tag or a commit's full hash that is there.",
        )
    } else if says(&["dubious ownership"]) {
        (
            "git_other_owner",
            format!("{url} belongs to another user, and git reads it for nobody else"),
            "Clone it yourself and give the clone, or list it under git's setting safe.directory if you trust its owner.",
        )
    } else if says(&[
        "could not read username",
        "could not read password",
        "authentication failed",
        "permission denied",
        "error: 401",
        "error: 403",
        "host key verification failed",
        "terminal prompts disabled",
    ]) {
        (
            "git_unauthorized",
            format!("{url} wants a login ({said})"),
            "Check the address; for a private repository set up git's credential helper or an SSH key for the user that runs the worker.",
        )
    } else if says(&[
        "not found",
        "does not exist",
        "error: 404",
        "no such repository",
        "not exported",
        "does not appear to be a git repository",
    ]) {
        ("git_not_found", format!("there is no git repository at {url} ({said})"), "Check the spelling.")
    } else if says(&[
        "could not resolve",
        "failed to connect",
        "couldn't connect",
        "connection refused",
        "connection timed out",
        "unable to connect",
        "network is unreachable",
        "could not connect",
    ]) {
        (
            "git_unreachable",
            format!("{url} cannot be reached ({said})"),
            "Check the address and the network, then resume.",
        )
    } else if says(&["no space left"]) {
        return AnalysisError::disk_full("fetch the repository");
    } else {
        (
            "git_failed",
            format!("git could not fetch {url}: {said}"),
            "Try `git clone` on this machine, then resume.",
        )
    };
    AnalysisError::new(ErrorKind::Upstream, code, text, hint)
}

/// The line in which git says what was wrong, without control characters.
fn last_words(message: &str) -> String {
    let lines = || message.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .find(|line| line.starts_with("fatal:") || line.starts_with("error:"))
        .or_else(|| lines().next_back());
    line.unwrap_or("it gave no reason").chars().filter(|letter| !letter.is_control()).take(300).collect()
}

fn ended_early(url: &GitUrl, rules: &GitRules, ended: &Ended) -> AnalysisError {
    match ended {
        Ended::TimedOut => AnalysisError::new(
            ErrorKind::Upstream,
            "git_timeout",
            format!("fetching {url} took longer than {} s", rules.timeout.as_secs()),
            "Try again, or clone it yourself and give the folder.",
        ),
        Ended::TooLarge => AnalysisError::new(
            ErrorKind::TooLarge,
            "git_too_large",
            format!("{url} needs more than {} bytes", rules.max_bytes),
            "Clone it yourself and give the folder.",
        ),
        Ended::Cancelled => AnalysisError::new(
            ErrorKind::Conflict,
            "cancelled",
            "the work was cancelled",
            "`code-reader resume` goes on.",
        ),
        Ended::Well { .. } | Ended::Badly { .. } => AnalysisError::internal("git ended without a reason"),
    }
}
