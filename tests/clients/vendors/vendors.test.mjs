// OpenAI's Node client over the proxy before LiteLLM's proxy and before a second instance.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "any-value", maxRetries: 0, timeout: 30_000 });
const user = (content) => [{ role: "user", content }];
const HELLO = "Hello from the mock";

async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

for (const [model, says] of [["mock", HELLO], ["fast", "You said: hi"], ["careful", "You said: hi"]]) {
  test(`a whole answer of ${model}`, async () => {
    const answer = await client.chat.completions.create({ model, messages: user("hi") });
    assert.deepEqual([answer.model, answer.choices[0].message.content], [model, says]);
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.ok(answer.usage.total_tokens > 0);
  });

  test(`a stream of ${model}`, async () => {
    const stream_options = { include_usage: true };
    const chunks = await all(
      await client.chat.completions.create({ model, messages: user("hi"), stream: true, stream_options }),
    );
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join(""), says);
    assert.deepEqual([...new Set(chunks.map((chunk) => chunk.model))], [model]);
    assert.ok(chunks.at(-1).usage.total_tokens > 0);
  });

  test(`the stream helper puts the answer of ${model} together`, async () => {
    const completion = await client.chat.completions.stream({ model, messages: user("hi") }).finalChatCompletion();
    assert.deepEqual([completion.choices[0].message.content, completion.choices[0].finish_reason], [says, "stop"]);
  });
}

test("an error of the vendor is the answer", async () => {
  for (const stream of [false, true]) {
    const asked = (model, text) => client.chat.completions.create({ model, messages: user(text), stream });
    await assert.rejects(asked("unknown", "hi"), (e) => e instanceof OpenAI.BadRequestError && /Invalid model/.test(e.message));
    await assert.rejects(asked("mock-limited", "hi"), OpenAI.RateLimitError);
    await assert.rejects(asked("fast", "error 429"), OpenAI.RateLimitError);
  }
});

test("embeddings", async () => {
  const mock = await client.embeddings.create({ model: "mock-vectors", input: "a" });
  assert.deepEqual(mock.data.map((row) => row.embedding), [[0.25, -0.5, 1]]);
  const second = await client.embeddings.create({ model: "vectors", input: ["a", "b"] });
  assert.deepEqual(second.data.map((row) => row.embedding.length), [1536, 1536]);
});
