//! Settings for fetching the images that requests name by URL.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// How images are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// True if images are fetched at all.
    pub fetch: bool,
    /// Hosts that may have addresses of the internal network.
    pub allowed: Vec<AllowedHost>,
    /// The largest image, in bytes.
    pub max_bytes: usize,
    /// The maximum number of images in one request.
    pub most: usize,
    /// The time limit for one image, redirects included.
    pub timeout: Duration,
}

impl Default for Images {
    fn default() -> Self {
        Images { fetch: true, allowed: Vec::new(), max_bytes: 10 << 20, most: 20, timeout: Duration::from_secs(10) }
    }
}

impl Images {
    /// Returns true if images may come from this host whatever its address is. `host` is in lower case, an address in
    /// its usual form.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        self.allowed.iter().any(|allowed| allowed.covers(host, port))
    }
}

/// A host, or all hosts below a domain, on one port or on all ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// A name in lower case, or an address without brackets.
    name: String,
    /// True if it stands for the hosts below the name.
    below: bool,
    port: Option<u16>,
}

impl AllowedHost {
    /// Parses `figures.lab.gov`, `*.lab.gov`, `10.1.2.3` or `[fd00::1]`, each with or without a port.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
            _ => (text, None),
        };
        let below = host.starts_with("*.");
        let host = host.strip_prefix("*.").unwrap_or(host).to_ascii_lowercase();
        let name = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => inner.parse::<Ipv6Addr>().ok()?.to_string(),
            None => host.strip_suffix('.').unwrap_or(&host).to_owned(),
        };
        let is_address = name.parse::<IpAddr>().is_ok();
        let is_name = name.len() <= 253 && name.split('.').all(is_label);
        (if below { is_name && !is_address } else { is_name || is_address }).then_some(AllowedHost {
            name,
            below,
            port,
        })
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        let named = if self.below {
            host.strip_suffix(self.name.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.name
        };
        named && self.port.is_none_or(|own| own == port)
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_allowed_by_name_domain_and_port() {
        let covers = |allowed: &str, host: &str, port: u16| AllowedHost::parse(allowed).unwrap().covers(host, port);
        assert!(covers("Figures.Lab.gov", "figures.lab.gov", 443));
        assert!(covers("figures.lab.gov:8443", "figures.lab.gov", 8443));
        assert!(!covers("figures.lab.gov:8443", "figures.lab.gov", 443));
        assert!(covers("*.lab.gov", "a.b.lab.gov", 80));
        for other in ["lab.gov", ".lab.gov", "evillab.gov", "a.lab.gov.evil.com"] {
            assert!(!covers("*.lab.gov", other, 80), "{other}");
        }
        assert!(covers("10.1.2.3:80", "10.1.2.3", 80));
        assert!(covers("[FD00:0::1]", "fd00::1", 80) && covers("[fd00::1]:8080", "fd00::1", 8080));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for odd in [
            "",
            "*",
            "*.",
            "*.10.1.2.3",
            "a b",
            "https://a",
            "a/b",
            "a:0",
            "a:x",
            "a:",
            "fd00::1",
            "[a]",
            "[10.0.0.1]",
            "a..b",
            "*.*.a",
        ] {
            assert_eq!(AllowedHost::parse(odd), None, "{odd}");
        }
    }
}
