//! What the proxy makes of ARGO's ways holds for the built-in stand-in as for the scripted upstream: each case is
//! triggered by its documented prompt, over the older endpoints. `native_contract` does the same over the native ones.

use crate::support::{Said, Server, Setup, StandIn, chat, said};
use serde_json::{Value, json};

/// Status, and a part of the error's message or of the answer.
fn whole(server: &Server, prompt: &str) -> (u16, String, Value) {
    let answer = server.chat(&chat(prompt, json!({})));
    let text = match answer.status {
        200 => answer.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned(),
        _ => answer.error()["message"].as_str().unwrap().to_owned(),
    };
    let code = if answer.status == 200 { Value::Null } else { answer.error()["code"].clone() };
    (answer.status, text, code)
}

fn streamed(server: &Server, prompt: &str) -> (u16, Said) {
    let answer = server.chat(&chat(prompt, json!({"stream": true})));
    if answer.status == 200 {
        (200, said(&answer.body))
    } else {
        (answer.status, Said { error: Some(answer.error()), ..Said::default() })
    }
}

#[test]
fn whole_answers() {
    let stand_in = StandIn::start();
    let server = Setup::before_address(stand_in.address).start();
    for (prompt, status, part, code) in [
        ("say hello", 200, "Hello", Value::Null),
        ("anything else", 200, "anything else", Value::Null),
        ("emoji", 200, "👋", Value::Null),
        ("empty", 200, "", Value::Null),
        ("blocks", 200, "block", Value::Null),
        ("gzip", 200, "lorem ipsum", Value::Null),
        ("leaked tool call", 200, "{'", Value::Null),
        ("access denied", 403, "ACCESS DENIED", json!("argo_access_denied")),
        ("error in 200", 400, "You passed a messages field", Value::Null),
        ("no response", 502, "without a 'response'", json!("bad_upstream_answer")),
        ("error 400", 400, "does not support 0.0", json!("unsupported_value")),
        ("error 422", 422, "model: Field required", Value::Null),
        ("error 429", 429, "Too many requests", json!("rate_limited")),
        ("error 500", 500, "'NoneType' object is not subscriptable", Value::Null),
        ("error 502", 502, "502 Bad Gateway – nginx", Value::Null),
        ("cut 3", 502, "closed the connection", json!("bad_upstream_answer")),
    ] {
        let (got, text, told) = whole(&server, prompt);
        assert_eq!((got, &told), (status, &code), "{prompt}: {text}");
        assert!(text.contains(part) && !text.contains("Error code"), "{prompt}: {text}");
    }
    assert_eq!(server.chat(&chat("error 429", json!({}))).header("retry-after"), Some("7"));
    let answer = server.chat(&chat("hang", json!({"timeout": 0.2})));
    assert_eq!(answer.status, 504);
}

#[test]
fn streams() {
    let stand_in = StandIn::start();
    let server = Setup::before_address(stand_in.address).start();
    for prompt in ["say hello", "emoji", "lorem 300", "empty", "gzip", "anything else"] {
        let (status, stream) = streamed(&server, prompt);
        assert_eq!((status, stream.done, stream.finish.as_slice()), (200, true, &["stop".to_owned()][..]), "{prompt}");
        if prompt != "gzip" {
            assert_eq!(stream.text, whole(&server, prompt).1, "{prompt}: streamed or not, the same text");
        }
    }
    for (prompt, code) in [("cut 3", "bad_upstream_answer"), ("cut character", "bad_upstream_answer")] {
        let (status, stream) = streamed(&server, prompt);
        assert_eq!((status, stream.done, stream.finish.len()), (200, false, 0), "{prompt}");
        assert_eq!(stream.error.unwrap()["code"], code, "{prompt}");
    }
    for (prompt, status) in
        [("access denied", 403), ("error 400", 400), ("error 429", 429), ("error 500", 500), ("error 502", 502)]
    {
        assert_eq!(streamed(&server, prompt).0, status, "{prompt}");
    }
}

#[test]
fn embeddings() {
    let stand_in = StandIn::start();
    let server = Setup::before_address(stand_in.address).start();
    let embed =
        |model: &str, input: Value| server.post("/v1/embeddings", &json!({"model": model, "input": input}).to_string());
    let length = |model: &str| embed(model, json!("hello")).json()["data"][0]["embedding"].as_array().unwrap().len();
    assert_eq!(length("text-embedding-3-small"), 1536);
    assert_eq!(length("text-embedding-3-large"), 3072);
    assert_eq!(embed("v3small", json!(["missing vector", "b"])).status, 502);
    assert_eq!(embed("v3small", json!("short vector")).status, 502);
    assert_eq!(embed("v3small", json!("error 500")).status, 500);
}
