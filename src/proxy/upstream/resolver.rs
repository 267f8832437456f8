//! Resolves the host names of upstreams with tokio, within a time limit, and caches the addresses.
//!
//! pingora itself would resolve names with a blocking call, and panic if that fails.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// How long a cached address is used without asking again.
const FRESH: Duration = Duration::from_secs(30);
/// How long a cached address is used if the name can no longer be resolved.
const STALE: Duration = Duration::from_secs(600);

/// Resolves names and caches their addresses.
#[derive(Debug, Default)]
pub struct Resolver {
    known: RwLock<HashMap<String, KnownAddresses>>,
}

#[derive(Debug, Clone)]
struct KnownAddresses {
    addresses: Arc<[SocketAddr]>,
    at: Instant,
}

impl Resolver {
    /// Returns the addresses of a host, at least one.
    ///
    /// # Errors
    /// The system's error, or `TimedOut` after `limit`.
    pub async fn addresses(&self, host: &str, port: u16, limit: Duration) -> io::Result<Arc<[SocketAddr]>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(Arc::new([SocketAddr::new(ip, port)]));
        }
        let known = self.known.read().ok().and_then(|known| known.get(host).cloned());
        let with_port = |known: KnownAddresses| known.addresses.iter().map(|a| SocketAddr::new(a.ip(), port)).collect();
        if let Some(known) = known.clone().filter(|known| known.at.elapsed() < FRESH) {
            return Ok(with_port(known));
        }
        match lookup(host, port, limit).await {
            Ok(addresses) => {
                if let Ok(mut known) = self.known.write() {
                    known.insert(host.to_owned(), KnownAddresses { addresses: addresses.clone(), at: Instant::now() });
                }
                Ok(addresses)
            }
            Err(e) => known.filter(|known| known.at.elapsed() < STALE).map(with_port).ok_or(e),
        }
    }
}

/// Resolves a name without the cache.
pub async fn lookup(host: &str, port: u16, limit: Duration) -> io::Result<Arc<[SocketAddr]>> {
    let found = tokio::time::timeout(limit, tokio::net::lookup_host((host, port)));
    let addresses: Arc<[SocketAddr]> = found.await.map_err(|_| io::ErrorKind::TimedOut)??.collect();
    if addresses.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_names_and_nonsense() {
        let resolver = Resolver::default();
        let limit = Duration::from_secs(5);
        assert_eq!(resolver.addresses("::1", 7, limit).await.unwrap()[0].to_string(), "[::1]:7");
        let first = resolver.addresses("localhost", 8, limit).await.unwrap();
        let again = resolver.addresses("localhost", 9, limit).await.unwrap();
        assert!(first.iter().all(|a| a.port() == 8 && a.ip().is_loopback()));
        assert!(again.iter().all(|a| a.port() == 9));
        assert!(resolver.addresses("no such host", 1, limit).await.is_err());
    }
}
