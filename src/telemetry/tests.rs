//! A record with every field set, for the tests of log lines and metrics.

use super::record::{Record, cut};
use super::{AccessLog, By, CalledUpstream, Ended};
use std::time::Duration;

/// Returns a record with every field set. Some values would break a line if they were not escaped.
pub fn full() -> Record<'static> {
    Record {
        id: "req_1",
        caller: Some("bob\nINFO forged"),
        method: "POST",
        path: "/v1/\u{2028}\u{85}x",
        route: Some("/v1/{x}"),
        asked: Some("evil\" model\n"),
        model: Some("argo:gpt-4o"),
        model_id: Some("gpt4o"),
        status: Some(504),
        upstream: Some(CalledUpstream {
            name: "argo_chat",
            host: "argo.test",
            port: 443,
            address: Some(([127, 0, 0, 1], 8080).into()),
            status: Some(200),
        }),
        stream: true,
        calls: 2,
        retries: 1,
        bytes_in: 10,
        bytes_out: 20,
        input_tokens: Some(3),
        output_tokens: Some(4),
        first_byte: Some(Duration::from_millis(5)),
        first_text: Some(Duration::from_micros(6500)),
        own: Duration::from_micros(250),
        total: Duration::from_millis(7),
        ended: Some(Ended {
            by: By::Upstream,
            kind: "timeout".into(),
            why: Some("it said\n\"no\"".to_owned()),
            failed: true,
        }),
        limit: Some("tokens"),
    }
}

#[test]
fn names_and_cuts() {
    assert_eq!(AccessLog::default().name(), "text");
    assert_eq!((cut("äöü", 2), cut("äö", 2), cut("", 2)), ("äö", "äö", ""));
    assert!(full().failed());
}
