//! The keys of `routes.yaml`. The reader and the schema for editors share this description. A new key is one line in
//! one of these files; `raw.rs` or a file below it reads the key.

mod choices;
mod models;
mod routes;
mod trials;
mod upstreams;

pub use choices::NamedValue;
pub use models::{FAMILIES, STREAMINGS, STRUCTUREDS, SYSTEM_ROLES, THINKINGS, TOKENIZERS};
pub use routes::{COUNTINGS, KINDS_OF_REPLY};
pub use trials::is_method;
pub use upstreams::{CREDENTIALS, VENDORS};

use crate::yaml::{Key, Kind};
use models::GROUP;
use routes::ROUTE;
use trials::TRIAL;
use upstreams::UPSTREAM;

/// The whole file.
pub const TABLE: &[Key] = &[
    Key::required("version", Kind::Whole(1, 1), "The version of this format."),
    Key::optional(
        "include",
        Kind::List(&Kind::Text),
        "More files such as this one, found from its folder. They win over this one: upstreams and models by their names, routes by path and method. local-routes.yaml beside the table needs no mention.",
    ),
    Key::optional(
        "models_refresh",
        Kind::Duration,
        "How often the lists of models of the upstreams (`models_url`) are read, also at the start: a minute or more, such as 24h, or off, the default. \
         `families` of a group say what becomes of new models.",
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
