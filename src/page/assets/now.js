/** The tab Now: what runs at this moment and ran in the last hour, by server-sent events for as long as somebody looks. */

import { follow } from "./api.js";
import { chart } from "./chart.js";
import { badge, byId, code, h, row, table } from "./dom.js";
import { bytes, clock, count, date, seconds } from "./format.js";
import * as requests from "./requests.js";

let connection = null;
let charts = null;
/** What is shown already: it stays as it is, so that it is read out once and can be selected. */
let reported = "";
let listed = "";

export function setUp() {
  hide();
  for (const place of document.querySelectorAll('[data-tab="now"] > div')) place.replaceChildren();
  reported = listed = "";
}

/** Connects, unless it is connected. */
export function show() {
  if (connection) return;
  connection = new AbortController();
  requests.clear();
  charts = null;
  byId("now-charts").replaceChildren();
  say("Connecting …", "");
  follow("now", connection.signal, picture, state);
}

/** Ends the stream. */
export function hide() {
  connection?.abort();
  connection = null;
}

/** Says whether the figures are live. */
function state(why, again) {
  if (why === null) say("Live", "good");
  else say(`Not connected${again ? ", trying again" : ""}. ${why}`, "bad");
}

/** The words change only when the state does, so that they are read out once. */
function say(text, kind) {
  const live = byId("live");
  if (live.textContent === text) return;
  live.textContent = text;
  live.className = `badge ${kind}`;
}

/** Shows one event of the stream. What is absent in it stays as it was. */
function picture(event) {
  byId("now-scope").textContent = event.everybody
    ? `Requests of everybody. Figures of ${clock(event.at)}.`
    : "Only your own requests. The figures of everybody are for callers with the right “watch”, and on the admin address.";
  byId("now-cards").replaceChildren(...cards(event));
  report(event.table);
  if (event.breakers) breakers(event.breakers);
  if (event.minutes) draw(event.minutes);
  requests.add(event.requests ?? []);
}

const card = (name, value, ...more) => h("div", { class: "card figure" }, h("h2", {}, name), h("p", { class: "big" }, value), ...more);

function cards({ in_flight, memory, table: used }) {
  const small = (...texts) => h("p", { class: "dim" }, ...texts);
  return [
    card("In flight", count(in_flight), small("requests that have not ended")),
    memory && card("Memory for requests", bytes(memory.held), small(`of ${bytes(memory.limit)}`)),
    used && card("Table", h("code", {}, used.version),
      small(`in use since ${date(used.loaded_at)} `, used.behind ? badge("an edit is broken", "bad") : badge("up to date", "good"))),
  ].filter(Boolean);
}

/** Shows why an edited table is not in use. */
function report(used) {
  const place = byId("now-report");
  const text = used?.behind ? (used.report ?? "The files of the table have changed and cannot be used. The log has the report.") : "";
  if (reported === text) return;
  reported = text;
  if (!text) return place.replaceChildren();
  // The report names the place first: `FILE:LINE:COLUMN`.
  const [, file, line] = text.match(/([^\s:]+\.ya?ml):(\d+)/) ?? [];
  place.replaceChildren(h("div", { class: "notice bad", role: "alert" },
    h("h2", {}, "An edit of the table is broken"),
    h("p", {}, "The table before it stays in use. Correct the place that the report names", file ? `, ${file} line ${line}` : "", "."),
    code(text, "Report")));
}

function breakers(list) {
  const columns = ["Upstream", "URL", "State", "Times opened"];
  const kinds = { closed: "good", probing: "warn", open: "bad" };
  const words = { closed: "closed: requests pass", probing: "probing: one request tries", open: "open: requests go elsewhere" };
  const rows = list.map(({ upstream, url, state: at, opened }) =>
    row(columns, [upstream, h("span", { class: "path" }, url), badge(words[at] ?? at, kinds[at]), count(opened)]));
  const text = JSON.stringify(list);
  if (listed === text) return;
  listed = text;
  byId("now-breakers").replaceChildren(h("h2", {}, "Breakers"), list.length
    ? table("Breakers of the upstreams", columns, rows, { class: "small" })
    : h("p", { class: "dim" }, "No upstream has several URLs, and none has failed."));
}

function draw({ step, last, ...figures }) {
  charts ??= {
    rate: chart("Requests", "in each minute", count),
    latency: chart("Time of replies", "percentiles, in seconds", seconds),
    tokens: chart("Tokens", "in each minute", count),
  };
  const place = byId("now-charts");
  if (!place.firstChild) place.append(...Object.values(charts).map(({ element }) => element));
  const series = (names) => Object.entries(names).map(([key, name]) => ({ name, values: figures[key] ?? [] }));
  charts.rate.draw(series({ requests: "all", failures: "failed" }), last, step);
  charts.latency.draw(series({ p50: "p50", p95: "p95", p99: "p99" }), last, step);
  charts.tokens.draw(series({ input_tokens: "in", output_tokens: "out" }), last, step);
}
