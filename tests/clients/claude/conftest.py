"""Claude Code, with a recorder between it and the proxy."""

import os
import sys
from pathlib import Path

import pytest
from sessions import ClaudeCode

sys.path.insert(0, str(Path(__file__).parent.parent / "codex"))
from recorder import Recorder  # noqa: E402


@pytest.fixture(scope="session")
def recorder():
    recorder = Recorder(os.environ["OPENAI_BASE_URL"].removesuffix("/v1"))
    yield recorder
    recorder.close()


@pytest.fixture
def claude(tmp_path, recorder):
    """Claude Code with the documented settings. Every stream that it gets keeps to the order of events."""
    made = []

    def make(**settings):
        made.append(ClaudeCode(tmp_path / f"{tmp_path.name}-{len(made)}", recorder, **settings))
        return made[-1]

    yield make
    for exchange in [exchange for one in made for exchange in recorder.of(one.name)]:
        if exchange.status == 200 and exchange.path.startswith("/v1/messages?") and exchange.body.get("stream"):
            keeps_order(exchange.events())


def keeps_order(events):
    """Blocks are numbered as they open, one at a time, and a stream ends with its last event or with an error."""
    kinds = [event["type"] for event in events if event["type"] != "ping"]
    assert kinds[0] == "message_start" and kinds.count("message_start") == 1
    assert kinds[-1] in ("message_stop", "error"), kinds
    assert {"input_tokens", "output_tokens"} <= events[0]["message"]["usage"].keys()
    is_open, count = None, 0
    for event in events:
        if event["type"] == "content_block_start":
            assert (is_open, event["index"]) == (None, count)
            is_open, count = event["index"], count + 1
        elif event["type"] == "content_block_delta":
            assert event["index"] == is_open
        elif event["type"] == "content_block_stop":
            assert event["index"] == is_open
            is_open = None
        elif event["type"] == "message_delta":
            assert event["delta"]["stop_reason"] and event["usage"]["input_tokens"] > 0
            assert is_open is None


@pytest.fixture(params=["argo:gpt-4o", "claude-opus-4-7", "argo:gemini-2.5-pro"])
def model(request):
    """A model of each vendor: their upstreams differ, and Claude Code is not to notice."""
    return request.param
