//! The names by which a proxy may be called.

use super::Globs;
use std::net::{IpAddr, Ipv6Addr};

/// Stands for a value that cannot be read. It is no host and no origin.
pub(super) const MALFORMED: &str = "?";

/// The names by which containers find their host. No other name below `internal` counts: a site's own DNS may serve it.
const OF_CONTAINERS: [&str; 3] = ["host.docker.internal", "gateway.docker.internal", "host.containers.internal"];

/// The configured names of a proxy. IP addresses, `localhost` and the names of containers' hosts always count as its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Globs);

impl Hosts {
    /// Takes names, `*.domain`, or `*` for every name. Case does not matter.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Hosts(Globs::new(names.into_iter().map(plain)))
    }

    /// Returns the names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter()
    }

    /// Returns true if an authority names one of the configured hosts.
    pub fn names_host(&self, authority: &str) -> bool {
        host_of(authority).is_some_and(|host| self.0.fit(&plain(host)))
    }

    /// Returns true if an authority names the proxy. An IP address always does, since DNS cannot redirect it. So do
    /// `localhost` and what is below it, and the names of containers' hosts: nobody can register them.
    pub fn has(&self, authority: &str) -> bool {
        let host = host_of(authority).unwrap_or(MALFORMED);
        if host.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = plain(host);
        let is_local = name == "localhost" || name.ends_with(".localhost");
        is_local || OF_CONTAINERS.contains(&name.as_str()) || self.0.fit(&name)
    }
}

/// Returns a host's name as it is compared.
fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Returns the host of an authority, without brackets, if it is a host with or without a port, and nothing else.
fn host_of(authority: &str) -> Option<&str> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']').filter(|(address, _)| address.parse::<Ipv6Addr>().is_ok())?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    let is_whole = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    (is_whole && host.bytes().all(is_plain)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host_with_or_without_a_port_and_nothing_else() {
        let hosts = Hosts::new(["argo.lab"]);
        for (authority, own) in [
            ("localhost:", true),
            ("host.docker.internal:44497", true),
            ("Gateway.Docker.internal", true),
            ("host.containers.internal.", true),
            ("internal", false),
            ("git.internal", false),
            ("x.host.docker.internal", false),
            ("[::1].evil.example", false),
            ("[::1]x:80", false),
            ("[::1", false),
            ("127.0.0.1:80.evil.example", false),
            ("127.0.0.1:80:80", false),
            ("localhost:80/evil.example", false),
            ("evil.example/.localhost", false),
            ("user@x.localhost", false),
            ("localhost:123456", false),
        ] {
            assert_eq!(hosts.has(authority), own, "{authority}");
        }
        assert!(hosts.names_host("argo.lab:8443") && !hosts.names_host("argo.lab:8443.evil.example"));
    }
}
