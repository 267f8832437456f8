//! The contract of the stand-in, tested over plain sockets: the replies that a client of ARGO gets.

mod client;
mod delivery;
mod native;
mod tools;

use argo_stand_in::*;
use client::*;
use serde_json::{Value, json};

#[test]
fn a_connection_serves_one_call_after_another() {
    let served = serve(Options::default());
    let mut client = Client::connect(&served);
    for text in ["one", "two"] {
        let answer = client.call("POST", CHAT_PATH, &chat_body(text));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("connection"), Some("keep-alive"));
        assert!(answer.header("strict-transport-security").is_some());
        assert_eq!(answer.json(), json!({"response": format!("You said: {text}")}));
        let answer = client.call("POST", STREAM_CHAT_PATH, &chat_body(text));
        assert_eq!(answer.text(), format!("You said: {text}"));
        let answer = client.call("POST", EMBED_PATH, &embed_body(text));
        assert_eq!(answer.json()["embedding"][0].as_array().unwrap().len(), 1536);
        assert_eq!(client.call("GET", HEALTH_PATH, "").status, 200);
        assert_eq!(client.call("POST", "/none", "{}").status, 404);
    }
}

#[test]
fn bodies_may_be_large_chunked_or_announced() {
    let served = serve(Options::default());
    let text = "x".repeat(1 << 20);
    assert_eq!(chat(&served, &text).json()["response"], format!("You said: {text}"));

    let mut client = Client::connect(&served);
    let body = chat_body("pieces");
    let (a, b) = body.split_at(9);
    let head = format!("POST {CHAT_PATH} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(&format!("{head}{:x}\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n", a.len(), b.len()));
    assert_eq!(client.answer().json()["response"], "You said: pieces");

    let length = body.len();
    client.send(&format!(
        "POST {CHAT_PATH} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    ));
    assert_eq!(client.answer().status, 100);
    client.send(&body);
    assert_eq!(client.answer().json()["response"], "You said: pieces");

    let length = (64 << 20) + 1;
    client.send(&format!("POST {CHAT_PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n"));
    assert_eq!(client.answer().status, 413);
}

#[test]
fn paths_and_methods_are_the_gateways() {
    let served = serve(Options::default());
    let mut client = Client::connect(&served);
    let answer = client.call("GET", CHAT_PATH, "");
    assert_eq!((answer.status, answer.json()), (405, json!({"detail": "Method Not Allowed"})));
    assert_eq!(answer.header("allow"), Some("POST"));
    let answer = client.call("POST", "/argoapi/v1/completions", "{}");
    assert_eq!((answer.status, answer.json()), (404, json!({"detail": "Not Found"})));
    let answer = client.call("POST", &format!("{}?a=b", CHAT_PATH.trim_end_matches('/')), "{}");
    let location = format!("http://argo.test{CHAT_PATH}?a=b");
    assert_eq!((answer.status, answer.header("location")), (307, Some(location.as_str())));
}

#[test]
fn models_are_the_callers() {
    let model = ListedModel { id: "Alpha One".into(), internal_id: "alpha1".into(), owned_by: "google".into() };
    let served = serve(Options { models: vec![model], ..Options::default() });
    let mut client = Client::connect(&served);
    for path in [MODELS_PATH, NATIVE_MODELS_PATH] {
        let listing = client.call("GET", path, "").json();
        assert_eq!(listing["data"][0]["internal_id"], "alpha1");
    }
    let answer = client.call("POST", CHAT_PATH, &chat_body("hi"));
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("model_not_found")));
}

#[test]
fn the_asked_share_of_calls_fails() {
    let served = serve(Options { failure_rate: 0.5, ..Options::default() });
    let mut client = Client::connect(&served);
    let statuses = [(); 4].map(|()| client.call("POST", STREAM_CHAT_PATH, &chat_body("hi")).status);
    assert_eq!(statuses, [200, 500, 200, 500]);
}

#[test]
fn errors_have_the_gateways_status_and_body() {
    let served = serve(Options::default());
    let mut client = Client::connect(&served);
    let calls = [(CHAT_PATH, chat_body as fn(&str) -> String), (STREAM_CHAT_PATH, chat_body), (EMBED_PATH, embed_body)];
    for (path, body) in calls {
        let mut fail = |prompt: &str| client.call("POST", path, &body(prompt));
        let refused = fail("error 400");
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("Error code: 400 - {'error': "), "{refused:?}");
        let answer = fail("error 422");
        assert_eq!((answer.status, &answer.json()["detail"][0]["type"]), (422, &json!("missing")));
        let answer = fail("error 429");
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
        let answer = fail("error 500");
        assert_eq!((answer.status, &answer.json()["error"]["type"]), (500, &json!("TypeError")));
        let answer = fail("error 502");
        assert_eq!((answer.status, answer.header("content-type")), (502, Some("text/html")));
        assert!(answer.text().contains("502 Bad Gateway"));
    }
    assert_eq!(chat(&served, "no response").json(), json!({}));
}

#[test]
fn success_can_hide_an_error_or_nothing() {
    let served = serve(Options::default());
    for (prompt, part) in [("access denied", "ACCESS DENIED"), ("error in 200", "You passed a messages field")] {
        let answers = [chat(&served, prompt), stream(&served, prompt)];
        for answer in answers {
            assert!(answer.status == 200 && answer.text().contains(part), "{answer:?}");
        }
    }
    assert_eq!(chat(&served, "empty").json(), json!({"response": ""}));
    let answer = stream(&served, "empty");
    assert!(answer.status == 200 && answer.complete && answer.body.is_empty());
}

/// No prompt may be documented for a call in which it does nothing.
#[test]
fn each_documented_prompt_changes_the_answer() {
    let served = serve(Options::default());
    for prompt in prompts() {
        // Its own test shows what it does.
        if prompt.text == "hang" {
            continue;
        }
        let text = match prompt.form {
            Form::Number(_) => format!("{} 1", prompt.text),
            Form::Exact | Form::Prefix => prompt.text.to_uppercase(),
            Form::Script => format!("{} sample {{}}", prompt.text),
        };
        for on in prompt.on {
            let (path, body) = match on {
                Endpoint::Chat => (CHAT_PATH, chat_body(&text)),
                Endpoint::StreamChat => (STREAM_CHAT_PATH, chat_body(&text)),
                Endpoint::Embed => (EMBED_PATH, embed_body(&text)),
                Endpoint::Completions | Endpoint::Messages | Endpoint::Responses | Endpoint::Embeddings => continue,
            };
            let answer = Client::connect(&served).call("POST", path, &body);
            let echoed = String::from_utf8_lossy(&answer.body).contains("You said");
            let embedded = answer.status == 200
                && serde_json::from_slice::<Value>(&answer.body)
                    .is_ok_and(|body| body["embedding"][0].as_array().is_some_and(|v| v.len() == 1536));
            assert!(!echoed && !embedded, "{prompt}: {answer:?}");
        }
    }
}
