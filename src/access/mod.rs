//! Callers: who they are, the username for ARGO, what they may use, and how much of it.

pub mod admit;
mod caller;
mod guard;
mod hosts;
mod keys;
pub mod limits;
mod permissions;
mod sender;
mod username;

pub use caller::{Caller, UserOrigin};
pub use guard::Guard;
pub use hosts::Hosts;
pub use keys::{Hash, Key, Keys};
pub use limits::{Limits, Quota};
pub use permissions::{Globs, Permissions};
pub use sender::Sender;
pub use username::{PLACEHOLDER, Username, check_username};

use std::sync::Arc;

/// How callers are distinguished, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By the users of this machine: only the one who runs the proxy may call, and root.
    Own,
    /// They are not distinguished.
    Open,
    /// By their keys.
    Keys,
    /// By their usernames.
    Passthrough,
}

impl Mode {
    /// All modes, with their names in YAML and their meanings.
    pub const ALL: [(&'static str, Mode, &'static str); 4] = [
        ("own", Mode::Own, "Only who runs the proxy, and root: the system says whose each connection is."),
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
    /// Every request of the user who runs the proxy, and of root, is from this caller. Others are refused.
    Own(Arc<Caller>),
    /// Every request is from this caller.
    Open(Arc<Caller>),
    /// Each caller has a key.
    Keys(Arc<Keys>),
    /// The key is the username for calls to ARGO.
    Passthrough,
}

impl Access {
    /// Only the user who runs the proxy may call. All calls to ARGO use the username `user`.
    pub fn own(user: &str) -> Self {
        Access::Own(Arc::new(Caller::nameless(user)))
    }

    /// Returns the mode in which this was configured.
    pub fn mode(&self) -> Mode {
        match self {
            Access::Own(_) => Mode::Own,
            Access::Open(_) => Mode::Open,
            Access::Keys(_) => Mode::Keys,
            Access::Passthrough => Mode::Passthrough,
        }
    }

    /// Returns true if it matters whose connection a request came on.
    pub fn asks_sender(&self) -> bool {
        matches!(self, Access::Own(_))
    }

    /// Callers are not distinguished. All calls to ARGO use the username `user`.
    pub fn open(user: &str) -> Self {
        Access::Open(Arc::new(Caller::nameless(user)))
    }

    /// Returns true if a caller may see what becomes of everybody's requests, and the table. Where callers are not told apart, each may.
    pub fn may_watch(&self, caller: &Caller) -> bool {
        match self {
            Access::Own(_) | Access::Open(_) => caller.greeting.is_none(),
            Access::Keys(_) => caller.permissions.watch,
            // Anybody can take any name.
            Access::Passthrough => false,
        }
    }

    /// Callers are not distinguished, and all may use everything.
    pub fn anybody(user: &str) -> Self {
        Access::Open(Arc::new(Caller::anybody(user)))
    }
}
