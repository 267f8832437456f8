"""Failures of Responses arrive as the exceptions that users catch, and what is not kept is said not to be."""

import openai
import pytest
from asking import MODEL, NOW
from openai_schema import fault, faults_of_stream, is_relayed
from openai_schema import events as read_events

CLASSES = [
    ("error 400", openai.BadRequestError, 400),
    ("error 422", openai.UnprocessableEntityError, 422),
    ("error 429", openai.RateLimitError, 429),
    ("error 500", openai.InternalServerError, 500),
    ("error 502", openai.InternalServerError, 502),
    ("error 503", openai.InternalServerError, 503),
    ("access denied", openai.PermissionDeniedError, 403),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("prompt, kind, status", CLASSES)
def test_an_upstream_error_keeps_its_class(client, model, prompt, kind, status, stream):
    with pytest.raises(kind) as failed:
        client.responses.create(model=model, input=prompt, stream=stream)
    error = failed.value
    assert error.status_code == status
    assert fault("ErrorResponse", {"error": error.body}) is None
    assert error.body["message"]
    assert not any(sign in error.body["message"] for sign in "<>{}")


def test_a_rate_limit_says_when_to_come_back(client):
    with pytest.raises(openai.RateLimitError) as limited:
        client.responses.create(model=MODEL, input="error 429")
    assert limited.value.response.headers["retry-after"] == "7"


def test_an_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.create(model="argo:gpt-4oh", input="hi")
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    assert "argo:gpt-4o" in unknown.value.message


KEPT = [
    ("previous_response_id", "resp_0", "previous_response_id"),
    ("conversation", "conv_0", "conversation"),
    ("background", True, "background"),
    ("prompt", {"id": "pmpt_0"}, "prompt"),
]


@pytest.mark.parametrize("name, value, param", KEPT)
def test_what_needs_a_memory_is_refused_by_its_name(client, model, name, value, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=model, input="hi", **{name: value})
    assert refused.value.param == param
    assert fault("ErrorResponse", {"error": refused.value.body}) is None


def test_a_refused_previous_response_says_what_to_send(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=MODEL, input="hi", previous_response_id="resp_0")
    assert refused.value.code == "previous_response_not_found"
    assert "input" in refused.value.message


BAD = [
    ({"input": 7}, "input"),
    ({"input": []}, "input"),
    ({"input": [{"type": "item_reference", "id": "msg_unknown"}]}, "input[0]"),
    ({"tools": [{"type": "function"}]}, "tools[0]"),
    ({"tools": [NOW], "tool_choice": {"type": "function", "name": "other"}}, "tool_choice"),
    ({"stream": "yes"}, "stream"),
    ({"max_output_tokens": "many"}, "max_output_tokens"),
    ({"model": 7}, "model"),
]


# OpenAI's own models have these, where they are asked through Responses.
ABSENT = [
    ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]}, "input[0].content[0]"),
    ({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, "tools[0]"),
    ({"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}}, "tool_choice"),
]


@pytest.mark.parametrize("wrong, param", BAD + ABSENT, ids=[str(wrong)[:40] for wrong, _ in BAD + ABSENT])
def test_what_is_wrong_is_named(raw, model, wrong, param):
    if is_relayed(model) and (wrong, param) in ABSENT:
        model = "argo:gemini-2.5-flash"
    reply = raw.post("/responses", json={"model": model, "input": "hi"} | wrong)
    assert reply.status_code == 400
    assert fault("ErrorResponse", reply.json()) is None
    assert reply.json()["error"]["param"].startswith(param)


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "7", "{", ""])
def test_a_body_that_is_no_request(raw, body):
    reply = raw.post("/responses", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert fault("ErrorResponse", reply.json()) is None


def test_a_broken_stream_ends_with_both_kinds_of_error(raw, model):
    with raw.stream("POST", "/responses", json={"model": model, "input": "cut 40", "stream": True}) as reply:
        events = read_events(reply.read().decode())
    assert faults_of_stream(events, is_relayed(model)) == []
    error, failed = events[-2:]
    assert (error["type"], failed["type"]) == ("error", "response.failed")
    # Some clients read the flat members, others the object.
    assert error["message"] == error["error"]["message"] == failed["response"]["error"]["message"]
    assert failed["response"]["status"] == "failed"


@pytest.mark.parametrize("prompt", ["cut 3", "cut 40"])
def test_a_broken_stream_is_never_a_complete_answer(client, model, prompt):
    with pytest.raises(openai.APIError) as broken:
        list(client.responses.create(model=model, input=prompt, stream=True))
    assert broken.value.message
    with pytest.raises(openai.APIError), client.responses.stream(model=model, input=prompt) as stream:
        stream.until_done()


def test_nothing_is_kept(client, raw):
    kept = client.responses.create(model=MODEL, input="hi").id
    calls = [
        lambda: client.responses.retrieve(kept),
        lambda: client.responses.delete(kept),
        lambda: client.responses.cancel(kept),
        lambda: client.responses.input_items.list(kept),
    ]
    for call in calls:
        with pytest.raises(openai.NotFoundError) as missing:
            call()
        assert fault("ErrorResponse", {"error": missing.value.body}) is None
        assert "not kept" in missing.value.message and "'input'" in missing.value.message
    assert raw.get("/responses").status_code == 405


def test_a_websocket_is_told_to_go_on_without(raw):
    upgrade = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13", "sec-websocket-key": "eA=="}
    reply = raw.get("/responses", headers=upgrade)
    assert reply.status_code == 426
    assert fault("ErrorResponse", reply.json()) is None


def test_tokens_are_counted(client, model):
    short = client.responses.input_tokens.count(model=model, input="a few words").input_tokens
    tools = [NOW | {"description": "The time of day at the place where the instrument stands."}]
    longer = client.responses.input_tokens.count(model=model, input="a few words " * 50, tools=tools).input_tokens
    assert 0 < short < longer
