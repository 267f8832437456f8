"""The curl examples run against the stand-in."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "examples" / "curl.sh"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


def run(**environment):
    return subprocess.run(
        ["bash", SCRIPT], capture_output=True, text=True, timeout=60, encoding="utf-8", env=os.environ | environment
    )


def test_every_command_prints_its_answer():
    ran = run()
    assert ran.returncode == 0, ran.stderr
    sections = {}
    for part in ran.stdout.split("== ")[1:]:
        title, _, body = part.partition("\n")
        sections[title] = body.strip()
    expected = [
        ("which models are there", '"id":"argo:gpt-4o"'),
        ("one model", '"internal_name":"gpt4o"'),
        ("a chat completion", '"content":"You said: What is a boson?"'),
        ("the same as a stream (-N prints each event as it comes)", '"usage":{'),
        ("a legacy completion", '"text":"You said: The mass of the electron is"'),
        ("embeddings", '"embedding":['),
        ("ARGO's own format", '{"response":"You said: What is a muon?"}'),
        ("ARGO's own format as a stream of raw text", "You said: What is a gluon?"),
        ("does ARGO answer (costs one short call)", '"object":"chat.completion"'),
        ("does the proxy run (costs nothing)", '{"status":"healthy",'),
    ]
    assert list(sections) == [title for title, _ in expected]
    for title, answer in expected:
        assert answer in sections[title], title
    assert sections[expected[3][0]].endswith("data: [DONE]")


def test_a_failure_ends_the_script():
    ran = run(OPENAI_BASE_URL=os.environ["OPENAI_BASE_URL"] + "/nowhere")
    assert ran.returncode != 0
    assert "Nothing is served on" in ran.stdout


def curl(*arguments, given):
    """Posts JSON to the chat endpoint; the body comes from stdin, as a file would."""
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "-H", "Content-Type: application/json"]
    command += [*arguments, "--data-binary", "@-", url]
    ran = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def question(text, **more):
    return {"model": "argo:gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def test_a_large_body_after_100_continue():
    text = "Zażółć gęślą jaźń. " * 40_000
    given = question(text, model="argo:gpt-4.1")
    answer = json.loads(curl("-H", "Expect: 100-continue", given=given))
    assert answer["choices"][0]["message"]["content"] == f"You said: {text}"


def test_a_body_in_chunks():
    answer = json.loads(curl("-H", "Transfer-Encoding: chunked", given=question("hi")))
    assert answer["choices"][0]["message"]["content"] == "You said: hi"


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1"])
def test_a_stream_in_both_versions_of_http(version):
    printed = curl("--include", version, given=question("lorem 50", stream=True))
    head, _, body = printed.partition("\n\n")
    assert " 200 " in head.splitlines()[0]
    assert ("transfer-encoding: chunked" in head.lower()) == (version == "--http1.1")
    assert body.rstrip().endswith("data: [DONE]")
