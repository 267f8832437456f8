"""Failures, as the classes of the client."""

import anthropic
import pytest


def test_each_failure_has_its_class(client, ask):
    for prompt, kind, status in (
        ("error 400", anthropic.BadRequestError, 400),
        ("error 429", anthropic.RateLimitError, 429),
        ("error 500", anthropic.InternalServerError, 500),
        ("access denied", anthropic.PermissionDeniedError, 403),
    ):
        for stream in (False, True):
            with pytest.raises(kind) as caught:
                client.messages.create(**ask(prompt, stream=stream))
            assert caught.value.status_code == status
            assert caught.value.request_id.startswith("req_")
            assert caught.value.body["type"] == "error"


def test_an_overload_has_anthropics_own_status(client, ask):
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**ask("error 503"))
    assert caught.value.status_code == 529
    assert caught.value.body["error"]["type"] == "overloaded_error"


def test_a_stream_that_breaks_off_is_no_message(client, ask):
    with pytest.raises(anthropic.APIError), client.messages.stream(**ask("cut 3")) as stream:
        stream.get_final_message()


def test_an_unknown_model(client):
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.create(model="nobody", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
    assert caught.value.response.headers["x-should-retry"] == "false"


def test_an_unknown_path(client):
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.batches.list()
    assert caught.value.body["error"]["type"] == "not_found_error"
