"""What Claude Code makes of failures, and how often it asks."""

import pytest


def test_an_unknown_model_is_named(claude):
    run = claude().run("hi", model="argo:gpt-4oh")
    assert run.status != 0
    # The second request is its own: it asks for a whole answer, whatever a header says.
    assert run.statuses == [404, 404]
    assert run.asked[0].answer_headers["x-should-retry"] == "false"
    assert "model" in run.text


def test_denied_access_is_shown_and_asked_for_once(claude, model):
    run = claude().run("access denied", model=model)
    assert run.status != 0
    assert run.statuses == [403]
    assert "not authorized" in run.text or "denies access" in run.text


def test_a_rate_limit_is_asked_again(claude, model):
    run = claude().run("error 429", model=model)
    assert run.status != 0
    assert set(run.statuses) == {429} and len(run.statuses) >= 2
    assert run.asked[0].error()["error"]["type"] == "rate_limit_error"


def test_an_overload_has_its_own_status(claude, model):
    run = claude().run("error 503", model=model)
    assert run.status != 0
    assert set(run.statuses) == {529}
    assert run.asked[0].error()["error"]["type"] == "overloaded_error"


@pytest.mark.parametrize("prompt", ["cut 3", "cut 40", pytest.param("late error 3", marks=pytest.mark.native)])
def test_a_broken_stream_is_no_answer(claude, model, prompt):
    run = claude().run(prompt, model=model)
    first = run.asked[0]
    assert first.body["stream"] is True
    if first.status == 200:
        assert [event["type"] for event in first.events()][-1] == "error"
    # It asks again: for a whole answer, or to go on.
    assert len(run.asked) >= 2
