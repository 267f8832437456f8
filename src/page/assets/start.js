/** The tab Start: base URLs, a test, and settings for programs. */

import { key, load } from "./api.js";
import { call, failure } from "./call.js";
import { known } from "./dialects.js";
import { byId, code, copyButton, h, row, table } from "./dom.js";
import { count, seconds } from "./format.js";
import { names } from "./models.js";

let about;
let programs = null;

/** Fills in what does not change while the page is open. */
export function setUp(given) {
  about = given;
  programs = null;
  const keyed = about.access === "keys" || about.access === "passthrough";
  byId("needs").textContent = `Programs need a base URL and ${keyed ? "your key" : "nothing else"}. `
    + "Copy it, or take the settings for your program below.";
  byId("bases").replaceChildren(...(about.base_urls.length ? [bases()] : []));
  byId("ask").hidden = !about.calls || !known(about.dialects).length;
  byId("ask-model").value ||= about.default_model ?? "";
  byId("with-key-label").hidden = !key();
}

export async function show() {
  await Promise.all([programs ?? offer(), names()]);
}

function bases() {
  const columns = ["For", "Base URL", "Copy"];
  const rows = about.base_urls.map((base) => {
    const url = h("code", {}, base.url);
    return row(columns, [base.about, url, copyButton(() => base.url, `base URL for ${base.about}`, url)]);
  });
  return table("Base URLs", columns, rows, { class: "small" });
}

byId("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter ?? event.target.querySelector("button");
  const said = byId("ask-answer");
  button.disabled = true;
  said.className = "";
  said.textContent = "Asking …";
  try {
    const [dialect] = known(about.dialects);
    const made = await call(dialect, { model: byId("ask-model").value.trim(), message: "Say hello", stream: true });
    const { answer } = made;
    if (answer.error) {
      said.className = "bad";
      said.textContent = `${answer.error} (status ${made.status})`;
    } else {
      const figures = `First text after ${seconds(made.first_text)}, all after ${seconds(made.total)}. `
        + `${count(answer.input)} tokens in, ${count(answer.output)} out.`;
      said.replaceChildren(h("span", { class: "answer" }, answer.text || "(an empty answer)"), h("span", { class: "dim" }, figures));
    }
  } catch (error) {
    said.className = "bad";
    said.textContent = failure(error);
  } finally {
    button.disabled = false;
  }
});

/** Loads the settings of all programs, for the model that was chosen. */
async function offer() {
  const model = byId("program-model").value.trim();
  const loaded = await load(`clients.json${model ? `?model=${encodeURIComponent(model)}` : ""}`);
  programs = loaded.programs;
  const chosen = byId("program").value;
  byId("program").replaceChildren(...programs.map(({ name, title }) =>
    h("option", { value: name, selected: name === chosen }, title)));
  settings();
}

function settings() {
  const program = programs.find(({ name }) => name === byId("program").value);
  const place = byId("program-parts");
  if (!program) {
    const model = byId("program-model").value.trim();
    const why = model ? `No program can use the model “${model}” here. The tab Models has all names.` : "The table has no route for any of these programs.";
    return place.replaceChildren(h("p", { class: "bad", role: "alert" }, why));
  }
  const own = byId("with-key").checked && key();
  const parts = program.parts.map((part) => {
    const text = own ? part.text.replaceAll("YOUR_KEY", key()) : part.text;
    const title = [part.about, part.where].filter(Boolean).join(" ");
    return [h("h3", {}, title), code(text, `${program.title}: ${title}`)];
  });
  place.replaceChildren(...[
    h("p", {}, program.about),
    program.run && h("h3", {}, "Without changing a file"),
    program.run && code(program.run, `command that starts ${program.title}`),
    ...parts.flat(),
  ].filter(Boolean));
}

/** A model that the proxy does not serve is an error, which is shown where the settings were. */
async function again() {
  try {
    await offer();
  } catch (error) {
    byId("program-parts").replaceChildren(h("p", { class: "bad", role: "alert" }, error.message));
  }
}

byId("program").addEventListener("change", settings);
byId("program-model").addEventListener("change", again);
byId("with-key").addEventListener("change", settings);
byId("settings").addEventListener("submit", (event) => event.preventDefault());
