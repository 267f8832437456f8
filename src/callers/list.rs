//! The rows of `callers.yaml`, and the callers and keys that result from them.

use crate::access::{Caller, Globs, Hash, Keys, Limits, Permissions, UserOrigin, Username};
use crate::diagnostics::Place;
use std::sync::Arc;

/// The file as written.
#[derive(Debug, Clone, Default)]
pub struct Callers {
    /// The rows in their order. Names and keys are unique.
    pub rows: Vec<CallerRow>,
}

/// A caller as written.
#[derive(Debug, Clone)]
pub struct CallerRow {
    /// The name.
    pub name: String,
    /// The hash of the key.
    pub hash: Hash,
    /// The username for calls to ARGO; `None`: the configuration's user.
    pub user: Option<Username>,
    /// The routes that the caller may use, each with its place; `None`: all.
    pub routes: Option<Vec<(String, Place)>>,
    /// The models that the caller may use, each with its place; `None`: all.
    pub models: Option<Vec<(String, Place)>>,
    /// The caller's limits.
    pub limits: Limits,
    /// True if the caller may see what becomes of everybody's requests.
    pub watch: bool,
    /// True if the key is accepted.
    pub enabled: bool,
}

impl Callers {
    /// Returns the keys of all enabled callers. Callers without a username of their own get `user`.
    pub fn keys(&self, user: &str) -> Keys {
        let enabled = self.rows.iter().filter(|row| row.enabled);
        Keys::new(enabled.map(|row| (row.hash, Arc::new(row.caller(user)))).collect())
    }
}

impl CallerRow {
    fn caller(&self, user: &str) -> Caller {
        let globs = |list: &Option<Vec<(String, Place)>>| {
            list.as_ref().map(|list| Globs::new(list.iter().map(|(glob, _)| glob.as_str())))
        };
        Caller {
            name: Some(self.name.as_str().into()),
            user: self.user.as_ref().map_or(user, Username::as_str).into(),
            user_from: if self.user.is_some() { UserOrigin::Row } else { UserOrigin::Config },
            limits: self.limits,
            permissions: Permissions {
                routes: globs(&self.routes),
                models: globs(&self.models),
                every_row: false,
                watch: self.watch,
            },
            greeting: None,
        }
    }
}
