//! Connections at a shutdown. pingora drops idle connections the moment it stops accepting, and with them requests whose first bytes
//! are on their way. Here idle connections stay open for a while. A request that arrives on one meanwhile is answered with
//! `Connection: close`.

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Counts the open connections of all services, and says how long idle ones stay open once the process stops.
#[derive(Clone, Default)]
pub struct Connections {
    open: Arc<AtomicUsize>,
    linger: Arc<OnceLock<Duration>>,
}

impl Connections {
    /// Returns how many connections are open, idle or not.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Sets how long idle connections stay open. To be called before the process stops; only the first call counts.
    pub fn stay_for(&self, linger: Duration) {
        self.linger.get_or_init(|| linger);
    }

    fn enter(&self) -> Open {
        self.open.fetch_add(1, Ordering::AcqRel);
        Open(self.open.clone())
    }
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An application whose connections are counted and stay open when its listener closes.
pub struct DrainingApp<A> {
    app: Arc<A>,
    connections: Connections,
}

impl<A> DrainingApp<A> {
    /// Wraps `app`; `connections` counts.
    pub fn new(app: A, connections: Connections) -> Self {
        DrainingApp { app: Arc::new(app), connections }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> HttpServerApp for DrainingApp<A> {
    // Written out, since an `async fn` would keep a second copy of the session in its own future.
    fn process_new_http<'a, 'b, 'c>(
        self: &'a Arc<Self>,
        session: ServerSession,
        shutdown: &'b ShutdownWatch,
    ) -> Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        let open = self.connections.enter();
        let served = self.app.process_new_http(session, shutdown);
        Box::pin(async move {
            let _open = open;
            served.await
        })
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.app.server_options()
    }

    /// pingora's proxy drops idle connections in this hook, so that the hook waits first.
    async fn http_cleanup(&self) {
        tokio::time::sleep(self.connections.linger.get().copied().unwrap_or_default()).await;
        self.app.http_cleanup().await;
    }
}
