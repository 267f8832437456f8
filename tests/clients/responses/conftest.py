"""Clients of Responses that point at the proxy under test."""

import os

import httpx
import openai
import pytest
from agents import set_tracing_disabled

# Traces would be sent to OpenAI.
set_tracing_disabled(True)

BASE_URL = os.environ["OPENAI_BASE_URL"]


@pytest.fixture(scope="session")
def base_url():
    return BASE_URL


@pytest.fixture(scope="session")
def client():
    """Never retries, so that one call of a test is one call of the proxy."""
    with openai.OpenAI(base_url=BASE_URL, api_key="any-value", max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def raw():
    """Plain HTTP, for what the client hides."""
    with httpx.Client(base_url=BASE_URL, timeout=30) as raw:
        yield raw


@pytest.fixture(params=["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"])
def model(request):
    """A model of each vendor: their shapes differ behind the proxy, never in front of it."""
    return request.param
