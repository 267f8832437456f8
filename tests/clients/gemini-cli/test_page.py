"""The settings of docs/clients/gemini.md, as they stand there."""

import os
import re
import subprocess

from sessions import DOCUMENTED, PAGE


def test_the_documented_settings_work_as_they_stand(tmp_path, recorder):
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (commands,) = [block for block in blocks if "gemini -m" in block]
    assert "http://127.0.0.1:44497" in commands
    commands = commands.replace("http://127.0.0.1:44497", recorder.base_url("page"))
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini" / "settings.json").write_text(DOCUMENTED, encoding="utf-8")
    (tmp_path / "gemini").write_text(f'#!/bin/sh\nexec node "{os.environ["GEMINI_CLI"]}" "$@"\n', encoding="utf-8")
    (tmp_path / "gemini").chmod(0o755)
    own = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        ["bash", "-ec", commands], cwd=tmp_path, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50
    )
    assert done.stdout.startswith("Hello"), done.stdout + done.stderr
    assert [exchange.status for exchange in recorder.of("page")] == [200]
