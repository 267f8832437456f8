//! Resolves the host names of upstreams, and remembers what came of it.
//!
//! The system's own resolver is asked, through tokio: it knows `/etc/hosts`, nsswitch and the name servers of a VPN, which a resolver
//! written in Rust (hickory) does not. It can take long: with a dead first name server the C library goes on to the second one after
//! five seconds. So a known address is used at once and looked up again beside the request. A look-up that outlasts its request
//! goes on and is remembered. pingora itself would resolve names with a blocking call, and panic if that fails.

use pingora::ErrorType;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The error of a name that was not resolved in time.
pub const NAME_TIMEOUT: ErrorType = ErrorType::Custom("NameTimeout");
/// How long an address is used without asking again.
const FRESH: Duration = Duration::from_secs(30);
/// How long an address is used while it is looked up again, or can no longer be resolved.
const STALE: Duration = Duration::from_secs(600);
/// How long after a failure the name is not looked up again.
const FAILED: Duration = Duration::from_secs(3);

type LookUp = Box<dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

/// Resolves names and remembers their addresses and failures.
pub struct Resolver(Arc<ResolverState>);

struct ResolverState {
    names: Mutex<HashMap<String, NameMemory>>,
    look_up: LookUp,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
}

/// What is known of a name.
#[derive(Default)]
struct NameMemory {
    addresses: Option<(Arc<[IpAddr]>, Instant)>,
    failure: Option<(Failed, Instant)>,
    /// The look-up that is under way. The channel closes at its end.
    running: Option<watch::Receiver<()>>,
}

/// An error that several requests get.
#[derive(Clone)]
struct Failed(io::ErrorKind, String);

impl Default for Resolver {
    fn default() -> Self {
        let look_up = |host: String| -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect()) })
        };
        Resolver::new(Box::new(look_up), Box::new(Instant::now))
    }
}

impl Resolver {
    fn new(look_up: LookUp, now: Box<dyn Fn() -> Instant + Send + Sync>) -> Self {
        Resolver(Arc::new(ResolverState { names: Mutex::default(), look_up, now }))
    }

    /// Returns the addresses of a host, at least one.
    ///
    /// # Errors
    /// The system's error, or `TimedOut` after `limit`.
    pub async fn addresses(&self, host: &str, port: u16, limit: Duration) -> io::Result<Arc<[SocketAddr]>> {
        let with_port = |ips: &[IpAddr]| ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(with_port(&[ip]));
        }
        let mut running = match self.known(host)? {
            Findable::Addresses(ips) => return Ok(with_port(&ips)),
            Findable::Soon(running) => running,
        };
        // The channel closes when the look-up is over.
        let over = async { while running.changed().await.is_ok() {} };
        tokio::time::timeout(limit, over).await.map_err(|_| io::ErrorKind::TimedOut)?;
        let names = self.0.names();
        let name = names.get(host);
        match name.and_then(|name| Some((name.addresses.as_ref()?, name.failure.is_none()))) {
            Some(((ips, _), true)) => Ok(with_port(ips)),
            _ => Err(name.and_then(|name| name.failure.as_ref()).map_or(io::ErrorKind::Interrupted.into(), error)),
        }
    }

    /// Returns what is known of a name now, and begins a look-up where that is not enough.
    fn known(&self, host: &str) -> io::Result<Findable> {
        let now = (self.0.now)();
        let mut names = self.0.names();
        let name = match names.get_mut(host) {
            Some(name) => name,
            None => names.entry(host.to_owned()).or_default(),
        };
        let age = name.addresses.as_ref().map(|(_, at)| now.saturating_duration_since(*at));
        let has_failed = name.failure.as_ref().filter(|(_, at)| now.saturating_duration_since(*at) < FAILED);
        if let (Some((ips, _)), Some(age)) = (&name.addresses, age)
            && age < STALE
        {
            let ips = ips.clone();
            if age >= FRESH && has_failed.is_none() {
                self.begin(host, name);
            }
            return Ok(Findable::Addresses(ips));
        }
        match has_failed {
            Some(failure) => Err(error(failure)),
            None => Ok(Findable::Soon(self.begin(host, name))),
        }
    }

    /// Begins a look-up, unless one of this name is under way. Returns the channel that closes at its end.
    fn begin(&self, host: &str, name: &mut NameMemory) -> watch::Receiver<()> {
        // A look-up whose runtime has ended has closed its channel without a result.
        if let Some(running) = name.running.as_ref().filter(|running| running.has_changed().is_ok()) {
            return running.clone();
        }
        let (end, running) = watch::channel(());
        name.running = Some(running.clone());
        let (shared, host) = (self.0.clone(), host.to_owned());
        tokio::spawn(async move {
            let found = (shared.look_up)(host.clone()).await;
            shared.remember(&host, found);
            drop(end);
        });
        running
    }
}

/// What is known of a name.
enum Findable {
    Addresses(Arc<[IpAddr]>),
    Soon(watch::Receiver<()>),
}

impl ResolverState {
    fn names(&self) -> MutexGuard<'_, HashMap<String, NameMemory>> {
        // Nothing panics while it is locked.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, host: &str, found: io::Result<Vec<IpAddr>>) {
        let now = (self.now)();
        let mut names = self.names();
        let Some(name) = names.get_mut(host) else { return };
        name.running = None;
        match found {
            Ok(ips) if !ips.is_empty() => {
                name.addresses = Some((ips.into(), now));
                name.failure = None;
            }
            Ok(_) => name.failure = Some((Failed(io::ErrorKind::NotFound, "the name has no address".to_owned()), now)),
            Err(e) => name.failure = Some((Failed(e.kind(), e.to_string()), now)),
        }
    }
}

fn error((Failed(kind, text), _): &(Failed, Instant)) -> io::Error {
    io::Error::new(*kind, text.clone())
}

#[cfg(test)]
mod tests;
