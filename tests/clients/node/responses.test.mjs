// `responses` of openai npm: whole answers, streams, objects, tools, errors.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EMOJI, OpenAI, all, client } from "./client.mjs";

const models = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"];
const PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
const weather = {
  type: "function",
  name: "get_weather",
  parameters: {
    type: "object",
    properties: { location: { type: "string" } },
    required: ["location"],
    additionalProperties: false,
  },
  strict: true,
};
const now = { type: "function", name: "now", parameters: null, strict: null };
const trip = {
  type: "json_schema",
  name: "trip",
  strict: true,
  schema: {
    type: "object",
    properties: { place: { type: "string" }, days: { type: "integer" } },
    required: ["place", "days"],
    additionalProperties: false,
  },
};

for (const model of models) {
  test(`${model}: an answer`, async () => {
    const response = await client.responses.create({ model, input: "emoji" });
    assert.equal(response.output_text, EMOJI);
    assert.equal(response.model, model);
    assert.ok(response.usage.total_tokens > 0);
    assert.ok(response._request_id);
  });

  test(`${model}: a stream of events`, async () => {
    const events = await all(await client.responses.create({ model, input: "emoji", stream: true }));
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    assert.equal(deltas.map((event) => event.delta).join(""), EMOJI);
    assert.deepEqual(
      events.map((event) => event.sequence_number),
      events.map((_, i) => i),
    );
    assert.equal(events.at(-1).type, "response.completed");
  });

  test(`${model}: the helper for streams`, async () => {
    const final = await client.responses.stream({ model, input: "emoji" }).finalResponse();
    assert.equal(final.output_text, EMOJI);
    assert.equal(final.status, "completed");
  });

  test(`${model}: an object is parsed`, async () => {
    const response = await client.responses.parse({ model, input: "plan a trip", text: { format: trip } });
    assert.deepEqual(Object.keys(response.output_parsed), ["place", "days"]);
  });

  test(`${model}: two calls, streamed, and their results`, async () => {
    const input = [{ role: "user", content: 'call get_weather {"location": "Lemont"} call now {}' }];
    const stream = client.responses.stream({ model, input, tools: [weather, now] });
    const first = await stream.finalResponse();
    assert.deepEqual(
      first.output.map((item) => [item.type, item.name, item.arguments]),
      [
        ["function_call", "get_weather", JSON.stringify({ location: "Lemont" })],
        ["function_call", "now", "{}"],
      ],
    );
    for (const item of first.output) input.push(item);
    for (const item of first.output) input.push({ type: "function_call_output", call_id: item.call_id, output: "fine" });
    const answer = await client.responses.create({ model, input, tools: [weather, now] });
    assert.match(answer.output_text, /^The tool answered: fine/);
  });

  test(`${model}: an image`, async () => {
    const image = { type: "input_image", image_url: PIXEL, detail: "auto" };
    const input = [{ role: "user", content: [{ type: "input_text", text: "look" }, image] }];
    assert.equal((await client.responses.create({ model, input })).output_text, "You said: look (1 image)");
  });

  test(`${model}: a stream that breaks is no answer`, async () => {
    await assert.rejects(async () => all(await client.responses.create({ model, input: "cut 40", stream: true })), OpenAI.APIError);
    await assert.rejects(client.responses.stream({ model, input: "cut 40" }).finalResponse(), OpenAI.APIError);
  });
}

test("errors have their classes", async () => {
  const ask = (input, more) => client.responses.create({ model: models[0], input, ...more });
  await assert.rejects(ask("error 400"), OpenAI.BadRequestError);
  await assert.rejects(ask("error 429"), OpenAI.RateLimitError);
  await assert.rejects(ask("error 503"), OpenAI.InternalServerError);
  await assert.rejects(ask("hi", { model: "argo:gpt-4oh" }), OpenAI.NotFoundError);
  await assert.rejects(ask("hi", { previous_response_id: "resp_0" }), (error) => error.param === "previous_response_id");
});

test("nothing is kept", async () => {
  const { id } = await client.responses.create({ model: models[0], input: "hi" });
  await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError);
  await assert.rejects(client.responses.delete(id), OpenAI.NotFoundError);
});

test("tokens are counted", async () => {
  const { input_tokens: tokens } = await client.responses.inputTokens.count({ model: models[0], input: "a few words" });
  assert.ok(tokens > 0);
});
