//! What the model list tells of a model: of a whole group, and over that of single ids.

/// Facts of a model. What nobody stated is `None`, and not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `owned_by`
    pub owned_by: Option<String>,
    /// `created`, in Unix seconds.
    pub created: Option<u64>,
    /// The most tokens that request and answer may have together.
    pub context_length: Option<u64>,
    /// The most tokens that an answer may have.
    pub max_output_tokens: Option<u64>,
}

impl Facts {
    /// Lays other facts over these.
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
