/** How figures and times are written. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const NUMBER = new Intl.NumberFormat("en-US");

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A time of the day; `unix` in seconds. */
export const clock = (unix) => (isNumber(unix) ? CLOCK.format(unix * 1000) : "–");

/** The hour and minute of a time. */
export const minute = (unix) => clock(unix).slice(0, 5);

/** A day and time; `unix` in seconds. */
export const date = (unix) => (isNumber(unix) ? DATE.format(unix * 1000) : "–");

/** A whole number with separators. */
export const count = (value) => (isNumber(value) ? NUMBER.format(Math.round(value)) : "–");

/** A time span in seconds, short. */
export function seconds(value) {
  if (!isNumber(value)) return "–";
  if (value < 0.0995) return `${(value * 1000).toFixed(value < 0.00995 ? 1 : 0)} ms`;
  if (value < 9.995) return `${value.toFixed(2)} s`;
  if (value < 99.95) return `${value.toFixed(1)} s`;
  return `${count(value)} s`;
}

/** A number of bytes, short. */
export function bytes(value) {
  if (!isNumber(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let rest = value;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/** A figure for the axis of a chart, short. */
export function short(value) {
  if (value >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
  return String(+value.toPrecision(3));
}

/** JSON for people where a text is JSON; else the text itself. */
export function pretty(text) {
  if (typeof text !== "string") return JSON.stringify(text, null, 2);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
