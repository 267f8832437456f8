//! A pingora service on listeners that are bound already, and on those that replace a lost Unix socket while it runs.

use super::listener::Listener;
use async_trait::async_trait;
use log::error;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::protocols::l4::listener::Listener as Acceptor;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::Service;
use pingora::services::listening::Service as Listening;
use std::future::Future;
use std::os::unix::net::UnixListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// How long to wait when a connection cannot be accepted. The usual reason is the limit of open files.
const PAUSE: Duration = Duration::from_secs(1);

/// An application that two kinds of listeners share.
pub struct SharedApp<A>(pub Arc<A>);

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for SharedApp<A> {
    // Written out, since an `async fn` would add a future to each connection.
    fn process_new<'a, 'b, 'c>(
        self: &'a Arc<Self>,
        session: Stream,
        shutdown: &'b ShutdownWatch,
    ) -> Pin<Box<dyn Future<Output = Option<Stream>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        self.0.process_new(session, shutdown)
    }

    async fn cleanup(&self) {
        self.0.cleanup().await;
    }
}

/// A service and its listeners.
pub struct OnListeners<A> {
    pub service: Listening<SharedApp<A>>,
    pub app: Arc<SharedApp<A>>,
    pub listeners: Vec<Listener>,
    /// Listeners that replace others.
    pub renewed: Option<UnboundedReceiver<UnixListener>>,
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> Service for OnListeners<A> {
    async fn start_service(&mut self, fds: Option<ListenFds>, shutdown: ShutdownWatch, listeners_per_fd: usize) {
        if let Some(fds) = &fds {
            let mut fds = fds.lock();
            self.listeners.drain(..).for_each(|listener| fds.add(listener.key(), listener.into_raw_fd()));
        }
        if let Some(renewed) = self.renewed.take() {
            tokio::spawn(accept_renewed(renewed, self.app.clone(), shutdown.clone()));
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

/// Accepts on each listener that arrives, until the process stops. pingora takes no listener once it runs.
async fn accept_renewed<A: ServerApp + Send + Sync + 'static>(
    mut renewed: UnboundedReceiver<UnixListener>,
    app: Arc<SharedApp<A>>,
    mut shutdown: ShutdownWatch,
) {
    let mut current: Option<Acceptor> = None;
    loop {
        let accepted = async {
            match &current {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = accepted => match accepted {
                Ok(stream) => {
                    let serving = Listening::handle_event(Box::new(stream), app.clone(), shutdown.clone());
                    tokio::spawn(serving);
                }
                Err(e) => {
                    error!("a connection to the renewed socket could not be accepted: {e}");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            new = renewed.recv() => match new.map(tokio::net::UnixListener::from_std) {
                Some(Ok(listener)) => current = Some(listener.into()),
                Some(Err(e)) => error!("the renewed socket cannot be used: {e}"),
                None => return,
            },
            _ = shutdown.changed() => if *shutdown.borrow() { return },
        }
    }
}
