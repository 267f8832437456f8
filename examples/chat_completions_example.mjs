// A chat completion with OpenAI's client for Node.
//
//     npm install openai
//     node chat_completions_example.mjs
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: process.env.OPENAI_BASE_URL ?? "http://127.0.0.1:44497/v1",
  apiKey: process.env.OPENAI_API_KEY ?? "any-value",
});

const completion = await client.chat.completions.create({
  model: "argo:gpt-4o",
  messages: [
    { role: "system", content: "You are a physicist who answers in one sentence." },
    { role: "user", content: "Why is the sky blue?" },
  ],
});
console.log(completion.choices[0].message.content);
console.log("tokens:", completion.usage.total_tokens);
