// Proxies of a test's own, for settings that the suite's proxy does not have, and load for any of them.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = process.env.PROXY_PROGRAM;

/** Starts the program and returns it with the first line of its standard error that `wanted` matches. */
async function started(parameters, wanted, options = {}) {
  const child = spawn(PROGRAM, parameters, { stdio: ["ignore", "ignore", "pipe"], ...options });
  const log = [];
  const lines = createInterface({ input: child.stderr });
  const found = await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      log.push(line);
      const match = line.match(wanted);
      if (match) resolve(match);
    });
    lines.on("close", () => reject(new Error(`${parameters.join(" ")} did not start:\n${log.join("\n")}`)));
    child.on("error", reject);
  });
  return { child, found, log };
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/**
 * Starts a stand-in, and a proxy before it in a folder with these files (texts by name) beside its own config.yaml. `config` are further
 * lines of it. Both end with the test.
 */
export async function ownProxy(t, { config = "", files = {} }) {
  const standIn = await started(["stand-in", "--port", "0"], /argo_base_url: "(\S+)"/);
  t.after(() => end(standIn.child));
  const folder = await mkdtemp(join(tmpdir(), "page-"));
  t.after(() => rm(folder, { recursive: true }));
  const all = { ...files, "config.yaml": `user: tester\nargo_base_url: ${standIn.found[1]}\n${config}` };
  const write = (name, text) => writeFile(join(folder, name), text, { mode: 0o600 });
  for (const [name, text] of Object.entries(all)) await write(name, text);
  const serve = async (port) => {
    const parameters = ["serve", "--config", "config.yaml", "--host", "127.0.0.1", "--port", port];
    const { child, found, log } = await started(parameters, /^listening on (http:\/\/127\.0\.0\.1:\d+)$/, { cwd: folder });
    t.after(() => end(child));
    return { url: found[1], log, end: () => end(child) };
  };
  const proxy = await serve("0");
  return { ...proxy, write, again: () => serve(new URL(proxy.url).port) };
}

/** The hash by which callers.yaml knows a key. */
export const hash = (key) => createHash("sha256").update(key).digest("hex");

/** Sends requests from many clients at once until it is stopped, which returns how many replies had each status. */
export function load(url, { clients = 16, headers = {}, prompt = (n) => `lorem ${n % 40}` } = {}) {
  const seen = {};
  let running = true;
  let sent = 0;
  const client = async () => {
    while (running) {
      const stream = sent % 2 === 0;
      const body = JSON.stringify({ model: "argo:gpt-4o", stream, messages: [{ role: "user", content: prompt((sent += 1)) }] });
      const reply = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
      await reply.text();
      seen[reply.status] = (seen[reply.status] ?? 0) + 1;
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    async stop() {
      running = false;
      await done;
      return seen;
    },
  };
}
