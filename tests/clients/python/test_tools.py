"""Tool calls, for a model of each vendor: their shapes differ behind the proxy, never in front of it."""

import json

import openai
import pytest
from asking import chat, chunks, finish_reasons, text_of, user

MODELS = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"]

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a place",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    },
}
NOW = {"type": "function", "function": {"name": "now"}}


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_is_called(client, model):
    choice = chat(client, "use the tool", model=model, tools=[WEATHER]).choices[0]
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert (call.type, call.function.name) == ("function", "get_weather")
    assert call.id
    assert "location" in json.loads(call.function.arguments)


@pytest.mark.parametrize("model", MODELS)
def test_several_calls_are_streamed(client, model):
    parts = chunks(client, "use all tools", model=model, tools=[WEATHER, NOW])
    calls = {}
    for chunk in parts:
        for delta in chunk.choices[0].delta.tool_calls or []:
            call = calls.setdefault(delta.index, {"id": delta.id, "name": delta.function.name, "arguments": ""})
            call["arguments"] += delta.function.arguments or ""
    assert [call["name"] for call in calls.values()] == ["get_weather", "now"]
    assert len({call["id"] for call in calls.values()}) == 2
    assert all(isinstance(json.loads(call["arguments"]), dict) for call in calls.values())
    assert finish_reasons(parts) == ["tool_calls"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_whole_turn(client, model, stream):
    messages = user("use all tools")
    first = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER, NOW]).choices[0].message
    messages.append(first.model_dump(exclude_none=True))
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in first.tool_calls]
    if stream:
        parts = list(client.chat.completions.create(model=model, messages=messages, tools=[WEATHER, NOW], stream=True))
        assert text_of(parts).startswith("The tool answered: sunny")
        assert finish_reasons(parts) == ["stop"]
    else:
        answer = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER, NOW])
        assert answer.choices[0].message.content.startswith("The tool answered: sunny")


@pytest.mark.parametrize("model", MODELS)
def test_the_choice_is_kept(client, model):
    def called(choice):
        message = chat(client, "hello", model=model, tools=[WEATHER, NOW], tool_choice=choice).choices[0].message
        return [call.function.name for call in message.tool_calls or []]

    assert called("none") == []
    assert called("required") == ["get_weather"]
    assert called({"type": "function", "function": {"name": "now"}}) == ["now"]


@pytest.mark.older
def test_a_leaked_call_is_recovered(client):
    read = {"type": "function", "function": {"name": "Read", "parameters": {"type": "object", "properties": {}}}}
    choice = chat(client, "leaked tool call", model="argo:claude-opus-4.5", tools=[read]).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "Now let me read the file:"
    assert choice.message.tool_calls[0].function.name == "Read"


@pytest.mark.older
def test_a_response_that_is_a_python_dict(client):
    choice = chat(client, "python dict", tools=[NOW]).choices[0]
    assert choice.message.tool_calls[0].function.name == "now"


def test_the_form_that_preceded_tools(client):
    choice = chat(client, "use the tool", functions=[WEATHER["function"]]).choices[0]
    assert choice.finish_reason == "function_call"
    assert choice.message.function_call.name == "get_weather"
    assert choice.message.tool_calls is None
    parts = chunks(client, "use the tool", functions=[WEATHER["function"]])
    assert finish_reasons(parts) == ["function_call"]


def test_what_is_wrong_with_tools_is_named(client):
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "hi", tools=[{"type": "function", "function": {}}])
    assert refused.value.param == "tools[0].function.name"
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "hi", tools=[NOW], tool_choice={"type": "function", "function": {"name": "other"}})
    assert refused.value.param == "tool_choice"
