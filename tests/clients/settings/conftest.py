"""Settings as `argo-openai-proxy client` gives them, for the proxy under test, in a home of their own."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

PROGRAM = os.environ["PROGRAM"]
ADDRESS = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
NODE_MODULES = Path(os.environ["SETTINGS_NODE_MODULES"])


@pytest.fixture
def home(tmp_path):
    """A home with nothing in it: prints settings, writes them, and runs programs there."""
    path = tmp_path / "home"
    work = tmp_path / "work"
    path.mkdir()
    work.mkdir()
    own = {"PATH": os.environ["PATH"], "HOME": str(path), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "LC_ALL": "C.UTF-8"}
    own |= {"PYTHONUTF8": "1", "XDG_RUNTIME_DIR": str(tmp_path)}

    def run(words, stdin=None, timeout=60, **more):
        done = subprocess.run(
            words, cwd=work, env=own | more, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True, text=True, timeout=timeout
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def client(name, *more):
        return run([PROGRAM, "client", name, "--url", ADDRESS, *more])

    def parts(name, *more):
        return [SimpleNamespace(**part) for part in json.loads(client(name, "--json", *more))]

    return SimpleNamespace(path=path, work=work, run=run, client=client, parts=parts, write=lambda name: client(name, "--write", "--yes"))
