//! Requests, through their transformers: what goes upstream is the same document, apart from what `docs/transformers.md` says.

use super::golden::TABLE;
use super::pipeline::{Run, run, whole};
use super::{Target, json, seeds};
use argo_openai_proxy::json::mended;
use bytes::Bytes;
use serde_json::{Map, Value};

pub const CHAT: Target = Target {
    name: "chat",
    usual: 15_000,
    seeds: || seeds::requests("openai_chat_completions"),
    words: seeds::JSON,
    run: chat,
};
pub const COMPLETIONS: Target = Target {
    name: "completions",
    usual: 15_000,
    seeds: || seeds::requests("openai_completions"),
    words: seeds::JSON,
    run: completions,
};
pub const EMBEDDINGS: Target = Target {
    name: "embeddings",
    usual: 20_000,
    seeds: || seeds::requests("openai_embeddings"),
    words: seeds::JSON,
    run: embeddings,
};
pub const PASSTHROUGH: Target =
    Target { name: "passthrough", usual: 20_000, seeds: || seeds::requests(""), words: seeds::JSON, run: passthrough };

/// A request, as it came and as it went upstream.
struct Sent {
    given: Map<String, Value>,
    calls: Vec<Map<String, Value>>,
}

impl Sent {
    /// The documents of both, if serde_json reads what came.
    fn of(path: &str, body: &[u8]) -> Option<Self> {
        let body = mended(Bytes::copy_from_slice(body));
        let Run { upstream, status, body: reply, .. } =
            run(&TABLE, path, &body, &[b"500 text/plain\n".to_vec()], whole);
        if upstream.is_empty() {
            let reply = json::value(&reply).unwrap();
            assert!(status.is_client_error() && reply["error"]["message"].is_string(), "{status}: {reply}");
            return None;
        }
        let given = json::value(&body);
        let calls = upstream.iter().map(|(_, body)| match json::value(body) {
            Some(Value::Object(call)) => {
                assert_eq!(call["user"], "tester");
                assert!(call["model"].is_string());
                Some(call)
            }
            // What serde_json cannot read may pass as it came.
            _ => {
                assert_eq!(given, None, "{}", body.escape_ascii());
                None
            }
        });
        let calls = calls.collect::<Option<Vec<_>>>()?;
        let Some(Value::Object(given)) = given else { return None };
        Some(Sent { given, calls })
    }
}

fn passthrough(body: &[u8]) {
    let Some(Sent { given, calls }) = Sent::of("/argo_passthrough", body) else { return };
    let [call] = &calls[..] else { panic!("{} calls", calls.len()) };
    let is_old = call["model"] == "old1";
    let system = given.get("system").filter(|system| is_old && !system.is_null());
    let mut expected = given.clone();
    expected.retain(|name, _| name != "timeout" && (name != "system" || system.is_none()));
    expected.insert("user".into(), "tester".into());
    expected.insert("model".into(), call["model"].clone());
    if system.is_some() || given.contains_key("prompt") {
        let parts = system.into_iter().chain(given.get("prompt"));
        let list = parts.flat_map(|part| part.as_array().cloned().unwrap_or_else(|| vec![part.clone()]));
        expected.insert("prompt".into(), list.collect());
    }
    if let (true, Some(Value::Array(messages))) = (is_old, expected.get_mut("messages")) {
        for role in messages.iter_mut().filter_map(|message| message.get_mut("role")) {
            if role == "system" || role == "developer" {
                *role = "user".into();
            }
        }
    }
    assert_eq!(*call, expected);
}

/// Fields of a chat request that the proxy reads itself. All others go upstream as they came.
const READ: [&str; 14] = [
    "model",
    "user",
    "messages",
    "stream",
    "stream_options",
    "timeout",
    "n",
    "best_of",
    "response_format",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
];
/// Fields of messages that the proxy reads itself, or leaves out.
const OF_MESSAGES: [&str; 15] = [
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "function_call",
    "cache_control",
    "annotations",
    "audio",
    "parsed",
    "provider_specific_fields",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "refusal",
    "thinking_blocks",
];

fn chat(body: &[u8]) {
    let Some(Sent { given, calls }) = Sent::of("/openai_chat_completions", body) else { return };
    let count = given.get("n").and_then(Value::as_u64).unwrap_or(1);
    assert_eq!(calls.len() as u64, count.max(1));
    let call = &calls[0];
    assert!(calls.iter().all(|other| other == call));
    // Rules of other models change more.
    if call["model"] != "four1" {
        return;
    }
    for (name, value) in given.iter().filter(|(name, _)| !READ.contains(&name.as_str())) {
        assert_eq!(call.get(name), Some(value), "{name}");
    }
    assert!(call.keys().all(|name| given.contains_key(name) || READ.contains(&name.as_str())), "{call:?}");
    let messages = given["messages"].as_array().unwrap();
    let calls_tools = |message: &Value| message.get("tool_calls").is_some() || message.get("function_call").is_some();
    let is_plain = !given.contains_key("response_format") && !messages.iter().any(calls_tools);
    if is_plain {
        let sent = call["messages"].as_array().unwrap();
        assert_eq!(messages.len(), sent.len());
        messages.iter().zip(sent).for_each(|(given, sent)| same_message(given, sent));
    }
}

fn same_message(given: &Value, sent: &Value) {
    let role = given["role"].as_str().unwrap();
    assert_eq!(sent["role"], if role == "developer" { "system" } else { role });
    let is_empty = given["content"].is_null() || given["content"] == "";
    if is_empty {
        assert!(sent["content"] == "" || sent["content"] == given["refusal"]);
    } else {
        assert_eq!(sent["content"], given["content"]);
    }
    for (name, value) in given.as_object().unwrap() {
        let passes = !OF_MESSAGES.contains(&name.as_str()) && !value.is_null();
        assert!(!passes || sent.get(name) == Some(value), "{name}");
    }
    assert!(sent.as_object().unwrap().keys().all(|name| given.get(name).is_some() || name == "content"));
}

fn completions(body: &[u8]) {
    let Some(Sent { given, calls }) = Sent::of("/openai_completions", body) else { return };
    let texts: Vec<&Value> = match &given["prompt"] {
        text @ Value::String(_) => vec![text],
        Value::Array(list) if list.iter().all(Value::is_string) => list.iter().collect(),
        _ => return,
    };
    let each = given.get("n").and_then(Value::as_u64).unwrap_or(1).max(1);
    assert_eq!(calls.len() as u64, each * texts.len() as u64);
    for (index, call) in calls.iter().enumerate() {
        let text = texts[index / usize::try_from(each).unwrap()];
        let messages = call["messages"].as_array().unwrap();
        assert!(call["model"] != "four1" || messages.len() == 1);
        assert!(messages.iter().any(|message| message["content"] == *text));
    }
}

fn embeddings(body: &[u8]) {
    let Some(Sent { given, calls }) = Sent::of("/openai_embeddings", body) else { return };
    let prompts: Vec<&Value> = calls.iter().flat_map(|call| call["prompt"].as_array().unwrap()).collect();
    assert!(calls.iter().all(|call| call.len() == 3 && call["prompt"].as_array().unwrap().len() <= 16));
    match &given["input"] {
        text @ Value::String(_) => assert_eq!(prompts, [text]),
        Value::Array(list) if list.iter().all(Value::is_string) => assert!(prompts.into_iter().eq(list)),
        // Token ids become texts.
        Value::Array(_) => assert!(prompts.iter().all(|prompt| prompt.is_string())),
        other => panic!("{other} was taken"),
    }
}
