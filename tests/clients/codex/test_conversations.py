"""Answers of Codex, conversations that go on, and histories that are replaced by their summary."""

import json
import os

import pytest
from openai_schema import is_relayed


def test_an_answer(codex, model):
    run = codex().run("say hello", model=model)
    assert run.status == 0
    assert run.message.startswith("Hello!")
    (exchange,) = run.exchanges
    assert exchange.answer_headers["content-type"].startswith("text/event-stream")
    assert exchange.answer_headers["x-request-id"]
    usage = next(event["usage"] for event in run.said if event["type"] == "turn.completed")
    assert usage["input_tokens"] > 0 < usage["output_tokens"]


def test_letters_of_all_lengths(codex):
    run = codex().run("emoji")
    assert "family: 👩‍👩‍👧‍👦, flag: 🇺🇸" in run.message


def test_an_answer_in_a_format(codex, model):
    one = codex()
    schema = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"], "additionalProperties": False}
    (one.work / "schema.json").write_text(json.dumps(schema))
    # Beside tools, a model may only be told of the format, and puts its JSON in a fence.
    prompt = "plan a trip" if is_relayed(model) else "json"
    run = one.run("--output-schema", "schema.json", prompt, model=model)
    assert run.status == 0
    assert isinstance(json.loads(run.message)["days"], int)


def test_a_conversation_goes_on(codex, model):
    one = codex()
    assert one.run("lorem 3", model=model).message == "lorem ipsum dolor"
    run = one.run("resume", "--last", "say hello", model=model)
    assert run.status == 0
    (earlier,) = [item for item in run.input(0, "message") if item["role"] == "assistant"]
    assert earlier["content"][0]["text"] == "lorem ipsum dolor"
    assert run.message.startswith("Hello!")


@pytest.mark.parametrize("model", ["argo:gpt-4o", "argo:claude-opus-4.5"])
def test_a_long_history_is_replaced_by_its_summary(codex, model):
    # Its settings and tools are some 7,000 tokens of each request.
    one = codex(window=12_000)
    assert one.run("lorem 8000", model=model).status == 0
    run = one.run("resume", "--last", "say hello", model=model)
    assert run.status == 0
    assert run.statuses == [200, 200]
    summary = run.exchanges[0].body["input"][-1]["content"][0]["text"]
    assert summary.startswith("You are performing a CONTEXT CHECKPOINT COMPACTION")
    assert "lorem" not in json.dumps(run.exchanges[1].body["input"][-1])
    assert len(json.dumps(run.exchanges[1].body)) < len(json.dumps(run.exchanges[0].body)) / 1.5
    assert run.message.startswith("Hello!")


def test_reasoning_is_given_back(codex):
    one = codex()
    effort = ("-c", 'model_reasoning_effort="low"', "-c", 'model_reasoning_summary="auto"')
    run = one.run(*effort, 'call exec_command {"cmd": "echo thought"}', model="argo:claude-opus-4.5")
    assert run.status == 0
    assert "thought" in run.message
    # The older endpoints have none.
    sealed = [item["encrypted_content"] for item in run.output(0, "reasoning")]
    assert len(sealed) == (1 if os.environ.get("ENDPOINTS") == "native" else 0)
    assert [item["encrypted_content"] for item in run.input(1, "reasoning")] == sealed
