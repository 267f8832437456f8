/** The tab Models: every model that this caller may use, and what the upstream's own list says of them. */

import { load } from "./api.js";
import { badge, byId, code, h, placeLink, row, table } from "./dom.js";
import { count, date } from "./format.js";

const COLUMNS = ["Name", "Id", "Group", "Upstreams", "Context", "Longest answer", "Can", "Line", "Try"];

let loaded = null;
let rows = [];
let calls = false;

export function setUp(about) {
  loaded = null;
  rows = [];
  calls = about.calls;
  for (const id of ["model-rows", "model-refresh", "model-names"]) byId(id).replaceChildren();
}

/** Loads the models once, and fills the list that fields for a model offer. */
export async function names() {
  loaded ??= load("models.json");
  let models;
  try {
    ({ models } = await loaded);
  } catch (error) {
    loaded = null;
    throw error;
  }
  byId("model-names").replaceChildren(...models.filter(({ hidden }) => !hidden).map(({ name }) => h("option", { value: name })));
}

/** Shows the models as they are now, and leads to one if the address names it. */
export async function show(name) {
  const fresh = load("models.json");
  const { models, refresh } = await fresh;
  loaded = fresh;
  rows = models.map((model) => ({ model, text: searched(model), element: line(model) }));
  byId("model-rows").replaceChildren(table("Models", COLUMNS, rows.map(({ element }) => element)));
  byId("model-refresh").replaceChildren(...(refresh ? report(refresh) : []));
  if (name) lead(name);
  filter();
}

const searched = (model) =>
  [model.name, model.id, model.group, ...model.upstreams, ...model.capabilities, model.owned_by, ...marks(model).map(([word]) => word)]
    .join(" ").toLowerCase();

function marks(model) {
  return [
    model.default && ["default", "good"], model.deprecated && ["deprecated", "warn"], model.gone && ["gone upstream", "bad"],
    model.hidden && ["not listed", ""],
  ].filter(Boolean);
}

function line(model) {
  return row(COLUMNS, [
    [h("strong", {}, model.name), ...marks(model).flatMap(([word, kind]) => [" ", badge(word, kind)])],
    h("code", {}, model.id),
    model.group,
    model.upstreams.join(", "),
    count(model.context_length),
    count(model.max_output_tokens),
    model.capabilities.join(", "),
    placeLink(model.place),
    calls && h("a", { href: `#try/${encodeURIComponent(model.name)}`, "aria-label": `Try ${model.name}` }, "Try"),
  ]);
}

/** Leads to a model: what hides it is taken away, and its row is marked. */
function lead(name) {
  const found = rows.find(({ model }) => model.name === name) ?? rows.find(({ model }) => model.id === name);
  if (!found) {
    byId("model-filter").value = name;
    return;
  }
  byId("model-filter").value = "";
  byId("model-hidden").checked ||= found.model.hidden;
  found.element.classList.add("marked");
  found.element.tabIndex = -1;
  requestAnimationFrame(() => {
    found.element.scrollIntoView({ block: "center" });
    found.element.focus({ preventScroll: true });
  });
}

/** Shows the models whose row has every word of the filter. */
function filter() {
  const words = byId("model-filter").value.toLowerCase().split(/\s+/);
  const withHidden = byId("model-hidden").checked;
  let seen = 0;
  for (const { model, text, element } of rows) {
    element.hidden = (model.hidden && !withHidden) || !words.every((word) => text.includes(word));
    if (!element.hidden) seen += 1;
  }
  byId("model-count").textContent = `${seen} of ${rows.length} models`;
}

/** What the last look at the upstream's own list found. */
function report(refresh) {
  const columns = ["List", "What it said"];
  return [
    h("h2", {}, "The upstream’s own list"),
    h("p", { class: "dim" }, refresh.asked_at ? `Asked at ${date(refresh.asked_at)}.` : "Not asked since the start."),
    table("Lists", columns, refresh.lists.map((list) => row(columns, [h("code", {}, list.url), said(list)])), { class: "small" }),
    ...found(refresh.new),
    ...lost(refresh.gone),
  ];
}

function said({ error, models, read_at }) {
  const last = models === null ? "Never read." : `${models} models, read at ${date(read_at)}.`;
  return error ? `${error} ${last}` : last;
}

function found(models) {
  if (!models.length) return [h("p", {}, "The lists have no model that the table lacks.")];
  const columns = ["New model", "Id", "Group", "Served as"];
  const cells = ({ title, id, group, names, not_served: why }) => [title, h("code", {}, id), group ?? "–", why ?? names.join(", ")];
  return [
    table("Models that the table lacks", columns, models.map((model) => row(columns, cells(model))), { class: "small" }),
    h("h3", {}, "Lines for the table"),
    code(models.flatMap((model) => model.lines).join("\n"), "lines for the table"),
  ];
}

function lost(models) {
  if (!models.length) return [];
  const columns = ["Gone name", "Id"];
  const rows = models.map((model) => row(columns, [model.name, h("code", {}, model.id)]));
  return [table("Models that the lists lack", columns, rows, { class: "small" })];
}

byId("model-filter").addEventListener("input", filter);
byId("model-hidden").addEventListener("change", filter);
