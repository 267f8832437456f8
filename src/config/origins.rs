//! Which browser origins may call the proxy (CORS).

use std::fmt;

use super::host::Host;
use super::url::{parse_url_host, split_port};

/// A list of origins: `scheme://host`, `scheme://host:port`, `scheme://host:*` (any port), `scheme://*` (any page of a scheme
/// that no web site can have), `file://`, `null`, or `*` (any origin).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Vec<AllowedOrigin>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum AllowedOrigin {
    Any,
    /// `null`, which sandboxed pages and local files send.
    Null,
    /// Every page of a scheme of desktop apps, editors or extensions: their hosts differ for each window or installation.
    Scheme(String),
    Exact {
        scheme: String,
        /// `None` for `file://`.
        host: Option<Host>,
        port: Ports,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Ports {
    Any,
    One(u16),
    /// The scheme's own, or none.
    Usual,
}

impl Origins {
    pub(super) fn new(patterns: Vec<OriginPattern>) -> Self {
        Origins(patterns.into_iter().map(|pattern| pattern.0).collect())
    }

    /// Returns true if a browser may read the answer to a request with this `Origin` header.
    pub fn allows(&self, origin: &str) -> bool {
        let asked = AllowedOrigin::parse(origin);
        self.0.iter().any(|pattern| match (pattern, &asked) {
            (AllowedOrigin::Any, _) => true,
            (_, Ok(asked)) => pattern.covers(asked),
            (_, Err(_)) => false,
        })
    }

    /// Returns the entries as written.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(AllowedOrigin::to_string)
    }

    /// Returns true if every origin is allowed. Answers then need no `Vary: Origin`.
    pub fn allows_any(&self) -> bool {
        self.0.contains(&AllowedOrigin::Any)
    }

    /// Returns true if no origin is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One checked entry of the list.
#[derive(Clone, Debug)]
pub(super) struct OriginPattern(AllowedOrigin);

impl OriginPattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        AllowedOrigin::parse(text).map(OriginPattern)
    }

    /// Returns why the entry lets more pages in than its author may think.
    pub(super) fn danger(&self) -> Option<&'static str> {
        match self.0 {
            AllowedOrigin::Any => Some("* lets every web page that you visit use ARGO under your username"),
            AllowedOrigin::Null => Some(
                "null lets every web page that you visit use ARGO under your username, since a page can put itself in a sandbox",
            ),
            _ => None,
        }
    }
}

impl AllowedOrigin {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "*" => return Ok(AllowedOrigin::Any),
            "null" => return Ok(AllowedOrigin::Null),
            _ => {}
        }
        let wrong = || {
            format!(
                "expected an origin (scheme://host, scheme://host:port, scheme://host:*, scheme://* or *), without a path, found {text:?}"
            )
        };
        let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
        if scheme.is_empty() || !scheme.bytes().all(is_scheme_byte) {
            return Err(wrong());
        }
        let scheme = scheme.to_ascii_lowercase();
        match (authority, is_of_the_web(&scheme)) {
            ("*", false) => return Ok(AllowedOrigin::Scheme(scheme)),
            ("*", true) => return Err(format!("{text:?} is every web page; if you want that, write \"*\"")),
            ("", false) => return Ok(AllowedOrigin::Exact { scheme, host: None, port: Ports::Usual }),
            _ => {}
        }
        let (host, port) = split_port(authority);
        let port = match port {
            Some("*") => Ports::Any,
            Some(port) => Ports::One(port.parse().map_err(|_| wrong())?),
            None => Ports::Usual,
        };
        let port = match (scheme.as_str(), port) {
            ("http", Ports::One(80)) | ("https", Ports::One(443)) => Ports::Usual,
            (_, port) => port,
        };
        let host = parse_url_host(&host.to_ascii_lowercase()).map_err(|_| wrong())?;
        Ok(AllowedOrigin::Exact { scheme, host: Some(host), port })
    }

    fn covers(&self, asked: &AllowedOrigin) -> bool {
        match (self, asked) {
            (AllowedOrigin::Scheme(scheme), AllowedOrigin::Exact { scheme: asked, .. }) => scheme == asked,
            (
                AllowedOrigin::Exact { scheme, host, port },
                AllowedOrigin::Exact { scheme: asked_scheme, host: asked_host, port: asked_port },
            ) => {
                let fits = *port == Ports::Any || port == asked_port;
                scheme == asked_scheme && host == asked_host && fits && *asked_port != Ports::Any
            }
            (AllowedOrigin::Null, AllowedOrigin::Null) => true,
            _ => false,
        }
    }
}

/// Returns true for the schemes of web sites.
fn is_of_the_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp")
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            AllowedOrigin::Any => return f.write_str("*"),
            AllowedOrigin::Null => return f.write_str("null"),
            AllowedOrigin::Scheme(scheme) => return write!(f, "{scheme}://*"),
            AllowedOrigin::Exact { scheme, host, port } => (scheme, host, port),
        };
        match host {
            None => write!(f, "{scheme}://")?,
            Some(host) if host.ip().is_some_and(|ip| ip.is_ipv6()) => write!(f, "{scheme}://[{host}]")?,
            Some(host) => write!(f, "{scheme}://{host}")?,
        }
        match port {
            Ports::Any => f.write_str(":*"),
            Ports::One(port) => write!(f, ":{port}"),
            Ports::Usual => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(list: &[&str]) -> Origins {
        Origins::new(list.iter().map(|text| OriginPattern::parse(text).unwrap()).collect())
    }

    #[test]
    fn only_what_is_listed_is_allowed() {
        let list =
            origins(&["http://localhost:*", "http://[::1]:*", "https://lab.example.org", "http://ui.example.org:8080"]);
        for origin in [
            "http://localhost",
            "http://localhost:3000",
            "HTTP://LOCALHOST:3000",
            "http://[::1]:5173",
            "https://lab.example.org",
            "https://lab.example.org:443",
            "http://ui.example.org:8080",
        ] {
            assert!(list.allows(origin), "{origin}");
        }
        for origin in [
            "",
            "*",
            "null",
            "localhost:3000",
            "https://localhost:3000",
            "http://localhost:*",
            "http://localhost.evil.example",
            "http://localhost:3000.evil.example",
            "http://localhost:3000/",
            "http://127.0.0.1:3000",
            "http://lab.example.org",
            "https://lab.example.org:8443",
            "http://ui.example.org",
            "http://evil@localhost:3000",
        ] {
            assert!(!list.allows(origin), "{origin}");
        }
    }

    #[test]
    fn a_star_allows_everything_and_an_empty_list_nothing() {
        let any = origins(&["*"]);
        assert!(any.allows("https://anything.example") && any.allows("null") && any.allows_any());
        let none = origins(&[]);
        assert!(!none.allows("http://localhost:3000") && none.is_empty() && !none.allows_any());
        assert!(origins(&["null"]).allows("null"));
    }

    #[test]
    fn entries_that_can_never_match_are_refused() {
        for text in [
            "",
            "localhost",
            "http://",
            "http://x/",
            "http://x:99999",
            "http://*.example.org",
            "://x",
            "http://::1:80",
            "https://*",
            "http://*:*",
            "app://*:*",
        ] {
            assert!(OriginPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn displays_as_written() {
        let written =
            ["http://[::1]:*", "*", "null", "https://a.example:8443", "https://a.example", "app://*", "file://"];
        assert_eq!(origins(&written).texts().collect::<Vec<_>>(), written);
    }

    #[test]
    fn apps_and_extensions_are_listed_by_scheme_and_files_by_themselves() {
        let list = origins(&["vscode-webview://*", "file://", "app://obsidian.md", "moz-extension://*"]);
        for origin in [
            "vscode-webview://1p2q3r",
            "vscode-webview://",
            "VSCODE-WEBVIEW://x",
            "file://",
            "app://obsidian.md",
            "moz-extension://0c0ffee0-0000-4000-8000-000000000000",
        ] {
            assert!(list.allows(origin), "{origin}");
        }
        for origin in [
            "vscode-webview://*",
            "vscode-webview",
            "file://x",
            "null",
            "app://other",
            "app://",
            "http://vscode-webview",
        ] {
            assert!(!list.allows(origin), "{origin}");
        }
    }
}
