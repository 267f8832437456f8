//! What a model wants otherwise than the rest: the rules of the table that match its id, merged.

use super::facts::Facts;
use super::glob::fits;
use crate::tokens::Tokenizer;
use serde_json::value::RawValue;
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

/// How a model is brought to answer in the JSON that a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structured {
    /// By a tool that it has to call, whose arguments are the answer; in words where that cannot be.
    Tool,
    /// In words, in the system text.
    Instruction,
    /// Not at all: `response_format` goes upstream as it came.
    Pass,
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
    /// How it is brought to answer in JSON; by the family of its tools, where nothing is said.
    pub structured: Option<Structured>,
    /// The length of its vectors, for embedding models.
    pub dimensions: Option<u32>,
    /// What the model list tells.
    pub facts: Facts,
    /// Whether its vectors may be cut to fewer numbers; no, where nothing is said.
    pub can_shorten: Option<bool>,
    /// The most tokens of one text, for embedding models.
    pub max_input_tokens: Option<usize>,
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

impl Rules {
    /// The table that counts for this model: its own, or o200k as the nearest.
    pub fn counts_with(&self) -> Tokenizer {
        self.tokenizer.unwrap_or(Tokenizer::O200k)
    }
}
