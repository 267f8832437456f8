//! Keeps web pages from using a proxy that its user's browser can reach.
//!
//! Two attacks are stopped:
//! - DNS rebinding: a page's own name is made to resolve to the proxy. The browser then treats requests to the proxy as
//!   same-origin, so CORS does not stop them. Their `Host` is still the page's name.
//! - Blind requests: a page sends a request whose answer it cannot read, but which still spends tokens. Such a request
//!   carries the page's `Origin`; as an image, a script, a frame or a link it carries `Sec-Fetch-Site` alone.
//!
//! Other programs send neither of these, and their `Host` is the one in the URL that they were given.

use super::hosts::{Hosts, MALFORMED};
use crate::wire::Failure;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;

/// The most characters of a name in a message.
const SHOWN: usize = 100;

/// Where a browser says how near the page is that sends a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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
    /// address of the connection, if it came over IP. `allowed` says which origins may call.
    ///
    /// # Errors
    /// 403 for a name that is not the proxy's own, if the proxy listens on this machine only, or if a page may have
    /// made the name lead here.
    pub fn host(
        &self,
        headers: &HeaderMap,
        authority: Option<&str>,
        arrived: Option<IpAddr>,
        allowed: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let is_checked = match arrived {
            None => false,
            Some(address) if self.is_local => address.is_loopback(),
            Some(_) => may_be_rebound(headers, allowed),
        };
        if !is_checked {
            return Ok(());
        }
        let mut named = headers.get_all(header::HOST).iter().map(text).chain(authority);
        match named.find(|name| !self.hosts.has(name)) {
            None => Ok(()),
            Some(other) => Err(self.not_called(&shown(other))),
        }
    }

    fn not_called(&self, name: &str) -> Failure {
        let why = if self.is_local {
            "It listens on this machine only, where other names may be a web page's attempt to reach it. Use localhost or \
             127.0.0.1; or add the name"
        } else {
            "A web page may have made that name lead here. Use an IP address; or add the name"
        };
        let message = format!("This proxy is not called '{name}'. {why} to `hosts` in config.yaml.");
        let failure = Failure::new(StatusCode::FORBIDDEN, message).with_code("host_not_allowed");
        failure.with_own_words(format!("host={name}"))
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
        let mut origins = headers.get_all(header::ORIGIN).iter().map(text).peekable();
        if origins.peek().is_none() {
            return not_from_afar(headers);
        }
        match origins.find(|origin| !allowed(origin) && !self.is_own(origin, headers)) {
            None => Ok(()),
            Some(origin) => {
                let origin = shown(origin);
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
            (Some(host), None) => host.eq_ignore_ascii_case(page) && self.hosts.has(host),
            _ => false,
        }
    }
}

/// Returns true if a request may be of a page whose name was made to lead here: one that calls with an origin that is not
/// listed, or that its browser takes for a page of the proxy.
fn may_be_rebound(headers: &HeaderMap, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter().map(text).peekable();
    if origins.peek().is_some() {
        return !origins.all(allowed);
    }
    headers.get_all(FETCH_SITE).iter().any(|site| site.as_bytes() == b"same-origin")
}

/// Checks a request that names no origin, as browsers send it for images, scripts, frames and links.
///
/// # Errors
/// 403 where the browser says that the page is not the proxy's own. Another port of this machine is not, either: any
/// user may serve pages there.
fn not_from_afar(headers: &HeaderMap) -> Result<(), Failure> {
    let is_near = |site: &&str| matches!(*site, "same-origin" | "none");
    let Some(site) = headers.get_all(FETCH_SITE).iter().map(text).find(|site| !is_near(site)) else { return Ok(()) };
    let message = "Another web page made this request, and the page's browser does not say which page. It would spend tokens, so \
                   that it is refused. A page whose origin `cors.origins` in config.yaml lists may call by `fetch`.";
    let failure = Failure::new(StatusCode::FORBIDDEN, message).with_code("origin_not_allowed");
    Err(failure.with_own_words(format!("sec-fetch-site={}", shown(site))))
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or(MALFORMED)
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

    const NO_ORIGIN: &dyn Fn(&str) -> bool = &|_| false;
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
            assert_eq!(guard.host(&headers(host, None), None, LOOPBACK, NO_ORIGIN).is_ok(), own, "{host}");
        }
        let other = headers("attacker.example", None);
        let check =
            |headers: &HeaderMap, authority, arrived| guard.host(headers, authority, arrived, NO_ORIGIN).is_ok();
        assert!(check(&other, None, Some([10, 0, 0, 1].into())) && check(&other, None, None));
        assert!(!check(&headers("localhost", None), Some("attacker.example:80"), LOOPBACK));
        assert!(check(&HeaderMap::new(), None, LOOPBACK));
        let mut twice = headers("localhost", None);
        twice.append(header::HOST, "attacker.example".parse().unwrap());
        assert!(!check(&twice, None, LOOPBACK));
        for open in [Guard { is_local: false, ..guard }, Guard { hosts: Hosts::new(["*"]), is_local: true }] {
            assert!(open.host(&other, None, LOOPBACK, NO_ORIGIN).is_ok());
        }
    }

    #[test]
    fn a_page_has_to_use_one_of_the_names_of_a_proxy_that_others_reach() {
        let guard = Guard { hosts: Hosts::new(["argo.lab"]), is_local: false };
        let check = |host, origin, site: Option<&'static str>| {
            let mut headers = headers(host, origin);
            headers.extend(site.map(|site| (FETCH_SITE, HeaderValue::from_static(site))));
            guard.host(&headers, None, Some([10, 0, 0, 1].into()), &|origin| origin == "http://ok.lab").is_ok()
        };
        for (host, origin, site, passes) in [
            ("evil.example", None, None, true),
            ("evil.example", None, Some("same-origin"), false),
            ("evil.example:44497", Some("http://evil.example:44497"), None, false),
            ("argo.lab:44497", Some("http://argo.lab:44497"), Some("same-origin"), true),
            ("10.0.0.1:44497", None, Some("same-origin"), true),
            // A page that is listed calls by whatever name it knows, and links from elsewhere cannot be read by their page.
            ("alias.lab", Some("http://ok.lab"), Some("cross-site"), true),
            ("alias.lab", None, Some("none"), true),
            ("alias.lab", None, Some("cross-site"), true),
        ] {
            assert_eq!(check(host, origin, site), passes, "{host} {origin:?} {site:?}");
        }
    }

    #[test]
    fn what_a_browser_sends_without_an_origin_spends_nothing_unless_it_is_near() {
        let guard = Guard { hosts: Hosts::default(), is_local: true };
        let check = |method: Method, site: &'static str, origin, spends| {
            let mut headers = headers("127.0.0.1:1", origin);
            headers.insert(FETCH_SITE, HeaderValue::from_static(site));
            guard.origin(&method, &headers, spends, &|origin| origin == "http://ok.lab").is_ok()
        };
        for (site, may) in
            [("none", true), ("same-origin", true), ("same-site", false), ("cross-site", false), ("?", false)]
        {
            assert_eq!(check(Method::GET, site, None, true), may, "{site}");
            assert_eq!(check(Method::POST, site, None, true), may, "{site}");
            assert!(check(Method::GET, site, None, false), "reading costs nothing: {site}");
            assert!(check(Method::POST, site, Some("http://ok.lab"), true), "{site}");
            assert!(!check(Method::POST, site, Some("http://evil.example"), true), "{site}");
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
