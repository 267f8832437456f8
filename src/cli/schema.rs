//! `schema`: the JSON Schema of a file, from the description that its reader goes by.

use super::args::Described;
use crate::callers::KEYS as CALLERS;
use crate::config::KEYS as CONFIG;
use crate::table::KEYS as TABLE;
use crate::yaml::Schema;

/// The schema of a file, as it is printed.
pub fn text(file: Described) -> String {
    format!("{:#}\n", described(file).json())
}

/// The description of a file.
pub fn described(file: Described) -> Schema {
    match file {
        Described::Routes => Schema {
            title: "routes.yaml of argo-openai-proxy",
            about: "What is served: upstreams, models, routes.",
            keys: TABLE,
            variables: false,
            adds: false,
        },
        Described::Included => Schema {
            title: "A file that routes.yaml of argo-openai-proxy includes",
            about: "What is served beside, or instead of, what the including file says.",
            keys: TABLE,
            variables: false,
            adds: true,
        },
        Described::Config => Schema {
            title: "config.yaml of argo-openai-proxy",
            about: "Where this instance runs. \"${NAME}\" and \"${NAME:-default}\" are variables of the environment.",
            keys: CONFIG,
            variables: true,
            adds: false,
        },
        Described::Callers => Schema {
            title: "callers.yaml of argo-openai-proxy",
            about: "Who may call, where config.yaml says `access: keys`.",
            keys: CALLERS,
            variables: false,
            adds: false,
        },
    }
}
