"""One question, one answer, on /v1/chat/completions with plain HTTP.

    pip install httpx
    python chat_completions_example.py
"""

import os

import httpx

BASE_URL = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "any-value")

response = httpx.post(
    f"{BASE_URL}/chat/completions",
    headers={"Authorization": f"Bearer {API_KEY}"},
    json={
        "model": "argo:gpt-4o",
        "messages": [
            {"role": "system", "content": "You are a physicist who answers in one sentence."},
            {"role": "user", "content": "Why is the sky blue?"},
        ],
        "temperature": 0.2,
        "max_tokens": 500,
    },
    timeout=600,  # seconds; httpx gives up after 5 unless told otherwise
)
if response.is_error:
    raise SystemExit(f"{response.status_code}: {response.json()['error']['message']}")

completion = response.json()
print(completion["choices"][0]["message"]["content"])
print("tokens:", completion["usage"]["total_tokens"])
