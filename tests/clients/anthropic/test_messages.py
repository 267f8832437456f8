"""Messages, whole and streamed, with tools, images and structured output."""

import pytest
from conftest import TOOL

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"


def streamed(client, **asked):
    with client.messages.stream(**asked) as stream:
        text = "".join(stream.text_stream)
        return text, stream.get_final_message()


def test_a_message(client, ask):
    asked = ask("say hello")
    message = client.messages.create(**asked)
    assert message.content[0].text.startswith("Hello")
    assert (message.model, message.stop_reason, message.role) == (asked["model"], "end_turn", "assistant")
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message.id.startswith("msg_") and message._request_id.startswith("req_")


def test_a_stream_is_the_same_message(client, ask):
    whole = client.messages.create(**ask("emoji"))
    text, message = streamed(client, **ask("emoji"))
    assert text == message.content[0].text == whole.content[0].text
    assert message.stop_reason == "end_turn" and message.usage.output_tokens > 0


def test_tools_are_called_and_their_results_come_back(client, ask):
    asked = ask("use the tool", tools=[TOOL])
    for message in (client.messages.create(**asked), streamed(client, **asked)[1]):
        assert message.stop_reason == "tool_use"
        (call,) = [block for block in message.content if block.type == "tool_use"]
        assert call.name == "get_weather" and call.input["location"]
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees"}
        history = [*asked["messages"], {"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
        assert "18 degrees" in client.messages.create(**ask(history, tools=[TOOL])).content[0].text


def test_several_calls_of_one_answer(client, ask):
    tools = [TOOL, TOOL | {"name": "get_time"}]
    asked = ask("use all tools", tools=tools)
    for message in (client.messages.create(**asked), streamed(client, **asked)[1]):
        calls = [block for block in message.content if block.type == "tool_use"]
        assert [call.name for call in calls] == ["get_weather", "get_time"]
        assert len({call.id for call in calls}) == 2


def test_a_forced_tool_and_none(client, ask):
    forced = client.messages.create(**ask("hi", tools=[TOOL], tool_choice={"type": "tool", "name": "get_weather"}))
    assert forced.stop_reason == "tool_use"
    none = client.messages.create(**ask("use the tool", tools=[TOOL], tool_choice={"type": "none"}))
    assert none.stop_reason == "end_turn"


def test_an_image_reaches_the_model(client, ask):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    content = [image, {"type": "text", "text": "what is this"}]
    message = client.messages.create(**ask([{"role": "user", "content": content}]))
    assert message.content[0].text.endswith("(1 image)")


def test_an_answer_in_json(client, ask):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    asked = ask("where", extra_body={"output_config": {"format": {"type": "json_schema", "schema": schema}}})
    assert '"city"' in client.messages.create(**asked).content[0].text


def test_the_limit_of_an_answer_that_is_counted_exactly(client):
    asked = {"model": "argo:gpt-4o", "max_tokens": 5, "messages": [{"role": "user", "content": "lorem 50"}]}
    assert client.messages.create(**asked).stop_reason == "max_tokens"


@pytest.mark.native
def test_the_limit_of_an_answer(client, ask):
    assert client.messages.create(**ask("lorem 50", max_tokens=5)).stop_reason == "max_tokens"


def test_system_texts_in_both_forms(client, ask):
    for system in ("Be brief.", [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]):
        assert client.messages.create(**ask("say hello", system=system)).content[0].text.startswith("Hello")
