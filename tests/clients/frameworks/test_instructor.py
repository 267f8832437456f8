"""instructor: objects of a model, by a forced tool call."""

import instructor
import openai
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


def test_an_object(base_url, model):
    client = instructor.from_openai(openai.OpenAI(base_url=base_url, api_key="any-value", max_retries=0))
    person = client.chat.completions.create(
        model=model, response_model=Person, max_retries=0, messages=[{"role": "user", "content": "Jane is 41"}]
    )
    assert isinstance(person, Person)
