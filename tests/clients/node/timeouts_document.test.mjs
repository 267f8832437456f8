// The Node example of docs/timeouts.md runs against the stand-in.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
// The runner copies the document here, where its examples find the client.
const document = new URL("./timeouts.md", import.meta.url);

test("each example runs", async () => {
  const blocks = [...(await readFile(document, "utf8")).matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]);
  assert.equal(blocks.length, 1);
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", blocks[0]], { cwd, timeout: 30_000 });
  assert.equal(stdout, "You said: Hello\n".repeat(4) + "1536\n");
});
