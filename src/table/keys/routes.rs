//! What a row of `routes` may say.

use super::choices::{NamedValue, choices};
use crate::access::limits;
use crate::tokens::Counting;
use crate::transform::{REPLIES, TRANSFORMERS};
use crate::yaml::{Key, KeyChoice, Kind};

pub(super) const ROUTE: &[Key] = &[
    Key::required("path", Kind::Text, "The path; {name} takes one segment, a final {name*} the rest."),
    Key::optional("method", Kind::OneOrMany(&Kind::OneOf(methods)), "What it takes: POST by default, GET for a reply."),
    Key::optional(
        "upstream",
        Kind::OneOrMany(&Kind::Text),
        "The upstream that it calls, by its name; of several, the first that serves the model and can carry the request. The next one is asked when it has no such endpoint or cannot be connected to.",
    ),
    Key::optional("models", Kind::Text, "The group of models that it serves, by its name."),
    Key::optional("transformer", Kind::OneOf(transformers), "What it does with a request and the upstream's answer."),
    Key::optional(
        "with",
        Kind::Settings(settings),
        "Settings of the transformer, where it has any: docs/transformers.md describes them.",
    ),
    Key::optional(
        "reply",
        Kind::Either(replies, REPLY, KINDS_OF_REPLY),
        "What it answers without an upstream: one of the replies that have a name, or one of your own.",
    ),
    Key::optional("request", Kind::Json, "The body of a request that comes without one."),
    Key::optional(
        "most_choices",
        Kind::Whole(1, 128),
        "The most answers of one request (n, times its prompts), each a call of its own; 20 by default.",
    ),
    Key::optional("set", Kind::Json, "Fields of the request's body that have this value, whatever the client says."),
    Key::optional(
        "default",
        Kind::Json,
        "Fields of the request's body that have this value where the client gives none.",
    ),
    Key::optional("usage", Kind::OneOf(countings), "How tokens are counted for the reply's usage; exact by default."),
    Key::optional("timeout", Kind::Duration, "The longest that a call may take; config.yaml's by default."),
    Key::optional("max_body", Kind::Size, "The largest request body; config.yaml's by default."),
    Key::optional(
        "limits",
        Kind::Map(&limits::KEYS),
        "What each caller may use of this row, beside what it may use at all.",
    ),
    Key::optional("images", Kind::Map(IMAGES), "How images that a request names by http(s) URL are fetched."),
    Key::optional("response_headers", Kind::Names(&Kind::Text), "Headers of every reply, errors and streams included."),
    Key::optional(
        "callers",
        Kind::List(&Kind::Text),
        "Who may use it, by the names of callers; * stands for any text. Whoever may call at all by default.",
    ),
    Key::optional("about", Kind::Text, "What it is for, in a few words: for the page and the lists that people read."),
    Key::optional(
        "enabled",
        Kind::Switch,
        "false takes the row out, and those of the same path and method in including files; it may be a variable.",
    ),
];

const IMAGES: &[Key] = &[
    Key::optional("fetch", Kind::Bool, "Whether they are fetched: true; otherwise such requests are refused."),
    Key::optional(
        "allow_hosts",
        Kind::List(&Kind::Text),
        "Hosts that may have any port and addresses of the inner network, which are refused otherwise: a name, *.domain or an address; with :port only that port.",
    ),
    Key::optional(
        "deny",
        Kind::List(&Kind::Text),
        "What is not fetched from: a name or *.domain; an address or a network such as 141.142.0.0/16, unless allow_hosts names the host.",
    ),
    Key::optional("max_bytes", Kind::Size, "The largest image; 10 MiB by default."),
    Key::optional("most", Kind::Whole(1, 50), "The most images that are fetched for one request; 20 by default."),
    Key::optional(
        "timeout",
        Kind::Duration,
        "The longest that one image may take, its redirects included; 10 s by default.",
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

/// The kinds of replies that a row can write itself. Such a reply has exactly one of these keys.
pub const KINDS_OF_REPLY: &[&str] = &["json", "html", "text", "redirect"];

pub const COUNTINGS: &[NamedValue<Counting>] = &[
    ("exact", Counting::Exact, "With the tokenizer."),
    ("estimate", Counting::Estimate, "By character class: cheap."),
    ("none", Counting::None, "Not at all; replies carry no usage."),
];

const METHODS: &[NamedValue<()>] =
    &[("GET", (), ""), ("POST", (), ""), ("PUT", (), ""), ("PATCH", (), ""), ("DELETE", (), "")];

fn transformers() -> Vec<KeyChoice> {
    TRANSFORMERS.iter().map(|entry| KeyChoice { name: entry.name, about: entry.about }).collect()
}

fn settings() -> Vec<(&'static str, &'static [Key])> {
    TRANSFORMERS.iter().map(|entry| (entry.name, entry.keys)).collect()
}

fn replies() -> Vec<KeyChoice> {
    REPLIES.iter().map(|entry| KeyChoice { name: entry.name, about: entry.about }).collect()
}

fn countings() -> Vec<KeyChoice> {
    choices(COUNTINGS)
}

fn methods() -> Vec<KeyChoice> {
    choices(METHODS)
}
