"""The same with a stream: the answer is printed while it is written.

    pip install httpx
    python chat_completions_example_stream.py
"""

import json
import os

import httpx

BASE_URL = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "any-value")

request = {
    "model": "argo:gpt-4o",
    "messages": [{"role": "user", "content": "Tell me about Lake Michigan."}],
    "stream": True,
}

with httpx.stream(
    "POST",
    f"{BASE_URL}/chat/completions",
    headers={"Authorization": f"Bearer {API_KEY}"},
    json=request,
    timeout=600,
) as response:
    if response.is_error:
        response.read()
        raise SystemExit(f"{response.status_code}: {response.json()['error']['message']}")
    # Each event is one line, "data: {json}"; the last one is "data: [DONE]".
    for line in response.iter_lines():
        if not line.startswith("data: ") or line == "data: [DONE]":
            continue
        chunk = json.loads(line.removeprefix("data: "))
        if "error" in chunk:
            raise SystemExit(f"\nthe answer broke off: {chunk['error']['message']}")
        for choice in chunk["choices"]:
            print(choice["delta"].get("content", ""), end="", flush=True)
print()
