//! Settings for fetching the images that requests name by URL.

use super::ip_network::IpNetwork;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// How images are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// True if images are fetched at all.
    pub fetch: bool,
    /// Hosts that may have any address and port.
    pub allowed: Vec<ImageHost>,
    /// What is not fetched from.
    pub denied: Vec<DeniedPlace>,
    /// The largest image, in bytes.
    pub max_bytes: usize,
    /// The maximum number of images in one request.
    pub most: usize,
    /// The time limit for one image, redirects included.
    pub timeout: Duration,
}

impl Default for Images {
    fn default() -> Self {
        let (allowed, denied) = (Vec::new(), Vec::new());
        Images { fetch: true, allowed, denied, max_bytes: 10 << 20, most: 20, timeout: Duration::from_secs(10) }
    }
}

impl Images {
    /// Returns true if images may come from this host whatever its address is. `host` is in lower case, an address in
    /// its usual form.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        self.allowed.iter().any(|allowed| allowed.covers(host, port))
    }

    /// Returns true if nothing is fetched from a host of this name.
    pub fn denies_host(&self, host: &str, port: u16) -> bool {
        self.denied.iter().any(|denied| matches!(denied, DeniedPlace::Host(name) if name.covers(host, port)))
    }

    /// Returns true if nothing is fetched from an address, unless the table allows its host.
    pub fn denies_address(&self, ip: IpAddr) -> bool {
        self.denied.iter().any(|denied| matches!(denied, DeniedPlace::Network(network) if network.contains(ip)))
    }
}

/// What images are not fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeniedPlace {
    /// A host by its name.
    Host(ImageHost),
    /// Addresses, whatever name they were found by.
    Network(IpNetwork),
}

impl DeniedPlace {
    /// Parses `figures.lab.gov`, `*.lab.gov`, `141.142.0.0/16`, `2620:0:dc0::/48` or a single address.
    pub fn parse(text: &str) -> Option<Self> {
        match IpNetwork::parse(text) {
            Some(network) => Some(DeniedPlace::Network(network)),
            None => ImageHost::parse(text).map(DeniedPlace::Host),
        }
    }
}

/// A host, or all hosts below a domain, on one port or on all ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageHost {
    /// A name in lower case, or an address without brackets.
    name: String,
    /// True if it stands for the hosts below the name.
    below: bool,
    port: Option<u16>,
}

impl ImageHost {
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
        (if below { is_name && !is_address } else { is_name || is_address }).then_some(ImageHost { name, below, port })
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
        let covers = |allowed: &str, host: &str, port: u16| ImageHost::parse(allowed).unwrap().covers(host, port);
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
    fn names_and_networks_are_denied() {
        let denied = ["*.lab.gov", "db.test:443", "141.142.0.0/16", "2620:0:dc0::/48", "9.9.9.9"];
        let denied = denied.map(|place| DeniedPlace::parse(place).unwrap()).to_vec();
        let images = Images { denied, ..Images::default() };
        assert!(images.denies_host("a.lab.gov", 80) && images.denies_host("db.test", 443));
        assert!(!images.denies_host("lab.gov", 80) && !images.denies_host("db.test", 80));
        for (address, is_denied) in [
            ("141.142.255.1", true),
            ("141.143.0.1", false),
            ("2620:0:dc0:ffff::1", true),
            ("2620:0:dc1::1", false),
            ("9.9.9.9", true),
            ("9.9.9.8", false),
        ] {
            assert_eq!(images.denies_address(address.parse().unwrap()), is_denied, "{address}");
        }
        for odd in ["", "*", "1.2.3.4/33", "1.2.3.0/-1", "1.2.3.4/", "lab.gov/8", "::/129", "a b"] {
            assert_eq!(DeniedPlace::parse(odd), None, "{odd}");
        }
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
            assert_eq!(ImageHost::parse(odd), None, "{odd}");
        }
    }
}
