"""The pages of docs/clients work as they stand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ADDRESS, DOCS, blocks

# Once is enough.
pytestmark = pytest.mark.native

OWN = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}


@pytest.mark.parametrize("page", ["openai.md", "openai-agents.md", "langchain.md"])
def test_the_program_of_a_page(page, tmp_path):
    (program,) = blocks(page, "python")
    assert ADDRESS not in program
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=OWN | {"HOME": str(tmp_path)}, capture_output=True, text=True, timeout=50
    )
    assert done.stdout.startswith("Hello!"), done.stderr


def test_llm_with_the_settings_of_its_page(tmp_path):
    (settings,) = blocks("llm.md", "yaml")
    (commands,) = blocks("llm.md", "bash")
    (tmp_path / "extra-openai-models.yaml").write_text(settings, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{OWN['PATH']}"
    own = OWN | {"HOME": str(tmp_path), "LLM_USER_PATH": str(tmp_path), "PATH": path}
    done = subprocess.run(["bash", "-ec", commands], env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50)
    assert done.stdout.splitlines() == ["Hello! Nice to meet you. How can I help you today?", "You said: And once more"], done.stderr


def test_the_list_of_pages_is_complete():
    listed = (DOCS / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in listed]
    assert missing == []
