// Google's client for Node: texts, streams, chats, tools, structured output, counts, vectors, models, errors.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ApiError, GoogleGenAI } from "@google/genai";

const baseUrl = process.env.OPENAI_BASE_URL.replace(/\/v1$/, "");
const client = new GoogleGenAI({ apiKey: "any-value", httpOptions: { baseUrl } });
const { version } = JSON.parse(await readFile(new URL("./node_modules/@google/genai/package.json", import.meta.url), "utf8"));
const IS_OLDER = version.startsWith("1.");
const CITY = { type: "object", properties: { location: { type: "string" } }, required: ["location"] };
const TOOL = { name: "get_weather", description: "Tells the weather", parametersJsonSchema: CITY };
const OLDER = { name: "get_time", parameters: { type: "OBJECT", properties: { location: { type: "STRING" } } } };
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC";

const whole = (asked) => client.models.generateContent(asked);

// The pieces of a stream, and the texts and calls of all of them.
async function streamed(asked) {
  const pieces = [];
  for await (const piece of await client.models.generateContentStream(asked)) pieces.push(piece);
  const text = pieces.map((piece) => piece.text ?? "").join("");
  return { pieces, text, functionCalls: pieces.flatMap((piece) => piece.functionCalls ?? []), candidates: pieces.at(-1).candidates };
}

const fails = (status, named) => (error) => error instanceof ApiError && error.status === status && error.message.includes(named);

for (const model of ["argo:gpt-4o", "claude-opus-4-7", "argo:gemini-2.5-pro"]) {
  const ask = (contents, config) => ({ model, contents, config });

  test(`${model}: a text`, async () => {
    const config = { temperature: 1, topP: 0.95, topK: 64, thinkingConfig: { includeThoughts: true, thinkingBudget: 8192 } };
    const answer = await whole(ask("say hello", { ...config, systemInstruction: "Be brief." }));
    assert.match(answer.text, /^Hello/);
    assert.equal(answer.modelVersion, model);
    assert.equal(answer.candidates[0].finishReason, "STOP");
    assert.ok(answer.usageMetadata.promptTokenCount > 0);
  });

  test(`${model}: a stream is the same text`, async () => {
    const answer = await streamed(ask("emoji"));
    assert.equal(answer.text, (await whole(ask("emoji"))).text);
    assert.equal(answer.candidates[0].finishReason, "STOP");
    assert.ok(answer.pieces.at(-1).usageMetadata.totalTokenCount > 0);
  });

  test(`${model}: a chat with calls, whole and streamed`, async () => {
    const tools = [{ functionDeclarations: [TOOL, OLDER] }];
    const chat = client.chats.create({ model, config: { tools } });
    const calls = (await chat.sendMessage({ message: "use all tools" })).functionCalls;
    assert.deepEqual(calls.map((call) => call.name), ["get_weather", "get_time"]);
    assert.equal(new Set(calls.map((call) => call.id)).size, 2);
    const results = calls.map(({ id, name }) => ({ functionResponse: { id, name, response: { output: "18 degrees" } } }));
    assert.match((await chat.sendMessage({ message: results })).text, /18 degrees/);
    let text = "";
    for await (const piece of await chat.sendMessageStream({ message: "say hello" })) text += piece.text ?? "";
    assert.match(text, /^Hello/);
    const { functionCalls } = await streamed(ask("use all tools", { tools }));
    assert.deepEqual(functionCalls.map((call) => call.name), ["get_weather", "get_time"]);
    assert.ok(functionCalls[0].args.location);
  });

  test(`${model}: a forced tool`, async () => {
    const toolConfig = { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["get_time"] } };
    const answer = await whole(ask("hi", { tools: [{ functionDeclarations: [TOOL, OLDER] }], toolConfig }));
    assert.equal(answer.functionCalls[0].name, "get_time");
  });

  test(`${model}: an answer in JSON`, async () => {
    const older = { type: "OBJECT", properties: { city: { type: "STRING", nullable: true } }, required: ["city"] };
    const newer = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
    for (const schema of [{ responseSchema: older }, { responseJsonSchema: newer }]) {
      const answer = await whole(ask("where", { responseMimeType: "application/json", ...schema }));
      assert.ok("city" in JSON.parse(answer.text));
    }
  });

  test(`${model}: an image`, async () => {
    const answer = await whole(ask([{ inlineData: { mimeType: "image/png", data: PIXEL } }, { text: "what is this" }]));
    assert.match(answer.text, /\(1 image\)$/);
  });

  test(`${model}: tokens are counted`, async () => {
    assert.ok((await client.models.countTokens({ model, contents: "say hello" })).totalTokens > 0);
  });

  test(`${model}: a stream that breaks off is an error`, async () => {
    // Version 1 does not read the error, and fails at the connection.
    const kind = IS_OLDER ? TypeError : ApiError;
    for (const prompt of ["cut 3", "cut 40"]) {
      await assert.rejects(streamed(ask(prompt)), (error) => error instanceof kind || error.status >= 500);
    }
  });

  test(`${model}: failures have their status`, async () => {
    await assert.rejects(whole(ask("error 429")), fails(429, "RESOURCE_EXHAUSTED"));
    await assert.rejects(streamed(ask("error 503")), fails(503, "UNAVAILABLE"));
    await assert.rejects(streamed(ask("access denied")), fails(403, "PERMISSION_DENIED"));
  });
}

test("a silent stream has pieces that nobody sees", async () => {
  // This client would wait for three seconds, so it hears something after half of that.
  const leave = new AbortController();
  const config = { httpOptions: { headers: { "x-stainless-read-timeout": "3" } }, abortSignal: leave.signal };
  const texts = [];
  for await (const piece of await client.models.generateContentStream({ model: "argo:gpt-4o", contents: "slow 2000", config })) {
    texts.push(piece.text);
    if (texts.includes("") && piece.text) break;
  }
  leave.abort();
  assert.ok((await whole({ model: "argo:gpt-4o", contents: "emoji" })).text.startsWith(texts.join("")));
});

test("vectors", async () => {
  const embed = (contents, config) => client.models.embedContent({ model: "text-embedding-3-small", contents, config });
  const { embeddings } = await embed(["a", "b", "c"], { outputDimensionality: 256 });
  assert.deepEqual(embeddings.map((embedding) => embedding.values.length), [256, 256, 256]);
  assert.equal((await embed("a")).embeddings[0].values.length, 1536);
});

test("models are listed in pages", async () => {
  const names = [];
  for await (const model of await client.models.list({ config: { pageSize: 4 } })) names.push(model.name);
  assert.ok(names.includes("models/argo:gemini-2.5-flash"));
  assert.equal(new Set(names).size, names.length);
  assert.ok((await client.models.get({ model: "argo:gpt-4o" })).supportedActions.includes("generateContent"));
});

test("what is not there", async () => {
  await assert.rejects(whole({ model: "argo:gpt-4oh", contents: "hi" }), fails(404, "argo:gpt-4oh"));
  await assert.rejects(client.models.get({ model: "nobody" }), fails(404, "NOT_FOUND"));
  await assert.rejects(client.files.list(), fails(404, "NOT_FOUND"));
});

test("each version of the interface", async () => {
  for (const apiVersion of ["v1", "v1beta", "v1alpha"]) {
    const answer = await whole({ model: "gemini-2.5-flash", contents: "say hello", config: { httpOptions: { apiVersion } } });
    assert.match(answer.text, /^Hello/);
  }
});
