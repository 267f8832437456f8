"""The config.toml of docs/clients/codex.md, as it stands there."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients" / "codex.md"


def test_the_documented_settings_work_as_they_stand(codex):
    (config,) = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert "http://127.0.0.1:44497/v1" in config
    one = codex(config=config.replace("http://127.0.0.1:44497/v1", "{base_url}"))
    run = one.run('call exec_command {"cmd": "echo as it stands"}')
    assert run.status == 0
    assert "as it stands" in run.message
    # Nothing is offered that the page switches off.
    tools = run.exchanges[0].body["tools"]
    assert {tool["type"] for tool in tools} == {"function"}
    assert run.exchanges[0].headers["authorization"] == "Bearer tester"
