//! What a transformer decides about a request: a [`Plan`], and the owner of the reply.

mod call;
pub mod client;
mod context;
pub mod images;
mod page;
mod reply;
mod subrequests;
pub mod trace;

pub use call::{Call, USUAL_ANSWER};
pub use client::{Client, between_pieces, refuse};
pub use context::{Address, Attempt, Context, ServiceState, UpstreamSet};
pub use page::PageCall;
pub use reply::{Held, Reply, Start, UpstreamHead};
pub use subrequests::{Alone, Join, Streamed, Subrequests};

use crate::wire::{Answer, Failure, OwnedQuery};
use bytes::Bytes;
use images::FindImages;

/// Turns requests of one route into plans.
pub trait Transformer: Send + Sync {
    /// Decides what happens with a request.
    ///
    /// # Errors
    /// What the client did wrong; nothing has been sent.
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure>;

    /// Returns the function that finds the images to fetch before a request is opened; `None` if none are ever fetched.
    fn images(&self) -> Option<FindImages> {
        None
    }
}

/// A request as a transformer sees it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The complete body; empty if the client sent none and the route has no body of its own.
    pub body: Bytes,
    /// The values of the route's path parameters, decoded, in order.
    pub params: Vec<String>,
    /// The query of its target.
    pub query: OwnedQuery,
    /// Whose clients send such a head, for paths that several vendors have.
    pub vendor: ClientVendor,
    /// True if the client is a browser that shows pages.
    pub takes_pages: bool,
}

/// The vendor whose clients send a request, as its head shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientVendor {
    /// OpenAI, and everyone who shows nothing else.
    #[default]
    Openai,
    /// Anthropic.
    Anthropic,
    /// Google.
    Google,
}

/// What happens with a request.
pub enum Plan {
    /// The proxy answers it without a call.
    Answer(Answer),
    /// The running process answers it: it is about the process.
    Page(PageCall),
    /// It needs one call upstream, which pingora makes.
    Call(Call, Box<dyn Reply>),
    /// It needs calls that the proxy makes itself.
    Subrequests(Subrequests),
}

impl Plan {
    /// Replaces the body of each call.
    pub fn bodies(&mut self, replace: impl Fn(Bytes) -> Bytes) {
        let replace = |body: &mut Bytes| *body = replace(std::mem::take(body));
        match self {
            Plan::Answer(_) => {}
            Plan::Page(call) => replace(&mut call.body),
            Plan::Call(call, _) => replace(&mut call.body),
            Plan::Subrequests(all) => all.parts.iter_mut().for_each(|(call, _)| replace(&mut call.body)),
        }
    }
}
