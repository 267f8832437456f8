import assert from "node:assert/strict";
import { test } from "node:test";
import { all, client, EMBEDDING_MODEL, OpenAI } from "./client.mjs";

test("the client's default gives the same numbers as floats", async () => {
  const input = ["one", "two ✓"];
  const byDefault = await client.embeddings.create({ model: EMBEDDING_MODEL, input });
  const floats = await client.embeddings.create({ model: EMBEDDING_MODEL, input, encoding_format: "float" });
  assert.equal(byDefault.data.length, 2);
  for (const [i, item] of byDefault.data.entries()) {
    assert.equal(item.index, i);
    assert.equal(item.embedding.length, 1536);
    assert.deepEqual(Array.from(item.embedding), Array.from(Float32Array.from(floats.data[i].embedding)));
  }
  assert.notDeepEqual(byDefault.data[0].embedding, byDefault.data[1].embedding);
});

test("sixteen strings", async () => {
  const input = Array.from({ length: 16 }, (_, i) => `text ${i}`);
  const { data, usage } = await client.embeddings.create({ model: EMBEDDING_MODEL, input });
  assert.deepEqual(data.map((item) => item.index), input.map((_, i) => i));
  assert.ok(usage.total_tokens > 0);
});

test("models", async () => {
  const ids = (await all(client.models.list())).map((model) => model.id);
  assert.ok(ids.includes("argo:gpt-4o"));
  // The client encodes the colon.
  const model = await client.models.retrieve("argo:gpt-4o");
  assert.equal(model.id, "argo:gpt-4o");
  assert.equal(model.object, "model");
});

test("an unknown model", async () => {
  await assert.rejects(client.models.retrieve("argo:gpt-4oo"), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    assert.match(error.message, /argo:gpt-4o/);
    return true;
  });
});
