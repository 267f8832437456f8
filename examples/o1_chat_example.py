"""A reasoning model on /v1/chat/completions with plain HTTP.

Reasoning models count their thinking, so they take `max_completion_tokens`; the proxy renames `max_tokens` for them.
Models that know no system messages get them as user messages.

    pip install httpx
    python o1_chat_example.py
"""

import os

import httpx

BASE_URL = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "any-value")

response = httpx.post(
    f"{BASE_URL}/chat/completions",
    headers={"Authorization": f"Bearer {API_KEY}"},
    json={
        "model": "argo:gpt-o1",
        "messages": [
            {"role": "system", "content": "Show the steps, then the result."},
            {"role": "user", "content": "How many seconds does light take from the Sun to the Earth?"},
        ],
        "max_completion_tokens": 4000,
        "timeout": 900,  # thinking takes a while; this goes before the proxy's own limit
    },
    timeout=910,
)
if response.is_error:
    raise SystemExit(f"{response.status_code}: {response.json()['error']['message']}")
print(response.json()["choices"][0]["message"]["content"])
