/** Line charts as SVG, each with its figures in words and as a table. */

import { h, row, svg, table } from "./dom.js";
import { minute, short } from "./format.js";

const WIDTH = 360;
const HEIGHT = 150;
const LEFT = 40;
const RIGHT = 352;
const TOP = 10;
const BOTTOM = 124;

/**
 * Makes a chart. `draw(series, last, step)` shows figures: `series` are `{ name, values }` with the oldest first, `last` is the time of the
 * newest, and `step` the seconds between two. `written` writes a figure for people.
 */
export function chart(title, unit, written) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const legend = h("p", { class: "legend" });
  const figures = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `${title}: figures` });
  const more = h("details", {}, h("summary", {}, "Show as table"), figures);
  const element = h("figure", { class: "card chart" }, h("figcaption", {}, title, " ", h("span", { class: "dim" }, unit)), picture, legend, more);
  let held = null;
  const list = () => held && more.open && figures.replaceChildren(asTable(title, held, written));
  more.addEventListener("toggle", list);
  return {
    element,
    draw(series, last, step) {
      held = { series, last, step };
      const newest = series.map(({ name, values }) => `${name} ${known(values.at(-1), written)}`).join(", ");
      picture.setAttribute("aria-label", `${title}, newest minute: ${newest}`);
      picture.replaceChildren(...drawn(series, last, step));
      legend.replaceChildren(...series.map(({ name, values }, i) =>
        h("span", {}, swatch(i), `${name} `, h("strong", {}, known(values.at(-1), written)))));
      list();
    },
  };
}

const known = (value, written) => (value === null || value === undefined ? "–" : written(value));

const swatch = (i) => svg("svg", { viewBox: "0 0 18 8", class: "swatch", "aria-hidden": "true" },
  svg("line", { x1: 0, x2: 18, y1: 4, y2: 4, class: `trace trace-${i}` }));

/** The next round number that is not below a value. */
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

function drawn(series, last, step) {
  const most = ceiling(Math.max(0, ...series.flatMap(({ values }) => values.filter((value) => value !== null))));
  const length = Math.max(2, ...series.map(({ values }) => values.length));
  const x = (i) => LEFT + ((RIGHT - LEFT) * i) / (length - 1);
  const y = (value) => BOTTOM - ((BOTTOM - TOP) * value) / most;
  const grid = [0, most / 2, most].map((value) => [
    svg("line", { x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value), class: "grid-line" }),
    svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)),
  ]);
  const times = [[0, "start"], [(length - 1) / 2, "middle"], [length - 1, "end"]].map(([i, anchor]) =>
    svg("text", { x: x(i), y: HEIGHT - 8, "text-anchor": anchor }, minute(last - (length - 1 - i) * step)));
  const lines = series.map(({ values }, i) => svg("path", { d: path(values, x, y), class: `trace trace-${i}` }));
  // The first is the one that matters most, so it lies above the others.
  return [...grid.flat(), ...times, ...lines.reverse()];
}

/** A minute without a figure breaks the line. A figure alone between two such minutes is a dot. */
function path(values, x, y) {
  const missing = (i) => values[i] === null || values[i] === undefined;
  return values.map((value, i) => {
    if (missing(i)) return "";
    const point = `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    if (!missing(i - 1)) return `L${point}`;
    return missing(i + 1) ? `M${point}h.1` : `M${point}`;
  }).join("");
}

function asTable(title, { series, last, step }, written) {
  const columns = ["Minute", ...series.map(({ name }) => name)];
  const length = Math.max(...series.map(({ values }) => values.length));
  const rows = Array.from({ length }, (_, back) => {
    const i = length - 1 - back;
    return row(columns, [minute(last - back * step), ...series.map(({ values }) => known(values[i], written))]);
  });
  return table(title, columns, rows, { class: "small" });
}
