"""Legacy completions."""

import openai
import pytest
from asking import EMOJI, MODEL, lorem


def complete(client, prompt, **more):
    return client.completions.create(model=MODEL, prompt=prompt, **more)


def test_a_whole_completion(client):
    completion = complete(client, "once upon a time")
    assert completion.id.startswith("cmpl-")
    assert completion.object == "text_completion"
    assert completion.model == MODEL
    [choice] = completion.choices
    assert (choice.index, choice.text, choice.finish_reason) == (0, "You said: once upon a time", "stop")
    assert choice.logprobs is None
    usage = completion.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_a_list_of_one_prompt(client):
    assert complete(client, ["emoji"]).choices[0].text == EMOJI


def test_a_stream(client):
    chunks = list(complete(client, "lorem 100", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == lorem(100)
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    [identity] = {chunk.id for chunk in chunks}
    assert identity.startswith("cmpl-")
    assert {(chunk.object, chunk.model) for chunk in chunks} == {("text_completion", MODEL)}


def test_a_stream_with_usage(client):
    *_, last = complete(client, "emoji", stream=True, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage == complete(client, "emoji").usage


def test_several_prompts_are_answered_in_order(client):
    choices = complete(client, ["one", "two"]).choices
    assert [choice.text for choice in choices] == ["You said: one", "You said: two"]
    with pytest.raises(openai.BadRequestError) as refused:
        complete(client, ["too many"] * 21)
    assert refused.value.param == "prompt"


def test_errors_keep_their_class(client):
    with pytest.raises(openai.RateLimitError):
        complete(client, "error 429")
    with pytest.raises(openai.APIError):
        list(complete(client, "cut 3", stream=True))
