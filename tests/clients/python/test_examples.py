"""Every Python example runs against the stand-in and prints what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

# What each prints; the stand-in repeats the question.
PRINTS = {
    "chat_completions_example.py": r"You said: Why is the sky blue\?\ntokens: \d+\n",
    "chat_completions_example_stream.py": r"You said: Tell me about Lake Michigan\.\n",
    "completions_example.py": r"You said: Write a haiku about neutron scattering\.\n",
    "completions_example_stream.py": r"You said: Write a limerick about a synchrotron\.\n",
    "chat_example.py": r"You said: What does a tokamak do\?\nYou said: What does a stellarator do\?\n",
    "chat_example_stream.py": r"You said: Explain photosynthesis in three steps\.\n",
    "embedding_example.py": r"3 vectors of 1536 numbers\n([+-]\d\.\d{3}  .+\n){2}",
    "o1_chat_example.py": r"You said: How many seconds .*\?\n",
    "o3_chat_example_pyclient.py": r"(You said: Prove that .*\.\n){2}tokens: \d+\n",
}


def test_no_example_is_forgotten():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PRINTS)


@pytest.mark.parametrize("name", PRINTS)
def test_example(name):
    ran = subprocess.run([sys.executable, EXAMPLES / name], capture_output=True, text=True, timeout=60, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(PRINTS[name], ran.stdout), ran.stdout


def test_an_example_says_what_went_wrong():
    nowhere = dict(os.environ, OPENAI_BASE_URL=os.environ["OPENAI_BASE_URL"] + "/nowhere")
    script = EXAMPLES / "chat_completions_example.py"
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, env=nowhere)
    assert ran.returncode == 1
    assert ran.stderr.startswith("404: Nothing is served on")
