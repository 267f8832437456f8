"""LangChain's chat model: answers, streams, tools, a whole agent's turn."""

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import BaseModel


@tool
def get_weather(location: str) -> str:
    """The weather of a place."""
    return f"sunny in {location}"


class Place(BaseModel):
    """A place."""

    city: str
    country: str


@pytest.fixture
def chat(base_url, model):
    return ChatOpenAI(base_url=base_url, api_key="any-value", model=model, max_retries=0, timeout=30)


def test_an_answer_and_its_usage(chat):
    answer = chat.invoke("say hello")
    assert answer.content
    assert answer.usage_metadata["total_tokens"] > 0
    assert answer.response_metadata["finish_reason"] == "stop"


def test_a_stream(chat):
    chunks = list(chat.stream("lorem 20", stream_usage=True))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert len(whole.content.split()) == 20
    assert whole.usage_metadata["output_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_and_answered(chat, stream):
    with_tools = chat.bind_tools([get_weather])
    question = HumanMessage("use the tool")
    if stream:
        chunks = list(with_tools.stream([question]))
        called = chunks[0]
        for chunk in chunks[1:]:
            called += chunk
    else:
        called = with_tools.invoke([question])
    (call,) = called.tool_calls
    assert call["name"] == "get_weather"
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    answer = with_tools.invoke([question, called, result])
    assert "sunny in" in answer.content


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_structured_output(chat, method):
    place = chat.with_structured_output(Place, method=method).invoke("Where is Argonne?")
    assert isinstance(place, Place)


def test_completions_by_the_twenty(base_url):
    llm = OpenAI(base_url=base_url, api_key="any-value", model="argo:gpt-4o", max_retries=0)
    answers = llm.generate([f"say hello {i}" for i in range(20)])
    assert len(answers.generations) == 20
