"""The legacy completions endpoint with a stream.

    pip install openai
    python completions_example_stream.py
"""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1"),
    api_key=os.environ.get("OPENAI_API_KEY", "any-value"),
)

stream = client.completions.create(
    model="argo:gpt-4o",
    prompt="Write a limerick about a synchrotron.",
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].text, end="", flush=True)
print()
