"""Anthropic's client for Python at the proxy under test."""

import os

import anthropic
import pytest

BASE_URL = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
TOOL = {
    "name": "get_weather",
    "description": "Tells the weather",
    "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}


@pytest.fixture(scope="session")
def client():
    """Never retries, so that one call of a test is one call of the proxy."""
    with anthropic.Anthropic(base_url=BASE_URL, api_key="any-value", max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture(params=["argo:gpt-4o", "claude-opus-4-7", "argo:gemini-2.5-pro"])
def ask(request, client):
    """Asks a model of each vendor; the client is not to notice which."""

    def ask(content, **more):
        messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
        return {"model": request.param, "max_tokens": 200, "messages": messages} | more

    return ask
