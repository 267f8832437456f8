//! What a group of `models` may say, and the rules in it.

use super::choices::{NamedValue, choices};
use crate::models::{Family, Streaming, Structured, SystemRole, Thinking};
use crate::tokens::Tokenizer;
use crate::yaml::{Key, KeyChoice, Kind};

pub(super) const GROUP: &[Key] = &[
    Key::optional(
        "default",
        Kind::Text,
        "The name of the model for requests that name none; without it they are refused.",
    ),
    Key::optional("show", Kind::Map(SHOW), "What the model list shows of every model of the group."),
    Key::inherited(
        "names",
        Kind::Names(&Kind::Text),
        "What clients ask for, and the upstream's id for it, as in `names: { lab:small: small-1 }`; several names may have one id. A name with a * is a pattern for \
         names that are not here: what the * stands for goes to the * of the id. Patterns are tried in order.",
    ),
    Key::optional(
        "families",
        Kind::Names(&Kind::OneOrMany(&Kind::Text)),
        "What becomes of models that the lists of the upstreams have and that no name here has: their ids (* stands for any text), and the \
         names that they get, as in `families: { \"small*\": \"lab:*\" }`. The * of a name stands for the list's name in lower case with dashes; {1} to \
         {9} are its words, {rest} those behind them. The first name is listed, the others work. Families are tried in order.",
    ),
    Key::optional(
        "hidden",
        Kind::OneOrMany(&Kind::Text),
        "Names that work and that the model list leaves out; * stands for any text.",
    ),
    Key::optional(
        "deprecated",
        Kind::OneOrMany(&Kind::Text),
        "Names that are about to go: the model list says so; * stands for any text.",
    ),
    Key::optional(
        "rules",
        Kind::List(&Kind::Map(RULE)),
        "Quirks of models; every rule that matches applies, in order.",
    ),
];

const SHOW: &[Key] = &[
    Key::optional("owned_by", Kind::Text, "`owned_by` of each model; the group's name by default."),
    Key::optional("created", Kind::Whole(0, i64::MAX), "`created` of each model, in Unix seconds; 0 by default."),
    CONTEXT_LENGTH,
    MAX_OUTPUT_TOKENS,
];

/// The facts that a rule states about its models. They override the facts of the group.
const FACTS: &[Key] = &[
    Key::optional("owned_by", Kind::Text, "`owned_by` of these models."),
    Key::optional("created", Kind::Whole(0, i64::MAX), "`created` of these models, in Unix seconds."),
    CONTEXT_LENGTH,
    MAX_OUTPUT_TOKENS,
];

const CONTEXT_LENGTH: Key = Key::optional(
    "context_length",
    Kind::Whole(1, i64::MAX),
    "The most tokens that request and answer may have together; a prompt that surely has more is refused.",
);

const MAX_OUTPUT_TOKENS: Key = Key::optional(
    "max_output_tokens",
    Kind::Whole(1, i64::MAX),
    "The most tokens that an answer may have; a request for more is refused.",
);

const RULE: &[Key] = &[
    Key::required("match", Kind::OneOrMany(&Kind::Text), "The ids that it applies to; * stands for any text."),
    Key::optional(
        "upstream",
        Kind::OneOrMany(&Kind::Text),
        "The upstreams at which it holds, by name; * stands for any text. All by default.",
    ),
    Key::optional("show", Kind::Map(FACTS), "What the model list shows of these models, over the group's `show`."),
    Key::optional("system_role", Kind::OneOf(system_roles), "What becomes of system messages."),
    Key::optional(
        "user_filler",
        Kind::Text,
        "What the user says where no user message says anything, for models that need one.",
    ),
    Key::optional(
        "drop",
        Kind::List(&Kind::Text),
        "Parameters that do not go upstream. Of a parameter the last rule that says something counts. The order is drop, rename, \
         fixed, only_one_of, default, floor, cap, stream_above; all after rename take a parameter's old or new name.",
    ),
    Key::optional("rename", Kind::Names(&Kind::Text), "Parameters that go upstream under another name."),
    Key::optional(
        "fixed",
        Kind::Names(&Kind::Any),
        "Parameters that are set to this value, whatever the request gives.",
    ),
    Key::optional(
        "only_one_of",
        Kind::OneOrMany(&Kind::List(&Kind::Text)),
        "Parameters of which only the first that is given goes upstream: a list of names, or several such lists.",
    ),
    Key::optional(
        "default",
        Kind::Names(&Kind::Any),
        "Parameters that are set to this value where the request gives none (nor one that only_one_of puts before or after it).",
    ),
    Key::optional("floor", Kind::Names(&Kind::Number), "Parameters whose number is raised to this one if it is below."),
    Key::optional("cap", Kind::Names(&Kind::Number), "Parameters whose number is lowered to this one if it is above."),
    Key::optional(
        "stream_above",
        Kind::Names(&Kind::Number),
        "Parameters whose number, if it is above this one, makes a whole call a streamed one, whose answer is collected. In a call that \
         cannot be streamed (with tools, without stream_url, or with streaming: whole) the number is lowered.",
    ),
    Key::optional("tokenizer", Kind::OneOf(tokenizers), "What counts its tokens; without it counts are estimates."),
    Key::optional("tools", Kind::OneOf(families), "Whose shape its tools and tool calls have."),
    Key::optional("streaming", Kind::OneOf(streamings), "How a client's stream is served."),
    Key::optional(
        "structured",
        Kind::OneOf(structureds),
        "How it is brought to answer in the JSON that `response_format` wants; `tool` where `tools` is a vendor's, else `instruction`.",
    ),
    Key::optional(
        "thinking",
        Kind::OneOf(thinkings),
        "How it is asked to think, where the upstream's dialect is `anthropic`: what `reasoning_effort` and `thinking` of a request become.",
    ),
    Key::optional(
        "most_images",
        Kind::Whole(0, 1_000),
        "The most images of one request, its earlier turns included; one with more is refused.",
    ),
    Key::optional(
        "custom_description",
        Kind::Whole(1, 1_000_000),
        "The longest description of a custom tool, in characters, where Responses are relayed; the rest goes into a message.",
    ),
    Key::optional("dimensions", Kind::Whole(1, 1_000_000), "The length of its vectors, for embedding models."),
    Key::optional(
        "can_shorten",
        Kind::Bool,
        "Whether its vectors keep their meaning when they are cut to fewer numbers.",
    ),
    Key::optional(
        "max_input_tokens",
        Kind::Whole(1, 1_000_000_000),
        "The most tokens of one text, for embedding models; it is checked where `tokenizer` is known.",
    ),
];

pub const SYSTEM_ROLES: &[NamedValue<SystemRole>] = &[
    ("keep", SystemRole::Keep, "They stay as they are."),
    ("user", SystemRole::User, "They become user messages, for models that know no system role."),
    ("opening", SystemRole::Opening, "They open the conversation, for models that know none between other messages."),
];

pub const TOKENIZERS: &[NamedValue<Tokenizer>] = &[
    ("o200k", Tokenizer::O200k, "GPT-4o and later."),
    ("cl100k", Tokenizer::Cl100k, "GPT-3.5, GPT-4 and the embedding models."),
];

pub const FAMILIES: &[NamedValue<Family>] = &[
    ("openai", Family::Openai, "OpenAI's."),
    ("anthropic", Family::Anthropic, "Anthropic's."),
    ("google", Family::Google, "Google's."),
    ("none", Family::None, "It takes none: requests with tools are refused."),
];

pub const STREAMINGS: &[NamedValue<Streaming>] = &[
    ("native", Streaming::Native, "By the upstream's own stream."),
    ("whole", Streaming::Whole, "By a whole call, whose answer is then streamed."),
];

pub const STRUCTUREDS: &[NamedValue<Structured>] = &[
    (
        "tool",
        Structured::Tool,
        "By a tool with that schema, which it has to call; in words where there is no schema of an object, or where the request has tools.",
    ),
    ("instruction", Structured::Instruction, "In words, in the system text."),
    ("pass", Structured::Pass, "Not at all: `response_format` goes up as it came."),
];

pub const THINKINGS: &[NamedValue<Thinking>] = &[
    ("budget", Thinking::Budget, "With a budget of tokens (`enabled`)."),
    ("adaptive", Thinking::Adaptive, "As much as it sees fit (`adaptive`), guided by an effort."),
    ("either", Thinking::Either, "In either way; `adaptive` for an effort."),
    ("none", Thinking::None, "Not at all: it does not think."),
];

fn system_roles() -> Vec<KeyChoice> {
    choices(SYSTEM_ROLES)
}

fn tokenizers() -> Vec<KeyChoice> {
    choices(TOKENIZERS)
}

fn families() -> Vec<KeyChoice> {
    choices(FAMILIES)
}

fn streamings() -> Vec<KeyChoice> {
    choices(STREAMINGS)
}

fn structureds() -> Vec<KeyChoice> {
    choices(STRUCTUREDS)
}

fn thinkings() -> Vec<KeyChoice> {
    choices(THINKINGS)
}
