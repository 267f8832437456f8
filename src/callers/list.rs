//! The rows of `callers.yaml`, and the callers and keys that they make.

use crate::access::{Caller, Globs, Hash, Keys, Limits, Permissions, Username};
use crate::diagnostics::Place;
use std::sync::Arc;

/// The file, as it is written.
#[derive(Debug, Clone, Default)]
pub struct Callers {
    /// The rows in their order; names and keys are unique.
    pub rows: Vec<CallerRow>,
}

/// A caller, as it is written.
#[derive(Debug, Clone)]
pub struct CallerRow {
    /// The name.
    pub name: String,
    /// What is known of the key.
    pub hash: Hash,
    /// Whom ARGO is called as, if not as the configuration's user.
    pub user: Option<Username>,
    /// The rows of the table that they may use, each with its place; `None`: all.
    pub routes: Option<Vec<(String, Place)>>,
    /// The models that they may use, each with its place; `None`: all.
    pub models: Option<Vec<(String, Place)>>,
    /// How much they may use.
    pub limits: Limits,
    /// Whether the key counts.
    pub enabled: bool,
}

impl Callers {
    /// Those whose keys count; ARGO is called as `user` for those who have none of their own.
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
            limits: self.limits,
            permissions: Permissions { routes: globs(&self.routes), models: globs(&self.models), every_row: false },
        }
    }
}
