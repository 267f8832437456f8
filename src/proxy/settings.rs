//! How this instance runs, as far as the hooks need to know.

use super::connection::pace::ClientTimeouts;
use crate::access::{Access, Guard, Limits};
use crate::telemetry::AccessLog;
use std::sync::Arc;
use std::time::Duration;

/// Says whether a browser's page from this origin may read replies.
pub type OriginCheck = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What the hooks need of `config.yaml`.
#[derive(Clone)]
pub struct Settings {
    /// Who may call, and as whom ARGO is called for them.
    pub access: Access,
    /// Keeps web pages from using it.
    pub guard: Guard,
    /// What each caller may use that has no limits of its own.
    pub limits: Limits,
    /// How long a request waits for a place among those that run at the same time.
    pub limits_wait: Duration,
    /// How long clients may take.
    pub client_timeouts: ClientTimeouts,
    /// The longest that a call may take, unless the request says otherwise.
    pub timeout: Duration,
    /// The longest that connecting may take, name and TLS included.
    pub connect_timeout: Duration,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// The largest held answer, in bytes.
    pub max_answer: usize,
    /// Which origins browsers may call from.
    pub allows_origin: OriginCheck,
    /// Whether bodies are shown in the log, cut and without keys.
    pub verbose: bool,
    /// What becomes of a request's record; failures are logged in any case.
    pub access_log: AccessLog,
    /// Whether replies tell where the time went.
    pub server_timing: bool,
}
