/** Shows parts of an explanation, the JSON of `argo-openai-proxy explain --json`. */

import { badge, code, h, placeLink, row, table } from "./dom.js";
import { count, pretty } from "./format.js";

const CHANGES = { kept: ["as sent", ""], changed: ["changed", "warn"], added: ["added", "good"], left_out: ["left out", "bad"] };

const VERDICTS = {
  taken: "takes the call", next: "is asked if those before it cannot be", serves_not: "does not serve this model",
  cannot_carry: "cannot carry the request", failing: "fails at the moment", asked: "was asked",
};

/** The request as the upstream would get it, what changed on the way, and why. `routes` are those of about.json. */
export function upstreamRequest(explanation, routes) {
  const sent = [explanation.upstream, ...(explanation.further ?? [])].filter(Boolean);
  if (!sent.length) return [nothingSent(explanation)];
  return [
    explanation.route && h("p", {}, "Route ", h("code", {}, explanation.route.path), " (", placeLink(lineOf(explanation.route, routes)), ")"),
    ...sent.flatMap((request, i) => one(request, i, sent.length)),
    changes(explanation),
    candidates(explanation.upstreams ?? []),
  ].filter(Boolean);
}

/** An explanation knows a route's place in the table, and the list of routes knows its line. */
function lineOf(taken, routes) {
  const same = ({ path, methods }) => path === taken.path && methods.join() === taken.methods.join();
  return routes.find(same)?.place ?? taken.place;
}

function nothingSent({ verdict, client }) {
  const why = verdict === "refused" ? "The proxy refuses this request, so nothing is sent upstream." : "The proxy answers this itself.";
  const reply = client && code(`HTTP ${client.status}\n\n${shown(client.body)}`, "Reply of the proxy");
  return h("div", {}, h("p", { class: verdict === "refused" ? "bad" : "" }, why), reply);
}

function one(request, i, all) {
  const headers = request.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const label = all > 1 ? `Request ${i + 1} of ${all} to ${request.upstream}` : `Request to ${request.upstream}`;
  return [
    h("p", {}, label, request.prompt_tokens ? `, ${count(request.prompt_tokens)} tokens` : "", "."),
    code(`${request.method} ${request.url}\n${headers}\n\n${shown(request.body)}`, label),
  ];
}

/** A body as text; one that is no text is shown in base64. */
const shown = (body) => (typeof body === "string" ? pretty(body) : `(base64) ${body?.base64 ?? ""}`);

function changes({ upstream, rules, left_out }) {
  const fields = (upstream?.fields ?? []).filter(({ change }) => change !== "kept");
  const items = [
    ...fields.map(({ name, change }) => {
      const [word, kind] = CHANGES[change] ?? [change, ""];
      return h("li", {}, h("code", {}, name), " ", badge(word, kind));
    }),
    ...(left_out ?? []).map((text) => h("li", {}, h("code", {}, text), " ", badge("left out", "bad"))),
    ...(rules ?? []).flatMap((rule) => rule.did.map((text) => h("li", {}, text, " (", placeLink(rule.place), ")"))),
  ];
  if (!items.length) return h("p", {}, "No field is changed.");
  return h("div", {}, h("h3", {}, "What is changed, and why"), h("ul", {}, items));
}

function candidates(upstreams) {
  if (!upstreams.length) return null;
  const columns = ["Upstream", "What becomes of it", "Why"];
  const rows = upstreams.map(({ name, verdict, why }) => row(columns, [name, VERDICTS[verdict] ?? verdict, why]));
  return table("Upstreams of the route", columns, rows, { class: "small" });
}

/** What an explanation says, for people and for programs. */
export function whole({ text, explanation }) {
  return [
    code(text, "Explanation"),
    h("details", {}, h("summary", {}, "The same as JSON"), code(JSON.stringify(explanation, null, 2), "Explanation as JSON")),
  ];
}
