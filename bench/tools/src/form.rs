//! The forms in which upstreams stream: what comes before the pieces of text, around each of them, and after the last.

/// How one upstream streams.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The name by which `paced` knows it.
    pub name: &'static str,
    /// The content type of the stream.
    pub content_type: &'static str,
    /// What comes before the first piece.
    pub opening: &'static str,
    /// One piece, with `TEXT` and `PADDING` in the places of its text and of what hides its length.
    piece: &'static str,
    /// What comes after the last piece.
    pub closing: &'static str,
}

/// All forms. The first is no stream of events.
const ALL: [Form; 7] = [TEXT, OPENAI, OPENAI_PLAIN, ANTHROPIC, ANTHROPIC_CALL, ANTHROPIC_THINKING, RESPONSES];
const EVENTS: &str = "text/event-stream";
/// What hides lengths. Each piece has some of it.
const PADDING: &str = "x7Kq2mWz91Tb";

impl Form {
    /// Returns a piece with this text, which is escaped already. `number` decides its padding.
    pub fn piece(&self, text: &str, number: usize) -> String {
        let (before, after) = self.piece.split_once("TEXT").unwrap_or_default();
        let padding = PADDING.get(..number % PADDING.len()).unwrap_or_default();
        match after.split_once("PADDING") {
            Some((between, after)) => [before, text, between, padding, after].concat(),
            None => [before, text, after].concat(),
        }
    }

    /// Returns the form with this name.
    pub fn named(name: &str) -> Option<Form> {
        ALL.into_iter().find(|form| form.name == name)
    }
}

/// Bare text, as ARGO's legacy call streams.
pub const TEXT: Form =
    Form { name: "text", content_type: "text/plain; charset=utf-8", opening: "", piece: "TEXT", closing: "" };

/// Chunks of chat completions as ARGO writes them: blanks, nulls, results of filters, padding, and counts at the end.
pub const OPENAI: Form = Form {
    name: "openai",
    content_type: EVENTS,
    opening: concat!(
        r#"data: {"id": "", "choices": [], "created": 0, "model": "", "object": "", "service_tier": null, "#,
        r#""system_fingerprint": null, "usage": null, "prompt_filter_results": [{"prompt_index": 0, "#,
        r#""content_filter_results": {"hate": {"filtered": false, "severity": "safe"}}}]}"#,
        "\n\n",
        r#"data: {"id": "chatcmpl-bench0000000000000000000000", "choices": [{"delta": {"content": "", "#,
        r#""function_call": null, "refusal": null, "role": "assistant", "tool_calls": null}, "finish_reason": null, "#,
        r#""index": 0, "logprobs": null, "content_filter_results": {}}], "created": 1776448875, "#,
        r#""model": "gpt-4.1-2025-04-14", "object": "chat.completion.chunk", "service_tier": "default", "#,
        r#""system_fingerprint": null, "usage": null, "obfuscation": "x7Kq2"}"#,
        "\n\n",
    ),
    piece: concat!(
        r#"data: {"id": "chatcmpl-bench0000000000000000000000", "choices": [{"delta": {"content": "TEXT", "#,
        r#""function_call": null, "refusal": null, "role": null, "tool_calls": null}, "finish_reason": null, "#,
        r#""index": 0, "logprobs": null, "content_filter_results": {"protected_material_code": "#,
        r#"{"detected": false, "filtered": false}}}], "created": 1776448875, "model": "gpt-4.1-2025-04-14", "#,
        r#""object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": null, "usage": null, "#,
        r#""obfuscation": "PADDING"}"#,
        "\n\n",
    ),
    closing: concat!(
        r#"data: {"id": "chatcmpl-bench0000000000000000000000", "choices": [{"delta": {"content": null, "#,
        r#""function_call": null, "refusal": null, "role": null, "tool_calls": null}, "finish_reason": "stop", "#,
        r#""index": 0, "logprobs": null, "content_filter_results": {}}], "created": 1776448875, "#,
        r#""model": "gpt-4.1-2025-04-14", "object": "chat.completion.chunk", "service_tier": "default", "#,
        r#""system_fingerprint": null, "usage": null, "obfuscation": "x7"}"#,
        "\n\n",
        r#"data: {"id": "chatcmpl-bench0000000000000000000000", "choices": [], "created": 1776448875, "#,
        r#""model": "gpt-4.1-2025-04-14", "object": "chat.completion.chunk", "service_tier": "default", "#,
        r#""system_fingerprint": null, "usage": {"completion_tokens": 500, "prompt_tokens": 20, "total_tokens": 520}, "#,
        r#""obfuscation": ""}"#,
        "\n\ndata: [DONE]\n\n",
    ),
};

/// Chunks of chat completions with nothing but what a client needs.
pub const OPENAI_PLAIN: Form = Form {
    name: "openai_plain",
    content_type: EVENTS,
    opening: concat!(
        r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1776448875,"model":"gpt-4.1","#,
        r#""choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
    ),
    piece: concat!(
        r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1776448875,"model":"gpt-4.1","#,
        r#""choices":[{"index":0,"delta":{"content":"TEXT"},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
    ),
    closing: concat!(
        r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1776448875,"model":"gpt-4.1","#,
        r#""choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#,
        "\n\ndata: [DONE]\n\n",
    ),
};

/// The first event of a message, and what follows.
macro_rules! message_start {
    ($($rest:expr),* $(,)?) => {
        concat!(
            "event: message_start\n",
            r#"data: {"message": {"id": "msg_bench", "content": [], "model": "claude-haiku-4-5", "role": "assistant", "#,
            r#""stop_reason": null, "stop_sequence": null, "type": "message", "usage": {"input_tokens": 20, "#,
            r#""cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}, "#,
            r#""stop_details": null}, "type": "message_start"}"#,
            "\n\n",
            $($rest),*
        )
    };
}

/// The last events of a message that ended for this reason.
macro_rules! message_end {
    ($reason:literal) => {
        concat!(
            "event: content_block_stop\n",
            r#"data: {"index": 0, "type": "content_block_stop"}"#,
            "\n\nevent: message_delta\n",
            r#"data: {"delta": {"stop_reason": ""#,
            $reason,
            r#"", "stop_sequence": null, "stop_details": null}, "type": "message_delta", "#,
            r#""usage": {"input_tokens": 20, "output_tokens": 500}}"#,
            "\n\nevent: message_stop\n",
            r#"data: {"type": "message_stop"}"#,
            "\n\n",
        )
    };
}

/// Events of Anthropic's messages as ARGO writes them: a message of one block, the delta that a piece is, and why it ended.
macro_rules! message {
    ($name:literal, $block:literal, $delta:literal, $reason:literal) => {
        Form {
            name: $name,
            content_type: EVENTS,
            opening: message_start!(
                "event: content_block_start\ndata: {\"content_block\": ",
                $block,
                ", \"index\": 0, \"type\": \"content_block_start\"}\n\n",
            ),
            piece: concat!(
                "event: content_block_delta\ndata: {\"delta\": ",
                $delta,
                ", \"index\": 0, \"type\": \"content_block_delta\"}\n\n",
            ),
            closing: message_end!($reason),
        }
    };
}

/// A message that is a text.
pub const ANTHROPIC: Form = message!(
    "anthropic",
    r#"{"citations": null, "text": "", "type": "text"}"#,
    r#"{"text": "TEXT", "type": "text_delta"}"#,
    "end_turn"
);

/// A message that is a call of a tool, whose arguments come in pieces.
pub const ANTHROPIC_CALL: Form = message!(
    "anthropic_call",
    r#"{"id": "toolu_bench", "input": {}, "name": "lookup", "type": "tool_use"}"#,
    r#"{"partial_json": "TEXT", "type": "input_json_delta"}"#,
    "tool_use"
);

/// A message that is thinking.
pub const ANTHROPIC_THINKING: Form = message!(
    "anthropic_thinking",
    r#"{"signature": "", "thinking": "", "type": "thinking"}"#,
    r#"{"thinking": "TEXT", "type": "thinking_delta"}"#,
    "end_turn"
);

/// Events of OpenAI's Responses.
pub const RESPONSES: Form = Form {
    name: "responses",
    content_type: EVENTS,
    opening: concat!(
        "event: response.created\n",
        r#"data: {"type":"response.created","response":{"id":"resp_bench","object":"response","created_at":1776448875,"#,
        r#""status":"in_progress","error":null,"model":"gpt-4.1-2025-04-14","output":[]},"sequence_number":0}"#,
        "\n\nevent: response.output_item.added\n",
        r#"data: {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_bench","type":"message","#,
        r#""status":"in_progress","role":"assistant","content":[]},"sequence_number":1}"#,
        "\n\nevent: response.content_part.added\n",
        r#"data: {"type":"response.content_part.added","item_id":"msg_bench","output_index":0,"content_index":0,"#,
        r#""part":{"type":"output_text","annotations":[],"logprobs":[],"text":""},"sequence_number":2}"#,
        "\n\n",
    ),
    piece: concat!(
        "event: response.output_text.delta\n",
        r#"data: {"type":"response.output_text.delta","item_id":"msg_bench","output_index":0,"content_index":0,"#,
        r#""delta":"TEXT","logprobs":[],"obfuscation":"PADDING","sequence_number":3}"#,
        "\n\n",
    ),
    closing: concat!(
        "event: response.completed\n",
        r#"data: {"type":"response.completed","response":{"id":"resp_bench","object":"response","created_at":1776448875,"#,
        r#""status":"completed","error":null,"model":"gpt-4.1-2025-04-14","output":[],"usage":{"input_tokens":20,"#,
        r#""input_tokens_details":{"cached_tokens":0},"output_tokens":500,"output_tokens_details":"#,
        r#"{"reasoning_tokens":0},"total_tokens":520}},"sequence_number":4}"#,
        "\n\n",
    ),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_of_each_form_is_json() {
        for form in ALL.into_iter().skip(1) {
            let text = [form.opening, &form.piece("a", 3), &form.piece("b", 0), form.closing].concat();
            let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            assert!(data.len() >= 4, "{}", form.name);
            for one in data.into_iter().filter(|data| *data != "[DONE]") {
                assert!(serde_json::from_str::<serde_json::Value>(one).is_ok(), "{}: {one}", form.name);
            }
        }
    }

    #[test]
    fn a_piece_of_bare_text_is_its_text() {
        assert_eq!((TEXT.piece("a b", 5), TEXT.opening, TEXT.closing), ("a b".to_owned(), "", ""));
    }
}
