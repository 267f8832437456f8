//! Callers: who they are, the username for ARGO, what they may use, and how much of it.

pub mod admit;
mod caller;
mod guard;
mod keys;
pub mod limits;
mod permissions;
mod username;

pub use caller::{Caller, UserOrigin};
pub use guard::{Guard, Hosts};
pub use keys::{Hash, Key, Keys};
pub use limits::Limits;
pub use permissions::{Globs, Permissions};
pub use username::{PLACEHOLDER, Username, check_username};

use std::sync::Arc;

/// How callers are distinguished, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are not distinguished.
    Open,
    /// By their keys.
    Keys,
    /// By their usernames.
    Passthrough,
}

impl Mode {
    /// All modes, with their names in YAML and their meanings.
    pub const ALL: [(&'static str, Mode, &'static str); 3] = [
        ("open", Mode::Open, "Whoever reaches the proxy may use it, under your username."),
        ("keys", Mode::Keys, "Only who has a key that `callers` lists."),
        ("passthrough", Mode::Passthrough, "The caller's key is the username that ARGO is called as."),
    ];

    /// Returns its name in YAML.
    pub fn name(self) -> &'static str {
        Mode::ALL.iter().find(|(_, mode, _)| *mode == self).map_or("", |(name, ..)| name)
    }
}

/// How callers are distinguished, with the data needed for it.
#[derive(Debug, Clone)]
pub enum Access {
    /// Every request is from this caller.
    Open(Arc<Caller>),
    /// Each caller has a key.
    Keys(Arc<Keys>),
    /// The key is the username for calls to ARGO.
    Passthrough,
}

impl Access {
    /// Callers are not distinguished. All calls to ARGO use the username `user`.
    pub fn open(user: &str) -> Self {
        Access::Open(Arc::new(Caller::nameless(user)))
    }

    /// Callers are not distinguished, and all may use everything.
    pub fn anybody(user: &str) -> Self {
        Access::Open(Arc::new(Caller::anybody(user)))
    }
}
