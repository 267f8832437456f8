"""Each body and each event fits OpenAI's published schema, live and in the golden cases."""

import json
import re
from pathlib import Path

import pytest
from asking import LAB, NOW, PATCH, PIXEL, WEATHER
from openai_schema import events, fault, fault_of_event, faults_of_stream, is_relayed

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "openai_responses"

IMAGE = {"type": "input_image", "image_url": PIXEL}
SEARCH = {"type": "tool_search", "execution": "client", "description": "Finds tools.", "parameters": {"type": "object"}}
SCHEMA = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"], "additionalProperties": False}
ASKED = {
    "text": {"input": "say hello"},
    "lorem": {"input": "lorem 30", "instructions": "Be brief."},
    "emoji": {"input": "emoji", "metadata": {"a": "b"}, "prompt_cache_key": "k", "safety_identifier": "s", "user": "u"},
    "empty": {"input": "empty"},
    "image": {"input": [{"role": "user", "content": [{"type": "input_text", "text": "look"}, IMAGE]}]},
    "function": {"input": 'call get_weather {"location": "Lemont"}', "tools": [WEATHER]},
    "two calls": {"input": 'call get_weather {"location": "Lemont"} call now {}', "tools": [WEATHER, NOW]},
    "forced": {"input": "hi", "tools": [NOW], "tool_choice": {"type": "function", "name": "now"}},
    "custom": {"input": 'call patch "one\\ntwo"', "tools": [PATCH], "tool_choice": "auto"},
    "namespace": {"input": 'call get_weather {"location": "x"} call patch "y"', "tools": [LAB]},
    "search": {"input": 'call tool_search {"query": "q"}', "tools": [SEARCH, {"type": "web_search"}]},
    "format": {"input": "trip", "text": {"format": {"type": "json_schema", "name": "trip", "schema": SCHEMA, "strict": True}}},
    "json": {"input": "json", "text": {"format": {"type": "json_object"}, "verbosity": "low"}},
    "limit": {"input": "lorem 200", "max_output_tokens": 16},
    "reasoning": {"input": "why", "reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]},
    "refusal": {"input": "refuse"},
    "sampling": {"input": "hi", "temperature": 0.5, "top_p": 0.9, "truncation": "auto", "service_tier": "flex"},
}
# OpenAI's own models can be asked for more.
OF_OPENAI = {
    "filtered": {"input": "filtered"},
    "length": {"input": "length"},
    "thought": {"input": "think 8"},
    "cached": {"input": "cached 64"},
    "logprobs": {"input": "hi", "top_logprobs": 2, "include": ["message.output_text.logprobs"]},
}


def ask(raw, model, asked, stream):
    return raw.post("/responses", json={"model": model, "stream": stream} | asked)


@pytest.mark.parametrize("case", ASKED)
def test_a_whole_response_fits(raw, model, case):
    reply = ask(raw, model, ASKED[case], False)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/json"
    assert fault("Response", reply.json(), is_relayed(model)) is None


@pytest.mark.parametrize("case", ASKED)
def test_each_event_of_a_stream_fits(raw, model, case):
    reply = ask(raw, model, ASKED[case], True)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("text/event-stream")
    found = events(reply.text)
    assert faults_of_stream(found, is_relayed(model)) == []
    # Whole and streamed, an answer says the same.
    whole = ask(raw, model, ASKED[case], False).json()
    assert contents(found[-1]["response"]) == contents(whole)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", ["argo:gpt-4o", "argo:gpt-5"])
@pytest.mark.parametrize("case", OF_OPENAI)
def test_answers_of_openais_models_fit(raw, model, case, stream):
    reply = ask(raw, model, OF_OPENAI[case], stream)
    if reply.status_code != 200:
        assert fault("ErrorResponse", reply.json()) is None
    elif stream:
        assert faults_of_stream(events(reply.text), is_relayed(model)) == []
    else:
        assert fault("Response", reply.json(), is_relayed(model)) is None


def contents(response):
    """What a response says, without what differs from one to the next."""
    said = [{name: value for name, value in item.items() if name not in ("id", "call_id", "encrypted_content")} for item in response["output"]]
    return response["status"], response["incomplete_details"], said


@pytest.mark.parametrize("path", ["/responses/resp_0", "/responses/resp_0/input_items"])
def test_a_refusal_fits(raw, path):
    assert fault("ErrorResponse", raw.get(path).json()) is None


def test_a_count_fits(raw, model):
    reply = raw.post("/responses/input_tokens", json={"model": model, "input": "hi"})
    assert fault("TokenCountsResource", reply.json()) is None


def golden():
    """The golden replies."""
    return sorted(GOLDEN.glob("*/reply"))


# Once is enough.
@pytest.mark.native
def test_there_are_golden_replies():
    assert len(golden()) > 20


@pytest.mark.native
@pytest.mark.parametrize("reply", golden(), ids=lambda path: path.parent.name)
def test_a_golden_reply_fits(reply):
    head, _, body = reply.read_bytes().decode().partition("\n")
    status, kind = head.split(" ", 1)
    if kind.startswith("text/event-stream"):
        found = events(body)
        faults = faults_of_failure if is_handed_on(reply, body) else faults_of_stream
        assert faults(found) == []
    elif status != "200":
        assert fault("ErrorResponse", json.loads(body)) is None
    elif not is_handed_on(reply, body):
        assert fault("Response", json.loads(body)) is None


def is_handed_on(reply, body):
    """Whether a reply is its upstream's, whose id it has. Upstreams of golden cases say no more than a case is about."""
    answer = reply.with_name("answer")
    return answer.exists() and any(id.encode() in answer.read_bytes() for id in re.findall(r'"id":"(resp_[^"]*)"', body))


def faults_of_failure(found):
    """What is wrong with the end that the proxy gives to a broken stream of its upstream."""
    at = next((i for i, event in enumerate(found) if event["type"] == "error"), len(found))
    faults = [wrong for wrong in map(fault_of_event, found[at:]) if wrong]
    ids = {event["response"]["id"] for event in found if "response" in event}
    return faults + [f"the response has the ids {ids}"] * (len(ids) != 1)
