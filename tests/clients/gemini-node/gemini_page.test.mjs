// The Node example of docs/clients/gemini.md runs against the stand-in.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
// The runner copies the pages here, where their examples find the client.
const page = new URL("./pages/gemini.md", import.meta.url);

test("the example runs", async () => {
  const blocks = [...(await readFile(page, "utf8")).matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]);
  assert.equal(blocks.length, 1);
  const program = blocks[0].replace("http://127.0.0.1:44497", process.env.OPENAI_BASE_URL.replace(/\/v1$/, ""));
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd, timeout: 30_000 });
  assert.match(stdout, /^Hello/);
});
