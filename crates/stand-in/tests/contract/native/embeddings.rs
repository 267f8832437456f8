//! `/v1/embeddings`.

use std::sync::Arc;

use argo_stand_in::{EMBED_PATH, EMBEDDINGS_PATH, Options};
use serde_json::{Value, json};

use super::*;

fn embed(served: &Served, model: &str, input: Value) -> Answer {
    call(served, EMBEDDINGS_PATH, &json!({"model": model, "input": input}))
}

#[test]
fn vectors_are_in_openais_shape_with_usage() {
    let dimensions = Arc::new(|id: &str| if id == "v3large" { 3072 } else { 1536 });
    let served = gateway_with(Options { dimensions, ..Options::default() });
    let body = embed(&served, "v3small", json!(["text", "another"])).json();
    assert_eq!((&body["object"], &body["model"]), (&json!("list"), &json!("text-embedding-3-small")));
    assert_eq!(body["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
    assert_eq!((&body["data"][1]["object"], &body["data"][1]["index"]), (&json!("embedding"), &json!(1)));
    let legacy = json!({"user": "jdoe", "model": "v3small", "prompt": ["text", "another"]});
    let legacy = call(&served, EMBED_PATH, &legacy).json();
    assert_eq!(body["data"][1]["embedding"], legacy["embedding"][1]);
    let long = embed(&served, "text-embedding-3-large", json!("text")).json();
    assert_eq!(long["data"][0]["embedding"].as_array().unwrap().len(), 3072);
}

#[test]
fn only_a_few_texts_are_taken() {
    let served = gateway();
    assert_eq!(embed(&served, "v3small", json!(vec!["x"; 16])).json()["data"].as_array().unwrap().len(), 16);
    assert!(message(&embed(&served, "v3small", json!(vec!["x"; 17]))).contains("Too many inputs"));
    assert_eq!(embed(&served, "v3small", json!([])).status, 400);
    let ids = embed(&served, "v3small", json!([1, 2, 3]));
    assert_eq!(
        (ids.status, ids.json()),
        (
            422,
            json!({"detail": [{
                "type": "string_type", "loc": ["body", "input", "str"], "msg": "Input should be a valid string", "input": [1, 2, 3]
            }]})
        )
    );
    assert_eq!(embed(&served, "v3small", json!([[1], [2]])).status, 422);
    assert_eq!(embed(&served, "gpt4o", json!("x")).status, 400);
}

#[test]
fn defects_do_not_fit_the_request() {
    let served = gateway();
    let data =
        |prompt: &str| embed(&served, "v3small", json!([prompt, "b"])).json()["data"].as_array().unwrap().clone();
    assert_eq!(data("missing vector").len(), 1);
    assert_eq!(data("short vector")[0]["embedding"].as_array().unwrap().len(), 768);
    assert_eq!(
        call_as(&served, EMBEDDINGS_PATH, "x-api-key: jdoe\r\n", &json!({"model": "v3small", "input": "x"})).status,
        500
    );
    let by_body = json!({"model": "v3small", "input": "x", "user": "jdoe"});
    assert_eq!(call_as(&served, EMBEDDINGS_PATH, "", &by_body).status, 200);
}
