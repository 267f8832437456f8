// Each tab of the page for people, in a real browser, before the demo under load.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open, tab, until } from "./browser.mjs";
import { load } from "./proxies.mjs";

const URL_OF_PROXY = process.env.OPENAI_BASE_URL.replace(/\/v1$/, "");
// A word that only prompts have: figures of requests never show what was said.
const SECRET = "xylophone";

let browser;
let busy;

before(async () => {
  browser = await launch();
  busy = load(URL_OF_PROXY, { clients: 12, prompt: (n) => (n % 7 === 0 ? "error 500" : n % 2 ? "slow 50" : `${SECRET} ${n}`) });
});

after(async () => {
  const seen = await busy.stop();
  await browser.close();
  // The pages were looked at under load.
  assert.ok(seen[200] > 20 && seen[500] > 0, JSON.stringify(seen));
});

/** Runs with a page at the proxy, and then fails for what the browser has noticed. */
async function on(address, options, steps) {
  const page = await open(browser, URL_OF_PROXY + address, options);
  await steps(page);
  assert.deepEqual(page.problems(), []);
  await page.context().close();
}

test("Start: base URLs are copied, a model answers, and each program has settings", () =>
  on("/", {}, async (page) => {
    await page.getByRole("button", { name: "Copy: base URL for OpenAI" }).first().click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${URL_OF_PROXY}/v1`);
    await page.getByRole("button", { name: "Ask the model to say hello" }).click();
    const said = await until(page.locator("#ask-answer"), (text) => text.includes("tokens in"), "the answer");
    assert.match(said, /^Hello.*First text after [\d.]+ m?s, all after [\d.]+ m?s\. \d+ tokens in, \d+ out\.$/s);

    await page.locator("#program-model").fill("argo:claude-sonnet-4.5");
    await page.keyboard.press("Tab");
    await until(page.locator("#program-parts"), (text) => text.includes("claude-sonnet-4.5"), "the settings");
    const programs = await page.locator("#program option").evaluateAll((options) => options.map(({ value }) => value));
    assert.ok(programs.length > 10, programs.join());
    for (const program of programs) {
      await page.locator("#program").selectOption(program);
      const parts = await page.locator("#program-parts pre").allTextContents();
      assert.ok(parts.length > 0 && parts.every((text) => text.trim()), program);
    }
    await page.locator("#program-model").fill("no-such-model");
    await page.keyboard.press("Tab");
    await until(page.locator("#program-parts"), (text) => text.includes("no-such-model"), "the refusal");
  }));

test("Try: every client dialect, whole and streamed, with what is sent upstream", () =>
  on("/#try", {}, async (page) => {
    const dialects = await page.locator("#try-dialect option").evaluateAll((options) => options.map(({ value }) => value));
    assert.deepEqual(dialects.sort(), ["anthropic", "gemini", "openai", "responses"]);
    for (const model of ["argo:gpt-4o", "argo:claude-sonnet-4.5"]) {
      for (const dialect of dialects) {
        for (const stream of [true, false]) {
          const what = `${model}, ${dialect}, ${stream ? "streamed" : "whole"}`;
          await page.locator("#try-model").fill(model);
          await page.locator("#try-dialect").selectOption(dialect);
          await page.locator("#try-stream").setChecked(stream);
          await page.locator("#try-message").fill(`Is this ${what}?`);
          await page.getByRole("button", { name: "Send", exact: true }).click();
          await until(page.locator("#try-status"), (text) => text.startsWith("Done"), what);
          assert.match(await page.locator("#try-text").textContent(), new RegExp(`Is this ${what}`), what);
          assert.match(await page.locator("#try-figures").textContent(), /Status200.*First text[\d.]+ m?s.*Tokens in\d+.*Tokens out\d+/, what);
          assert.equal((await page.locator("#try-raw").textContent()).startsWith("{"), !stream, what);
          await until(page.locator("#try-upstream"), (text) => text.includes("POST http://") && text.includes("Is this"), what);
          assert.match(await page.locator("#try-sent").textContent(), /^POST \/v1/, what);
          assert.match(await page.locator("#try-why").textContent(), /time limits/, what);
        }
      }
    }
    await accessible(page, "Try with a reply");
  }));

test("Try: looking first calls nobody, a failure is shown in words, and Stop ends a call", () =>
  on("/#try/argo%3Agpt-5", { expected: [/status of 429/] }, async (page) => {
    await until(page.locator("#try-dialect"), (text) => text.includes("OpenAI"), "the dialects");
    assert.equal(await page.locator("#try-model").inputValue(), "argo:gpt-5");
    await page.getByRole("button", { name: "Look first" }).click();
    await until(page.locator("#try-upstream"), (text) => text.includes("gpt5"), "the upstream request");
    assert.deepEqual(page.asked.filter((one) => one.startsWith("POST /v1")), []);

    await page.locator("#try-message").fill("error 429");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await until(page.locator("#try-status"), (text) => /failed: .*Too many requests/.test(text), "the failure");

    await page.locator("#try-message").fill("hang");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await until(page.locator("#try-status"), (text) => text === "Stopped.", "the end");
  }));

test("Models: the filter, and the way to a model's line in the table", () =>
  on("/#models/argo%3Aclaude-sonnet-4.5", {}, async (page) => {
    const marked = page.locator("#model-rows tr.marked");
    assert.match(await marked.textContent(), /argo:claude-sonnet-4\.5.*claudesonnet45.*argo_anthropic/);
    const lists = await page.locator("#model-refresh").textContent();
    assert.match(lists, /argoapi\/v1\/models.*\d+.*They have no model that the table lacks/);
    const all = await page.locator("#model-rows tbody tr:not([hidden])").count();
    await page.locator("#model-filter").fill("gemini chat");
    const seen = await page.locator("#model-rows tbody tr:not([hidden]) th").allTextContents();
    assert.ok(seen.length > 2 && seen.length < all && seen.every((name) => name.includes("gemini")), seen.join());
    assert.match(await page.locator("#model-count").textContent(), new RegExp(`^${seen.length} of \\d+ models$`));
    await page.locator("#model-hidden").check();
    await page.locator("#model-filter").fill("");
    assert.ok((await page.locator("#model-rows tbody tr:not([hidden])").count()) > all);
    await marked.getByRole("link", { name: /yaml:\d+/ }).click();
    assert.match(await page.locator("#table-text .marked").textContent(), /argo:claude-sonnet-4\.5: claudesonnet45/);
  }));

test("Now: requests come live, a pause holds them, and charts have words; no text of a request is shown", () =>
  on("/#now", {}, async (page) => {
    await until(page.locator("#live"), (text) => text === "Live", "the connection");
    const first = page.locator("#now-requests tbody tr").first();
    const number = async () => Number(await first.getAttribute("data-number"));
    const before = await number();
    await until(page.locator("#now-scope"), async () => (await number()) > before + 5, "new requests");
    const row = await first.textContent();
    assert.match(row, /\/v1\/chat\/completions.*argo:gpt-4o.*argo_openai.*(200|500|502)/);
    await page.getByRole("button", { name: "Pause" }).click();
    const held = await number();
    await until(page.locator("#requests-count"), (text) => /Paused. [1-9]\d* more/.test(text), "what waits");
    assert.equal(await number(), held);
    await page.getByRole("button", { name: "Pause" }).click();
    assert.ok((await number()) > held);
    assert.ok((await page.locator("#now-requests tbody tr").count()) <= 200);

    await until(page.locator("#now-charts"), (text) => text.includes("Tokens"), "the charts");
    const words = await page.getByRole("img").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    assert.match(words[0], /^Requests, newest minute: all [\d,]+, failed [\d,]+$/);
    assert.match(words[1], /newest minute: p50 .*, p95 .*, p99 .*/);
    assert.match(words[2], /^Tokens, newest minute: in [\d,]+, out [\d,]+$/);
    await page.getByText("Show as table").first().click();
    assert.equal(await page.locator("#now-charts details tbody tr").count(), 60);
    assert.match(await page.locator("#now-cards").textContent(), /In flight\d+.*Memory.*Table.*up to date/);
    assert.match(await page.locator("#now-breakers").textContent(), /Breakers/);
    assert.ok(!(await page.content()).includes(SECRET));
  }));

test("Table: a route leads to its line, and explain is a form", () =>
  on("/#table", {}, async (page) => {
    const chat = page.locator("#routes tr", { hasText: "/v1/chat/completions" }).first();
    await chat.getByRole("link").click();
    assert.match(await page.locator("#table-text .marked").textContent(), /\/v1\/chat\/completions/);
    assert.ok(await page.locator("#table-text .marked").evaluate((line) => line === document.activeElement));
    await page.locator("#ex-answer").fill('{"choices":[{"message":{"content":"from above"},"finish_reason":"stop"}]}');
    await page.getByRole("button", { name: "Explain" }).click();
    const told = await until(page.locator("#ex-result"), (text) => text.includes("time limits"), "the explanation");
    assert.match(told, /from above/);
    await page.getByText("The same as JSON").click();
    assert.equal(JSON.parse(await page.locator("#ex-result details pre").textContent()).verdict, "called");
    await page.locator("#ex-headers").fill("no header");
    await page.getByRole("button", { name: "Explain" }).click();
    await until(page.locator("#ex-status"), (text) => text.includes("“no header” is no header"), "the mistake");
    await accessible(page, "Table");
  }));

test("the page works with the keyboard alone, and says where one is", () =>
  on("/", {}, async (page) => {
    await page.getByRole("heading", { name: "Settings for your program" }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Now");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Now", level: 1 }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Now");
    assert.match(await page.title(), /^Now – /);
    assert.equal(await page.locator('nav [aria-current="page"]').textContent(), "Now");
    await page.goBack();
    await page.getByRole("heading", { name: "Start", level: 1 }).waitFor();
  }));

for (const scheme of ["light", "dark"]) {
  for (const width of [1200, 400]) {
    test(`every tab is accessible and fits: ${scheme}, ${width} px`, () =>
      on("/", { colorScheme: scheme, viewport: { width, height: 900 }, reducedMotion: "reduce" }, async (page) => {
        const full = { Start: "#program-parts pre", Try: "#try-dialect option", Models: "#model-rows td", Now: "#now-charts path", Table: "#table-text pre" };
        for (const [name, part] of Object.entries(full)) {
          await tab(page, name);
          await page.locator(part).first().waitFor({ state: "attached" });
          await fits(page, `${name}, ${width} px`);
          await accessible(page, `${name}, ${scheme}, ${width} px`);
        }
      }));
  }
}
