"""LiteLLM's proxy as an upstream that speaks OpenAI's chat completions and embeddings."""

import base64
import json
import struct

import openai
import pytest

HELLO = "Hello from the mock"
HI = [{"role": "user", "content": "Hi"}]
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"location": {"type": "string"}}}},
}


def test_an_answer_has_the_name_that_the_client_uses_and_the_counts_of_the_upstream(client):
    answer = client.chat.completions.create(model="mock", messages=HI)
    assert answer.model == "mock"
    [choice] = answer.choices
    assert (choice.message.content, choice.finish_reason, choice.message.role) == (HELLO, "stop", "assistant")
    # These are LiteLLM's; the prompt has 8 tokens and the answer 4.
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (10, 20, 30)


@pytest.mark.parametrize("counted", [False, True])
def test_a_stream_has_counts_only_if_it_was_asked_for_them(client, counted):
    options = {"stream_options": {"include_usage": True}} if counted else {}
    chunks = list(client.chat.completions.create(model="mock", messages=HI, stream=True, **options))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == HELLO
    assert {chunk.model for chunk in chunks} == {"mock"}
    assert len({chunk.id for chunk in chunks}) == 1
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert [reason for reason in reasons if reason] == ["stop"]
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    if counted:
        [usage] = usages
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (8, 4, 12)
        assert chunks[-1].usage == usage
    else:
        assert not usages


def test_a_tool_call(client):
    answer = client.chat.completions.create(model="mock-tools", messages=HI, tools=[WEATHER])
    [call] = answer.choices[0].message.tool_calls
    assert (call.id, call.function.name) == ("call_1", "get_weather")
    assert json.loads(call.function.arguments) == {"location": "Chicago"}


def test_the_history_of_a_tool_call_is_taken(client):
    called = client.chat.completions.create(model="mock-tools", messages=HI, tools=[WEATHER]).choices[0].message
    result = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "sunny"}
    messages = [*HI, called.model_dump(exclude_none=True), result]
    answer = client.chat.completions.create(model="mock", messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == HELLO


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_of_the_vendor_is_the_answer(client, stream):
    """The model is one that the table has and LiteLLM does not."""
    with pytest.raises(openai.BadRequestError, match="Invalid model name") as failed:
        client.chat.completions.create(model="unknown", messages=HI, stream=stream)
    assert failed.value.type == "invalid_request_error"
    with pytest.raises(openai.RateLimitError, match="mock rate limit error") as failed:
        client.chat.completions.create(model="mock-limited", messages=HI, stream=stream)
    assert failed.value.status_code == 429


def test_a_model_that_the_table_lacks_is_not_asked_for(client):
    with pytest.raises(openai.NotFoundError) as failed:
        client.chat.completions.create(model="gpt-nothing", messages=HI)
    assert failed.value.code == "model_not_found"


@pytest.mark.parametrize("stream", [False, True])
def test_a_legacy_completion(client, stream):
    answer = client.completions.create(model="mock", prompt="Hi", stream=stream)
    texts = [chunk.choices[0].text for chunk in answer if chunk.choices] if stream else [answer.choices[0].text]
    assert "".join(texts) == HELLO


def test_several_answers_are_several_calls(client):
    answer = client.chat.completions.create(model="mock", messages=HI, n=3)
    assert [choice.message.content for choice in answer.choices] == [HELLO] * 3


def test_embeddings(client, raw):
    answer = client.embeddings.create(model="mock-vectors", input="a", encoding_format="float")
    assert answer.model == "mock-vectors"
    assert [row.embedding for row in answer.data] == [[0.25, -0.5, 1.0]]
    packed = raw.post("/embeddings", json={"model": "mock-vectors", "input": "a", "encoding_format": "base64"}).json()
    assert struct.unpack("<3f", base64.b64decode(packed["data"][0]["embedding"])) == (0.25, -0.5, 1.0)
