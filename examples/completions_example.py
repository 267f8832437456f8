"""The legacy completions endpoint: a prompt instead of messages.

    pip install openai
    python completions_example.py
"""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1"),
    api_key=os.environ.get("OPENAI_API_KEY", "any-value"),
)

completion = client.completions.create(
    model="argo:gpt-4o",
    prompt="Write a haiku about neutron scattering.",
    max_tokens=100,
)
print(completion.choices[0].text)
