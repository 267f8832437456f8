"""Every example of docs/timeouts.md runs against the stand-in and prints what the document says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "timeouts.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language):
    return [block for found, block in BLOCKS if found == language]


def run(*command):
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def bash(block):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    return run("bash", "-euc", block)


PYTHON = [
    "You said: Hello\n",
    "You said: Hello\n",
    "You said: Hello\nYou said: Hello\n1536\n",
    "You said: Hello\nYou said: Hello again\n",
    "504 timeout\n",
]


def test_there_is_a_test_for_each_example():
    languages = [language for language, _ in BLOCKS]
    counts = [languages.count(language) for language in ("python", "bash", "js", "json", "yaml")]
    assert counts == [len(PYTHON) + 1, 3, 1, 1, 1]
    assert set(languages) == {"text", "python", "bash", "js", "json", "yaml"}


def test_the_table_shown_has_keys_that_there_are():
    schema = json.loads((DOCUMENT.parents[1] / "schema" / "routes.schema.json").read_text(encoding="utf-8"))
    upstream = schema["properties"]["upstreams"]["additionalProperties"]["properties"]
    (shown,) = map(yaml.safe_load, blocks("yaml"))
    for row in shown["upstreams"].values():
        assert set(row) <= set(upstream)


@pytest.mark.parametrize("index", range(len(PYTHON)))
def test_python(index):
    assert run(sys.executable, "-c", blocks("python")[index]) == PYTHON[index]


def test_python_with_a_stream_that_breaks_off():
    printed = run(sys.executable, "-c", blocks("python")[-1])
    assert re.fullmatch(r"Grüße .*\nbroken off: timeout\n", printed), printed


def test_curl():
    assert '"content":"You said: Hello"' in bash(blocks("bash")[0])


def test_curl_for_streams_embeddings_and_argos_own_format():
    printed = bash(blocks("bash")[1])
    assert "data: [DONE]" in printed
    assert '"object":"embedding"' in printed
    assert printed.endswith('{"response":"You said: Hello"}')


def test_curl_when_time_is_up():
    reply, status = bash(blocks("bash")[2]).splitlines()
    assert status == "504"
    assert json.loads(reply) == json.loads(blocks("json")[0])
