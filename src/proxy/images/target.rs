//! Where an image is: a URL taken apart, and where a redirect of it leads.
//!
//! What is connected to and what is sent are made of the same parts, so nobody can read the URL in two ways.

use std::net::{IpAddr, Ipv6Addr};

/// An http or https URL, without its fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub tls: bool,
    /// A name in lower case, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// What a `Host` header says.
    pub authority: String,
    /// Path and query as they are sent; visible ASCII that starts with a slash.
    pub path: String,
}

impl Target {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence; nothing of the URL is in there.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").ok_or("it needs // and a host after its scheme")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("only http and https are fetched"),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err("a URL with a user name or password is not fetched");
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority, ""),
        };
        let usual = if tls { 443 } else { 80 };
        let port = match port {
            "" => usual,
            port if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                port.parse().ok().filter(|port| *port > 0).ok_or("its port is none")?
            }
            _ => return Err("its port is none"),
        };
        let host = self::host(host)?;
        let named = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let authority = if port == usual { named } else { format!("{named}:{port}") };
        Ok(Target { tls, host, port, authority, path: sendable(path) })
    }

    /// Where a `Location` leads from here.
    ///
    /// # Errors
    /// As for [`Target::parse`].
    pub fn join(&self, location: &str) -> Result<Self, &'static str> {
        let scheme = if self.tls { "https" } else { "http" };
        let has_scheme = location.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        });
        if has_scheme {
            return Target::parse(location);
        }
        if location.starts_with("//") {
            return Target::parse(&format!("{scheme}:{location}"));
        }
        let own = self.path.split('?').next().unwrap_or("/");
        let path = match location.as_bytes().first() {
            None | Some(b'#') => self.path.clone(),
            Some(b'/') => without_dots(location),
            Some(b'?') => format!("{own}{location}"),
            Some(_) => {
                let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
                without_dots(&format!("{folder}/{location}"))
            }
        };
        Ok(Target { path: sendable(&path), ..self.clone() })
    }
}

fn host(text: &str) -> Result<String, &'static str> {
    if let Some(inner) = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().map(|ip| ip.to_string()).map_err(|_| "its host is no IPv6 address");
    }
    let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) {
        return Ok(host);
    }
    if host.is_empty() {
        return Err("it has no host");
    }
    if !host.is_ascii() {
        return Err("its host has to be written in ASCII (xn--…)");
    }
    let odd = |byte: u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if host.len() > 253 || host.bytes().any(odd) {
        return Err("its host is no name and no address");
    }
    Ok(host)
}

/// Path and query without the fragment, with all that cannot stand in a request line escaped.
fn sendable(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        out.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A path without `.` and `..`, its query as it is.
fn without_dots(path: &str) -> String {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (path, query) = path.split_at_checked(end).unwrap_or((path, ""));
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.into_iter().enumerate() {
        let is_dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        }
        if !is_dots {
            kept.push(segment);
        } else if index == last {
            kept.push("");
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(target: &Target) -> String {
        let scheme = if target.tls { "https" } else { "http" };
        format!("{scheme} {}:{} {} {}", target.host, target.port, target.authority, target.path)
    }

    #[test]
    fn urls_come_apart() {
        for (url, expected) in [
            ("https://A.Test", "https a.test:443 a.test /"),
            ("HTTP://a.test:8080/b/c?d=/e#f", "http a.test:8080 a.test:8080 /b/c?d=/e"),
            ("https://a.test.:443?q", "https a.test:443 a.test /?q"),
            ("http://[::FFFF:7f00:1]:81/", "http ::ffff:127.0.0.1:81 [::ffff:127.0.0.1]:81 /"),
            ("http://10.0.0.1/", "http 10.0.0.1:80 10.0.0.1 /"),
            ("http://0x7f.1/é a\\\"%20\r\n", "http 0x7f.1:80 0x7f.1 /%C3%A9%20a%5C%22%20%0D%0A"),
            ("http://a\\@b/", "http a:80 a /%5C@b/"),
        ] {
            assert_eq!(shown(&Target::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn odd_urls_say_why() {
        for (url, why) in [
            ("http:/a", "// and a host"),
            ("ftp://a/", "only http"),
            ("http:///a", "no host"),
            ("http://me:secret@a/", "user name"),
            ("http://a:0/", "port"),
            ("http://a:99999/", "port"),
            ("http://a:+1/", "port"),
            ("http://[::1/", "no name"),
            ("http://[a]/", "IPv6"),
            ("http://ü.test/", "ASCII"),
            ("http://a b/", "no name"),
            ("http://a%2eb/", "no name"),
        ] {
            let told = Target::parse(url).unwrap_err();
            assert!(told.contains(why), "{url}: {told}");
        }
    }

    #[test]
    fn redirects_lead_where_they_say() {
        let from = Target::parse("https://a.test/b/c/d?e").unwrap();
        for (location, expected) in [
            ("http://x:1/y", "http x:1 x:1 /y"),
            ("//x/y", "https x:443 x /y"),
            ("/y/../z/./w?..", "https a.test:443 a.test /z/w?.."),
            ("f", "https a.test:443 a.test /b/c/f"),
            ("../f#g", "https a.test:443 a.test /b/f"),
            ("../../../..", "https a.test:443 a.test /"),
            ("./", "https a.test:443 a.test /b/c/"),
            ("?f", "https a.test:443 a.test /b/c/d?f"),
            ("", "https a.test:443 a.test /b/c/d?e"),
        ] {
            assert_eq!(shown(&from.join(location).unwrap()), expected, "{location}");
        }
        for location in ["file:///etc/passwd", "gopher://a/", "data:image/png;base64,AA", "javascript:1"] {
            assert!(from.join(location).is_err(), "{location}");
        }
    }
}
