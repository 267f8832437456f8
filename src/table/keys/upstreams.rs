//! What a row of `upstreams` may say.

use super::choices::{NamedValue, choices};
use crate::dialects::upstream::{DIALECTS, Vendor};
use crate::table::upstream::CredentialKind;
use crate::yaml::{Key, KeyChoice, Kind};

pub(super) const UPSTREAM: &[Key] = &[
    Key::required(
        "url",
        Kind::OneOrMany(&Kind::Text),
        "Where whole calls go, with its final slash; of several the next is tried when one cannot be connected to. ${name} is a key of config.yaml or a variable of the environment.",
    ),
    Key::optional(
        "stream_url",
        Kind::OneOrMany(&Kind::Text),
        "Where streamed calls go. Without it they go to `url` where the dialect streams there; else streamed requests are refused.",
    ),
    Key::required("dialect", Kind::OneOf(dialects), "How the upstream speaks."),
    Key::optional(
        "vendor",
        Kind::OneOf(vendors),
        "Whose gateway it is, where that has notices, hints and errors of its own beside its dialect.",
    ),
    Key::optional(
        "needs",
        Kind::Text,
        "A key of config.yaml or a variable of the environment without which the upstream is off: routes pass it over.",
    ),
    Key::optional(
        "serves",
        Kind::OneOrMany(&Kind::Text),
        "The ids of the models that it serves; * stands for any text. All by default.",
    ),
    Key::optional(
        "credential",
        Kind::OneOf(credentials),
        "How the user that a call is made for is told to it; `bearer` where `vendor` is argo, else `none`. The dialects `argo` and `argo_embedding` have the user in the body.",
    ),
    Key::optional(
        "bearer_file",
        Kind::Text,
        "A file with a token that goes along as a Bearer, found from this file. It is read again when it changes.",
    ),
    Key::optional(
        "models_url",
        Kind::Text,
        "Where the upstream lists its models (GET): what `models_refresh` reads, and `check --online`.",
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
    Key::optional("breaker", Kind::Map(BREAKER), "When a URL that does not answer is tried after the others."),
    Key::optional("tls", Kind::Map(TLS), "How TLS is spoken, where a URL is https."),
];

const BREAKER: &[Key] = &[
    Key::optional(
        "failures",
        Kind::Whole(1, 1000),
        "After how many failed calls in a row: not connected, no answer, or one with 5xx. 3 by default.",
    ),
    Key::optional(
        "open_for",
        Kind::Duration,
        "For how long; then one call finds out, and if that fails, it is twice as long, up to 2 min. 10 s by default.",
    ),
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

pub const VENDORS: &[NamedValue<Vendor>] =
    &[("argo", Vendor::Argo, "Argonne's."), ("other", Vendor::Other, "Anybody else's; the default.")];

pub const CREDENTIALS: &[NamedValue<CredentialKind>] = &[
    ("bearer", CredentialKind::Bearer, "`Authorization: Bearer USER`."),
    ("x_api_key", CredentialKind::XApiKey, "`X-Api-Key: USER`."),
    ("none", CredentialKind::None, "Not at all; `headers` or `bearer_file` may have a key."),
];

fn credentials() -> Vec<KeyChoice> {
    choices(CREDENTIALS)
}

fn vendors() -> Vec<KeyChoice> {
    choices(VENDORS)
}

fn dialects() -> Vec<KeyChoice> {
    DIALECTS.iter().map(|row| KeyChoice { name: row.name, about: row.about }).collect()
}
