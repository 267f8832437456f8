//! The examples of docs/change-what-it-serves.md about several upstreams: another vendor, a model that moves, a preference.

use super::examples::setup;
use crate::support::{Argo, Server, chat};
use serde_json::{Value, json};

/// A server with ARGO's native endpoints, or any that speaks OpenAI's chat completions.
fn native() -> Argo {
    let message = json!({"role": "assistant", "content": "native"});
    let body = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}});
    Argo::start(move |_, connection| connection.json(200, &body.to_string()))
}

/// A proxy with this example, before ARGO's legacy calls and its native endpoints.
fn over_both(title: &str, legacy: &Argo, native: &Argo) -> Server {
    setup(legacy, title, &[]).config(&format!("argo_base_url: http://{}/argoapi", native.address)).start()
}

/// Which of the two answered a chat with the model.
fn who(server: &Server, model: &str) -> Value {
    let answer = server.chat(&chat("Hi", json!({"model": model})));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["choices"][0]["message"]["content"].clone()
}

#[test]
fn another_vendor_serves_its_models_on_the_usual_path() {
    let (argo, vendor) = (Argo::saying("of ARGO"), native());
    let at = format!("http://{}", vendor.address);
    let filled = [("http://gpu01.lab.test:8000", at.as_str())];
    let setup = setup(&argo, "Serve models of another vendor", &filled).environment("LAB_TOKEN", "s3cr3t");
    let server = setup.start();
    assert_eq!((who(&server, "lab:llama-3.3"), who(&server, "gpt-4o")), (json!("native"), json!("of ARGO")));
    let sent = vendor.request();
    assert_eq!((sent.path.as_str(), sent.header("authorization")), ("/v1/chat/completions", Some("Bearer s3cr3t")));
    assert_eq!(sent.json()["model"], "meta-llama/Llama-3.3-70B-Instruct");
    assert!(server.get("/v1/models").text().contains("\"lab:llama-3.3\""));
}

#[test]
fn models_move_from_one_upstream_to_another() {
    let (legacy, native) = (Argo::saying("legacy"), native());
    let server = over_both("Move models from one upstream to another", &legacy, &native);
    assert_eq!((who(&server, "gemini-2.5-pro"), who(&server, "gpt-4o")), (json!("legacy"), json!("native")));
    assert_eq!(native.request().path, "/argoapi/v1/chat/completions");
}

#[test]
fn a_preference_is_turned_round() {
    let (legacy, native) = (Argo::saying("legacy"), native());
    let server = over_both("Prefer another upstream", &legacy, &native);
    assert_eq!(who(&server, "gpt-4o"), "legacy");
    // Other rows stay as they were.
    let completion = server.post("/v1/completions", &json!({"model": "gpt-4o", "prompt": "Hi"}).to_string());
    assert_eq!(completion.json()["choices"][0]["text"], "native", "{completion:?}");
}

#[test]
fn a_parameter_changes_at_one_upstream_only() {
    let (legacy, native) = (Argo::saying("legacy"), native());
    let server = over_both("Change a parameter at one upstream only", &legacy, &native);
    who(&server, "gemini-2.5-pro");
    assert_eq!(native.request().json()["reasoning_effort"], "low");
    let alone = setup(&legacy, "Change a parameter at one upstream only", &[]).start();
    who(&alone, "gemini-2.5-pro");
    assert_eq!(legacy.request().json().get("reasoning_effort"), None);
}
