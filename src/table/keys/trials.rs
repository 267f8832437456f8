//! What a row of `tests` may say.

use super::choices::{NamedValue, choices};
use crate::yaml::{Key, KeyChoice, Kind};

pub(super) const TRIAL: &[Key] = &[
    Key::required("name", Kind::Text, "What it shows, in a few words of its own."),
    Key::optional(
        "needs",
        Kind::Text,
        "A key of config.yaml or a variable of the environment without which it does not run.",
    ),
    Key::optional("lacks", Kind::Text, "One with which it does not run."),
    Key::required("request", Kind::Map(TRIAL_REQUEST), "The request of a client."),
    Key::optional("answer", Kind::Map(TRIAL_ANSWER), "What the upstream answers, where it is called."),
    Key::required("expect", Kind::Map(TRIAL_EXPECT), "What should become of it; what is not said does not matter."),
];

const TRIAL_REQUEST: &[Key] = &[
    Key::optional("method", Kind::OneOf(all_methods), "Its method: POST with a body, GET without one by default."),
    Key::required("path", Kind::Text, "Its path, and its query."),
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

/// The methods that a route can take, and those that every route answers.
const ALL_METHODS: &[NamedValue<()>] = &[
    ("GET", (), ""),
    ("HEAD", (), ""),
    ("OPTIONS", (), ""),
    ("POST", (), ""),
    ("PUT", (), ""),
    ("PATCH", (), ""),
    ("DELETE", (), ""),
];

/// Returns true if a test may have this method.
pub fn is_method(name: &str) -> bool {
    ALL_METHODS.iter().any(|(known, ..)| *known == name)
}

fn all_methods() -> Vec<KeyChoice> {
    choices(ALL_METHODS)
}
