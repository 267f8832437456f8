"""LangChain's embeddings with their defaults: texts go as token ids of tiktoken's real table, and by the hundred."""

import gzip
import hashlib
import json
import os
import subprocess
from pathlib import Path

import openai
import pytest
from langchain_openai import OpenAIEmbeddings

MODEL = "argo:text-embedding-3-small"
BASE_URL = os.environ["OPENAI_BASE_URL"]
# Where tiktoken would download its table from. It looks for a copy under the hash of this name first.
TABLE = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"


@pytest.fixture(scope="session", autouse=True)
def token_table(tmp_path_factory):
    """The table, from the crate that the proxy counts with. tiktoken checks its hash."""
    project = Path(__file__).resolve().parents[3]
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    packages = json.loads(subprocess.run(command, cwd=project, check=True, capture_output=True).stdout)["packages"]
    (manifest,) = (package["manifest_path"] for package in packages if package["name"] == "bpe-openai")
    folder = tmp_path_factory.mktemp("tiktoken")
    table = gzip.decompress((Path(manifest).parent / "data/cl100k_base.tiktoken.gz").read_bytes())
    (folder / hashlib.sha1(TABLE.encode()).hexdigest()).write_bytes(table)
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)


@pytest.fixture(scope="session")
def client():
    with openai.OpenAI(base_url=BASE_URL, api_key="any-value", max_retries=0, timeout=30) as client:
        yield client


def embeddings(**more):
    return OpenAIEmbeddings(base_url=BASE_URL, api_key="any-value", model=MODEL, max_retries=0, **more)


def test_documents_by_default(client):
    texts = [f"document number {i}: größer, 日本, \N{SLIGHTLY SMILING FACE}" for i in range(100)]
    vectors = embeddings().embed_documents(texts)
    assert len(vectors) == 100
    for i in (0, 15, 16, 99):
        assert vectors[i] == pytest.approx(client.embeddings.create(model=MODEL, input=texts[i]).data[0].embedding)


def test_a_query_has_the_vector_of_its_document():
    assert embeddings().embed_query("text") == pytest.approx(embeddings().embed_documents(["text"])[0])


def test_texts_and_shorter_vectors():
    vectors = embeddings(check_embedding_ctx_length=False, dimensions=64).embed_documents(["text"] * 40)
    assert {len(vector) for vector in vectors} == {64}
