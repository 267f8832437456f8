//! Who calls: as whom ARGO is called for them, what they may use, and how much of it.

pub mod admit;
mod guard;
mod keys;
pub mod limits;
mod permissions;
mod username;

pub use guard::{Guard, Hosts};
pub use keys::{Hash, Key, Keys};
pub use permissions::{Globs, Permissions};
pub use username::{PLACEHOLDER, Username, check_username};

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
    /// What they may use.
    pub permissions: Permissions,
}

impl Caller {
    /// Somebody without a name and without limits, whom ARGO is called for as `user`.
    pub fn nameless(user: &str) -> Self {
        Caller { name: None, user: user.into(), limits: Limits::default(), permissions: Permissions::default() }
    }

    /// Stands for whoever may use all there is: in explanations, and in the tests of a table.
    pub fn anybody(user: &str) -> Self {
        Caller { permissions: Permissions { every_row: true, ..Permissions::default() }, ..Caller::nameless(user) }
    }
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

/// How callers are told apart, as a configuration says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Not at all.
    Open,
    /// By keys.
    Keys,
    /// By their usernames.
    Passthrough,
}

impl Mode {
    /// All of them, with their names in YAML and what they mean.
    pub const ALL: [(&'static str, Mode, &'static str); 3] = [
        ("open", Mode::Open, "Whoever reaches the proxy may use it, under your username."),
        ("keys", Mode::Keys, "Only who has a key that `callers` lists."),
        ("passthrough", Mode::Passthrough, "The caller's key is the username that ARGO is called as."),
    ];

    /// Its name in YAML.
    pub fn name(self) -> &'static str {
        Mode::ALL.iter().find(|(_, mode, _)| *mode == self).map_or("", |(name, ..)| name)
    }
}

/// How callers are told apart, with all that takes.
#[derive(Debug, Clone)]
pub enum Access {
    /// Not at all: whoever reaches the proxy is this caller.
    Open(Arc<Caller>),
    /// By keys.
    Keys(Arc<Keys>),
    /// The key is the username that ARGO is called as.
    Passthrough,
}

impl Access {
    /// Everybody calls ARGO as `user`, and is not told apart.
    pub fn open(user: &str) -> Self {
        Access::Open(Arc::new(Caller::nameless(user)))
    }

    /// Everybody is somebody who may use all there is.
    pub fn anybody(user: &str) -> Self {
        Access::Open(Arc::new(Caller::anybody(user)))
    }
}
