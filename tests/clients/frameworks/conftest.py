"""What frameworks on top of OpenAI's API are pointed at."""

import os

import pytest

# LiteLLM would download its price list otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture(scope="session")
def base_url():
    return os.environ["OPENAI_BASE_URL"]


@pytest.fixture(params=["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"])
def model(request):
    """A model of each vendor: their shapes differ behind the proxy, never in front of it."""
    return request.param
