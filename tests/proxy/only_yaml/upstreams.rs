//! The examples of docs/change-what-it-serves.md about upstreams, run as they stand there but for addresses.

use super::examples::{sent, setup};
use crate::support::{Argo, chat, said};
use crate::upstream_options::refusing;
use serde_json::json;
use std::time::Duration;

const CHAT: &str = "/v1/chat/completions";
const TEST_INSTANCE: &str = "https://apps-test.inside.anl.gov";

#[test]
fn another_argo_is_called() {
    let (argo, test) = (Argo::saying("Hi"), Argo::saying("test"));
    let at = format!("http://{}", test.address);
    let server = setup(&argo, "Call another ARGO", &[(TEST_INSTANCE, &at)]).start();
    let answer = server.post("/test/chat", &chat("Hi", json!({}))).json();
    assert_eq!(answer["choices"][0]["message"]["content"], "test");
    assert_eq!((test.request().path.as_str(), argo.requests().len()), ("/argoapi/api/v1/resource/chat/", 0));
    assert_eq!(sent(&server, &argo, CHAT, &chat("Hi", json!({})))["model"], "gpt4o");
}

#[test]
fn a_second_url_takes_over() {
    let vector = vec![0.5; 1536];
    let answer = json!({"embedding": [&vector]}).to_string();
    let second = Argo::start(move |_, connection| connection.json(200, &answer));
    let at = format!("http://{}", second.address);
    let argo = Argo::saying("Hi");
    let filled = [("${argo_embedding_url}", &*format!("http://{}/", refusing())), (TEST_INSTANCE, &at)];
    let server = setup(&argo, "Go on with a second URL", &filled).start();
    let answer = server.post("/v1/embeddings", &json!({"input": "Hi"}).to_string());
    assert_eq!((answer.status, &answer.json()["data"][0]["embedding"]), (200, &json!(vector)));
    assert_eq!(second.request().path, "/argoapi/api/v1/resource/embed/");
}

#[test]
fn a_tunnel_is_gone_through() {
    let argo = Argo::saying("Hi");
    let at = argo.address.to_string();
    let config = "argo_url: http://argo.test/chat/\nargo_stream_url: http://argo.test/streamchat/";
    let setup = setup(&argo, "Go through a tunnel", &[("localhost:8443", &at)]);
    let server = setup.without("argo_url").without("argo_stream_url").config(config).start();
    assert_eq!(sent(&server, &argo, CHAT, &chat("Hi", json!({})))["model"], "gpt4o");
    assert_eq!(said(&server.chat(&chat("Hi", json!({"stream": true}))).body).text, "Hi");
    assert!(argo.requests().iter().all(|request| request.header("host") == Some("argo.test")));
}

#[test]
fn a_header_comes_from_the_environment() {
    let argo = Argo::saying("Hi");
    let setup = setup(&argo, "Send a header from the environment", &[]).config("log_bodies: true");
    let server = setup.environment("LAB_TOKEN", "s3cr3t").start();
    sent(&server, &argo, CHAT, &chat("Hi", json!({})));
    server.chat(&chat("Hi", json!({"stream": true})));
    let requests = argo.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.header("authorization") == Some("Bearer s3cr3t")));
    server.signal("TERM");
    assert!(!server.ended().1.contains("s3cr3t"));
}

#[test]
fn silence_has_limits() {
    let argo = Argo::start(|request, connection| {
        if request.path.contains("stream") {
            connection.stream_head();
            connection.chunk(b"Hel");
        }
        connection.left();
    });
    let filled =
        [("first_byte_timeout: 2m", "first_byte_timeout: 400ms"), ("idle_timeout: 30s", "idle_timeout: 300ms")];
    let server = setup(&argo, "Give up sooner when ARGO is silent", &filled).start();
    let begun = std::time::Instant::now();
    let answer = server.chat(&chat("Hi", json!({})));
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(answer.status == 504 && message.contains("argo_chat.first_byte_timeout"), "{message}");
    let stream = said(&server.chat(&chat("Hi", json!({"stream": true}))).body);
    let error = stream.error.unwrap().to_string();
    assert!(stream.text == "Hel" && error.contains("argo_chat.idle_timeout"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
