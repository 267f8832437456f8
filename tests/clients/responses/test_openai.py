"""openai-python's `responses`: whole answers, streams, parsed objects, tools, images."""

import asyncio
import json

import openai
import pytest
from asking import AWKWARD, EMOJI, LAB, MODEL, NOW, PATCH, PIXEL, WEATHER, given_back, lorem, result
from openai_schema import is_relayed
from pydantic import BaseModel


class Trip(BaseModel):
    place: str
    days: int


def text_of(events):
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def test_an_answer(client, model):
    response = client.responses.create(model=model, input="lorem 20")
    assert response.output_text == lorem(20)
    assert (response.status, response.model, response.object) == ("completed", model, "response")
    assert response.error is None and response.incomplete_details is None
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens > 0
    assert response.id.startswith("resp_") and response.output[0].id.startswith("msg_")
    # OpenAI's own answers are handed on as they are.
    assert response.store is False or is_relayed(model)
    assert response._request_id


@pytest.mark.parametrize("text, said", [("emoji", EMOJI), (AWKWARD, f"You said: {AWKWARD}")])
def test_each_character_arrives(client, model, text, said):
    assert client.responses.create(model=model, input=text).output_text == said
    assert text_of(client.responses.create(model=model, input=text, stream=True)) == said


def test_what_was_asked_is_repeated(client):
    asked = {"instructions": "Be brief.", "metadata": {"run": "7"}, "tools": [WEATHER], "tool_choice": "none"}
    response = client.responses.create(model=MODEL, input="hi", max_output_tokens=100, parallel_tool_calls=False, **asked)
    assert response.instructions == "Be brief."
    assert response.metadata == {"run": "7"}
    assert response.tools[0].name == "get_weather"
    assert (response.tool_choice, response.parallel_tool_calls, response.max_output_tokens) == ("none", False, 100)


def test_a_stream_of_events(client, model):
    events = list(client.responses.create(model=model, input="lorem 20", stream=True))
    assert text_of(events) == lorem(20)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert events[-1].response.output_text == lorem(20)
    assert events[-1].response.usage.output_tokens > 0


def test_the_helper_for_streams(client, model):
    with client.responses.stream(model=model, input="lorem 20") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert text == final.output_text == lorem(20)


def test_a_stream_of_the_async_client(base_url):
    async def ask():
        async with openai.AsyncOpenAI(base_url=base_url, api_key="any-value", max_retries=0, timeout=30) as client:
            stream = await client.responses.create(model=MODEL, input="emoji", stream=True)
            return text_of([event async for event in stream])

    assert asyncio.run(ask()) == EMOJI


def test_an_object_is_parsed(client, model):
    response = client.responses.parse(model=model, input="plan a trip", text_format=Trip)
    assert isinstance(response.output_parsed, Trip)


def test_a_streamed_object_is_parsed(client, model):
    with client.responses.stream(model=model, input="plan a trip", text_format=Trip) as stream:
        for _ in stream:
            pass
        assert isinstance(stream.get_final_response().output_parsed, Trip)


def test_json_without_a_schema(client, model):
    response = client.responses.create(model=model, input="json", text={"format": {"type": "json_object"}})
    # The stand-in fences what this prompt asks for, and a relay hands it on as it came.
    text = response.output_text.removeprefix("```json\n").removesuffix("\n```")
    assert json.loads(text) == {"city": "Chicago", "days": 2}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_two_calls_and_their_results(client, model, stream):
    tools = [WEATHER, NOW]
    asked = [{"role": "user", "content": 'call get_weather {"location": "Lemont"} call now {}'}]
    if stream:
        with client.responses.stream(model=model, input=asked, tools=tools) as events:
            announced = [event.item.name for event in events if event.type == "response.output_item.added"]
            first = events.get_final_response()
        assert announced == ["get_weather", "now"]
    else:
        first = client.responses.create(model=model, input=asked, tools=tools)
    weather, now = first.output
    assert (weather.type, weather.name, json.loads(weather.arguments)) == ("function_call", "get_weather", {"location": "Lemont"})
    assert (now.name, json.loads(now.arguments)) == ("now", {})
    assert len({weather.call_id, now.call_id, weather.id, now.id}) == 4
    asked += given_back(first) + [result(weather, "sunny"), result(now, "noon")]
    answer = client.responses.create(model=model, input=asked, tools=tools)
    assert answer.output_text == "The tool answered: noon" or answer.output_text.startswith("The tool answered: sunny")


def test_a_custom_tool_gets_its_text(client, model):
    text = "*** Begin Patch\n+ \"a\" \\ 你\n"
    asked = [{"role": "user", "content": f"call patch {json.dumps(text)}"}]
    first = client.responses.create(model=model, input=asked, tools=[PATCH])
    (call,) = first.output
    assert (call.type, call.name, call.input) == ("custom_tool_call", "patch", text)
    deltas = client.responses.create(model=model, input=asked, tools=[PATCH], stream=True)
    assert "".join(event.delta for event in deltas if event.type == "response.custom_tool_call_input.delta") == text
    answer = client.responses.create(model=model, input=asked + given_back(first) + [result(call, "done")], tools=[PATCH])
    assert answer.output_text == "The tool answered: done"


def test_tools_of_a_namespace(client, model):
    asked = 'call get_weather {"location": "Lemont"} call patch "text"'
    function, custom = client.responses.create(model=model, input=asked, tools=[LAB]).output
    assert (function.type, function.name, function.namespace) == ("function_call", "get_weather", "lab")
    assert (custom.type, custom.name, custom.namespace, custom.input) == ("custom_tool_call", "patch", "lab", "text")


def test_the_choice_is_kept(client, model):
    def called(choice):
        response = client.responses.create(model=model, input="hello", tools=[WEATHER, NOW], tool_choice=choice)
        return [item.name for item in response.output if item.type == "function_call"]

    assert called("none") == called("auto") == []
    assert called("required") == ["get_weather"]
    assert called({"type": "function", "name": "now"}) == ["now"]
    only_now = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "now"}]}
    assert called(only_now) == ["now"]


def test_tools_of_openai_are_left_out(client, model):
    tools = [{"type": "web_search"}, {"type": "image_generation"}, WEATHER]
    response = client.responses.create(model=model, input='call get_weather {"location": "x"}', tools=tools)
    assert [item.name for item in response.output] == ["get_weather"]


def test_images(client, model):
    image = {"type": "input_image", "image_url": PIXEL, "detail": "auto"}
    asked = [{"role": "user", "content": [{"type": "input_text", "text": "what is this"}, image]}]
    assert client.responses.create(model=model, input=asked).output_text == "You said: what is this (1 image)"


def test_an_image_as_the_result_of_a_tool(client, model):
    asked = [{"role": "user", "content": "call now {}"}]
    first = client.responses.create(model=model, input=asked, tools=[NOW])
    image = {"type": "input_image", "image_url": PIXEL, "detail": "auto"}
    asked += given_back(first) + [result(first.output[0], [{"type": "input_text", "text": "see"}, image])]
    answer = client.responses.create(model=model, input=asked, tools=[NOW])
    assert answer.output_text.endswith("(1 image)")
    assert "base64" not in answer.output_text


def test_a_conversation_whose_items_have_ids(client, model):
    asked = [{"role": "user", "content": "say hello"}]
    for prompt in ("lorem 3", "say hello"):
        response = client.responses.create(model=model, input=asked, include=["reasoning.encrypted_content"])
        asked += given_back(response) + [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}]
    assert client.responses.create(model=model, input=asked[:-2]).output_text == lorem(3)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_answer_that_its_limit_ends(client, stream):
    asked = {"model": MODEL, "input": "lorem 200", "max_output_tokens": 16}
    if stream:
        *_, last = client.responses.create(stream=True, **asked)
        assert last.type == "response.incomplete"
        response = last.response
    else:
        response = client.responses.create(**asked)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert lorem(200).startswith(response.output_text.strip())
