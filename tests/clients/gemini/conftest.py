"""Google's client for Python at the proxy under test."""

import os

import httpx
import pytest
from google import genai
from google.genai import errors, types

# The client's version 3 has another library for HTTP.
try:
    import httpx2
except ImportError:
    httpx2 = httpx

BASE_URL = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
CITY = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
BROKEN_OFF = (errors.APIError, httpx.HTTPError, httpx2.HTTPError)
TOOL = types.FunctionDeclaration(name="get_weather", description="Tells the weather", parameters_json_schema=CITY)


def make_client(base_url=BASE_URL, api_key="any-value", **more):
    """It never retries, so that one call of a test is one call of the proxy."""
    return genai.Client(api_key=api_key, http_options=types.HttpOptions(base_url=base_url, timeout=30_000, **more))


@pytest.fixture(scope="session")
def client():
    return make_client()


@pytest.fixture(params=["argo:gpt-4o", "claude-opus-4-7", "argo:gemini-2.5-pro"])
def model(request):
    """A model of each vendor; the client is not to notice which."""
    return request.param


@pytest.fixture
def ask(client, model):
    """Asks the model, whole or as a stream. Both give one answer, which has the texts and the calls of all pieces."""

    def ask(contents, stream=False, **config):
        asked = {"model": model, "contents": contents, "config": types.GenerateContentConfig(**config)}
        if not stream:
            return client.models.generate_content(**asked)
        return Streamed(list(client.models.generate_content_stream(**asked)))

    return ask


def parts_of(piece):
    """The parts of an answer or a piece; the client's version 1 has no name for them."""
    content = piece.candidates[0].content if piece.candidates else None
    return (content and content.parts) or []


class Streamed:
    """A streamed answer, with the names that a whole one has."""

    def __init__(self, pieces):
        self.pieces, last = pieces, pieces[-1]
        self.parts = [part for piece in pieces for part in parts_of(piece)]
        self.text = "".join(part.text for part in self.parts if part.text and not part.thought)
        self.function_calls = [part.function_call for part in self.parts if part.function_call]
        self.candidates, self.usage_metadata = last.candidates, last.usage_metadata
        self.model_version, self.response_id = last.model_version, last.response_id


def finish_reason(answer):
    return answer.candidates[0].finish_reason.value
