"""ARGO's own format on /v1/chat: nothing is converted."""

import json

import httpx
import pytest
from asking import EMOJI, MODEL, user


def test_messages(raw):
    response = raw.post("/chat", json={"model": MODEL, "messages": user("hi ✓")})
    assert response.status_code == 200
    assert response.json() == {"response": "You said: hi ✓"}


@pytest.mark.parametrize("prompt", ["hi", ["hi"]])
def test_system_and_prompt(raw, prompt):
    response = raw.post("/chat", json={"model": MODEL, "system": "be brief", "prompt": prompt})
    assert response.json() == {"response": "You said: hi"}


def test_a_stream_is_raw_text(raw):
    with raw.stream("POST", "/chat", json={"model": MODEL, "messages": user("emoji"), "stream": True}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/plain")
        assert "".join(response.iter_text()) == EMOJI


def test_status_and_body_of_an_error_are_argos(raw):
    response = raw.post("/chat", json={"model": MODEL, "messages": user("error 429")})
    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    assert response.json()["error"]["type"] == "RateLimitError"
    page = raw.post("/chat", json={"model": MODEL, "messages": user("error 502")})
    assert page.status_code == 502
    assert page.text.startswith("<html>")


def test_a_broken_stream_breaks_the_connection(raw):
    body = {"model": MODEL, "messages": user("cut 3"), "stream": True}
    with pytest.raises(httpx.RemoteProtocolError):
        with raw.stream("POST", "/chat", json=body) as response:
            response.read()


def test_an_unknown_model_is_told_here_too(raw):
    response = raw.post("/chat", content=json.dumps({"model": "gpt-99", "messages": user("hi")}))
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
