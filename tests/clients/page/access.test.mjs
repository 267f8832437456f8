// Who sees what: callers with and without the right `watch`, the admin address, a proxy that goes, and a table that breaks.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { accessible, launch, open, tab, until } from "./browser.mjs";
import { hash, load, ownProxy } from "./proxies.mjs";

const ANN = "sk-argo-ann-0123456789abcdef0123456789abcdef";
const EVE = "sk-argo-eve-0123456789abcdef0123456789abcdef";
const CALLERS = `callers:
  - { name: ann, key_sha256: "${hash(ANN)}", watch: true }
  - { name: eve, key_sha256: "${hash(EVE)}", models: ["argo:gpt-4o"] }
`;
// What the browser says of a reply that asks for a key, or refuses the table.
const REFUSED = [/status of 40[13]/];

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const keyed = (t) => ownProxy(t, { config: "access: keys\n", files: { "callers.yaml": CALLERS } });

async function enter(page, key) {
  await page.getByLabel("Your key").fill(key);
  await page.keyboard.press("Enter");
}

test("without a key the page asks for one, says where keys come from, and shows nothing", async (t) => {
  const proxy = await keyed(t);
  const page = await open(browser, `${proxy.url}/#models`, { expected: REFUSED });
  await page.getByLabel("Your key").waitFor();
  assert.match(await page.locator("#lock-why").textContent(), /key/);
  assert.ok(!(await page.content()).includes("gpt"));
  await accessible(page, "the form for a key");
  await enter(page, "sk-argo-of-nobody");
  await until(page.locator("#lock-why"), (text) => text.includes("Incorrect"), "the refusal");
  await enter(page, ANN);
  await page.getByText("You are ann.").waitFor();
  await page.locator("#model-rows td").first().waitFor();
  assert.ok(!page.url().includes("sk-argo"));
  assert.deepEqual(await page.evaluate(() => [localStorage.length, document.cookie, sessionStorage.length]), [0, "", 1]);

  await tab(page, "Start");
  const settings = page.locator("#program-parts");
  await page.locator("#program").selectOption("curl");
  await until(settings, (text) => text.includes("YOUR_KEY") && !text.includes(ANN), "settings without the key");
  await page.locator("#with-key").check();
  await until(settings, (text) => text.includes(ANN) && !text.includes("YOUR_KEY"), "settings with the key");
  await page.getByRole("button", { name: "Ask the model to say hello" }).click();
  await until(page.locator("#ask-answer"), (text) => text.startsWith("Hello"), "the answer");

  await page.getByRole("button", { name: "Forget key" }).click();
  await page.getByLabel("Your key").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.deepEqual(page.problems(), []);
  await page.context().close();
});

test("a caller without the right sees own models and own requests alone, one with it sees everybody's", async (t) => {
  const proxy = await keyed(t);
  const page = await open(browser, `${proxy.url}/#models`, { expected: REFUSED });
  await enter(page, EVE);
  await page.locator("#model-rows td").first().waitFor();
  const models = await page.locator("#model-rows tbody th strong").allTextContents();
  assert.ok(models.includes("argo:gpt-4o") && !models.some((name) => name.includes("claude")), models.join());

  const busy = load(proxy.url, { clients: 4, headers: { authorization: `Bearer ${ANN}` } });
  const own = load(proxy.url, { clients: 1, headers: { authorization: `Bearer ${EVE}` } });
  await tab(page, "Now");
  await page.locator("#now-requests tbody tr").nth(3).waitFor();
  assert.match(await page.locator("#now-scope").textContent(), /Only your own requests.*“watch”/);
  const callers = page.locator('#now-requests td[data-name="Caller"]');
  assert.deepEqual(new Set(await callers.allTextContents()), new Set(["eve"]));
  assert.equal(await page.locator("#now-charts svg, #now-breakers table").count(), 0);
  await tab(page, "Table");
  await until(page.locator("#table-text"), (text) => text.includes("watch"), "the refusal");
  await page.getByRole("button", { name: "Explain" }).click();
  await until(page.locator("#ex-result"), (text) => text.includes("time limits"), "the explanation");

  await page.getByRole("button", { name: "Forget key" }).click();
  await enter(page, ANN);
  await page.getByText("You are ann.").waitFor();
  await tab(page, "Now");
  await page.locator("#now-charts svg[role]").first().waitFor();
  await until(page.locator("#now-requests"), (text) => text.includes("eve") && text.includes("ann"), "everybody's requests");
  await busy.stop();
  await own.stop();
  assert.deepEqual(page.problems(), []);
  await page.context().close();
});

test("the admin address shows everything, calls no model, and says where the proxy is", async (t) => {
  const proxy = await ownProxy(t, { config: "access: keys\nadmin: 0\n", files: { "callers.yaml": CALLERS } });
  const admin = proxy.log.join("\n").match(/http:\/\/127\.0\.0\.1:\d+(?=\S*metrics)/)?.[0];
  assert.ok(admin, proxy.log.join("\n"));
  await load(proxy.url, { clients: 2, headers: { authorization: `Bearer ${EVE}` } }).stop();
  const page = await open(browser, `${admin}/`);
  await until(page.locator('[data-tab="start"] .calls-off'), (text) => text.includes(proxy.url), "where the proxy is");
  assert.ok(await page.locator("#ask").isHidden());
  await tab(page, "Now");
  await until(page.locator("#now-requests"), (text) => text.includes("eve"), "the requests");
  await page.locator("#now-charts svg[role]").first().waitFor();
  await tab(page, "Try");
  assert.ok(await page.getByRole("button", { name: "Send", exact: true }).isDisabled());
  assert.deepEqual(page.problems(), []);
  await page.context().close();
});

test("a proxy that goes is said to be gone, and the page connects again when it is back", async (t) => {
  const proxy = await ownProxy(t, {});
  const page = await open(browser, `${proxy.url}/#now`, { expected: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/] });
  await until(page.locator("#live"), (text) => text === "Live", "the connection");
  await proxy.end();
  await until(page.locator("#live"), (text) => text.startsWith("Not connected"), "the end");
  await proxy.again();
  await until(page.locator("#live"), (text) => text === "Live", "the new connection");
  assert.deepEqual(page.problems(), []);
  await page.context().close();
});

test("a broken edit of the table is shown with its place, and goes when it is mended", async (t) => {
  const good = "version: 1\nmodels:\n  chat:\n    names: { lab:fast: gpt5nano }\n";
  const proxy = await ownProxy(t, { files: { "local-routes.yaml": good } });
  const page = await open(browser, `${proxy.url}/#now`);
  await until(page.locator("#now-cards"), (text) => text.includes("up to date"), "the table");
  await proxy.write("local-routes.yaml", good.replace("names:", "naems:"));
  const report = await until(page.locator("#now-report"), (text) => text.includes("naems"), "the report");
  assert.match(report, /local-routes\.yaml line 4/);
  await accessible(page, "Now with a report");
  await proxy.write("local-routes.yaml", good);
  await until(page.locator("#now-cards"), (text) => text.includes("up to date"), "the mended table");
  assert.equal(await page.locator("#now-report").textContent(), "");
  await tab(page, "Models");
  await page.locator("#model-filter").fill("lab:fast");
  await until(page.locator("#model-rows tbody tr:not([hidden])"), (text) => text.includes("gpt5nano"), "the model of the edit");
  assert.deepEqual(page.problems(), []);
  await page.context().close();
});

test("pages of others reach neither the page nor its data", async (t) => {
  const proxy = await ownProxy(t, {});
  const { port } = new URL(proxy.url);
  // A name of somebody else that leads to this machine, and a site of theirs.
  const fooled = await launch("--host-resolver-rules=MAP other.example 127.0.0.1");
  t.after(() => fooled.close());
  const site = createServer((_, reply) => reply.end("<!doctype html><title>theirs</title>")).listen(0, "127.0.0.1");
  await once(site, "listening");
  t.after(() => site.close());
  const page = await fooled.newPage();
  const reply = await page.goto(`http://other.example:${port}/`);
  assert.equal(reply.status(), 403);
  await page.goto(`http://other.example:${site.address().port}/`);
  for (const part of ["about.json", "models.json", "table.json", "now", "explain"]) {
    const method = part === "explain" ? "POST" : "GET";
    const read = await page.evaluate(([url, method]) => fetch(url, { method }).then(() => "read", () => "refused"), [`${proxy.url}/page/${part}`, method]);
    assert.equal(read, "refused", part);
  }
  // A page that they frame is not shown.
  const framed = page.waitForEvent("framenavigated");
  await page.evaluate((url) => document.body.append(Object.assign(document.createElement("iframe"), { src: url })), proxy.url);
  assert.match((await framed).url(), /^chrome-error:/);
});

test("page: false serves no page", async (t) => {
  const proxy = await ownProxy(t, { config: "page: false\n" });
  const reply = await fetch(`${proxy.url}/page/page.js`);
  assert.equal(reply.status, 404);
  const root = await fetch(proxy.url, { headers: { accept: "text/html" } });
  assert.ok(!(await root.text()).includes("data-prefix"));
});
