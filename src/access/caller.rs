//! What the proxy knows about a caller.

use super::limits::Limits;
use super::permissions::{Globs, Permissions};
use crate::wire::Failure;
use http::{Method, StatusCode};

/// Where the username for calls to ARGO was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrigin {
    /// `user` of config.yaml.
    Config,
    /// `user` of the caller in callers.yaml.
    Row,
    /// The key of the request, which is the username.
    Key,
}

/// A person or program that calls this proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name in logs, and in metrics where a file lists it. `None` if callers are not distinguished.
    pub name: Option<Box<str>>,
    /// The username for calls to ARGO.
    pub user: Box<str>,
    /// Where the username was set.
    pub user_from: UserOrigin,
    /// How much they may use.
    pub limits: Limits,
    /// What they may use.
    pub permissions: Permissions,
    /// What to tell somebody who has no key yet; `None` for callers.
    pub greeting: Option<&'static str>,
}

impl Caller {
    /// Returns a caller without a name and without limits. Calls to ARGO use the username `user`.
    pub fn nameless(user: &str) -> Self {
        Caller {
            name: None,
            user: user.into(),
            user_from: UserOrigin::Config,
            limits: Limits::default(),
            permissions: Permissions::default(),
            greeting: None,
        }
    }

    /// Returns a caller who may use everything, for explanations and for the tests of a table.
    pub fn anybody(user: &str) -> Self {
        Caller { permissions: Permissions { every_row: true, ..Permissions::default() }, ..Caller::nameless(user) }
    }

    /// Returns a caller whose key is the username.
    pub fn passed_through(user: &str) -> Self {
        Caller { name: Some(user.into()), user_from: UserOrigin::Key, ..Caller::nameless(user) }
    }

    /// Returns the username and where it was set, for a message.
    pub fn described_user(&self) -> String {
        let (user, name) = (&self.user, self.name.as_deref().unwrap_or_default());
        match self.user_from {
            UserOrigin::Config => format!("'{user}' (user in config.yaml)"),
            UserOrigin::Row => format!("'{user}' (user of {name} in callers.yaml)"),
            UserOrigin::Key => format!("'{user}' (the key of the request)"),
        }
    }

    /// Checks that this caller may use the row with this path. `callers` are those that the row itself allows.
    ///
    /// # Errors
    /// 403; the message names the row.
    pub fn enter(&self, method: &Method, path: &str, callers: Option<&Globs>) -> Result<(), Failure> {
        let by_row = match (callers, &self.name) {
            (None, _) => true,
            (Some(_), _) if self.permissions.every_row => true,
            (Some(callers), Some(name)) => callers.fit(name),
            (Some(_), None) => false,
        };
        if by_row && self.permissions.routes.as_ref().is_none_or(|routes| routes.fit(path)) {
            return Ok(());
        }
        let who = match &self.name {
            Some(name) => format!("'{name}' may not use it"),
            None => "callers are not told apart here, so that nobody may use it".to_owned(),
        };
        let message = format!("{method} {path} is not for everybody: {who}. Ask whoever runs this proxy.");
        Err(Failure::new(StatusCode::FORBIDDEN, message).with_code("route_not_allowed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_the_row_and_the_caller_decide() {
        let named = |name: Option<&str>, routes: Option<&[&str]>| Caller {
            name: name.map(Into::into),
            permissions: Permissions {
                routes: routes.map(|list| Globs::new(list.iter().copied())),
                ..Permissions::default()
            },
            ..Caller::nameless("u")
        };
        let row = Globs::new(["ann", "lab-*"]);
        for (caller, callers, enters) in [
            (named(None, None), None, true),
            (named(None, None), Some(&row), false),
            (Caller::anybody("u"), Some(&row), true),
            (named(Some("ann"), None), Some(&row), true),
            (named(Some("lab-7"), Some(&["/v1/*"])), Some(&row), true),
            (named(Some("bob"), None), Some(&row), false),
            (named(Some("bob"), Some(&["/v2/*"])), None, false),
            (named(Some("ann"), Some(&["/v2/*"])), Some(&row), false),
        ] {
            let entered = caller.enter(&Method::POST, "/v1/x", callers);
            assert_eq!(entered.is_ok(), enters, "{caller:?}");
            assert!(entered.err().is_none_or(|failure| failure.message.starts_with("POST /v1/x is not for")));
        }
    }
}
