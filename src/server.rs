//! Runs pingora: listeners that are bound before anything says so, and a shutdown that waits for what is in flight.
//!
//! pingora alone would retry a port in use for 30 s, panic in a task and stay alive serving nothing; and its graceful stop
//! either sleeps for a fixed time or cuts. So listeners are bound here and handed over by descriptor, and the signals are
//! watched here.

use crate::proxy::InFlight;
use crate::proxy::call::MOST_ATTEMPTS;
use async_trait::async_trait;
use log::{info, warn};
use pingora::apps::HttpServerApp;
use pingora::server::configuration::ServerConf;
use pingora::server::{ListenFds, RunArgs, Server, ShutdownSignal, ShutdownSignalWatch, ShutdownWatch};
use pingora::services::Service;
use pingora::services::listening::Service as Listening;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often a draining server looks whether it may go.
const LOOK: Duration = Duration::from_millis(20);
/// Connections to upstreams that are kept for reuse, for each thread.
const POOLED: usize = 256;

/// A listener that is bound, and its real address.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Binds at once, or fails at once.
    ///
    /// # Errors
    /// The system's, in a sentence that names the address and the remedy.
    pub fn new(host: &str, port: u16) -> Result<Self, String> {
        Bound::or(host, port, ["--port (0 picks a free one) or in config.yaml", "--port", "--host"])
    }

    /// The same for what `key` of the configuration sets.
    ///
    /// # Errors
    /// As for [`Bound::new`].
    pub fn by_key(key: &str, host: &str, port: u16) -> Result<Self, String> {
        let remedy = format!("`{key}` in config.yaml");
        Bound::or(host, port, [&remedy; 3])
    }

    /// `remedies`: what chooses a free port, a port, a host.
    fn or(host: &str, port: u16, remedies: [&str; 3]) -> Result<Self, String> {
        let [free, other, elsewhere] = remedies;
        let why = |e: io::Error| match e.kind() {
            io::ErrorKind::AddrInUse => {
                format!("port {port} on {host} is in use by another program; choose another with {free}")
            }
            io::ErrorKind::PermissionDenied => {
                format!("port {port} on {host} needs privileges; choose one above 1023 with {other}")
            }
            io::ErrorKind::AddrNotAvailable => {
                format!("{host} is no address of this machine; choose another with {elsewhere}")
            }
            _ => format!("cannot listen on {host}:{port}: {e}"),
        };
        let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(why)?.collect();
        let listener = TcpListener::bind(addresses.as_slice()).map_err(why)?;
        listener.set_nonblocking(true).map_err(why)?;
        let address = listener.local_addr().map_err(why)?;
        Ok(Bound { listener, address })
    }

    /// The address that clients reach.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Whether the system's certificates can be loaded, which every connection over TLS needs. pingora panics when not.
///
/// # Errors
/// What is wrong and what to do, in a sentence.
pub fn check_certificates() -> Result<(), String> {
    let mut store = pingora::tls::RootCertStore::empty();
    pingora::tls::load_platform_certs_incl_env_into_store(&mut store).map_err(|e| {
        let cause = e.cause.as_ref().map_or_else(|| e.to_string(), ToString::to_string);
        format!("the system's certificates cannot be loaded: {cause}; check SSL_CERT_FILE and SSL_CERT_DIR")
    })
}

/// A pingora service on a listener that is bound already.
struct OnListener<A> {
    service: Listening<A>,
    bound: Option<Bound>,
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> Service for OnListener<A> {
    async fn start_service(&mut self, fds: Option<ListenFds>, shutdown: ShutdownWatch, listeners_per_fd: usize) {
        if let (Some(fds), Some(bound)) = (&fds, self.bound.take()) {
            fds.lock().add(bound.address.to_string(), bound.listener.into_raw_fd());
        }
        self.service.start_service(fds, shutdown, listeners_per_fd).await;
    }

    fn name(&self) -> &str {
        Service::name(&self.service)
    }

    fn threads(&self) -> Option<usize> {
        Service::threads(&self.service)
    }
}

/// A process that serves.
pub struct Runner {
    server: Server,
    in_flight: InFlight,
    drain: Duration,
}

impl Runner {
    /// A process with `threads` threads for each service, that waits up to `drain` for requests in flight when it stops.
    pub fn new(threads: usize, drain: Duration, in_flight: InFlight) -> Self {
        let conf = ServerConf {
            threads,
            // The watch below ends the process earlier, as soon as nothing is in flight.
            grace_period_seconds: Some(drain.as_secs() + 1),
            graceful_shutdown_timeout_seconds: Some(0),
            max_retries: MOST_ATTEMPTS,
            upstream_keepalive_pool_size: POOLED,
            ..ServerConf::default()
        };
        Runner { server: Server::new_with_opt_and_conf(None, conf), in_flight, drain }
    }

    /// What pingora's services are made with.
    pub fn configuration(&self) -> Arc<ServerConf> {
        self.server.configuration.clone()
    }

    /// Serves `service` on `bound`.
    pub fn add<A: HttpServerApp + Send + Sync + 'static>(&mut self, mut service: Listening<A>, bound: Bound) {
        service.add_tcp(&bound.address.to_string());
        self.server.add_service(OnListener { service, bound: Some(bound) });
    }

    /// Serves until a signal ends it; the process ends with it.
    pub fn run(mut self) -> ! {
        self.server.bootstrap();
        let watch = Watch { in_flight: self.in_flight, drain: self.drain };
        self.server.run(RunArgs { shutdown_signal: Box::new(watch) });
        std::process::exit(0)
    }
}

/// SIGTERM and SIGINT: the first stops accepting and waits for what is in flight, the second ends at once.
struct Watch {
    in_flight: InFlight,
    drain: Duration,
}

#[async_trait]
impl ShutdownSignalWatch for Watch {
    async fn recv(&self) -> ShutdownSignal {
        let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
            warn!("signals cannot be watched; the process has to be killed to end it");
            return std::future::pending().await;
        };
        either(&mut terminate, &mut interrupt).await;
        let (in_flight, drain) = (self.in_flight.clone(), self.drain);
        info!(
            "stopping; requests in flight: {}, at most {} s for them; a second signal ends at once",
            in_flight.count(),
            drain.as_secs()
        );
        tokio::spawn(async move {
            tokio::select! {
                () = drained(&in_flight, drain) => std::process::exit(0),
                () = either(&mut terminate, &mut interrupt) => {
                    warn!("ended at once; requests cut: {}", in_flight.count());
                    std::process::exit(1);
                }
            }
        });
        ShutdownSignal::GracefulTerminate
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Returns when nothing is in flight, or when the time is up.
async fn drained(in_flight: &InFlight, limit: Duration) {
    let begun = Instant::now();
    // A request that was being accepted when the signal came is counted by the second look at the latest.
    tokio::time::sleep(LOOK * 2).await;
    while in_flight.count() > 0 {
        if begun.elapsed() >= limit {
            warn!("requests cut: {}; they took longer than drain_timeout ({} s)", in_flight.count(), limit.as_secs());
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    info!("stopped: nothing is in flight");
}
