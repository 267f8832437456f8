"""The library of the `llm` command over Responses: answers, tools, schemas, a conversation."""

import json

import llm
import pytest
from pydantic import BaseModel


class Trip(BaseModel):
    place: str
    days: int


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@pytest.fixture
def argo(tmp_path, base_url, model, monkeypatch):
    """The model that a folder's settings describe."""
    settings = {"model_id": "argo", "model_name": model, "api_base": base_url, "api_key_name": "argo", "responses": True}
    settings |= {"supports_tools": True, "supports_schema": True, "vision": True}
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps([settings]), encoding="utf-8")
    (tmp_path / "keys.json").write_text(json.dumps({"argo": "any-value"}), encoding="utf-8")
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    return llm.get_model("argo")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_answer(argo, stream):
    assert argo.prompt("lorem 3", system="Be brief.", stream=stream).text() == "lorem ipsum dolor"


def test_a_conversation(argo):
    conversation = argo.conversation()
    assert conversation.prompt("lorem 3").text() == "lorem ipsum dolor"
    assert conversation.prompt("say hello").text().startswith("Hello!")


def test_a_tool(argo):
    assert argo.chain('call add {"a": 2, "b": 3}', tools=[add]).text() == "The tool answered: 5"


def test_a_schema(argo):
    assert list(json.loads(argo.prompt("plan a trip", schema=Trip).text())) == ["place", "days"]
