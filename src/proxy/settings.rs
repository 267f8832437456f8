//! The settings of this instance that the hooks use.

use super::connection::pace::ClientTimeouts;
use crate::access::{Access, Guard, Limits};
use crate::telemetry::AccessLog;
use crate::wire::Seal;
use std::sync::Arc;
use std::time::Duration;

/// Returns true if a web page of this origin may read replies.
pub type OriginCheck = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The part of `config.yaml` that the hooks use.
#[derive(Clone)]
pub struct Settings {
    /// Who may call, and the username for ARGO.
    pub access: Access,
    /// Refuses requests of foreign web pages.
    pub guard: Guard,
    /// Limits for callers without limits of their own.
    pub limits: Limits,
    /// How long a request may wait in the queue for a place.
    pub limits_wait: Duration,
    /// The time limits for clients.
    pub client_timeouts: ClientTimeouts,
    /// The time limit of a call, unless the request sets one.
    pub timeout: Duration,
    /// The time limit for connecting, including name lookup and TLS.
    pub connect_timeout: Duration,
    /// How long the head of a stream waits for its first text; `None`: however long that takes.
    pub first_head: Option<Duration>,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// The largest answer that is kept in memory, in bytes.
    pub max_answer: usize,
    /// What all requests may hold in memory, in bytes.
    pub max_memory: usize,
    /// The origins whose web pages may read replies.
    pub allows_origin: OriginCheck,
    /// Seals what clients keep for the next turn.
    pub seal: Arc<Seal>,
    /// True if the page for people is served.
    pub page: bool,
    /// True if each request is logged; false: only those that fail.
    pub verbose: bool,
    /// True if bodies are logged, shortened and without keys.
    pub log_bodies: bool,
    /// The form of the lines of requests.
    pub access_log: AccessLog,
    /// True if replies carry `Server-Timing`.
    pub server_timing: bool,
}
