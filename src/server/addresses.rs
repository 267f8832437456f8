//! Where a running instance listens, as it writes it down for `health`, and where this machine reaches it.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// All addresses of an instance, and what to ask there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// `http://…` or `https://…`, one for each address of the host.
    pub urls: Vec<String>,
    /// The Unix socket.
    pub socket: Option<PathBuf>,
    /// The path that says whether the instance is ready.
    pub ready: Option<String>,
}

/// Returns the address at which a client on this machine reaches a listener. Whoever listens everywhere is reached on loopback.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
