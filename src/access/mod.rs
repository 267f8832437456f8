//! Who calls: as whom ARGO is called for them, and how much they may use.

pub mod limits;

use crate::wire::Failure;
use http::HeaderMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Somebody who calls this proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name in logs and metrics; `None` where callers are not told apart.
    pub name: Option<Box<str>>,
    /// Whom ARGO is called as.
    pub user: Box<str>,
    /// How much they may use.
    pub limits: Limits,
}

/// How much somebody may use; `None` is without a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests begun in a minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Tokens of prompts and answers in a minute.
    pub tokens_per_minute: Option<NonZeroU32>,
    /// Requests at the same time.
    pub concurrent: Option<NonZeroU32>,
}

/// How callers are told apart.
#[derive(Debug, Clone)]
pub enum Access {
    /// Not at all: whoever reaches the proxy is this caller.
    Open(Arc<Caller>),
}

impl Access {
    /// Everybody calls ARGO as `user`.
    pub fn open(user: &str) -> Self {
        Access::Open(Arc::new(Caller { name: None, user: user.into(), limits: Limits::default() }))
    }

    /// Who sent a request with these headers.
    ///
    /// # Errors
    /// What the client is told whom nobody knows.
    pub fn admit(&self, _: &HeaderMap) -> Result<Arc<Caller>, Failure> {
        match self {
            Access::Open(caller) => Ok(caller.clone()),
        }
    }
}
