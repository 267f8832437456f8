//! What a transformer decides about a request: a [`Plan`], and who owns the reply.

mod call;
pub mod client;
mod context;
pub mod images;
mod reply;
mod subrequests;
pub mod trace;

pub use call::Call;
pub use client::{Client, refuse};
pub use context::{Context, ServiceState};
pub use reply::{Held, Reply, Start, UpstreamHead};
pub use subrequests::{Alone, Join, Streamed, Subrequests};

use crate::wire::{Answer, Failure};
use bytes::Bytes;
use images::FindImages;

/// Turns requests of one route into plans.
pub trait Transformer: Send + Sync {
    /// Decides what happens with a request.
    ///
    /// # Errors
    /// What the client did wrong; nothing has been sent.
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure>;

    /// What finds the images that are fetched before a request is opened; `None` where none ever are.
    fn images(&self) -> Option<FindImages> {
        None
    }
}

/// A request as a transformer sees it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The complete body; empty when there was none and the route has none of its own.
    pub body: Bytes,
    /// The values of the route's path parameters, decoded, in order.
    pub params: Vec<String>,
}

/// What happens with a request.
pub enum Plan {
    /// It is answered here.
    Answer(Answer),
    /// It needs one call upstream, which pingora makes.
    Call(Call, Box<dyn Reply>),
    /// It needs calls that the proxy makes itself.
    Subrequests(Subrequests),
}
