//! Tests if a URL can be reached from this machine, and finds the reason if not.
//!
//! A probe is a GET without a body. ARGO's routes accept only POST and answer 405, which costs nothing and needs no
//! username. Names are resolved here because pingora's peers block on names and panic on unknown ones.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::upstreams::peer::{HttpPeer, Tracer, Tracing};

use super::reachability::Reachability;
use super::why::{connect_failure, unanswered};
use crate::proxy::upstream::{authorities, client};
use crate::wire::HttpUrl;

/// The most addresses of a name to try.
const MOST_ADDRESSES: usize = 4;

/// Tests one URL. `connect_timeout` limits each step: resolving the name, connecting to one of its (at most four)
/// addresses, and waiting for the answer.
pub async fn probe(url: &HttpUrl, connect_timeout: Duration) -> Reachability {
    let addresses = match resolve(url, connect_timeout).await {
        Ok(addresses) => addresses,
        Err(failure) => return failure,
    };
    // Reads the system's certificates, in a thread that may block.
    let Ok(connector) = tokio::task::spawn_blocking(|| Connector::new(Some(authorities::connector_options()))).await
    else {
        return Reachability::Tls("the system's CA certificates cannot be loaded".to_owned());
    };
    let mut last = Reachability::UnknownHost("the name has no address".to_owned());
    for address in addresses.into_iter().take(MOST_ADDRESSES) {
        last = ask(&connector, url, address, connect_timeout).await;
        if matches!(last, Reachability::Answers(_)) {
            break;
        }
    }
    last
}

/// Tests all URLs at once. Call it outside of any runtime. The results are in the order of the URLs.
pub fn probe_all(urls: &[HttpUrl], connect_timeout: Duration) -> Vec<Reachability> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Reachability::Broken(error.to_string()); urls.len()],
    };
    let answers = runtime.block_on(async {
        let asked: Vec<_> =
            urls.iter().cloned().map(|url| tokio::spawn(async move { probe(&url, connect_timeout).await })).collect();
        let mut answers = Vec::with_capacity(asked.len());
        for answer in asked {
            answers.push(answer.await.unwrap_or_else(|error| Reachability::Broken(error.to_string())));
        }
        answers
    });
    // A resolver that hangs must not delay the exit.
    runtime.shutdown_background();
    answers
}

async fn resolve(url: &HttpUrl, limit: Duration) -> Result<Vec<SocketAddr>, Reachability> {
    let lookup = tokio::net::lookup_host((url.host(), url.port()));
    match tokio::time::timeout(limit, lookup).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => {
            let why = error.to_string();
            // The prefix from std adds nothing to "DNS".
            let why = why.trim_start_matches("failed to lookup address information: ");
            Err(Reachability::UnknownHost(why.to_owned()))
        }
        Err(_) => Err(Reachability::UnknownHost(format!("no answer within {} s", limit.as_secs_f64()))),
    }
}

async fn ask(connector: &Connector, url: &HttpUrl, address: SocketAddr, limit: Duration) -> Reachability {
    let mut peer = HttpPeer::new(address, url.tls(), url.host().to_owned());
    let connected = Connected::default();
    peer.options.connection_timeout = Some(limit);
    peer.options.ca = if url.tls() { authorities::for_connection() } else { None };
    peer.options.tracer = Some(Tracer(Box::new(connected.clone())));
    let mut session = match connector.get_http_session(&peer).await {
        Ok((session, _)) => session,
        Err(error) => return connect_failure(&error, address, limit, connected.yes()),
    };
    let head = async {
        client::send(&mut session, request(url)?, None).await?;
        Ok::<_, pingora::BError>(client::final_head(&mut session).await?.status.as_u16())
    };
    let answer = match tokio::time::timeout(limit, head).await {
        Ok(Ok(status)) => Reachability::Answers(status),
        Ok(Err(error)) => unanswered(&error),
        Err(_) => Reachability::Silent(limit),
    };
    session.shutdown().await;
    answer
}

fn request(url: &HttpUrl) -> pingora::Result<RequestHeader> {
    let mut request = RequestHeader::build("GET", url.path().as_bytes(), None)?;
    request.insert_header("Host", url.authority())?;
    request.insert_header("User-Agent", concat!("argo-openai-proxy/", env!("CARGO_PKG_VERSION")))?;
    request.insert_header("Accept", "*/*")?;
    request.insert_header("Connection", "close")?;
    Ok(request)
}

/// Records that the TCP connection was made.
#[derive(Clone, Debug, Default)]
struct Connected(Arc<AtomicBool>);

impl Connected {
    fn yes(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tracing for Connected {
    fn on_connected(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn on_disconnected(&self) {}

    fn boxed_clone(&self) -> Box<dyn Tracing> {
        Box::new(self.clone())
    }
}
