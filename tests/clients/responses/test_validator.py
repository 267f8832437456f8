"""What looks for faults in streams finds those that are planted in a good one."""

import copy

import httpx
import pytest
from asking import MODEL, NOW
from openai_schema import amended, events, fault, faults_of_stream

# Which event is changed, how, and a word of the fault that it makes.
PLANTED = {
    "no beginning": (lambda found: found.pop(0), "begins"),
    "no end": (lambda found: found.pop(), "ends"),
    "an item is never done": (lambda found: found.remove(of(found, "response.output_item.done")), "never done"),
    "an item is never added": (lambda found: found.remove(of(found, "response.output_item.added")), "no open item"),
    "a part is never added": (lambda found: found.remove(of(found, "response.content_part.added")), "before a part"),
    "a piece is lost": (lambda found: of(found, "response.output_text.delta").update(delta=""), "add up"),
    "another id": (lambda found: found[-1]["response"].update(id="resp_other"), "ids"),
    "another item": (lambda found: of(found, "response.output_text.done").update(item_id="msg_other"), "no open item"),
    "another end": (lambda found: found[-1]["response"].update(output=[]), "repeats other items"),
    "no number": (lambda found: found[3].pop("sequence_number"), "sequence"),
    "a wrong type": (lambda found: of(found, "response.output_text.delta").update(delta=7), "is not of type"),
    "a missing member": (lambda found: found[0]["response"].pop("tool_choice"), "required"),
    "an unknown event": (lambda found: found[3].update(type="response.other"), "no event is"),
}


def of(found, kind):
    """The first event of a kind."""
    return next(event for event in found if event["type"] == kind)


@pytest.fixture(scope="module")
def good(base_url):
    reply = httpx.post(f"{base_url}/responses", json={"model": MODEL, "input": "lorem 20", "stream": True}, timeout=30)
    found = [amended(event) for event in events(reply.text)]
    assert faults_of_stream(found) == []
    return found


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(good, name):
    plant, word = PLANTED[name]
    found = copy.deepcopy(good)
    plant(found)
    assert any(word in one for one in faults_of_stream(found)), faults_of_stream(found)


def test_a_keepalive_is_no_fault(good):
    found = copy.deepcopy(good)
    found.insert(5, {"type": "keepalive"})
    for number, event in enumerate(found):
        event["sequence_number"] = number
    assert faults_of_stream(found) == []


def test_a_planted_fault_of_a_whole_response_is_found(raw):
    response = amended(raw.post("/responses", json={"model": MODEL, "input": "call now {}", "tools": [NOW]}).json())
    assert fault("Response", response) is None
    del response["output"][0]["call_id"]
    assert fault("Response", response)
