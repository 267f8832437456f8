//! The keys of `callers.yaml`. The reader and the schema for editors share this description.

use crate::access::limits;
use crate::yaml::{Key, Kind};

/// The whole file.
pub const KEYS: &[Key] = &[Key::required("callers", Kind::List(&Kind::Map(CALLER)), "Who may call: a row for each.")];

const CALLER: &[Key] = &[
    Key::required("name", Kind::Text, "Who it is, in logs and in `callers` of a route: letters, digits and . _ - @."),
    Key::required(
        "key_sha256",
        Kind::Text,
        "The SHA-256 of the key: 64 hexadecimal digits in quotes. `argo-openai-proxy key new NAME` makes both.",
    ),
    Key::optional("user", Kind::Text, "The username that ARGO is called as; config.yaml's by default."),
    Key::optional(
        "routes",
        Kind::List(&Kind::Text),
        "The paths that they may use, as the table's rows have them; * stands for any text. All by default.",
    ),
    Key::optional(
        "models",
        Kind::List(&Kind::Text),
        "The models that they may use, by their names or ARGO's ids; * stands for any text. All by default.",
    ),
    Key::optional("limits", Kind::Map(&limits::KEYS), "How much they may use; without a limit by default."),
    Key::optional(
        "watch",
        Kind::Bool,
        "true: on the page for people they see everybody's requests and the table, else their own requests alone.",
    ),
    Key::optional("enabled", Kind::Bool, "false: the key does not count."),
];
