//! What `explain` promises is what the proxy does: the same request, explained and served over real sockets.

use crate::support::{Argo, Setup, chat};
use serde_json::{Value, json};
use std::process::Command;

fn explained(setup: &Setup, words: &[&str]) -> Value {
    let (_, folder) = setup.command();
    std::fs::write(folder.join("streamed"), "200 text/plain; charset=utf-8\nHällo").unwrap();
    std::fs::write(folder.join("whole"), "200 application/json\n{\"response\": \"Hällo\"}").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"))
        .current_dir(&folder)
        .env_clear()
        .args(["explain", "--config", "config.yaml", "--json"])
        .args(words)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Headers that the connection adds, and one that is random.
fn own(headers: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let lower = headers.map(|(name, value)| (name.to_lowercase(), value));
    let mut kept: Vec<(String, String)> =
        lower.filter(|(name, _)| !["connection", "date", "x-request-id"].contains(&name.as_str())).collect();
    kept.sort();
    kept
}

fn told(headers: &Value) -> Vec<(String, String)> {
    own(serde_json::from_value::<Vec<(String, String)>>(headers.clone()).unwrap().into_iter())
}

/// A reply without its random id and its clock.
fn steady(body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap();
    let parts = text.split("\n\n").filter(|part| !part.is_empty()).map(|part| {
        let data = part.strip_prefix("data: ").unwrap_or(part);
        let mut value = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
        if let Some(object) = value.as_object_mut() {
            assert!(object.remove("id").is_some() && object.remove("created").is_some(), "{data}");
        }
        value
    });
    parts.collect()
}

#[test]
fn the_explained_request_is_the_one_that_is_sent() {
    let argo = Argo::saying("Hällo");
    let setup = Setup::before(&argo);
    let server = Setup::before(&argo).start();
    for (number, body) in [
        chat("Grüße \"x\" \u{1F600}", json!({"max_tokens": 5, "odd": {"a": [1e2]}, "user": "eve"})),
        chat("hi", json!({"stream": true, "timeout": 30})),
        chat("old", json!({"model": "gpt-o1-mini", "max_tokens": 3, "messages": [{"role": "system", "content": "s"}]})),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, folder) = setup.command();
        let file = folder.join("body.json");
        std::fs::write(&file, &body).unwrap();
        let answer = if body.contains("\"stream\":true") { "streamed" } else { "whole" };
        let words = ["POST", "/v1/chat/completions", "--answer", answer, "--body", file.to_str().unwrap()];
        let explanation = explained(&setup, &words);
        std::fs::remove_dir_all(&folder).unwrap();

        let reply = server.chat(&body);
        let sent = argo.requests().get(number).cloned().unwrap();
        let upstream = &explanation["upstream"];
        assert_eq!(upstream["body"].as_str().unwrap().as_bytes(), sent.body);
        assert_eq!(upstream["method"], json!(sent.method));
        assert_eq!(upstream["url"], json!(format!("http://{}{}", argo.address, sent.path)));
        assert_eq!(told(&upstream["headers"]), own(sent.headers.clone().into_iter()));
        let client = &explanation["client"];
        assert_eq!(client["status"], reply.status);
        assert_eq!(told(&client["headers"]), own(reply.headers.clone().into_iter()));
        assert_eq!(steady(client["body"].as_str().unwrap().as_bytes()), steady(&reply.body));
    }
}

#[test]
fn an_explained_refusal_is_the_one_that_is_served() {
    let argo = Argo::saying("Hi");
    let setup = Setup::before(&argo);
    let server = Setup::before(&argo).start();
    for (method, path) in [("GET", "/v1/chat/completions"), ("GET", "/v1/modls"), ("POST", "/v1/embeddings")] {
        let explanation = explained(&setup, &[method, path]);
        let reply = if method == "GET" { server.get(path) } else { server.post(path, "") };
        let client = &explanation["client"];
        assert_eq!((&explanation["verdict"], &client["status"]), (&json!("refused"), &json!(reply.status)));
        assert_eq!(client["body"].as_str().unwrap().as_bytes(), reply.body);
        assert_eq!(told(&client["headers"]), own(reply.headers.clone().into_iter()));
    }
    assert!(argo.requests().is_empty());
}

#[test]
fn a_canned_request_is_explained_whatever_comes_with_it() {
    let argo = Argo::saying("Hi");
    let setup = Setup::before(&argo);
    let server = Setup::before(&argo).start();
    let (_, folder) = setup.command();
    let (file, body) = (folder.join("body.json"), chat("mine", json!({})));
    std::fs::write(&file, &body).unwrap();
    let explanation = explained(&setup, &["GET", "/v1/status", "--body", file.to_str().unwrap()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(server.client().call("GET", "/v1/status", "", body.as_bytes()).status, 200);
    let sent = argo.requests().first().cloned().unwrap();
    assert_eq!(explanation["body_from"], "route");
    assert_eq!(explanation["upstream"]["body"].as_str().unwrap().as_bytes(), sent.body);
}
