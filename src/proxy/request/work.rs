//! What a request was found to need.

use super::call_summary::CallSummary;
use crate::exchange::Exchange;
use crate::proxy::upstream::call_state::CallState;

/// What a request was found to need.
#[derive(Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box for each call would cost an allocation, and there is one in each context"
)]
pub enum Work {
    /// No call, or none that was prepared yet.
    #[default]
    None,
    /// One call, which pingora makes.
    Proxied(ProxiedCall),
    /// Calls that the proxy makes itself; those who make them own their exchanges.
    Subrequests(CallSummary),
}

/// A call that pingora makes.
pub struct ProxiedCall {
    /// What becomes of the reply.
    pub exchange: Exchange,
    /// What the network knows of the call.
    pub call: CallState,
}

impl Work {
    /// Returns the call that pingora makes, if there is one.
    pub fn proxied(&self) -> Option<&ProxiedCall> {
        match self {
            Work::Proxied(proxied) => Some(proxied),
            Work::None | Work::Subrequests(_) => None,
        }
    }

    /// Like [`Work::proxied`].
    pub fn proxied_mut(&mut self) -> Option<&mut ProxiedCall> {
        match self {
            Work::Proxied(proxied) => Some(proxied),
            Work::None | Work::Subrequests(_) => None,
        }
    }

    /// Returns the calls that the proxy makes itself, if there are any.
    pub fn subrequests(&self) -> Option<&CallSummary> {
        match self {
            Work::Subrequests(summary) => Some(summary),
            Work::None | Work::Proxied(_) => None,
        }
    }

    /// Like [`Work::subrequests`].
    pub fn subrequests_mut(&mut self) -> Option<&mut CallSummary> {
        match self {
            Work::Subrequests(summary) => Some(summary),
            Work::None | Work::Proxied(_) => None,
        }
    }

    /// Returns how many attempts went elsewhere or were repeated; `None` if nothing was called.
    pub fn retries(&self) -> Option<u32> {
        match self {
            Work::None => None,
            Work::Proxied(proxied) => Some(proxied.call.retries),
            Work::Subrequests(summary) => Some(summary.retries),
        }
    }

    /// Returns the network's side of the call that pingora makes, if there is one.
    pub fn call(&self) -> Option<&CallState> {
        self.proxied().map(|proxied| &proxied.call)
    }
}
