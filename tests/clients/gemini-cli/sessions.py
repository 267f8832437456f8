"""Sessions of gemini-cli, each with a home and a folder of its own."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "codex"))
from recorder import Recorder  # noqa: E402

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients" / "gemini.md"
# The documented settings, as they stand there.
(DOCUMENTED,) = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
SETTINGS = json.loads(DOCUMENTED) | {"general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False}}


class ChangingRecorder(Recorder):
    """A recorder that can change what the proxy gets: the prompt of a run's first request, so that another attempt has another
    fate, and a header of all its requests."""

    def __init__(self, target):
        super().__init__(target)
        self.first_prompts, self.more_headers = {}, {}

    def forward(self, handler):
        run = handler.path.removeprefix("/").split("/", 1)[0]
        for name, value in self.more_headers.get(run, {}).items():
            handler.headers[name] = value
        super().forward(handler)

    def sent(self, run, body):
        prompt = self.first_prompts.pop(run, None)
        if prompt is None:
            return body
        asked = json.loads(body)
        asked["contents"][-1]["parts"][-1]["text"] = prompt
        return json.dumps(asked).encode()


@dataclass
class Session:
    """What one run of gemini-cli did."""

    status: int
    text: str
    stderr: str
    exchanges: list

    @property
    def statuses(self):
        return [exchange.status for exchange in self.exchanges]

    def parts(self, request, kind):
        """The parts of a kind in all contents of a request."""
        contents = self.exchanges[request].body["contents"]
        return [part for content in contents for part in content["parts"] if kind in part]

    def answered(self, request, kind):
        """The parts of a kind in the answer to a request."""
        candidates = [candidate for piece in self.exchanges[request].events() for candidate in piece.get("candidates", [])]
        return [part for candidate in candidates for part in candidate["content"].get("parts", []) if kind in part]


class GeminiCli:
    """gemini-cli with a home below `folder`. `recorder` stands between it and the proxy."""

    def __init__(self, folder, recorder, **settings):
        self.recorder, self.name = recorder, folder.name
        self.home, self.work, self.temporary = folder / "home", folder / "work", folder / "tmp"
        for made in (self.home / ".gemini", self.work, self.temporary):
            made.mkdir(parents=True)
        (self.home / ".gemini" / "settings.json").write_text(json.dumps(SETTINGS | settings), encoding="utf-8")

    def run(self, prompt, *flags, model="argo:gpt-4o", first=None, headers=None):
        """Runs `gemini -p` with this prompt; `first` takes its place in the first request, `headers` are added to all. The exchanges
        are those of this run alone."""
        before = len(self.recorder.of(self.name))
        self.recorder.more_headers[self.name] = headers or {}
        if first:
            self.recorder.first_prompts[self.name] = first
        # Nothing of the caller's may lead it elsewhere.
        environment = {"HOME": str(self.home), "TMPDIR": str(self.temporary), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        environment |= {"NO_PROXY": "127.0.0.1", "GEMINI_API_KEY": "tester", "GEMINI_CLI_NO_RELAUNCH": "true"}
        environment |= {"GOOGLE_GEMINI_BASE_URL": self.recorder.base_url(self.name)}
        command = ["node", os.environ["GEMINI_CLI"], "--skip-trust", "--yolo", "-m", model, "-p", prompt, *flags]
        done = subprocess.run(
            command, cwd=self.work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50
        )
        return Session(done.returncode, done.stdout, done.stderr, self.recorder.of(self.name)[before:])
