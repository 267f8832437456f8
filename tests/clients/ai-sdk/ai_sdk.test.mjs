// Vercel's AI SDK: whole answers, streams, tools in several steps, objects.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";

const argo = createOpenAICompatible({
  name: "argo",
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: "any-value",
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const trip = z.object({ place: z.string(), days: z.number(), byTrain: z.boolean() });
const models = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"];
const weather = tool({
  description: "The weather of a place",
  inputSchema: z.object({ location: z.string() }),
  execute: async ({ location }) => `sunny in ${location}`,
});

for (const name of models) {
  const model = argo(name);

  test(`${name}: an answer`, async () => {
    const { text, finishReason, usage } = await generateText({ model, prompt: "say hello", maxRetries: 0 });
    assert.ok(text);
    assert.equal(finishReason, "stop");
    assert.ok(usage.outputTokens > 0);
  });

  test(`${name}: a stream`, async () => {
    const result = streamText({ model, prompt: "lorem 20", maxRetries: 0 });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.equal(text.split(" ").length, 20);
    assert.equal(await result.finishReason, "stop");
    assert.ok((await result.usage).outputTokens > 0);
  });

  test(`${name}: a tool in two steps`, async () => {
    const { text, steps } = await generateText({
      model,
      prompt: "use the tool",
      tools: { weather },
      stopWhen: stepCountIs(2),
      maxRetries: 0,
    });
    assert.equal(steps[0].finishReason, "tool-calls");
    assert.equal(steps[0].toolCalls[0].toolName, "weather");
    assert.match(text, /sunny in/);
  });

  test(`${name}: a streamed tool in two steps`, async () => {
    const result = streamText({
      model,
      prompt: "use the tool",
      tools: { weather },
      stopWhen: stepCountIs(2),
      maxRetries: 0,
    });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.match(text, /sunny in/);
    assert.equal((await result.steps).length, 2);
  });

  test(`${name}: an object`, async () => {
    const { object, finishReason } = await generateObject({ model, schema: trip, prompt: "plan a trip", maxRetries: 0 });
    assert.deepEqual(trip.parse(object), object);
    assert.equal(finishReason, "stop");
  });

  test(`${name}: a streamed object`, async () => {
    const result = streamObject({ model, schema: trip, prompt: "plan a trip", maxRetries: 0 });
    let last;
    for await (const part of result.partialObjectStream) last = part;
    assert.deepEqual(last, await result.object);
    assert.deepEqual(trip.parse(last), last);
  });
}

test("embeddings", async () => {
  const values = Array.from({ length: 40 }, (_, i) => `text ${i}`);
  const model = argo.textEmbeddingModel("argo:text-embedding-3-small");
  const { embeddings } = await embedMany({ model, values, maxRetries: 0 });
  assert.equal(embeddings.length, 40);
});
