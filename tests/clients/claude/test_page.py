"""The settings of docs/clients/claude-code.md, as they stand there."""

import os
import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients" / "claude-code.md"


def test_the_documented_settings_work_as_they_stand(tmp_path, recorder):
    (commands,) = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert "http://127.0.0.1:44497" in commands
    commands = commands.replace("http://127.0.0.1:44497", recorder.base_url("page"))
    (tmp_path / "claude").symlink_to(os.environ["CLAUDE"])
    own = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-ec", commands], cwd=tmp_path, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50
    )
    assert done.stdout.startswith("Hello"), done.stdout + done.stderr
    asked = recorder.of("page")
    assert {exchange.status for exchange in asked if exchange.method == "POST"} == {200}
    assert asked[0].headers["authorization"] == "Bearer unused"
