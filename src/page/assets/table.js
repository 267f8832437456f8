/** The tab Table: the files of the table with numbered lines, the routes that lead into them, and `explain` as a form. */

import { explain, load } from "./api.js";
import { byId, h, placeLink, row, table } from "./dom.js";
import { upstreamRequest, whole } from "./explained.js";
import { date } from "./format.js";

let routes = [];
let used = null;

export function setUp(about) {
  routes = about.routes;
  used = null;
  for (const id of ["table-version", "table-files", "table-text", "ex-result"]) byId(id).replaceChildren();
  const columns = ["Path", "Methods", "What it does", "Line"];
  const rows = routes.map((route) =>
    row(columns, [h("code", {}, route.path), route.methods.join(", "), route.about, placeLink(route.place)]));
  const body = { model: about.default_model ?? "", messages: [{ role: "user", content: "Say hello" }] };
  byId("ex-body").value ||= JSON.stringify(body, null, 2);
  byId("routes").replaceChildren(table("Routes that you may use", columns, rows));
}

/** Shows the table as it is now, and leads to the line `FILE:LINE` that the address names. */
export async function show(place) {
  let loaded;
  try {
    loaded = await load("table.json");
  } catch (error) {
    if (error.status !== 403) throw error;
    // Routes and the form are for everybody.
    byId("table-text").replaceChildren(h("p", { class: "notice" }, error.message));
    return;
  }
  if (loaded.version !== used?.version || !byId("table-text").querySelector("pre")) draw(loaded);
  const [, name, line] = place.match(/^(.*?)(?::(\d+))?(?::\d+)?$/);
  const file = used.files.find((one) => one.name === name) ?? used.files[0];
  choose(file?.name);
  if (place) lead(name, Number(line));
}

function draw(loaded) {
  used = loaded;
  byId("table-version").textContent = `Version ${loaded.version}, in use since ${date(loaded.loaded_at)}.`;
  const buttons = loaded.files.map(({ name }) => h("a", { href: `#table/${encodeURIComponent(name)}`, class: "tab", "data-file": name }, name));
  byId("table-files").replaceChildren(...buttons);
  byId("table-text").replaceChildren(...loaded.files.map(({ name, text }) => {
    const lines = text.replace(/\n$/, "").split("\n").map((one, i) =>
      h("span", { class: /^\s*#/.test(one) ? "line dim" : "line", "data-line": i + 1 }, `${one}\n`));
    return h("pre", { class: "lines", "data-file": name, tabindex: 0, role: "group", "aria-label": `Text of ${name}` }, lines);
  }));
}

function choose(name) {
  for (const pre of byId("table-text").children) pre.hidden = pre.dataset.file !== name;
  for (const link of byId("table-files").children) {
    if (link.dataset.file === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function lead(name, line) {
  const pre = [...byId("table-text").children].find((one) => one.dataset.file === name);
  for (const one of byId("table-text").querySelectorAll(".marked")) one.classList.remove("marked");
  const found = pre?.querySelector(`[data-line="${line}"]`);
  if (found) {
    found.classList.add("marked");
    found.tabIndex = -1;
  }
  const target = found ?? pre;
  if (!target) return;
  requestAnimationFrame(() => {
    target.scrollIntoView({ block: found ? "center" : "start" });
    target.focus({ preventScroll: true });
  });
}

/** Reads lines of `Name: value`. */
function headers(text) {
  return text.split("\n").filter((one) => one.trim()).map((one) => {
    const at = one.indexOf(":");
    if (at < 1) throw new Error(`Headers: “${one.trim()}” is no header. Write “Name: value”, one on each line.`);
    return [one.slice(0, at).trim(), one.slice(at + 1).trim()];
  });
}

function asked() {
  const address = byId("ex-path").value.trim();
  const at = address.indexOf("?");
  const answer = byId("ex-answer").value;
  return {
    method: byId("ex-method").value,
    path: at < 0 ? address : address.slice(0, at),
    query: at < 0 ? null : address.slice(at + 1),
    headers: headers(byId("ex-headers").value),
    body: byId("ex-body").value,
    ...(answer ? { answers: [answer] } : {}),
  };
}

async function explained(event) {
  event.preventDefault();
  const status = byId("ex-status");
  status.className = "";
  status.textContent = "Looking …";
  byId("ex-result").replaceChildren();
  try {
    const told = await explain(asked());
    byId("ex-result").replaceChildren(
      h("section", { class: "card", "aria-label": "Explanation" }, whole(told), h("h3", {}, "Request as sent upstream"), upstreamRequest(told.explanation, routes)));
    status.textContent = "The explanation is below. Nothing was sent to a model.";
  } catch (error) {
    status.className = "bad";
    status.textContent = error.message;
  }
}

byId("explain").addEventListener("submit", explained);
