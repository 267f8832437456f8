//! What a model wants otherwise than the rest: a row of `rules:` in the table, merged for each id when the table is loaded.

use crate::chat::tokens::Tokenizer;
use crate::chat::{Conversation, Role};
use std::borrow::Cow;
use std::fmt;

/// What becomes of system messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SystemRole {
    /// They stay as they are.
    #[default]
    Keep,
    /// They become user messages, for models that know no system role.
    User,
}

/// Whose shape tools and tool calls have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Whether its vectors may be cut to fewer numbers; no, where nothing is said.
    pub can_shorten: Option<bool>,
    /// The most tokens of one text, for embedding models.
    pub max_input_tokens: Option<usize>,
    /// The rules of the table that made these, in order.
    pub matched: Vec<Matched>,
}

/// A rule of the table that matches a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// Where it stands in the table.
    pub place: String,
    /// What it matches.
    pub pattern: String,
    /// What it says by itself.
    pub says: Rules,
}

/// One thing that rules did to a request or its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did<'a> {
    /// System messages became user messages.
    SystemRole {
        /// How many.
        messages: usize,
    },
    /// The system text went in front of the prompt.
    SystemText,
    /// A parameter was left out.
    Dropped(&'a str),
    /// A parameter was renamed.
    Renamed(&'a str, &'a str),
    /// A parameter was left out because the one that it would be renamed to was given as well.
    Yielded(&'a str, &'a str),
    /// Tokens are counted with this table.
    Counts(Tokenizer),
    /// Vectors must have this length.
    Dimensions(u32),
    /// Vectors are cut to this length.
    Shortens(usize),
    /// Texts may have this many tokens.
    MaxInputTokens(usize),
}

impl fmt::Display for Did<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Did::SystemRole { messages } => write!(f, "system messages became user messages: {messages}"),
            Did::SystemText => f.write_str("the system text went in front of the prompt"),
            Did::Dropped(name) => write!(f, "'{name}' was left out"),
            Did::Renamed(from, to) => write!(f, "'{from}' was renamed to '{to}'"),
            Did::Yielded(from, to) => write!(f, "'{from}' was left out: '{to}' was given as well"),
            Did::Counts(tokenizer) => write!(f, "tokens are counted with {}", tokenizer.name()),
            Did::Dimensions(numbers) => write!(f, "vectors must have {numbers} numbers"),
            Did::Shortens(numbers) => write!(f, "vectors are cut to {numbers} numbers and to length 1"),
            Did::MaxInputTokens(most) => write!(f, "a text may have {most} tokens"),
        }
    }
}

impl Rules {
    /// The table that counts for this model: its own, or o200k as the nearest.
    pub fn counts_with(&self) -> Tokenizer {
        self.tokenizer.unwrap_or(Tokenizer::O200k)
    }

    /// The last rule of the table that says what was done.
    pub fn behind(&self, did: Did<'_>) -> Option<&Matched> {
        self.matched.iter().rfind(|rule| rule.says.say(did))
    }

    fn say(&self, did: Did<'_>) -> bool {
        match did {
            Did::SystemRole { .. } | Did::SystemText => self.system_role == SystemRole::User,
            Did::Dropped(name) => self.drop.iter().any(|dropped| dropped == name),
            Did::Renamed(from, to) | Did::Yielded(from, to) => self.rename.iter().any(|(f, t)| f == from && t == to),
            Did::Counts(tokenizer) => self.tokenizer == Some(tokenizer),
            Did::Dimensions(numbers) => self.dimensions == Some(numbers),
            Did::Shortens(_) => self.can_shorten == Some(true),
            Did::MaxInputTokens(most) => self.max_input_tokens == Some(most),
        }
    }

    /// Makes a conversation fit the model, and tells `tell` each thing that it does.
    pub fn apply(&self, chat: &mut Conversation<'_>, mut tell: impl FnMut(Did<'_>)) {
        if self.system_role == SystemRole::User {
            let mut messages = 0;
            for message in chat.messages.iter_mut().filter(|message| message.role == Role::System) {
                message.role = Role::User;
                messages += 1;
            }
            if messages > 0 {
                tell(Did::SystemRole { messages });
            }
        }
        chat.params.retain(|(name, _)| match self.drop.iter().find(|dropped| *dropped == name) {
            Some(dropped) => {
                tell(Did::Dropped(dropped));
                false
            }
            None => true,
        });
        for (from, to) in &self.rename {
            let taken = chat.params.iter().any(|(name, _)| name == to);
            if taken {
                let before = chat.params.len();
                chat.params.retain(|(name, _)| name != from);
                if chat.params.len() < before {
                    tell(Did::Yielded(from, to));
                }
            }
            for (name, _) in chat.params.iter_mut().filter(|(name, _)| name == from) {
                *name = Cow::Owned(to.clone());
                tell(Did::Renamed(from, to));
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
        applied(rules, given).0
    }

    fn applied(rules: &Rules, given: &[&str]) -> (Vec<String>, Vec<String>) {
        let value: &serde_json::value::RawValue = serde_json::from_str("1").unwrap();
        let mut chat = Conversation {
            messages: vec![Message::plain(Role::System, Cow::Borrowed(value), Fields::default())],
            tools: None,
            params: given.iter().map(|name| (Cow::Borrowed(*name), value)).collect(),
        };
        let mut did = Vec::new();
        rules.apply(&mut chat, |one| did.push(one.to_string()));
        assert_eq!(chat.messages[0].role == Role::User, rules.system_role == SystemRole::User);
        (chat.params.into_iter().map(|(name, _)| name.into_owned()).collect(), did)
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

    #[test]
    fn what_is_done_is_told_and_nothing_else() {
        let renaming = Rules { rename: vec![("a".into(), "b".into())], drop: vec!["c".into()], ..Rules::default() };
        let told = |given: &[&str]| applied(&renaming, given).1;
        assert_eq!(told(&["a", "c"]), ["'c' was left out", "'a' was renamed to 'b'"]);
        assert_eq!(told(&["a", "b"]), ["'a' was left out: 'b' was given as well"]);
        assert!(told(&["b", "d"]).is_empty());
        let role = Rules { system_role: SystemRole::User, ..Rules::default() };
        assert_eq!(applied(&role, &[]).1, ["system messages became user messages: 1"]);
    }

    #[test]
    fn the_rule_behind_a_deed_is_the_last_that_says_so() {
        let says = |drop: &str| Rules { drop: vec![drop.into()], ..Rules::default() };
        let matched = |place: &str, drop: &str| Matched { place: place.into(), pattern: "*".into(), says: says(drop) };
        let rules = Rules { matched: vec![matched("1", "x"), matched("2", "x"), matched("3", "y")], ..says("x") };
        assert_eq!(rules.behind(Did::Dropped("x")).unwrap().place, "2");
        assert!(rules.behind(Did::Counts(Tokenizer::O200k)).is_none());
    }
}
