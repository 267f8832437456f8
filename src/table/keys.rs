//! The keys of `routes.yaml`, described once: for the reader, which knows no others, and for editors. A new key is a line
//! here, and is read in `written.rs`.

use crate::chat::tokens::{Counting, Tokenizer};
use crate::dialect::DIALECTS;
use crate::models::{Family, SystemRole};
use crate::transform::{REPLIES, TRANSFORMERS};
use crate::yaml::{Choice, Key, Kind};

/// The whole file.
pub const TABLE: &[Key] = &[
    Key::required("version", Kind::Whole(1, 1), "The version of this format."),
    Key::required("upstreams", Kind::Names(&Kind::Map(UPSTREAM)), "Where calls go, by a name of your choice."),
    Key::required("models", Kind::Names(&Kind::Map(GROUP)), "Groups of models, by a name of your choice."),
    Key::required("routes", Kind::List(&Kind::Map(ROUTE)), "What is served: a row for each path."),
];

const UPSTREAM: &[Key] = &[
    Key::required(
        "url",
        Kind::Text,
        "Where whole calls go, with its final slash. ${name} is a key of config.yaml or a variable of the environment.",
    ),
    Key::optional("stream_url", Kind::Text, "Where streamed calls go; without it streamed requests are refused."),
    Key::required("dialect", Kind::OneOf(dialects), "How the upstream speaks."),
];

const GROUP: &[Key] = &[
    Key::optional(
        "default",
        Kind::Text,
        "The name of the model for requests that name none; without it they are refused.",
    ),
    Key::required("show", Kind::Map(SHOW), "What the model list shows of every model of the group."),
    Key::required("names", Kind::Names(&Kind::Text), "What clients ask for, and the upstream's id for it."),
    Key::optional(
        "rules",
        Kind::List(&Kind::Map(RULE)),
        "Quirks of models; every rule that matches applies, in order.",
    ),
];

const SHOW: &[Key] = &[
    Key::required("owned_by", Kind::Text, "`owned_by` of each model."),
    Key::required("created", Kind::Whole(0, i64::MAX), "`created` of each model, in Unix seconds."),
];

const RULE: &[Key] = &[
    Key::required("match", Kind::OneOrMany(&Kind::Text), "The ids that it applies to; * stands for any text."),
    Key::optional("system_role", Kind::OneOf(system_roles), "What becomes of system messages."),
    Key::optional("rename", Kind::Names(&Kind::Text), "Parameters that go upstream under another name."),
    Key::optional("drop", Kind::List(&Kind::Text), "Parameters that do not go upstream."),
    Key::optional("tokenizer", Kind::OneOf(tokenizers), "What counts its tokens; without it counts are estimates."),
    Key::optional("tools", Kind::OneOf(families), "Whose shape its tools and tool calls have."),
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

const ROUTE: &[Key] = &[
    Key::required("path", Kind::Text, "The path; {name} takes one segment, a final {name*} the rest."),
    Key::optional("method", Kind::OneOrMany(&Kind::OneOf(methods)), "What it takes: POST by default, GET for a reply."),
    Key::optional("upstream", Kind::Text, "The upstream that it calls, by its name."),
    Key::optional("models", Kind::Text, "The group of models that it serves, by its name."),
    Key::optional("transformer", Kind::OneOf(transformers), "What it does with a request and the upstream's answer."),
    Key::optional("reply", Kind::OneOf(replies), "What it answers without an upstream."),
    Key::optional("request", Kind::Json, "The body of a request that comes without one."),
    Key::optional("usage", Kind::OneOf(countings), "How tokens are counted for the reply's usage; exact by default."),
];

/// A name, the value that it stands for, and what that means.
pub type Named<T> = (&'static str, T, &'static str);

pub const SYSTEM_ROLES: &[Named<SystemRole>] = &[
    ("keep", SystemRole::Keep, "They stay as they are."),
    ("user", SystemRole::User, "They become user messages, for models that know no system role."),
];

pub const TOKENIZERS: &[Named<Tokenizer>] = &[
    ("o200k", Tokenizer::O200k, "GPT-4o and later."),
    ("cl100k", Tokenizer::Cl100k, "GPT-3.5, GPT-4 and the embedding models."),
];

pub const FAMILIES: &[Named<Family>] = &[
    ("openai", Family::Openai, "OpenAI's."),
    ("anthropic", Family::Anthropic, "Anthropic's."),
    ("google", Family::Google, "Google's."),
];

pub const COUNTINGS: &[Named<Counting>] = &[
    ("exact", Counting::Exact, "With the tokenizer."),
    ("estimate", Counting::Estimate, "By character class: cheap."),
    ("none", Counting::None, "Not at all; replies carry no usage."),
];

const METHODS: &[Named<()>] =
    &[("GET", (), ""), ("POST", (), ""), ("PUT", (), ""), ("PATCH", (), ""), ("DELETE", (), "")];

fn dialects() -> Vec<Choice> {
    DIALECTS.iter().map(|(name, _, about)| Choice { name, about }).collect()
}

fn transformers() -> Vec<Choice> {
    TRANSFORMERS.iter().map(|entry| Choice { name: entry.name, about: entry.about }).collect()
}

fn replies() -> Vec<Choice> {
    REPLIES.iter().map(|entry| Choice { name: entry.name, about: entry.about }).collect()
}

fn choices<T>(named: &'static [Named<T>]) -> Vec<Choice> {
    named.iter().map(|(name, _, about)| Choice { name, about }).collect()
}

fn system_roles() -> Vec<Choice> {
    choices(SYSTEM_ROLES)
}

fn tokenizers() -> Vec<Choice> {
    choices(TOKENIZERS)
}

fn families() -> Vec<Choice> {
    choices(FAMILIES)
}

fn countings() -> Vec<Choice> {
    choices(COUNTINGS)
}

fn methods() -> Vec<Choice> {
    choices(METHODS)
}
