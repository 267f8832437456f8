//! The keys of `config.yaml`, described once: for the reader, which knows no others, and for editors.

use crate::telemetry::AccessLog;
use crate::yaml::{Choice, Key, Kind};

/// All keys, in the order of the sample.
pub const KEYS: &[Key] = &[
    Key::optional("port", Kind::Whole(0, 65535), "Port to listen on. 0: a free one, another at each start."),
    Key::optional("argo_url", Kind::Text, "ARGO's chat, with its final slash."),
    Key::optional("argo_stream_url", Kind::Text, "ARGO's streamed chat, with its final slash."),
    Key::optional("argo_embedding_url", Kind::Text, "ARGO's embeddings, with its final slash."),
    Key::optional("user", Kind::Text, "Your Argonne username: all that ARGO asks for."),
    Key::optional(
        "verbose",
        Kind::Bool,
        "Log the bodies of requests and replies: cut, and without keys and image data.",
    ),
    Key::optional("num_workers", Kind::Whole(1, 1024), "Threads that serve."),
    Key::optional("timeout", Kind::Seconds, "Longest call, in seconds."),
    Key::optional("host", Kind::Text, "Address to listen on. Whoever reaches it uses ARGO under your username."),
    Key::optional("argo_models_url", Kind::Text, "ARGO's list of models; only `check --online` asks there."),
    Key::optional("connect_timeout", Kind::Seconds, "Longest connecting, in seconds."),
    Key::optional(
        "drain_timeout",
        Kind::Seconds,
        "How long requests in flight get when it stops, in seconds; 0 cuts them.",
    ),
    Key::optional("max_body", Kind::Size, "Largest request: bytes, or a number with a unit such as 32MiB."),
    Key::optional("max_answer", Kind::Size, "Largest answer that is held in memory; streams are not."),
    Key::optional(
        "access_log",
        Kind::OneOf(access_logs),
        "What is logged of each request; what fails is, in any case.",
    ),
    Key::optional(
        "admin",
        Kind::Address,
        "Where metrics are served (/metrics, /livez, /readyz): a port of this machine, host:port, or none.",
    ),
    Key::optional("metrics_by_caller", Kind::Bool, "Whether metrics tell callers apart, as far as a file names them."),
    Key::optional("server_timing", Kind::Bool, "Whether replies tell in Server-Timing where the time went."),
    Key::optional("cors", Kind::Map(CORS), "Web pages that may call the proxy from a browser."),
];

const CORS: &[Key] = &[Key::optional(
    "origins",
    Kind::List(&Kind::Text),
    "scheme://host:port, with * for any port; \"*\" alone allows every page. Default: this machine, any port.",
)];

fn access_logs() -> Vec<Choice> {
    AccessLog::NAMES.iter().map(|(name, _, about)| Choice { name, about }).collect()
}
