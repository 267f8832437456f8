"""What OpenAI's published schema says of responses, their events and errors, and what it cannot say: the order of events."""

import json
import os
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

SCHEMA = json.loads(Path(__file__).with_name("openai.schema.json").read_text(encoding="utf-8"))
# OpenAI sends it on long silences, and its schema does not have it.
KEEPALIVE = {"type": "object", "required": ["type", "sequence_number"]}
ENDS = ("response.completed", "response.incomplete", "response.failed")


@cache
def validator(name):
    """The validator of one definition."""
    return Draft202012Validator({"$ref": f"#/$defs/{name}", **SCHEMA})


@cache
def names_of_events():
    """The definition of each type of event."""
    names = [ref["$ref"].rsplit("/", 1)[1] for ref in SCHEMA["$defs"]["ResponseStreamEvent"]["anyOf"]]
    kinds = {name: SCHEMA["$defs"][name]["properties"]["type"] for name in names}
    return {kind: name for name, of in kinds.items() for kind in of.get("enum", [of.get("const")])}


def is_relayed(model):
    """Whether answers of a model are OpenAI's own, which the proxy hands on as they are."""
    return os.environ.get("ENDPOINTS") == "native" and "gpt" in model


def amended(value):
    """A response or an event of OpenAI's own, where it breaks its schema: null for what is not known yet, and members that are newer."""
    if isinstance(value, dict):
        value = {name: amended(part) for name, part in value.items() if part is not None or name not in ("usage", "user")}
        if "cached_tokens" in value:
            value.setdefault("cache_write_tokens", 0)
        if value.get("type") == "response.function_call_arguments.done":
            value.setdefault("name", "")
        return value
    return [amended(part) for part in value] if isinstance(value, list) else value


def fault(name, value, of_vendor=False):
    """What a definition finds wrong, in one line; None for nothing. `of_vendor`: whether the value is OpenAI's own."""
    value = amended(value) if of_vendor else value
    found = best_match(validator(name).iter_errors(value))
    return found and f"{name}{found.json_path[1:]}: {found.message[:300]}"


def fault_of_event(event, of_vendor=False):
    """What is wrong with one event; None for nothing."""
    kind = event.get("type")
    if kind == "keepalive":
        return None
    name = names_of_events().get(kind)
    return fault(name, event, of_vendor) if name else f"no event is a {kind!r}"


def faults_of_stream(events, of_vendor=False):
    """What is wrong with the events of a whole stream: each by itself, and their order."""
    faults = [wrong for event in events if (wrong := fault_of_event(event, of_vendor))]
    # What events say to each other is clear only where each makes sense.
    faults += [] if faults else faults_of_items(events)
    kinds = [event["type"] for event in events if event["type"] != "keepalive"]
    numbers = [event.get("sequence_number") for event in events]
    if numbers != list(range(len(events))):
        faults.append(f"sequence numbers {numbers}")
    if kinds[:2] != ["response.created", "response.in_progress"]:
        faults.append(f"it begins with {kinds[:2]}")
    if kinds[-1:] == [] or kinds[-1] not in ENDS or sum(kind in ENDS for kind in kinds) != 1:
        faults.append(f"it ends with {kinds[-3:]}")
    ids = {event["response"]["id"] for event in events if "response" in event}
    if len(ids) > 1:
        faults.append(f"the response has the ids {ids}")
    return faults


def faults_of_items(events):
    """What is wrong with the order in which items and parts open and close, and with what repeats them."""
    faults, open_items, done = [], {}, []
    for event in events:
        kind, at = event["type"], event.get("output_index")
        if kind == "response.output_item.added":
            if at != len(done) + len(open_items):
                faults.append(f"the item {at} is added after {len(done) + len(open_items)} others")
            open_items[at] = {"id": event["item"].get("id"), "text": "", "parts": 0}
        elif kind == "response.output_item.done":
            opened = open_items.pop(at, None)
            if opened is None or opened["id"] != event["item"].get("id"):
                faults.append(f"the item {at} is done with another id, or was never added")
            done.append(event["item"])
        elif at is not None:
            if at not in open_items or open_items[at]["id"] != event.get("item_id"):
                faults.append(f"{kind} is of no open item")
            else:
                faults += faults_of_part(kind, event, open_items[at])
    last = events[-1] if events else {}
    if last.get("type") in ("response.completed", "response.incomplete"):
        if open_items:
            faults.append(f"{len(open_items)} items are never done")
        if last["response"]["output"] != done:
            faults.append("the last event repeats other items than those that are done")
    return faults


# What each kind of pieces adds up to, by the member of its last event.
WHOLES = {
    "response.output_text": "text",
    "response.refusal": "refusal",
    "response.function_call_arguments": "arguments",
    "response.custom_tool_call_input": "input",
    "response.reasoning_summary_text": "text",
    "response.reasoning_text": "text",
}


def faults_of_part(kind, event, item):
    """What is wrong with a piece of an item, whose state `item` is."""
    start, _, end = kind.rpartition(".")
    if kind.endswith("part.added"):
        item["parts"] += 1
        item["text"] = ""
    elif start in WHOLES and start.rpartition(".")[2] in ("output_text", "refusal", "reasoning_summary_text") and not item["parts"]:
        return [f"{kind} before a part is added"]
    if start in WHOLES and end == "delta":
        item["text"] += event["delta"]
    elif start in WHOLES and event[WHOLES[start]] != item["text"]:
        return [f"{kind} is not what the deltas add up to"]
    return []


def events(text):
    """The data of a body of server-sent events. Each `event:` line has to say the type of its data."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            found.append(json.loads(fields["data"]))
            assert fields["event"] == found[-1]["type"], block
    return found
