// Embeddings with OpenAI's client for Node, and how similar two texts are.
//
//     npm install openai
//     node embedding_example.mjs
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: process.env.OPENAI_BASE_URL ?? "http://127.0.0.1:44497/v1",
  apiKey: process.env.OPENAI_API_KEY ?? "any-value",
});

const texts = ["The beamline is down.", "The X-ray source is not available.", "Lunch is at noon."];
// A string, or a list of up to 2048; `dimensions` gives shorter vectors.
const result = await client.embeddings.create({ model: "argo:text-embedding-3-small", input: texts });
const vectors = result.data.map((item) => item.embedding);
console.log(vectors.length, "vectors of", vectors[0].length, "numbers");

// ARGO's vectors have length 1, so the product is the cosine.
const similarity = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
for (const i of [1, 2]) {
  console.log(similarity(vectors[0], vectors[i]).toFixed(3), texts[i]);
}
