"""A second instance of this proxy, over its demo, as an upstream of the first."""

import json

import openai
import pytest

MODELS = ["fast", "careful"]
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"location": {"type": "string"}}}},
}


def user(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("model", MODELS)
def test_an_answer(client, model):
    answer = client.chat.completions.create(model=model, messages=user("hi"))
    assert (answer.model, answer.choices[0].message.content) == (model, "You said: hi")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


@pytest.mark.parametrize("model", MODELS)
def test_a_stream(client, model):
    options = {"stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(model=model, messages=user("lorem 50"), stream=True, **options))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert len(text.split()) == 50
    assert chunks[-1].usage.completion_tokens >= 50
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call(client, model, stream):
    asked = {"model": model, "messages": user("use the tool"), "tools": [WEATHER]}
    if stream:
        with client.chat.completions.stream(**asked) as events:
            events.until_done()
            answer = events.get_final_completion()
    else:
        answer = client.chat.completions.create(**asked)
    [call] = answer.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments), dict)
    assert answer.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("stream", [False, True])
def test_errors_keep_their_status_through_both(client, stream):
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="fast", messages=user("error 429"), stream=stream)
    with pytest.raises(openai.NotFoundError) as failed:
        client.chat.completions.create(model="missing", messages=user("hi"), stream=stream)
    assert failed.value.code == "model_not_found"


def test_a_stream_that_breaks_off_behind_both_is_an_error(client):
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="fast", messages=user("cut 3"), stream=True))


def test_embeddings(client):
    texts = [f"text {i}" for i in range(40)]
    answer = client.embeddings.create(model="vectors", input=texts)
    assert answer.model == "vectors"
    assert [row.index for row in answer.data] == list(range(40))
    assert {len(row.embedding) for row in answer.data} == {1536}
    assert answer.usage.total_tokens > 40
    [alone] = client.embeddings.create(model="vectors", input=texts[7], dimensions=64).data
    assert len(alone.embedding) == 64


def test_the_list_of_models_is_the_tables(client):
    assert {"mock", "fast", "careful", "vectors"} <= {model.id for model in client.models.list()}
