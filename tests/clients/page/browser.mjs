// A real browser that notices what a person would not: errors on its console, and requests to elsewhere.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Rules of WCAG 2.2 A and AA, and axe's own advice.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Starts Debian's Chromium, with an empty folder of its own. It asks nobody for updates. */
export function launch(...more) {
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", ...quiet, ...more],
  });
}

/**
 * Opens a page at an address. `expected` is what the console may say, such as a status that the test provokes. `page.problems()` returns
 * everything else, and requests to other origins.
 */
export async function open(browser, url, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (!expected.some((one) => one.test(message.text()))) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error.stack}`));
  page.asked = [];
  context.on("request", (request) => {
    const target = new URL(request.url());
    page.asked.push(`${request.method()} ${target.pathname}`);
    if (target.protocol !== "data:" && target.origin !== new URL(url).origin) problems.push(`a request to ${target}`);
  });
  page.problems = () => problems;
  page.setDefaultTimeout(20_000);
  await page.goto(url);
  return page;
}

/** Follows a link of the navigation. */
export async function tab(page, name) {
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

/** Fails for what axe finds in the page as it is. The policy of the page holds for axe, too, so the browser runs it as a debugger does. */
export async function accessible(page, what) {
  const session = await page.context().newCDPSession(page);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => id + ": " + help + ": " + nodes.map(({ html }) => html.slice(0, 200)).join(" | ")))`;
  await session.send("Runtime.evaluate", { expression: `${axe};0` });
  const { result } = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
  assert.deepEqual(result.value, [], what);
  await session.detach();
}

/** Fails if the page is wider than its window. */
export async function fits(page, what) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${what}: ${content} px in ${window}`);
}

/** Waits until a function of a locator's text returns true. */
export async function until(locator, test, what) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const text = await locator.textContent();
    if (test(text)) return text;
    assert.ok(Date.now() < deadline, `${what}: ${text}`);
    // The next look comes with the browser's next picture.
    await locator.page().evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}
