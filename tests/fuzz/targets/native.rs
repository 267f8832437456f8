//! Answers of upstreams that speak OpenAI's chat completions, Anthropic's messages and OpenAI's Responses, whole and streamed.

use super::golden::{End, SCHEMA, TABLE, TOOL, answer, both_ways, chat, cut, told};
use super::pipeline::{run, whole};
use super::{Target, knob, seeds};
use bytes::Bytes;

const WORDS: &[&str] = &[
    "{\"choices\":[{\"index\":0,\"message\":{\"content\":",
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":",
    "\"finish_reason\":\"stop\"",
    "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]",
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}",
    "data: [DONE]\n\n",
    "data: ",
    "event: ",
    "\n\n",
    "\r\n",
    ": ping\n\n",
    "{\"type\":\"message_start\",\"message\":{}}",
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}",
    "\"input_json_delta\"",
    "\"thinking_delta\"",
    "{\"type\":\"message_stop\"}",
    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}",
    "{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}",
    "{\"type\":\"response.completed\",\"response\":{}}",
    "{\"type\":\"response.failed\"}",
    "{\"error\":{\"message\":\"x\"}}",
    "\\ud83d",
    "\\u0000",
    "é",
    "null",
    "[]",
    "{}",
    "IMPORTANT AUTHENTICATION NOTICE FROM ARGO",
    "ACCESS DENIED",
];
const PATHS: [&str; 3] =
    ["/openai_chat_completions/native", "/openai_chat_completions/messages", "/openai_chat_completions/responses"];

pub const WHOLE: Target = Target {
    name: "native_whole",
    usual: 4_000,
    seeds: || seeds::behind(0..=255, seeds::answers("openai_chat_completions", |head| head.contains("json"))),
    words: WORDS,
    run: whole_answer,
};
pub const STREAM: Target = Target {
    name: "native_stream",
    usual: 2_000,
    seeds: || seeds::behind(0..=255, seeds::answers("openai_chat_completions", |head| head.contains("event-stream"))),
    words: WORDS,
    run: stream,
};

fn path(knob: u8) -> &'static str {
    PATHS[usize::from(knob) % PATHS.len()]
}

fn whole_answer(input: &[u8]) {
    let (knob, body) = knob(input);
    let requests: [Bytes; 4] = [
        chat("argo:four", r#""stream":false"#),
        chat("argo:opus", TOOL),
        chat("argo:four", SCHEMA),
        chat("argo:gem", r#""max_tokens":9"#),
    ];
    both_ways(path(knob), &requests[usize::from(knob / 3) % 4], &answer("200 application/json", body), knob / 12);
}

fn stream(input: &[u8]) {
    let (knob, body) = knob(input);
    let request = chat("argo:four", r#""stream":true,"stream_options":{"include_usage":true}"#);
    let answer = answer("200 text/event-stream", body);
    let (text, end) = told(&run(&TABLE, path(knob), &request, &answer, whole));
    let (piecewise, same_end) = told(&run(&TABLE, path(knob), &request, &answer, cut(knob / 3)));
    assert_eq!(same_end, end);
    assert!(end != End::Done || piecewise == text, "{piecewise:?} {text:?}");
}
