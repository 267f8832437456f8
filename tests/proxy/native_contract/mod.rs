//! What the proxy makes of a native endpoint's ways holds for the built-in stand-in as for the scripted upstream: the one is
//! asked by a documented prompt, the other sends what the real endpoint was recorded to send.

mod completions;
mod messages;
mod responses;

use crate::support::{Argo, Connection, Recorded, Server, Setup, StandIn, chat, said};
use serde_json::{Value, json};
use std::net::SocketAddr;

const GREETING: &str = "Hello! Nice to meet you. How can I help you today?";
const DENIED: &str = "\n\n⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️\n\n🚫 **ACCESS DENIED** 🚫\n\nThe username 'x' is not known.\n\n ** END NOTICE FROM ARGO **\n\n";
const EXHAUSTED: &str = "Error code: 429 - {'error': {'code': 429, 'message': 'Resource exhausted. Please try again later.', 'status': 'RESOURCE_EXHAUSTED'}}";

/// A native endpoint, and what was recorded of it.
struct Endpoint {
    dialect: &'static str,
    path: &'static str,
    model: &'static str,
    tools: &'static str,
    /// Prompts with their text and the reason of their end.
    ends: &'static [(&'static str, &'static str, &'static str)],
    /// What the real endpoint sends in the case that a prompt names.
    sends: fn(&str, bool) -> Sent,
}

/// The reply of a scripted endpoint.
enum Sent {
    Json(u16, String),
    Events(String),
    /// Events whose stream breaks off.
    Cut(String),
}

const ENDPOINTS: [Endpoint; 3] = [completions::ENDPOINT, messages::ENDPOINT, responses::ENDPOINT];

/// An upstream that can be asked for a case.
enum Upstream {
    StandIn(StandIn),
    Scripted(Argo),
}

impl Upstream {
    fn address(&self) -> SocketAddr {
        match self {
            Self::StandIn(stand_in) => stand_in.address,
            Self::Scripted(argo) => argo.address,
        }
    }
}

impl Endpoint {
    /// Runs a test over both upstreams.
    fn over_both(&self, test: impl Fn(&Server)) {
        let sends = self.sends;
        let scripted =
            Argo::start(move |request, connection| send(connection, sends(&prompt(request), streams(request))));
        for upstream in [Upstream::StandIn(StandIn::start()), Upstream::Scripted(scripted)] {
            test(&self.server(upstream.address()));
        }
    }

    /// A proxy that has only this endpoint.
    fn server(&self, address: SocketAddr) -> Server {
        let Self { dialect, path, model, tools, .. } = self;
        let url = format!("http://{address}{path}");
        let routes = format!(
            "version: 1\n\
             upstreams:\n  native: {{ url: \"{url}\", stream_url: \"{url}\", dialect: {dialect}, vendor: argo }}\n\
             models:\n  chat:\n    default: argo:gpt-4o\n    show: {{ owned_by: system, created: 1 }}\n    names: {{ argo:gpt-4o: {model} }}\n\
             \x20   rules: [{{ match: \"*\", tools: {tools} }}]\n\
             routes:\n  - {{ path: /v1/chat/completions, upstream: native, models: chat, transformer: openai_chat_completions }}\n"
        );
        Setup::before_address(address).routes(&routes).start()
    }
}

fn streams(request: &Recorded) -> bool {
    request.json()["stream"] == true
}

/// The text of the first message, in any form of a content.
fn prompt(request: &Recorded) -> String {
    let body = request.json();
    let said = body.get("messages").unwrap_or(&body["input"]);
    let content = said.get(0).map_or(said, |message| &message["content"]);
    content.as_str().or(content[0]["text"].as_str()).unwrap().to_owned()
}

fn send(connection: &mut Connection, sent: Sent) {
    let (events, is_cut) = match sent {
        Sent::Json(status, body) => return connection.json(status, &body),
        Sent::Events(events) => (events, false),
        Sent::Cut(events) => (events, true),
    };
    connection.raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    if !events.is_empty() {
        connection.chunk(events.as_bytes());
    }
    if is_cut { connection.close() } else { connection.stream_end() }
}

#[test]
fn native_answers_and_their_ends_are_the_upstreams_own() {
    for endpoint in ENDPOINTS {
        endpoint.over_both(|server| {
            for &(prompt, text, finish) in endpoint.ends {
                let answer = server.chat(&chat(prompt, json!({}))).json();
                let choice = &answer["choices"][0];
                let content = choice["message"]["content"].as_str().unwrap_or_default();
                assert_eq!((content, &choice["finish_reason"]), (text, &json!(finish)), "{prompt}: {answer}");
                assert_eq!(answer["model"], "argo:gpt-4o");
                assert!(answer["usage"]["completion_tokens"].is_u64(), "{prompt}: {answer}");
                assert!(answer.get("prompt_filter_results").is_none(), "{answer}");
                let streamed = said(&server.chat(&chat(prompt, json!({"stream": true}))).body);
                assert_eq!(
                    (streamed.text.as_str(), streamed.finish, streamed.done),
                    (text, vec![finish.to_owned()], true)
                );
                assert_eq!((streamed.usage, streamed.error), (None, None), "{prompt}: nobody asked for usage");
                let asked = json!({"stream": true, "stream_options": {"include_usage": true}});
                let usage = said(&server.chat(&chat(prompt, asked)).body).usage.unwrap();
                assert_eq!(usage["completion_tokens"], answer["usage"]["completion_tokens"], "{prompt}");
            }
        });
    }
}

#[test]
fn native_tool_calls_arrive_in_pieces() {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": parameters}}]);
    for endpoint in ENDPOINTS {
        endpoint.over_both(|server| {
            let ask = |stream| server.chat(&chat("use the tool", json!({"tools": tools, "stream": stream})));
            let whole = ask(false).json();
            let call = &whole["choices"][0]["message"]["tool_calls"][0]["function"];
            let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
            assert_eq!((&call["name"], arguments), (&json!("weather"), json!({"city": "sample city"})));
            let mut pieces = Vec::new();
            for event in crate::support::events(&ask(true).body) {
                let chunk: Value = serde_json::from_str(&event).unwrap_or_default();
                let function = &chunk["choices"][0]["delta"]["tool_calls"][0]["function"];
                pieces.extend(function["arguments"].as_str().filter(|part| !part.is_empty()).map(str::to_owned));
            }
            assert!(pieces.len() > 1, "{pieces:?}");
            assert_eq!(serde_json::from_str::<Value>(&pieces.concat()).unwrap(), json!({"city": "sample city"}));
        });
    }
}

#[test]
fn native_failures_become_errors_before_an_answer() {
    for endpoint in ENDPOINTS {
        endpoint.over_both(|server| {
            for (prompt, status, part, code) in [
                ("access denied", 403, "ACCESS DENIED", json!("argo_access_denied")),
                ("429 in 200", 429, "Resource exhausted", Value::Null),
                ("empty body", 502, "", json!("empty_answer")),
                ("error 400", 400, "temperature", Value::Null),
                ("error 500", 500, "'NoneType' object is not subscriptable", Value::Null),
                ("no endpoint", 404, "Not Found", Value::Null),
            ] {
                for stream in [false, true] {
                    let answer = server.chat(&chat(prompt, json!({"stream": stream})));
                    let case = format!("{}, {prompt}, stream: {stream}: {}", endpoint.dialect, answer.text());
                    assert_eq!(answer.status, status, "{case}");
                    let error = answer.error();
                    let message = error["message"].as_str().unwrap();
                    assert!(message.contains(part) && !message.contains("Error code"), "{case}");
                    assert!(code.is_null() || error["code"] == code, "{case}");
                }
            }
        });
    }
}

#[test]
fn native_streams_never_end_cleanly_by_chance() {
    for endpoint in ENDPOINTS {
        endpoint.over_both(|server| {
            for prompt in ["cut 6", "late error 6"] {
                let answer = server.chat(&chat(prompt, json!({"stream": true})));
                let streamed = said(&answer.body);
                assert_eq!((answer.status, streamed.done, streamed.finish.len()), (200, false, 0), "{prompt}");
                assert!(streamed.text.starts_with("lorem") && streamed.error.is_some(), "{prompt}: {streamed:?}");
            }
        });
    }
}

#[test]
fn a_vendors_codes_survive_pythons_words() {
    completions::ENDPOINT.over_both(|server| {
        for (prompt, code) in [("error 400", "unsupported_value"), ("no room", "budget_spent_on_reasoning")] {
            assert_eq!(server.chat(&chat(prompt, json!({}))).error()["code"], code, "{prompt}");
        }
    });
}
