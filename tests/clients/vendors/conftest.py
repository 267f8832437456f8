"""Clients that point at the proxy before LiteLLM's proxy and before a second instance."""

import os

import httpx
import openai
import pytest

BASE_URL = os.environ["OPENAI_BASE_URL"]


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
