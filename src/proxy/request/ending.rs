//! Why a request ended as it did, for the log.

use super::context::Ctx;
use crate::proxy::connection::silence::TimeLimit;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::errors::TIME_UP;
use crate::telemetry::{By, Ended};
use crate::wire::failure::FailureReason;
use crate::wire::{Answer, Failure};
use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};

/// The ending of a request whose client got this failure; `why` is the log's reason.
pub fn failed(failure: &Failure, by: By, why: String) -> Ended {
    Ended { by, kind: failure.word().into(), why: Some(why), failed: true }
}

/// The ending of a request whose upstream answered with an error.
pub fn answered_badly(answer: &Answer) -> Ended {
    match &answer.why {
        Some(reason) => by_upstream(reason),
        None => passed_on(answer.status),
    }
}

/// The ending of a request whose client gets an upstream's error as it came.
pub fn passed_on(status: StatusCode) -> Ended {
    let why = Some(format!("the upstream answered {status}"));
    Ended { by: By::Upstream, kind: "upstream_error".into(), why, failed: true }
}

/// The ending of a request whose upstream sent what cannot be used.
pub fn unusable(reason: Option<&FailureReason>) -> Ended {
    match reason {
        Some(reason) => by_upstream(reason),
        None => {
            let why = Some("the upstream's answer could not be used".to_owned());
            Ended { by: By::Upstream, kind: "bad_upstream_answer".into(), why, failed: true }
        }
    }
}

fn by_upstream(reason: &FailureReason) -> Ended {
    let why = reason.why.as_deref().map(str::to_owned);
    Ended { by: By::Upstream, kind: reason.word.clone(), why, failed: true }
}

/// Returns who caused a failure. A time limit that is not the upstream's own is ours.
pub fn cause(e: &Error, call: Option<&CallState>) -> By {
    use ErrorType::{ReadTimedout, WriteTimedout};
    let is_our_limit = |call: &CallState| match call.expired() {
        Some(TimeLimit::Deadline) => true,
        Some(TimeLimit::FirstByte(_) | TimeLimit::Idle(_)) => false,
        None => matches!(e.etype(), ReadTimedout | WriteTimedout) || *e.etype() == TIME_UP,
    };
    match (e.esource(), call) {
        (ErrorSource::Downstream, _) => By::Client,
        (_, Some(call)) if call.lacks_body() => By::Client,
        (_, Some(call)) if !is_our_limit(call) => By::Upstream,
        _ => By::Us,
    }
}

/// Returns why a request ended; `None` if its client got what it asked for.
pub fn of(e: Option<&Error>, ctx: &Ctx) -> Option<Ended> {
    if let Some(failure) = &ctx.failure {
        return Some(failure.clone());
    }
    if let Some(reason) = &ctx.refusal {
        let why = reason.why.as_deref().map(str::to_owned);
        return Some(Ended { by: By::Us, kind: reason.word.clone(), why, failed: false });
    }
    let by = match e?.esource() {
        ErrorSource::Downstream => By::Client,
        ErrorSource::Upstream => By::Upstream,
        ErrorSource::Internal | ErrorSource::Unset => By::Us,
    };
    Some(Ended { by, kind: e?.etype().as_str().into(), why: None, failed: false })
}
