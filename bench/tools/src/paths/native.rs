//! The paths of upstreams that answer in OpenAI's or Anthropic's form: relayed to a chat client, and translated for one.

use super::bodies::{
    completion, in_anthropics_form, in_googles_form, in_responses_form, message, of_claude, with_tool,
};
use super::{Path, answering, carrying, chat, open, opening, prose, route, with_image};
use crate::form::{ANTHROPIC, ANTHROPIC_CALL, Form, OPENAI, OPENAI_PLAIN};
use argo_openai_proxy::table::Table;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::hint::black_box;

/// A table of its own: the other paths cost the same whatever is here.
const TABLE: &str = r#"
version: 1
upstreams:
  relayed: { url: "http://argo/v1/chat/completions", dialect: openai, vendor: argo }
  plain: { url: "http://plain/v1/chat/completions", dialect: openai }
  translated: { url: "http://argo/v1/messages", dialect: anthropic, vendor: argo }
models:
  chat:
    default: argo:gpt-4o
    show: { owned_by: argo, created: 1740787200 }
    names: { "argo:gpt-4o": gpt4o, "argo:claude-haiku-4.5": claudehaiku45 }
    rules:
      - { match: "gpt*", tokenizer: o200k, tools: openai, rename: { max_tokens: max_completion_tokens }, structured: pass }
      - { match: "claude*", tokenizer: o200k, tools: anthropic, thinking: budget, rename: { max_completion_tokens: max_tokens } }
routes:
  - { path: /relayed, upstream: relayed, models: chat, transformer: openai_chat_completions }
  - { path: /plain, upstream: plain, models: chat, transformer: openai_chat_completions }
  - { path: /translated, upstream: translated, models: chat, transformer: openai_chat_completions }
  - { path: /responses, upstream: relayed, models: chat, transformer: openai_responses }
  - { path: /messages, upstream: translated, models: chat, transformer: anthropic_messages }
  - { path: /messages_translated, upstream: relayed, models: chat, transformer: anthropic_messages }
  - { path: "/gemini/{model}", upstream: relayed, models: chat, transformer: gemini_generate }
  - { path: "/gemini_stream/{model}", upstream: relayed, models: chat, transformer: gemini_stream }
"#;

/// Texts of pieces, escaped. They differ, so that no piece is like the one before it.
const TEXTS: [&str; 4] = [" a piece of \\\"text\\\"", " and", " another one,", "\\nthe last"];

/// Returns these paths.
pub(super) fn all() -> Vec<Path> {
    let table = super::table(TABLE);
    let (asked, of_claude) = (chat(&prose(1000), "Say it again."), of_claude(&chat(&prose(1000), "Say it again.")));
    let streamed = |body: &str| body.replace("\"model\"", "\"stream\":true,\"model\"");
    let claude_streamed = streamed(&of_claude);
    let (to_claude, to_gpt) = (in_anthropics_form("argo:claude-haiku-4.5"), in_anthropics_form("argo:gpt-4o"));
    vec![
        answering("relay_chat", &table, "/relayed", asked.clone(), completion()),
        streaming("relay_piece", &table, "/relayed", streamed(&asked), OPENAI),
        streaming("relay_piece_plain", &table, "/plain", streamed(&asked), OPENAI_PLAIN),
        carrying("relay_image_5m", &table, "/relayed", with_image(5_000_000)),
        opening("translated_decode", &table, "/translated", of_claude.clone()),
        answering("translated_chat", &table, "/translated", of_claude, message()),
        streaming("translated_piece", &table, "/translated", claude_streamed.clone(), ANTHROPIC),
        streaming("translated_call", &table, "/translated", with_tool(&claude_streamed), ANTHROPIC_CALL),
        opening("responses_decode", &table, "/responses", in_responses_form()),
        answering("responses_chat", &table, "/responses", in_responses_form(), completion()),
        streaming("responses_piece", &table, "/responses", streamed(&in_responses_form()), OPENAI),
        opening("messages_decode", &table, "/messages", to_claude.clone()),
        answering("messages_relay", &table, "/messages", to_claude.clone(), message()),
        streaming("messages_relay_piece", &table, "/messages", streamed(&to_claude), ANTHROPIC),
        answering("messages_translated", &table, "/messages_translated", to_gpt.clone(), completion()),
        streaming("messages_translated_piece", &table, "/messages_translated", streamed(&to_gpt), OPENAI),
        opening("gemini_decode", &table, "/gemini/argo:gpt-4o", in_googles_form()),
        answering("gemini_chat", &table, "/gemini/argo:gpt-4o", in_googles_form(), completion()),
        streaming("gemini_piece", &table, "/gemini_stream/argo:gpt-4o", in_googles_form(), OPENAI),
    ]
}

/// Returns a path for one piece of a stream that has begun.
pub(super) fn streaming(name: &'static str, table: &Table, path: &str, body: String, form: Form) -> Path {
    let mut exchange = open(&route(table, path), &Bytes::from(body));
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type))]);
    exchange.head(StatusCode::OK, &headers, false);
    exchange.piece(Bytes::from(form.opening));
    // The beginning of a text is watched for notices, which no later piece pays for.
    for number in 0..32 {
        exchange.piece(Bytes::from(form.piece(&"The text has begun. ".repeat(10), number)));
    }
    let pieces: Vec<Bytes> = TEXTS.iter().enumerate().map(|(at, text)| form.piece(text, at * 3).into()).collect();
    let mut pieces = pieces.into_iter().cycle();
    let run = move || {
        let piece = pieces.next().unwrap_or_default();
        assert!(!black_box(exchange.piece(piece)).is_empty(), "{name}");
    };
    Path { name, run: Box::new(run) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_each_form_reach_the_client_with_their_text_and_nothing_else() {
        let asked = chat("Be brief.", "Say it again.").replace("\"model\"", "\"stream\":true,\"model\"");
        let claude = with_tool(&of_claude(&asked));
        let table = super::super::table(TABLE);
        for (path, body, form) in [
            ("/relayed", &asked, OPENAI),
            ("/plain", &asked, OPENAI_PLAIN),
            ("/translated", &claude, ANTHROPIC),
            ("/translated", &claude, ANTHROPIC_CALL),
        ] {
            let mut exchange = open(&route(&table, path), &Bytes::from(body.clone()));
            exchange.head(StatusCode::OK, &HeaderMap::new(), false);
            let mut out = exchange.piece(Bytes::from(form.opening)).to_vec();
            for (at, text) in TEXTS.iter().enumerate() {
                let came = exchange.piece(Bytes::from(form.piece(text, at * 3)));
                out.extend_from_slice(&came);
            }
            out.extend_from_slice(&exchange.piece(Bytes::from(form.closing)));
            out.extend_from_slice(&exchange.end());
            let out = String::from_utf8(out).unwrap();
            assert!(TEXTS.iter().all(|text| out.contains(&format!("\"{text}\""))), "{}: {out}", form.name);
            assert!(out.ends_with("data: [DONE]\n\n"), "{}: {out}", form.name);
            assert!(
                !["filter", "obfuscation", "function_call"].iter().any(|name| out.contains(name)),
                "{}: {out}",
                form.name
            );
        }
    }
}
