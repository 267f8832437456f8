"""Codex between a recorder, which keeps what it and the proxy say, and nothing else."""

import os
import sys
from pathlib import Path

import pytest
from recorder import Recorder
from runs import Codex

sys.path.insert(0, str(Path(__file__).parent.parent / "responses"))
from openai_schema import fault, faults_of_stream, is_relayed  # noqa: E402


@pytest.fixture(scope="session")
def recorder():
    recorder = Recorder(os.environ["OPENAI_BASE_URL"])
    yield recorder
    recorder.close()


@pytest.fixture
def codex(tmp_path, recorder):
    """Codex with the documented settings. What the proxy answers has to fit OpenAI's schema, whatever the test is about."""
    made = []

    def make(**settings):
        made.append(Codex(tmp_path / f"{tmp_path.name}-{len(made)}", recorder, **settings))
        return made[-1]

    yield make
    for exchange in [exchange for one in made for exchange in recorder.of(one.name)]:
        if exchange.status == 200:
            assert faults_of_stream(exchange.events(), of_vendor=is_relayed(exchange.body["model"])) == []
        elif exchange.method == "POST":
            assert fault("ErrorResponse", exchange.error()) is None


@pytest.fixture(params=["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"])
def model(request):
    """A model of each vendor: their upstreams differ, and Codex is not to notice."""
    return request.param
