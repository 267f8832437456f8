//! An http or https URL, parsed once. The same parts are checked, connected to and sent, so the URL cannot be read in
//! two ways. The grammar is that of RFC 3986.

use fluent_uri::component::{Authority, Host};
use fluent_uri::{ParseError, Uri, UriRef};
use std::fmt;

/// The maximum length of a host name, in bytes.
const LONGEST_HOST: usize = 253;

/// An absolute http or https URL without a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    tls: bool,
    host: String,
    port: Option<u16>,
    authority: String,
    path: String,
}

/// The fault of a URL. Each caller writes its own message about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// There is no `://`.
    NoAuthority,
    /// The scheme is neither http nor https.
    Scheme,
    /// The host is missing.
    NoHost,
    /// There is a user name or a password.
    User,
    /// The port is not a number from 1 to 65535.
    Port,
    /// The text in brackets is not an IPv6 address.
    Ipv6,
    /// The host is neither a name nor an address.
    Host,
    /// A character that is not allowed at its position.
    Character(char),
}

impl HttpUrl {
    /// Parses a URL strictly.
    ///
    /// # Errors
    /// The first fault of the URL.
    pub fn parse(text: &str) -> Result<Self, UrlFault> {
        let tls = scheme(text)?;
        let uri = Uri::parse(text).map_err(|error| fault(text, error))?;
        let authority = uri.authority().ok_or(UrlFault::NoAuthority)?;
        let port = port(authority)?;
        let host = host(authority.host_parsed(), authority.host())?;
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = if uri.path().is_empty() { "/" } else { uri.path().as_str() };
        Ok(HttpUrl {
            text: text.to_owned(),
            tls,
            host,
            port,
            authority: authority.as_str().to_owned(),
            path: format!("{path}{query}"),
        })
    }

    /// Parses an untrusted URL as browsers do: `\` ends the host, and invalid characters behind the host are escaped. A
    /// final dot of the host and the scheme's default port are removed.
    ///
    /// # Errors
    /// The first fault of the URL.
    pub fn parse_lenient(text: &str) -> Result<Self, UrlFault> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlFault::NoAuthority)?;
        HttpUrl::parse(&format!("{scheme}://{}", repaired(rest))).map(HttpUrl::canonical)
    }

    /// Resolves a `Location` header against this URL, parsed as leniently.
    ///
    /// # Errors
    /// The first fault of the resulting URL.
    pub fn join(&self, location: &str) -> Result<Self, UrlFault> {
        let location = match location.split_once("//") {
            Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') && is_scheme(scheme) => {
                format!("{scheme}//{}", repaired(rest))
            }
            _ => escaped(location),
        };
        let location = UriRef::parse(location.as_str()).map_err(|error| fault(&location, error))?;
        let base = Uri::parse(self.text.as_str()).map_err(|error| fault(&self.text, error))?;
        let joined = location.resolve_against(&base.strip_fragment()).map_err(|_| UrlFault::NoAuthority)?;
        HttpUrl::parse(joined.as_str()).map(HttpUrl::canonical)
    }

    fn canonical(self) -> Self {
        let host = self.host.strip_suffix('.').unwrap_or(&self.host).to_owned();
        let named = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let authority = match self.port() {
            port if port == usual_port(self.tls) => named,
            port => format!("{named}:{port}"),
        };
        HttpUrl { host, authority, ..self }
    }

    /// Returns the whole URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true for https.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// Returns the host: a name in lower case, or an address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port of the URL, or else the default port of its scheme.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(usual_port(self.tls))
    }

    /// Returns the value for a `Host` header.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns path and query as sent: visible ASCII that starts with a slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns true for a URL with a query or a fragment.
    pub fn has_query_or_fragment(&self) -> bool {
        self.text.contains(['?', '#'])
    }

    /// Returns true if the path ends with a slash. ARGO redirects a path without it, and a redirected POST is lost.
    pub fn ends_with_slash(&self) -> bool {
        self.text.ends_with('/')
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn usual_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

fn scheme(text: &str) -> Result<bool, UrlFault> {
    let (scheme, _) = text.split_once("://").ok_or(UrlFault::NoAuthority)?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok(true),
        "http" => Ok(false),
        _ => Err(UrlFault::Scheme),
    }
}

/// Returns true for a scheme with its colon.
fn is_scheme(text: &str) -> bool {
    let scheme = text.strip_suffix(':').unwrap_or(text);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Returns the port of an authority; `None` when it is missing or empty, so that the scheme's port applies.
fn port(authority: Authority<'_>) -> Result<Option<u16>, UrlFault> {
    if authority.has_userinfo() {
        return Err(UrlFault::User);
    }
    match authority.port_to_u16() {
        Ok(None) => Ok(None),
        Ok(Some(port)) if port > 0 => Ok(Some(port)),
        Ok(Some(_)) | Err(_) => Err(UrlFault::Port),
    }
}

fn host(host: Host<'_>, written: &str) -> Result<String, UrlFault> {
    match host {
        Host::Ipv4(ip) => Ok(ip.to_string()),
        Host::Ipv6(ip) => Ok(ip.to_string()),
        Host::RegName(name) if name.is_empty() => Err(UrlFault::NoHost),
        Host::RegName(name) => {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let is_name = name.len() <= LONGEST_HOST && name.as_str().bytes().all(is_plain);
            let has_label = name.as_str().bytes().any(|byte| byte != b'.');
            if is_name && has_label { Ok(name.as_str().to_ascii_lowercase()) } else { Err(UrlFault::Host) }
        }
        _ if written.starts_with('[') => Err(UrlFault::Ipv6),
        _ => Err(UrlFault::Host),
    }
}

/// Returns the fault of a URL that does not parse.
fn fault(text: &str, error: ParseError) -> UrlFault {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let start = text.len() - rest.len();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let odd = |c: &char| !c.is_ascii_graphic() || UNSAFE.contains(&u8::try_from(*c).unwrap_or(b' '));
    if let Some(c) = rest.chars().find(odd) {
        return if authority.contains('@') { UrlFault::User } else { UrlFault::Character(c) };
    }
    if error.index() > start + authority.len() {
        return UrlFault::Character(text.get(error.index()..).and_then(|rest| rest.chars().next()).unwrap_or(' '));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    match host {
        _ if authority.contains('@') => UrlFault::User,
        _ if !port.bytes().all(|byte| byte.is_ascii_digit()) => UrlFault::Port,
        host if host.starts_with('[') && host.ends_with(']') => UrlFault::Ipv6,
        _ => UrlFault::Host,
    }
}

/// Characters that a URL cannot contain, besides white space and non-ASCII characters.
const UNSAFE: &[u8] = b"\"<>\\^`{|}";

/// Returns the text after `://`, with its path and query escaped.
fn repaired(rest: &str) -> String {
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let slash = if path.starts_with('\\') { "/" } else { "" };
    format!("{authority}{slash}{}", escaped(path))
}

/// Returns path and query without the fragment, with invalid characters escaped.
fn escaped(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let is_escape = matches!(after, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        let is_plain = byte.is_ascii_graphic() && !UNSAFE.contains(&byte) && !matches!(byte, b'[' | b']');
        if is_plain && (byte != b'%' || is_escape) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests;
