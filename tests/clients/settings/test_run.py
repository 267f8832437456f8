"""`run` starts the real programs over a proxy of their own, with nothing in their home."""

import os

import pytest
from conftest import NODE_MODULES, PROGRAM


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("codex", ["exec", "--skip-git-repo-check", "Say hello"]),
        ("claude", ["-p", "Say hello"]),
        ("gemini", ["--skip-trust", "-p", "Say hello"]),
        ("opencode", ["run", "Say hello"]),
        ("aider", ["--message", "Say hello", "--no-git", "--yes-always", "--no-check-update", "--analytics-disable", "--no-pretty"]),
        ("python", ["-c", "import openai; print(openai.OpenAI().models.list().data[0].id, 'Hello')"]),
    ],
)
def test_a_program_over_a_proxy_of_its_own(home, name, words):
    (home.work / "bin").mkdir()
    programs = {
        "codex": os.environ["CODEX"],
        "claude": os.environ["CLAUDE"],
        "gemini": os.environ["GEMINI_CLI"],
        "opencode": NODE_MODULES / "opencode-linux-x64" / "bin" / "opencode",
        "aider": os.environ["AIDER"],
        "python": os.environ["SETTINGS_PYTHON"],
    }
    # A script, since a virtual environment's programs find it by their path.
    script = home.work / "bin" / ("python3" if name == "python" else name)
    start = "exec node" if name == "gemini" else "exec"
    script.write_text(f'#!/bin/sh\n{start} "{programs[name]}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    before = sorted(home.path.rglob("*"))
    said = home.run(
        [PROGRAM, "run", "--demo", name, "--", *words],
        PATH=f"{home.work / 'bin'}:{os.environ['PATH']}", OPENCODE_DISABLE_AUTOUPDATE="1", OPENCODE_DISABLE_MODELS_FETCH="1",
    )
    assert before == [] and "hello" in said.lower(), said
