//! What pingora needs to know of each URL of a table. It is made once, when the table is loaded; a call adds its address and
//! its time limits.

use super::heads::CallHead;
use crate::proxy::connection::socket::UpstreamConnector;
use crate::table::{Connect, Endpoint, Table, Tls, Upstream};
use pingora::protocols::TcpKeepalive;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// How long an unused connection is kept, unless the upstream says otherwise.
pub const KEEP: Duration = Duration::from_secs(60);

/// For each URL, by its number: its peer, and the head of its calls.
pub struct Peers(Box<[(HttpPeer, CallHead)]>);

impl Peers {
    /// The peers of all URLs of a table.
    pub fn new(table: &Table) -> Self {
        let of = |upstream: &Upstream| {
            let tls = TlsMaterial::new(&upstream.tls);
            let both = |endpoint: &Arc<Endpoint>| (peer(upstream, endpoint, &tls), CallHead::new(upstream, endpoint));
            upstream.endpoints().map(both).collect::<Vec<_>>()
        };
        Peers(table.upstreams().flat_map(|upstream| of(upstream)).collect())
    }

    /// Returns the peer of a URL, without address and times; `None` for a URL of another table.
    pub fn of(&self, endpoint: &Endpoint) -> Option<HttpPeer> {
        self.0.get(endpoint.number).map(|(peer, _)| peer.clone())
    }

    /// Returns what the heads of a URL's calls have in common; `None` for a URL of another table.
    pub fn head(&self, endpoint: &Endpoint) -> Option<&CallHead> {
        self.0.get(endpoint.number).map(|(_, head)| head)
    }
}

/// Certificates that all connections of an upstream share.
struct TlsMaterial {
    authorities: Option<Arc<[WrappedX509]>>,
    identity: Option<Arc<CertKey>>,
}

impl TlsMaterial {
    /// The certificates of an upstream. They were checked when the table was read.
    fn new(tls: &Tls) -> Self {
        let parsed = |der: &Vec<u8>| WrappedX509::new(der.clone(), parse_x509);
        TlsMaterial {
            authorities: (!tls.authorities.is_empty()).then(|| tls.authorities.iter().map(parsed).collect()),
            identity: tls
                .identity
                .as_ref()
                .map(|identity| Arc::new(CertKey::new(identity.chain.clone(), identity.key.clone()))),
        }
    }
}

fn peer(upstream: &Upstream, endpoint: &Endpoint, tls: &TlsMaterial) -> HttpPeer {
    let unknown = (Ipv4Addr::UNSPECIFIED, endpoint.port);
    let mut peer = HttpPeer::new(unknown, endpoint.tls, endpoint.host.clone());
    match &endpoint.connect {
        Connect::Name(..) => {}
        Connect::Address(address) => peer._address = SocketAddr::Inet(*address),
        Connect::Unix(path) => peer._address = SocketAddr::Unix(path.clone()),
    }
    // pingora's pool knows neither authorities nor client keys, so the group key is ours.
    // A reload that changes nothing of a group keeps its connections.
    peer.group_key = upstream.group;
    peer.client_cert_key.clone_from(&tls.identity);
    let options = &mut peer.options;
    options.ca.clone_from(&tls.authorities);
    options.verify_cert = upstream.tls.verify;
    options.verify_hostname = upstream.tls.verify;
    options.idle_timeout = Some(upstream.timeouts.keep.unwrap_or(KEEP));
    options.tcp_keepalive = Some(TcpKeepalive {
        idle: Duration::from_secs(60),
        interval: Duration::from_secs(15),
        count: 4,
        #[cfg(target_os = "linux")]
        user_timeout: Duration::ZERO,
    });
    options.custom_l4 = Some(Arc::new(UpstreamConnector));
    peer
}
