"""What stands beside generating: counts, vectors and models."""

import pytest
from google.genai import errors


def test_tokens_are_counted(client, model):
    def count(text):
        return client.models.count_tokens(model=model, contents=text).total_tokens

    assert 0 < count("How many tokens are these?") < count("These are more. " * 50)


def test_one_vector_and_several(client):
    def embed(contents, **config):
        return client.models.embed_content(model="text-embedding-3-small", contents=contents, config=config).embeddings

    (one,) = embed("a boson")
    several = embed(["a boson", "a muon", "a gluon"], task_type="RETRIEVAL_DOCUMENT")
    assert len(several) == 3 and len(one.values) == 1536
    assert several[0].values == pytest.approx(one.values)
    assert several[1].values != several[2].values
    (short,) = embed("a boson", output_dimensionality=256)
    assert len(short.values) == 256
    assert sum(value * value for value in short.values) == pytest.approx(1, abs=1e-3)


def test_more_vectors_than_argo_takes_at_once(client):
    texts = [f"text {i}" for i in range(40)]
    answer = client.models.embed_content(model="models/v3small", contents=texts)
    assert len(answer.embeddings) == 40


def test_the_list_of_models_comes_in_pages(client):
    pager = client.models.list(config={"page_size": 3})
    assert len(pager.page) == 3
    names = [model.name for model in pager]
    assert len(names) == len(set(names)) > 10
    assert {"models/argo:gpt-4o", "models/argo:claude-opus-4.7", "models/argo:gemini-2.5-flash"} <= set(names)
    assert names == [model.name for model in client.models.list()]


def test_what_a_model_can_do(client):
    model = client.models.get(model="argo:gemini-2.5-flash")
    assert model.name == "models/argo:gemini-2.5-flash"
    assert "generateContent" in model.supported_actions and "countTokens" in model.supported_actions
    assert model.input_token_limit == 1048576 and model.output_token_limit == 65536
    assert "embedContent" in client.models.get(model="models/argo:text-embedding-3-small").supported_actions
    with pytest.raises(errors.ClientError) as caught:
        client.models.get(model="nobody")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
