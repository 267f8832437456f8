"""The Python programs of docs/clients/gemini.md, as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BASE_URL

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients" / "gemini.md"
OWN = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def run(program, **more):
    own = OWN | more
    return subprocess.run([sys.executable, "-c", program], env=own, capture_output=True, text=True, timeout=50)


def test_the_program_of_the_page(tmp_path):
    (program,) = PROGRAMS
    assert "http://127.0.0.1:44497" in program
    done = run(program.replace("http://127.0.0.1:44497", BASE_URL), HOME=str(tmp_path))
    assert done.stdout.startswith("Hello"), done.stderr


@pytest.mark.parametrize("name", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_the_variables_of_the_page(tmp_path, name):
    (program,) = PROGRAMS
    program = re.sub(r"genai\.Client\(.*\)", "genai.Client()", program)
    done = run(program, HOME=str(tmp_path), GOOGLE_GEMINI_BASE_URL=BASE_URL, **{name: "unused"})
    assert done.stdout.startswith("Hello"), done.stderr
