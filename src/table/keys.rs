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
    Key::optional(
        "include",
        Kind::List(&Kind::Text),
        "More files such as this one, found from its folder. What they say goes before what this one says: upstreams and models by their names, routes by path and method.",
    ),
    Key::inherited("upstreams", Kind::Names(&Kind::Map(UPSTREAM)), "Where calls go, by a name of your choice."),
    Key::inherited("models", Kind::Names(&Kind::Map(GROUP)), "Groups of models, by a name of your choice."),
    Key::inherited("routes", Kind::List(&Kind::Map(ROUTE)), "What is served: a row for each path."),
    Key::optional(
        "tests",
        Kind::List(&Kind::Map(TRIAL)),
        "Requests and what should become of them; `check` runs them, without a network and in the name of `tester`.",
    ),
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
    Key::inherited("show", Kind::Map(SHOW), "What the model list shows of every model of the group."),
    Key::inherited("names", Kind::Names(&Kind::Text), "What clients ask for, and the upstream's id for it."),
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
];

const ROUTE: &[Key] = &[
    Key::required("path", Kind::Text, "The path; {name} takes one segment, a final {name*} the rest."),
    Key::optional("method", Kind::OneOrMany(&Kind::OneOf(methods)), "What it takes: POST by default, GET for a reply."),
    Key::optional("upstream", Kind::Text, "The upstream that it calls, by its name."),
    Key::optional("models", Kind::Text, "The group of models that it serves, by its name."),
    Key::optional("transformer", Kind::OneOf(transformers), "What it does with a request and the upstream's answer."),
    Key::optional(
        "reply",
        Kind::Either(replies, REPLY, KINDS_OF_REPLY),
        "What it answers without an upstream: one of the replies that have a name, or one of your own.",
    ),
    Key::optional("request", Kind::Json, "The body of a request that comes without one."),
    Key::optional("set", Kind::Json, "Fields of the request's body that have this value, whatever the client says."),
    Key::optional(
        "default",
        Kind::Json,
        "Fields of the request's body that have this value where the client gives none.",
    ),
    Key::optional("usage", Kind::OneOf(countings), "How tokens are counted for the reply's usage; exact by default."),
    Key::optional("timeout", Kind::Duration, "The longest that a call may take; config.yaml's by default."),
    Key::optional("max_body", Kind::Size, "The largest request body; config.yaml's by default."),
    Key::optional("response_headers", Kind::Names(&Kind::Text), "Headers of every reply, errors and streams included."),
    Key::optional("about", Kind::Text, "What it is for, in a few words: for the page and the lists that people read."),
    Key::optional(
        "enabled",
        Kind::Switch,
        "false takes the row out, and those of the same path and method in including files; it may be a variable.",
    ),
];

const REPLY: &[Key] = &[
    Key::optional("json", Kind::Any, "A JSON value, whatever it is."),
    Key::optional("html", Kind::Text, "An HTML page."),
    Key::optional("text", Kind::Text, "Plain text."),
    Key::optional("redirect", Kind::Text, "Another path or URL; {name} is a parameter of the row's own path."),
    Key::optional(
        "status",
        Kind::Whole(200, 599),
        "The HTTP status: 200, for a redirect 307 unless this says otherwise.",
    ),
];

const TRIAL: &[Key] = &[
    Key::required("name", Kind::Text, "What it shows, in a few words of its own."),
    Key::required("request", Kind::Map(TRIAL_REQUEST), "The request of a client."),
    Key::optional("answer", Kind::Map(TRIAL_ANSWER), "What the upstream answers, where it is called."),
    Key::required("expect", Kind::Map(TRIAL_EXPECT), "What should become of it; what is not said does not matter."),
];

const TRIAL_REQUEST: &[Key] = &[
    Key::optional("method", Kind::OneOf(all_methods), "Its method: POST with a body, GET without one by default."),
    Key::required("path", Kind::Text, "Its path, without a query."),
    Key::optional("headers", Kind::Names(&Kind::Text), "Its headers, by their names."),
    Key::optional("body", Kind::Any, "Its body: a JSON value, or a text that is sent as it is."),
];

const TRIAL_ANSWER: &[Key] = &[
    Key::optional("status", Kind::Whole(200, 599), "Its HTTP status, 200 by default."),
    Key::optional("json", Kind::Any, "Its body, as a JSON value."),
    Key::optional("text", Kind::Text, "Its body, as plain text."),
    Key::optional("pieces", Kind::List(&Kind::Text), "Its body, as the pieces of a stream."),
];

const TRIAL_EXPECT: &[Key] = &[
    Key::optional("route", Kind::Text, "The path of the row that takes it, as the row has it."),
    Key::optional("upstream", Kind::Map(TRIAL_SENT), "What goes upstream."),
    Key::optional("reply", Kind::Map(TRIAL_REPLY), "What the client gets."),
];

const TRIAL_SENT: &[Key] = &[
    Key::optional("url", Kind::Text, "Where it goes, as a whole URL."),
    Key::optional("stream", Kind::Bool, "Whether it goes to the stream_url."),
    Key::optional("body", Kind::Json, "Fields of its body; more may be there. `~` is expected of a field that is not."),
];

const TRIAL_REPLY: &[Key] = &[
    Key::optional("status", Kind::Whole(200, 599), "Its HTTP status."),
    Key::optional("headers", Kind::Names(&Kind::Text), "Headers that it has; more may be there."),
    Key::optional("json", Kind::Any, "Fields of its body; more may be there. `~` is expected of a field that is not."),
    Key::optional("text", Kind::Text, "Its body, exactly."),
    Key::optional("content", Kind::Text, "What the first choice says, whole or in the pieces of a stream."),
    Key::optional("finish_reason", Kind::Text, "Why the first choice ended."),
];

/// What a reply of one's own is, one of these.
pub const KINDS_OF_REPLY: &[&str] = &["json", "html", "text", "redirect"];

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

/// What a route may take, and what is answered on every route.
const ALL_METHODS: &[Named<()>] = &[
    ("GET", (), ""),
    ("HEAD", (), ""),
    ("OPTIONS", (), ""),
    ("POST", (), ""),
    ("PUT", (), ""),
    ("PATCH", (), ""),
    ("DELETE", (), ""),
];

/// Whether a test may have this method.
pub fn is_method(name: &str) -> bool {
    ALL_METHODS.iter().any(|(known, ..)| *known == name)
}

fn all_methods() -> Vec<Choice> {
    choices(ALL_METHODS)
}

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
