"""A proxy of a test's own, for settings that the suite's proxy does not have."""

import contextlib
import os
import re
import subprocess
import threading

import pytest

PROGRAM = os.environ.get("PROXY_PROGRAM", "")
LISTENS = re.compile(r"^listening on (http://127\.0\.0\.1:\d+)$")


class OwnProxy:
    """Runs in `folder`. `files` are texts by name, one of them config.yaml; `lines` is the log so far."""

    def __init__(self, folder, files):
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o600)
        command = [PROGRAM, "serve", "--config", "config.yaml", "--host", "127.0.0.1", "--port", "0"]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=folder, text=True, encoding="utf-8", **pipes)
        self.lines, self.url = [], None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := LISTENS.match(line):
                self.url = found[1]
                break
        assert self.url, "".join(self.lines)
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def end(self):
        """Ends it, and returns the whole log."""
        self.process.terminate()
        assert self.process.wait(timeout=15) == 0
        self.reader.join(timeout=15)
        return "".join(self.lines)


@contextlib.contextmanager
def own_proxy(folder, files):
    if not os.access(PROGRAM, os.X_OK):
        pytest.skip("the program of the proxy is not on this machine")
    proxy = OwnProxy(folder, files)
    try:
        yield proxy
    finally:
        if proxy.process.poll() is None:
            proxy.end()
