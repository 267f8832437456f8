//! The keys of `config.yaml`. The reader accepts only these, and editors get their descriptions.

use crate::access::{Mode, limits};
use crate::telemetry::AccessLog;
use crate::yaml::{Key, KeyChoice, Kind};

/// All keys, in the order of the sample.
pub const KEYS: &[Key] = &[
    Key::optional("port", Kind::Whole(0, 65535), "Port to listen on. 0: a free one, another at each start."),
    Key::optional("argo_url", Kind::Text, "ARGO's chat, with its final slash."),
    Key::optional("argo_stream_url", Kind::Text, "ARGO's streamed chat, with its final slash."),
    Key::optional("argo_embedding_url", Kind::Text, "ARGO's embeddings, with its final slash."),
    Key::optional("user", Kind::Text, "Your Argonne username. ARGO asks only for this."),
    Key::optional(
        "verbose",
        Kind::Bool,
        "True: the log has a line for each request. False: only for requests that fail.",
    ),
    Key::optional("num_workers", Kind::Whole(1, 1024), "Threads that serve."),
    Key::optional("timeout", Kind::Seconds, "Longest request, in seconds."),
    Key::optional(
        "host",
        Kind::Text,
        "Address to listen on; none: only on `socket`. `access` says who may use ARGO under your username.",
    ),
    Key::optional(
        "access",
        Kind::OneOf(modes),
        "Who may use the proxy. The default is `own`, where only this machine reaches it.",
    ),
    Key::optional("callers", Kind::Text, "The file that lists callers and their keys, found from this one."),
    Key::optional(
        "hosts",
        Kind::List(&Kind::Text),
        "More names of the proxy, behind a reverse proxy: a name, *.domain, or \"*\" for every name.",
    ),
    Key::optional(
        "argo_base_url",
        Kind::Text,
        "Where ARGO's native endpoints begin, without a slash at its end. They are called where this is set; the other URLs are below it unless they say otherwise.",
    ),
    Key::optional(
        "argo_models_url",
        Kind::Text,
        "ARGO's list of models: what `models_refresh` of the table reads, and `check --online`.",
    ),
    Key::optional("connect_timeout", Kind::Seconds, "Longest connecting, in seconds."),
    Key::optional(
        "first_head",
        Kind::Seconds,
        "How long the head of a stream waits for its first text, in seconds; then a failure is an event. 0: however long that takes.",
    ),
    Key::optional(
        "drain_timeout",
        Kind::Seconds,
        "How long requests in flight get when the proxy stops, in seconds; 0 cuts them.",
    ),
    Key::optional("max_body", Kind::Size, "Largest request: bytes, or a number with a unit such as 32MiB."),
    Key::optional("max_answer", Kind::Size, "Largest answer that is held in memory; streams are not."),
    Key::optional(
        "max_memory",
        Kind::Size,
        "What all requests together may hold. Default: a quarter of the machine's or the control group's memory, 256 MiB to 4 GiB.",
    ),
    Key::optional("limits", Kind::Map(LIMITS), "What each caller may use, where its own limits do not say otherwise."),
    Key::optional(
        "keepalive_timeout",
        Kind::Seconds,
        "How long a client's connection may wait for its next request, in seconds.",
    ),
    Key::optional("head_timeout", Kind::Seconds, "How long a request's head may take from its first byte, in seconds."),
    Key::optional("max_head", Kind::Size, "Largest head of a request."),
    Key::optional(
        "body_timeout",
        Kind::Seconds,
        "How far a request's body may be behind 16 KiB/s, in seconds: longest pause of a client that sends.",
    ),
    Key::optional(
        "write_timeout",
        Kind::Seconds,
        "How far a client may be behind 16 KiB/s while data waits for it, in seconds.",
    ),
    Key::optional("access_log", Kind::OneOf(access_logs), "The form of the lines of requests."),
    Key::optional(
        "log_bodies",
        Kind::Bool,
        "True: the log has the bodies of requests and replies, cut, and without keys and image data.",
    ),
    Key::optional(
        "log_file",
        Kind::Text,
        "File that the log is added to, found from this one; SIGUSR1 opens it anew. Default: standard error.",
    ),
    Key::optional(
        "seal_file",
        Kind::Text,
        "A file with a secret of 32 bytes or more. Instances that share it, and later ones, read the thinking that each other has sealed.",
    ),
    Key::optional(
        "admin",
        Kind::Address,
        "Where metrics (/metrics, /livez, /readyz) and the page for whoever watches are served: a port of this machine, host:port, unix:path, or none.",
    ),
    Key::optional("metrics_by_caller", Kind::Bool, "True: metrics have a label for callers that callers.yaml names."),
    Key::optional("server_timing", Kind::Bool, "True: the header Server-Timing of replies says where the time went."),
    Key::optional("page", Kind::Bool, "False: no page for people at `/`, and nothing is kept for it."),
    Key::optional("cors", Kind::Map(CORS), "Web pages that may call the proxy from a browser."),
    Key::optional("socket", Kind::Text, "Unix socket to listen on, too. Only your own programs reach it."),
    Key::optional("tls", Kind::Map(TLS), "Speak TLS on `port`, and nothing else."),
    Key::optional(
        "run_dir",
        Kind::Text,
        "Directory of the running instance: its process id, and the socket for upgrades.",
    ),
];

const TLS: &[Key] = &[
    Key::required("certificate", Kind::Text, "PEM file: the certificate, then those between it and its authority."),
    Key::required("key", Kind::Text, "PEM file: the certificate's private key, without a password."),
];

const LIMITS: &[Key] = &{
    let [requests, tokens, concurrent] = limits::KEYS;
    let wait = "How long a request beyond concurrent waits for a place, in seconds; 0 refuses it at once.";
    [requests, tokens, concurrent, Key::optional("wait", Kind::Seconds, wait)]
};

const CORS: &[Key] = &[Key::optional(
    "origins",
    Kind::List(&Kind::Text),
    "scheme://host:port, with * for any port; scheme://* for apps and extensions; \"*\" alone allows every page. Default: this machine, any port, and apps.",
)];

fn modes() -> Vec<KeyChoice> {
    Mode::ALL.iter().map(|(name, _, about)| KeyChoice { name, about }).collect()
}

fn access_logs() -> Vec<KeyChoice> {
    AccessLog::NAMES.iter().map(|(name, _, about)| KeyChoice { name, about }).collect()
}
