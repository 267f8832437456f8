"""LiteLLM as a client of an OpenAI-compatible server."""

import litellm
import pytest

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a place",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
    },
}


@pytest.fixture
def ask(base_url, model):
    def ask(text, **more):
        return litellm.completion(
            model=f"openai/{model}",
            api_base=base_url,
            api_key="any-value",
            num_retries=0,
            messages=[{"role": "user", "content": text}],
            **more,
        )

    return ask


def test_an_answer(ask):
    answer = ask("say hello")
    assert answer.choices[0].message.content
    assert answer.usage.total_tokens > 0


def test_a_stream(ask):
    text = "".join(chunk.choices[0].delta.content or "" for chunk in ask("lorem 20", stream=True))
    assert len(text.split()) == 20


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call(ask, stream):
    answer = ask("use the tool", tools=[TOOL], stream=stream)
    if stream:
        answer = litellm.stream_chunk_builder(list(answer))
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert answer.choices[0].finish_reason == "tool_calls"


def test_errors_keep_their_class(ask):
    with pytest.raises(litellm.RateLimitError):
        ask("error 429")
    with pytest.raises(litellm.BadRequestError):
        ask("hello", n=200)


def test_embeddings(base_url):
    answer = litellm.embedding(
        model="openai/argo:text-embedding-3-small",
        api_base=base_url,
        api_key="any-value",
        input=[f"text {i}" for i in range(20)],
    )
    assert [row["index"] for row in answer.data] == list(range(20))
