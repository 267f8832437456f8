//! What pingora needs to know of each URL of a table. It is made once, when the table is loaded; a call adds its address and
//! its time limits.

use super::authorities;
use super::heads::CallHead;
use crate::proxy::connection::socket::UpstreamConnector;
use crate::table::{Connect, Endpoint, Table, Tls, Upstream};
use pingora::protocols::TcpKeepalive;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::upstreams::peer::{HttpPeer, PeerOptions};
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// How long an unused connection is kept, unless the upstream says otherwise.
pub const KEEP: Duration = Duration::from_secs(60);

/// How long sent bytes may go unacknowledged. A change of routes or an outage of some seconds is shorter.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

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
        let mut peer = self.0.get(endpoint.number).map(|(peer, _)| peer.clone())?;
        // Those of a list of models are read when it is asked for, and a start does not wait for them.
        if endpoint.tls && peer.options.ca.is_none() {
            peer.options.ca = authorities::for_connection();
        }
        Some(peer)
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
    let is_list = upstream.listing.as_ref().is_some_and(|list| list.number == endpoint.number);
    let usual = || if endpoint.tls && !is_list { authorities::for_connection() } else { None };
    options.ca = tls.authorities.clone().or_else(usual);
    options.verify_cert = upstream.tls.verify;
    options.verify_hostname = upstream.tls.verify;
    options.idle_timeout = Some(upstream.timeouts.keep.unwrap_or(KEEP));
    watch_for_death(options);
    options.custom_l4 = Some(Arc::new(UpstreamConnector));
    peer
}

/// Has the system end connections whose other side is gone. Probes find silent ones only while nothing is on its way; what is on its
/// way has a time limit of its own, without which the request would wait for its whole `timeout`.
fn watch_for_death(options: &mut PeerOptions) {
    options.tcp_keepalive = Some(TcpKeepalive {
        idle: Duration::from_secs(60),
        interval: Duration::from_secs(15),
        count: 4,
        // Elsewhere no safe call sets it: macOS goes on for some minutes.
        #[cfg(target_os = "linux")]
        user_timeout: UNACKNOWLEDGED,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::connection::socket::UpstreamSocket;
    use crate::table::Variables;
    use pingora::connectors::TransportConnector;
    use pingora::upstreams::peer::Peer;
    use rustix::net::sockopt;

    #[test]
    fn a_load_reads_no_authorities_for_a_list_of_models() {
        authorities::leave_out();
        let text = "version: 1\nupstreams: { u: { url: \"http://u/\", models_url: \"https://u/models\", dialect: openai } }\n\
                    models: { m: { names: { a: b } } }\n\
                    routes: [{ path: /, upstream: u, models: m, transformer: openai_chat_completions }]\n";
        let nothing = |_: &str| None;
        let files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let variables = Variables { config: &nothing, environment: &nothing, files: &files };
        let (table, _) = Table::load("t.yaml", text, &variables).unwrap_or_else(|problems| panic!("{problems:?}"));
        let peers = Peers::new(&table).0;
        assert!(peers.iter().any(|(peer, _)| peer.tls()));
        assert!(peers.iter().all(|(peer, _)| peer.options.ca.is_none()));
    }

    #[tokio::test]
    async fn an_upstream_connection_ends_when_nothing_is_acknowledged_and_delays_nothing() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = HttpPeer::new(listener.local_addr().unwrap(), false, String::new());
        watch_for_death(&mut peer.options);
        peer.options.custom_l4 = Some(Arc::new(UpstreamConnector));
        let (stream, _) = TransportConnector::new(None).get_stream(&peer).await.unwrap();
        let digest = stream.get_proxy_digest().unwrap();
        let socket = digest.user_data.as_ref().unwrap().downcast_ref::<Arc<UpstreamSocket>>().unwrap();
        let socket = socket.tcp().unwrap();
        #[cfg(target_os = "linux")]
        assert_eq!(u128::from(sockopt::tcp_user_timeout(socket).unwrap()), UNACKNOWLEDGED.as_millis());
        assert!(sockopt::tcp_nodelay(socket).unwrap());
        // pingora sets it on Linux alone.
        assert_eq!(sockopt::socket_keepalive(socket).unwrap(), cfg!(target_os = "linux"));
    }
}
