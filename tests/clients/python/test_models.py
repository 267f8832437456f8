"""The list of models, and single ones."""

import openai
import pytest


def test_the_list(client):
    models = list(client.models.list())
    ids = [model.id for model in models]
    assert {"argo:gpt-4o", "argo:gpt-o3-mini", "argo:text-embedding-3-small"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert {model.object for model in models} == {"model"}
    assert all(model.created > 0 and model.owned_by for model in models)


def test_each_listed_model_can_be_retrieved(client):
    for listed in client.models.list():
        assert client.models.retrieve(listed.id) == listed


@pytest.mark.parametrize("path", ["argo:gpt-4o", "argo%3Agpt-4o", "argo%3agpt-4o", "gpt4o", "GPT-4O"])
def test_a_name_may_be_encoded_or_not(raw, path):
    response = raw.get(f"/models/{path}")
    assert response.status_code == 200
    assert (response.json()["id"], response.json()["internal_name"]) == ("argo:gpt-4o", "gpt4o")


def test_an_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as unknown:
        client.models.retrieve("argo:gpt-4oo")
    assert unknown.value.code == "model_not_found"
    assert "argo:gpt-4o" in unknown.value.message


def test_the_async_client(with_async):
    async def work(client):
        return [model.id async for model in client.models.list()]

    assert "argo:gpt-4o" in with_async(work)
