"""The servers of a benchmark: the proxy, what it is compared with, and the upstreams of both."""

import contextlib
from pathlib import Path

from . import bodies, cases
from .processes import Process, cores

HERE = Path(__file__).resolve().parent.parent
SLOW_MS = 1000
# Texts for requests that are new each time: this project's own prose.
PROSE = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/*.md")


class Servers:
    """What runs during a whole benchmark. They end with the stack."""

    def __init__(self, args, folder, stack):
        self.folder, self.stack = Path(folder), stack
        self.binaries, self.as_built = args.binaries, args.as_built
        self.core, self.other = cores()
        pieces = 20 if args.quick else 50
        start, tool = self.start, self.tool
        paced = lambda name, count, every_ms, form, size=16: start(name, tool("paced"), count, size, every_ms, form)
        self.stand_in = start("stand-in", tool("argo-openai-proxy"), "stand-in", "--workers", "1")
        self.paced = paced("paced", pieces, cases.PACE_MS, "text")
        self.openai = paced("openai", pieces, cases.PACE_MS, "openai")
        self.anthropic = paced("anthropic", pieces, cases.PACE_MS, "anthropic")
        self.calls = paced("calls", 200, 5, "anthropic_call")
        self.slow = paced("slow", 10, SLOW_MS, "text")
        self.bulk = paced("bulk", 2560, 0, "text", 4096)
        self.bare = start("bare", tool("bare"), self.stand_in.address, core=self.core)
        self.again = start("bare-again", tool("bare"), self.stand_in.address, core=self.core)
        self.alone = start("bare-alone", tool("bare"), self.stand_in.address, "alone", core=self.core)
        self.table = self.folder / "routes.yaml"
        self.table.write_text((HERE / "routes.yaml").read_text().replace("../routes.yaml", str(HERE.parent / "routes.yaml")))
        self.env = {name.upper(): getattr(self, name).address
                    for name in ("stand_in", "paced", "slow", "bulk", "openai", "anthropic", "calls")} | {"RUST_LOG": "info"}
        self.command = self.serve(tool("argo-openai-proxy"), HERE / "config.yaml")
        self.proxy = start("proxy", *self.command, core=self.core, env=self.env)
        self.idle_kib = self.proxy.memory_kib()
        self.default = start("default", *self.serve(self.as_built, self.default_config()), core=self.core, env=self.env)
        self.texts = self.folder / "texts"
        self.texts.write_text("\n".join(path.read_text() for of in PROSE for path in sorted(HERE.parent.glob(of))))

    def serve(self, program, config):
        return program, "serve", "--config", config, "--routes", self.table

    def default_config(self):
        """The benchmark's configuration without what it sets otherwise than the sample."""
        config = self.folder / "config.yaml"
        lines = (HERE / "config.yaml").read_text().splitlines(keepends=True)
        config.write_text("".join(line for line in lines if not line.startswith(("verbose:", "num_workers:"))))
        return config

    def start(self, name, *command, core=None, env=None):
        """Starts a server, on the other core unless a core is named."""
        core = self.other if core is None else core
        # In the folder where the shipped table is found.
        return self.stack.enter_context(Process(name, command, core, self.folder / f"{name}.log", env, cwd=HERE.parent))

    @contextlib.contextmanager
    def forwarders(self, upstream):
        """Forwarders of streams: as they come, and on the runtime for one thread."""
        command = (self.tool("bare"), upstream.address)
        with (Process("bare-stream", command, self.core, self.folder / "bare-stream.log") as bare,
              Process("alone-stream", (*command, "alone"), self.core, self.folder / "alone-stream.log") as alone):
            yield bare, alone

    def tool(self, name):
        return self.binaries / name

    def question(self, stream=False):
        """A small chat in a file."""
        path = self.folder / f"question-{stream}.json"
        path.write_text(bodies.chat("Be brief.", bodies.QUESTION, stream)[0])
        return path
