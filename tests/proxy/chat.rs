//! Whole chat completions: what goes up, what comes back.

use crate::support::{Argo, Server, chat};
use serde_json::{Value, json};

#[test]
fn a_request_reaches_argo_in_its_own_form() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let body = json!({
        "model": "argo:gpt-4o", "user": "eve", "timeout": 5, "stream": false, "temperature": 0.70, "seed": 7, "metadata": {"a": [1]},
        "messages": [
            {"role": "developer", "content": "Be brief"},
            {"role": "user", "name": "bob", "content": [{"type": "text", "text": "é\u{2028}\"x\""}, {"type": "image_url", "image_url": {"url": "data:,"}}]},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
        ],
    });
    let answer = server.client().call(
        "POST",
        "/v1/chat/completions",
        "Authorization: Bearer secret\r\nX-Api-Key: k\r\nCookie: c=1\r\n",
        body.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    let request = argo.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/argoapi/api/v1/resource/chat/"));
    assert_eq!(
        request.json(),
        json!({
            "user": "tester", "model": "gpt4o",
            "messages": [
                {"role": "system", "content": "Be brief"},
                {"role": "user", "content": [{"type": "text", "text": "é\u{2028}\"x\""}, {"type": "image_url", "image_url": {"url": "data:,"}}], "name": "bob"},
                {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "content": "42", "tool_call_id": "c1"},
            ],
            "temperature": 0.7, "seed": 7, "metadata": {"a": [1]},
        })
    );
    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    assert_eq!(names, ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"]);
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("host"), Some(argo.address.to_string().as_str()));
}

#[test]
fn an_answer_has_all_that_openai_requires() {
    let argo = Argo::saying("  Grüße 👋\n\"quoted\"");
    let server = Server::before(&argo);
    let answer = server.chat(&chat("hello world", json!({})));
    let mut reply = answer.json();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(reply["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert!(reply["created"].as_u64().unwrap() > 1_700_000_000);
    reply["id"] = Value::Null;
    reply["created"] = Value::Null;
    assert_eq!(
        reply,
        json!({
            "id": null, "object": "chat.completion", "created": null, "model": "argo:gpt-4o",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "  Grüße 👋\n\"quoted\"", "refusal": null}, "logprobs": null, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": reply["usage"]["completion_tokens"], "total_tokens": reply["usage"]["total_tokens"]},
        })
    );
    assert_eq!(reply["usage"]["total_tokens"], 9 + reply["usage"]["completion_tokens"].as_u64().unwrap());
    let ids: Vec<Value> = (0..3).map(|_| server.chat(&chat("x", json!({}))).json()["id"].clone()).collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}

#[test]
fn models_are_found_in_every_form_and_named_as_asked() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for (asked, id) in [
        ("argo:gpt-4o", "gpt4o"),
        ("gpt-4o", "gpt4o"),
        ("GPT4O", "gpt4o"),
        ("argo:gpt4o", "gpt4o"),
        ("Argo:Claude-Opus-5", "claudeopus5"),
    ] {
        let reply = server.chat(&chat("x", json!({ "model": asked }))).json();
        assert_eq!(reply["model"], asked);
        assert_eq!(argo.requests().last().unwrap().json()["model"], id, "{asked}");
    }
    let reply = server.chat(r#"{"messages":[{"role":"user","content":"x"}]}"#).json();
    assert_eq!(reply["model"], "argo:gpt-4o");
    let sent = argo.requests().len();
    let refused = server.chat(&chat("x", json!({"model": "argo:gpt-4oo"})));
    assert_eq!((refused.status, refused.error()["code"].as_str()), (404, Some("model_not_found")));
    assert!(refused.error()["message"].as_str().unwrap().contains("argo:gpt-4o"));
    assert_eq!(argo.requests().len(), sent, "nothing is sent for an unknown model");
}

#[test]
fn quirks_of_models_are_kept() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let messages = json!([{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]);
    let sent = |model: &str, more: Value| {
        let mut body = json!({"model": model, "messages": messages});
        crate::support::merge(&mut body, more);
        assert_eq!(server.chat(&body.to_string()).status, 200, "{body}");
        argo.requests().last().unwrap().json()
    };
    assert_eq!(sent("argo:gpt-o1-preview", json!({}))["messages"][0]["role"], "user");
    assert_eq!(sent("argo:gpt-o3-mini", json!({}))["messages"][0]["role"], "system");
    let renamed = sent("argo:gpt-o3-mini", json!({"max_tokens": 99}));
    assert_eq!((&renamed["max_completion_tokens"], renamed.get("max_tokens")), (&json!(99), None));
    let renamed = sent("argo:claude-opus-5", json!({"max_completion_tokens": 99}));
    assert_eq!((&renamed["max_tokens"], renamed.get("max_completion_tokens")), (&json!(99), None));
    assert_eq!(sent("argo:gpt-4o", json!({"max_tokens": 99}))["max_tokens"], 99);
}

#[test]
fn length_is_told_when_an_exact_count_reaches_the_maximum() {
    let argo = Argo::saying("hello world");
    let server = Server::before(&argo);
    let reason = |model: &str, more: Value| {
        let mut more = more;
        more["model"] = json!(model);
        server.chat(&chat("x", more)).json()["choices"][0]["finish_reason"].clone()
    };
    assert_eq!(reason("argo:gpt-4o", json!({"max_tokens": 2})), "length");
    assert_eq!(reason("argo:gpt-4o", json!({"max_completion_tokens": 2})), "length");
    assert_eq!(reason("argo:gpt-4o", json!({"max_tokens": 3})), "stop");
    assert_eq!(reason("argo:claude-opus-5", json!({"max_tokens": 2})), "stop", "its count is an estimate");
}

#[test]
fn wrong_requests_are_told_by_field_and_not_sent() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for (body, param) in [
        ("", None),
        ("[]", None),
        ("\"x\"", None),
        ("null", None),
        ("{", None),
        ("{}", Some("messages")),
        (r#"{"messages": "hello"}"#, Some("messages")),
        (r#"{"messages": []}"#, Some("messages")),
        (r#"{"messages": [1]}"#, Some("messages[0]")),
        (r#"{"messages": [{"content": "x"}]}"#, Some("messages[0].role")),
        (r#"{"messages": [{"role": "robot", "content": "x"}]}"#, Some("messages[0].role")),
        (r#"{"messages": [{"role": "user"}]}"#, Some("messages[0].content")),
        (r#"{"messages": [{"role": "user", "content": null}]}"#, Some("messages[0].content")),
        (r#"{"messages": [{"role": "user", "content": 5}]}"#, Some("messages[0].content")),
        (r#"{"messages": [{"role": "user", "content": "x"}], "n": 21}"#, Some("n")),
        (r#"{"messages": [{"role": "user", "content": "x"}], "model": 5}"#, Some("model")),
        (r#"{"messages": [{"role": "user", "content": "x"}], "stream": "yes"}"#, Some("stream")),
        (
            r#"{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function"}]}"#,
            Some("tools[0].function"),
        ),
    ] {
        let answer = server.chat(body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.error()["param"].as_str(), param, "{body}");
        assert_eq!(answer.error()["type"], "invalid_request_error");
    }
    let mut client = server.client();
    client.raw("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{\"a\":\"\u{0}\"}");
    client.raw([0xff]);
    assert_eq!(client.answer().status, 400);
    assert_eq!(argo.requests().len(), 0);
}

#[test]
fn status_is_a_real_call_without_a_body() {
    let argo = Argo::saying("hello");
    let server = Server::before(&argo);
    let answer = server.get("/v1/status");
    assert_eq!((answer.status, &answer.json()["choices"][0]["message"]["content"]), (200, &json!("hello")));
    let request = argo.request();
    assert_eq!(request.json()["messages"][0]["content"], "Say hello");
    assert_eq!(request.method, "POST");
    let head = server.client().call("HEAD", "/v1/status", "", b"");
    assert_eq!(head.status, 200);
    assert_eq!(argo.requests().len(), 1, "HEAD costs no call");
}
