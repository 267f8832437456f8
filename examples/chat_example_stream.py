"""ARGO's own format with a stream on /v1/chat: the answer is raw text, not events.

    pip install httpx
    python chat_example_stream.py
"""

import os

import httpx

BASE_URL = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1")

request = {
    "model": "argo:gpt-4o",
    "messages": [{"role": "user", "content": "Explain photosynthesis in three steps."}],
    "stream": True,
}

with httpx.stream("POST", f"{BASE_URL}/chat", json=request, timeout=600) as response:
    if response.is_error:
        raise SystemExit(f"{response.status_code}: {response.read().decode()}")
    # iter_text puts characters together that were cut between two pieces.
    for text in response.iter_text():
        print(text, end="", flush=True)
print()
