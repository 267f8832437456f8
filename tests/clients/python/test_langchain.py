"""LangChain with its defaults: texts go as token ids, and by the hundred."""

import os

import pytest
from asking import EMBEDDING_MODEL as MODEL

tiktoken = pytest.importorskip("tiktoken")
langchain_openai = pytest.importorskip("langchain_openai")


class ByCharacter:
    """Stands in for tiktoken's table, which is downloaded: in cl100k every character of ASCII has an id of its own."""

    def encode_ordinary(self, text):
        return [220 if character == " " else ord(character) - ord("!") for character in text]


@pytest.fixture
def embeddings(monkeypatch):
    def unknown(name):
        raise KeyError(name)

    monkeypatch.setattr(tiktoken, "encoding_for_model", unknown)
    monkeypatch.setattr(tiktoken, "get_encoding", {"cl100k_base": ByCharacter()}.__getitem__)

    def make(**more):
        return langchain_openai.OpenAIEmbeddings(
            base_url=os.environ["OPENAI_BASE_URL"], api_key="any-value", model=MODEL, max_retries=0, **more
        )

    return make


def test_documents_by_default(client, embeddings):
    texts = [f"document number {i}" for i in range(100)]
    vectors = embeddings().embed_documents(texts)
    assert len(vectors) == 100
    for i in (0, 15, 16, 99):
        assert vectors[i] == pytest.approx(client.embeddings.create(model=MODEL, input=texts[i]).data[0].embedding)


def test_a_query_has_the_vector_of_its_document(embeddings):
    assert embeddings().embed_query("text") == pytest.approx(embeddings().embed_documents(["text"])[0])


def test_texts_and_shorter_vectors(embeddings):
    vectors = embeddings(check_embedding_ctx_length=False, dimensions=64).embed_documents(["text"] * 40)
    assert {len(vector) for vector in vectors} == {64}
