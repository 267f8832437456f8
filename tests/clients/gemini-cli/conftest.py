"""gemini-cli, with a recorder between it and the proxy."""

import os

import pytest
from sessions import ChangingRecorder, GeminiCli


@pytest.fixture(scope="session")
def recorder():
    recorder = ChangingRecorder(os.environ["OPENAI_BASE_URL"].removesuffix("/v1"))
    yield recorder
    recorder.close()


@pytest.fixture
def gemini(tmp_path, recorder):
    """gemini-cli with the documented settings. Every stream that it gets has nothing but pieces."""
    made = []

    def make(**settings):
        made.append(GeminiCli(tmp_path / f"{tmp_path.name}-{len(made)}", recorder, **settings))
        return made[-1]

    yield make
    for exchange in [exchange for one in made for exchange in recorder.of(one.name)]:
        assert exchange.headers["x-goog-api-key"] == "tester"
        if exchange.status == 200 and ":streamGenerateContent" in exchange.path:
            has_nothing_but_pieces(exchange)


def has_nothing_but_pieces(exchange):
    """One end on the last candidate, or an error as the last piece; one id; no comment and no name of an event."""
    lines = [line for line in exchange.answer.decode().splitlines() if line]
    assert all(line.startswith("data: {") for line in lines), lines
    pieces = exchange.events()
    broken = "error" in pieces[-1]
    answers = pieces[:-1] if broken else pieces
    assert all("error" not in piece for piece in answers)
    assert len({piece["responseId"] for piece in answers if "responseId" in piece}) <= 1
    reasons = [piece["candidates"][0].get("finishReason") for piece in answers if "candidates" in piece]
    assert [reason for reason in reasons if reason] == ([] if broken else reasons[-1:])
    assert broken or answers[-1]["usageMetadata"]["promptTokenCount"] > 0


@pytest.fixture(params=["argo:gpt-4o", "claude-opus-4-7", "argo:gemini-2.5-pro"])
def model(request):
    """A model of each vendor: their upstreams differ, and gemini-cli is not to notice."""
    return request.param
