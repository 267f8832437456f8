//! The native endpoints, as the vendors' libraries find them.

mod completions;
mod embeddings;
mod messages;
mod responses;

use std::sync::Arc;

use argo_stand_in::{
    COMPLETIONS_PATH, EMBEDDINGS_PATH, Endpoint, Family, Form, MESSAGES_PATH, Options, Prompt, RESPONSES_PATH, prompts,
};
use serde_json::{Value, json};

use super::client::{Answer, Client, Served, serve};

/// A stand-in whose models are of the vendor that their id names.
fn gateway() -> Served {
    gateway_with(Options::default())
}

fn gateway_with(options: Options) -> Served {
    serve(Options {
        family: Arc::new(|id| match id {
            id if id.starts_with("claude") => Family::Anthropic,
            id if id.starts_with("gemini") => Family::Google,
            _ => Family::OpenAI,
        }),
        ..options
    })
}

/// Calls as a user whom the gateway knows.
fn call(served: &Served, path: &str, body: &Value) -> Answer {
    call_as(served, path, "Authorization: Bearer jdoe\r\n", body)
}

fn call_as(served: &Served, path: &str, headers: &str, body: &Value) -> Answer {
    Client::connect(served).call_with("POST", path, headers, &body.to_string())
}

/// `base` with the members of `more`.
fn with(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

/// The data of the events of a stream, each of which came as a piece of its own.
fn data(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let events = answer.pieces.iter().map(|piece| std::str::from_utf8(piece).unwrap());
    events.map(|event| event.trim_end().rsplit_once("data: ").unwrap().1).collect()
}

fn events(answer: &Answer) -> Vec<Value> {
    data(answer).into_iter().filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// The message of an error, whichever shape it has.
fn message(answer: &Answer) -> String {
    answer.json()["error"]["message"].as_str().unwrap().to_owned()
}

/// A prompt as a user writes it.
fn written(prompt: &Prompt) -> String {
    match prompt.form {
        Form::Number(_) => format!("{} 1", prompt.text),
        Form::Exact | Form::Prefix => prompt.text.to_uppercase(),
        Form::Script => format!("{} sample {{}}", prompt.text),
    }
}

/// No prompt may be documented for an endpoint in which it does nothing, whole or streamed.
#[test]
fn each_documented_prompt_changes_a_native_answer() {
    let served = gateway();
    // Its own test shows what it does.
    for prompt in prompts().iter().filter(|prompt| prompt.text != "hang") {
        let text = written(prompt);
        let messages = json!([{"role": "user", "content": text}]);
        for on in prompt.on {
            let (path, body) = match on {
                Endpoint::Completions => (COMPLETIONS_PATH, json!({"model": "gpt4o", "messages": messages})),
                Endpoint::Messages => {
                    (MESSAGES_PATH, json!({"model": "claudehaiku45", "max_tokens": 1000, "messages": messages}))
                }
                Endpoint::Responses => (RESPONSES_PATH, json!({"model": "gpt4o", "input": text})),
                Endpoint::Embeddings => (EMBEDDINGS_PATH, json!({"model": "v3small", "input": text})),
                Endpoint::Chat | Endpoint::StreamChat | Endpoint::Embed => continue,
            };
            let streams: &[bool] = if *on == Endpoint::Embeddings { &[false] } else { &[false, true] };
            for stream in streams {
                let answer = call(&served, path, &with(body.clone(), json!({"stream": stream})));
                let whole = String::from_utf8_lossy(&answer.body);
                // A streamed echo begins with its first piece of 16 bytes.
                let echoed = whole.contains(&format!("You said: {text}")) || whole.contains("\"You said: ");
                let embedded = answer.status == 200
                    && serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| {
                        body["data"][0]["embedding"].as_array().is_some_and(|vector| vector.len() == 1536)
                    });
                let is_other_shape = prompt.text == "other shape";
                assert!((!echoed || is_other_shape) && !embedded, "{prompt} on {path}: {answer:?}");
            }
        }
    }
}

#[test]
fn the_base_url_leads_to_each_endpoint() {
    let served = gateway();
    assert_eq!(argo_stand_in::base_url(([127, 0, 0, 1], 80).into()), "http://127.0.0.1:80/argoapi");
    let get = |path: &str| Client::connect(&served).call("GET", path, "");
    let document = get(argo_stand_in::OPENAPI_PATH).json();
    for path in [COMPLETIONS_PATH, MESSAGES_PATH, argo_stand_in::COUNT_TOKENS_PATH, RESPONSES_PATH, EMBEDDINGS_PATH] {
        let below = path.strip_prefix(argo_stand_in::BASE_PATH).unwrap();
        assert!(document["paths"][below]["post"].is_object(), "{path}");
        let answer = get(path);
        assert_eq!((answer.status, answer.json()), (405, json!({"detail": "Method Not Allowed"})), "{path}");
    }
    assert_eq!(get("/argoapi/v1/models").status, 200);
    assert_eq!(get("/argoapi/v1/models/gpt4o").json(), json!({"detail": "Not Found"}));
}

#[test]
fn images_are_taken_and_their_texts_answered() {
    let served = gateway();
    let data = "iVBORw0KGgo=";
    let openai = json!([{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}}]);
    let source = json!({"type": "base64", "media_type": "image/png", "data": data});
    let anthropic = json!([{"type": "image", "source": source}, {"type": "text", "text": "hi"}]);
    let responses = json!([{"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": format!("data:image/png;base64,{data}")}]);
    for (path, body) in [
        (COMPLETIONS_PATH, json!({"model": "gpt4o", "messages": [{"role": "user", "content": openai}]})),
        (
            MESSAGES_PATH,
            json!({"model": "claudehaiku45", "max_tokens": 9, "messages": [{"role": "user", "content": anthropic}]}),
        ),
        (RESPONSES_PATH, json!({"model": "gpt4o", "input": [{"role": "user", "content": responses}]})),
    ] {
        let answer = call(&served, path, &body);
        assert!(answer.status == 200 && answer.text().contains("\"You said: hi (1 image)\""), "{answer:?}");
    }
}
