//! What a model wants otherwise than the rest: the rules of the table that match its id, merged.

use super::facts::Facts;
use super::glob::fits;
use crate::chat::tokens::Tokenizer;
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;

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
    /// The model takes no tools.
    None,
}

/// How a client's stream is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streaming {
    /// By the upstream's own stream.
    Native,
    /// By a whole call, whose answer is then streamed.
    Whole,
}

/// A JSON value that a rule gives to a parameter.
pub type Json = Arc<RawValue>;

/// The highest number that a parameter may have.
#[derive(Debug, Clone)]
pub struct Cap {
    /// Numbers above this are lowered.
    pub most: f64,
    /// The same as the table has it.
    pub json: Json,
}

/// What rules say of one model: a single rule, or all that match, merged.
///
/// Parameters are treated in this order: `drop`, `rename`, `fixed`, `only_one_of`, `default`, `cap`, `cap_whole`. The last four
/// find a parameter under the name that it gets upstream, whichever of its names they have.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// What becomes of system messages.
    pub system_role: Option<SystemRole>,
    /// A JSON string that is said where no user message says anything.
    pub user_filler: Option<Json>,
    /// Parameters that do not go upstream.
    pub drop: Vec<String>,
    /// Parameters that go upstream under another name: from, to.
    pub rename: Vec<(String, String)>,
    /// Parameters that are set whatever the request gives.
    pub fixed: Vec<(String, Json)>,
    /// Parameters that go before each other: of each list only the first that is given goes upstream.
    pub only_one_of: Vec<Vec<String>>,
    /// Parameters that are set where the request gives none.
    pub default: Vec<(String, Json)>,
    /// Highest numbers.
    pub cap: Vec<(String, Cap)>,
    /// Highest numbers of calls that are not streamed.
    pub cap_whole: Vec<(String, Cap)>,
    /// The model's own tokenizer; `None` when there is no public one, so that counts are estimates.
    pub tokenizer: Option<Tokenizer>,
    /// Whose shape its tools have.
    pub tools: Option<Family>,
    /// How a client's stream is served.
    pub streaming: Option<Streaming>,
    /// The length of its vectors, for embedding models.
    pub dimensions: Option<u32>,
    /// What the model list tells.
    pub facts: Facts,
    /// The rules of the table that made these, in order.
    pub matched: Vec<Arc<Rule>>,
}

/// A rule of the table.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where it stands in the table.
    pub place: String,
    /// The ids that it matches; `*` stands for any text.
    pub matches: Vec<String>,
    /// What it says by itself.
    pub says: Rules,
}

impl Rule {
    /// Whether it matches an id.
    pub fn is_for(&self, id: &str) -> bool {
        self.matches.iter().any(|pattern| fits(pattern, id))
    }
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
    /// A user message said nothing, or there was none.
    Filled(&'a str),
    /// A parameter was left out.
    Dropped(&'a str),
    /// A parameter was renamed.
    Renamed(&'a str, &'a str),
    /// A parameter was left out because the one that it would be renamed to was given as well.
    Yielded(&'a str, &'a str),
    /// A parameter was set to a value.
    Fixed(&'a str, &'a str),
    /// A parameter was left out because another one was given as well.
    Excluded(&'a str, &'a str),
    /// A parameter was set to a value because the request gave none.
    Defaulted(&'a str, &'a str),
    /// A number was lowered.
    Capped(&'a str, &'a str),
    /// A number was lowered because the call is not streamed.
    CappedWhole(&'a str, &'a str),
    /// A client's stream is served by a whole call.
    Whole,
    /// Tokens are counted with this table.
    Counts(Tokenizer),
    /// Vectors must have this length.
    Dimensions(u32),
}

impl fmt::Display for Did<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Did::SystemRole { messages } => write!(f, "system messages became user messages: {messages}"),
            Did::SystemText => f.write_str("the system text went in front of the prompt"),
            Did::Filled(text) => write!(f, "no user message said anything; one says {text}"),
            Did::Dropped(name) => write!(f, "'{name}' was left out"),
            Did::Renamed(from, to) => write!(f, "'{from}' was renamed to '{to}'"),
            Did::Yielded(from, to) | Did::Excluded(from, to) => {
                write!(f, "'{from}' was left out: '{to}' was given as well")
            }
            Did::Fixed(name, value) => write!(f, "'{name}' was set to {value}"),
            Did::Defaulted(name, value) => write!(f, "'{name}' was set to {value}: none was given"),
            Did::Capped(name, most) => write!(f, "'{name}' was lowered to {most}"),
            Did::CappedWhole(name, most) => write!(f, "'{name}' was lowered to {most}: the call is not streamed"),
            Did::Whole => f.write_str("the stream is served by a whole call"),
            Did::Counts(tokenizer) => write!(f, "tokens are counted with {}", tokenizer.name()),
            Did::Dimensions(numbers) => write!(f, "vectors must have {numbers} numbers"),
        }
    }
}

impl Rules {
    /// All rules that match an id, laid over each other in order and over what is told of its group.
    pub fn merged(group: &Facts, rules: &[Arc<Rule>], id: &str) -> Self {
        let mut merged = Rules { facts: group.clone(), ..Rules::default() };
        for rule in rules.iter().filter(|rule| rule.is_for(id)) {
            merged.lay(&rule.says);
            merged.matched.push(rule.clone());
        }
        merged.settle();
        merged
    }

    /// Lays a later rule over these. What is said of a parameter last counts: who drops it takes back what was set before, who
    /// sets it takes back that it was dropped.
    fn lay(&mut self, over: &Rules) {
        for name in &over.drop {
            forget(&mut self.fixed, name);
            forget(&mut self.default, name);
            forget(&mut self.cap, name);
            forget(&mut self.cap_whole, name);
            if !self.drop.contains(name) {
                self.drop.push(name.clone());
            }
        }
        for (name, value) in &over.default {
            self.drop.retain(|dropped| dropped != name);
            forget(&mut self.fixed, name);
            put(&mut self.default, name, value);
        }
        for (name, value) in &over.fixed {
            self.drop.retain(|dropped| dropped != name);
            forget(&mut self.default, name);
            put(&mut self.fixed, name, value);
        }
        over.rename.iter().for_each(|(from, to)| put(&mut self.rename, from, to));
        over.cap.iter().for_each(|(name, cap)| put(&mut self.cap, name, cap));
        over.cap_whole.iter().for_each(|(name, cap)| put(&mut self.cap_whole, name, cap));
        self.only_one_of.extend(over.only_one_of.iter().cloned());
        self.system_role = over.system_role.or(self.system_role);
        if let Some(filler) = &over.user_filler {
            self.user_filler = Some(filler.clone());
        }
        self.tokenizer = over.tokenizer.or(self.tokenizer);
        self.tools = over.tools.or(self.tools);
        self.streaming = over.streaming.or(self.streaming);
        self.dimensions = over.dimensions.or(self.dimensions);
        self.facts.lay(&over.facts);
    }

    /// Gives every parameter the name that it has upstream, so that it does not matter which one a rule uses.
    fn settle(&mut self) {
        if self.rename.is_empty() {
            return;
        }
        let renamed = |name: &str| renamed(&self.rename, name).to_owned();
        for list in [&mut self.fixed, &mut self.default] {
            *list = settled(list, renamed);
        }
        for list in [&mut self.cap, &mut self.cap_whole] {
            *list = settled(list, renamed);
        }
        for names in &mut self.only_one_of {
            names.iter_mut().for_each(|name| *name = renamed(name));
        }
    }

    /// The table that counts for this model: its own, or o200k as the nearest.
    pub fn counts_with(&self) -> Tokenizer {
        self.tokenizer.unwrap_or(Tokenizer::O200k)
    }

    /// The last rule of the table that says what was done.
    pub fn behind(&self, did: Did<'_>) -> Option<&Rule> {
        self.matched.iter().rfind(|rule| rule.says.say(did, &self.rename)).map(Arc::as_ref)
    }

    fn say(&self, did: Did<'_>, rename: &[(String, String)]) -> bool {
        let is = |own: &str, name: &str| own == name || renamed(rename, own) == name;
        let both = |from: &str, to: &str| {
            let has = |names: &Vec<String>, wanted: &str| names.iter().any(|own| is(own, wanted));
            self.only_one_of.iter().any(|names| has(names, from) && has(names, to))
        };
        match did {
            Did::SystemRole { .. } | Did::SystemText => self.system_role == Some(SystemRole::User),
            Did::Filled(text) => self.user_filler.as_ref().is_some_and(|filler| filler.get() == text),
            Did::Dropped(name) => self.drop.iter().any(|dropped| dropped == name),
            Did::Renamed(from, to) | Did::Yielded(from, to) => self.rename.iter().any(|(f, t)| f == from && t == to),
            Did::Fixed(name, _) => self.fixed.iter().any(|(own, _)| is(own, name)),
            Did::Excluded(name, other) => both(name, other),
            Did::Defaulted(name, _) => self.default.iter().any(|(own, _)| is(own, name)),
            Did::Capped(name, _) => self.cap.iter().any(|(own, _)| is(own, name)),
            Did::CappedWhole(name, _) => self.cap_whole.iter().any(|(own, _)| is(own, name)),
            Did::Whole => self.streaming == Some(Streaming::Whole),
            Did::Counts(tokenizer) => self.tokenizer == Some(tokenizer),
            Did::Dimensions(numbers) => self.dimensions == Some(numbers),
        }
    }
}

/// The name that a parameter has after all renames, which happen in order.
fn renamed<'n>(rename: &'n [(String, String)], name: &'n str) -> &'n str {
    rename.iter().fold(name, |name, (from, to)| if name == from { to } else { name })
}

fn settled<T: Clone>(list: &[(String, T)], renamed: impl Fn(&str) -> String) -> Vec<(String, T)> {
    let mut settled = Vec::with_capacity(list.len());
    list.iter().for_each(|(name, value)| put(&mut settled, &renamed(name), value));
    settled
}

fn forget<T>(list: &mut Vec<(String, T)>, name: &str) {
    list.retain(|(known, _)| known != name);
}

fn put<T: Clone>(list: &mut Vec<(String, T)>, name: &str, value: &T) {
    match list.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value.clone(),
        None => list.push((name.to_owned(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        RawValue::from_string(text.to_owned()).unwrap().into()
    }

    fn rule(place: &str, says: Rules) -> Arc<Rule> {
        Arc::new(Rule { place: place.into(), matches: vec!["a*".into(), "b".into()], says })
    }

    fn merged(says: Vec<Rules>) -> Rules {
        let rules: Vec<_> = (1..).zip(says).map(|(number, says)| rule(&number.to_string(), says)).collect();
        Rules::merged(&Facts::default(), &rules, "a1")
    }

    fn set(name: &str, value: &str) -> Vec<(String, Json)> {
        vec![(name.into(), json(value))]
    }

    fn values(list: &[(String, Json)]) -> Vec<(&str, &str)> {
        list.iter().map(|(name, value)| (name.as_str(), value.get())).collect()
    }

    #[test]
    fn rules_match_ids() {
        let rule = rule("1", Rules::default());
        assert!(rule.is_for("a") && rule.is_for("ab") && rule.is_for("b") && !rule.is_for("bc"));
        assert!(Rules::merged(&Facts::default(), &[rule], "c").matched.is_empty());
    }

    #[test]
    fn what_is_said_last_of_a_parameter_counts() {
        let fixed = |value: &str| Rules { fixed: set("t", value), ..Rules::default() };
        let default = |value: &str| Rules { default: set("t", value), ..Rules::default() };
        let drop = || Rules { drop: vec!["t".into()], ..Rules::default() };

        let rules = merged(vec![fixed("1"), fixed("2")]);
        assert_eq!(values(&rules.fixed), [("t", "2")]);
        let rules = merged(vec![fixed("1"), drop()]);
        assert!(rules.fixed.is_empty() && rules.drop == ["t"]);
        let rules = merged(vec![drop(), default("1")]);
        assert!(rules.drop.is_empty() && values(&rules.default) == [("t", "1")]);
        let rules = merged(vec![fixed("1"), default("2")]);
        assert!(rules.fixed.is_empty() && values(&rules.default) == [("t", "2")]);
        let rules = merged(vec![default("1"), fixed("2")]);
        assert!(rules.default.is_empty() && values(&rules.fixed) == [("t", "2")]);
        let rename = |to: &str| Rules { rename: vec![("t".into(), to.into())], ..Rules::default() };
        assert_eq!(merged(vec![rename("x"), rename("y")]).rename, [("t".to_owned(), "y".to_owned())]);
    }

    #[test]
    fn rules_may_use_either_name_of_a_renamed_parameter() {
        let rename = Rules { rename: vec![("old".into(), "new".into())], ..Rules::default() };
        let one = Rules { default: set("old", "1"), only_one_of: vec![vec!["x".into(), "old".into()]], ..rename };
        let two = Rules { default: set("new", "2"), ..Rules::default() };
        let rules = merged(vec![one, two]);
        assert_eq!(values(&rules.default), [("new", "2")]);
        assert_eq!(rules.only_one_of, [["x", "new"]]);
        assert_eq!(rules.behind(Did::Defaulted("new", "2")).unwrap().place, "2");
        assert_eq!(rules.behind(Did::Excluded("new", "x")).unwrap().place, "1");
    }

    #[test]
    fn the_rule_behind_a_deed_is_the_last_that_says_so() {
        let says = |drop: &str| Rules { drop: vec![drop.into()], ..Rules::default() };
        let rules = merged(vec![says("x"), says("x"), says("y")]);
        assert_eq!(rules.behind(Did::Dropped("x")).unwrap().place, "2");
        assert!(rules.behind(Did::Counts(Tokenizer::O200k)).is_none());
    }
}
