//! How a model differs from the others: the merged rules of the table that match its id.

use super::facts::Facts;
use super::glob::{fits, fits_in_any_case};
use crate::tokens::Tokenizer;
use serde_json::value::RawValue;
use std::sync::Arc;

/// How system messages are sent upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SystemRole {
    /// They stay as they are.
    #[default]
    Keep,
    /// They become user messages, for models without a system role.
    User,
    /// They open the conversation, wherever they stand, for models that know none between other messages.
    Opening,
}

/// The provider whose format tools and tool calls have.
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

/// How a streamed request is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streaming {
    /// The upstream's own stream is passed on.
    Native,
    /// The call is not streamed. Its complete answer is then sent as a stream.
    Whole,
}

/// How a model is made to answer in the JSON that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structured {
    /// The model must call a tool whose arguments are the answer. If that is impossible, the system text asks for JSON.
    Tool,
    /// The system text asks for JSON.
    Instruction,
    /// `response_format` is passed upstream unchanged.
    Pass,
}

/// How a model is asked to think before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// With a budget of tokens.
    Budget,
    /// As much as it sees fit, guided by an effort.
    Adaptive,
    /// In either way.
    Either,
    /// Not at all: it does not think.
    None,
}

impl Thinking {
    /// Returns the way to try when the upstream took this one and answered nothing; `None` where there is no other.
    pub fn other(self) -> Option<Thinking> {
        match self {
            Thinking::Budget => Some(Thinking::Adaptive),
            Thinking::Adaptive | Thinking::Either => Some(Thinking::Budget),
            Thinking::None => None,
        }
    }
}

/// A JSON value that a rule gives to a parameter.
pub type Json = Arc<RawValue>;

/// The highest value of a parameter, or the lowest.
#[derive(Debug, Clone)]
pub struct Cap {
    /// Numbers above this are lowered, or those below it raised.
    pub most: f64,
    /// The same number, as written in the table.
    pub json: Json,
}

impl Cap {
    /// Returns true if a value is a number above this.
    pub fn is_below(&self, value: &RawValue) -> bool {
        value.get().parse::<f64>().is_ok_and(|number| number > self.most)
    }

    /// Returns true if a value is a number below this.
    pub fn is_above(&self, value: &RawValue) -> bool {
        value.get().parse::<f64>().is_ok_and(|number| number < self.most)
    }
}

/// The settings for one model: of a single rule, or of all matching rules merged.
///
/// Parameters are treated in this order: `drop`, `rename`, `fixed`, `only_one_of`, `default`, `floor`, `cap`, `stream_above`.
/// The last five may use either name of a renamed parameter: they look for its upstream name.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// How system messages are sent upstream.
    pub system_role: Option<SystemRole>,
    /// A JSON string that becomes the user message if none has any text.
    pub user_filler: Option<Json>,
    /// Parameters that are not sent upstream.
    pub drop: Vec<String>,
    /// Parameters that are sent upstream under another name: from, to.
    pub rename: Vec<(String, String)>,
    /// Parameters that are always set, even if the request has them.
    pub fixed: Vec<(String, Json)>,
    /// Parameters that exclude each other. Of each list, only the first given one is sent upstream.
    pub only_one_of: Vec<Vec<String>>,
    /// Parameters that are set if the request does not have them.
    pub default: Vec<(String, Json)>,
    /// The highest values of parameters.
    pub cap: Vec<(String, Cap)>,
    /// The lowest values of parameters. Lower ones are raised.
    pub floor: Vec<(String, Cap)>,
    /// The highest values of parameters that the upstream answers whole. Above them the call is streamed, and its answer
    /// is collected. Where the upstream cannot stream, they are caps.
    pub stream_above: Vec<(String, Cap)>,
    /// The model's own tokenizer. `None` if there is no public one; counts are then estimates.
    pub tokenizer: Option<Tokenizer>,
    /// The format of its tools.
    pub tools: Option<Family>,
    /// How a streamed request is served.
    pub streaming: Option<Streaming>,
    /// How it is made to answer in JSON. `None`: the family of its tools decides.
    pub structured: Option<Structured>,
    /// How it is asked to think, where the upstream's dialect has several ways.
    pub thinking: Option<Thinking>,
    /// The length of its vectors, for embedding models.
    pub dimensions: Option<u32>,
    /// What the model list states about it.
    pub facts: Facts,
    /// True if its vectors may be cut to fewer numbers. `None` means no.
    pub can_shorten: Option<bool>,
    /// The most tokens of one text, for embedding models.
    pub max_input_tokens: Option<usize>,
    /// The most images of one request.
    pub most_images: Option<usize>,
    /// The longest description of a custom tool, in characters.
    pub custom_description: Option<usize>,
    /// The rules of the table that were merged, in order.
    pub matched: Vec<Arc<Rule>>,
}

/// A rule of the table.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its place in the table.
    pub place: String,
    /// The ids that it matches; `*` stands for any text.
    pub matches: Vec<String>,
    /// The upstreams at which it holds, by name; `*` stands for any text. Empty means all.
    pub upstreams: Vec<String>,
    /// The rule's own settings.
    pub says: Rules,
}

impl Rule {
    /// Returns true if it matches an id, in any case. A caller chooses the case of a name that a pattern takes, and must not escape
    /// a rule by it.
    pub fn is_for(&self, id: &str) -> bool {
        self.matches.iter().any(|pattern| fits_in_any_case(pattern, id))
    }

    /// Returns true if it holds at an upstream. `None` asks for what holds at all of them.
    pub fn is_at(&self, upstream: Option<&str>) -> bool {
        let fit = |name| self.upstreams.iter().any(|pattern| fits(pattern, name));
        self.upstreams.is_empty() || upstream.is_some_and(fit)
    }
}

impl Rules {
    /// Returns the same rules with the other way of thinking; `None` where there is no other.
    pub fn with_other_thinking(&self) -> Option<Rules> {
        let other = self.thinking.and_then(Thinking::other)?;
        Some(Rules { thinking: Some(other), ..self.clone() })
    }

    /// Returns true if the model takes tools.
    pub fn takes_tools(&self) -> bool {
        self.tools != Some(Family::None)
    }

    /// Returns true for a model that makes vectors.
    pub fn is_embedding(&self) -> bool {
        self.dimensions.is_some() || self.max_input_tokens.is_some()
    }

    /// Returns the tokenizer for this model: its own, or o200k as the closest one.
    pub fn counts_with(&self) -> Tokenizer {
        self.tokenizer.unwrap_or(Tokenizer::O200k)
    }
}
