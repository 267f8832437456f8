/** One request to a model, from this page: what was sent, what came back, and how long it took. */

import { headers, readEvents, words } from "./api.js";
import { read, request, unsaid } from "./dialects.js";

/**
 * Asks a model and returns the finished call. `progress(call)` runs after each piece. A call has `request`, `status`, `raw`, `answer`,
 * and `first_text` and `total` in seconds. An answer that is an error stands in `answer.error`; only a network that fails throws.
 */
export async function call(offered, asked, { signal, progress = () => {} } = {}) {
  const sent = request(offered, asked);
  const begun = performance.now();
  const since = () => (performance.now() - begun) / 1000;
  const made = { request: sent, status: null, raw: "", answer: unsaid(), first_text: null, total: null };
  const address = sent.path + (sent.query ? `?${sent.query}` : "");
  const reply = await fetch(address, { method: sent.method, headers: headers(sent.headers), body: sent.body, signal, cache: "no-store" });
  made.status = reply.status;
  if (!reply.ok) {
    const copy = reply.clone();
    made.answer.error = await words(reply);
    made.raw = await copy.text();
    if (reply.status === 401) document.dispatchEvent(new CustomEvent("locked", { detail: made.answer.error }));
  } else if ((reply.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    const hear = (data) => {
      read(offered.name, data, made.answer);
      if (made.first_text === null && (made.answer.text || made.answer.thinking)) made.first_text = since();
    };
    await readEvents(reply, hear, (piece) => {
      made.raw += piece;
      // The events of this piece are read before the next one is shown.
      queueMicrotask(() => progress(made));
    });
    if (!made.answer.end && !made.answer.error) made.answer.error = "The stream ended before the answer was complete.";
  } else {
    made.raw = await reply.text();
    made.first_text = since();
    read(offered.name, made.raw, made.answer);
  }
  made.total = since();
  progress(made);
  return made;
}

/** Returns a failed call in words, with what to do. */
export function failure(error) {
  if (error.name === "AbortError") return "Stopped.";
  return `The connection broke: ${error.message}. The proxy may have stopped; the tab Now says whether it answers.`;
}
