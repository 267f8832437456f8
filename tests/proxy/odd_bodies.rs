//! Bodies as programs really write them: cut inside an emoji, behind a byte order mark, with long descriptions of tools.

use crate::support::{Argo, Server, Setup, chat, with_model};
use serde_json::{Value, json};

/// An ARGO that says "ok", or gives as many vectors as there are texts.
fn argo() -> Argo {
    Argo::start(|request, connection| {
        // This fails for a text that strict readers refuse.
        let texts = request.json()["prompt"].as_array().map_or(0, Vec::len);
        match request.path.as_str() {
            path if path.ends_with("/embed/") => {
                connection.json(200, &json!({"embedding": vec![[0.5, 0.25]; texts]}).to_string());
            }
            path if path.ends_with("/streamchat/") => connection.streams(&[b"ok"]),
            _ => connection.says("ok"),
        }
    })
}

/// A proxy whose table does not say how long vectors are.
fn server(argo: &Argo) -> Server {
    let table =
        include_str!("../../routes.yaml").replace(", dimensions: 1536", "").replace("dimensions: 3072", "drop: []");
    Setup::before(argo).routes(&table).start()
}

/// A body in which each `CUT` is half an emoji.
fn cut(body: &str) -> String {
    body.replace("CUT", r"\ud83d")
}

fn tool(description: &str) -> Value {
    json!({"type": "function", "function": {"name": "f", "description": description, "parameters": {"type": "object", "description": description}}})
}

/// The turns of a tool whose call and result are cut.
fn history() -> Value {
    json!([
        {"role": "system", "content": "CUT s"},
        {"role": "user", "name": "u CUT", "content": "hi"},
        {"role": "assistant", "content": "CUT", "tool_calls": [{"id": "c CUT", "type": "function", "function": {"name": "f", "arguments": "{\"a\":\"x CUT\",\"b\":\"\\ud83d\"}"}}]},
        {"role": "tool", "tool_call_id": "c CUT", "content": "r CUT"},
        {"role": "user", "content": [{"type": "text", "text": "CUT p"}]},
    ])
}

#[test]
fn half_an_emoji_goes_up_as_a_replacement_on_every_path() {
    let argo = argo();
    let server = server(&argo);
    let models = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"];
    let chats = models.into_iter().flat_map(|model| {
        [
            chat("t CUT", json!({"model": model, "stop": ["CUT"], "metadata": {"CUT": "CUT"}, "stream": true})),
            chat("", json!({"model": model, "messages": history(), "tools": [tool("d CUT")]})),
        ]
    });
    let one = |path, body: Value| (path, body.to_string());
    let others = [
        one("/v1/completions", json!({"prompt": "CUT"})),
        one("/v1/completions", json!({"prompt": ["a", "CUT"]})),
        one("/v1/embeddings", json!({"input": "CUT"})),
        one("/v1/embeddings", json!({"input": ["a", "CUT"]})),
        one("/v1/chat", json!({"system": "CUT", "prompt": ["CUT"]})),
        one("/v1/chat", json!({"messages": [{"role": "user", "content": "CUT"}], "CUT": 1})),
    ];
    let mut seen = 0;
    for (path, body) in chats.map(|body| ("/v1/chat/completions", body)).chain(others) {
        let body = cut(&body);
        let answer = server.post(path, &body);
        assert_eq!(answer.status, 200, "{body}: {answer:?}");
        let requests = argo.requests();
        for request in &requests[seen..] {
            let text = request.json().to_string();
            assert!(!text.contains("CUT") && !text.contains("\\ud83d"), "{text}");
        }
        let replaced =
            requests[seen..].iter().filter(|request| request.json().to_string().contains('\u{fffd}')).count();
        assert!(replaced > 0, "{body}");
        seen = requests.len();
    }
}

#[test]
fn an_escaped_backslash_and_a_pair_are_left_alone() {
    let argo = argo();
    let server = server(&argo);
    let body = r#"{"messages":[{"role":"user","content":"\\ud83d \ud83d\ude00"}]}"#;
    assert_eq!(server.chat(body).status, 200);
    let request = argo.request();
    let sent = String::from_utf8(request.body).unwrap();
    assert!(sent.contains(r#""content":"\\ud83d \ud83d\ude00""#), "{sent}");
}

#[test]
fn half_an_emoji_in_an_answer_is_a_replacement_too() {
    let argo = Argo::start(|request, connection| {
        let answer = match request.json()["messages"][0]["content"].as_str() {
            Some("object") => {
                r#"{"response":{"content":"a \ud83d","tool_calls":[{"id":"c","type":"tool_use","name":"f","input":{"x":"\ude00"}}]}}"#
            }
            Some("string") => {
                r#"{"response":{"content":"a \ud83d","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":\"\\ude00\"}"}}]}}"#
            }
            _ => r#"{"response":"a \ud83d \\ud83d"}"#,
        };
        connection.json(200, answer);
    });
    let server = Server::before(&argo);
    let text = server.chat(&chat("text", json!({})));
    assert_eq!(text.json()["choices"][0]["message"]["content"], "a \u{fffd} \\ud83d");
    for form in ["object", "string"] {
        let message = server.chat(&chat(form, json!({"tools": [tool("d")]}))).json()["choices"][0]["message"].clone();
        assert_eq!(message["content"], "a \u{fffd}");
        let arguments = message["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(arguments).unwrap(), json!({"x": "\u{fffd}"}), "{form}");
    }
}

#[test]
fn a_byte_order_mark_is_skipped_on_every_path() {
    let argo = argo();
    let server = server(&argo);
    for (path, body) in [
        ("/v1/chat/completions", chat("hi", json!({}))),
        ("/v1/chat/completions", chat("hi", json!({"stream": true}))),
        ("/v1/chat/completions", chat("hi", json!({"model": "argo:claude-opus-4.5", "tools": [tool("d")]}))),
        ("/v1/completions", with_model(json!({"prompt": "hi"}))),
        ("/v1/embeddings", json!({"input": "hi"}).to_string()),
        ("/v1/chat", with_model(json!({"prompt": ["hi"]}))),
    ] {
        let marked = format!("\u{feff}{body}");
        assert_eq!(server.post(path, &marked).status, 200, "{path}");
        let plain = server.post(path, &body);
        // A chunked body is read only up to its document's end; the mark must not hide that end.
        let chunked = server.client().post_chunked(path, marked.as_bytes(), 5);
        assert_eq!((chunked.status, chunked.complete), (200, true), "{path}");
        let kind = |answer: &crate::support::Answer| answer.header("content-type").map(str::to_owned);
        assert_eq!(kind(&chunked), kind(&plain));
        let requests = argo.requests();
        let [.., one, two, three] = requests.as_slice() else { panic!("{requests:?}") };
        assert!(one.json() == two.json() && two.json() == three.json(), "{path}");
    }
    // A mark alone is no body.
    assert_eq!(server.chat("\u{feff}").error()["message"], "The request has no body; a JSON object is expected.");
}

#[test]
fn tools_with_long_descriptions_go_up_for_every_family() {
    let argo = argo();
    let server = server(&argo);
    for model in ["argo:gpt-4o", "argo:gpt-5", "argo:o3", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"] {
        for length in [2_780, 13_457] {
            let description = "é".repeat(length);
            let answer = server.chat(&chat("hi", json!({"model": model, "tools": [tool(&description)]})));
            assert_eq!(answer.status, 200, "{model} {length}: {answer:?}");
            let sent = String::from_utf8(argo.requests().pop().unwrap().body).unwrap();
            assert!(sent.contains(&format!("\"description\":\"{description}\"")), "{model} {length}");
        }
    }
}
