"""Chat completions, streamed."""

import json

import pytest
from asking import AWKWARD, EMOJI, MODEL, chat, chunks, finish_reasons, lorem, text_of, user


def test_chunks_have_the_order_that_clients_rely_on(client):
    got = chunks(client, "lorem 200")
    assert {chunk.object for chunk in got} == {"chat.completion.chunk"}
    assert [len(chunk.choices) for chunk in got] == [1] * len(got)
    assert got[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].delta.role for chunk in got[1:]] == [None] * (len(got) - 1)
    assert [chunk.choices[0].finish_reason for chunk in got] == [None] * (len(got) - 1) + ["stop"]
    assert not got[-1].choices[0].delta.content
    assert text_of(got) == lorem(200)
    assert len(got) > 10


def test_all_chunks_belong_together(client):
    got = chunks(client, "lorem 50")
    [(identity, _, model)] = {(chunk.id, chunk.created, chunk.model) for chunk in got}
    assert identity.startswith("chatcmpl-")
    assert model == MODEL


def test_usage_comes_last_and_only_when_asked(client):
    whole = chat(client, "lorem 200").usage
    got = chunks(client, "lorem 200", stream_options={"include_usage": True})
    *others, last = got
    assert last.choices == []
    assert last.usage == whole
    assert [chunk.usage for chunk in others] == [None] * len(others)
    assert finish_reasons(got) == ["stop"]

    unasked = chunks(client, "lorem 200")
    assert [chunk.usage for chunk in unasked] == [None] * len(unasked)
    refused = chunks(client, "lorem 200", stream_options={"include_usage": False})
    assert all(chunk.choices and chunk.usage is None for chunk in refused)


@pytest.mark.parametrize("text", [EMOJI, AWKWARD, "  leading and trailing  "])
def test_text_comes_back_exactly(client, text):
    assert text_of(chunks(client, text)) == f"You said: {text}"


def test_characters_that_are_cut_between_pieces(client):
    got = chunks(client, "emoji")
    assert text_of(got) == EMOJI
    assert len(got) > 10


def test_a_stream_that_is_compressed_unasked(client):
    got = chunks(client, "gzip")
    assert text_of(got) == lorem(100)
    assert finish_reasons(got) == ["stop"]


def test_an_empty_stream_still_begins_and_ends(client):
    got = chunks(client, "empty")
    assert text_of(got) == ""
    assert got[0].choices[0].delta.role == "assistant"
    assert finish_reasons(got) == ["stop"]


def test_a_stream_that_reaches_the_asked_length_says_so(client):
    assert finish_reasons(chunks(client, "lorem 200", max_tokens=20)) == ["length"]


def test_the_raw_body_is_what_the_specification_says(raw):
    body = {"model": MODEL, "messages": user(AWKWARD), "stream": True}
    with raw.stream("POST", "/chat/completions", json=body) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-request-id"]
        lines = list(response.iter_lines())
    # iter_lines splits on more than line feeds, so this also shows that such characters are escaped.
    events = [line for line in lines if line]
    assert [line[:6] for line in events] == ["data: "] * len(events)
    assert events[-1] == "data: [DONE]"
    parsed = [json.loads(line[6:]) for line in events[:-1]]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in parsed) == f"You said: {AWKWARD}"
    assert all("usage" not in chunk for chunk in parsed)
    assert all("tool_calls" not in chunk["choices"][0]["delta"] for chunk in parsed)


@pytest.mark.older
def test_a_stream_may_be_left_early(client):
    stream = chat(client, "slow 60000", stream=True)
    assert next(iter(stream)).choices[0].delta.role == "assistant"
    stream.close()


def test_the_stream_helper(client):
    stream = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    with stream(model=MODEL, messages=user("emoji"), stream_options={"include_usage": True}) as events:
        kinds = [event.type for event in events]
        completion = events.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= set(kinds)
    assert kinds.count("content.done") == 1
    [choice] = completion.choices
    assert (choice.message.content, choice.finish_reason) == (EMOJI, "stop")
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


def test_the_async_client(with_async):
    async def work(client):
        return [chunk async for chunk in await chat(client, "emoji", stream=True)]

    got = with_async(work)
    assert text_of(got) == EMOJI
    assert finish_reasons(got) == ["stop"]
