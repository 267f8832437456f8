use super::*;
use serde_json::{Value, json};

fn read(request: &Value) -> Result<Vec<Value>, String> {
    let text = request.to_string();
    let fields = Fields::parse(&text).unwrap();
    let contents = given(&fields, "contents").map(elements).unwrap_or_default();
    let history =
        ContentHistory::read(given(&fields, "systemInstruction"), &contents).map_err(|failure| failure.message)?;
    let told = |message: &Message<'_>| {
        let content: Value = serde_json::from_str(message.content.get()).unwrap();
        let mut told = json!({"role": message.role.name(), "content": content});
        if let Some(id) = &message.result_of {
            told["of"] = json!(id);
        }
        for call in &message.calls {
            told[call.id.as_ref()] = json!(format!("{}({})", call.name, call.arguments));
        }
        told
    };
    Ok(history.messages.iter().map(told).collect())
}

#[test]
fn contents_are_merged_into_turns() {
    let messages = read(&json!({
        "system_instruction": {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        "contents": [
            {"role": "model", "parts": [{"text": "Hello"}]},
            {"parts": [{"text": "x"}, {"text": ""}]},
            {"role": "user", "parts": []},
            {"role": "user", "parts": [{"text": "y"}]},
            {"role": "model", "parts": [{"text": "I think", "thought": true, "thoughtSignature": "AA=="}]},
        ],
    }));
    assert_eq!(
        messages.unwrap(),
        [
            json!({"role": "system", "content": "a\n\nb"}),
            json!({"role": "assistant", "content": "Hello"}),
            json!({"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]}),
        ]
    );
}

#[test]
fn one_content_and_strings_are_enough() {
    for contents in [json!({"parts": {"text": "x"}}), json!("x"), json!([{"role": "", "parts": ["x"]}]), json!(["x"])] {
        let messages = read(&json!({"contents": contents, "systemInstruction": "s"})).unwrap();
        assert_eq!(messages, [json!({"role": "system", "content": "s"}), json!({"role": "user", "content": "x"})]);
    }
}

#[test]
fn results_stand_before_what_the_user_says_and_every_call_has_one() {
    let call = |name: &str| json!({"functionCall": {"name": name, "args": {"a": 1}}, "thoughtSignature": "skip"});
    let result = |name: &str| json!({"functionResponse": {"name": name, "response": {"result": name}}});
    let messages = read(&json!({"contents": [
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [{"text": "so"}, call("f"), call("g"), call("f"), call("h")]},
        {"role": "user", "parts": [{"text": "and"}, result("g"), result("f")]},
        {"role": "function", "parts": [result("f")]},
        {"role": "model", "parts": [call("f")]},
    ]}));
    assert_eq!(
        messages.unwrap(),
        [
            json!({"role": "user", "content": "go"}),
            json!({"role": "assistant", "content": "so", "call_without_id_1": "f({\"a\":1})", "call_without_id_2": "g({\"a\":1})",
                   "call_without_id_3": "f({\"a\":1})", "call_without_id_4": "h({\"a\":1})"}),
            json!({"role": "tool", "content": "g", "of": "call_without_id_2"}),
            json!({"role": "tool", "content": "f", "of": "call_without_id_1"}),
            json!({"role": "tool", "content": "f", "of": "call_without_id_3"}),
            json!({"role": "tool", "content": "aborted", "of": "call_without_id_4"}),
            json!({"role": "user", "content": "and"}),
            json!({"role": "assistant", "content": "", "call_without_id_5": "f({\"a\":1})"}),
            json!({"role": "tool", "content": "aborted", "of": "call_without_id_5"}),
        ]
    );
}

#[test]
fn results_may_come_in_parts_and_with_images() {
    let call = json!({"functionCall": {"id": "c", "name": "f"}});
    let image = json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}});
    let result = |response: &Value, parts: Value| json!({"functionResponse": {"id": "c", "name": "f", "response": response, "parts": parts}});
    let messages = read(&json!({"contents": [
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [result(&json!({"output": "a"}), json!(null)), result(&json!({"output": "b"}), json!([]))]},
    ]}));
    assert_eq!(messages.unwrap()[1], json!({"role": "tool", "content": "a\nb", "of": "c"}));
    let twice = result(&json!({"output": "a"}), json!(null));
    let messages = read(&json!({"contents": [{"role": "model", "parts": [call]}, {"parts": [twice, twice]}]}));
    assert_eq!(messages.unwrap()[1..], [json!({"role": "tool", "content": "a", "of": "c"})]);
    let messages = read(&json!({"contents": [
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [result(&json!({"output": "a"}), json!([image]))]},
    ]}));
    let content = json!([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]);
    assert_eq!(messages.unwrap()[1]["content"], content);
}

#[test]
fn what_is_wrong_is_named() {
    for (contents, place) in [
        (json!([7]), "contents[0]"),
        (json!([{"role": "assistant", "parts": []}]), "contents[0].role"),
        (json!([{"role": 1}]), "contents[0].role"),
        (json!([{"parts": [{"functionCall": {"name": "f"}}]}]), "contents[0].parts[0].functionCall"),
        (json!([{"parts": [{"functionResponse": {"name": "f"}}]}]), "contents[0].parts[0].functionResponse"),
        (
            json!([{"role": "model", "parts": [{"functionCall": {"args": {}}}]}]),
            "contents[0].parts[0].functionCall.name",
        ),
        (
            json!([{"role": "model", "parts": [{"functionCall": {"name": "f", "args": [1]}}]}]),
            "contents[0].parts[0].functionCall.args",
        ),
        (
            json!([{"role": "model", "parts": [{"functionResponse": {"name": "f"}}]}]),
            "contents[0].parts[0].functionResponse",
        ),
    ] {
        let told = read(&json!({"contents": contents})).unwrap_err();
        assert!(told.contains(&format!("'{place}'")), "{contents}: {told}");
    }
}
