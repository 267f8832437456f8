"""A reasoning model with OpenAI's Python client, whole and streamed.

    pip install openai
    python o3_chat_example_pyclient.py
"""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1"),
    api_key=os.environ.get("OPENAI_API_KEY", "any-value"),
)
messages = [{"role": "user", "content": "Prove that there are infinitely many primes."}]

completion = client.chat.completions.create(
    model="argo:gpt-o3-mini",
    messages=messages,
    max_completion_tokens=4000,
)
print(completion.choices[0].message.content)

stream = client.chat.completions.create(
    model="argo:gpt-o3-mini",
    messages=messages,
    stream=True,
    stream_options={"include_usage": True},
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
    if chunk.usage:
        print("\ntokens:", chunk.usage.total_tokens)
