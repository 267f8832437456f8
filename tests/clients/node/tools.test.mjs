// Tool calls for a model of each vendor, whole, streamed, and through the helper that runs them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client } from "./client.mjs";

const MODELS = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"];
const messages = [{ role: "user", content: "use the tool" }];
const parameters = { type: "object", properties: { location: { type: "string" } } };
const weather = { type: "function", function: { name: "get_weather", description: "The weather", parameters } };

for (const model of MODELS) {
  test(`${model}: a call and its result`, async () => {
    const first = await client.chat.completions.create({ model, messages, tools: [weather] });
    const { message, finish_reason } = first.choices[0];
    assert.equal(finish_reason, "tool_calls");
    const [call] = message.tool_calls;
    assert.equal(call.function.name, "get_weather");
    assert.equal(typeof JSON.parse(call.function.arguments).location, "string");
    const result = { role: "tool", tool_call_id: call.id, content: "sunny" };
    const second = await client.chat.completions.create({ model, messages: [...messages, message, result], tools: [weather] });
    assert.match(second.choices[0].message.content, /The tool answered: sunny/);
  });

  test(`${model}: a streamed call, put together by the client`, async () => {
    const stream = client.chat.completions.stream({ model, messages, tools: [weather] });
    const completion = await stream.finalChatCompletion();
    assert.equal(completion.choices[0].finish_reason, "tool_calls");
    assert.equal(completion.choices[0].message.tool_calls[0].function.name, "get_weather");
  });
}
