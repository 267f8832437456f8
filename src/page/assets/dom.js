/** Building blocks of the page. Texts are only ever set as text, never as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** Returns the element with an id of index.html. */
export const byId = (id) => document.getElementById(id);

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes an element: attributes by name, `onclick` and the like as listeners, children as elements or texts. */
export const h = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);

/** Makes an element of an SVG. */
export const svg = (tag, attributes = {}, ...children) =>
  build(document.createElementNS(SVG, tag), attributes, children);

/** A text of code that scrolls in its own region, with a button that copies it. */
export function code(text, label, copyable = true) {
  const pre = h("pre", { tabindex: 0, role: "group", "aria-label": label }, text);
  return h("div", { class: "code" }, pre, copyable && copyButton(() => pre.textContent, label, pre));
}

/** A button that copies what `text` returns. Where there is no clipboard, it selects the text of `shown`. */
export function copyButton(text, label, shown) {
  const button = h("button", { type: "button", class: "plain copy", "aria-label": `Copy: ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      told(button, "Copied", `${label}: copied`);
    } catch {
      getSelection().selectAllChildren(shown);
      told(button, "Selected", `${label}: selected. Copy it with your keyboard.`);
    }
  });
  return button;
}

function told(button, word, message) {
  button.textContent = word;
  announce(message);
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

const speaker = h("p", { class: "unseen", role: "status" });
document.body.append(speaker);

/** Tells screen readers what happened. */
export function announce(message) {
  speaker.textContent = "";
  requestAnimationFrame(() => (speaker.textContent = message));
}

/**
 * A table whose cells know their column's name, so that a narrow screen can show each row as a card. The roles are written out because
 * browsers forget them where CSS changes how a table is laid out.
 */
export function table(caption, columns, rows, attributes = {}) {
  const heads = columns.map((name) => h("th", { scope: "col", role: "columnheader" }, name));
  const body = h("tbody", { role: "rowgroup" }, rows);
  return h("table", { role: "table", ...attributes },
    h("caption", {}, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)),
    body);
}

/** A row of such a table. The first cell names the row. A cell is a text, an element, or a list of them. */
export function row(columns, cells, attributes = {}) {
  const made = cells.map((cell, i) => {
    const none = cell === null || cell === undefined || cell === "" || cell === "–";
    const inside = h("span", {}, none ? "–" : cell);
    return i === 0
      ? h("th", { scope: "row", role: "rowheader", "data-name": columns[i] }, inside)
      : h("td", { role: "cell", "data-name": columns[i], class: none && "none" }, inside);
  });
  return h("tr", { role: "row", ...attributes }, made);
}

/** A word in a box. `kind`: `good`, `warn`, `bad` or nothing. */
export const badge = (text, kind = "") => h("span", { class: `badge ${kind}` }, text);

/** A link to a line of the table, where `place` is `FILE:LINE`. A place of another form, such as `models.chat.rules[2]`, is a text. */
export function placeLink(place) {
  if (place && !/.:\d+$/.test(place)) return h("span", { class: "place" }, place);
  return place ? h("a", { href: `#table/${encodeURIComponent(place)}`, class: "place" }, place) : null;
}
