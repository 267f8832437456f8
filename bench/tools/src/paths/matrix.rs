//! The cells of the matrix of dialects that the other files leave out, and the transformers that do something else than chats.

use super::bodies::{
    completion, in_anthropics_form, in_googles_form, in_responses_form, legacy, message, response, vector,
};
use super::native::streaming;
use super::{Path, answered_to, answering, chat, open, prose, route};
use crate::form::{ANTHROPIC, ANTHROPIC_CALL, ANTHROPIC_THINKING, OPENAI, RESPONSES, TEXT};
use argo_openai_proxy::table::Table;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use std::hint::black_box;

const TABLE: &str = r#"
version: 1
upstreams:
  legacy: { url: "http://argo/chat/", stream_url: "http://argo/streamchat/", dialect: argo }
  openai: { url: "http://argo/v1/chat/completions", dialect: openai, vendor: argo }
  responses: { url: "http://argo/v1/responses", dialect: openai_responses, vendor: argo }
  anthropic: { url: "http://argo/v1/messages", dialect: anthropic, vendor: argo }
  vectors: { url: "http://argo/v1/embeddings", dialect: openai_embeddings, vendor: argo }
models:
  chat:
    default: argo:gpt-4o
    names: { "argo:gpt-4o": gpt4o, "argo:claude-haiku-4.5": claudehaiku45 }
    rules:
      - { match: "gpt*", tokenizer: o200k, tools: openai }
      - { match: "claude*", tokenizer: o200k, tools: anthropic, thinking: budget, rename: { max_completion_tokens: max_tokens } }
  claude:
    default: argo:claude-haiku-4.5
    names: { "argo:claude-haiku-4.5": claudehaiku45 }
    rules: [{ match: "claude*", tokenizer: o200k, tools: anthropic, thinking: budget, rename: { max_completion_tokens: max_tokens } }]
  embedding:
    default: argo:text-embedding-3-small
    names: { "argo:text-embedding-3-small": v3small }
    rules: [{ match: v3small, tokenizer: cl100k }]
routes:
  - { path: /chat/responses, upstream: responses, models: chat, transformer: openai_chat_completions }
  - { path: /chat/legacy, upstream: legacy, models: chat, transformer: openai_chat_completions }
  - { path: /responses/legacy, upstream: legacy, models: chat, transformer: openai_responses }
  - { path: /responses/anthropic, upstream: anthropic, models: chat, transformer: openai_responses }
  - { path: /responses/responses, upstream: responses, models: chat, transformer: openai_responses }
  - { path: /messages/legacy, upstream: legacy, models: chat, transformer: anthropic_messages }
  - { path: /messages/responses, upstream: responses, models: chat, transformer: anthropic_messages }
  - { path: "/gemini/legacy/{model}", upstream: legacy, models: chat, transformer: gemini_generate }
  - { path: "/gemini/anthropic/{model}", upstream: anthropic, models: claude, transformer: gemini_generate }
  - { path: "/gemini/responses/{model}", upstream: responses, models: chat, transformer: gemini_generate }
  - { path: "/gemini_stream/legacy/{model}", upstream: legacy, models: chat, transformer: gemini_stream }
  - { path: "/gemini_stream/anthropic/{model}", upstream: anthropic, models: claude, transformer: gemini_stream }
  - { path: "/gemini_stream/responses/{model}", upstream: responses, models: chat, transformer: gemini_stream }
  - { path: /completions, upstream: openai, models: chat, transformer: openai_completions }
  - { path: /passthrough, upstream: legacy, models: chat, transformer: argo_passthrough }
  - { path: /embeddings, upstream: vectors, models: embedding, transformer: openai_embeddings }
  - { path: "/embed/{model}", upstream: vectors, models: embedding, transformer: gemini_embed }
  - { path: /input_tokens, upstream: openai, models: chat, transformer: openai_input_tokens }
  - { path: /count_tokens, upstream: openai, models: chat, transformer: anthropic_count_tokens }
  - { path: "/count/{model}", upstream: openai, models: chat, transformer: gemini_count_tokens }
"#;

/// Returns these paths.
pub(super) fn all() -> Vec<Path> {
    let table = super::table(TABLE);
    [cells(&table), pieces(&table), others(&table)].into_iter().flatten().collect()
}

/// Whole answers.
fn cells(table: &Table) -> Vec<Path> {
    let asked = chat(&prose(1000), "Say it again.");
    let structured = asked.replace("\"model\"", &format!("\"response_format\":{},\"model\"", schema()));
    let (turns, turns_of_claude) = (in_responses_form(), claudes(&in_responses_form()));
    let messages = in_anthropics_form("argo:gpt-4o");
    vec![
        answering("chat_over_responses", table, "/chat/responses", asked, response()),
        answering("chat_structured", table, "/chat/legacy", structured, object()),
        answering("responses_over_legacy", table, "/responses/legacy", turns.clone(), legacy()),
        answering("responses_over_anthropic", table, "/responses/anthropic", turns_of_claude, message()),
        answering("responses_relay", table, "/responses/responses", turns, response()),
        answering("messages_over_legacy", table, "/messages/legacy", messages.clone(), legacy()),
        answering("messages_over_responses", table, "/messages/responses", messages, response()),
        answering("gemini_over_legacy", table, "/gemini/legacy/gpt4o", in_googles_form(), legacy()),
        answering("gemini_over_anthropic", table, "/gemini/anthropic/claudehaiku45", in_googles_form(), message()),
        answering("gemini_over_responses", table, "/gemini/responses/gpt4o", in_googles_form(), response()),
    ]
}

/// Pieces of streams that have begun.
fn pieces(table: &Table) -> Vec<Path> {
    let streamed = |body: &str| body.replace("\"model\"", "\"stream\":true,\"model\"");
    // Over the legacy call, requests with tools are not streamed.
    let plain = json!({"model": "argo:gpt-4o", "input": "Say it again."}).to_string();
    let asked = streamed(&chat(&prose(1000), "Say it again."));
    let turns = streamed(&in_responses_form());
    let of_claude = claudes(&turns);
    let question = json!([{"role": "user", "content": "Say it again."}]);
    let message = json!({"model": "argo:gpt-4o", "max_tokens": 1000, "messages": question}).to_string();
    let messages = streamed(&in_anthropics_form("argo:gpt-4o"));
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "Say it again."}]}]}).to_string();
    let of_google = in_googles_form;
    vec![
        streaming("chat_over_responses_piece", table, "/chat/responses", asked, RESPONSES),
        streaming("responses_over_legacy_piece", table, "/responses/legacy", streamed(&plain), TEXT),
        streaming("responses_over_anthropic_piece", table, "/responses/anthropic", of_claude.clone(), ANTHROPIC),
        streaming("responses_thinking_piece", table, "/responses/anthropic", of_claude.clone(), ANTHROPIC_THINKING),
        streaming("responses_call_piece", table, "/responses/anthropic", of_claude, ANTHROPIC_CALL),
        streaming("responses_relay_piece", table, "/responses/responses", turns, RESPONSES),
        streaming("messages_over_legacy_piece", table, "/messages/legacy", streamed(&message), TEXT),
        streaming("messages_over_responses_piece", table, "/messages/responses", messages, RESPONSES),
        streaming("gemini_over_legacy_piece", table, "/gemini_stream/legacy/gpt4o", contents, TEXT),
        streaming(
            "gemini_over_anthropic_piece",
            table,
            "/gemini_stream/anthropic/claudehaiku45",
            of_google(),
            ANTHROPIC,
        ),
        streaming("gemini_over_responses_piece", table, "/gemini_stream/responses/gpt4o", of_google(), RESPONSES),
    ]
}

/// What is no chat of today.
fn others(table: &Table) -> Vec<Path> {
    let prompt = json!({"model": "argo:gpt-4o", "prompt": prose(1000)}).to_string();
    let streamed = prompt.replace("\"model\"", "\"stream\":true,\"model\"");
    let bare = json!({"model": "gpt4o", "messages": [{"role": "user", "content": prose(1000)}]}).to_string();
    let input = json!({"model": "argo:text-embedding-3-small", "input": prose(1000)}).to_string();
    let content = json!({"content": {"parts": [{"text": prose(1000)}]}}).to_string();
    vec![
        answering("completions", table, "/completions", prompt, completion()),
        streaming("completions_piece", table, "/completions", streamed, OPENAI),
        passing("passthrough", table, "/passthrough", bare, legacy()),
        answering("embedding_over_openai", table, "/embeddings", input, vector()),
        answering("gemini_embed", table, "/embed/v3small", content, vector()),
        counting("count_responses", table, "/input_tokens", in_responses_form()),
        counting("count_messages", table, "/count_tokens", in_anthropics_form("argo:gpt-4o")),
        counting("count_gemini", table, "/count/gpt4o", in_googles_form()),
    ]
}

/// Returns the path of an answer that passes as it comes.
fn passing(name: &'static str, table: &Table, path: &str, body: String, answer: Bytes) -> Path {
    let (route, body) = (route(table, path), Bytes::from(body));
    let run = move || {
        let mut exchange = open(&route, &body);
        exchange.head(StatusCode::OK, &HeaderMap::new(), false);
        assert_eq!(black_box(exchange.piece(answer.clone())), answer, "{name}");
        exchange.end();
    };
    Path { name, run: Box::new(run) }
}

/// Returns the path of a reply that is made without a call.
fn counting(name: &'static str, table: &Table, path: &str, body: String) -> Path {
    let (route, body) = (route(table, path), Bytes::from(body));
    let run = move || assert!(black_box(answered_to(&route, &body)) > 0, "{name}");
    Path { name, run: Box::new(run) }
}

fn claudes(body: &str) -> String {
    body.replace("argo:gpt-4o", "argo:claude-haiku-4.5")
}

fn schema() -> String {
    let schema = json!({"type": "object", "properties": {"words": {"type": "integer"}}, "required": ["words"]});
    json!({"type": "json_schema", "json_schema": {"name": "count", "schema": schema}}).to_string()
}

/// Returns an answer with such an object.
fn object() -> Bytes {
    Bytes::from(json!({"response": "{\"words\": 3}"}).to_string())
}
