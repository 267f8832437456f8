//! Who calls: as whom ARGO is called for them, what they may use, and how much of it.

pub mod admit;
mod caller;
mod guard;
mod keys;
pub mod limits;
mod permissions;
mod username;

pub use caller::Caller;
pub use guard::{Guard, Hosts};
pub use keys::{Hash, Key, Keys};
pub use limits::Limits;
pub use permissions::{Globs, Permissions};
pub use username::{PLACEHOLDER, Username, check_username};

use std::sync::Arc;

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
