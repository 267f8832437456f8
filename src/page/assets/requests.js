/** The table of the last requests in the tab Now. It shows figures of requests and never what was said in them. */

import { badge, byId, h, row, table } from "./dom.js";
import { clock, count, seconds } from "./format.js";

const COLUMNS = ["Time", "Caller", "Request", "Model", "Upstream", "Status", "Ended by", "First text", "Total", "Tokens in, out"];
const MOST = 200;

let body = null;
let paused = false;
/** What came while the table stood still, newest first. */
let waiting = [];
/** How many came in that time. Only the last of them are kept. */
let missed = 0;

/** Makes an empty table. A pause ends: who opens the tab sees what is there. */
export function clear() {
  const made = table("Requests that ended, the newest first", COLUMNS, [], { class: "requests", "aria-labelledby": "requests-title" });
  body = made.tBodies[0];
  byId("now-requests").replaceChildren(made);
  waiting = [];
  stand(false);
}

/** Adds requests, newest first. After a new connection the stream begins with requests that may be shown already. */
export function add(requests) {
  const newest = Number((waiting[0] ? waiting[0].number : body.rows[0]?.dataset.number) ?? -1);
  const fresh = requests.filter(({ number }) => number > newest);
  // A process that started anew counts from one again.
  const restarted = requests.length > 0 && requests[0].number < newest;
  if (restarted) body.replaceChildren();
  waiting = (restarted ? requests : [...fresh, ...waiting]).slice(0, MOST);
  missed += restarted ? requests.length : fresh.length;
  if (!paused) flush();
  else say();
}

function flush() {
  // Rows that are there stay as they are, so that a focus or a selection in them stays too.
  body.prepend(...waiting.map(line));
  waiting = [];
  missed = 0;
  while (body.rows.length > MOST) body.rows[body.rows.length - 1].remove();
  say();
}

function say() {
  const shown = body.rows.length;
  byId("requests-count").textContent = paused
    ? `Paused. ${count(missed)} more ${missed === 1 ? "request has" : "requests have"} ended.`
    : shown ? `The last ${shown}.` : "None has ended yet.";
}

function line(request) {
  const path = [`${request.method} `, h("span", { class: "path" }, request.path)];
  return row(COLUMNS, [
    clock(request.at),
    request.caller,
    request.stream ? [...path, " ", badge("stream")] : path,
    request.model && h("a", { href: `#models/${encodeURIComponent(request.model)}` }, request.model),
    request.upstream,
    status(request.status),
    ended(request),
    seconds(request.first_text),
    seconds(request.total),
    tokens(request),
  ], { "data-number": request.number });
}

function status(value) {
  if (value === null || value === undefined) return badge("no reply", "warn");
  return badge(String(value), value >= 500 ? "bad" : value >= 400 ? "warn" : "good");
}

function tokens({ input_tokens: input, output_tokens: output }) {
  return input === null && output === null ? null : `${count(input)}, ${count(output)}`;
}

function ended({ ended_by: who, why }) {
  if (!who && !why) return null;
  const word = { us: "the proxy", client: "the client", upstream: "the upstream" }[who] ?? who;
  return [word, why].filter(Boolean).join(": ");
}

function stand(still) {
  paused = still;
  byId("pause").setAttribute("aria-pressed", String(still));
  if (!still) flush();
  else say();
}

byId("pause").addEventListener("click", () => body && stand(!paused));
