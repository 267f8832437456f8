//! Embeddings: ARGO's vectors in OpenAI's form.

use crate::support::{Argo, Server, Setup};
use base64::Engine;
use serde_json::{Value, json};

/// An ARGO that answers `[length of the text, 0.25, -1e-7]` for each text.
fn embedding() -> Argo {
    Argo::start(|request, connection| {
        let texts = request.json()["prompt"].as_array().unwrap().clone();
        let vectors: Vec<String> =
            texts.iter().map(|text| format!("[{}, 0.250,-1e-7]", text.as_str().unwrap().len())).collect();
        connection.json(200, &format!("{{\"embedding\":[{}]}}", vectors.join(",")));
    })
}

/// A proxy whose table does not say how long vectors are, so that they can be short here.
fn any_length(argo: &Argo) -> Server {
    let table =
        include_str!("../../routes.yaml").replace(", dimensions: 1536", "").replace("dimensions: 3072", "drop: []");
    Setup::before(argo).routes(&table).start()
}

#[test]
fn floats_pass_as_they_were_written() {
    let argo = embedding();
    let server = any_length(&argo);
    let body = json!({"model": "text-embedding-3-large", "input": ["a", "hello world"], "user": "eve", "encoding_format": "float"});
    let answer = server.post("/v1/embeddings", &body.to_string());
    assert_eq!(
        answer.text(),
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1, 0.250,-1e-7]},{"object":"embedding","index":1,"embedding":[11, 0.250,-1e-7]}],"model":"text-embedding-3-large","usage":{"prompt_tokens":3,"total_tokens":3}}"#
    );
    let request = argo.request();
    assert_eq!(request.json(), json!({"user": "tester", "model": "v3large", "prompt": ["a", "hello world"]}));
    assert_eq!(request.path, "/argoapi/api/v1/resource/embed/");
}

#[test]
fn base64_is_the_same_numbers() {
    let argo = embedding();
    let server = any_length(&argo);
    let answer = server.post("/v1/embeddings", r#"{"input": "abc", "encoding_format": "base64"}"#).json();
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(answer["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let numbers: Vec<f32> = bytes.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(numbers, [3.0, 0.25, -1e-7]);
    assert_eq!(answer["model"], "argo:text-embedding-3-small");
}

#[test]
fn wrong_inputs_are_told_by_field_and_not_sent() {
    let argo = embedding();
    let server = any_length(&argo);
    let many: Vec<String> = (0..17).map(|n| n.to_string()).collect();
    for (body, param) in [
        (json!({}), "input"),
        (json!({"input": []}), "input"),
        (json!({"input": 5}), "input"),
        (json!({"input": {"a": 1}}), "input"),
        (json!({"input": ""}), "input"),
        (json!({"input": ["a", ""]}), "input[1]"),
        (json!({"input": [1, 2]}), "input[0]"),
        (json!({"input": ["a", [1]]}), "input[1]"),
        (json!({ "input": many }), "input"),
        (json!({"input": "a", "encoding_format": "hex"}), "encoding_format"),
        (json!({"input": "a", "dimensions": 10}), "dimensions"),
    ] {
        let answer = server.post("/v1/embeddings", &body.to_string());
        assert_eq!((answer.status, answer.error()["param"].as_str()), (400, Some(param)), "{body}");
    }
    let unknown = server.post("/v1/embeddings", r#"{"input": "a", "model": "argo:gpt-4o"}"#);
    assert_eq!((unknown.status, unknown.error()["code"].as_str()), (404, Some("model_not_found")));
    assert_eq!(argo.requests().len(), 0);
}

#[test]
fn sixteen_inputs_are_one_call() {
    let argo = embedding();
    let server = any_length(&argo);
    let many: Vec<String> = (0..16).map(|n| "x".repeat(n + 1)).collect();
    let answer = server.post("/v1/embeddings", &json!({ "input": many }).to_string()).json();
    for (index, item) in answer["data"].as_array().unwrap().iter().enumerate() {
        assert_eq!((&item["index"], &item["embedding"][0]), (&json!(index), &json!(index + 1)));
    }
    assert_eq!(argo.requests().len(), 1);
}

#[test]
fn answers_that_are_no_vectors_are_errors() {
    for (body, said) in [
        (r#"{"embedding": [[1],[2]]}"#, "2 vectors for 1 inputs"),
        (r#"{"embedding": []}"#, "0 vectors for 1 inputs"),
        (r#"{"embedding": [1]}"#, "a vector that is a number"),
        (r#"{"embedding": "x"}"#, "without an 'embedding'"),
        (r#"{"detail": "too long"}"#, "too long"),
        ("{}", "without an 'embedding'"),
        ("<html><body>oops</body></html>", "oops"),
    ] {
        let argo = Argo::start(move |_, connection| connection.json(200, body));
        let answer = any_length(&argo).post("/v1/embeddings", r#"{"input": "a"}"#);
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 502, "{body}");
        assert!(message.contains(said), "{body}: {message}");
    }
}

#[test]
fn usage_can_be_left_out() {
    let argo = embedding();
    let table = include_str!("../../routes.yaml")
        .replace(", dimensions: 1536", "")
        .replace("transformer: openai_embeddings }", "transformer: openai_embeddings, usage: none }");
    let server = Setup::before(&argo).routes(&table).start();
    let answer = server.post("/v1/embeddings", r#"{"input": "a"}"#).json();
    assert_eq!(answer.get("usage"), None::<&Value>);
}

#[test]
fn vectors_of_another_length_than_the_models_are_errors() {
    let argo = embedding();
    let answer = Server::before(&argo).post("/v1/embeddings", r#"{"input": "a"}"#);
    assert_eq!(answer.status, 502);
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("3 numbers; argo:text-embedding-3-small has 1536"), "{message}");
}
