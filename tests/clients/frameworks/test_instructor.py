"""instructor: objects of a model, by a forced tool call, by a JSON schema, and as text that is JSON."""

import instructor
import openai
import pytest
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture(params=[instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA], ids=["tools", "json_schema"])
def client(request, base_url):
    return instructor.from_openai(
        openai.OpenAI(base_url=base_url, api_key="any-value", max_retries=0), mode=request.param
    )


ASKED = {"response_model": Person, "max_retries": 0, "messages": [{"role": "user", "content": "Jane is 41"}]}


def test_an_object(client, model):
    person = client.chat.completions.create(model=model, **ASKED)
    assert isinstance(person, Person)


def test_an_object_as_it_grows(client, model):
    *_, last = client.chat.completions.create_partial(model=model, **ASKED)
    assert isinstance(last.name, str)
    assert isinstance(last.age, int)
