//! The differences between OpenAI's chat completions and legacy completions: mostly the JSON around a choice's text.

/// The constant parts of one endpoint's replies. `open` parts stand before escaped text, `close` parts after it.
#[derive(Debug)]
pub struct Shape {
    /// The prefix of the reply's id.
    pub id_prefix: &'static str,
    /// `object` of a whole reply.
    pub whole_object: &'static str,
    /// `object` of a chunk.
    pub chunk_object: &'static str,
    /// The choice that comes before any text, if the endpoint has one.
    pub first_choice: Option<&'static str>,
    /// The beginning of a choice with text.
    pub text_open: &'static str,
    /// The rest of a choice with text.
    pub text_close: &'static str,
    /// The choice that ends the stream, up to the finish reason's value.
    pub finish_open: &'static str,
    /// The choice of a whole reply, up to its text.
    pub whole_open: &'static str,
    /// What follows the text of a whole reply and the fields beside it, up to the finish reason's value.
    pub whole_finish_open: &'static str,
    /// True if requests are messages, each with its own extra tokens; false if they are bare texts.
    pub has_messages: bool,
    /// The field of a request that holds the prompt.
    pub prompt_field: &'static str,
    /// True if the endpoint can carry more than text: tool calls, refusals, reasoning.
    pub has_tool_calls: bool,
}

/// `/chat/completions`
pub const CHAT: Shape = Shape {
    id_prefix: "chatcmpl-",
    whole_object: "chat.completion",
    chunk_object: "chat.completion.chunk",
    first_choice: Some(r#""delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#),
    text_open: r#""delta":{"content":""#,
    text_close: r#""},"logprobs":null,"finish_reason":null}"#,
    finish_open: r#""delta":{},"logprobs":null,"finish_reason":"#,
    whole_open: r#""message":{"role":"assistant","content":"#,
    whole_finish_open: r#"},"logprobs":null,"finish_reason":"#,
    has_messages: true,
    prompt_field: "messages",
    has_tool_calls: true,
};

/// `/completions`
pub const COMPLETION: Shape = Shape {
    id_prefix: "cmpl-",
    whole_object: "text_completion",
    chunk_object: "text_completion",
    first_choice: None,
    text_open: r#""text":""#,
    text_close: r#"","logprobs":null,"finish_reason":null}"#,
    finish_open: r#""text":"","logprobs":null,"finish_reason":"#,
    whole_open: r#""text":"#,
    whole_finish_open: r#","logprobs":null,"finish_reason":"#,
    has_messages: false,
    prompt_field: "prompt",
    has_tool_calls: false,
};
