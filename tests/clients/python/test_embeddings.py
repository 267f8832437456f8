"""Embeddings."""

import base64
import math
import struct

import openai
import pytest
from asking import EMBEDDING_MODEL as MODEL


def embed(client, given, **more):
    return client.embeddings.create(model=more.pop("model", MODEL), input=given, **more)


def float32(numbers):
    """The numbers as little-endian float32, which is all the precision that a vector has."""
    return struct.pack(f"<{len(numbers)}f", *numbers)


def test_a_single_string(client):
    reply = embed(client, "the beamline is down")
    assert (reply.object, reply.model) == ("list", MODEL)
    [item] = reply.data
    assert (item.object, item.index, len(item.embedding)) == ("embedding", 0, 1536)
    assert math.isclose(sum(x * x for x in item.embedding), 1, abs_tol=1e-3)
    assert reply.usage.prompt_tokens == reply.usage.total_tokens > 0


def test_the_clients_default_gives_the_same_numbers_as_floats(client, raw):
    # Without an encoding the client asks for base64 and decodes it.
    texts = ["one", "two ✓"]
    floats = [float32(item.embedding) for item in embed(client, texts, encoding_format="float").data]
    assert [float32(item.embedding) for item in embed(client, texts).data] == floats
    body = {"model": MODEL, "input": texts, "encoding_format": "base64"}
    data = raw.post("/embeddings", json=body).json()["data"]
    assert [base64.b64decode(item["embedding"], validate=True) for item in data] == floats


def test_sixteen_strings_keep_their_order(client):
    texts = [f"text number {i}" for i in range(16)]
    together = embed(client, texts)
    assert [item.index for item in together.data] == list(range(16))
    for i in (0, 7, 15):
        assert together.data[i].embedding == embed(client, texts[i]).data[0].embedding
    assert len({tuple(item.embedding) for item in together.data}) == 16


@pytest.mark.parametrize("model, length", [("argo:text-embedding-ada-002", 1536), ("v3large", 3072)])
def test_other_models(client, model, length):
    reply = embed(client, "text", model=model)
    numbers = len(reply.data[0].embedding)
    assert (reply.model, numbers) == (model, length)


@pytest.mark.parametrize("given", [[], ["text"] * 2049], ids=["none", "2049"])
def test_a_list_of_the_wrong_length_is_refused(client, given):
    with pytest.raises(openai.BadRequestError) as refused:
        embed(client, given)
    assert refused.value.param == "input"


def test_a_hundred_strings_keep_their_order(client):
    texts = [f"text number {i}" for i in range(100)]
    together = embed(client, texts)
    assert [item.index for item in together.data] == list(range(100))
    assert len({tuple(item.embedding) for item in together.data}) == 100
    for i in (0, 15, 16, 99):
        assert together.data[i].embedding == embed(client, texts[i]).data[0].embedding
    assert together.usage.total_tokens == sum(embed(client, text).usage.total_tokens for text in texts)


def test_one_failure_among_a_hundred_fails_all(client):
    # What the stand-in does depends on the first text of a call.
    texts = ["text"] * 64 + ["error 429"] + ["text"] * 35
    with pytest.raises(openai.RateLimitError) as limited:
        embed(client, texts)
    assert limited.value.response.headers["retry-after"] == "7"


@pytest.mark.older
def test_token_ids_are_the_text_that_they_stand_for(client):
    ids = [83, 1609, 5963, 374, 2294, 0]
    one = embed(client, ids)
    assert (len(one.data), one.usage.total_tokens) == (1, 6)
    several = embed(client, [ids, [15339, 1917]])
    texts = embed(client, ["tiktoken is great!", "hello world"])
    assert [item.embedding for item in several.data] == [item.embedding for item in texts.data]
    assert several.data[0].embedding == one.data[0].embedding
    assert several.usage == texts.usage


@pytest.mark.parametrize("given, param", [([1, 200_000], "input"), ([[1], [159]], "input[1]"), ([[1], []], "input[1]")])
def test_ids_that_are_no_text_are_refused(client, given, param):
    with pytest.raises(openai.BadRequestError) as refused:
        embed(client, given)
    assert refused.value.param == param


def test_shorter_vectors_point_the_same_way(client):
    full = embed(client, "text").data[0].embedding
    for encoding in ({}, {"encoding_format": "float"}):
        short = embed(client, "text", dimensions=256, **encoding).data[0].embedding
        norm = math.sqrt(sum(x * x for x in full[:256]))
        assert short == pytest.approx([x / norm for x in full[:256]], abs=1e-6)
    assert embed(client, "text", dimensions=1536).data[0].embedding == full


@pytest.mark.parametrize("model, dimensions", [("argo:text-embedding-ada-002", 256), (MODEL, 1537)])
def test_vectors_that_there_are_not_are_refused(client, model, dimensions):
    with pytest.raises(openai.BadRequestError) as refused:
        embed(client, "text", model=model, dimensions=dimensions)
    assert refused.value.param == "dimensions"


@pytest.mark.older
def test_a_text_that_is_too_long_is_refused(client):
    assert embed(client, "word " * 8190 + "word").usage.total_tokens == 8191
    with pytest.raises(openai.BadRequestError) as refused:
        embed(client, ["short", "word " * 8191 + "word"])
    assert (refused.value.param, refused.value.code) == ("input[1]", "context_length_exceeded")


def test_a_chat_model_is_not_found_here(client):
    with pytest.raises(openai.NotFoundError) as unknown:
        embed(client, "text", model="argo:gpt-4o")
    assert unknown.value.code == "model_not_found"


def test_a_missing_vector_is_an_error(client):
    with pytest.raises(openai.InternalServerError) as broken:
        embed(client, ["missing vector", "text"])
    assert broken.value.status_code == 502


def test_errors_keep_their_class(client):
    with pytest.raises(openai.RateLimitError) as limited:
        embed(client, "error 429")
    assert limited.value.response.headers["retry-after"] == "7"


def test_the_async_client(with_async):
    reply = with_async(lambda client: embed(client, ["one", "two"]))
    assert [item.index for item in reply.data] == [0, 1]
