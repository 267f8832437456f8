//! HTTP itself: methods, paths, ids, browsers, and what is answered here.

use crate::support::{Argo, Server, Setup, chat};
use serde_json::json;

#[test]
fn local_answers_need_no_argo() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    let health = client.get("/health").json();
    assert_eq!((&health["status"], &health["table"]["newer_file_is_broken"]), (&json!("healthy"), &json!(false)));
    let about = client.get("/").json();
    assert_eq!(about["name"], "argo-openai-proxy");
    assert_eq!(about["base_url"], "http://localhost/v1");
    let docs = client.get("/v1/docs");
    assert_eq!(docs.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(docs.text().contains("argo:gpt-4o") && docs.text().contains("/v1/chat/completions"));
    let list = client.get("/v1/models").json();
    let models = list["data"].as_array().unwrap();
    assert_eq!(list["object"], "list");
    let expected = json!({"id": "argo:gpt-4o", "object": "model", "created": 1740787200, "owned_by": "system", "internal_name": "gpt4o", "context_length": 128_000, "max_output_tokens": 16_384});
    assert!(models.contains(&expected), "{list}");
    for alias in ["argo:gpt-3.5-turbo-16k", "argo:gpt-o3-mini", "argo:text-embedding-ada-002"] {
        assert!(models.iter().any(|model| model["id"] == alias), "{alias}");
    }
    assert_eq!(argo.requests().len(), 0);
}

#[test]
fn one_model_is_found_however_its_name_is_written() {
    let server = Server::before(&Argo::saying("Hi"));
    for name in ["argo:gpt-4o", "argo%3Agpt-4o", "argo%3agpt-4o", "gpt-4o", "gpt4o"] {
        assert_eq!(server.get(&format!("/v1/models/{name}")).json()["id"], "argo:gpt-4o", "{name}");
    }
    for name in ["argo:gpt-4x", "argo%2Fgpt-4x", "a/b/c"] {
        let answer = server.get(&format!("/v1/models/{name}"));
        assert_eq!((answer.status, answer.error()["code"].as_str()), (404, Some("model_not_found")), "{name}");
    }
}

#[test]
fn unknown_paths_and_methods_are_told_with_what_is_there() {
    let server = Server::before(&Argo::saying("Hi"));
    let answer = server.get("/v1/chat/completion");
    assert_eq!(answer.status, 404);
    assert!(answer.error()["message"].as_str().unwrap().contains("/v1/chat/completions"));
    let answer = server.post("/chat/completions", "{}");
    assert!(answer.error()["message"].as_str().unwrap().contains("/v1/chat/completions"), "the base URL lacks /v1");
    let answer = server.get("/v1/chat/completions");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")));
    assert!(answer.error()["message"].as_str().unwrap().contains("use POST"));
    let answer = server.post("/v1/models", "{}");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(server.get("/v1/models/").status, 200, "a slash at the end is overlooked");
    assert_eq!(server.get("/v1/models?x=y").status, 200);
}

#[test]
fn carelessly_joined_paths_are_served() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let chat = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    for path in ["/v1//chat/completions", "//v1/chat/completions", "/v1/chat//completions//"] {
        assert_eq!(server.post(path, chat).status, 200, "{path}");
    }
    assert_eq!(argo.requests().len(), 3);
    assert_eq!((server.get("//v1//models").status, server.get("//").status), (200, 200));
}

#[test]
fn well_known_paths_that_are_not_served_say_what_to_do() {
    let server = Server::before(&Argo::saying("Hi"));
    let told = |path: &str| {
        let answer = server.post(path, "{}");
        assert_eq!((answer.status, answer.error()["code"].as_str()), (404, Some("unknown_path")), "{path}");
        answer.error()["message"].as_str().unwrap().to_owned()
    };
    for (path, words) in [
        ("/v1/v1/chat/completions", "Did you mean /v1/chat/completions? The base URL for clients ends with /v1."),
        ("/chat/completions", "Did you mean /v1/chat/completions? The base URL for clients ends with /v1."),
        ("/openai/v1/chat/completions", "Did you mean /v1/chat/completions?"),
        ("/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", "OpenAI, not AzureOpenAI"),
        ("/responses", "Did you mean /v1/responses? The base URL for clients ends with /v1."),
        ("/messages", "Did you mean /v1/messages? The base URL for clients ends with /v1."),
        ("/api/chat", "the API of Ollama. Choose OpenAI-compatible as the provider"),
        ("/api/generate", "Ollama"),
        ("/api/v0/chat/completions", "LM Studio"),
        ("/v1/images/generations", "Images API. GET /v1/docs shows what is served."),
        ("/v1/rerank", "reranking"),
    ] {
        assert!(told(path).contains(words), "{path}: {}", told(path));
    }
    assert_eq!(told("/elsewhere"), "Nothing is served on /elsewhere.");
}

#[test]
fn head_has_no_body_and_costs_no_call() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    for path in ["/health", "/v1/models", "/", "/v1/docs", "/v1/status"] {
        let answer = client.call("HEAD", path, "", b"");
        assert_eq!(answer.status, 200, "{path}");
    }
    let length = client.call("HEAD", "/health", "", b"");
    let whole = client.get("/health").body.len().to_string();
    assert_eq!(length.header("content-length"), Some(whole.as_str()));
    assert_eq!(client.call("HEAD", "/v1/chat/completions", "", b"").status, 405);
    assert_eq!(client.get("/health").status, 200, "the connection is still good");
    assert_eq!(argo.requests().len(), 0);
}

#[test]
fn every_reply_has_a_request_id() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    let mut ids = Vec::new();
    for (method, path, body) in [
        ("GET", "/health", String::new()),
        ("GET", "/nowhere", String::new()),
        ("POST", "/v1/chat/completions", chat("x", json!({}))),
        ("POST", "/v1/chat/completions", chat("x", json!({"stream": true}))),
        ("POST", "/v1/chat/completions", "{".to_owned()),
        ("OPTIONS", "/v1/models", String::new()),
    ] {
        let id = client.call(method, path, "", body.as_bytes()).header("x-request-id").unwrap().to_owned();
        assert!(id.starts_with("req_") && !ids.contains(&id), "{id}");
        ids.push(id);
    }
    let kept = client.call("GET", "/health", "X-Request-Id: my-id_1\r\n", b"");
    assert_eq!(kept.header("x-request-id"), Some("my-id_1"));
    for bad in ["two words", &"x".repeat(200), "é"] {
        let answer = client.call("GET", "/health", &format!("X-Request-Id: {bad}\r\n"), b"");
        assert!(answer.header("x-request-id").unwrap().starts_with("req_"), "{bad}");
    }
}

#[test]
fn browsers_may_read_every_reply_from_allowed_origins() {
    let argo = Argo::start(|request, connection| match request.json()["seed"].as_u64() {
        Some(1) => connection.json(500, "{}"),
        _ if request.path.contains("stream") => connection.streams(&[b"x"]),
        _ => connection.says("x"),
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    let origin = "Origin: http://localhost:3000\r\n";
    for body in [
        chat("x", json!({})),
        chat("x", json!({"stream": true})),
        chat("x", json!({"n": 2})),
        chat("x", json!({"seed": 1})),
    ] {
        let answer = client.call("POST", "/v1/chat/completions", origin, body.as_bytes());
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:3000"), "{body}");
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    let other = client.call("GET", "/v1/models", "Origin: https://evil.test\r\n", b"");
    assert_eq!(other.header("access-control-allow-origin"), None);
    assert_eq!(client.get("/v1/models").header("access-control-allow-origin"), None);

    let asks = "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,x-stainless-os\r\n";
    let preflight = client.call("OPTIONS", "/v1/chat/completions", asks, b"");
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-methods"), Some("POST, OPTIONS"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("authorization,x-stainless-os"));
    let plain = client.call("OPTIONS", "/v1/models", origin, b"");
    assert!(plain.header("access-control-allow-headers").unwrap().contains("Authorization"));
    assert_eq!(client.call("OPTIONS", "/nowhere", asks, b"").status, 404);

    let listed = Setup::before(&argo).config("cors: { origins: [\"https://app.test\"] }").start();
    let answer = listed.client().call("GET", "/health", "Origin: https://app.test\r\n", b"");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.test"));
    let answer = listed.client().call("GET", "/health", origin, b"");
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn the_log_has_a_line_a_request_and_never_its_text() {
    let argo = Argo::saying("the answer's text");
    let server = Server::before(&argo);
    let body = chat("the secret text", json!({}));
    let answer = server.client().call(
        "POST",
        "/v1/chat/completions?key=secret-query",
        "Authorization: Bearer secret-key\r\nX-Request-Id: find-me\r\n",
        body.as_bytes(),
    );
    assert_eq!(answer.status, 200);
    server.signal("TERM");
    let (_, log) = server.ended();
    assert!(
        log.contains("POST /v1/chat/completions 200") && log.contains("model=gpt4o") && log.contains("id=find-me"),
        "{log}"
    );
    for secret in ["secret", "answer's"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn a_group_needs_no_more_than_names() {
    let argo = Argo::saying("Hi");
    let table = "version: 1\nupstreams: { up: { url: \"${argo_url}\", dialect: argo } }\nmodels: { lab: { names: { lab:small: small-1 } } }\n\
                 routes:\n  - { path: /chat, upstream: up, models: lab, transformer: openai_chat_completions }\n  - { path: /models, reply: model_list }\n";
    let server = Setup::before(&argo)
        .routes(table)
        .file("local-routes.yaml", "version: 1\nmodels: { lab: { names: { lab:big: big-1 } } }\n")
        .start();
    let list = server.get("/models").json();
    for (number, name) in [(0, "lab:small"), (1, "lab:big")] {
        let model = &list["data"][number];
        assert_eq!((&model["id"], &model["owned_by"], &model["created"]), (&json!(name), &json!("lab"), &json!(0)));
    }
}
