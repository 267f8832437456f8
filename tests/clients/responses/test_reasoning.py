"""Thinking of Claude comes as reasoning, sealed, and goes back signed. Only native endpoints have it."""

import base64
import json

import pytest
from asking import NOW, given_back, result

pytestmark = pytest.mark.native

MODEL = "argo:claude-opus-4.5"
# What the stand-in thinks.
THOUGHT = "The user wants an answer. I will give one, and keep it short."
ASKED = {"model": MODEL, "reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}


def test_thoughts_are_a_summary(client):
    reasoning, message = client.responses.create(input="why", **ASKED).output
    assert (reasoning.type, reasoning.summary[0].text) == ("reasoning", THOUGHT)
    assert message.content[0].text == "You said: why"


def test_thoughts_are_streamed(client):
    events = list(client.responses.create(input="why", stream=True, **ASKED))
    deltas = [event.delta for event in events if event.type == "response.reasoning_summary_text.delta"]
    assert "".join(deltas) == THOUGHT
    kinds = [event.item.type for event in events if event.type == "response.output_item.done"]
    assert kinds == ["reasoning", "message"]
    assert events[-1].response.usage.output_tokens_details.reasoning_tokens >= 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_thoughts_go_back_with_the_result_of_a_tool(client, stream):
    asked = [{"role": "user", "content": "call now {}"}]
    if stream:
        *_, last = client.responses.create(input=asked, tools=[NOW], stream=True, **ASKED)
        first = last.response
    else:
        first = client.responses.create(input=asked, tools=[NOW], **ASKED)
    reasoning, call = first.output
    # The stand-in, as Anthropic, refuses thinking whose signature is not its own.
    asked += given_back(first) + [result(call, "noon")]
    assert client.responses.create(input=asked, tools=[NOW], **ASKED).output_text == "The tool answered: noon"
    assert reasoning.encrypted_content


def test_nobody_reads_what_is_sealed(client):
    sealed = client.responses.create(input="why", **ASKED).output[0].encrypted_content
    inside = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=False)
    assert THOUGHT.encode() not in inside and THOUGHT not in sealed
    assert b"signature" not in inside


@pytest.mark.parametrize("foreign", ["changed", "of another", "empty"])
def test_a_seal_that_is_not_ours_is_no_failure_of_the_proxy(client, foreign):
    asked = [{"role": "user", "content": "call now {}"}]
    first = client.responses.create(input=asked, tools=[NOW], **ASKED)
    items = json.loads(json.dumps(given_back(first)))
    sealed = items[0]["encrypted_content"]
    items[0]["encrypted_content"] = {"changed": sealed[:-9] + "AAAAAAAA" + sealed[-1:], "of another": "gAAAAABabc", "empty": ""}[foreign]
    asked += items + [result(first.output[1], "noon")]
    assert client.responses.create(input=asked, tools=[NOW], **ASKED).output_text == "The tool answered: noon"
