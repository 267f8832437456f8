// What all Node tests share.
import OpenAI from "openai";

export { OpenAI };
export const MODEL = "argo:gpt-4o";
export const EMBEDDING_MODEL = "argo:text-embedding-3-small";

// What the stand-in says to `emoji`: characters of one to four bytes.
export const EMOJI =
  "Grüße aus Chicago: naïve café, Ωμέγα, привет. 你好，世界！こんにちは、元気ですか。" +
  "👋🌍🎉 Zażółć gęślą jaźń. 𝄞𝛑𝕏 family: 👩‍👩‍👧‍👦, flag: 🇺🇸. €100 — “done”…";

/** A client of the proxy under test that never retries. */
export const client = new OpenAI({
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: "any-value",
  maxRetries: 0,
  timeout: 30_000,
});

/** A conversation of one user message. */
export const user = (text) => [{ role: "user", content: text }];

/** All of an async iterable. */
export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}
