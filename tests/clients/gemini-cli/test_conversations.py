"""Conversations that go on, and what goes with them."""

import json

import pytest


def test_a_session_is_resumed(gemini, model):
    one = gemini()
    prompts = ['call run_shell_command {"command": "echo seen"}', "lorem 5"]
    runs = [one.run(prompts[0], model=model), one.run(prompts[1], "--resume", "latest", model=model)]
    assert [run.status for run in runs] == [0, 0], [run.stderr for run in runs]
    last = runs[1]
    assert last.statuses == [200] and last.text.startswith("lorem")
    # The history has the call once, and its result twice.
    assert [len(last.parts(0, kind)) for kind in ("functionCall", "functionResponse")] == [1, 2]
    texts = [part["text"] for part in last.parts(0, "text")]
    assert [prompt for prompt in prompts if prompt in texts] == prompts


def test_another_model_goes_on(gemini):
    one = gemini()
    runs = [one.run('call run_shell_command {"command": "echo seen"}', model="claude-opus-4-7")]
    runs += [one.run("say hello", "--resume", "latest", model="argo:gemini-2.5-pro")]
    assert [run.status for run in runs] == [0, 0], [run.stderr for run in runs]


@pytest.mark.native
def test_thinking_is_shown_apart(gemini):
    thinking = {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 2048}}
    override = {"match": {"model": "claude-opus-4-5"}, "modelConfig": {"generateContentConfig": thinking}}
    run = gemini(modelConfigs={"overrides": [override]}).run("say hello", model="claude-opus-4-5")
    assert (run.status, run.statuses) == (0, [200]), run.stderr
    parts = run.answered(0, "text")
    assert [part["text"] for part in parts if part.get("thought")]
    assert run.text.strip() == "".join(part["text"] for part in parts if not part.get("thought"))


def test_a_silent_stream_has_pieces_that_nobody_sees(gemini):
    # The proxy takes it for a client that waits for less than two seconds, and writes something after half of that.
    run = gemini().run("slow 1000", headers={"x-stainless-read-timeout": "1.9"})
    assert (run.status, run.statuses) == (0, [200]), run.stderr
    texts = [part["text"] for part in run.answered(0, "text")]
    assert "" in texts[:-1]
    assert run.text.strip() == "".join(texts)


def test_tokens_are_told(gemini):
    run = gemini().run("say hello", "-o", "json")
    told = json.loads(run.text)
    assert told["response"].startswith("Hello")
    tokens = told["stats"]["models"]["argo:gpt-4o"]["tokens"]
    assert tokens["prompt"] > 0 and tokens["candidates"] > 0
