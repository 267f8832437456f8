//! What somebody may use: rows of the table, and models.

use super::Caller;
use crate::models::Model;
use crate::models::glob::fits;
use crate::wire::Failure;
use http::{Method, StatusCode};

/// What somebody may use; `None` is all there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Rows, by their paths as the table has them.
    pub routes: Option<Globs>,
    /// Models, by their names or ids.
    pub models: Option<Globs>,
    /// Whether rows that name their callers are open too.
    pub every_row: bool,
}

/// Texts in which `*` stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Globs(Vec<Box<str>>);

impl Globs {
    /// Those of a list, in their order.
    pub fn new<T: Into<Box<str>>>(list: impl IntoIterator<Item = T>) -> Self {
        Globs(list.into_iter().map(Into::into).collect())
    }

    /// Whether a text fits one of them.
    pub fn fit(&self, text: &str) -> bool {
        self.0.iter().any(|glob| fits(glob, text))
    }

    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl Permissions {
    /// Whether a model may be used. Each of its names counts, whichever was asked for, and case does not: so that one
    /// model cannot be both allowed and not.
    pub fn use_model(&self, model: &Model) -> bool {
        let Some(globs) = &self.models else { return true };
        let forms = model.forms();
        globs.iter().any(|glob| {
            let glob = glob.to_lowercase();
            forms.iter().flatten().any(|form| fits(&glob, form))
        })
    }

    /// The failure for a model that is not there, or not for this caller: which of both is not told.
    pub fn no_model(asked: &str) -> Failure {
        let shown: String = asked.chars().take(100).collect();
        let message = format!(
            "The model '{shown}' does not exist or you do not have access to it. The model list shows what you may use."
        );
        Failure::new(StatusCode::NOT_FOUND, message).with_param("model").with_code("model_not_found")
    }
}

impl Caller {
    /// Whether somebody may use the row with this path, which may name its callers.
    ///
    /// # Errors
    /// 403, naming the row.
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
    fn a_model_is_allowed_by_any_of_its_names() {
        let model = Model { name: "lab:Big-1".into(), id: "big1".into(), ..Model::default() };
        for (globs, allowed) in [
            (&["lab:big-1"][..], true),
            (&["LAB:*"], true),
            (&["big1"], true),
            (&["lab:big1"], true),
            (&["big-1"], true),
            (&["x", "*-1"], true),
            (&["x", "lab:small*"], false),
            (&[], false),
        ] {
            let permissions = Permissions { models: Some(Globs::new(globs.iter().copied())), ..Permissions::default() };
            assert_eq!(permissions.use_model(&model), allowed, "{globs:?}");
        }
        assert!(Permissions::default().use_model(&model));
    }

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
