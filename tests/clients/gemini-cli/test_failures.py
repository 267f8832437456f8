"""What gemini-cli makes of failures, and how often it asks."""

import pytest


def test_an_unknown_model_is_named(gemini):
    run = gemini().run("hi", model="argo:gpt-4oh")
    assert run.status != 0
    assert run.statuses == [404]
    assert run.exchanges[0].error()["error"]["status"] == "NOT_FOUND"
    assert "'argo:gpt-4oh' does not exist" in run.stderr


def test_denied_access_is_shown_and_asked_for_once(gemini):
    run = gemini().run("access denied")
    assert run.status != 0
    assert run.statuses == [403]
    assert "denies access" in run.stderr


def test_a_refusal_is_asked_for_once(gemini):
    run = gemini().run("error 400")
    assert run.status != 0
    assert run.statuses == [400]
    assert "temperature" in run.stderr


def test_after_a_limit_it_comes_back_when_it_is_told_to(gemini):
    run = gemini().run("say hello", first="error 429")
    assert (run.status, run.statuses) == (0, [429, 200]), run.stderr
    assert "Suggested retry after 7s" in run.stderr
    assert run.text.startswith("Hello")


# Over the older endpoints nothing is streamed where tools are offered.
@pytest.mark.native
@pytest.mark.parametrize("prompt", ["cut 3", "late error 3"])
def test_a_broken_stream_fails_once_and_shows_its_text_once(gemini, model, prompt):
    run = gemini().run(prompt, model=model)
    assert run.status != 0
    assert run.statuses == [200] and "error" in run.exchanges[0].events()[-1]
    assert run.text.strip() in "".join(part["text"] for part in run.answered(0, "text"))
