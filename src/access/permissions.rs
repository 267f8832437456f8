//! What a caller may use: rows of the table, and models.

use crate::models::Model;
use crate::models::glob::fits;
use crate::wire::Failure;
use http::StatusCode;

/// What a caller may use. `None` means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Rows, by their paths as written in the table.
    pub routes: Option<Globs>,
    /// Models, by their names or ids.
    pub models: Option<Globs>,
    /// True if rows that name their callers are allowed too.
    pub every_row: bool,
    /// True if the caller may see what becomes of everybody's requests.
    pub watch: bool,
}

/// Patterns in which `*` stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Globs(Vec<Box<str>>);

impl Globs {
    /// Takes the patterns of a list, in their order.
    pub fn new<T: Into<Box<str>>>(list: impl IntoIterator<Item = T>) -> Self {
        Globs(list.into_iter().map(Into::into).collect())
    }

    /// Returns true if a text matches one of them.
    pub fn fit(&self, text: &str) -> bool {
        self.0.iter().any(|glob| fits(glob, text))
    }

    /// Returns the patterns.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl Permissions {
    /// Returns true if the caller may use a model. All names of the model count, in any case: so the answer does not
    /// depend on the name in the request.
    pub fn use_model(&self, model: &Model) -> bool {
        let Some(globs) = &self.models else { return true };
        let forms = model.forms();
        globs.iter().any(|glob| {
            let glob = glob.to_lowercase();
            forms.iter().flatten().any(|form| fits(&glob, form))
        })
    }

    /// Returns the failure for a model that does not exist or that this caller may not use. It does not reveal which.
    pub fn no_model(asked: &str) -> Failure {
        let shown: String = asked.chars().take(100).collect();
        let message = format!(
            "The model '{shown}' does not exist or you do not have access to it. The model list shows what you may use."
        );
        Failure::new(StatusCode::NOT_FOUND, message).with_param("model").with_code("model_not_found")
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
}
