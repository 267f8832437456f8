/** The page for people: which tab is shown, who is asking, and the form for a key. */

import { key, keepKey, load } from "./api.js";
import { announce, byId, h } from "./dom.js";
import * as models from "./models.js";
import * as now from "./now.js";
import * as start from "./start.js";
import * as table from "./table.js";
import * as tries from "./try.js";

/**
 * Each tab has `setUp(about)`, once it is known who asks, `show(argument)` for what stands behind its name in the address, and may have
 * `hide()`.
 */
const TABS = { start, try: tries, models, now, table };

let about = null;
let shown = null;

/** Returns the tab and its argument that the address names. */
function asked() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  let argument = rest.join("/");
  try {
    argument = decodeURIComponent(argument);
  } catch {
    // It is taken as it stands.
  }
  return { name: Object.hasOwn(TABS, name) ? name : "start", argument };
}

/** Shows the tab of the address. `moved`: somebody came here by a link, so that the focus goes along. */
function route(moved) {
  const { name, argument } = asked();
  if (shown && shown !== name) TABS[shown].hide?.();
  for (const section of document.querySelectorAll("[data-tab]")) section.hidden = section.dataset.tab !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const heading = document.querySelector(`[data-tab="${name}"] h1`);
  document.title = `${heading.textContent} – ${about?.name ?? "argo-openai-proxy"}`;
  if (moved && (shown !== name || !argument)) {
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
  shown = name;
  byId("trouble").hidden = true;
  if (about) Promise.resolve(TABS[name].show(argument)).catch(trouble);
}

/** Shows what went wrong where everybody sees it. */
function trouble(error) {
  // A missing key has its own form.
  if (error.status === 401) return;
  byId("trouble").textContent = error.message;
  byId("trouble").hidden = false;
}

function introduce() {
  byId("product").textContent = about.name;
  byId("version").textContent = about.version;
  const forget = h("button", { type: "button", class: "plain", onclick: () => use("") }, "Forget key");
  byId("who").replaceChildren(...[about.caller && `You are ${about.caller}.`, key() && forget].filter(Boolean));
  for (const note of document.querySelectorAll(".calls-off")) {
    const urls = about.base_urls.flatMap((base, i) => [i ? ", " : "", h("code", {}, base.url)]);
    const where = urls.length ? ["The proxy is at ", ...urls, "."] : ["The log of its start says where the proxy listens."];
    note.replaceChildren("This is the admin address: it calls no model. ", ...where);
    note.hidden = about.calls;
  }
}

/** Asks the proxy who we are, and sets up the tabs anew. */
async function enter() {
  try {
    about = await load("about.json");
    byId("lock").hidden = true;
    introduce();
    for (const tab of Object.values(TABS)) tab.setUp(about);
    route(false);
    return true;
  } catch (error) {
    if (error.status === 403) lock(error.message);
    else trouble(error);
    return false;
  }
}

/** Asks for a key, and says why. What was shown to another caller goes. */
function lock(message) {
  if (shown) TABS[shown].hide?.();
  about = null;
  byId("lock-why").textContent = message;
  byId("lock").hidden = false;
  byId("who").replaceChildren();
  document.querySelector("main").classList.add("locked");
  byId("key").focus();
}

async function use(value) {
  keepKey(value);
  // A page that is loaded anew holds nothing of the caller before.
  if (!value) return location.reload();
  byId("key").value = "";
  if (await enter()) {
    document.querySelector("main").classList.remove("locked");
    announce("The key was taken.");
    document.querySelector(`[data-tab="${shown}"] h1`).focus();
  }
}

document.addEventListener("locked", (event) => lock(event.detail));
byId("lock").addEventListener("submit", (event) => {
  event.preventDefault();
  use(byId("key").value.trim());
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", () => route(true));
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  trouble(event.reason);
});
route(false);
enter();
