//! Keeps web pages from using a proxy that its user's browser can reach.
//!
//! Two attacks are stopped:
//! - DNS rebinding: a page's own name is made to resolve to 127.0.0.1. The browser then treats requests to the proxy as
//!   same-origin, so CORS does not stop them. Their `Host` is still the page's name.
//! - Blind requests: a page sends a request whose answer it cannot read, but which still spends tokens. Such a request
//!   carries the page's `Origin`.
//!
//! Other programs send no `Origin`, and their `Host` is the one in the URL that they were given.

use super::Globs;
use crate::wire::Failure;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;

/// The most characters of a name in a message.
const SHOWN: usize = 100;

/// The configured names of a proxy. IP addresses, `localhost` and `internal` always count as its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Globs);

impl Hosts {
    /// Takes names, `*.domain`, or `*` for every name. Case does not matter.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Hosts(Globs::new(names.into_iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase())))
    }

    /// Returns the names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter()
    }

    /// Returns true if an authority names one of the configured hosts.
    pub fn names_host(&self, authority: &str) -> bool {
        self.0.fit(&host_of(authority).trim_end_matches('.').to_ascii_lowercase())
    }

    /// Returns true if a host is the proxy's own. An IP address always is, since DNS cannot redirect it. So are
    /// `localhost` and `internal` (the domain under which containers find their host): nobody can register them.
    fn has(&self, host: &str) -> bool {
        if host.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let reserved =
            |domain: &str| name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        reserved("localhost") || reserved("internal") || self.0.fit(&name)
    }
}

/// Distinguishes requests of foreign web pages from all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// The proxy's own names.
    pub hosts: Hosts,
    /// True if the proxy listens on this machine only. Then no foreign name can be legitimate.
    pub is_local: bool,
}

impl Guard {
    /// Checks the names in a request: every `Host`, and the authority of its URL, if any. `arrived` is the local
    /// address of the connection, if it came over IP.
    ///
    /// # Errors
    /// 403 for a name that is not the proxy's own, if the proxy listens on this machine only.
    pub fn host(&self, headers: &HeaderMap, authority: Option<&str>, arrived: Option<IpAddr>) -> Result<(), Failure> {
        if !self.is_local || !arrived.is_some_and(|address| address.is_loopback()) {
            return Ok(());
        }
        let named = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or("?")).chain(authority);
        match named.map(host_of).find(|host| !self.hosts.has(host)) {
            None => Ok(()),
            Some(other) => {
                let message = format!(
                    "This proxy is not called '{}'. It listens on this machine only, where other names may be a web page's \
                     attempt to reach it. Use localhost or 127.0.0.1; or add the name to `hosts` in config.yaml.",
                    shown(other)
                );
                let failure = Failure::new(StatusCode::FORBIDDEN, message).with_code("host_not_allowed");
                Err(failure.with_own_words(format!("host={}", shown(other))))
            }
        }
    }

    /// Checks the web page that sent a request, if any. `spends` is true if the request's row calls an upstream.
    ///
    /// # Errors
    /// 403 for a page that is neither the proxy's own nor of an `allowed` origin, unless the request only reads.
    pub fn origin(
        &self,
        method: &Method,
        headers: &HeaderMap,
        spends: bool,
        allowed: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        if method.is_safe() && !spends {
            return Ok(());
        }
        let refused = |origin: &&HeaderValue| {
            let text = origin.to_str().unwrap_or("?");
            !allowed(text) && !self.is_own(text, headers)
        };
        match headers.get_all(header::ORIGIN).iter().find(refused) {
            None => Ok(()),
            Some(origin) => {
                let origin = shown(origin.to_str().unwrap_or("?"));
                let what = if origin == "null" { " (a local file, or a sandboxed page)" } else { "" };
                let scheme = origin.split_once("://").map_or("", |(scheme, _)| scheme);
                let of_an_app = !matches!(scheme, "" | "http" | "https" | "file");
                let all = if of_an_app { format!(" (or {scheme}://* for all of its kind)") } else { String::new() };
                let message = format!(
                    "Web pages of the origin '{origin}'{what} may not use this proxy. If they should, add it{all} to \
                     `cors.origins` in config.yaml."
                );
                let failure = Failure::new(StatusCode::FORBIDDEN, message).with_code("origin_not_allowed");
                // The page gets no CORS header, so that it cannot even read that there is a proxy: the log tells its user.
                Err(failure.with_own_words(format!("origin={origin}")))
            }
        }
    }

    /// Returns true if a page came from this proxy itself, under one of its own names.
    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Some((_, page)) = origin.split_once("://") else { return false };
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) {
            (Some(host), None) => host.eq_ignore_ascii_case(page) && self.hosts.has(host_of(host)),
            _ => false,
        }
    }
}

/// Returns the host of an authority, without brackets.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        headers.extend(origin.map(|origin| (header::ORIGIN, origin.parse::<HeaderValue>().unwrap())));
        headers
    }

    const LOOPBACK: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn on_this_machine_only_its_own_names_lead_here() {
        let guard = Guard { hosts: Hosts::new(["argo.lab", "*.Proxy.lab."]), is_local: true };
        for (host, own) in [
            ("localhost", true),
            ("LocalHost.:44497", true),
            ("app.localhost:1", true),
            ("127.0.0.1:44497", true),
            ("[::1]:44497", true),
            ("[::1]", true),
            ("192.168.1.7:80", true),
            ("host.docker.internal:44497", true),
            ("ARGO.lab:80", true),
            ("a.proxy.lab", true),
            ("proxy.lab", false),
            ("attacker.example", false),
            ("localhost.attacker.example", false),
            ("notlocalhost", false),
            ("127.0.0.1.attacker.example", false),
            ("user@localhost", false),
            ("[attacker.example]", false),
            ("", false),
        ] {
            assert_eq!(guard.host(&headers(host, None), None, LOOPBACK).is_ok(), own, "{host}");
        }
        let other = headers("attacker.example", None);
        assert!(guard.host(&other, None, Some([10, 0, 0, 1].into())).is_ok() && guard.host(&other, None, None).is_ok());
        assert!(guard.host(&headers("localhost", None), Some("attacker.example:80"), LOOPBACK).is_err());
        assert!(guard.host(&HeaderMap::new(), None, LOOPBACK).is_ok());
        let mut twice = headers("localhost", None);
        twice.append(header::HOST, "attacker.example".parse().unwrap());
        assert!(guard.host(&twice, None, LOOPBACK).is_err());
        for open in [Guard { is_local: false, ..guard }, Guard { hosts: Hosts::new(["*"]), is_local: true }] {
            assert!(open.host(&other, None, LOOPBACK).is_ok());
        }
    }

    #[test]
    fn pages_that_are_not_allowed_may_only_read() {
        let guard = Guard { hosts: Hosts::new(["argo.lab"]), is_local: false };
        let check = |method: Method, host, origin, spends| {
            guard.origin(&method, &headers(host, origin), spends, &|origin| origin == "http://ok.lab").is_ok()
        };
        for (host, origin, may) in [
            ("127.0.0.1:1", None, true),
            ("127.0.0.1:1", Some("http://ok.lab"), true),
            ("127.0.0.1:1", Some("http://evil.example"), false),
            ("127.0.0.1:1", Some("null"), false),
            ("127.0.0.1:1", Some("http://127.0.0.1:1"), true),
            ("127.0.0.1:1", Some("http://127.0.0.1:2"), false),
            ("argo.lab", Some("https://ARGO.lab"), true),
            // DNS rebinding: `Host` and `Origin` agree, but the name is not the proxy's own.
            ("evil.example:1", Some("http://evil.example:1"), false),
        ] {
            assert_eq!(check(Method::POST, host, origin, false), may, "{host} {origin:?}");
            assert_eq!(check(Method::GET, host, origin, true), may, "{host} {origin:?}");
            assert!(check(Method::GET, host, origin, false) && check(Method::OPTIONS, host, origin, false));
        }
    }
}
