"""LangChain's ChatAnthropic."""

import os

import pytest
from langchain_anthropic import ChatAnthropic

BASE_URL = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")


@pytest.fixture(params=["argo:gpt-4o", "claude-opus-4-7"])
def chat(request):
    return ChatAnthropic(model=request.param, base_url=BASE_URL, api_key="any-value", max_tokens=200, max_retries=0)


def test_a_message_and_a_stream(chat):
    assert chat.invoke("say hello").content.startswith("Hello")
    pieces = [chunk.text if isinstance(chunk.text, str) else chunk.text() for chunk in chat.stream("lorem 20")]
    assert len("".join(pieces)) > 50


def test_a_tool_is_called(chat):
    def get_weather(location: str) -> str:
        """Tells the weather."""
        return location

    message = chat.bind_tools([get_weather]).invoke("use the tool")
    assert [call["name"] for call in message.tool_calls] == ["get_weather"]
