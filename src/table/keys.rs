//! The keys of `routes.yaml`, described once: for the reader, which knows no others, and for editors. A new key is a line
//! here, and is read in `written.rs`.

use crate::chat::tokens::{Counting, Tokenizer};
use crate::dialect::DIALECTS;
use crate::models::{Family, Streaming, Structured, SystemRole};
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
        Kind::OneOrMany(&Kind::Text),
        "Where whole calls go, with its final slash; of several the next is tried when one cannot be connected to. ${name} is a key of config.yaml or a variable of the environment.",
    ),
    Key::optional(
        "stream_url",
        Kind::OneOrMany(&Kind::Text),
        "Where streamed calls go; without it streamed requests are refused.",
    ),
    Key::required("dialect", Kind::OneOf(dialects), "How the upstream speaks."),
    Key::optional(
        "models_url",
        Kind::Text,
        "Where the upstream lists its models (GET); only `check --online` asks there, and compares them with the table's.",
    ),
    Key::optional(
        "connect_to",
        Kind::Text,
        "Where connections go instead of the URL's host, which stays what Host and TLS name: host:port or unix:/path.",
    ),
    Key::optional(
        "headers",
        Kind::Names(&Kind::Text),
        "Headers that go along with every call; ${NAME} keeps secrets out.",
    ),
    Key::optional(
        "connect_timeout",
        Kind::Duration,
        "The longest that connecting may take, name and TLS included; config.yaml's by default.",
    ),
    Key::optional("first_byte_timeout", Kind::Duration, "The longest until an answer begins, once connected."),
    Key::optional("idle_timeout", Kind::Duration, "The longest silence between two pieces of an answer."),
    Key::optional("keep_connections", Kind::Duration, "How long an unused connection is kept; 60 s by default."),
    Key::optional("tls", Kind::Map(TLS), "How TLS is spoken, where a URL is https."),
];

const TLS: &[Key] = &[
    Key::optional(
        "ca",
        Kind::Text,
        "A PEM file with the authorities to trust instead of the system's, found from this file.",
    ),
    Key::optional(
        "verify",
        Kind::Bool,
        "Whether the upstream's certificate is checked: true, unless you know why not.",
    ),
    Key::optional(
        "certificate",
        Kind::Text,
        "A PEM file with the proxy's own certificate and those up to its authority.",
    ),
    Key::optional("key", Kind::Text, "A PEM file with the key of that certificate."),
];

const GROUP: &[Key] = &[
    Key::optional(
        "default",
        Kind::Text,
        "The name of the model for requests that name none; without it they are refused.",
    ),
    Key::inherited("show", Kind::Map(SHOW), "What the model list shows of every model of the group."),
    Key::inherited(
        "names",
        Kind::Names(&Kind::Text),
        "What clients ask for, and the upstream's id for it; several names may have one id. A name with a * is a pattern for \
         names that are not here: what the * stands for goes to the * of the id. Patterns are tried in order.",
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
    Key::required("owned_by", Kind::Text, "`owned_by` of each model."),
    Key::required("created", Kind::Whole(0, i64::MAX), "`created` of each model, in Unix seconds."),
    CONTEXT_LENGTH,
    MAX_OUTPUT_TOKENS,
];

/// What a rule tells of its models over what the group tells.
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
         fixed, only_one_of, default, cap, cap_whole; all after rename take a parameter's old or new name.",
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
    Key::optional("cap", Kind::Names(&Kind::Number), "Parameters whose number is lowered to this one if it is above."),
    Key::optional("cap_whole", Kind::Names(&Kind::Number), "Like cap, only for calls that are not streamed."),
    Key::optional("tokenizer", Kind::OneOf(tokenizers), "What counts its tokens; without it counts are estimates."),
    Key::optional("tools", Kind::OneOf(families), "Whose shape its tools and tool calls have."),
    Key::optional("streaming", Kind::OneOf(streamings), "How a client's stream is served."),
    Key::optional(
        "structured",
        Kind::OneOf(structureds),
        "How it is brought to answer in the JSON that `response_format` wants; `tool` where `tools` is a vendor's, else `instruction`.",
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
    Key::optional("images", Kind::Map(IMAGES), "How images that a request names by http(s) URL are fetched."),
    Key::optional("response_headers", Kind::Names(&Kind::Text), "Headers of every reply, errors and streams included."),
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
        "Hosts whose addresses may be of the inner network, which are refused otherwise: a name, *.domain or an address; with :port only on that port.",
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
    ("none", Family::None, "It takes none: requests with tools are refused."),
];

pub const STREAMINGS: &[Named<Streaming>] = &[
    ("native", Streaming::Native, "By the upstream's own stream."),
    ("whole", Streaming::Whole, "By a whole call, whose answer is then streamed."),
];

pub const STRUCTUREDS: &[Named<Structured>] = &[
    (
        "tool",
        Structured::Tool,
        "By a tool with that schema, which it has to call; in words where there is no schema of an object, or where the request has tools.",
    ),
    ("instruction", Structured::Instruction, "In words, in the system text."),
    ("pass", Structured::Pass, "Not at all: `response_format` goes up as it came."),
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

fn streamings() -> Vec<Choice> {
    choices(STREAMINGS)
}

fn structureds() -> Vec<Choice> {
    choices(STRUCTUREDS)
}

fn countings() -> Vec<Choice> {
    choices(COUNTINGS)
}

fn methods() -> Vec<Choice> {
    choices(METHODS)
}
