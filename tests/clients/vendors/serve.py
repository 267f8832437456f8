"""Starts LiteLLM's proxy, the demo, and the proxy that calls both. Says where the last one listens; SIGTERM ends all.

    serve.py COMMAND…    the command that starts the demo; its first word is the program
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).parent
KEY = "sk-of-the-lab"


def pass_on(name, line):
    """Shows a line of a server with its name before it: who waits for an address must not take another one's."""
    sys.stderr.write(f"{name}: {line}")


def start(stack, name, command, announced, **more):
    """Starts a server that ends with this program. Returns it and the address in the line with which it says where it listens."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, errors="replace", **pipes, **more)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    for line in process.stderr:
        pass_on(name, line)
        if found := re.search(announced, line):
            threading.Thread(target=lambda: [pass_on(name, line) for line in process.stderr], daemon=True).start()
            return process, found[1]
    raise SystemExit(f"{name} ended before it listened")


def main(demo):
    ours = r"^listening on (http://127\.0\.0\.1:\d+)$"
    # Nothing may be asked for prices, and nothing of the caller's may lead LiteLLM elsewhere.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("LITELLM", "DATABASE", "REDIS"))}
    mock = {**own, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_KEY": KEY, "NO_COLOR": "1"}
    program = str(Path(sys.executable).with_name("litellm"))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        flags = ["--config", str(HERE / "litellm.yaml"), "--host", "127.0.0.1", "--port", "0", "--telemetry", "False"]
        _, litellm = start(stack, "litellm", [program, *flags], r"running on (http://127\.0\.0\.1:\d+)", env=mock, cwd=folder)
        _, second = start(stack, "second", demo, ours)
        shutil.copy(HERE / "routes.yaml", folder)
        (folder / "litellm.token").write_text(f"{KEY}\n", encoding="utf-8")
        (folder / "config.yaml").write_text("user: tester\n", encoding="utf-8")
        command = [str(Path(demo[0]).resolve()), "serve", "--host", "127.0.0.1", "--port", "0"]
        urls = {"LITELLM_URL": litellm, "SECOND_URL": f"{second}/v1", "LITELLM_KEY": KEY}
        first, at = start(stack, "first", command, ours, env={**own, **urls}, cwd=folder)
        print(f"listening on {at}", file=sys.stderr, flush=True)
        signal.signal(signal.SIGTERM, lambda *_: first.terminate())
        return first.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
