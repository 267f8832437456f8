// Anthropic's client for Node: messages, streams, tools, counts, models, errors.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: process.env.OPENAI_BASE_URL.replace(/\/v1$/, ""),
  apiKey: "any-value",
  maxRetries: 0,
  timeout: 30_000,
});
const TOOL = {
  name: "get_weather",
  input_schema: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
};

for (const model of ["argo:gpt-4o", "claude-opus-4-7", "argo:gemini-2.5-pro"]) {
  const ask = (content, more = {}) => ({ model, max_tokens: 200, messages: [{ role: "user", content }], ...more });

  test(`${model}: a message`, async () => {
    const message = await client.messages.create(ask("say hello"));
    assert.match(message.content[0].text, /^Hello/);
    assert.equal(message.model, model);
    assert.ok(message.usage.input_tokens > 0);
  });

  test(`${model}: a stream is the same message`, async () => {
    const whole = await client.messages.create(ask("emoji"));
    const stream = client.messages.stream(ask("emoji"));
    let text = "";
    stream.on("text", (piece) => (text += piece));
    const message = await stream.finalMessage();
    assert.equal(text, whole.content[0].text);
    assert.equal(message.stop_reason, "end_turn");
  });

  test(`${model}: a tool is called, whole and streamed`, async () => {
    const asked = ask("use the tool", { tools: [TOOL] });
    for (const message of [await client.messages.create(asked), await client.messages.stream(asked).finalMessage()]) {
      assert.equal(message.stop_reason, "tool_use");
      const [call] = message.content.filter((block) => block.type === "tool_use");
      assert.ok(call.input.location);
    }
  });

  test(`${model}: tokens are counted`, async () => {
    const { model: name, messages } = ask("say hello");
    assert.ok((await client.messages.countTokens({ model: name, messages })).input_tokens > 0);
  });

  test(`${model}: an answer in JSON`, async () => {
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
    const message = await client.messages.create(ask("where", { output_config: { format: { type: "json_schema", schema } } }));
    assert.ok("city" in JSON.parse(message.content[0].text));
  });

  test(`${model}: a stream that breaks off is an error`, async () => {
    await assert.rejects(client.messages.stream(ask("cut 3")).finalMessage(), Anthropic.APIError);
  });
}

test("failures have their classes", async () => {
  const ask = (content) => client.messages.create({ model: "argo:gpt-4o", max_tokens: 9, messages: [{ role: "user", content }] });
  await assert.rejects(ask("error 429"), Anthropic.RateLimitError);
  await assert.rejects(ask("access denied"), Anthropic.PermissionDeniedError);
  await assert.rejects(client.messages.create({ model: "nobody", max_tokens: 9, messages: [] }), Anthropic.BadRequestError);
  await assert.rejects(client.models.retrieve("nobody"), Anthropic.NotFoundError);
});

test("models are listed", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("argo:claude-opus-4.7"));
});
