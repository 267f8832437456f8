//! Which models an upstream serves.

use super::glob::fits_in_any_case;
use std::sync::Arc;

/// The models that an upstream serves: all, or those whose ids match a pattern.
#[derive(Debug, Clone, Default)]
pub struct ServedModels(Option<Arc<[Box<str>]>>);

impl ServedModels {
    /// Takes the patterns of a list, in which `*` stands for any text.
    pub fn matching<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        ServedModels(Some(patterns.into_iter().map(Into::into).collect()))
    }

    /// Returns true if the model with this id is served. Case does not matter.
    pub fn has(&self, id: &str) -> bool {
        self.0.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| fits_in_any_case(pattern, id)))
    }

    /// Returns the patterns; `None` if all models are served.
    pub fn patterns(&self) -> Option<impl Iterator<Item = &str>> {
        Some(self.0.as_ref()?.iter().map(AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_served_if_its_id_matches_in_any_case() {
        let some = ServedModels::matching(["big*", "One"]);
        for (id, is_served) in [("big1", true), ("BIG", true), ("one", true), ("one2", false), ("", false)] {
            assert_eq!(some.has(id), is_served, "{id}");
        }
        assert_eq!(some.patterns().unwrap().collect::<Vec<_>>(), ["big*", "One"]);
        assert!(!ServedModels::matching([]).has("one") && ServedModels::default().has("one"));
    }
}
