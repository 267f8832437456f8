// Every Node example runs against the stand-in and prints what it promises.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
// The runner copies the examples here, where they find the client.
const folder = new URL("./examples/", import.meta.url);

const prints = {
  "chat_completions_example.mjs": /^You said: Why is the sky blue\?\ntokens: \d+\n$/,
  "chat_completions_example_stream.mjs": /^You said: Tell me about Lake Michigan\.\n$/,
  "embedding_example.mjs": /^3 vectors of 1536 numbers\n(-?\d\.\d{3} .+\n){2}$/,
};

test("no example is forgotten", async () => {
  assert.deepEqual((await readdir(folder)).sort(), Object.keys(prints).sort());
});

for (const [name, expected] of Object.entries(prints)) {
  test(name, async () => {
    const { stdout } = await run(process.execPath, [fileURLToPath(new URL(name, folder))], { timeout: 30_000 });
    assert.match(stdout, expected);
  });
}
