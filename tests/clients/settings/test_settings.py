"""Each program works with the settings that `client` gives for it, or reads them with its own parser.

What is on neither PyPI nor npm is parsed as the format that it is: see `test_parsed.py`.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest
from conftest import ADDRESS, NODE_MODULES

GREETING = "Hello!"
BESIDE = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


@pytest.mark.parametrize("name", ["python", "langchain"])
def test_a_program_in_python(home, name):
    (part,) = home.parts(name)
    assert home.run([sys.executable, "-c", part.text]).startswith(GREETING)


def test_a_program_for_node(home):
    (part,) = home.parts("node")
    (home.work / "node_modules").symlink_to(NODE_MODULES)
    (home.work / "hello.mjs").write_text(part.text, encoding="utf-8")
    assert home.run(["node", "hello.mjs"]).startswith(GREETING)


def test_curl(home):
    (part,) = home.parts("curl")
    answer = json.loads(home.run(["bash", "-ec", part.text]))
    assert answer["choices"][0]["message"]["content"].startswith(GREETING)


def test_llm(home):
    home.write("llm")
    commands = home.parts("llm")[1].text
    assert home.run(["bash", "-ec", commands], PATH=BESIDE).startswith(GREETING)
    # Every model is there.
    assert home.run(["llm", "models", "list"], PATH=BESIDE).count("OpenAI Chat: argo:") > 20


def test_aider(home):
    home.write("aider")
    words = ["--message", "Say hello", "--no-git", "--yes-always", "--no-check-update", "--analytics-disable", "--no-pretty"]
    assert GREETING in home.run([os.environ["AIDER"], *words])


def test_continue(home):
    """Continue's own parser and schema."""
    home.write("continue")
    parser = NODE_MODULES / "@continuedev" / "config-yaml" / "dist" / "cli.js"
    assert "valid" in home.run(["node", str(parser), str(home.path / ".continue" / "config.yaml")])


def test_cline(home):
    commands = home.parts("cline")[0].text.replace('"what does this folder hold?"', '--json "Say hello"')
    said = home.run(["bash", "-ec", commands], PATH=f"{NODE_MODULES / '.bin'}:{os.environ['PATH']}")
    results = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert next(result for result in results if result["type"] == "run_result")["text"].startswith(GREETING)


OPENCODE = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}


def test_opencode(home):
    home.write("opencode")
    said = home.run([str(NODE_MODULES / "opencode-linux-x64" / "bin" / "opencode"), "run", "Say hello"], **OPENCODE)
    assert "hello" in said.lower()
    listed = home.run([str(NODE_MODULES / "opencode-linux-x64" / "bin" / "opencode"), "models", "argo"], **OPENCODE)
    assert listed.count("argo/argo:") > 20


def test_pi(home):
    home.write("pi")
    command = home.parts("pi")[1].text.strip() + ' -p "Say hello"'
    assert home.run(["bash", "-ec", command], PATH=f"{NODE_MODULES / '.bin'}:{os.environ['PATH']}").startswith(GREETING)


def test_codex(home):
    home.write("codex")
    said = home.run([os.environ["CODEX"], "exec", "--skip-git-repo-check", "Say hello"])
    assert GREETING in said


def test_claude_code(home):
    home.write("claude-code")
    assert home.run([os.environ["CLAUDE"], "-p", "Say hello"]).startswith(GREETING)
    (home.path / ".claude" / "settings.json").unlink()
    commands = home.parts("claude-code")[1].text.rstrip() + ' -p "Say hello"'
    (home.work / "claude").symlink_to(os.environ["CLAUDE"])
    assert home.run(["bash", "-ec", commands], PATH=f"{home.work}:{os.environ['PATH']}").startswith(GREETING)


def test_gemini_cli(home):
    home.write("gemini-cli")
    said = home.run(["node", os.environ["GEMINI_CLI"], "--skip-trust", "-p", "Say hello"])
    assert GREETING in said


def test_jupyter_ai(home):
    """Jupyter AI's own model of its file."""
    home.write("jupyter-ai")
    source = Path(os.environ["JUPYTER_AI"]) / "config" / "config_models.py"
    spec = importlib.util.spec_from_file_location("config_models", source)
    module = importlib.util.module_from_spec(spec)
    sys.modules["config_models"] = module
    spec.loader.exec_module(module)
    written = (home.path / ".local/share/jupyter/jupyter_ai/config.json").read_text(encoding="utf-8")
    config = module.JaiConfig.model_validate_json(written)
    assert config.fields[config.model_provider_id]["api_base"] == f"{ADDRESS}/v1"
