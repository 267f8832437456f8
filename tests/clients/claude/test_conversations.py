"""Conversations that go on: resumed, with thinking that goes back, made shorter when they are too long, counted."""

import pytest


def test_a_session_is_resumed(claude, model):
    one = claude()
    first = one.run("say hello", model=model)
    second = one.run("lorem 3", "--resume", first.told["session_id"], model=model)
    assert (first.status, second.status) == (0, 0)
    said = [message["role"] for message in second.asked[0].body["messages"] if message["role"] != "system"]
    assert said == ["user", "assistant", "user"]


@pytest.mark.native
def test_thinking_goes_back_as_it_came(claude):
    one = claude()
    first = one.run("think 20", model="claude-opus-4-5")
    second = one.run("say hello", "--resume", first.told["session_id"], model="claude-opus-4-5")
    assert (first.status, second.status, second.statuses) == (0, 0, [200])
    (thinking,) = second.blocks(0, "thinking")
    deltas = [event["delta"] for event in first.asked[0].events() if event["type"] == "content_block_delta"]
    signed = [delta["signature"] for delta in deltas if delta["type"] == "signature_delta"]
    assert [thinking["signature"]] == signed


@pytest.mark.native
def test_thinking_of_one_vendor_is_no_hindrance_to_another(claude):
    one = claude()
    first = one.run("think 20", model="claude-opus-4-5")
    second = one.run("say hello", "--resume", first.told["session_id"], model="argo:gpt-4o")
    third = one.run("say hello", "--resume", first.told["session_id"], model="claude-opus-4-5")
    assert [run.status for run in (first, second, third)] == [0, 0, 0]


@pytest.mark.native
def test_too_long_a_prompt_makes_the_conversation_shorter(claude):
    one = claude()
    for prompt in ("say hello", "lorem 30"):
        assert one.run(prompt, "--continue").status == 0
    run = one.run("too long", "--continue")
    # Refused once, it asks for a summary, and then again; the stand-in refuses that prompt whatever stands before it.
    assert run.statuses == [400, 200, 400]
    assert run.asked[0].error()["error"]["message"].startswith("prompt is too long")
    assert "summary" in run.asked[1].body["messages"][-1]["content"][-1]["text"]


def test_a_conversation_is_made_shorter(claude, model):
    one = claude()
    first = one.run("say hello", model=model)
    run = one.run("/compact", "--resume", first.told["session_id"], model=model)
    assert run.status == 0


def test_tokens_are_counted(claude, model):
    one = claude()
    run = one.run("/context", model=model)
    assert run.status == 0
    counts = [exchange for exchange in run.exchanges if exchange.path.startswith("/v1/messages/count_tokens")]
    assert all(count.status == 200 and count.error()["input_tokens"] > 0 for count in counts)
