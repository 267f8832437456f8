//! Access log for programs: the record of a request as a JSON object in one line. Keys are OpenTelemetry's where it defines one.

use super::record::{Record, cut};
use crate::json;
use jiff::Timestamp;
use std::io::Write;
use std::time::Duration;

/// The largest number of characters of a path or a name in a line.
const LONGEST: usize = 1000;

/// Returns the line, with its line feed.
pub fn line(record: &Record<'_>, at: Timestamp) -> Vec<u8> {
    // Most lines fit, so that one allocation is enough. Absent values write no key.
    let mut object = Object(Vec::with_capacity(1024));
    object.text("timestamp", Some(&format!("{at:.3}")));
    object.text("severity", Some(if record.failed() { "WARN" } else { "INFO" }));
    object.text("request.id", Some(record.id));
    object.text("user.name", record.caller);
    object.text("http.request.method", Some(record.method));
    object.text("url.path", Some(&record.shown_path()));
    object.text("http.route", record.route);
    object.number("http.response.status_code", record.status);
    object.number("http.request.body.size", Some(record.bytes_in as u64));
    object.number("http.response.body.size", Some(record.bytes_out as u64));
    object.text("gen_ai.request.model", record.asked.or(record.model));
    object.text("gen_ai.response.model", record.model_id);
    object.text("proxy.model", record.model);
    object.number("gen_ai.usage.input_tokens", record.input_tokens);
    object.number("gen_ai.usage.output_tokens", record.output_tokens);
    if let Some(upstream) = &record.upstream {
        object.text("proxy.upstream", Some(upstream.name));
        object.text("server.address", Some(upstream.host));
        object.number("server.port", Some(upstream.port));
        object.text("network.peer.address", upstream.address.map(|at| at.ip().to_string()).as_deref());
        object.number("network.peer.port", upstream.address.map(|at| at.port()));
        object.number("proxy.upstream.status_code", upstream.status);
        object.key("proxy.stream", if record.stream { b"true" } else { b"false" });
        object.number("proxy.calls", Some(record.calls as u64));
        object.number("proxy.retries", Some(record.retries));
    }
    object.seconds("proxy.first_byte_s", record.first_byte);
    object.seconds("proxy.first_text_s", record.first_text);
    object.seconds("proxy.own_s", Some(record.own));
    object.seconds("proxy.duration_s", Some(record.total));
    if let Some(ended) = &record.ended {
        object.text("proxy.ended_by", Some(ended.by.name()));
        object.text("error.type", Some(&ended.kind));
        object.text("error.message", ended.why.as_deref());
        object.text("proxy.limit", record.limit);
    }
    object.0.extend_from_slice(b"}\n");
    object.0
}

struct Object(Vec<u8>);

impl Object {
    fn key(&mut self, key: &str, value: &[u8]) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        json::push_string(&mut self.0, key);
        self.0.push(b':');
        self.0.extend_from_slice(value);
    }

    fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.key(key, b"");
            json::push_string(&mut self.0, cut(value, LONGEST));
        }
    }

    fn number(&mut self, key: &str, value: Option<impl Into<u64>>) {
        if let Some(value) = value {
            self.key(key, b"");
            json::push_number(&mut self.0, value.into());
        }
    }

    fn seconds(&mut self, key: &str, time: Option<Duration>) {
        if let Some(time) = time {
            self.key(key, b"");
            // Writing to a Vec cannot fail.
            let _ = write!(self.0, "{:.6}", time.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::full;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_is_an_object_and_one_line_whatever_is_in_it() {
        let line = line(&full(), Timestamp::from_millisecond(1_700_000_000_123).unwrap());
        assert_eq!(line.iter().filter(|byte| **byte < 0x20).count(), 1);
        let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let wanted = json!({
            "timestamp": "2023-11-14T22:13:20.123Z", "severity": "WARN", "request.id": "req_1",
            "user.name": "bob\nINFO forged", "http.request.method": "POST", "url.path": "/v1/\u{2028}\u{85}x",
            "http.route": "/v1/{x}", "http.response.status_code": 504, "http.request.body.size": 10,
            "http.response.body.size": 20, "gen_ai.request.model": "evil\" model\n", "gen_ai.response.model": "gpt4o",
            "proxy.model": "argo:gpt-4o", "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4,
            "proxy.upstream": "argo_chat", "server.address": "argo.test", "server.port": 443,
            "network.peer.address": "127.0.0.1", "network.peer.port": 8080, "proxy.upstream.status_code": 200,
            "proxy.stream": true, "proxy.calls": 2, "proxy.retries": 1, "proxy.first_byte_s": 0.005,
            "proxy.first_text_s": 0.0065, "proxy.own_s": 0.00025, "proxy.duration_s": 0.007,
            "proxy.ended_by": "upstream", "error.type": "timeout", "error.message": "it said\n\"no\"",
            "proxy.limit": "tokens",
        });
        assert_eq!(object, wanted);
    }
}
