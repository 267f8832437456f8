"""Failures, as the classes of the client."""

import pytest
from conftest import BROKEN_OFF, make_client
from google import genai
from google.genai import errors, types

FAILURES = [
    ("error 400", errors.ClientError, 400, "INVALID_ARGUMENT"),
    ("error 429", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
    ("access denied", errors.ClientError, 403, "PERMISSION_DENIED"),
    ("error 500", errors.ServerError, 500, "INTERNAL"),
    ("error 502", errors.ServerError, 502, "INTERNAL"),
    ("error 503", errors.ServerError, 503, "UNAVAILABLE"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("prompt", "kind", "code", "status"), FAILURES, ids=[failure[0] for failure in FAILURES])
def test_each_failure_has_its_class(ask, prompt, kind, code, status, stream):
    with pytest.raises(kind) as caught:
        ask(prompt, stream)
    assert (caught.value.code, caught.value.status) == (code, status)
    assert caught.value.message


def test_a_limit_says_when_to_come_back(ask):
    with pytest.raises(errors.ClientError) as caught:
        ask("error 429")
    details = caught.value.details["error"]["details"]
    delays = [detail["retryDelay"] for detail in details if detail["@type"] == "type.googleapis.com/google.rpc.RetryInfo"]
    assert delays == ["7s"]
    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.native
@pytest.mark.parametrize("name", ["argo:gpt-4o", "argo:gemini-2.5-pro"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_is_too_long(client, name, stream):
    ask = client.models.generate_content_stream if stream else client.models.generate_content
    with pytest.raises(errors.ClientError) as caught:
        list(ask(model=name, contents="too long"))
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    # The stand-in tells no numbers, without which the vendor's words stay.
    assert "exceeds" in caught.value.message


BROKEN = ["cut 3", "cut 40", pytest.param("late error 3", marks=pytest.mark.native)]


@pytest.mark.parametrize("prompt", BROKEN)
def test_a_stream_that_breaks_off_is_no_answer(client, model, prompt):
    # The client's version 1 does not read the error, and fails at the connection.
    kind = BROKEN_OFF if genai.__version__ < "2" else errors.ServerError
    pieces = []
    with pytest.raises(kind) as caught:
        for piece in client.models.generate_content_stream(model=model, contents=prompt):
            pieces.append(piece)
    if isinstance(caught.value, errors.APIError):
        assert caught.value.code >= 500 and caught.value.status in ("INTERNAL", "UNAVAILABLE")
    assert not any(piece.candidates[0].finish_reason for piece in pieces if piece.candidates)


def test_an_answer_of_nothing(ask):
    for stream in (False, True):
        assert not ask("empty", stream).text


def test_an_unknown_model(client):
    for ask in (client.models.generate_content, client.models.generate_content_stream, client.models.count_tokens):
        with pytest.raises(errors.ClientError) as caught:
            list(ask(model="argo:gpt-4oh", contents="hi"))
        assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
        assert "gpt-4oh" in caught.value.message
    with pytest.raises(errors.ClientError) as caught:
        client.models.embed_content(model="gemini-embedding-001", contents="hi")
    assert caught.value.code == 404


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_what_is_not_there(version):
    client = make_client(api_version=version)
    for ask in (client.files.list, client.caches.list):
        with pytest.raises(errors.ClientError) as caught:
            list(ask())
        assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


REFUSED = {
    "audio": ({"contents": [types.Part.from_bytes(data=b"abc", mime_type="audio/wav"), "what"]}, "audio/wav"),
    "a file": ({"contents": [types.Part.from_uri(file_uri="gs://bucket/a.png", mime_type="image/png"), "what"]}, "fileUri"),
    "a cache": ({"contents": "hi", "config": {"cached_content": "cachedContents/x"}}, "cachedContent"),
    "speech": ({"contents": "hi", "config": {"response_modalities": ["AUDIO"]}}, "responseModalities"),
}


@pytest.mark.parametrize(("asked", "named"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_model_takes_is_named(client, model, asked, named):
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=model, **asked)
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert named in caught.value.message


def test_a_silent_stream_has_pieces_that_nobody_sees(model):
    # This client would wait for three seconds, so it hears something after half of that.
    client = make_client(headers={"x-stainless-read-timeout": "3"})
    stream = client.models.generate_content_stream(model=model, contents="slow 2000")
    texts = []
    while texts.count("") == 0 or not texts[-1]:
        texts.append(next(stream).text)
    stream.close()
    assert client.models.generate_content(model=model, contents="emoji").text.startswith("".join(texts))
