//! `reply: readyz`: tells load balancers whether to send requests here. A stopping process answers no while it finishes
//! the requests in flight. A newer table that cannot be used is reported, but the answer stays yes: the last good table
//! serves.

use super::{Audience, ReplyEntry};
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "readyz",
    about: "200 when requests may come, 503 while it stops; no upstream call",
    audience: Audience::Everybody,
    build: |_| Arc::new(Readyz),
};

struct Readyz;

impl Transformer for Readyz {
    fn open(&self, _: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let (status, body) = match (cx.state.is_stopping, cx.state.is_behind) {
            (true, _) => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"status":"stopping","reason":"the process finishes what is in flight and ends"}"#,
            ),
            (false, true) => {
                (StatusCode::OK, r#"{"status":"ready","note":"a newer file is broken; the last good table serves"}"#)
            }
            (false, false) => (StatusCode::OK, r#"{"status":"ready"}"#),
        };
        Ok(Plan::Answer(Answer::json(status, body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ServiceState;

    #[test]
    fn only_a_process_that_stops_is_not_ready() {
        for (is_stopping, is_behind, status, word) in [
            (false, false, 200, "ready"),
            (false, true, 200, "newer file"),
            (true, false, 503, "finishes"),
            (true, true, 503, "finishes"),
        ] {
            let state = ServiceState { version: "", loaded_at: 0, is_behind, is_stopping, has_page: false };
            let ledger = Arc::default();
            let caller = crate::access::Caller::anybody("");
            let cx = Context {
                caller: &caller,
                id: "",
                now: 0,
                address: crate::plan::Address { scheme: "http", host: "" },
                state,
                attempt: crate::plan::Attempt::default(),
                seal: &crate::wire::Seal::of_instance(),
                ledger: &ledger,
                steps: None,
            };
            let Ok(Plan::Answer(answer)) = Readyz.open(&Request::default(), &cx) else { panic!("no answer") };
            assert_eq!(answer.status.as_u16(), status);
            assert!(String::from_utf8_lossy(&answer.body).contains(word));
        }
    }
}
