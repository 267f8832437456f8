import assert from "node:assert/strict";
import { test } from "node:test";
import { all, client, MODEL, OpenAI, user } from "./client.mjs";

const ask = (text, more = {}) => client.chat.completions.create({ model: MODEL, messages: user(text), ...more });

const cases = [
  ["an unknown model", () => ask("hi", { model: "argo:gpt-4oh" }), OpenAI.NotFoundError, 404, "model_not_found"],
  ["too many answers", () => ask("hi", { n: 21 }), OpenAI.BadRequestError, 400, null],
  ["denied access", () => ask("access denied"), OpenAI.PermissionDeniedError, 403, "argo_access_denied"],
  ["denied access on a stream", () => ask("access denied", { stream: true }), OpenAI.PermissionDeniedError, 403, "argo_access_denied"],
  ["a rate limit", () => ask("error 429"), OpenAI.RateLimitError, 429, undefined],
  ["a rate limit on a stream", () => ask("error 429", { stream: true }), OpenAI.RateLimitError, 429, undefined],
  ["an error page", () => ask("error 502"), OpenAI.InternalServerError, 502, undefined],
  ["the body's timeout", () => ask("hang", { timeout: 0.3 }), OpenAI.InternalServerError, 504, "timeout"],
];

for (const [name, call, kind, status, code] of cases) {
  test(name, async () => {
    await assert.rejects(call(), (error) => {
      assert.ok(error instanceof kind, String(error));
      assert.equal(error.status, status);
      if (code !== undefined) assert.equal(error.code, code);
      assert.ok(error.requestID);
      return true;
    });
  });
}

test("a broken stream is never a complete answer", async () => {
  const chunks = [];
  const read = async () => {
    for await (const chunk of await ask("cut 3", { stream: true })) chunks.push(chunk);
  };
  await assert.rejects(read(), OpenAI.APIError);
  assert.ok(chunks.length > 1);
  assert.ok(chunks.every((chunk) => chunk.choices[0].finish_reason === null));
  const runner = client.chat.completions.stream({ model: MODEL, messages: user("cut 3") });
  await assert.rejects(runner.finalChatCompletion());
});

test("the client's timeout ends the call at the proxy too", async () => {
  let sent;
  // Waits as long as it takes, so whatever ends the call is the proxy.
  const patient = (url, { signal, ...request }) => {
    sent = new Headers(request.headers).get("x-stainless-timeout");
    return fetch(url, request);
  };
  await assert.rejects(
    client.withOptions({ fetch: patient }).chat.completions.create(
      { model: MODEL, messages: user("hang") },
      { timeout: 1000 },
    ),
    (error) => error instanceof OpenAI.InternalServerError && error.status === 504 && error.code === "timeout",
  );
  assert.equal(sent, "1");
});

test("a stream that takes too long ends with an error", async () => {
  const read = async () => all(await ask("slow 60000", { stream: true, timeout: 1 }));
  await assert.rejects(read, (error) => error instanceof OpenAI.APIError && error.code === "timeout");
});
