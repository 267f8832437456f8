"""What Codex makes of failures, and how often it asks. Each status is chosen by what it does next: what cannot succeed is asked once."""

import pytest

# The settings of these tests allow one more request, and one more stream, which may ask twice, too.
TWICE = 2


def test_a_refusal_is_asked_for_once_and_shown(codex, model):
    run = codex().run("error 400", model=model)
    assert run.status != 0
    assert run.statuses == [400]
    assert "temperature" in run.failure


def test_an_unknown_model_is_asked_for_once_and_named(codex):
    run = codex().run("hi", model="argo:gpt-4oh")
    assert run.status != 0
    assert run.statuses == [404]
    assert run.exchanges[0].error()["error"]["code"] == "model_not_found"
    assert "argo:gpt-4oh" in run.failure


@pytest.mark.native
def test_too_long_a_prompt_is_asked_for_once(codex):
    run = codex().run("too long")
    assert run.status != 0
    assert run.statuses == [400]
    assert run.exchanges[0].error()["error"]["code"] == "context_length_exceeded"
    assert "ran out of room" in run.failure


def test_denied_access_is_shown(codex):
    run = codex().run("access denied")
    assert run.status != 0
    assert "not authorized" in run.failure


@pytest.mark.parametrize("prompt", ["cut 3", "cut 40"])
def test_a_broken_stream_is_no_answer(codex, model, prompt):
    run = codex().run(prompt, model=model)
    assert run.status != 0
    assert run.message is None
    assert run.failure
    assert len(run.exchanges) in (TWICE, TWICE * TWICE)


def test_a_websocket_falls_back_at_once(codex):
    run = codex(more="supports_websockets = true\n").run("say hello")
    assert run.status == 0
    assert [exchange.method for exchange in run.exchanges] == ["GET", "POST"]
    assert run.statuses == [426, 200]
