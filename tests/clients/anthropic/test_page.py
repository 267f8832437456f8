"""The program of docs/clients/anthropic.md, as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from conftest import BASE_URL

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients" / "anthropic.md"
OWN = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}


def test_the_program_of_the_page(tmp_path):
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert "http://127.0.0.1:44497" in program
    program = program.replace("http://127.0.0.1:44497", BASE_URL)
    own = OWN | {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=own, capture_output=True, text=True, timeout=50)
    assert done.stdout.startswith("Hello"), done.stderr
