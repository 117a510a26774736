//! Who may ask: Host, Origin and token, before any handler runs.
//!
//! A page of another site can make a browser send requests to loopback, and a name that it controls
//! can be rebound to 127.0.0.1. The first is stopped by `Origin` and `Sec-Fetch-Site`, the second by
//! `Host`. Both checks hold without a token, because that is how the program runs by default.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;

use crate::problem::Problem;

/// What the guard knows.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The address that the server is bound to.
    pub bound: IpAddr,
    /// What clients must present, one of them; empty lets everybody in.
    pub tokens: Arc<[String]>,
}

/// The middleware.
pub async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.admit(request.method(), request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let unauthorized = problem.status == StatusCode::UNAUTHORIZED.as_u16();
            let mut response = problem.into_response();
            if unauthorized {
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Basic realm=\"code-reader\", charset=\"UTF-8\""),
                );
            }
            response
        }
    }
}

impl Guard {
    fn admit(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Problem> {
        check_is_for_one_host(headers)?;
        self.check_host(headers)?;
        check_origin(method, headers)?;
        // Probes of an orchestrator carry no token, and learn nothing.
        if matches!(path, "/healthz" | "/readyz") { Ok(()) } else { self.check_token(headers) }
    }

    fn check_host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        // Behind another address a token is required, which a rebound name does not know.
        if !self.bound.is_loopback() {
            return Ok(());
        }
        let host = text(headers, header::HOST);
        if is_local(host_name(host)) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_host",
            format!("the request is for the host `{host}`, and this server answers for localhost only"),
        )
        .hint(
            "use http://127.0.0.1 with the port, or set APP_HOST and AUTH_TOKEN to serve under another name",
        ))
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if self.tokens.is_empty() {
            return Ok(());
        }
        let given = text(headers, header::AUTHORIZATION);
        let matches = match given.split_once(' ') {
            Some((scheme, bearer)) if scheme.eq_ignore_ascii_case("bearer") => self.knows(bearer.trim()),
            Some((scheme, basic)) if scheme.eq_ignore_ascii_case("basic") => {
                password_of(basic.trim()).is_some_and(|password| self.knows(&password))
            }
            _ => false,
        };
        if matches {
            return Ok(());
        }
        Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "a token is needed")
            .hint("send `Authorization: Bearer TOKEN` with the AUTH_TOKEN of the server, or any user name with it or the PASSWORD as password"))
    }

    /// Compares with all of them, so that the time does not tell which was right.
    fn knows(&self, given: &str) -> bool {
        self.tokens.iter().fold(false, |known, token| known | same(given, token))
    }
}

/// Who stands between might go by another of them than we do (RFC 9112, section 3.2).
fn check_is_for_one_host(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get_all(header::HOST).iter().count() {
        0 | 1 => Ok(()),
        _ => Err(Problem::bad_request("the request has several Host headers").hint("send one")),
    }
}

fn check_origin(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let origin = text(headers, header::ORIGIN);
    let own = origin
        .split_once("://")
        .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(text(headers, header::HOST)));
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let foreign_site = matches!(site, Some("cross-site" | "same-site"));
    if (origin.is_empty() || own) && !foreign_site {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        format!(
            "the request comes from a page of `{origin}`, and only pages of this server may change anything"
        ),
    ))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// `Host` without its port.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_local(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn password_of(basic: &str) -> Option<String> {
    let decoded = base64::engine::general_purpose::STANDARD.decode(basic).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// Compares in a time that does not tell how much was right.
fn same(given: &str, token: &str) -> bool {
    blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(tokens: &[&str], method: Method, headers: &[(&'static str, &str)]) -> Result<(), u16> {
        let guard =
            Guard { bound: [127, 0, 0, 1].into(), tokens: tokens.iter().map(ToString::to_string).collect() };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        guard.admit(&method, "/api/v1/analyses", &map).map_err(|problem| problem.status)
    }

    #[test]
    fn a_rebound_name_is_refused_and_local_names_are_not() {
        assert_eq!(admit(&[], Method::GET, &[("host", "evil.example:8000")]), Err(403));
        assert_eq!(admit(&[], Method::GET, &[("host", "127.0.0.1.evil.example")]), Err(403));
        assert_eq!(admit(&[], Method::GET, &[]), Err(403));
        for host in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"] {
            assert_eq!(admit(&[], Method::GET, &[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_request_for_two_hosts_is_refused() {
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(admit(&[], Method::GET, &two), Err(400));
        let guard = Guard { bound: [192, 0, 2, 1].into(), tokens: Arc::new([]) };
        let map: HeaderMap = two.into_iter().map(|(_, host)| (header::HOST, host.parse().unwrap())).collect();
        assert_eq!(guard.admit(&Method::GET, "/healthz", &map).unwrap_err().status, 400);
    }

    #[test]
    fn a_foreign_page_cannot_change_anything() {
        let host = ("host", "127.0.0.1:8000");
        let post = |headers: &[(&'static str, &str)]| admit(&[], Method::POST, headers);
        assert_eq!(post(&[host, ("origin", "https://evil.example")]), Err(403));
        assert_eq!(post(&[host, ("origin", "null")]), Err(403));
        assert_eq!(post(&[host, ("origin", "http://127.0.0.1:9000")]), Err(403));
        assert_eq!(post(&[host, ("sec-fetch-site", "cross-site")]), Err(403));
        assert_eq!(
            post(&[host, ("origin", "http://127.0.0.1:8000"), ("sec-fetch-site", "same-origin")]),
            Ok(())
        );
        assert_eq!(post(&[host]), Ok(()), "a script sends no Origin");
    }

    #[test]
    fn a_token_is_taken_as_bearer_and_as_password() {
        let host = ("host", "localhost");
        let get = |value| admit(&["s3cret"], Method::GET, &[host, ("authorization", value)]);
        assert_eq!(admit(&["s3cret"], Method::GET, &[host]), Err(401));
        assert_eq!(get("Bearer wrong"), Err(401));
        assert_eq!(get("Bearer s3cret"), Ok(()));
        assert_eq!(get("Basic YW55Om5vcGU="), Err(401));
        assert_eq!(get("Basic YW55OnMzY3JldA=="), Ok(()));
        assert_eq!(get("Basic !!!"), Err(401));
        let both = |value| admit(&["t0ken", "s3cret"], Method::GET, &[host, ("authorization", value)]);
        for known in ["Bearer t0ken", "Bearer s3cret", "Basic YW55OnMzY3JldA=="] {
            assert_eq!(both(known), Ok(()), "{known}");
        }
        assert_eq!(both("Bearer t0kens3cret"), Err(401));
    }
}
