/**
 * How each client dialect writes a request and reads a reply. `about.json` says which of them this proxy serves, and on which paths;
 * a dialect that is not here is not offered.
 *
 * `read(data, answer)` takes one event of a stream, or a whole reply, and adds what it says to `answer`: `text`, `thinking`, `input`,
 * `output`, `end`, `error`.
 */

const openai = {
  body: ({ model, system, message, max, stream }) => ({
    model,
    messages: [...(system ? [{ role: "system", content: system }] : []), { role: "user", content: message }],
    ...(max ? { max_completion_tokens: max } : {}),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  }),
  read(data, answer) {
    const choice = data.choices?.[0] ?? {};
    const said = choice.delta ?? choice.message ?? {};
    answer.text += said.content ?? said.refusal ?? "";
    answer.thinking += said.reasoning_content ?? "";
    answer.end = choice.finish_reason ?? answer.end;
    usage(answer, data.usage?.prompt_tokens, data.usage?.completion_tokens);
  },
};

const responses = {
  body: ({ model, system, message, max, stream }) => ({
    model,
    ...(system ? { instructions: system } : {}),
    input: message,
    ...(max ? { max_output_tokens: max } : {}),
    store: false,
    ...(stream ? { stream: true } : {}),
  }),
  read(data, answer) {
    if (data.type === "response.output_text.delta" || data.type === "response.refusal.delta") answer.text += data.delta;
    if (data.type?.startsWith("response.reasoning") && typeof data.delta === "string") answer.thinking += data.delta;
    // The last event of a stream holds the whole response; a reply that is not streamed is one.
    const whole = data.object === "response" ? data : data.response;
    if (data.object === "response") {
      for (const item of whole.output ?? []) {
        for (const part of item.content ?? []) answer.text += part.text ?? part.refusal ?? "";
      }
    }
    if (data.type === "error") answer.error = data.message ?? data.error?.message;
    if (!whole) return;
    answer.error = whole.error?.message ?? answer.error;
    answer.end = whole.incomplete_details?.reason ?? (whole.status === "in_progress" ? answer.end : whole.status);
    usage(answer, whole.usage?.input_tokens, whole.usage?.output_tokens);
  },
};

const anthropic = {
  headers: { "anthropic-version": "2023-06-01" },
  // The dialect wants a limit in every request.
  body: ({ model, system, message, max, stream }) => ({
    model,
    max_tokens: max || 1024,
    ...(system ? { system } : {}),
    messages: [{ role: "user", content: message }],
    ...(stream ? { stream: true } : {}),
  }),
  read(data, answer) {
    for (const part of data.content ?? []) {
      answer.text += part.text ?? "";
      answer.thinking += part.thinking ?? "";
    }
    answer.text += data.delta?.text ?? "";
    answer.thinking += data.delta?.thinking ?? "";
    answer.end = data.stop_reason ?? data.delta?.stop_reason ?? answer.end;
    const counted = data.usage ?? data.message?.usage;
    usage(answer, counted?.input_tokens, counted?.output_tokens);
  },
};

const gemini = {
  stream_query: "alt=sse",
  body: ({ system, message, max }) => ({
    ...(system ? { systemInstruction: { parts: [{ text: system }] } } : {}),
    contents: [{ role: "user", parts: [{ text: message }] }],
    ...(max ? { generationConfig: { maxOutputTokens: max } } : {}),
  }),
  read(data, answer) {
    const candidate = data.candidates?.[0] ?? {};
    for (const part of candidate.content?.parts ?? []) answer[part.thought ? "thinking" : "text"] += part.text ?? "";
    answer.end = candidate.finishReason ?? data.promptFeedback?.blockReason ?? answer.end;
    const counted = data.usageMetadata;
    usage(answer, counted?.promptTokenCount, counted && (counted.candidatesTokenCount ?? 0) + (counted.thoughtsTokenCount ?? 0));
  },
};

const DIALECTS = { openai, responses, anthropic, gemini };

/** A later event may know more than an earlier one, and an empty count knows nothing. */
function usage(answer, input, output) {
  answer.input = input || answer.input;
  answer.output = output ?? answer.output;
}

/** Returns those of the proxy's dialects that this page can write. */
export const known = (offered) => offered.filter((dialect) => Object.hasOwn(DIALECTS, dialect.name));

/** Returns an answer that has said nothing yet. */
export const unsaid = () => ({ text: "", thinking: "", input: null, output: null, end: null, error: null });

/** Makes the request that a client of a dialect would send. `offered` is its row of about.json. */
export function request(offered, asked) {
  const dialect = DIALECTS[offered.name];
  const path = asked.stream ? (offered.stream_path ?? offered.path) : offered.path;
  return {
    method: "POST",
    path: path.replace("{model}", encodeURIComponent(asked.model)),
    query: (asked.stream && dialect.stream_query) || null,
    headers: { "content-type": "application/json", ...dialect.headers },
    body: JSON.stringify(dialect.body(asked), null, 2),
  };
}

/** Adds to an answer what one JSON text says. */
export function read(name, text, answer) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return; // `[DONE]` ends a stream of OpenAI's.
  }
  const error = (Array.isArray(data) ? data[0] : data)?.error;
  if (error) answer.error = error.message ?? String(error);
  DIALECTS[name].read(data, answer);
}
