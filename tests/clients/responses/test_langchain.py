"""LangChain's chat model over Responses: answers, streams, tools, objects."""

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
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
    return ChatOpenAI(base_url=base_url, api_key="any-value", model=model, max_retries=0, timeout=30, use_responses_api=True)


def whole(chunks):
    """The chunks of a stream as one message."""
    first, *rest = chunks
    for chunk in rest:
        first += chunk
    return first


def test_an_answer_and_its_usage(chat):
    answer = chat.invoke("lorem 20")
    assert len(answer.text.split()) == 20
    assert answer.usage_metadata["total_tokens"] > 0
    assert answer.response_metadata["status"] == "completed"


def test_a_stream(chat):
    answer = whole(chat.stream("lorem 20"))
    assert len(answer.text.split()) == 20
    assert answer.usage_metadata["output_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_is_called_and_answered(chat, stream):
    with_tools = chat.bind_tools([get_weather])
    question = HumanMessage('call get_weather {"location": "Lemont"}')
    called = whole(with_tools.stream([question])) if stream else with_tools.invoke([question])
    (call,) = called.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"location": "Lemont"})
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    assert with_tools.invoke([question, called, result]).text == "The tool answered: sunny in Lemont"


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_structured_output(chat, method):
    assert isinstance(chat.with_structured_output(Place, method=method).invoke("Where is Argonne?"), Place)


def test_a_conversation(chat):
    first = chat.invoke("lorem 3")
    assert chat.invoke([HumanMessage("lorem 3"), first, HumanMessage("say hello")]).text.startswith("Hello!")
