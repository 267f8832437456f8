"""Answers in a form that the program asks for."""

import enum
import json
from typing import Optional

import pydantic
import pytest


class Place(pydantic.BaseModel):
    city: str
    population: Optional[int]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def in_json(schema, **more):
    return {"response_mime_type": "application/json", "response_schema": schema} | more


@pytest.mark.parametrize("stream", [False, True])
def test_a_class(ask, stream):
    answer = ask("where", stream, **in_json(Place))
    assert Place.model_validate_json(answer.text).city
    if not stream:
        assert isinstance(answer.parsed, Place)


def test_a_list_of_a_class(ask):
    assert all(isinstance(place, Place) for place in ask("where", **in_json(list[Place])).parsed)


def test_a_json_schema(ask):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "area": {"type": ["number", "null"]}},
        "required": ["city", "area"],
        "additionalProperties": False,
    }
    answer = ask("where", response_mime_type="application/json", response_json_schema=schema)
    assert set(json.loads(answer.text)) == {"city", "area"}


def test_one_word_of_several(ask):
    answer = ask("which", response_mime_type="text/x.enum", response_schema=Colour)
    assert answer.text in ("red", "blue")
    assert isinstance(answer.parsed, Colour)


def test_a_word_of_several_as_json(ask):
    assert json.loads(ask("which", **in_json(Colour)).text) in ("red", "blue")


@pytest.mark.older
def test_json_without_a_schema(ask):
    assert json.loads(ask("json", response_mime_type="application/json").text) == {"city": "Chicago", "days": 2}


@pytest.mark.native
@pytest.mark.parametrize("model", ["argo:gpt-4o"])
def test_json_without_a_schema_over_native_endpoints(ask):
    assert json.loads(ask("where", response_mime_type="application/json").text)
