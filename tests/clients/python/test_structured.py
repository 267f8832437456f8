"""Structured output: JSON that fits a schema, for a model of each vendor, and JSON of any shape."""

import json

import openai
import pytest
from asking import MODEL, chat, chunks, finish_reasons, text_of, user
from pydantic import BaseModel

MODELS = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"]


class Place(BaseModel):
    name: str
    latitude: float


class Trip(BaseModel):
    """A trip."""

    places: list[Place]
    days: int
    by_train: bool


def parsing(client):
    """Where `parse` and `stream` are: below `beta` in older versions."""
    return client.chat.completions if hasattr(client.chat.completions, "parse") else client.beta.chat.completions


@pytest.mark.parametrize("model", MODELS)
def test_parse(client, model):
    answer = parsing(client).parse(model=model, messages=user("plan a trip"), response_format=Trip)
    choice = answer.choices[0]
    assert choice.finish_reason == "stop"
    assert not choice.message.tool_calls
    assert isinstance(choice.message.parsed, Trip)
    assert choice.message.parsed.places
    assert answer.usage.completion_tokens > 0


@pytest.mark.parametrize("model", MODELS)
def test_the_helper_for_streams(client, model):
    with parsing(client).stream(model=model, messages=user("plan a trip"), response_format=Trip) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "content.delta" in kinds
    assert "content.done" in kinds
    assert isinstance(final.choices[0].message.parsed, Trip)


@pytest.mark.older
@pytest.mark.parametrize("model", MODELS)
def test_json_of_any_shape(client, model):
    wanted = {"type": "json_object"}
    choice = chat(client, "json", model=model, response_format=wanted).choices[0]
    assert json.loads(choice.message.content) == {"city": "Chicago", "days": 2}
    parts = chunks(client, "json", model=model, response_format=wanted)
    assert json.loads(text_of(parts)) == {"city": "Chicago", "days": 2}
    assert finish_reasons(parts) == ["stop"]


@pytest.mark.older
def test_what_is_no_json_comes_as_it_is(client):
    choice = chat(client, "no JSON here", response_format={"type": "json_object"}).choices[0]
    assert choice.message.content == "You said: no JSON here"


def test_a_model_without_tools_is_told(client):
    wanted = {"type": "json_object"}
    answer = chat(client, "json", model="argo:gpt-o1-mini", response_format=wanted)
    assert json.loads(answer.choices[0].message.content) == {"city": "Chicago", "days": 2}


@pytest.mark.older
def test_what_is_wrong_is_named(client):
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "hi", model=MODEL, response_format={"type": "json_schema", "json_schema": {"schema": {}}})
    assert refused.value.param == "response_format.json_schema.name"
