"""What stands beside messages: counts and models."""

import anthropic
import pytest


def test_tokens_are_counted(client, ask):
    def count(text):
        asked = ask(text)
        del asked["max_tokens"]
        return client.messages.count_tokens(**asked).input_tokens

    assert 0 < count("How many tokens are these?") < count("These are more. " * 50)


def test_the_list_of_models(client):
    models = list(client.models.list(limit=1000))
    opus = next(model for model in models if model.id == "argo:claude-opus-4.7")
    assert (opus.type, opus.display_name) == ("model", "Claude Opus 4.7")
    assert opus.created_at.year == 2025


def test_one_model_by_the_vendors_name(client):
    assert client.models.retrieve("claude-opus-4-7").id == "argo:claude-opus-4.7"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("nobody")
