//! Runs pingora: binds the listeners, waits for requests in flight at a shutdown, and lets one process take over from another.
//!
//! pingora alone would retry a port in use for 30 s, then panic in a task and stay alive without serving. Its graceful stop either
//! sleeps for a fixed time or cuts requests. So this module binds the listeners, hands their descriptors to pingora, and watches the
//! signals.

pub mod addresses;
pub mod admin;
pub mod admin_page;
mod bind;
mod core_dumps;
mod draining;
mod handover_state;
pub mod instance;
mod listener;
mod manager;
mod on_listeners;
mod open_files;
pub mod places;
mod plain_http;
pub mod process_limits;
pub mod refresh;
mod refresh_log;
mod refresh_schedule;
pub mod reload;
mod shutdown;
mod successor;
mod terminal;
mod tls;
mod unix;
pub mod upgrade;
mod watched_socket;

pub use addresses::Addresses;
pub use bind::BindError;
pub use draining::DrainingApp;
pub use listener::Listener;
pub use terminal::StartingTerminal;
pub use tls::Certificates;
pub use unix::{check_private, private_directory};

use crate::proxy::connection::waiting::WaitingConnections;
use crate::proxy::in_flight::InFlight;
use crate::proxy::upstream::authorities;
use crate::proxy::upstream::connect::MOST_ATTEMPTS;
use crate::telemetry::process_log;
use draining::Connections;
use handover_state::HandoverState;
use listener::ListenerSocket;
use on_listeners::{OnListeners, SharedApp};
use pingora::apps::{HttpServerApp, ServerApp};
use pingora::listeners::{ListenerConfig, Listeners};
use pingora::prelude::fast_timeout;
use pingora::protocols::l4::stream::L4BufferSettings;
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server};
use pingora::services::listening::Service as Listening;
use plain_http::PlainHttpAnswer;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use successor::Successor;
use tokio::sync::mpsc::unbounded_channel;
use upgrade::Newcomer;
use watched_socket::WatchedSocket;

/// Connections to upstreams that are kept for reuse, for each thread.
const POOLED: usize = 256;

/// A process that serves.
pub struct Runner {
    server: Server,
    in_flight: InFlight,
    connections: Connections,
    waiting: Arc<WaitingConnections>,
    drain: Duration,
    handover: Arc<HandoverState>,
    place: Option<PathBuf>,
    addresses: Addresses,
}

impl Runner {
    /// Makes a process with `threads` threads for each service. When it stops it waits up to `drain` for requests in flight. Another
    /// process can take over from it in the instance directory `place`, where it leaves `addresses`.
    pub fn new(
        threads: usize,
        drain: Duration,
        in_flight: InFlight,
        place: Option<PathBuf>,
        addresses: Addresses,
    ) -> Self {
        let conf = ServerConf {
            threads,
            // A single worker has no one to steal from; the current-thread runtime is cheaper.
            work_stealing: threads > 1,
            // pingora's own timer thread wakes a hundred times a second. With 0, only timeouts below a second use it.
            fast_timeout_to_tokio_threshold_seconds: Some(0),
            // `Shutdown` ends the process earlier, as soon as nothing is in flight.
            grace_period_seconds: Some(drain.as_secs() + 1),
            graceful_shutdown_timeout_seconds: Some(0),
            max_retries: MOST_ATTEMPTS,
            ca_file: authorities::file(),
            upstream_keepalive_pool_size: POOLED,
            ..ServerConf::default()
        };
        // The server sets this when it runs, and lists of models are asked for before that: one timeout would start that thread for good.
        fast_timeout::set_fast_timeout_to_tokio_threshold(Some(Duration::ZERO));
        let waiting = Arc::new(WaitingConnections::new(open_files::allow_most()));
        let server = Server::new_with_opt_and_conf(None, conf);
        let (connections, handover) = (Connections::default(), Arc::default());
        Runner { server, in_flight, connections, waiting, drain, handover, place, addresses }
    }

    /// Returns the configuration that pingora's services are made with.
    pub fn configuration(&self) -> Arc<ServerConf> {
        self.server.configuration.clone()
    }

    /// Returns the connections that wait for a request, on all listeners.
    pub fn waiting(&self) -> Arc<WaitingConnections> {
        self.waiting.clone()
    }

    /// Serves `app` on all of `listeners`.
    ///
    /// # Errors
    /// Why the system or TLS refuses, in a sentence.
    pub fn add<A: HttpServerApp + Send + Sync + 'static>(
        &mut self,
        name: &str,
        app: A,
        listeners: Vec<Listener>,
    ) -> Result<(), String> {
        self.add_under(name, app, listeners, |app| app)
    }

    /// Serves `app` on all of `listeners`, within the application that `wrap` returns.
    ///
    /// # Errors
    /// Why the system or TLS refuses, in a sentence.
    pub fn add_under<A, B>(
        &mut self,
        name: &str,
        app: A,
        listeners: Vec<Listener>,
        wrap: impl FnOnce(DrainingApp<A>) -> B,
    ) -> Result<(), String>
    where
        A: HttpServerApp + Send + Sync + 'static,
        B: ServerApp + Send + Sync + 'static,
    {
        let app = Arc::new(wrap(DrainingApp::new(app, self.connections.clone())));
        let mut before_tls = Listeners::new();
        before_tls.set_pre_tls_callback(Arc::new(PlainHttpAnswer { waiting: self.waiting.clone() }));
        let mut service = Listening::with_listeners(name.to_owned(), before_tls, SharedApp(app.clone()));
        let (renewed, renewals) = unbounded_channel();
        for listener in &listeners {
            let shared = listener.share().map_err(|e| format!("a listener cannot be kept for an upgrade: {e}"))?;
            let (key, name) = (listener.key(), shared.name.clone());
            self.handover.add(shared);
            match (&listener.socket, &listener.certificates) {
                // Heads and bodies are read into their own buffers; a read buffer below them would cost memory and a copy.
                (ListenerSocket::Inet(..), None) => {
                    service.add_listener(ListenerConfig::tcp(key).l4_buffer(L4BufferSettings::default().read(0)));
                }
                (ListenerSocket::Inet(..), Some(certificates)) => {
                    service.add_tls_with_settings(&key, None, certificates.settings()?)
                }
                (ListenerSocket::Unix(_, path), _) => {
                    service.add_uds(&key, Some(Permissions::from_mode(0o600)));
                    self.handover.watch(WatchedSocket::new(name, path.into(), renewed.clone()));
                }
            }
        }
        let app = Arc::new(SharedApp(app));
        self.server.add_service(OnListeners { service, app, listeners, renewed: Some(renewals) });
        Ok(())
    }

    /// Serves until a signal ends it or another process takes over, and then exits. `newcomer` is the connection to the process that
    /// this one takes over from. `introduction` is written once the services have started and signals are handled.
    pub fn run(mut self, newcomer: Option<Newcomer>, introduction: String) -> ! {
        self.server.bootstrap();
        let watch = shutdown::Shutdown {
            in_flight: self.in_flight,
            connections: self.connections,
            drain: self.drain,
            handover: self.handover,
            place: self.place,
            addresses: self.addresses,
            newcomer: Mutex::new(newcomer),
            successor: Successor::of_this(),
            introduction,
        };
        self.server.run(RunArgs { shutdown_signal: Box::new(watch) });
        process_log::exit(0)
    }
}
