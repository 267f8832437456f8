"""Runs of Codex, each with a home and a folder of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
# What the documented config.toml says, but for its address and the number of retries, which tests set to count them.
CONFIG = """\
model = "argo:gpt-4o"
model_provider = "argo"
model_context_window = {window}
web_search = "disabled"

[model_providers.argo]
name = "ARGO"
base_url = "{base_url}"
env_key = "ARGO_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
{more}
[agents]
enabled = false
"""
ADDER = f"""
[mcp_servers.adder]
command = {json.dumps(sys.executable)}
args = [{json.dumps(str(HERE / "mcp_server.py"))}]
"""


@dataclass
class Run:
    """What one run of Codex did."""

    status: int
    said: list
    stderr: str
    exchanges: list

    @property
    def message(self):
        """The last message of the model."""
        messages = [item["text"] for item in self.items("agent_message")]
        return messages[-1] if messages else None

    @property
    def statuses(self):
        """The status of each answer that Codex got."""
        return [exchange.status for exchange in self.exchanges]

    @property
    def failure(self):
        """Why the turn failed, as its user reads it."""
        return next((event["error"]["message"] for event in self.said if event["type"] == "turn.failed"), None)

    def items(self, kind):
        """The items of a kind that were completed."""
        done = [event["item"] for event in self.said if event["type"] == "item.completed"]
        return [item for item in done if item["type"] == kind]

    def input(self, request, kind):
        """The input items of a kind in a request."""
        return [item for item in self.exchanges[request].body["input"] if item["type"] == kind]

    def output(self, request, kind):
        """The items of a kind in the answer to a request."""
        done = [e["item"] for e in self.exchanges[request].events() if e["type"] == "response.output_item.done"]
        return [item for item in done if item["type"] == kind]


class Codex:
    """Codex with a home below `folder`. `recorder` stands between it and the proxy."""

    def __init__(self, folder, recorder, config=CONFIG, window=128_000, more="", after=""):
        self.recorder, self.name = recorder, folder.name
        self.home, self.work = folder / "home", folder / "work"
        self.home.mkdir(parents=True)
        self.work.mkdir()
        values = {"{base_url}": recorder.base_url(self.name), "{window}": str(window), "{more}": more}
        for name, value in values.items():
            config = config.replace(name, value)
        (self.home / "config.toml").write_text(config + after, encoding="utf-8")

    def run(self, *words, model=None):
        """Runs `codex exec` with these words. The exchanges are those of this run alone."""
        before = len(self.recorder.of(self.name))
        flags = ["--json", "--skip-git-repo-check", "--strict-config", "--dangerously-bypass-approvals-and-sandbox"]
        flags += ["--model", model] if model else []
        # Nothing of the caller's may lead it elsewhere.
        environment = {"HOME": str(self.home), "CODEX_HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        environment |= {"NO_PROXY": "127.0.0.1", "ARGO_KEY": "tester"}
        command = [os.environ["CODEX"], "exec", *words[:-1], *flags, words[-1]]
        done = subprocess.run(
            command, cwd=self.work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50
        )
        said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return Run(done.returncode, said, done.stderr, self.recorder.of(self.name)[before:])
