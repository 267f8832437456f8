import assert from "node:assert/strict";
import { test } from "node:test";
import { all, client, EMOJI, MODEL, user } from "./client.mjs";

const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");

test("a chat completion", async () => {
  const completion = await client.chat.completions.create({ model: MODEL, messages: user("hi") });
  assert.match(completion.id, /^chatcmpl-\w{10,}$/);
  assert.equal(completion.model, MODEL);
  assert.equal(completion.choices.length, 1);
  assert.equal(completion.choices[0].finish_reason, "stop");
  assert.equal(completion.choices[0].message.role, "assistant");
  assert.equal(completion.choices[0].message.content, "You said: hi");
  const { prompt_tokens, completion_tokens, total_tokens } = completion.usage;
  // Native endpoints have counts of their own.
  const expected = process.env.ENDPOINTS === "native" ? [5, 3, 8] : [8, 4, 12];
  assert.deepEqual([prompt_tokens, completion_tokens, total_tokens], expected);
  assert.ok(completion._request_id);
});

test("every kind of character", async () => {
  const completion = await client.chat.completions.create({ model: MODEL, messages: user("emoji") });
  assert.equal(completion.choices[0].message.content, EMOJI);
});

test("a stream", async () => {
  const stream = await client.chat.completions.create({
    model: MODEL,
    messages: user("emoji"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await all(stream);
  assert.equal(textOf(chunks), EMOJI);
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
  const reasons = chunks.map((chunk) => chunk.choices[0].finish_reason);
  assert.deepEqual(reasons.filter((reason) => reason !== null), ["stop"]);
  assert.equal(reasons.at(-1), "stop");
});

test("the stream helper puts the answer together", async () => {
  const runner = client.chat.completions.stream({ model: MODEL, messages: user("emoji") });
  let deltas = "";
  runner.on("content", (delta) => (deltas += delta));
  const completion = await runner.finalChatCompletion();
  assert.equal(deltas, EMOJI);
  assert.equal(completion.choices[0].message.content, EMOJI);
  assert.equal(completion.choices[0].finish_reason, "stop");
});

test("the stream helper survives an empty answer", async () => {
  const runner = client.chat.completions.stream({ model: MODEL, messages: user("empty") });
  const completion = await runner.finalChatCompletion();
  assert.equal(completion.choices[0].finish_reason, "stop");
});

test("a legacy completion, whole and streamed", async () => {
  const completion = await client.completions.create({ model: MODEL, prompt: "hi" });
  assert.equal(completion.choices[0].text, "You said: hi");
  const stream = await client.completions.create({ model: MODEL, prompt: "emoji", stream: true });
  assert.equal((await all(stream)).map((chunk) => chunk.choices[0].text).join(""), EMOJI);
});

test("many streams at once", async () => {
  const one = async (words) => {
    const messages = user(`lorem ${words}`);
    const text = textOf(await all(await client.chat.completions.create({ model: MODEL, messages, stream: true })));
    return text.split(" ").length;
  };
  const words = Array.from({ length: 20 }, (_, i) => 100 + i);
  assert.deepEqual(await Promise.all(words.map(one)), words);
});
