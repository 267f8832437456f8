//! What the model list states about a model. Facts of a single id override facts of its group.

/// Facts about a model. A fact that was not stated is `None` and is not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `owned_by`
    pub owned_by: Option<String>,
    /// `created`, in Unix seconds.
    pub created: Option<u64>,
    /// The most tokens of request and answer together.
    pub context_length: Option<u64>,
    /// The most tokens of an answer.
    pub max_output_tokens: Option<u64>,
}

impl Facts {
    /// Overrides these facts with those that `over` states.
    pub fn lay(&mut self, over: &Facts) {
        let Facts { owned_by, created, context_length, max_output_tokens } = over;
        if let Some(owner) = owned_by {
            self.owned_by = Some(owner.clone());
        }
        self.created = created.or(self.created);
        self.context_length = context_length.or(self.context_length);
        self.max_output_tokens = max_output_tokens.or(self.max_output_tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_later_counts() {
        let mut facts = Facts { owned_by: Some("a".into()), created: Some(1), ..Facts::default() };
        facts.lay(&Facts { context_length: Some(9), created: Some(2), ..Facts::default() });
        facts.lay(&Facts { max_output_tokens: Some(3), ..Facts::default() });
        let all =
            Facts { owned_by: Some("a".into()), created: Some(2), context_length: Some(9), max_output_tokens: Some(3) };
        assert_eq!(facts, all);
    }
}
