//! URLs to call, checked once so that nobody downstream parses them again.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::host::Host;

/// An absolute `http` or `https` URL without user, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    tls: bool,
    host: Host,
    port: Option<u16>,
    path_at: usize,
}

impl HttpUrl {
    /// # Errors
    /// What is wrong, for the person who wrote it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fail = |why: &str| Err(format!("{why}, found {text:?}"));
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return fail("expected a URL that starts with https:// or http://"),
        };
        if let Some(odd) =
            rest.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '\\' | '{' | '}'))
        {
            return fail(&format!("expected a URL without {odd:?}"));
        }
        if rest.contains(['?', '#']) {
            return fail("expected a URL without query (?) and fragment (#)");
        }
        let length = rest.find('/').unwrap_or(rest.len());
        let (authority, _) = rest.split_at(length);
        if authority.contains('@') {
            return fail("expected a URL without a user name");
        }
        let (host, port) = split_port(authority);
        let Ok(host) = parse_url_host(host) else {
            return fail("expected a URL with a host after ://");
        };
        let port = match port.map(str::parse::<u16>) {
            None => None,
            Some(Ok(port)) if port > 0 => Some(port),
            Some(_) => return fail("expected a port from 1 to 65535 after the host"),
        };
        Ok(HttpUrl { text: text.to_owned(), tls, host, port, path_at: text.len() - rest.len() + length })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn tls(&self) -> bool {
        self.tls
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The written port, else the scheme's.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls { 443 } else { 80 })
    }

    /// What a `Host` header says: the port only when it was written.
    pub fn authority(&self) -> String {
        let host = match self.host.ip() {
            Some(IpAddr::V6(ip)) => format!("[{ip}]"),
            _ => self.host.to_string(),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// Starts with a slash.
    pub fn path(&self) -> &str {
        match self.text.get(self.path_at..) {
            None | Some("") => "/",
            Some(path) => path,
        }
    }

    /// ARGO redirects a path without its final slash, and a redirected POST is lost.
    pub fn ends_with_slash(&self) -> bool {
        self.text.ends_with('/')
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Splits `host:port`; the colons of a bracketed IPv6 address are part of the host.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// In a URL an IPv6 address needs its brackets.
pub(super) fn parse_url_host(text: &str) -> Result<Host, String> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err("an IPv6 address needs brackets here".to_owned());
    }
    Host::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_apart() {
        let url = HttpUrl::parse("https://apps.inside.anl.gov/argoapi/chat/").unwrap();
        assert_eq!(
            (url.tls(), url.host().as_str(), url.port(), url.path()),
            (true, "apps.inside.anl.gov", 443, "/argoapi/chat/")
        );
        assert_eq!(url.authority(), "apps.inside.anl.gov");
        assert!(url.ends_with_slash());

        let url = HttpUrl::parse("HTTP://[::1]:8080").unwrap();
        assert_eq!((url.tls(), url.host().as_str(), url.port(), url.path()), (false, "::1", 8080, "/"));
        assert_eq!(url.authority(), "[::1]:8080");
        assert!(!url.ends_with_slash());
    }

    #[test]
    fn bad_urls_say_why() {
        for (text, why) in [
            ("", "starts with https://"),
            ("apps.inside.anl.gov/chat/", "starts with https://"),
            ("ftp://x/", "starts with https://"),
            ("https://", "with a host"),
            ("https:///chat/", "with a host"),
            ("https://a b/", "without ' '"),
            ("https://x/é", "without 'é'"),
            ("https://x/?a=1", "without query"),
            ("https://x/#a", "without query"),
            ("https://me@x/", "without a user name"),
            ("https://x:0/", "port from 1"),
            ("https://x:99999/", "port from 1"),
            ("https://x:/", "port from 1"),
            ("https://::1/", "with a host"),
        ] {
            let message = HttpUrl::parse(text).unwrap_err();
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}
