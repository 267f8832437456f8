//! What a model wants otherwise than the rest: a row of `rules:` in the table, merged for each id when the table is loaded.

use crate::chat::tokens::Tokenizer;
use crate::chat::{Conversation, Role};
use serde::Deserialize;
use std::borrow::Cow;

/// What becomes of system messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemRole {
    /// They stay as they are.
    #[default]
    Keep,
    /// They become user messages, for models that know no system role.
    User,
}

/// Whose shape tools and tool calls have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// `{"type": "function", "function": …}`
    Openai,
    /// `{"type": "tool_use", "input": …}`
    Anthropic,
    /// `{"args": …}`
    Google,
}

/// All that the rules say of one model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What becomes of system messages.
    pub system_role: SystemRole,
    /// Parameters that go upstream under another name: from, to.
    pub rename: Vec<(String, String)>,
    /// Parameters that do not go upstream.
    pub drop: Vec<String>,
    /// The model's own tokenizer; `None` when there is no public one, so that counts are estimates.
    pub tokenizer: Option<Tokenizer>,
    /// Whose shape its tools have.
    pub tools: Option<Family>,
    /// The length of its vectors, for embedding models.
    pub dimensions: Option<u32>,
}

impl Rules {
    /// The table that counts for this model: its own, or o200k as the nearest.
    pub fn counts_with(&self) -> Tokenizer {
        self.tokenizer.unwrap_or(Tokenizer::O200k)
    }

    /// Makes a conversation fit the model.
    pub fn apply(&self, chat: &mut Conversation<'_>) {
        if self.system_role == SystemRole::User {
            for message in &mut chat.messages {
                if message.role == Role::System {
                    message.role = Role::User;
                }
            }
        }
        chat.params.retain(|(name, _)| !self.drop.iter().any(|dropped| dropped == name));
        for (from, to) in &self.rename {
            let taken = chat.params.iter().any(|(name, _)| name == to);
            if taken {
                chat.params.retain(|(name, _)| name != from);
            }
            for (name, _) in chat.params.iter_mut().filter(|(name, _)| name == from) {
                *name = Cow::Owned(to.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Message;
    use crate::wire::Fields;

    fn names(rules: &Rules, given: &[&str]) -> Vec<String> {
        let value: &serde_json::value::RawValue = serde_json::from_str("1").unwrap();
        let mut chat = Conversation {
            messages: vec![Message { role: Role::System, content: Cow::Borrowed(value), rest: Fields::default() }],
            params: given.iter().map(|name| (Cow::Borrowed(*name), value)).collect(),
        };
        rules.apply(&mut chat);
        assert_eq!(chat.messages[0].role == Role::User, rules.system_role == SystemRole::User);
        chat.params.into_iter().map(|(name, _)| name.into_owned()).collect()
    }

    #[test]
    fn renames_and_drops() {
        let rules = Rules {
            system_role: SystemRole::User,
            rename: vec![("max_tokens".into(), "max_completion_tokens".into())],
            drop: vec!["top_p".into()],
            ..Rules::default()
        };
        assert_eq!(names(&rules, &["a", "max_tokens", "top_p"]), ["a", "max_completion_tokens"]);
        assert_eq!(
            names(&rules, &["max_tokens", "max_completion_tokens"]),
            ["max_completion_tokens"],
            "the name that the model knows wins"
        );
        assert_eq!(names(&Rules::default(), &["top_p", "max_tokens"]), ["top_p", "max_tokens"]);
    }
}
