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

/** How the upstreams' own lists and the table differ. */
function report({ asked_at: asked, lists, new: found, gone }) {
  const columns = ["List", "Read", "Models", "What is wrong"];
  const rows = lists.map((list) => row(columns, [
    h("span", { class: "path" }, list.url), list.read_at ? date(list.read_at) : null, count(list.models), list.error && h("span", { class: "bad" }, list.error),
  ]));
  return [
    h("h2", {}, "The upstreams’ own lists"),
    h("p", { class: "dim" }, asked ? `Asked at ${date(asked)}.` : "Not asked since the start. What is here was kept."),
    table("Lists", columns, rows, { class: "small" }),
    ...listed(found),
    ...lost(gone),
  ];
}

function listed(models) {
  if (!models.length) return [h("p", {}, "They have no model that the table lacks.")];
  const columns = ["New model", "Id", "Group", "Names", "Served"];
  const cells = (model) => [model.title, h("code", {}, model.id), model.group, model.names.join(", "), model.not_served ?? "yes"];
  return [
    table("Models that the table lacks", columns, models.map((model) => row(columns, cells(model))), { class: "small" }),
    h("h3", {}, "Lines for the table"),
    code(models.flatMap((model) => model.lines).join("\n"), "lines for the table"),
  ];
}

function lost(models) {
  if (!models.length) return [];
  const columns = ["Gone name", "Id", "Group"];
  const cells = ({ name, id, group }) => [name, h("code", {}, id), group];
  return [table("Models that the lists lack", columns, models.map((model) => row(columns, cells(model))), { class: "small" })];
}

byId("model-filter").addEventListener("input", filter);
byId("model-hidden").addEventListener("change", filter);
