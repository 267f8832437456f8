//! Keeps web pages from using a proxy that its user's browser can reach.
//!
//! A page's own name may be made to lead to 127.0.0.1 (DNS rebinding): its requests come from its own origin then, as a
//! browser sees it, so that CORS does not matter; but their `Host` is that name. And a page may send a request whose answer it
//! cannot read, which spends tokens all the same: such a request has the page's `Origin`. Programs that are no browsers send no
//! `Origin`, and the `Host` that they were pointed at.

use super::Globs;
use crate::wire::Failure;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;

/// At most this many characters of a name are shown.
const SHOWN: usize = 100;

/// The names that a proxy goes by, beside those that can lead nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Globs);

impl Hosts {
    /// Names, `*.domain`, or `*` for every name; in any case.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Hosts(Globs::new(names.into_iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase())))
    }

    /// The names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter()
    }

    /// Whether a host is the proxy's own. An address is what it is, nobody can make it lead elsewhere; `localhost` and
    /// `internal`, where containers find their host, are names that nobody can register.
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

/// What tells pages from everybody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// The proxy's own names.
    pub hosts: Hosts,
    /// Whether it listens on this machine only, so that no other name can be meant to lead to it.
    pub is_local: bool,
}

impl Guard {
    /// Looks at the names by which a request came: every `Host`, and the authority of its URL, where that has one.
    ///
    /// # Errors
    /// 403 for a name that is not the proxy's own, where it listens on this machine only; `arrived` is the address that the
    /// request arrived at, if it came over IP.
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
                Err(Failure::new(StatusCode::FORBIDDEN, message).with_code("host_not_allowed"))
            }
        }
    }

    /// Looks at the page that a request comes from, if it comes from one. `spends` says whether its row calls an upstream.
    ///
    /// # Errors
    /// 403 for a page that is neither the proxy's own nor among the origins that are `allowed`, unless the request only reads.
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
                let message = format!(
                    "Web pages of the origin '{origin}'{what} may not use this proxy. If they should, add it to \
                     `cors.origins` in config.yaml."
                );
                Err(Failure::new(StatusCode::FORBIDDEN, message).with_code("origin_not_allowed"))
            }
        }
    }

    /// Whether a page came from this proxy itself, by a name that is surely its own.
    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Some((_, page)) = origin.split_once("://") else { return false };
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) {
            (Some(host), None) => host.eq_ignore_ascii_case(page) && self.hosts.has(host_of(host)),
            _ => false,
        }
    }
}

/// The host of an authority, without brackets.
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
            // What a name that was made to lead here looks like.
            ("evil.example:1", Some("http://evil.example:1"), false),
        ] {
            assert_eq!(check(Method::POST, host, origin, false), may, "{host} {origin:?}");
            assert_eq!(check(Method::GET, host, origin, true), may, "{host} {origin:?}");
            assert!(check(Method::GET, host, origin, false) && check(Method::OPTIONS, host, origin, false));
        }
    }
}
