//! What the gateway serves, in the form of its framework: the free way to learn it.

use serde_json::{Map, json};

use crate::paths;
use crate::reply::Reply;

/// Returns the document. It has the paths and their methods, and nothing of what the bodies are.
pub(crate) fn document() -> Reply {
    let mut served = Map::new();
    for (path, method) in paths::all() {
        let path = path.strip_prefix(paths::BASE_PATH).unwrap_or(path);
        served.insert(
            path.to_owned(),
            json!({method.to_ascii_lowercase(): {"responses": {"200": {"description": "OK"}}}}),
        );
    }
    Reply::json(
        200,
        &json!({"openapi": "3.1.0", "info": {"title": "Argo Gateway API", "version": "1"}, "paths": served}),
    )
}
