//! How this instance runs, as far as the hooks need to know; and what it logs.

use super::Ctx;
use super::slow::Patience;
use crate::access::{Access, Guard, Limits};
use log::{info, warn};
use pingora::Error;
use pingora_proxy::Session;
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
    pub patience: Patience,
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
    /// Whether each request is logged; failures are in any case.
    pub verbose: bool,
}

impl Settings {
    /// One line for a request that is over. Never a body, a key or a query.
    pub(super) fn log(&self, session: &Session, e: Option<&Error>, ctx: &Ctx) {
        let head = session.req_header();
        let status = session.response_written().map_or(0, |head| head.status.as_u16());
        let failed = ctx.failure.is_some() || status >= 500;
        if !self.verbose && !failed {
            return;
        }
        let path: String = head.uri.path().chars().take(200).collect();
        let call = ctx.exchange.as_ref().map(|exchange| exchange.call());
        let line = format!(
            "{} {path} {status} {}ms{}{}{} id={}",
            head.method,
            ctx.begun.elapsed().as_millis(),
            match (call, &ctx.driving) {
                (Some(call), _) => format!(" model={}{}", call.model, if call.stream { " stream" } else { "" }),
                (None, Some(driving)) => format!(" model={} calls={}", driving.model, driving.calls),
                (None, None) => String::new(),
            },
            ctx.call
                .as_ref()
                .and_then(|call| call.status)
                .or_else(|| ctx.driving.as_ref()?.status)
                .map(|status| format!(" upstream={status}"))
                .unwrap_or_default(),
            match (&ctx.failure, &ctx.refusal, e) {
                (Some(failure), ..) => format!(" failure={failure:?}"),
                (None, Some(refusal), _) => format!(" refused={refusal:?}"),
                (None, None, Some(e)) => format!(" ended={}", e.etype().as_str()),
                (None, None, None) => String::new(),
            },
            ctx.request_id.to_str().unwrap_or_default(),
        );
        if failed { warn!("{line}") } else { info!("{line}") }
    }
}
