"""Embeddings, and how similar two texts are.

    pip install openai
    python embedding_example.py
"""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:44497/v1"),
    api_key=os.environ.get("OPENAI_API_KEY", "any-value"),
)

texts = ["The beamline is down.", "The X-ray source is not available.", "Lunch is at noon."]
# A string, or a list of up to 2048; `dimensions` gives shorter vectors.
result = client.embeddings.create(model="argo:text-embedding-3-small", input=texts)
vectors = [item.embedding for item in result.data]
print(len(vectors), "vectors of", len(vectors[0]), "numbers")


def similarity(a: list[float], b: list[float]) -> float:
    # ARGO's vectors have length 1, so the product is the cosine.
    return sum(x * y for x, y in zip(a, b))


for text, vector in zip(texts[1:], vectors[1:]):
    print(f"{similarity(vectors[0], vector):+.3f}  {text}")
