//! Keys of argo-proxy's `config.yaml`, which people bring along, and what replaces them.
//!
//! A key whose loss changes nothing is a warning, so that such a file works. A key that decides where calls go, or in whose
//! name, is an error: to go on without it would do something else than its author wants.

use crate::yaml::{Foreign, Node};

const PROGRAM: &str = "argo-proxy";
const NOT_NEEDED: &str = "remove it: it is not needed here";

/// The keys that need no replacement. So does each key that begins with `_`, which argo-proxy derives from others.
const NOT_NEEDED_KEYS: &[&str] = &[
    "anthropic_stream_mode",
    "config_version",
    "connection_test_timeout",
    "enable_leaked_tool_fix",
    "model_refresh_interval_hours",
    "native_anthropic_base_url",
    "native_openai_base_url",
    "provider_tool_format",
    "real_stream",
    "skip_url_validation",
    "tool_prompt",
    "use_legacy_argo",
    "use_native_anthropic",
    "use_native_openai",
];

/// The keys whose defaults here are sound, and where to change them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("image_timeout", "remove it, or set `images: { timeout: … }` at a row of routes.yaml"),
    ("max_payload_size", "remove it, or set `images: { max_bytes: … }` at a row of routes.yaml"),
    ("enable_payload_control", "remove it: images above the limits of `images` at a row of routes.yaml are refused"),
    ("concurrent_downloads", NOT_NEEDED),
    ("log_to_file", "remove it, or name a file: `log_file: proxy.log` (docs/operations.md)"),
    ("max_log_history", "remove it: docs/observability.md says what the log has"),
    ("dump_requests", "remove it; `log_bodies` logs bodies, and `argo-openai-proxy explain` shows what becomes of one"),
    ("dump_dir", NOT_NEEDED),
];

/// Returns what to say of a key that is not ours.
pub fn foreign(name: &str, value: &Node) -> Option<Foreign> {
    let told = |help: String, is_harmless| Some(Foreign { program: PROGRAM, help, is_harmless });
    match name {
        "resolve_overrides" => match override_of(value) {
            None => told(NOT_NEEDED.to_owned(), true),
            Some(address) => {
                let how =
                    format!("set `connect_to: {address}` at the upstreams of routes.yaml (docs/routes.md#upstreams)");
                told(how, false)
            }
        },
        "username_passthrough" if *value == Node::Bool(true) => told("write `access: passthrough`".to_owned(), false),
        "username_passthrough" => told(NOT_NEEDED.to_owned(), true),
        _ if name.starts_with('_') || NOT_NEEDED_KEYS.contains(&name) => told(NOT_NEEDED.to_owned(), true),
        _ => match ELSEWHERE.iter().find(|(known, _)| *known == name) {
            Some((_, help)) => told((*help).to_owned(), true),
            None => Foreign::of_litellm(name),
        },
    }
}

/// Returns the address that the first override leads to, with a port: `{ "host:443": address }`.
fn override_of(value: &Node) -> Option<String> {
    let Node::Map(entries) = value else { return None };
    match entries.first()? {
        (Node::Text(name), Node::Text(address)) => {
            let port = name.rsplit_once(':').map_or("443", |(_, port)| port);
            let address = if address.contains(':') { format!("[{address}]") } else { address.clone() };
            Some(format!("{address}:{port}"))
        }
        _ => Some("HOST:PORT".to_owned()),
    }
}
