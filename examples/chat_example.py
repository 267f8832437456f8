"""ARGO's own format on /v1/chat: nothing is converted, only user and model are filled in.

    pip install httpx
    python chat_example.py
"""

import os

import httpx

BASE_URL = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1")


def ask(body: dict) -> str:
    response = httpx.post(f"{BASE_URL}/chat", json=body, timeout=600)
    answer = response.json()
    # ARGO's errors come as they are: whatever has no "response" is one.
    if "response" not in answer:
        raise SystemExit(f"{response.status_code}: {answer}")
    return answer["response"]


# Either a list of messages ...
print(
    ask(
        {
            "model": "argo:gpt-4o",
            "messages": [
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": "What does a tokamak do?"},
            ],
        }
    )
)

# ... or a system text and prompts, but not both in one request.
print(
    ask(
        {
            "model": "argo:gpt-4o",
            "system": "You are a helpful assistant.",
            "prompt": ["What does a stellarator do?"],
            "temperature": 0.1,
        }
    )
)
