"""Sessions of Claude Code, each with a home and a folder of its own."""

import json
import os
import subprocess
from dataclasses import dataclass

# What the documented settings say, but for address and model. Few attempts, so that tests can count them.
SETTINGS = {
    "ANTHROPIC_AUTH_TOKEN": "tester",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_MAX_RETRIES": "1",
    "DISABLE_AUTOUPDATER": "1",
}


@dataclass
class Session:
    """What one run of Claude Code did."""

    status: int
    told: dict
    exchanges: list

    @property
    def text(self):
        """What its user reads at the end."""
        return self.told.get("result", "")

    @property
    def asked(self):
        """The requests for messages."""
        return [exchange for exchange in self.exchanges if exchange.path.startswith("/v1/messages?")]

    @property
    def statuses(self):
        return [exchange.status for exchange in self.asked]

    def blocks(self, request, kind):
        """The blocks of a kind in all messages of a request."""
        contents = [message["content"] for message in self.asked[request].body["messages"]]
        blocks = [block for content in contents if isinstance(content, list) for block in content]
        return [block for block in blocks if block["type"] == kind]


class ClaudeCode:
    """Claude Code with a home below `folder`. `recorder` stands between it and the proxy."""

    def __init__(self, folder, recorder, **more):
        self.recorder, self.name, self.more = recorder, folder.name, more
        self.home, self.work = folder / "home", folder / "work"
        self.home.mkdir(parents=True)
        self.work.mkdir()

    def run(self, prompt, *flags, model="argo:gpt-4o"):
        """Runs `claude -p` with this prompt. The exchanges are those of this run alone."""
        before = len(self.recorder.of(self.name))
        # Nothing of the caller's may lead it elsewhere.
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NO_PROXY": "127.0.0.1"}
        environment |= {"ANTHROPIC_BASE_URL": self.recorder.base_url(self.name), "IS_SANDBOX": "1"}
        environment |= {"ANTHROPIC_MODEL": model, "ANTHROPIC_SMALL_FAST_MODEL": model} | SETTINGS | self.more
        command = [os.environ["CLAUDE"], "-p", prompt, "--output-format", "json", "--dangerously-skip-permissions", *flags]
        done = subprocess.run(
            command, cwd=self.work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        assert lines, done.stdout + done.stderr
        return Session(done.returncode, json.loads(lines[-1]), self.recorder.of(self.name)[before:])
