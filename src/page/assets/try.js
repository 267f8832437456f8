/** The tab Try: a request in any client dialect, what becomes of it upstream, and the reply as it comes. */

import { explain, key } from "./api.js";
import { call, failure } from "./call.js";
import { known, request } from "./dialects.js";
import { announce, byId, code, h } from "./dom.js";
import { upstreamRequest } from "./explained.js";
import { count, seconds } from "./format.js";
import { names } from "./models.js";

let about;
let dialects = [];
let running = null;

export function setUp(given) {
  hide();
  about = given;
  dialects = known(about.dialects);
  byId("try-dialect").replaceChildren(...dialects.map(({ name, about: title }) => h("option", { value: name }, title)));
  byId("send").disabled = !about.calls || !dialects.length;
  byId("look").disabled = !dialects.length;
}

/** Shows the tab, with a model if the address names one. */
export async function show(model) {
  if (model) byId("try-model").value = model;
  else byId("try-model").value ||= about.default_model ?? "";
  await names();
}

/** A request that nobody looks at any more is ended. */
export function hide() {
  running?.abort();
}

function asked() {
  return {
    model: byId("try-model").value.trim(),
    system: byId("try-system").value,
    message: byId("try-message").value,
    max: byId("try-max").valueAsNumber || null,
    stream: byId("try-stream").checked,
  };
}

const chosen = () => dialects.find(({ name }) => name === byId("try-dialect").value);

function status(text, bad = false) {
  byId("try-status").textContent = text;
  byId("try-status").className = bad ? "bad" : "";
}

/** Shows the request as a client sends it, and asks what would become of it. */
async function look() {
  const sent = request(chosen(), asked());
  const path = sent.path + (sent.query ? `?${sent.query}` : "");
  const lines = Object.entries(sent.headers).map(([name, value]) => `${name}: ${value}`);
  if (key()) lines.push("authorization: Bearer (your key)");
  byId("try-sent").replaceChildren(code(`${sent.method} ${path}\n${lines.join("\n")}\n\n${sent.body}`, "Request as your client sends it"));
  byId("try-panels").hidden = false;
  try {
    const told = await explain({ ...sent, headers: Object.entries(sent.headers) });
    byId("try-upstream").replaceChildren(...upstreamRequest(told.explanation, about.routes));
    byId("try-why").textContent = told.text;
  } catch (error) {
    byId("try-upstream").replaceChildren(h("p", { class: "bad" }, error.message));
    byId("try-why").textContent = "";
    throw error;
  }
}

async function lookFirst() {
  byId("reply-panel").hidden = true;
  status("Looking …");
  try {
    await look();
    status("Nothing was sent to a model. See what would be sent below.");
  } catch (error) {
    status(error.message, true);
  }
}

async function send() {
  running?.abort();
  const mine = (running = new AbortController());
  buttons(true);
  byId("reply-panel").hidden = false;
  byId("reply-panel").setAttribute("aria-busy", "true");
  byId("try-raw").textContent = "";
  byId("try-text").replaceChildren();
  byId("try-figures").replaceChildren();
  status("Waiting for the answer …");
  // The explanation is shown beside the reply; its own failure is in its panel.
  look().catch(() => {});
  try {
    const made = await call(chosen(), asked(), { signal: mine.signal, progress });
    finish(made);
  } catch (error) {
    status(failure(error), error.name !== "AbortError");
  } finally {
    if (running === mine) {
      running = null;
      buttons(false);
      byId("reply-panel").removeAttribute("aria-busy");
    }
  }
}

let drawn = 0;
/** Shows what has come so far, once for each picture of the screen. */
function progress(made) {
  cancelAnimationFrame(drawn);
  drawn = requestAnimationFrame(() => draw(made));
}

function draw(made) {
  const { answer } = made;
  byId("try-raw").textContent = made.raw;
  byId("try-text").replaceChildren(...[
    answer.thinking && h("p", { class: "dim" }, answer.thinking),
    answer.text,
    answer.error && h("p", { class: "bad" }, answer.error),
  ].filter(Boolean));
  const figures = [
    ["Status", made.status], ["First text", seconds(made.first_text)], ["Total", seconds(made.total)],
    ["Tokens in", count(answer.input)], ["Tokens out", count(answer.output)], ["End", answer.end ?? "–"],
  ];
  byId("try-figures").replaceChildren(...figures.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  if (made.total === null) status("The answer is coming …");
}

function finish(made) {
  cancelAnimationFrame(drawn);
  draw(made);
  if (made.answer.error) return status(`The request failed: ${made.answer.error}`, true);
  status(`Done after ${seconds(made.total)}.`);
  announce(`Reply: ${made.answer.text.slice(0, 500)}`);
}

function buttons(busy) {
  byId("stop").disabled = !busy;
  byId("send").disabled = busy;
}

byId("look").addEventListener("click", () => byId("try").reportValidity() && lookFirst());
byId("stop").addEventListener("click", () => running?.abort());
byId("try").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
