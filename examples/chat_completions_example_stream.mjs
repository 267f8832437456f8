// A streamed chat completion with OpenAI's client for Node.
//
//     npm install openai
//     node chat_completions_example_stream.mjs
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: process.env.OPENAI_BASE_URL ?? "http://127.0.0.1:44497/v1",
  apiKey: process.env.OPENAI_API_KEY ?? "any-value",
});

const stream = await client.chat.completions.create({
  model: "argo:gpt-4o",
  messages: [{ role: "user", content: "Tell me about Lake Michigan." }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
process.stdout.write("\n");
