/** What the page asks the proxy: data as JSON, and events. The key travels as a header, so that it is in no address. */

const PREFIX = document.body.dataset.prefix;
const KEPT = "key";

let typed = "";
try {
  typed = sessionStorage.getItem(KEPT) ?? "";
} catch {
  // A browser that keeps nothing for pages asks for the key again after a reload.
}

/** Returns the key that was typed, or nothing. */
export const key = () => typed;

/** Keeps a key for as long as this tab of the browser is open. An empty one is forgotten. */
export function keepKey(value) {
  typed = value;
  try {
    if (value) sessionStorage.setItem(KEPT, value);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // As above.
  }
}

/** An answer that is not the data: its status, and in words what is wrong. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Returns the headers of every request to the proxy. */
export function headers(more = {}) {
  return key() ? { authorization: `Bearer ${key()}`, ...more } : more;
}

/** Returns a fetched reply if its status is good. A reply that asks for a key opens the form for it. */
export async function ask(path, options = {}) {
  let reply;
  try {
    reply = await fetch(`${PREFIX}/${path}`, { cache: "no-store", ...options, headers: headers(options.headers) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The proxy does not answer. It may have stopped, or the network is gone. Reload the page when it is back.");
  }
  if (reply.ok) return reply;
  const message = await words(reply);
  if (reply.status === 401) document.dispatchEvent(new CustomEvent("locked", { detail: message }));
  throw new Refused(reply.status, message);
}

/** Returns what an error says. Each dialect of clients keeps it in `error.message`. */
export async function words(reply) {
  const text = await reply.text();
  try {
    const body = JSON.parse(text);
    const error = Array.isArray(body) ? body[0].error : body.error;
    return error.message ?? String(error);
  } catch {
    return text.trim().slice(0, 500) || `The proxy answered with status ${reply.status}.`;
  }
}

/** Returns the data of an address below the prefix. */
export const load = async (path, options) => (await ask(path, options)).json();

/** Returns how the proxy would handle a request. */
export const explain = (request) =>
  load("explain", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) });

/**
 * Calls `event` with the data of each server-sent event of a reply, and `raw` with every text as it comes. Returns when the stream ends.
 */
export async function readEvents(reply, event, raw = () => {}) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    raw(value);
    rest += value;
    // A line may end with LF or CRLF; an event ends with an empty line. A CR at the end may be half of a line's end.
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop();
    for (const text of events) {
      const data = text.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      if (data.length) event(data.map((line) => line.slice(5).replace(/^ /, "")).join("\n"));
    }
  }
}

/** A stream of the proxy's is never silent for so long, in milliseconds. A network that went away without a word is. */
const SILENCE = 20_000;

/**
 * Follows a stream of events until `signal` ends it, and connects again when it breaks: soon at first, then every 15 seconds.
 * `state(words, again)` hears nothing when an event came, else why there is none, and whether the page tries again.
 */
export async function follow(path, signal, event, state) {
  let wait = 500;
  while (!signal.aborted) {
    try {
      await stream(path, signal, (data) => {
        wait = 500;
        state(null);
        event(JSON.parse(data));
      });
      state("The stream ended.", true);
    } catch (error) {
      if (signal.aborted) return;
      // Asking again with the same key or without the right is of no use.
      const again = error.status !== 401 && error.status !== 403;
      state(error.message, again);
      if (!again) return;
    }
    await pause(wait, signal);
    wait = Math.min(wait * 2, 15_000);
  }
}

/** Reads one stream to its end, or to a silence that is too long. */
async function stream(path, signal, event) {
  const attempt = new AbortController();
  const stop = () => attempt.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENCE);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, SILENCE);
  };
  try {
    await readEvents(await ask(path, { signal: attempt.signal }), event, heard);
  } catch (error) {
    throw error.name === "AbortError" ? new Refused(0, "The proxy was silent for too long.") : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Waits, but not longer than until the signal. */
function pause(time, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
