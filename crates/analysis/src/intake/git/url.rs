//! Addresses of repositories.

use std::fmt;
use std::path::Path;

use url::Url;

use crate::settings::GitRules;
use crate::{AnalysisError, ErrorKind};

/// An address that git may be given: a scheme of the allowed ones, no password, no option in disguise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GitUrl {
    text: String,
    scheme: Scheme,
    /// `None` for a file.
    host: Option<String>,
    port: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
    Ssh,
    Git,
    File,
}

impl GitUrl {
    pub(crate) fn parse(text: &str, rules: &GitRules) -> Result<Self, AnalysisError> {
        let text = text.trim();
        let shown = without_password(text);
        let refuse = |why: &str| {
            Err(AnalysisError::invalid(
                "git_url",
                format!("{shown:?} is no git URL that can be read: {why}"),
                "Give https://, ssh://, git:// or user@host:path; a folder of this machine is given as a path.",
            ))
        };
        if text.is_empty() || text.len() > 2048 {
            return refuse("it is empty or too long");
        }
        if text.starts_with('-') {
            return refuse("it begins with `-`");
        }
        if text.chars().any(|letter| letter.is_control() || letter.is_whitespace() || letter == '\\') {
            return refuse("it holds blanks or control characters");
        }
        let long_form = if text.contains("://") { Some(text.to_owned()) } else { scp_like(text) };
        let Some(url) = long_form.and_then(|text| Url::parse(&text).ok()) else {
            return refuse("it is none of the known forms");
        };
        let scheme = match url.scheme() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            "ssh" => Scheme::Ssh,
            "git" => Scheme::Git,
            "file" if rules.allow_file => Scheme::File,
            other => return refuse(&format!("`{other}` is not allowed")),
        };
        let user_is_a_secret = scheme != Scheme::Ssh && !url.username().is_empty();
        if url.password().is_some() || user_is_a_secret {
            return Err(AnalysisError::invalid(
                "git_credentials",
                format!("the git URL {shown:?} holds a user or password, which would have to be stored"),
                "Leave it out and let git's credential helper or an SSH key do it.",
            ));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).map(str::to_owned);
        match (&host, scheme) {
            (None, Scheme::File) => {}
            (None, _) => return refuse("it names no host"),
            (Some(_), Scheme::File) => return refuse("a file has no host"),
            (Some(host), _) if host.starts_with('-') || url.username().starts_with('-') => {
                return refuse("a host or user begins with `-`");
            }
            (Some(host), _) => super::address::check_literal(host, &shown, rules)?,
        }
        // What was checked is what git gets, not what another parser might make of the same text.
        let text = if text.contains("://") { url.to_string() } else { text.to_owned() };
        Ok(Self { text, scheme, host, port: url.port_or_known_default() })
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host and port to be looked up; `None` for a file.
    pub(crate) fn endpoint(&self) -> Option<(&str, u16)> {
        let default = match self.scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
            Scheme::Ssh => 22,
            Scheme::Git => 9418,
            Scheme::File => return None,
        };
        self.host
            .as_deref()
            .map(|host| (host.trim_start_matches('[').trim_end_matches(']'), self.port.unwrap_or(default)))
    }

    /// What its repository is called.
    pub(crate) fn repository_name(&self) -> String {
        repository_name(&self.text)
    }
}

/// The last part of a URL's path without `.git`.
pub(crate) fn repository_name(url: &str) -> String {
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let name: String = last.strip_suffix(".git").unwrap_or(last).chars().take(100).collect();
    if name.is_empty() { "repository".to_owned() } else { name }
}

impl fmt::Display for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A repository of this machine as a URL, which only rules with `allow_file` take.
pub(crate) fn file_url(folder: &Path) -> Result<String, AnalysisError> {
    let url =
        Url::from_file_path(folder).map_err(|()| AnalysisError::internal("the path is not absolute"))?;
    Ok(url.to_string())
}

/// `user@host:path` as a URL.
fn scp_like(text: &str) -> Option<String> {
    let (host, path) = text.split_once(':')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    let is_host =
        !host.is_empty() && host.bytes().all(is_plain) && !path.is_empty() && !path.starts_with(':');
    is_host.then(|| format!("ssh://{host}/{}", path.trim_start_matches('/')))
}

/// The address for people and logs.
fn without_password(text: &str) -> String {
    let text: String = text.chars().take(200).collect();
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            match rest[..end].rfind('@') {
                Some(at) => format!("{scheme}://…@{}", &rest[at + 1..]),
                None => text,
            }
        }
        None => text,
    }
}

/// A branch, tag or commit that git may be given.
pub(crate) fn check_reference(reference: &str) -> Result<(), AnalysisError> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte > 127 || b"/._-+@#=%".contains(&byte);
    let is_fine = (1..=200).contains(&reference.len())
        && reference.bytes().all(is_letter)
        && !reference.starts_with(['-', '/', '.', '+'])
        && !reference.ends_with(['/', '.'])
        && !["..", "//", "@{", "/.", ".lock/"].iter().any(|part| reference.contains(part));
    if is_fine {
        return Ok(());
    }
    Err(AnalysisError::new(
        ErrorKind::Invalid,
        "git_ref",
        format!("{:?} is no name of a branch, tag or commit", reference.chars().take(80).collect::<String>()),
        "Give a branch, a tag or a commit's full hash.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<GitUrl, AnalysisError> {
        GitUrl::parse(text, &GitRules::default())
    }

    #[test]
    fn the_usual_forms_are_understood() {
        for (text, host, port, name) in [
            ("https://github.com/python-attrs/attrs", "github.com", 443, "attrs"),
            ("https://example.org:8443/a/b.git/", "example.org", 8443, "b"),
            ("ssh://git@example.org/a/b.git", "example.org", 22, "b"),
            ("git@example.org:a/b.git", "example.org", 22, "b"),
            ("example.org:b", "example.org", 22, "b"),
            ("git://example.org/x", "example.org", 9418, "x"),
        ] {
            let url = parse(text).unwrap();
            assert_eq!(url.endpoint(), Some((host, port)), "{text}");
            assert_eq!(url.repository_name(), name, "{text}");
            assert_eq!(url.to_string(), text.trim_end());
        }
    }

    #[test]
    fn hostile_ones_are_refused() {
        for (text, code) in [
            ("", "git_url"),
            ("--upload-pack=touch /tmp/x", "git_url"),
            ("-oProxyCommand=x:y", "git_url"),
            ("ext::sh -c touch% /tmp/x", "git_url"),
            ("ext::sh", "git_url"),
            ("fd::17", "git_url"),
            ("file:///etc", "git_url"),
            ("/srv/repo.git", "git_url"),
            ("../repo", "git_url"),
            ("ftp://example.org/x", "git_url"),
            ("https://", "git_url"),
            ("https://example.org/a\nb", "git_url"),
            ("ssh://-oProxyCommand=x/y", "git_url"),
            ("ssh://-oX@example.org/y", "git_url"),
            ("https://user:secret@example.org/x", "git_credentials"),
            ("https://token@example.org/x", "git_credentials"),
            ("ssh://git:secret@example.org/x", "git_credentials"),
            ("http://127.0.0.1/x", "git_private_host"),
            ("http://2130706433/x", "git_private_host"),
            ("http://0x7f.1/x", "git_private_host"),
            ("http://[::1]/x", "git_private_host"),
            ("http://[::ffff:10.0.0.1]/x", "git_private_host"),
            ("http://169.254.169.254/latest", "git_private_host"),
            ("git@192.168.1.1:x", "git_private_host"),
            ("http://localhost:3000/x", "git_private_host"),
            ("http://a.localhost/x", "git_private_host"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.code, code, "{text}: {error}");
            assert!(!error.message.contains("secret") && !error.message.contains("token"), "{error}");
        }
        assert!(
            GitUrl::parse("file:///srv/x.git", &GitRules { allow_file: true, ..GitRules::default() }).is_ok()
        );
    }

    #[test]
    fn references_cannot_be_options_or_ranges() {
        for good in ["main", "v1.0", "feature/x-1", "3f2a91c", "release_2@rc", "修复"] {
            assert!(check_reference(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a b",
            "a:b",
            "a\nb",
            "+a",
            "refs/",
            "a@{1}",
            "^a",
            "~",
            "a/../b",
            "*",
        ] {
            assert!(check_reference(bad).is_err(), "{bad}");
        }
    }
}
