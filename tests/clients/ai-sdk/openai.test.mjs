// Vercel's AI SDK over OpenAI's provider, which takes Responses: answers, streams, tools, objects, conversations.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const argo = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "any-value" });
const trip = z.object({ place: z.string(), days: z.number(), byTrain: z.boolean() });
const models = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"];
const weather = tool({
  description: "The weather of a place",
  inputSchema: z.object({ location: z.string() }),
  execute: async ({ location }) => `sunny in ${location}`,
});
const unstored = { openai: { store: false } };
const prompt = 'call weather {"location": "Lemont"} call weather {"location": "Joliet"}';

for (const name of models) {
  const model = argo(name);

  test(`${name}: an answer`, async () => {
    const { text, finishReason, usage } = await generateText({ model, prompt: "say hello", maxRetries: 0 });
    assert.match(text, /^Hello!/);
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

  test(`${name}: two calls in two steps`, async () => {
    const settings = { model, prompt, tools: { weather }, stopWhen: stepCountIs(2), maxRetries: 0 };
    const { text, steps } = await generateText(settings);
    assert.equal(steps[0].finishReason, "tool-calls");
    assert.deepEqual(
      steps[0].toolCalls.map((call) => call.input.location),
      ["Lemont", "Joliet"],
    );
    assert.match(text, /sunny in/);
  });

  test(`${name}: streamed calls in two steps`, async () => {
    const settings = { model, prompt, tools: { weather }, stopWhen: stepCountIs(2), maxRetries: 0 };
    const result = streamText(settings);
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.match(text, /sunny in/);
    assert.equal((await result.steps)[0].toolCalls.length, 2);
  });

  test(`${name}: an object`, async () => {
    const { object } = await generateObject({ model, schema: trip, prompt: "plan a trip", maxRetries: 0 });
    assert.deepEqual(trip.parse(object), object);
  });

  test(`${name}: a second turn without storing`, async () => {
    const messages = [{ role: "user", content: "lorem 3" }];
    const first = await generateText({ model, messages, providerOptions: unstored, maxRetries: 0 });
    messages.push(...first.response.messages, { role: "user", content: "say hello" });
    const { text } = await generateText({ model, messages, providerOptions: unstored, maxRetries: 0 });
    assert.match(text, /^Hello!/);
  });

  test(`${name}: a second turn by reference is refused with what to set`, async () => {
    const messages = [{ role: "user", content: "lorem 3" }];
    const first = await generateText({ model, messages, maxRetries: 0 });
    messages.push(...first.response.messages, { role: "user", content: "say hello" });
    await assert.rejects(generateText({ model, messages, maxRetries: 0 }), (error) => {
      assert.ok(APICallError.isInstance(error));
      assert.equal(error.statusCode, 400);
      assert.match(error.message, /store/);
      return true;
    });
  });

  test(`${name}: a stream that breaks is no answer`, async () => {
    const errors = [];
    const result = streamText({ model, prompt: "cut 40", maxRetries: 0, onError: ({ error }) => errors.push(error) });
    for await (const _ of result.textStream);
    assert.equal(errors.length, 1);
  });
}

test("the page's program", async () => {
  const page = await readFile(new URL("./pages/ai-sdk.md", import.meta.url), "utf8");
  const [[, program]] = [...page.matchAll(/^```js\n(.*?)^```$/gms)];
  const own = program.replace("http://127.0.0.1:44497/v1", process.env.OPENAI_BASE_URL);
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", own], { cwd, timeout: 30_000 });
  assert.match(stdout, /^Hello!/);
});
