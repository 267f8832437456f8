"""Failures arrive as the exceptions that users of the client catch."""

import openai
import pytest
from asking import MODEL, chat, finish_reasons, text_of, user

ALL_KEYS = {"message", "type", "param", "code"}


def test_an_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as unknown:
        chat(client, "hi", model="argo:gpt-4oh")
    error = unknown.value
    assert (error.code, error.param) == ("model_not_found", "model")
    assert "argo:gpt-4o" in error.message
    assert set(error.body) == ALL_KEYS
    assert error.request_id


BAD = {
    "n": 200,
    "logprobs": True,
    "max_tokens": 0,
    "max_completion_tokens": "many",
    "stream": "yes",
    "stream_options": [],
    "timeout": -1,
    "model": 7,
    "messages": "hello",
    "tools": "all",
    "modalities": ["text", "audio"],
}


@pytest.mark.parametrize("param", [pytest.param(name, marks=pytest.mark.older) if name == "logprobs" else name for name in BAD])
def test_a_bad_parameter_is_named(client, param):
    # extra_body goes over what the client itself would refuse to send.
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "hi", extra_body={param: BAD[param]})
    assert refused.value.param == param
    assert param in refused.value.message
    assert set(refused.value.body) == ALL_KEYS


def test_too_many_answers_are_refused(client):
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "hi", n=21)
    assert refused.value.param == "n"


def test_no_messages(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=[])
    assert refused.value.param == "messages"


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "7", "{", '{"messages": [7]}', '{"messages": [{"role": "king"}]}', ""])
@pytest.mark.parametrize("path", ["/chat/completions", "/completions", "/embeddings"])
def test_a_body_that_is_no_request(raw, path, body):
    response = raw.post(path, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert set(response.json()["error"]) == ALL_KEYS


def test_unknown_paths_and_methods(client, raw):
    with pytest.raises(openai.NotFoundError):
        client.files.list()
    wrong = raw.get("/chat/completions")
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    assert set(wrong.json()["error"]) == ALL_KEYS


CLASSES = [
    ("error 400", openai.BadRequestError, 400),
    ("error 422", openai.UnprocessableEntityError, 422),
    ("error 429", openai.RateLimitError, 429),
    ("error 500", openai.InternalServerError, 500),
    ("error 502", openai.InternalServerError, 502),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("prompt, kind, status", CLASSES)
def test_an_upstream_error_keeps_its_class(client, prompt, kind, status, stream):
    with pytest.raises(kind) as failed:
        chat(client, prompt, stream=stream)
    error = failed.value
    assert error.status_code == status
    assert set(error.body) == ALL_KEYS
    assert error.response.headers["content-type"] == "application/json"
    # Something that a person can read: no page, no Python, no JSON inside.
    assert error.body["message"]
    assert not any(sign in error.body["message"] for sign in "<>{}")


def test_a_rate_limit_says_when_to_come_back(client):
    with pytest.raises(openai.RateLimitError) as limited:
        chat(client, "error 429")
    assert limited.value.response.headers["retry-after"] == "7"


def test_a_vendors_refusal_is_unwrapped(client):
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "error 400")
    assert refused.value.body["message"].startswith("Unsupported value: 'temperature' does not support 0.0")
    assert refused.value.param == "temperature"


def test_denied_access_inside_a_success(client):
    with pytest.raises(openai.PermissionDeniedError) as denied:
        chat(client, "access denied")
    assert denied.value.code == "argo_access_denied"
    assert "not authorized" in denied.value.message


def test_denied_access_on_a_stream(client):
    with pytest.raises(openai.PermissionDeniedError, match="The username .* is not authorized") as denied:
        chat(client, "access denied", stream=True)
    assert denied.value.code == "argo_access_denied"


def test_an_error_inside_a_success(client):
    with pytest.raises(openai.BadRequestError):
        chat(client, "error in 200")


@pytest.mark.parametrize("prompt", ["no response", "cut"])
def test_an_answer_that_is_none(client, prompt):
    with pytest.raises(openai.InternalServerError) as failed:
        chat(client, prompt)
    assert failed.value.status_code == 502


@pytest.mark.parametrize("prompt", ["cut 3", "cut 40", "cut character"])
def test_a_broken_stream_is_never_a_complete_answer(client, prompt):
    got = []
    with pytest.raises(openai.APIError) as broken:
        for chunk in chat(client, prompt, stream=True):
            got.append(chunk)
    assert broken.value.message
    assert text_of(got) != ""
    assert finish_reasons(got) == []


def test_a_broken_stream_in_raw_bytes(raw):
    body = {"model": MODEL, "messages": user("cut 3"), "stream": True}
    with raw.stream("POST", "/chat/completions", json=body) as response:
        text = response.read().decode()
    assert "[DONE]" not in text
    assert '"finish_reason":"' not in text
    assert text.rstrip().splitlines()[-1].startswith('data: {"error":{"message":')


def test_the_proxy_lives_on(client):
    assert chat(client, "hi").choices[0].message.content == "You said: hi"
