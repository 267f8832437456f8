//! Tables, callers and conversations of any size.

use argo_openai_proxy::access::Hash;
use serde_json::{Value, json};

/// Returns the name of a model.
pub(super) fn model(number: usize) -> String {
    format!("argo:model-{number}")
}

/// Returns the key of a caller.
pub(super) fn key(number: usize) -> String {
    format!("sk-argo-of-the-caller-with-the-number-{number}")
}

/// Returns a table with so many models and, beside the rows that are measured, so many routes of each kind.
pub(super) fn table(models: usize, routes: usize) -> String {
    let names = (0..models).map(|number| format!("      \"{}\": model{number}\n", model(number)));
    let names: String = names.collect();
    let row = |path: String| {
        format!("  - {{ path: \"{path}\", upstream: legacy, models: chat, transformer: openai_chat_completions }}\n")
    };
    let own = |number: usize| if number + 1 == routes { "last".to_owned() } else { number.to_string() };
    let rows: String = (0..routes)
        .flat_map(|number| [row(format!("/lab/{}", own(number))), row(format!("/pattern/{}/{{x}}", own(number)))])
        .collect();
    format!(
        r#"version: 1
upstreams:
  legacy: {{ url: "http://argo/chat/", stream_url: "http://argo/streamchat/", dialect: argo }}
  relayed: {{ url: "http://argo/v1/chat/completions", dialect: openai, vendor: argo }}
  translated: {{ url: "http://argo/v1/messages", dialect: anthropic, vendor: argo }}
models:
  chat:
    default: argo:model-0
    show: {{ owned_by: argo, created: 1740787200 }}
    names:
{names}    rules:
      - {{ match: "*", tools: openai, rename: {{ max_tokens: max_completion_tokens }}, structured: pass }}
      - {{ match: "model0", thinking: budget, rename: {{ max_completion_tokens: max_tokens }} }}
routes:
  - {{ path: /legacy, upstream: legacy, models: chat, transformer: openai_chat_completions }}
  - {{ path: /relayed, upstream: relayed, models: chat, transformer: openai_chat_completions }}
  - {{ path: /translated, upstream: translated, models: chat, transformer: openai_chat_completions }}
  - {{ path: /messages, upstream: relayed, models: chat, transformer: anthropic_messages }}
  - {{ path: /responses, upstream: relayed, models: chat, transformer: openai_responses }}
  - {{ path: /models, reply: model_list }}
{rows}"#
    )
}

/// Returns a `callers.yaml`.
pub(super) fn callers(number: usize) -> String {
    let row = |number: usize| {
        let hash = Hash::of(key(number).as_bytes());
        format!("  - {{ name: caller-{number}, key_sha256: \"{hash}\", limits: {{ requests_per_minute: 60 }} }}\n")
    };
    format!("callers:\n{}", (0..number).map(row).collect::<String>())
}

/// What is said in a turn, in some 200 bytes.
fn said(number: usize) -> String {
    format!("In turn {number} the flux of \"neutrinos\" grew until it exceeded 42.7 units.\n").repeat(3)
}

fn role(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "user" } else { "assistant" }
}

/// Returns a conversation for OpenAI's chat. It ends with the user.
pub(super) fn chat(model: &str, messages: usize) -> String {
    let turn = |number| json!({"role": role(messages + 1 - number), "content": said(number)});
    let turns: Vec<Value> = (1..=messages).map(turn).collect();
    json!({"model": model, "max_tokens": 1000, "messages": turns}).to_string()
}

/// Returns the same for Anthropic's messages, with texts as blocks.
pub(super) fn messages(messages: usize) -> String {
    let turn =
        |number| json!({"role": role(messages + 1 - number), "content": [{"type": "text", "text": said(number)}]});
    let turns: Vec<Value> = (1..=messages).map(turn).collect();
    json!({"model": model(0), "max_tokens": 1000, "messages": turns}).to_string()
}

/// Returns the same for OpenAI's Responses: calls with their results, which is what long conversations of agents are.
pub(super) fn responses(items: usize) -> String {
    let item = |number: usize| match number % 3 {
        _ if number + 1 == items => {
            json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": said(number)}]})
        }
        0 => json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": said(number)}]}),
        1 => {
            json!({"type": "function_call", "call_id": format!("call_{number}"), "name": "look", "arguments": json!({"at": said(number)}).to_string()})
        }
        _ => json!({"type": "function_call_output", "call_id": format!("call_{}", number - 1), "output": said(number)}),
    };
    let input: Vec<Value> = (0..items).map(item).collect();
    let tools = json!([{"type": "function", "name": "look", "strict": false, "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}]);
    json!({"model": model(0), "input": input, "tools": tools}).to_string()
}
