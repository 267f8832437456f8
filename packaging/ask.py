"""Asks the demo at a base URL with OpenAI's client, whole and streamed: ask.py URL"""

import sys

from openai import OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="unused", max_retries=0, timeout=30)
question = [{"role": "user", "content": "Say hello"}]
model = client.models.list().data[0].id
whole = client.chat.completions.create(model=model, messages=question)
print(f"{model}: {whole.choices[0].message.content}")
pieces = client.chat.completions.create(model=model, messages=question, stream=True)
streamed = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
if not streamed or streamed != whole.choices[0].message.content:
    sys.exit(f"streamed, the answer was: {streamed!r}")
